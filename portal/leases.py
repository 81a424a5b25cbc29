"""The lease of a job: taken by compare-and-swap, renewed by a heart that beats in a thread of its own.

Times are the database's: hosts whose clocks differ agree on when a lease has ended.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread

from django.conf import settings
from django.db import Error, connection
from django.db.models import F, QuerySet
from django.utils import timezone

from portal.models import Job, JobStatus

BEATS = 3  # in the time of a lease
OFTEN = 1.0  # seconds between two writes of progress

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker holds the job by now, or may: nothing is to be written any more."""


class Cancelled(Exception):
    """Somebody asked that the job be stopped."""


def clock() -> datetime:
    """Return the time of the database."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT STATEMENT_TIMESTAMP()")
        return cursor.fetchone()[0]


def span() -> timedelta:
    """Return how long a worker may be silent before another takes its job over."""
    return timedelta(seconds=settings.JOB_LEASE)


@dataclass(frozen=True)
class Lease:
    """The right to work at a job: worth something while its row is running under this token."""

    job: int
    token: int

    def row(self) -> QuerySet:
        """Return the job while it is held by this lease, nothing afterwards; every write goes through it."""
        return Job.objects.filter(pk=self.job, token=self.token, status=JobStatus.RUNNING)


def take(job: int) -> Lease | None:
    """Take a queued job whose time has come; None when there is none, or another was quicker."""
    token, now = Job.objects.filter(pk=job).values_list("token", flat=True).first(), clock()
    if token is None:
        return None
    queued = Job.objects.filter(pk=job, token=token, status=JobStatus.QUEUED, run_after__lte=now)
    taken = queued.update(
        status=JobStatus.RUNNING,
        token=token + 1,
        attempts=F("attempts") + 1,
        lease_until=now + span(),
        started_at=now,
        done=0,
        total=0,
        stage="",
    )
    return Lease(job, token + 1) if taken else None


class Heart:
    """Keeps a lease while the block runs, and writes the progress it is told of, at most once a second.

    It does both on a connection of its own, so that they are seen while the work reads its one snapshot.
    Inside of an open transaction, where nobody else sees the job, there is no thread.
    """

    def __init__(self, lease: Lease):
        self.lease, self.done, self.total, self.stage = lease, 0, 0, ""
        self._has_news = False
        self._ended, self._lost, self._cancelled = Event(), Event(), Event()
        self._renewed = self._written = time.monotonic()
        self._thread = None if connection.in_atomic_block else Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Heart":
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        """Stop beating; a beat that hangs in a connection is not waited for longer than a lease lasts."""
        self._ended.set()
        if self._thread:
            self._thread.join(settings.JOB_LEASE)

    def tell(self, done: int, total: int, stage: str) -> None:
        """Note how far the work is. Raises ``Cancelled`` or ``LeaseLost`` when it is to stop."""
        self.done, self.total, self.stage, self._has_news = done, total, stage, True
        if self._thread is None and time.monotonic() - self._written >= OFTEN:
            self._beat()
        self.check()

    @property
    def all_done(self) -> dict:
        """The columns of a job that has come to its end."""
        return {"done": self.total, "total": self.total, "stage": ""}

    def make_room(self) -> None:
        """Let one long transaction write: on SQLite, which takes one writer at a time, no beat gets through.

        None is missed either, for nobody else can take the job meanwhile.
        """
        if self._thread and connection.vendor == "sqlite":
            self._ended.set()
            self._thread.join()
            self._thread = None

    def check(self) -> None:
        """Raise ``Cancelled`` or ``LeaseLost`` when the work is to stop."""
        if self._cancelled.is_set():
            raise Cancelled
        if self._lost.is_set() or (self._thread and time.monotonic() - self._renewed > settings.JOB_LEASE):
            raise LeaseLost

    def _run(self) -> None:
        pause = settings.JOB_LEASE / BEATS
        try:
            while not self._ended.wait(min(OFTEN, pause)):
                if self._has_news or time.monotonic() - self._written >= pause:
                    self._try_to_beat()
        finally:
            connection.close()

    def _try_to_beat(self) -> None:
        """Beat; a database that is away for a moment is asked again at the next one."""
        try:
            self._beat()
        except Error as error:
            logger.warning("Job %s: the lease was not renewed: %s", self.lease.job, error)
            connection.close()

    def _beat(self) -> None:
        """Renew the lease unless it was cancelled: then it ends by itself should the work not stop before."""
        began, self._has_news = time.monotonic(), False
        row = self.lease.row()
        told = {"done": self.done, "total": self.total, "stage": self.stage[:60]}
        if row.filter(cancel_requested_at=None).update(lease_until=clock() + span(), **told):
            self._renewed = self._written = began
        else:
            (self._cancelled if row.exists() else self._lost).set()
            self._ended.set()
