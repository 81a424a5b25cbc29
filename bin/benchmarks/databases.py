"""Databases that a program measures on: filled once a run for each recipe, given out as copies.

A recipe is a name for a filling, ``entries100000``. It is made on the schema with the reference data, kept
as a file beside the SQLite database or as a database of the same PostgreSQL, and shared by all programs of a
run; the door removes both at the end. ``use`` leads this process and the children it starts to a copy.
"""

import os
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.core.management import call_command
from django.db import connection

from portal import planner

EMPTY, WORK = "empty", "work"
ROOM = 30 * 10**9  # bytes that stay free: a million filings take half of it, and so does the copy of them


def use(recipe: str, fill: Callable[[], object], *, is_read_only: bool = False) -> None:
    """Work from here on with a database that ``fill`` filled; ``is_read_only`` spares the copy of it.

    ``fill`` is called for the first program that asks for ``recipe``, on a database with reference data.
    """
    _provide(EMPTY, None, _prepare)
    _provide(recipe, EMPTY, fill)
    if is_read_only:
        _enter(recipe)
    else:
        _copy(recipe, WORK)
        _enter(WORK)


def _provide(recipe: str, source: str | None, fill: Callable[[], object]) -> None:
    if _is_there(recipe):
        return
    _make_room()
    making = f"{recipe}_making"  # a filling that was interrupted is no template
    _copy(source, making)
    _enter(making)
    fill()
    _settle()
    _leave()
    _rename(making, recipe)


def _make_room() -> None:
    """Remove the largest fillings while the disk is short; who asks for one again makes it anew."""
    _leave()
    for name in _largest_first():
        if shutil.disk_usage(os.environ["PORTAL_VAR"]).free >= ROOM:
            return
        _remove(name)


def _largest_first() -> list[str]:
    """Return the names of what was filled, without what is empty."""
    if connection.vendor == "sqlite":
        files = [path for path in _file(EMPTY).parent.glob("bench-*.sqlite3") if path != _file(EMPTY)]
        ordered = sorted(files, key=lambda path: path.stat().st_size, reverse=True)
        return [path.stem.removeprefix("bench-") for path in ordered]
    found = _postgresql(
        "SELECT datname FROM pg_database WHERE datname LIKE 'bench_%%' AND datname <> %s"
        " ORDER BY pg_database_size(datname) DESC",
        [f"bench_{EMPTY}"],
    )
    return [name.removeprefix("bench_") for (name,) in found]


def _remove(name: str) -> None:
    if connection.vendor == "sqlite":
        for left in _file(name).parent.glob(f"{_file(name).name}*"):
            left.unlink()
        return
    _postgresql(f"DROP DATABASE IF EXISTS bench_{name} WITH (FORCE)")


def _prepare() -> None:
    call_command("migrate", verbosity=0)
    call_command("load_reference", verbosity=0, stdout=StringIO())


def _settle() -> None:
    """Let the planner know what there is, and leave nothing to be written later."""
    planner.refresh()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
            return
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _leave() -> None:
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()


def _enter(name: str) -> None:
    """Lead this process and its children to a database."""
    _leave()
    if connection.vendor == "sqlite":
        where = str(_file(name))
        url = f"sqlite:///{where}"
    else:
        where = f"bench_{name}"
        url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{where}"))
    os.environ["DATABASE_URL"] = url
    connection.settings_dict["NAME"] = where


def _file(name: str) -> Path:
    url = os.environ["DATABASE_URL"]
    return Path(urlsplit(url).path[1:]).with_name(f"bench-{name}.sqlite3")


def _is_there(name: str) -> bool:
    if connection.vendor == "sqlite":
        return _file(name).exists()
    return bool(_postgresql("SELECT 1 FROM pg_database WHERE datname = %s", [f"bench_{name}"]))


def _copy(source: str | None, name: str) -> None:
    _leave()
    _remove(name)
    if connection.vendor == "sqlite":
        if source:
            shutil.copyfile(_file(source), _file(name))
        return
    template = f"bench_{source} STRATEGY file_copy" if source else "template0"
    _postgresql(f"CREATE DATABASE bench_{name} TEMPLATE {template}")


def _rename(old: str, new: str) -> None:
    if connection.vendor == "sqlite":
        _file(old).rename(_file(new))
        return
    _postgresql(f"ALTER DATABASE bench_{old} RENAME TO bench_{new}")


def _postgresql(sql: str, values: list | None = None) -> list[tuple]:
    """Run one statement outside of any database that is copied."""
    import psycopg  # only where the database is PostgreSQL

    there = connection.settings_dict
    where = {"host": there["HOST"], "port": there["PORT"], "user": there["USER"], "dbname": "postgres"}
    with psycopg.connect(**where, autocommit=True) as server:
        found = server.execute(sql, values)
        return found.fetchall() if found.description else []
