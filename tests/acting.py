"""Acts of an edition that run as jobs, for tests: something happens in the middle of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from portal import edition_jobs, jobs
from portal.models import Job


class Probe:
    """Stands between an act and its work, and does something once so many changes are done."""

    def __init__(self, work: jobs.Work, at: int, what: Callable[[], Any]):
        self.work, self.at, self.what = work, at, what

    def at_once(self):
        """Do it before the first change, if it is to be then."""
        if not self.at:
            self.what()
        return self.work.at_once()

    def progress(self, done: int, total: int, step: str) -> None:
        """Do it after that change."""
        if done == self.at:
            self.what()
        self.work.progress(done, total, step)


@contextmanager
def probe(what: Callable[[Job], Any], at: int) -> Iterator[None]:
    """Let every act that runs meanwhile do ``what`` with its job once ``at`` changes are done."""
    jobs.runner(edition_jobs.JOB)(lambda job, work: edition_jobs.run(job, Probe(work, at, lambda: what(job))))
    try:
        yield
    finally:
        jobs.runner(edition_jobs.JOB)(edition_jobs.run)
