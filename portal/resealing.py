"""All that is sealed, found by the fields that seal: sealed under the newest key, counted, looked through.

The clear text never changes here: a row is written only if it still holds what was read, and the triggers
(``guards``) let nothing of a submitted version change but what is sealed in it.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models, transaction

from portal import sealing
from portal.models.sealed import SEALED, Sealed, SnapshotField, personal_of

BATCH = 500
_IN_CLEAR = "{} 第 {} 行的{}没有加密。"
_BROKEN = "{} 第 {} 行的{}：{}"
#: How the sealed part of a snapshot is set, by the kind of database.
PUT = {
    "sqlite": f"json_set({{}}, '$.{SEALED}', %s)",
    "postgresql": f"jsonb_set({{}}, '{{{{{SEALED}}}}}', to_jsonb(%s::text))",
}
Row = tuple[int, str]


@dataclass(frozen=True)
class Column:
    """One column that holds sealed values, with the names the database knows it by."""

    table: str
    key: str
    name: str
    label: str
    field: models.Field

    @property
    def is_snapshot(self) -> bool:
        """Whether it is JSON with a sealed part."""
        return isinstance(self.field, SnapshotField)

    def opened(self, stored: str) -> str:
        """Return the sealed text opened. Raises ``sealing.Unreadable``."""
        return sealing.open(stored, self.field.place)

    def change(self, stored: str) -> tuple[str, str]:
        """Return what a row is set to, as SQL with one value: sealed under the newest key.

        Of a snapshot that has a sealed part that part alone is set, so that the rest stays as it is written.
        """
        if not self.is_snapshot:
            clear = self.opened(stored) if sealing.is_sealed(stored) else stored
            return "%s", sealing.seal(clear, self.field.place)
        taken = json.loads(stored)
        if SEALED not in taken:
            return "%s", json.dumps(self.field.shut(taken), ensure_ascii=False)
        put = PUT[connection.vendor].format(_q(self.name))
        return put, sealing.seal(self.opened(taken[SEALED]), self.field.place)


def columns(of: Iterable[type[models.Model]] | None = None) -> list[Column]:
    """Return every column that holds sealed values, of these models or of all, in a fixed order."""
    found = [
        Column(model._meta.db_table, model._meta.pk.column, field.column, str(field.verbose_name), field)
        for model in (apps.get_models() if of is None else of)
        for field in model._meta.local_concrete_fields
        if isinstance(field, Sealed | SnapshotField)
    ]
    return sorted(found, key=lambda column: (column.table, column.name))


def reseal(column: Column, tell: Callable[[int], None] = lambda number: None) -> int:
    """Seal what is not sealed under the newest key, batch by batch; return how many rows that were.

    Each batch is a transaction, so that a run that was killed goes on where it stood. Raises ``Unreadable``.
    """
    done, last = 0, None
    while batch := _rows(column, last):
        with transaction.atomic():
            done += sum(_reseal(column, row) for row in batch if _is_old(column, row[1]))
        last = batch[-1][0]
        tell(done)
    return done


def seal_app(label: str) -> Callable:
    """Return what a migration runs to seal what an app holds in clear; run again it changes nothing."""

    def run(state, schema_editor) -> None:
        for column in columns(state.get_app_config(label).get_models()):
            reseal(column)

    return run


def leave_no_trace(state, schema_editor) -> None:
    """Let SQLite overwrite what it drops from here on, or what was clear stays in free pages of its file."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("PRAGMA secure_delete = ON")


def _reseal(column: Column, row: Row) -> int:
    """Write one row unless it was changed meanwhile, which has sealed it anew; return how many."""
    key, stored = row
    (put, sealed), same = column.change(stored), f"{_q(column.name)} = %s"
    if column.is_snapshot and connection.vendor == "postgresql":
        same = f"{_q(column.name)} = %s::jsonb"
    sql = f"UPDATE {_q(column.table)} SET {_q(column.name)} = {put} WHERE {_q(column.key)} = %s AND {same}"
    with connection.cursor() as cursor:
        cursor.execute(sql, [sealed, key, stored])
        return cursor.rowcount


def _rows(column: Column, after: int | None) -> list[Row]:
    """Return key and stored text of the next rows that say something."""
    name, key = _q(column.name), _q(column.key)
    text = f"CAST({name} AS text)"
    beyond, values = (f" AND {key} > %s", [after]) if after is not None else ("", [])
    sql = f"SELECT {key}, {text} FROM {_q(column.table)} WHERE {text} <> ''{beyond} ORDER BY {key} LIMIT %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, BATCH])
        return cursor.fetchall()


def _is_old(column: Column, stored: str) -> bool:
    """Say whether a row is not sealed with what seals now."""
    if not column.is_snapshot:
        return stored != sealing.ERASED and not stored.startswith(f"{sealing.mark()}:")
    taken = json.loads(stored)
    held = taken.get(SEALED)
    if held == sealing.ERASED:
        return False
    return not held.startswith(f"{sealing.mark()}:") if held else any(personal_of(taken).values())


def faults() -> Iterator[str]:
    """Yield one line for each stored value that is not sealed or does not open."""
    for column in columns():
        last = None
        while batch := _rows(column, last):
            for row in batch:
                yield from _faults_of(column, *row)
            last = batch[-1][0]


def _faults_of(column: Column, key: int, stored: str) -> Iterator[str]:
    if column.is_snapshot:
        taken = json.loads(stored)
        if any(personal_of(taken).values()):
            yield _IN_CLEAR.format(column.table, key, column.label)
        stored = taken.get(SEALED, "")
    elif stored != sealing.ERASED and not sealing.is_sealed(stored):
        yield _IN_CLEAR.format(column.table, key, column.label)
        return
    try:
        column.opened(stored)
    except sealing.Unreadable as broken:
        yield _BROKEN.format(column.table, key, column.label, broken)


def _q(name: str) -> str:
    return connection.ops.quote_name(name)
