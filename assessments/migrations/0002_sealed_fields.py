"""Columns of personal data hold sealed text; what is in them is sealed by the next migration."""

from django.db import migrations

import portal.models.sealed
from portal import resealing


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(resealing.leave_no_trace, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="assessmentinstitution",
            name="contact_name",
            field=portal.models.sealed.SealedCharField(
                help_text="仅供业务联系，不对外公开。", max_length=30, verbose_name="联系人"
            ),
        ),
        migrations.AlterField(
            model_name="assessmentinstitution",
            name="contact_phone",
            field=portal.models.sealed.SealedCharField(
                help_text="仅供业务联系，不对外公开。", max_length=20, verbose_name="联系电话"
            ),
        ),
    ]
