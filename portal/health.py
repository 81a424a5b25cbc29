"""Whether the portal can do its work: what is looked at, in one word each; and the figures of all processes.

Database and migrations decide whether this process can serve. A broker that is away, a disk that is nearly
full and a clock that is off are told, but pages work on, so no balancer takes the process out for them.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from celery import current_app
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from portal import metrics
from portal.backups import contents
from portal.backups.making import BY_VENDOR
from portal.models import Delivery, Job, JobStatus

OK, AWAY, BEHIND, LOW, OFF = "ok", "away", "behind", "low", "off"
NEEDED = ("database", "migrations")
MOST_OFF = 5.0  # seconds that the clocks of web host and database may differ; leases go by the latter
REMEMBERED = 10.0  # seconds that what was found of the broker is believed: anybody may ask

_lock = Lock()
_broker: tuple[float, str] = (0.0, "")
_wanted: set[tuple[str, str]] = set()


def found() -> dict[str, str]:
    """Return what was looked at → ``ok`` or one word of what is wrong; never raises."""
    return {"database": _database(), "migrations": _migrations(), **_others()}


def _others() -> dict[str, str]:
    return {"broker": _broker_now(), "disk": _disk(), "clock": _clock()}


def is_ready(seen: dict[str, str]) -> bool:
    """Say whether this process can serve."""
    return all(seen[name] == OK for name in NEEDED)


def _database() -> str:
    return OK if _row("SELECT 1") else AWAY


def _migrations() -> str:
    """Compare what the database notes with the files of this release, which are listed once a process."""
    if not _wanted:
        _wanted.update(MigrationLoader(None).disk_migrations)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            return OK if _wanted <= set(cursor.fetchall()) else BEHIND
    except Error:
        return AWAY


def _broker_now() -> str:
    global _broker
    with _lock:
        at, word = _broker
        if not word or time.monotonic() - at > REMEMBERED:
            word = _ask_broker()
            _broker = (time.monotonic(), word)
    return word


def _ask_broker() -> str:
    try:
        with current_app.connection_for_write() as one:
            one.ensure_connection(max_retries=1, timeout=1)
            if settings.CELERY_BROKER_URL.startswith("filesystem"):
                Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]).stat()
    except Exception:  # whatever the client of a broker raises: it is away
        return AWAY
    return OK


def _disk() -> str:
    """Look at the disk of files in the making; uploads and SQLite lie there too, if not elsewhere."""
    free = shutil.disk_usage(settings.VAR).free
    return OK if free >= settings.DISK_FLOOR else LOW


def _clock() -> str:
    """Compare with when the last migration was applied, which is past, and with the clock of PostgreSQL."""
    now = timezone.now()
    last = _row("SELECT max(applied) FROM django_migrations")
    if isinstance(last, str):  # SQLite keeps the time as text, in UTC
        last = parse_datetime(last).replace(tzinfo=UTC)
    if last and (last - now).total_seconds() > MOST_OFF:
        return OFF
    if connection.vendor != "postgresql":
        return OK
    theirs = _row("SELECT clock_timestamp()")
    return OK if theirs and abs((theirs - now).total_seconds()) <= MOST_OFF else OFF


def _row(sql: str):
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]
    except Error:
        return None


def figures() -> Iterator[str]:
    """Yield the lines of ``/metrics``: what this process counted, then what all of them share."""
    yield from metrics.counters.lines()
    yield from metrics.head("portal_check", "gauge", "1 for what is as it should be.")
    for name, word in found().items():
        yield metrics.sample("portal_check", int(word == OK), {"check": name})
    for name, told, read in SHARED:
        try:
            samples = list(read())
        except (Error, OSError):
            continue  # the check of the database says so
        yield from metrics.head(name, "gauge", told)
        for value, labels in samples:
            yield metrics.sample(name, value, labels)


def _jobs() -> Iterator[tuple[float, dict]]:
    counted = dict(Job.objects.order_by().values_list("status").annotate(Count("pk")))
    for status in JobStatus.values:
        yield counted.get(status, 0), {"state": status}


def _oldest_job() -> Iterator[tuple[float, dict]]:
    due = Job.objects.filter(status=JobStatus.QUEUED, run_after__lte=timezone.now())
    yield _age(due.aggregate(at=Min("run_after"))["at"]), {}


def _oldest_delivery() -> Iterator[tuple[float, dict]]:
    waiting = Delivery.objects.filter(taken_at=None, failed_at=None)
    yield _age(waiting.aggregate(at=Min("created_at"))["at"]), {}


def _database_size() -> Iterator[tuple[float, dict]]:
    yield BY_VENDOR[connection.vendor].size(), {}


def _free() -> Iterator[tuple[float, dict]]:
    yield shutil.disk_usage(settings.VAR).free, {}


def _last_backup() -> Iterator[tuple[float, dict]]:
    last = contents.newest(settings.BACKUPS) if settings.BACKUPS else None
    if last:
        yield round(parse_datetime(last.manifest["made_at"]).timestamp()), {}


def _age(at: datetime | None) -> float:
    return round(max(0.0, (timezone.now() - at).total_seconds()), 1) if at else 0.0


SHARED: tuple[tuple[str, str, Callable[[], Iterator[tuple[float, dict]]]], ...] = (
    ("portal_jobs", "Jobs by state.", _jobs),
    ("portal_job_queue_age_seconds", "How long the oldest job waits whose time has come.", _oldest_job),
    ("portal_outbox_age_seconds", "How long the oldest mail or text message waits.", _oldest_delivery),
    ("portal_database_bytes", "Size of the database.", _database_size),
    ("portal_disk_free_bytes", "Bytes free where files are made.", _free),
    ("portal_backup_made_timestamp_seconds", "When the newest backup was made.", _last_backup),
)
