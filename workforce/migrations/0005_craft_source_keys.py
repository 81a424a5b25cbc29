"""The comparable form of the ICH item that each craft project names, for the projects there are."""

from django.db import migrations

from portal import text


def fill(apps, schema_editor):
    """Write the key of every craft project that names an item."""
    craft = apps.get_model("workforce", "HandicraftTrainingProject")
    named = craft.objects.exclude(source_item="").values_list("pk", "source_item")
    for pk, item in named.iterator(chunk_size=500):
        craft.objects.filter(pk=pk).update(source_key=text.key(item)[:60])


class Migration(migrations.Migration):
    dependencies = [("workforce", "0004_ich_items")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
