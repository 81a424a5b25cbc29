"""What was stored in clear is sealed; backwards nothing is opened."""

from django.db import migrations

from portal.resealing import seal_app


class Migration(migrations.Migration):
    dependencies = [("workforce", "0011_sealed_fields")]

    operations = [migrations.RunPython(seal_app("workforce"), migrations.RunPython.noop)]
