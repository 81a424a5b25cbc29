"""Columns of personal data hold sealed text; what is in them is sealed by the next migration."""

import django.core.validators
from django.db import migrations

import portal.models.sealed
from portal import resealing


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0020_public_change_parts"),
    ]

    operations = [
        migrations.RunPython(resealing.leave_no_trace, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="attachment",
            name="name",
            field=portal.models.sealed.SealedCharField(max_length=200, verbose_name="文件名"),
        ),
        migrations.AlterField(
            model_name="filingversion",
            name="snapshot",
            field=portal.models.sealed.SnapshotField(verbose_name="内容"),
        ),
        migrations.AlterField(
            model_name="heldform",
            name="data",
            field=portal.models.sealed.SealedJSONField(verbose_name="内容"),
        ),
        migrations.AlterField(
            model_name="messagepreference",
            name="phone",
            field=portal.models.sealed.SealedCharField(
                blank=True,
                max_length=11,
                validators=[django.core.validators.RegexValidator("^1[3-9]\\d{9}\\Z", "请填写11位手机号。")],
                verbose_name="手机号",
            ),
        ),
        migrations.AlterField(
            model_name="objection",
            name="contact",
            field=portal.models.sealed.SealedCharField(max_length=100, verbose_name="联系方式"),
        ),
        migrations.AlterField(
            model_name="objection",
            name="objector",
            field=portal.models.sealed.SealedCharField(max_length=60, verbose_name="异议人"),
        ),
        migrations.AlterField(
            model_name="objection",
            name="text",
            field=portal.models.sealed.SealedTextField(verbose_name="异议内容"),
        ),
    ]
