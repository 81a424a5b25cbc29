"""Nothing is said of an uploaded sheet beside it any more."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0027_files_of_jobs_expire"),
    ]

    operations = [migrations.RemoveField(model_name="import", name="facts")]
