"""SQLite: one file, copied in one read transaction; brought back in one write transaction, or not at all."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from portal.backups import facts

FILE = "portal.sqlite3"
SIDES = ("-wal", "-shm", "-journal", ".migrate.lock")


def size() -> int:
    """Return how many bytes the database takes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return cursor.fetchone()[0]


def dump(folder: Path) -> tuple[dict, set[str]]:
    """Copy the database into ``folder``; return what the copy holds, and the files that its rows name.

    ``VACUUM INTO`` stops nobody who writes, and leaves behind what was deleted but still lay in free pages.
    """
    copy = folder / FILE
    with closing(sqlite3.connect(_live(), timeout=20)) as source:
        source.execute("VACUUM INTO ?", [str(copy)])
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as there:
        return facts.of(there.execute, "sqlite"), facts.files_named(there.execute)


def load(folder: Path, manifest: dict, compare: Callable[[dict], None], settle: Callable[[], None]) -> None:
    """Put the database in ``folder`` in the place of the one there is.

    It is compared, migrated and settled as a copy beside the real one, which changes in one transaction.
    """
    staged = settings.VAR / "restoring.sqlite3"
    _remove(staged)
    try:
        shutil.copyfile(folder / FILE, staged)
        with closing(sqlite3.connect(staged)) as there:
            compare(facts.of(there.execute, "sqlite") | {"integrity": _integrity(there)})
        with _standing_in(staged):
            call_command("migrate", interactive=False, verbosity=0)
            settle()
        _swap(staged)
    finally:
        _remove(staged)


def _integrity(there: sqlite3.Connection) -> str:
    return there.execute("PRAGMA integrity_check(1)").fetchone()[0]


def _swap(staged: Path) -> None:
    connection.close()
    with (
        closing(sqlite3.connect(staged)) as source,
        closing(sqlite3.connect(_live(), timeout=20)) as target,
    ):
        target.execute("PRAGMA journal_mode = WAL")
        target.execute("PRAGMA synchronous = FULL")
        source.backup(target)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _standing_in(path: Path) -> Iterator[None]:
    """Let this process take another file for its database."""
    live = _live()
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = live


def _live() -> str:
    return str(connection.settings_dict["NAME"])


def _remove(path: Path) -> None:
    for side in ("", *SIDES):
        path.with_name(path.name + side).unlink(missing_ok=True)
