"""Walks that a test before this one has made: their rows and files are laid anew instead of walked again.

Most tests begin with the same few calls of ``tests.factories`` on the same empty portal. The first such call
walks the workflow; what it left in every table and folder is kept, and the same call on a database in the
same state lays just that. A test whose database is in no known state walks: after a statement of its own that
writes, behind rows of its module, with settings or a clock of its own.
"""

import _sqlite3
import ctypes
import functools
import pickle
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.utils import timezone

READING = ("SELECT", "SAVEPOINT", "RELEASE", "EXPLAIN", "BEGIN")
FOLDERS = ("attachments", "editions", "imports", "jobs", "registrations")
#: A test that asks for one of these begins with rows of its own, or commits.
OWN = {"for_the_module", "transactional_db", "live_server"}
DEPTH = 1  # the atomic blocks around a test, when its module has none of its own
ENABLE_TRIGGER = 1003  # SQLITE_DBCONFIG_ENABLE_TRIGGER

Rows = dict[str, frozenset]


@dataclass(frozen=True)
class Walk:
    """What one call left: rows gone and come by table, files, what waits for the commit, what it returned."""

    gone: Rows
    come: Rows
    files: dict[Path, bytes]
    waiting: list[tuple[Callable, bool]]
    returned: bytes
    then: int


class Retracing:
    """All walks of this process, and the state the database of the test that runs is in."""

    def __init__(self):
        self.states: list[Rows] = []
        self.walks: dict[tuple, Walk] = {}
        self.state: int | None = None
        self.is_walking = False
        self.patched: Callable[[], tuple] = tuple  # tells what this test has changed in the program
        self.usual: tuple = ()

    def begin(self, asked_for: set[str], patches: pytest.MonkeyPatch) -> None:
        """Begin a test that asks for these fixtures; its database is empty unless they say otherwise."""
        self.is_walking, self.state = False, None
        if self.watch not in connection.execute_wrappers:  # a loop in this thread has its own connection
            connection.execute_wrappers.append(self.watch)
        if OWN & asked_for or len(connection.atomic_blocks) != DEPTH:
            return
        if can_be_laid() and connection.settings_dict["ENGINE"] != "portal.fenced":
            self.patched = functools.partial(changes, patches)
            self.usual, self.state = self.patched(), 0

    def watch(self, execute, sql, params, many, context):
        """Forget the state when a statement writes or takes back outside of a walk; an execute wrapper."""
        if not self.is_walking and not sql.lstrip().upper().startswith(READING):
            self.state = None
        return execute(sql, params, many, context)

    def call(self, factory: Callable, args: tuple, kwargs: dict):
        """Do what ``factory`` does, by its own way or by what it left when it was called like this before."""
        if self.is_walking or self.state is None or self.patched() != self.usual:
            return factory(*args, **kwargs)
        key = self.state, timezone.localdate(), factory.__name__, worded(args), worded(kwargs)
        if key in self.walks:
            return self._lay(self.walks[key])
        return self._walk(key, factory, args, kwargs)

    def _walk(self, key: tuple, factory: Callable, args: tuple, kwargs: dict):
        if not self.states:
            self.states.append(read())
        before, files, waiting = self.states[self.state], stored(), len(connection.run_on_commit)
        self.is_walking = True
        try:
            returned = factory(*args, **kwargs)
        except BaseException:
            self.state = None
            raise
        finally:
            self.is_walking = False
        after = read()
        self.walks[key] = Walk(
            gone=different(before, after),
            come=different(after, before),
            files={path: path.read_bytes() for path in stored() - files},
            waiting=[(of, robust) for _, of, robust in connection.run_on_commit[waiting:]],
            returned=pickle.dumps(returned),
            then=self._numbered(before, after),
        )
        self.state = self.walks[key].then
        return returned

    def _numbered(self, before: Rows, after: Rows) -> int:
        if before == after:
            return self.state
        kept = {name: rows if rows != before[name] else before[name] for name, rows in after.items()}
        self.states.append(kept)
        return len(self.states) - 1

    def _lay(self, walk: Walk):
        with without_triggers():
            for table in {**walk.gone, **walk.come}:
                change(table, walk.gone.get(table, ()), walk.come.get(table, ()))
        for path, content in walk.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for of, robust in walk.waiting:
            connection.run_on_commit.append((set(connection.savepoint_ids), of, robust))
        self.state = walk.then
        return pickle.loads(walk.returned)


HERE = Retracing()


def retraced(factory: Callable) -> Callable:
    """Keep what a factory leaves; it takes plain values and rows, changes none of them and returns a row."""

    @functools.wraps(factory)
    def call(*args, **kwargs):
        return HERE.call(factory, args, kwargs)

    return call


def changes(patches: pytest.MonkeyPatch) -> tuple:
    """Return what a test changed in the program: settings, the clock, and the number of its patches."""
    return settings._wrapped, timezone.now, len(patches._setattr), len(patches._setitem)


def worded(value) -> str | tuple:
    """Return what tells one argument from another."""
    if isinstance(value, dict):
        return tuple((name, worded(value[name])) for name in sorted(value))
    if isinstance(value, tuple):
        return tuple(worded(one) for one in value)
    if isinstance(value, Model):
        return value._meta.label, value.pk
    return getattr(value, "slug", None) or repr(value)


def different(one: Rows, other: Rows) -> Rows:
    """Return the rows of ``one`` that ``other`` has not, by table."""
    found = {name: rows - other[name] for name, rows in one.items() if rows is not other[name]}
    return {name: rows for name, rows in found.items() if rows}


def stored() -> set[Path]:
    """Return the files that uploads left."""
    return {
        path for name in FOLDERS for path in (Path(settings.MEDIA_ROOT) / name).rglob("*") if path.is_file()
    }


def read() -> Rows:
    """Return every row of every table as the database writes it, with its key first."""
    return {name: rows(name) for name in tables()}


def rows(table: str) -> frozenset:
    """Return every row of one table."""
    return TABLES[connection.vendor].rows(table)


def with_rows() -> set[str]:
    """Return the tables that have a row, asked for all at once."""
    asked = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in tables())
    return {name for (name,) in raw(" UNION ALL ".join(asked))}


def change(table: str, gone: Iterable[tuple], come: Iterable[tuple]) -> None:
    """Take rows out of a table and put others in, as they are."""
    if gone:
        TABLES[connection.vendor].remove(table, gone)
    if come:
        TABLES[connection.vendor].add(table, come)


@functools.cache
def tables() -> tuple[str, ...]:
    """Return the tables whose rows a walk may change; those inside of an index of words belong to it."""
    names = connection.introspection.table_names()
    return tuple(name for name in names if not name.startswith(("django_migr", "portal_entrygrams_")))


class OfSQLite:
    """Rows of SQLite as tuples, the rowid first; the sign before a column keeps Python from reading it."""

    @staticmethod
    @functools.cache
    def columns(table: str) -> tuple[str, ...]:
        return tuple(f'"{row[1]}"' for row in raw(f'PRAGMA table_info("{table}")'))

    @classmethod
    def rows(cls, table: str) -> frozenset:
        return frozenset(raw(f'SELECT rowid, +{", +".join(cls.columns(table))} FROM "{table}"'))

    @classmethod
    def remove(cls, table: str, rows: frozenset) -> None:
        connection.connection.executemany(f'DELETE FROM "{table}" WHERE rowid = ?', [row[:1] for row in rows])

    @classmethod
    def add(cls, table: str, rows: frozenset) -> None:
        columns = cls.columns(table)
        marks = ", ".join("?" * (len(columns) + 1))
        statement = f'INSERT INTO "{table}" (rowid, {", ".join(columns)}) VALUES ({marks})'
        connection.connection.executemany(statement, sorted(rows, key=lambda row: row[0]))


class OfPostgreSQL:
    """Rows of PostgreSQL as pairs: the key as text and the whole row as the text of its composite type."""

    @staticmethod
    @functools.cache
    def key(table: str) -> str:
        with connection.cursor() as cursor:
            return f'"{connection.introspection.get_primary_key_column(cursor, table)}"'

    @classmethod
    def rows(cls, table: str) -> frozenset:
        return frozenset(raw(f'SELECT {cls.key(table)}::text, t::text FROM "{table}" t'))

    @classmethod
    def remove(cls, table: str, rows: frozenset) -> None:
        keys = [key for key, _ in rows]
        raw(f'DELETE FROM "{table}" WHERE {cls.key(table)}::text = ANY(%s) RETURNING 1', [keys])

    @classmethod
    def add(cls, table: str, rows: frozenset) -> None:
        texts = f'(SELECT unnest(%s::text[])::"{table}" AS r OFFSET 0) s'
        in_order = sorted(rows, key=lambda row: (len(row[0]), row[0]))  # 1000 comes after 999
        values = [text for _, text in in_order]
        raw(f'INSERT INTO "{table}" SELECT (r).* FROM {texts} RETURNING 1', [values])


TABLES = {"sqlite": OfSQLite, "postgresql": OfPostgreSQL}


def raw(statement: str, values: list | tuple = ()) -> list[tuple]:
    """Return the answer to a statement that nobody counts."""
    return connection.connection.execute(statement, values).fetchall()


def can_be_laid() -> bool:
    """Say whether rows can be laid past the triggers here: by leave of PostgreSQL, or SQLite's own switch."""
    return _has_leave() if connection.vendor == "postgresql" else _switch() is not None


@functools.cache
def _has_leave() -> bool:
    """Say whether this login may keep triggers from firing; before PostgreSQL 15 nobody could let it."""
    if connection.connection.info.server_version < 150000:
        return False
    return raw("SELECT has_parameter_privilege('session_replication_role', 'SET')") == [(True,)]


@contextmanager
def without_triggers() -> Iterator[None]:
    """Let the database take rows as they are meanwhile: its triggers have had their say on the first walk."""
    if connection.vendor == "postgresql":
        with connection.connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = origin")
        return
    _triggers(0)
    try:
        yield
    finally:
        _triggers(1)


@functools.cache
def _switch():
    """Return SQLite's own sqlite3_db_config, None where this Python does not show it."""
    try:
        found = ctypes.CDLL(_sqlite3.__file__).sqlite3_db_config
    except (AttributeError, OSError):
        return None
    found.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
    return found


def _triggers(is_on: int) -> None:
    """Switch the triggers of the connection; its first field after the object's head is SQLite's handle."""
    handle = ctypes.c_void_p.from_address(id(connection.connection) + object.__basicsize__)
    told = ctypes.c_int(-1)
    if _switch()(handle, ENABLE_TRIGGER, is_on, ctypes.byref(told)) or told.value != is_on:
        raise sqlite3.OperationalError("the triggers of SQLite could not be switched")
