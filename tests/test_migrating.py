"""``migrate`` as an operator may mishandle it: started twice, killed anywhere. Real processes."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from doors.environment import clean_environment
from portal import migrating, sealing
from tests.jobbing import database_url
from tests.sizes import size

pytestmark = pytest.mark.django_db
PATIENCE = 400  # seconds that all migrations may take on a slow machine
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


class Empty:
    """A database of its own with nothing in it, and processes that migrate it."""

    def __init__(self, folder, url: str):
        self.environment = clean_environment(
            PORTAL_VAR=str(folder),
            DATABASE_URL=url,
            PORTAL_DEMO="0",
            DJANGO_SETTINGS_MODULE="portal.settings",
        )

    def start(self, *words: str) -> subprocess.Popen:
        """Start Python with some words."""
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=settings.BASE_DIR,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words: str) -> tuple[int, str]:
        """Return exit code and output of such a process."""
        process = self.start(*words)
        said, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, said


@contextmanager
def empty_database(folder) -> Iterator[tuple[Empty, object]]:
    """Give an empty database of the kind of this run, and what opens a connection to it."""
    if connection.vendor == "sqlite":
        import sqlite3

        path = folder / "empty.sqlite3"
        yield Empty(folder, f"sqlite:///{quote(str(path))}"), lambda: sqlite3.connect(path)
        return
    name, own = f"portal_empty_{folder.name[-20:].replace('-', '_')}", connection.settings_dict
    place = {"host": own["HOST"], "port": own["PORT"], "user": own["USER"], "password": own["PASSWORD"]}
    with psycopg.connect(dbname="postgres", autocommit=True, **place) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            url = database_url().replace(quote(own["NAME"]), name)
            yield Empty(folder, url), lambda: psycopg.connect(dbname=name, **place)
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def tables(connect) -> set[str]:
    """Return the tables there are."""
    there = connect()
    found = {name for (name,) in there.execute(TABLES[connection.vendor])}
    there.close()
    return found


def test_two_that_begin_at_once_do_it_once(tmp_path):
    with empty_database(tmp_path) as (database, connect):
        both = [database.start("manage.py", "migrate", "--no-color") for _ in range(2)]
        said = [process.communicate(timeout=PATIENCE)[0] for process in both]

        assert [process.returncode for process in both] == [0, 0], said
        assert sorted("No migrations to apply" in one for one in said) == [False, True]
        assert "portal_filing" in tables(connect)


def test_killed_anywhere_nothing_is_changed_and_the_next_run_does_it_all(tmp_path):
    number = len(MigrationLoader(None).disk_migrations)
    with empty_database(tmp_path) as (database, connect):
        for at in size((number // 2,), (1, number // 2, number)):
            code, said = database.run("-m", "tests.falling_migrate", str(at))

            assert (code, said, tables(connect)) == (-signal.SIGKILL, "", set())
        assert database.run("manage.py", "migrate", "--verbosity", "0") == (0, "")
        assert database.run("manage.py", "migrate", "--check") == (0, "")


def test_who_holds_the_lock_may_take_it_again():
    with migrating.one_at_a_time("default"), migrating.one_at_a_time("default"):
        assert connection.is_usable()


def test_a_key_that_a_migration_needs_and_that_is_missing_is_said_in_a_sentence(monkeypatch):
    def no_key(*_, **__):
        raise sealing.Unreadable(sealing.NO_KEYS)

    monkeypatch.setattr(migrate.Command, "handle", no_key)

    with pytest.raises(CommandError) as refused:
        call_command("migrate")

    assert str(refused.value) == f"没有迁移，数据库没有改动。{sealing.NO_KEYS}"
