"""What SQLite's planner is told: how many rows there are by now, in every connection that is open."""

import pytest
from django.core.management import call_command
from django.db import connection

from portal import tasks
from portal.models import CatalogueEntry
from tests import copies

pytestmark = pytest.mark.django_db
KIND = "skill-brands"


def known() -> str:
    """Return the rows that the planner knows of in the index of a catalogue's days; empty on PostgreSQL."""
    return _first("SELECT stat FROM sqlite_stat1 WHERE idx = 'entry_span'").partition(" ")[0]


def schema() -> str:
    """Return the number that makes other connections read the schema again; empty on PostgreSQL."""
    return _first("PRAGMA schema_version")


def _first(sql: str) -> str:
    if connection.vendor != "sqlite":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return str(cursor.fetchone()[0])


def test_every_connection_of_sqlite_hears_how_many_entries_there_are_by_now():
    heard, counted = [], []
    for number in (3, 5):
        copies.many_entries(number, KIND)
        before = schema()
        tasks.refresh_planner()
        heard.append((known(), schema() != before))
        counted.append(str(CatalogueEntry.objects.count()))

    on_sqlite = connection.vendor == "sqlite"
    assert heard == [(number if on_sqlite else "", on_sqlite) for number in counted]


def test_whoever_installs_a_release_leaves_a_planner_that_knows_the_tables(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    copies.many_entries(3, KIND)

    call_command("prepare")

    assert known() == (str(CatalogueEntry.objects.count()) if connection.vendor == "sqlite" else "")
