"""The counts of the catalogues (``portal/counting.py``): all entries there are counted.

What the public filters by is copied beside each entry, and the index of the search learns its name and kind.
The triggers come after all migrations (``apps``): SQLite could not rebuild the tables of later ones below them.
"""

from django.db import migrations

from portal import counting, registry, search


def count(apps, schema_editor):
    """Fill the facets, count, and index anew; on an empty database there is nothing to fill."""
    entry = apps.get_model("portal", "CatalogueEntry")
    if entry.objects.exists() and _records_are_there(schema_editor.connection):
        counting.rebuild()
        search.rebuild()


def _records_are_there(connection) -> bool:
    """Say whether each table of records has the columns of its facets; a later release may add some."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for record_type in registry.all_types():
            table = record_type.model._meta.db_table
            wanted = {record_type.field(name).column for name in record_type.facets}
            if table not in tables:
                return False
            there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            if wanted - there:
                return False
    return True


class Migration(migrations.Migration):
    dependencies = [("portal", "0014_entry_counts")]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
