"""``python -m tests.nursery NUMBER OPTION…``: workers, each a group of processes; a killed one is replaced.

All is imported once, so that a new worker is there in no time; it is ``celery worker`` in everything else.
"""

import os
import signal
import sys

import django

from doors.environment import tied_to_this_process


def main(number: int, options: list[str]) -> None:
    """Keep so many workers running until this process is told to end."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from portal import tasks  # noqa: F401 -- what every worker would import first
    from tests import job_kinds  # noqa: F401 -- registers itself

    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    workers = {born(options) for _ in range(number)}
    try:
        while True:
            dead, _ = os.wait()
            workers.discard(dead)
            workers.add(born(options))
    finally:
        for worker in workers:
            os.killpg(worker, signal.SIGKILL)


def born(options: list[str]) -> int:
    """Return the process of a new worker, first of its group."""
    worker = os.fork()
    if worker == 0:
        work(options)
    os.setpgid(worker, worker)
    return worker


def work(options: list[str]) -> None:
    """Be the worker; its group ends with the nursery."""
    from portal.celery import app

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.setpgid(0, 0)
    if tie := tied_to_this_process(signal.SIGKILL):
        tie()
    name = f"--hostname=worker{os.getpid()}@%h"
    plain = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
    app.worker_main(["worker", name, *plain, *options])
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
