"""What a database holds, in few words that two copies of it can be compared by. Pure reads in plain SQL.

Plain SQL, because the copy of a backup may be of another release than the models of the program.
"""

import hashlib
from collections.abc import Callable, Iterator

from django.apps import apps
from django.db import models

from portal.models import Import, Job

Rows = Callable[[str], Iterator[tuple]]

TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    "postgresql": "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
    " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname",
}
SEALS = "SELECT number, algorithm, hash FROM portal_accessseal ORDER BY number"
ANCHORS = "SELECT day, number, hash FROM portal_accessanchor ORDER BY day"
EVENTS = "SELECT filing_id, number, hash FROM portal_event ORDER BY filing_id, number"
MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY app, name"


def of(rows: Rows, vendor: str) -> dict:
    """Return migrations, number of rows by table, and the digests of both chains: events and access log."""
    names = tables(rows, vendor)
    return {
        "migrations": [list(row) for row in rows(MIGRATIONS)],
        "counts": {name: next(rows(f'SELECT count(*) FROM "{name}"'))[0] for name in names},
        "chain": chain(rows),
        "access_chain": access_chain(rows) if "portal_accessseal" in names else "",
    }


def tables(rows: Rows, vendor: str) -> list[str]:
    """Return the names of all tables."""
    return [name for (name,) in rows(TABLES[vendor])]


def chain(rows: Rows) -> str:
    """Return one SHA-256 over filing, number and hash of all events, in order."""
    digest = hashlib.sha256()
    for row in rows(EVENTS):
        digest.update("{}:{}:{}\n".format(*row).encode())
    return digest.hexdigest()


def access_chain(rows: Rows) -> str:
    """Return one SHA-256 over all seals of the access log and all its anchors, in order."""
    digest = hashlib.sha256()
    for query in (SEALS, ANCHORS):
        for row in rows(query):
            digest.update("{}:{}:{}\n".format(*row).encode())
    return digest.hexdigest()


def files_named(rows: Rows) -> set[str]:
    """Return the names of the stored files that the rows know."""
    query = """SELECT "{1}" FROM "{0}" WHERE "{1}" <> ''"""
    found = [query.format(*column) for column in _file_columns()]
    return {name for sql in found for (name,) in rows(sql)}


def _file_columns() -> Iterator[tuple[str, str]]:
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.FileField):
                yield model._meta.db_table, field.column
    yield Job._meta.db_table, "file"
    yield from ((Import._meta.db_table, column) for column in ("file", "plan"))
