"""Writers of SQLite wait for each other at a file: one at a time, and the turn never stays with nobody."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from portal.in_turn import base
from portal.settings import database

pytestmark = pytest.mark.django_db  # for pytest-django lets nobody else connect
PATIENCE = 0.01  # seconds
ENDS = {
    "committed": lambda connection: connection.commit(),
    "rolled back": lambda connection: connection.rollback(),
    "closed": lambda connection: connection.close(),
}


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "portal.sqlite3"


@pytest.fixture
def connected() -> Iterator[Callable]:
    """Give what connects to a file as the portal does, but less patiently."""
    made = []

    def connect(path: Path | str):
        described = database(f"sqlite:///{path}")
        described["OPTIONS"]["timeout"] = PATIENCE
        made.append(ConnectionHandler({"default": described})["default"])
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


def turn_of(path: Path) -> Path:
    """Return the file that writers of a database wait at."""
    return Path(f"{path}-turn")


def begin(connection) -> None:
    """Begin a transaction as ``transaction.atomic`` does."""
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def is_free(path: Path) -> bool:
    """Say whether the turn is nobody's."""
    with turn_of(path).open("w") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@pytest.mark.parametrize("end", ENDS)
def test_a_writer_has_the_turn_until_his_transaction_is_over(path, connected, end):
    connection = connected(path)
    before = is_free(path)

    begin(connection)
    meanwhile = is_free(path)
    ENDS[end](connection)

    assert (before, meanwhile, is_free(path)) == (True, False, True)


def test_who_only_reads_takes_no_turn(path, connected):
    connection = connected(path)
    connection.ensure_connection()
    connection.transaction_mode = "DEFERRED"

    begin(connection)

    assert is_free(path)


def test_who_does_not_get_the_turn_in_time_is_answered_by_sqlite(path, connected):
    connection = connected(path)
    with turn_of(path).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        begin(connection)
        connection.commit()
        still_held = not is_free(path)

    assert (still_held, is_free(path)) == (True, True)


def test_who_waited_for_the_turn_does_not_wait_again_for_sqlite(path, connected):
    connection = connected(path)
    connection.ensure_connection()
    waits = []
    connection.connection.set_trace_callback(waits.append)
    with turn_of(path).open("w") as held, closing(sqlite3.connect(path, isolation_level=None)) as other:
        fcntl.flock(held, fcntl.LOCK_EX)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            begin(connection)

    patience = connection.connection.execute("PRAGMA busy_timeout").fetchone()[0]
    assert (waits[:2], patience) == (["PRAGMA busy_timeout = 0", "BEGIN IMMEDIATE"], 1000 * PATIENCE)


def test_who_may_not_open_the_file_writes_without_it(path, connected):
    connection = connected(path)
    turn_of(path).mkdir()

    begin(connection)
    connection.cursor().execute("CREATE TABLE one (a)")
    connection.commit()

    assert connection.introspection.table_names() == ["one"]


def test_the_file_that_root_makes_is_the_owners_of_the_database(path, connected):
    connection = connected(path)
    connection.ensure_connection()
    os.chown(path, 65534, 65534)

    begin(connection)
    connection.rollback()

    made = turn_of(path).stat()
    assert (made.st_uid, made.st_gid) == (65534, 65534)


def test_who_is_stopped_while_he_waits_leaves_no_turn_behind(path, connected, monkeypatch):
    connection = connected(path)
    connection.settings_dict["OPTIONS"]["timeout"] = 60

    def stopped(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(base, "time", SimpleNamespace(sleep=stopped, monotonic=time.monotonic))
    with turn_of(path).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(KeyboardInterrupt):
            begin(connection)

    assert connection._turn is None


def test_a_turn_is_given_back_when_the_database_is_locked(path, connected):
    connection = connected(path)
    connection.ensure_connection()

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            begin(connection)

    assert is_free(path)


def test_a_database_in_memory_has_no_file_beside_it(connected, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    connection = connected(":memory:")

    begin(connection)
    connection.commit()

    assert [*tmp_path.iterdir()] == []
