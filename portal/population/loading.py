"""Rows into tables as fast as the database takes them: ready tuples, by COPY or ``executemany``.

While a table is ``bare``, its triggers, foreign keys and indexes are away; they come back over all rows at
once, so what is loaded must be right by itself. Only for databases that are measured.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, models

STAMP = {"sqlite": "%Y-%m-%d %H:%M:%S", "postgresql": "%Y-%m-%d %H:%M:%S+00"}


class Table:
    """The columns of a model in an order of one's own: those ``given`` row by row, then the defaults."""

    def __init__(self, model: type[models.Model], *given: str) -> None:
        own = {field.attname: field for field in model._meta.local_concrete_fields}
        rest = [field for name, field in own.items() if name not in given]
        self.name = model._meta.db_table
        self.columns = [own[name].column for name in given] + [field.column for field in rest]
        self.defaults = tuple(field.get_db_prep_save(field.get_default(), connection) for field in rest)

    def rows(self, given: Iterable[tuple]) -> Iterator[tuple]:
        """Yield whole rows."""
        defaults = self.defaults
        return (row + defaults for row in given)


def write(name: str, columns: Sequence[str], rows: Iterable[tuple]) -> None:
    """Add ``rows`` to the table ``name``."""
    quote = connection.ops.quote_name
    into = f"{quote(name)} ({', '.join(map(quote, columns))})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            cursor.cursor.connection.executemany(f"INSERT INTO {into} VALUES ({marks})", rows)


def fill(table: Table, given: Iterable[tuple]) -> None:
    """Add rows of what is ``given``."""
    write(table.name, table.columns, table.rows(given))


def next_id(model: type[models.Model]) -> int:
    """Return a number above all there are."""
    return (model.objects.aggregate(last=models.Max("pk"))["last"] or 0) + 1


def go_on_counting(kinds: Sequence[type[models.Model]]) -> None:
    """Let the sequences of the tables go on behind the numbers that were given.

    None is set back, as Django's own statement would: that outlives a rollback, and who orders by number
    would find what is new before what is old.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for kind in kinds:
            table, key = kind._meta.db_table, kind._meta.pk.column
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', key])
            (name,) = cursor.fetchone()
            numbers = f'(SELECT max("{key}") FROM "{table}"), (SELECT last_value FROM {name})'
            cursor.execute(f"SELECT setval('{name}', greatest({numbers}))")


@contextmanager
def bare(names: Iterable[str]) -> Iterator[None]:
    """Take triggers, foreign keys and indexes of the tables away, and put them back."""
    names = list(names)
    work = _bare_postgresql(names) if connection.vendor == "postgresql" else _bare_sqlite(names)
    away, back = work
    _run(away)
    yield
    _run(back)


def _run(statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _asked(sql: str, values: Sequence) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _bare_postgresql(names: list[str]) -> tuple[list[str], list[str]]:
    foreign = _asked(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)",
        [names],
    )
    indexes = _asked(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s)"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        [names],
    )
    settle = ["SET CONSTRAINTS ALL IMMEDIATE"] if connection.in_atomic_block else []
    away = [*settle, "SET maintenance_work_mem = '1GB'", "SET default_toast_compression = 'lz4'"]
    away += [f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in names]
    away += [f'ALTER TABLE {table} DROP CONSTRAINT "{key}"' for table, key, _ in foreign]
    away += [f'DROP INDEX "{index}"' for index, _ in indexes]
    back = [definition for _, definition in indexes]
    back += [f'ALTER TABLE {table} ADD CONSTRAINT "{key}" {said}' for table, key, said in foreign]
    back += [f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in names]
    back += ["RESET maintenance_work_mem", "RESET default_toast_compression"]
    return away, back


def _bare_sqlite(names: list[str]) -> tuple[list[str], list[str]]:
    marks = ", ".join(["%s"] * len(names))
    found = _asked(
        f"SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', 'trigger')"
        f" AND tbl_name IN ({marks}) ORDER BY type",
        names,
    )
    away = [f'DROP {kind} "{name}"' for kind, name, _ in found]
    back = [sql for _, _, sql in found]
    if connection.in_atomic_block:  # where SQLite changes neither
        return away, back
    loose = ["PRAGMA foreign_keys = OFF", "PRAGMA synchronous = OFF"]
    return [*loose, *away], [*back, "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"]
