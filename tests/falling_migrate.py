"""``python -m tests.falling_migrate AT``: ``manage.py migrate``, killed when it notes its AT-th migration."""

import os
import signal
import sys
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection


class Failpoint:
    """Counts the migrations that are noted as applied, and kills its process after one of them."""

    def __init__(self, at: int):
        self.at, self.noted = at, 0

    def __call__(self, execute, sql, parameters, many, context):
        """Stand around every statement of the connection."""
        result = execute(sql, parameters, many, context)
        self.noted += 'INSERT INTO "django_migrations"' in str(sql)
        if self.noted == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    with connection.execute_wrapper(Failpoint(int(sys.argv[1]))):
        call_command("migrate", interactive=False, verbosity=0)
