"""One change of the tables at a time, each run of ``migrate`` whole or not at all.

A second ``migrate`` waits for the first and finds nothing left to do. All migrations of a run, the triggers
that are taken off and put back around them, and the record of what was done stand in one transaction: a run
that is killed anywhere leaves the database as it was, so that the next one begins anew.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections, transaction

KEY = 0x706F7274616C  # of the lock that PostgreSQL keeps for a session: the word portal


@contextmanager
def one_at_a_time(using: str) -> Iterator[None]:
    """Wait until nobody else changes the tables of a database, and let nobody do so meanwhile."""
    connection = connections[using]
    lock = _session_lock if connection.vendor == "postgresql" else _file_lock
    with lock(connection):
        yield


@contextmanager
def _session_lock(connection) -> Iterator[None]:
    """Hold a lock of PostgreSQL: it ends with its session, however that ends, and counts its holders."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [KEY])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [KEY])


_held: set[str] = set()


@contextmanager
def _file_lock(connection) -> Iterator[None]:
    """Hold a file beside the database; the kernel lets it go when its process ends."""
    name = str(connection.settings_dict["NAME"])
    if name in _held or "memory" in name:
        yield
        return
    with Path(f"{name}.migrate.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _held.add(name)
        try:
            yield
        finally:
            _held.discard(name)


@contextmanager
def whole(using: str) -> Iterator[None]:
    """Let all that is done inside be committed at once, or be part of the transaction there is."""
    connection = connections[using]
    if connection.in_atomic_block:
        yield
        return
    is_checked = connection.vendor == "sqlite" and connection.disable_constraint_checking()
    try:
        with transaction.atomic(using=using, durable=True):
            if connection.vendor == "postgresql":
                # No row may wait to be checked when the next migration changes its table.
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            yield
    finally:
        if is_checked:
            connection.enable_constraint_checking()
