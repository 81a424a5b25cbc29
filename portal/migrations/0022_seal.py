"""What was stored in clear is sealed; backwards nothing is opened."""

from django.db import migrations

from portal.resealing import seal_app


class Migration(migrations.Migration):
    dependencies = [("portal", "0021_sealed_fields")]

    operations = [migrations.RunPython(seal_app("portal"), migrations.RunPython.noop)]
