"""The index of bigrams (``portal/search.py``), filled from the entries there are; editions there are, are out.

The index follows the entries: what is deleted leaves it by trigger.
"""

from datetime import datetime, time

from django.db import migrations
from django.utils import timezone

from portal import text

CREATE = {
    "sqlite": [
        "CREATE VIRTUAL TABLE portal_entrygrams USING fts5(grams, detail='none', tokenize='unicode61')",
        "CREATE TRIGGER portal_entrygrams_end AFTER DELETE ON portal_catalogueentry "
        "BEGIN DELETE FROM portal_entrygrams WHERE rowid = OLD.id; END",
    ],
    "postgresql": [
        "CREATE TABLE portal_entrygrams (entry_id bigint PRIMARY KEY, grams text[] NOT NULL)",
        "CREATE INDEX portal_entrygrams_gin ON portal_entrygrams USING gin (grams) WITH (fastupdate = off)",
        """CREATE FUNCTION portal_entrygrams_follow() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN DELETE FROM portal_entrygrams;
            ELSE DELETE FROM portal_entrygrams WHERE entry_id = OLD.id;
            END IF;
            RETURN NULL;
        END $$""",
        "CREATE TRIGGER portal_entrygrams_end AFTER DELETE ON portal_catalogueentry "
        "FOR EACH ROW EXECUTE FUNCTION portal_entrygrams_follow()",
        "CREATE TRIGGER portal_entrygrams_empty AFTER TRUNCATE ON portal_catalogueentry "
        "FOR EACH STATEMENT EXECUTE FUNCTION portal_entrygrams_follow()",
    ],
}
DROP = {
    "sqlite": ["DROP TRIGGER portal_entrygrams_end", "DROP TABLE portal_entrygrams"],
    "postgresql": [
        "DROP FUNCTION portal_entrygrams_follow() CASCADE",
        "DROP TABLE portal_entrygrams",
    ],
}


def create(apps, schema_editor):
    """Make the index of this database and fill it."""
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)
    entry = apps.get_model("portal", "CatalogueEntry")
    for row in entry.objects.order_by("pk").iterator(chunk_size=500):
        entry.objects.filter(pk=row.pk).update(name_key=text.key(row.title)[:100])
        keys = sorted(text.grams(row.search_text))
        if schema_editor.connection.vendor == "sqlite":
            columns, keys = "rowid, grams", " ".join(keys)
        else:
            columns = "entry_id, grams"
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO portal_entrygrams ({columns}) VALUES (%s, %s)", [row.pk, keys])


def publish_editions(apps, schema_editor):
    """Say of each edition there was that it is out: until now there were no others."""
    edition = apps.get_model("portal", "Edition")
    for row in edition.objects.all():
        begun = timezone.make_aware(datetime.combine(row.on, time.min))
        edition.objects.filter(pk=row.pk).update(published_at=begun)


def drop(apps, schema_editor):
    """Take the index away."""
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("portal", "0005_living_catalogue")]

    operations = [
        migrations.RunPython(create, drop),
        migrations.RunPython(publish_editions, migrations.RunPython.noop),
    ]
