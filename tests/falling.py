"""``python -m tests.falling AT WORDS…``: ``manage.py WORDS…``, killed at its step AT among those of backups.

Without a kill (AT 0) the number of its steps is the last line it prints.
"""

import os
import signal
import sys
from pathlib import Path

import django
from django.core.management import call_command

OF = f"{os.sep}portal{os.sep}backups{os.sep}"


class Failpoint:
    """Counts the lines of the modules of backups that are run, and kills its process at one of them."""

    def __init__(self, at: int):
        self.at, self.steps = at, 0

    def __call__(self, frame, event: str, argument):
        """Be the trace function of each frame of ours."""
        if OF not in frame.f_code.co_filename:
            return None
        self.steps += event == "line"
        if self.at and self.steps == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return self


def main(at: int, words: list[str]) -> None:
    """Run the command with the failpoint set."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from portal import backups, verify  # noqa: F401 -- imported before the count begins

    failpoint = Failpoint(at)
    sys.settrace(failpoint)
    try:
        call_command(*words)
    finally:
        sys.settrace(None)
        print(failpoint.steps)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(int(sys.argv[1]), sys.argv[2:])
