"""A report from the wish to the file: who may ask, one question asked once, one snapshot, one file.

``produce`` is what the job and ``manage.py roll_up`` have in common, so both make the same bytes.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from portal import jobs, report_files, report_tables, reports
from portal.models import WAITING, Campaign, Region, Report, ReportSchedule, User
from portal.reports import Asked
from portal.windows import moment, reading_posts, start_of
from portal.workflow import Refused

JOB = "report"
LONGEST_TITLE, LONGEST_FILE_NAME = 120, 150
# An act takes its time of the clock shortly before or after its transaction begins, and clocks of several
# hosts differ a little.
GRACE = timedelta(seconds=1)
# Transactions that write nothing, however long: this module's snapshots, and a backup.
READERS = ("portal report", "pg_dump")
PATIENCE, PAUSE = 60, 0.1  # seconds
EARLIEST = start_of(date(2000, 1, 1))  # nothing is dated before
TOO_EARLY = "统计截止时间应在2000年以后，没有生成报表。"
AHEAD = "统计截止时间还没有到，没有生成报表；请改为已经过去的时间。"
NO_FORMAT = "报表只能生成 Excel、Word 或 PDF。"
NOT_YOURS = "您的岗位看不到这个范围的报表，没有生成；请选择本单位所在的区划或其下级。"
UNSETTLED = "统计截止前开始的办理一分钟内没有结束，这次没有生成；系统稍后再试。"


class Unsettled(jobs.Trouble):
    """Transactions begun before the cut-off are still open: the state at it is not known yet."""


def request(
    asked: Asked,
    format: str,
    *,
    by: User | None,
    schedule: ReportSchedule | None = None,
    period: str = "",
    campaign: Campaign | None = None,
) -> Report:
    """Ask for a report and return its row, a job that is waiting.

    The same question of the same person gives the row that is waiting already. A schedule asks in its own
    right. Raises ``Refused`` with a sentence, ``reports.Unknown`` for a kind or region there is not.
    """
    _may_be_asked(asked, format)
    if schedule is None and not may_read(by, asked.region):
        raise Refused(NOT_YOURS)
    with transaction.atomic():
        if by is not None:
            User.objects.select_for_update().get(pk=by.pk)  # two clicks: one after the other
        waiting = None if schedule else _waiting(asked, format, by)
        return waiting or _enqueued(asked, format, by, schedule, period, campaign)


def _may_be_asked(asked: Asked, format: str) -> None:
    reports.get(asked.slug)
    if not Region.objects.filter(pk=asked.region).exists():
        raise reports.Unknown(asked.region)
    if format not in report_files.FORMATS:
        raise Refused(NO_FORMAT)
    check_cutoff(asked.cutoff)


def check_cutoff(cutoff: datetime) -> None:
    """Raise ``Refused`` for an instant no report can be made of: not yet passed, or before all filings."""
    if cutoff < EARLIEST:
        raise Refused(TOO_EARLY)
    if cutoff > timezone.now():
        raise Refused(AHEAD)


def may_read(user: User | None, region: str) -> bool:
    """Say whether a post of ``user`` looks at the reports of ``region``: its own region and below."""
    posts = reading_posts(user) if user else []
    return any(region.startswith(post.organisation.region_id) for post in posts)


def _waiting(asked: Asked, format: str, by: User) -> Report | None:
    found = Report.objects.filter(
        requested_by=by, status__in=WAITING, cancel_requested_at=None, schedule=None
    ).filter(slug=asked.slug, cutoff=asked.cutoff, region=asked.region, format=format)
    return next((report for report in found if report.filters == dict(asked.filters)), None)


def _enqueued(asked: Asked, format: str, by, schedule, period: str, campaign) -> Report:
    return jobs.enqueue(
        JOB,
        title=title(asked),
        by=by,
        model=Report,
        slug=asked.slug,
        cutoff=asked.cutoff,
        region_id=asked.region,
        filters=dict(asked.filters),
        format=format,
        schedule=schedule,
        period=period,
        campaign=campaign,
    )


def title(asked: Asked) -> str:
    """Return what a report is called in lists: its kind, its region below the province, its cut-off."""
    kind, place = reports.get(asked.slug).title, ""
    if asked.region != reports.PROVINCE_CODE:
        place = f" {report_tables.region_name(asked)}"
    ending = f"{place} 截至 {moment(asked.cutoff)}"
    return kind[: LONGEST_TITLE - len(ending)] + ending


def file_name(asked: Asked, format: str) -> str:
    """Return what its file is called; a full-width colon, for Windows takes no other in a name."""
    return f"{title(asked).replace(':', '：').replace('/', '／')}.{format}"[-LONGEST_FILE_NAME:]


def asked_of(report: Report) -> Asked:
    """Return the question a stored report answers."""
    return Asked(report.slug, report.cutoff, report.region_id, report.filters)


@jobs.runner(JOB)
def run(job, work) -> jobs.Result:
    """Make the file of a report that was asked for."""
    report = Report.objects.get(pk=job.pk)
    asked, path = asked_of(report), work.path(f".{report.format}")
    rows = produce(asked, report.format, path, work.progress)
    return jobs.Result(path, file_name(asked, report.format), {"rows": rows})


def produce(asked: Asked, format: str, path: Path, progress: Callable | None = None) -> int:
    """Write the report to ``path`` and return the number of its lines.

    ``progress(done, total, stage)`` is called now and then. Raises ``Refused`` where there will be no such
    file, ``Unsettled`` where there may be one later.
    """
    _may_be_asked(asked, format)
    settle(asked.cutoff)
    with one_snapshot():
        return report_files.write(reports.content(asked), asked, format, path, progress)


def save(asked: Asked, format: str, file: Path) -> tuple[int, str]:
    """Write the report to ``file``, whole or not at all, and return the number of its lines and its SHA-256.

    Raises what ``produce`` raises, and ``OSError`` where the file cannot be written.
    """
    making = file.with_name(f".roll_up-{os.getpid()}.part")
    try:
        rows = produce(asked, format, making)
        with making.open("rb") as made:
            digest = hashlib.file_digest(made, "sha256").hexdigest()
            os.fsync(made.fileno())
        making.rename(file)
    finally:
        making.unlink(missing_ok=True)
    return rows, digest


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Let every read inside see the database of one instant, without holding up who writes.

    Inside an open transaction, which is a snapshot or wants to see its own writes, it does nothing.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with _deferred():
            yield
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute(f"SET LOCAL application_name = '{READERS[0]}'")
            yield


@contextmanager
def _deferred() -> Iterator[None]:
    """Begin as a reader: IMMEDIATE, the mode of every other transaction, would lock out the writers."""
    connection.ensure_connection()
    usual, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        with transaction.atomic():
            yield
    finally:
        connection.transaction_mode = usual


def settle(cutoff: datetime, patience: float = PATIENCE) -> None:
    """Return when every transaction begun by ``cutoff`` has ended; raise ``Unsettled`` after a minute.

    From then on nothing can be stored that happened by the cut-off. Inside an open transaction it does
    nothing.
    """
    if connection.in_atomic_block:
        return
    until = time.monotonic() + patience
    while timezone.now() < cutoff + GRACE or not _is_settled(cutoff + GRACE):
        if time.monotonic() > until:
            raise Unsettled(UNSETTLED)
        time.sleep(PAUSE)


def _is_settled(at: datetime) -> bool:
    return _no_older_transaction(at) if connection.vendor == "postgresql" else _writer_is_done()


def _no_older_transaction(at: datetime) -> bool:
    """Say whether no other transaction of this database begun by ``at`` is open that may write."""
    others = (
        "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start <= %s"
        " AND application_name <> ALL(%s))"
    )
    with connection.cursor() as cursor:
        cursor.execute(others, [at, list(READERS)])
        return cursor.fetchone()[0]


def _writer_is_done() -> bool:
    """Say whether the one writer SQLite allows is done: who gets its place knows."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("COMMIT")
    except OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    return True
