"""``python -m tests.falling_rotation AT``: ``rotate_field_keys``, killed with the AT-th row it writes."""

import os
import signal
import sys
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection


class Failpoint:
    """Counts the rows that are sealed anew, and kills its process after one of them; 0: after none."""

    def __init__(self, at: int):
        self.at, self.written = at, 0

    def __call__(self, execute, sql, parameters, many, context):
        """Stand around every statement of the connection."""
        result = execute(sql, parameters, many, context)
        self.written += str(sql).startswith("UPDATE")
        if self.at and self.written == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from portal import resealing

    resealing.BATCH = 2  # so that a few rows are several transactions
    with connection.execute_wrapper(Failpoint(int(sys.argv[1]))):
        call_command("rotate_field_keys", verbosity=0)
