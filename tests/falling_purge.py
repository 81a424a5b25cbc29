"""``python -m tests.falling_purge AT``: ``purge``, killed with the AT-th row or file that it takes away."""

import os
import signal
import sys
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection


class Failpoint:
    """Counts what is written and deleted, and kills its process after one of them; 0: after none."""

    def __init__(self, at: int):
        self.at, self.done = at, 0

    def __call__(self, execute, sql, parameters, many, context):
        """Stand around every statement of the connection."""
        result = execute(sql, parameters, many, context)
        self.count(is_one=str(sql).startswith(("UPDATE", "INSERT")))
        return result

    def count(self, *, is_one: bool = True) -> None:
        """Count one more, and let it be the last where it is."""
        self.done += is_one
        if self.at and self.done == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from portal import purging

    purging.BATCH = 1  # so that a few filings are several transactions
    failpoint, delete = Failpoint(int(sys.argv[1])), purging.default_storage.delete

    def deleted(name: str) -> None:
        """Delete a file and count it."""
        delete(name)
        failpoint.count()

    purging.default_storage.delete = deleted
    with connection.execute_wrapper(failpoint):
        call_command("purge", verbosity=0)
    sys.stdout.write(f"{failpoint.done}")
