"""A place that was given up stays as a row with its time; only those held now are one a place."""

from django.db import migrations, models


def _held_once(name: str, *fields: str) -> migrations.AddConstraint:
    held = models.Q(withdrawn_at=None)
    constraint = models.UniqueConstraint(fields=fields, condition=held, name=name)
    return migrations.AddConstraint("keybrand", constraint)


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0007_reports_and_jobs"),
        ("workforce", "0008_labour_brand_without_key_project"),
    ]

    operations = [
        migrations.RemoveConstraint("keybrand", "key_brand_one_a_place"),
        migrations.RemoveConstraint("keybrand", "key_brand_once_a_year"),
        migrations.AddField(
            "keybrand",
            "withdrawn_at",
            models.DateTimeField("取消时间", null=True, blank=True),
        ),
        _held_once("key_brand_one_a_place", "city", "year", "place"),
        _held_once("key_brand_once_a_year", "city", "year", "code"),
    ]
