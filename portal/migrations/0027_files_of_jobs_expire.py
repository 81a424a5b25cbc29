"""Files of jobs that would have stayed for ever get their term: a receipt a week, any other that of a report."""

from datetime import timedelta

from django.conf import settings
from django.db import migrations
from django.db.models import F

RECEIPTS = ("import-receipt", "history-receipt")


def set_terms(apps, schema_editor):
    """Count from the day a file was made; what is over by now goes with the next sweep."""
    kept = apps.get_model("portal", "Job").objects.exclude(file="").filter(expires_at=None)
    kept.filter(kind__in=RECEIPTS).update(expires_at=F("finished_at") + timedelta(days=7))
    kept.update(expires_at=F("finished_at") + timedelta(days=settings.REPORT_DAYS))


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0026_count_of_a_place"),
    ]

    operations = [migrations.RunPython(set_terms, migrations.RunPython.noop)]
