"""What was stored in clear is sealed; backwards nothing is opened."""

from django.db import migrations

from portal.resealing import seal_app


class Migration(migrations.Migration):
    dependencies = [("assessments", "0002_sealed_fields")]

    operations = [migrations.RunPython(seal_app("assessments"), migrations.RunPython.noop)]
