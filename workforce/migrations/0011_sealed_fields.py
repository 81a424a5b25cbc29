"""Columns of personal data hold sealed text; what is in them is sealed by the next migration."""

from django.db import migrations

import portal.models.sealed
from portal import resealing


class Migration(migrations.Migration):
    dependencies = [
        ("workforce", "0010_performance_by_year"),
    ]

    operations = [
        migrations.RunPython(resealing.leave_no_trace, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="buildingunit",
            name="contact_name",
            field=portal.models.sealed.SealedCharField(
                help_text="仅供业务联系，不对外公开。", max_length=30, verbose_name="联系人"
            ),
        ),
        migrations.AlterField(
            model_name="buildingunit",
            name="contact_phone",
            field=portal.models.sealed.SealedCharField(
                help_text="仅供业务联系，不对外公开。", max_length=20, verbose_name="联系电话"
            ),
        ),
        migrations.AlterField(
            model_name="buildingunit",
            name="legal_representative",
            field=portal.models.sealed.SealedCharField(
                help_text="不对外公开。", max_length=30, verbose_name="法定代表人"
            ),
        ),
        migrations.AlterField(
            model_name="projecttrainingreturn",
            name="contact_phone",
            field=portal.models.sealed.SealedCharField(
                help_text="仅供业务联系。", max_length=30, verbose_name="联系电话"
            ),
        ),
        migrations.AlterField(
            model_name="projecttrainingreturn",
            name="filled_by",
            field=portal.models.sealed.SealedCharField(
                help_text="仅供业务联系。", max_length=30, verbose_name="填表人"
            ),
        ),
    ]
