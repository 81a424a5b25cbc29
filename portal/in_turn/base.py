"""SQLite whose writers wait for each other at a file beside it.

SQLite itself asks again after pauses that grow to a tenth of a second, during which nobody writes; here the
next one is in after milliseconds. The kernel gives the turn back of a process that dies. Who does not get
it in time asks SQLite all the same, which then says that the database is locked.
"""

import fcntl
import os
import time

from django.db.backends.sqlite3 import base

PAUSE = 0.002  # seconds


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that takes its turn before it writes."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self._turn: int | None = None

    def _start_transaction_under_autocommit(self):
        if self.transaction_mode == "IMMEDIATE":
            self._take_turn()
        try:
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

    def _take_turn(self) -> None:
        name = str(self.settings_dict["NAME"])
        if self._turn is not None or self.is_in_memory_db():
            return
        self._turn = os.open(f"{name}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + self.settings_dict["OPTIONS"].get("timeout", 5)
        while not _is_locked(self._turn) and time.monotonic() < until:
            time.sleep(PAUSE)

    def _give_turn_back(self) -> None:
        if self._turn is not None:
            turn, self._turn = self._turn, None
            os.close(turn)


def _is_locked(turn: int) -> bool:
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
