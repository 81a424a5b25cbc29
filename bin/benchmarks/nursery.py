"""A process that has imported a program and done nothing: each round of a measurement is a fork of it.

So a round has its modules warm and its memory to itself, and does not pay for a start of its own. The nursery
is started before the program touches a database, and asked line by line over pipes.
"""

import gc
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from typing import IO

from django.db import connection
from django.urls import get_resolver


class Nursery:
    """Starts at once; ``round`` runs the program's ``main`` with other arguments in a process of its own."""

    def __init__(self, main: Callable[[], int]) -> None:
        asked, ask = os.pipe()
        answered, answer = os.pipe()
        sys.stdout.flush()
        if os.fork() == 0:
            os.close(ask), os.close(answered)
            _serve(main, os.fdopen(asked), os.fdopen(answer, "w", buffering=1))
        os.close(asked), os.close(answer)
        self.ask, self.answered = os.fdopen(ask, "w", buffering=1), os.fdopen(answered)

    def round(self, arguments: Sequence[str]) -> str:
        """Return the last line that ``main`` printed; SystemExit when it broke off.

        The round works with the database that this process works with.
        """
        wish = {"argv": list(arguments), "url": os.environ["DATABASE_URL"]}
        print(json.dumps(wish | {"name": connection.settings_dict["NAME"]}), file=self.ask)
        if not (line := self.answered.readline().strip()):
            raise SystemExit(f"A round broke off: {' '.join(arguments)}")
        return line


def _serve(main: Callable[[], int], asked: IO[str], answer: IO[str]) -> None:
    """Fork for each line until there are no more; answer what was printed last, nothing on failure."""
    _ = get_resolver().url_patterns  # imports the views
    for line in asked:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
            child = os.fork() or _be_a_round(main, json.loads(line), printed)
            _, status = os.waitpid(child, 0)
            printed.seek(0)
            said = printed.read().splitlines()
        print(said[-1] if said and status == 0 else "", file=answer)
    os._exit(0)


def _be_a_round(main: Callable[[], int], wish: dict, printed: IO[str]) -> int:
    """Do one round in this process and end it."""
    os.dup2(printed.fileno(), sys.stdout.fileno())
    sys.argv[1:] = wish["argv"]
    os.environ["DATABASE_URL"], connection.settings_dict["NAME"] = wish["url"], wish["name"]
    gc.collect()  # the pages of what is imported become this process's own before anything is measured
    try:
        main()
        connection.close()
        code = 0
    except BaseException:  # whatever it was, the nursery goes on and the program is told
        traceback.print_exc()
        code = 1
    sys.stdout.flush(), sys.stderr.flush()
    os._exit(code)
