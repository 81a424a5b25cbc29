"""Jobs: asked for, run, finished or given up, cancelled, swept. With ``leases`` the only writer of ``Job``.

The row is the truth. A worker takes a job by a lease, works, and stores the result under the token it was
given, in one transaction with the facts and the notice, or with all that an act wrote; one that lost its
lease in between writes nothing and takes its file away. So a call may come twice, late or never.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from portal import access_log, leases, notify, queueing, stores
from portal.attachments import FULL
from portal.leases import Cancelled, Heart, Lease, LeaseLost, clock
from portal.models import WAITING, Act, ActResult, Job, JobStatus, User
from portal.vocabulary import Role
from portal.workflow import Refused

MOST_ATTEMPTS = 3
RING_AGAIN = 2 / 3  # of a lease: after that time a call that nobody followed is repeated
MOST_RINGS = 100  # in one sweep
LOST = "lost"
UPLOAD, REASONS = "upload", "reasons"  # parameters: a file given along until the end, why it was refused

ADDRESS = "/desk/jobs/{}/"
READY = "“{}”已生成，可以下载。"
GIVEN_UP = "“{}”没有完成：{}"
CANCELLED_FOR_YOU = "“{}”已由系统管理员取消。"
NOT_YOURS = "只有申请人和系统管理员可以取消。"
ENDED = "“{}”已经结束（{}），不能取消。"
ASKED_ALREADY = "“{}”已在取消，请稍候。"
WILL_RETRY = "第 {} 次没有完成，将自动再试"
INTERRUPTED = "连续三次中断，没有完成。请稍后重新生成；仍不行时请联系系统管理员。"
NO_ROOM = "服务器的存储空间已满，文件没有生成，也没有留下半份文件。请联系系统管理员腾出空间后重新生成。"
NO_MEMORY = "内容过多，超出了一次生成可用的内存，文件没有生成。请缩小范围后重新生成。"
TOO_LONG = "超过 {}仍未完成，已停止，文件没有生成。请缩小范围后重新生成。"
UNKNOWN = (
    "生成时出错，文件没有生成，已有的数据不受影响。请稍后重新生成；仍不行时请把作业编号 {} 告诉系统管理员。"
)

logger = logging.getLogger(__name__)


class Trouble(Exception):
    """Raised by a runner: this attempt cannot succeed, a later one may; its text is a sentence to show."""


@dataclass(frozen=True)
class Result:
    """What a runner made: the file at a path that ``work.path`` gave, its name for people, columns to set.

    The file is ``kept_for`` so long, ``REPORT_DAYS`` unless it is told.
    """

    path: Path
    file_name: str
    facts: dict = field(default_factory=dict)
    kept_for: timedelta | None = None


class Work:
    """What a runner is given besides its job: where to write, and whom to tell how far it is."""

    def __init__(self, lease: Lease, heart: Heart):
        self._lease, self._heart, self.is_done = lease, heart, False

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Store what is written inside together with the end of the job, for acts that make no file.

        One transaction: cancelled, taken over or killed before its commit, nothing of it is there, and after
        it the job is done and never tried again. Who asked is told inside.
        """
        self._heart.make_room()
        with transaction.atomic():
            if not self._lease.row().exists():
                raise LeaseLost
            yield
            self._heart.check()
            facts = _ended(JobStatus.DONE) | self._heart.all_done
            if not self._lease.row().filter(cancel_requested_at=None).update(**facts):
                raise Cancelled  # or taken over: whoever catches it looks which
        self.is_done = True

    def path(self, suffix: str) -> Path:
        """Return the temporary file to write, with ``suffix``; nobody else sees or touches it."""
        return stores.place(self._lease.job, self._lease.token, suffix)

    def progress(self, done: int, total: int, stage: str = "") -> None:
        """Tell that ``done`` of ``total`` parts are made; cheap, so call it often.

        Raises what ends the run when the job was cancelled or the lease lost: let it pass.
        """
        self._heart.tell(done, total, stage)


Runner = Callable[[Job, Work], Result | None]
_runners: dict[str, Runner] = {}


def runner(kind: str) -> Callable[[Runner], Runner]:
    """Register the function that does the jobs of ``kind``.

    It is given the row as its own model. What it raises counts as an attempt and is tried again, but for
    ``Refused``: that is the answer.
    """

    def register(run: Runner) -> Runner:
        _runners[kind] = run
        return run

    return register


def enqueue(
    kind: str,
    *,
    title: str,
    parameters: dict | None = None,
    by: User | None = None,
    model: type[Job] = Job,
    **facts,
) -> Job:
    """Write down a job in the caller's transaction, and call a worker once that is committed.

    ``facts`` are columns of ``model``. Raises ``LookupError`` for a kind that nobody runs.
    """
    if kind not in _runners:
        raise LookupError(f"Nobody runs jobs of the kind {kind!r}")
    now = clock()
    times = {"requested_at": now, "run_after": now, "rung_at": now}
    own = {"kind": kind, "title": title[:120], "parameters": parameters or {}, "requested_by": by}
    job = model.objects.create(**own, **times, **facts)
    transaction.on_commit(partial(queueing.ring, job.pk))
    return job


def own_row(pk: int) -> Job:
    """Return a job as the model it was asked for as, a ``Report`` for instance."""
    for relation in Job._meta.related_objects:
        if relation.parent_link and (found := relation.related_model.objects.filter(pk=pk).first()):
            return found
    return Job.objects.get(pk=pk)


def execute(pk: int) -> str:
    """Run one job here and now, and return what came of it.

    The status it has then: ``done``, ``queued`` (to be tried again), ``failed``, ``cancelled``; ``lost`` when
    another worker took it over meanwhile. A job that is not to be had is left alone: ``not taken: running``.
    """
    lease = leases.take(pk)
    if lease is None:
        status = Job.objects.filter(pk=pk).values_list("status", flat=True).first()
        return f"not taken: {status or 'unknown'}"
    job = own_row(pk)
    try:
        return _attempt(job, lease)
    except LeaseLost:
        return LOST
    except Cancelled:
        return _stopped(lease)
    except Exception as error:
        return _troubled(job, lease, error)
    finally:
        _leave_nothing(lease)


def _attempt(job: Job, lease: Lease) -> str:
    """Make the file under the lease and finish the job with it."""
    stores.clear(job.pk, lease.token - 1)
    with Heart(lease) as heart:
        work = Work(lease, heart)
        result = _runners[job.kind](job, work)
        if work.is_done:
            return JobStatus.DONE.value
        heart.check()
        stored = stores.publish(result.path) if result else None
    facts, own = (_columns(result, stored), result.facts) if result else ({}, {})
    return _finish(job, lease, heart.all_done | facts, own)


def _columns(result: Result, stored: stores.Stored) -> dict:
    """Return what the row says of a file; one whose day was set while it was made has that."""
    until = clock() + (result.kept_for or timedelta(days=settings.REPORT_DAYS))
    return {
        "file": stored.name,
        "size": stored.size,
        "sha256": stored.sha256,
        "file_name": result.file_name,
        "expires_at": Coalesce("expires_at", Value(until)),
    }


def _finish(job: Job, lease: Lease, facts: dict, own: dict) -> str:
    """Write the end of a job, what was found and the notice in one transaction, if it is still held."""
    with transaction.atomic():
        is_ours = lease.row().filter(cancel_requested_at=None).update(**_ended(JobStatus.DONE), **facts)
        if is_ours:
            if own:
                type(job).objects.filter(pk=job.pk).update(**own)
            _tell(job, READY.format(job.title), ActResult.DONE)
    return JobStatus.DONE.value if is_ours else _stopped(lease)


def _ended(status: str) -> dict:
    return {"status": status, "lease_until": None, "finished_at": clock()}


def _tell(job: Job, sentence: str, result: str, by: User | None = None) -> None:
    facts = {"result": result, "kind": job.kind, "key": job.pk, "title": job.title}
    access_log.record(Act.JOB, by=by or job.requested_by, **facts)
    if job.requested_by_id not in (None, by and by.pk):
        notify.tell_person(job.requested_by, sentence, ADDRESS.format(job.pk))


def _stopped(lease: Lease) -> str:
    """End a job whose cancelling was asked for; when that is not why it is no longer ours, it is lost."""
    asked = lease.row().filter(cancel_requested_at__isnull=False)
    return JobStatus.CANCELLED.value if asked.update(**_ended(JobStatus.CANCELLED)) else LOST


def _troubled(job: Job, lease: Lease, error: Exception) -> str:
    """Let a job whose runner raised be tried again later, or give it up with the reason."""
    traceback.clear_frames(error.__traceback__)  # what filled the memory hangs there
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    if isinstance(error, Refused):
        told = job.parameters | {REASONS: getattr(error, "lines", [])}
        return _give_up(job, lease.row(), str(error), parameters=told) or _stopped(lease)
    logger.error("Job %s (%s), attempt %s", job.pk, job.kind, job.attempts, exc_info=error)
    if job.attempts >= MOST_ATTEMPTS:
        return _give_up(job, lease.row(), reason_of(error, job.pk)) or _stopped(lease)
    again = clock() + leases.span() * job.attempts / 3
    stage = WILL_RETRY.format(job.attempts)
    queued = _requeue(lease.row(), run_after=again, stage=stage)
    return JobStatus.QUEUED.value if queued else _stopped(lease)


def _give_up(job: Job, rows: QuerySet, reason: str, **facts) -> str:
    """End the job with its reason and tell who asked; empty when it is no longer among ``rows``."""
    with transaction.atomic():
        failed = rows.filter(cancel_requested_at=None)
        if not failed.update(**_ended(JobStatus.FAILED), reason=reason[:400], **facts):
            return ""
        _tell(job, GIVEN_UP.format(job.title, reason), ActResult.FAILED)
    return JobStatus.FAILED.value


def _requeue(rows: QuerySet, **facts) -> int:
    back = {"status": JobStatus.QUEUED, "lease_until": None, "rung_at": None}
    return rows.filter(cancel_requested_at=None).update(**back, **facts)


def reason_of(error: BaseException, pk: int) -> str:
    """Return the sentence for the page why a job was given up: what happened, what is kept, what to do."""
    for cause in _causes(error):
        if isinstance(cause, Refused | Trouble):
            return str(cause)
        if isinstance(cause, MemoryError):
            return NO_MEMORY
        if isinstance(cause, SoftTimeLimitExceeded):
            return TOO_LONG.format(_in_words(settings.JOB_LIMIT))
        if (isinstance(cause, OSError) and cause.errno in FULL) or _fills_the_database(cause):
            return NO_ROOM
    return UNKNOWN.format(pk)


def _in_words(seconds: int) -> str:
    return f"{seconds} 秒" if seconds % 60 else f"{seconds // 60} 分钟"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and what it came from: writers of workbooks wrap what the disk said."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _fills_the_database(error: BaseException) -> bool:
    return getattr(error, "sqlstate", None) == "53100" or "disk is full" in str(error)


def _leave_nothing(lease: Lease) -> None:
    """Remove what this run made but for the file that the row names.

    The row is asked anew, for a commit may have been carried out although its answer was lost; while the
    database is away nothing is removed, ``tidy`` does it later.
    """
    try:
        file = Job.objects.filter(pk=lease.job).values_list("file", flat=True).first()
        stores.clear(lease.job, lease.token, keep=file or "")
    except (Error, OSError) as error:
        logger.warning("Job %s: its temporary files are left for the sweeper: %s", lease.job, error)


def why_not_cancelled(job: Job, user: User) -> str:
    """Return why ``user`` cannot cancel a job, empty when he can: he asked for it, or administers."""
    if job.requested_by_id != user.pk and not user.has_role(Role.SYSTEM_ADMIN):
        return NOT_YOURS
    if not job.is_waiting:
        return ENDED.format(job.title, job.get_status_display())
    return ASKED_ALREADY.format(job.title) if job.cancel_requested_at else ""


def cancel(job: Job, *, by: User) -> Job:
    """Cancel a queued job at once, or ask a running one to stop where it is; return the row as it is then.

    Raises ``Refused`` when it is not his, or has ended.
    """
    if reason := why_not_cancelled(job, by):
        raise Refused(reason)
    now, queued = clock(), Q(status=JobStatus.QUEUED)
    with transaction.atomic():
        stopped = Job.objects.filter(pk=job.pk, status__in=WAITING).update(
            cancel_requested_at=now,
            status=Case(When(queued, then=Value(JobStatus.CANCELLED)), default=F("status")),
            finished_at=Case(When(queued, then=Value(now)), default=F("finished_at")),
        )
        if stopped:
            _tell(job, CANCELLED_FOR_YOU.format(job.title), ActResult.FAILED, by)
    job.refresh_from_db()
    if not stopped:
        raise Refused(ENDED.format(job.title, job.get_status_display()))
    return job


def expire(kind: str, told: dict[str, int]) -> None:
    """Let the files of the jobs of ``kind`` told this go with the next sweep, or once made."""
    asked = {f"parameters__{name}": value for name, value in told.items()}
    Job.objects.filter(kind=kind, **asked).update(expires_at=clock())


def sweep() -> None:
    """Take jobs back from workers that fell silent, call workers for what waits, remove expired files.

    Run every few seconds, by any number of hosts at once.
    """
    now = clock()
    for job in Job.objects.filter(status=JobStatus.RUNNING, lease_until__lt=now):
        _take_back(job, now)
    _ring_again(now)
    for job in Job.objects.exclude(file="").filter(expires_at__lte=now):
        if Job.objects.filter(pk=job.pk, file=job.file).update(file=""):
            stores.clear(job.pk, job.token)
            stores.drop(job.pk)


def _take_back(job: Job, now: datetime) -> None:
    """Queue a job whose worker fell silent, or end it: cancelled if that was asked, failed the third time."""
    silent = Lease(job.pk, job.token).row().filter(lease_until__lt=now)
    if job.attempts < MOST_ATTEMPTS and _requeue(silent, run_after=now, stage=""):
        return
    asked = silent.filter(cancel_requested_at__isnull=False)
    if asked.update(**_ended(JobStatus.CANCELLED)) or _give_up(job, silent, INTERRUPTED):
        stores.clear(job.pk, job.token)
        stores.drop(job.pk)


def _ring_again(now: datetime) -> None:
    """Call workers for the jobs whose time has come and that nobody was called for lately."""
    lately = now - leases.span() * RING_AGAIN
    due = Job.objects.filter(status=JobStatus.QUEUED, run_after__lte=now)
    due = due.filter(Q(rung_at=None) | Q(rung_at__lt=lately)).order_by("run_after", "pk")
    for pk in due.values_list("pk", flat=True)[:MOST_RINGS]:
        if not queueing.ring(pk):
            return
        Job.objects.filter(pk=pk, status=JobStatus.QUEUED).update(rung_at=now)


def tidy() -> None:
    """Remove the files that no row names and no worker is making, and those given to jobs that have ended."""
    for job in Job.objects.exclude(status__in=WAITING).filter(parameters__has_key=UPLOAD):
        kept = {name: said for name, said in job.parameters.items() if name != UPLOAD}
        Job.objects.filter(pk=job.pk).update(parameters=kept)
    for pk in stores.jobs():
        found = stores.files_of(pk)  # before the row: what is made after this look is not looked at
        row = Job.objects.filter(pk=pk).first()
        for file in found:
            if not is_known(file, row):
                stores.remove(file)
        if row is None or not row.is_waiting:
            stores.drop(pk)


def is_known(file: stores.Found, row: Job | None) -> bool:
    """Say whether a file is the one its job names, or is being made by the worker that holds the job."""
    is_made = row is not None and row.status == JobStatus.RUNNING and row.token == file.token
    return is_made or (row is not None and row.file == file.name)
