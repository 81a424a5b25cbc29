"""SQLite whose writers wait for each other at a file beside it.

SQLite itself asks again after pauses that grow to a tenth of a second, during which nobody writes; here the
next one is in after milliseconds. The kernel gives the turn back of a process that dies. Who does not get
it in time asks SQLite all the same, which then says at once whether the database is locked; who may not open
the file waits for SQLite as if there were none.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db.backends.sqlite3 import base

PAUSE = 0.002  # seconds


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that takes its turn before it writes."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self._turn: int | None = None

    def _start_transaction_under_autocommit(self):
        try:
            is_in_turn = self.transaction_mode != "IMMEDIATE" or self._take_turn()
            with nullcontext() if is_in_turn else self._impatient():
                super()._start_transaction_under_autocommit()
        except BaseException:
            self._give_turn_back()
            raise

    def _commit(self):
        super()._commit()
        self._give_turn_back()

    def _rollback(self):
        try:
            super()._rollback()
        finally:
            self._give_turn_back()

    def _close(self):
        try:
            super()._close()
        finally:
            self._give_turn_back()

    def _take_turn(self) -> bool:
        """Wait for the turn; say whether SQLite may be asked with patience."""
        if self._turn is not None or self.is_in_memory_db():
            return True
        try:
            self._turn = _opened(str(self.settings_dict["NAME"]))
        except OSError:
            return True
        until = time.monotonic() + self._patience
        while not (is_ours := _is_locked(self._turn)) and time.monotonic() < until:
            time.sleep(PAUSE)
        return is_ours

    @property
    def _patience(self) -> float:
        return self.settings_dict["OPTIONS"].get("timeout", 5)

    @contextmanager
    def _impatient(self) -> Iterator[None]:
        """Let SQLite answer at once: the patience was spent at the file."""
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {int(1000 * self._patience)}")

    def _give_turn_back(self) -> None:
        if self._turn is not None:
            turn, self._turn = self._turn, None
            os.close(turn)


def _opened(database: str) -> int:
    """Open the file of the turn; made by root it is given to the owner of the database, as SQLite does."""
    turn = os.open(f"{database}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        owner = os.stat(database)
        os.fchown(turn, owner.st_uid, owner.st_gid)
    return turn


def _is_locked(turn: int) -> bool:
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
