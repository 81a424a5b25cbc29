"""What the page of a job and the download centre read: who sees which jobs, how far each is, its file.

Pure reads; a page costs the same number of queries at any size.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from portal import edition_jobs, inbox, jobs, report_files, report_pages, report_runs, reports, scope, windows
from portal.models import Job, JobStatus, Report, User

EXPIRED = "expired"
STATUSES = {**dict(JobStatus.choices), EXPIRED: "已过期"}
SHAPES = {
    JobStatus.QUEUED: "unopened",
    JobStatus.RUNNING: "province_review",
    JobStatus.DONE: "ok",
    JobStatus.FAILED: "bad",
    JobStatus.CANCELLED: "cancelled",
    EXPIRED: "exited",
}
ALL, MINE = "all", "mine"
TABS = {ALL: "全部", MINE: "我申请的"}
REFRESH = 5  # seconds after which a page without scripts looks again
UNITS = ("字节", "KB", "MB", "GB")


def visible_to(user: User) -> QuerySet:
    """Return the jobs ``user`` sees: reports of the regions he reads, other jobs that he asked for."""
    inside = Q(report=None, requested_by=user)
    for post in windows.reading_posts(user):
        inside |= scope.within("report__region_id", post.organisation.region_id)
    found = Job.objects.filter(inside)
    # What a job was given may be a whole sheet: its own page alone looks at it.
    found = found.defer("parameters")
    return found.select_related("requested_by", "report__region__parent", "report__schedule")


@dataclass(frozen=True)
class Wish(inbox.LinkedWish):
    """What somebody asked of the download centre."""

    tab: str = ALL
    status: str = ""
    kind: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves jobs of the tab out."""
        return bool(self.status or self.kind)


def read_wish(params) -> Wish:
    """Return the wish a query string expresses; choices that do not exist are left out."""
    tab, status, kind = (params.get(name, "") for name in ("tab", "status", "kind"))
    return Wish(
        tab=tab if tab in TABS else ALL,
        status=status if status in STATUSES else "",
        kind=kind if kind in reports.kinds else "",
    )


def listed(user: User, wish: Wish) -> QuerySet:
    """Return the jobs of a wish, the newest first."""
    found = visible_to(user)
    if wish.tab == MINE:
        found = found.filter(requested_by=user)
    if wish.status:
        found = found.filter(_standing(wish.status))
    if wish.kind:
        found = found.filter(report__slug=wish.kind)
    return found.order_by("-requested_at", "-pk")


def _standing(status: str) -> Q:
    gone = Q(status=JobStatus.DONE, file="") & ~Q(sha256="")
    if status == EXPIRED:
        return gone
    return Q(status=status) & ~gone if status == JobStatus.DONE else Q(status=status)


def standing(job: Job) -> str:
    """Return where a job stands; a finished one without the file it made has expired."""
    return EXPIRED if job.status == JobStatus.DONE and job.sha256 and not job.file else job.status


def lines(found: Iterable[Job]) -> list[dict]:
    """Return the lines of the download centre."""
    return [_line(job) for job in found]


def _line(job: Job) -> dict:
    status = standing(job)
    return {
        "job": job,
        "report": report_of(job),
        "state": SHAPES[status],
        "word": STATUSES[status],
        "percent": percent(job),
        "size": measured(job.size),
        "has_file": bool(job.file),
        "by": job.requested_by or "定期生成",
    }


def report_of(job: Job) -> Report | None:
    """Return the report a job makes, None for other jobs; needs ``select_related``."""
    return getattr(job, "report", None)


def facts(job: Job, user: User) -> dict:
    """Return what the page of a job shows beside its line: who waits before it, what is open."""
    line = _line(job)
    report = line["report"]
    return line | {
        "before": ahead(job) if job.status == JobStatus.QUEUED else 0,
        "refresh": REFRESH if job.is_waiting else 0,
        "summary": _summary(report) if report else [],
        "format": report_files.FORMATS.get(report.format, "") if report else "",
        "page": _page(report) if report else "",
        "may_cancel": not jobs.why_not_cancelled(job, user),
        "is_stopping": job.is_waiting and job.cancel_requested_at is not None,
        "may_repeat": bool(report) and not job.is_waiting and not job.file,
        **({"nav": "editions", **edition_jobs.shown(job)} if job.kind == edition_jobs.JOB else {}),
    }


def _summary(report: Report) -> list[tuple[str, str]]:
    """Return cut-off, region and filters in words; of a kind that is no more without its filters."""
    try:
        return report_pages.summary(report_runs.asked_of(report))
    except reports.Unknown:
        return [("统计截止", report_pages.clock(report.cutoff)), ("范围", str(report.region))]


def _page(report: Report) -> str:
    """Return the address of the page that shows the same numbers, empty where there is none."""
    if report.slug not in reports.kinds:
        return ""
    params = report_pages.address(report_runs.asked_of(report))
    return f"{reverse('report', args=[report.slug])}?{params.urlencode()}"


def percent(job: Job) -> int:
    """Return how much of a job is done, 0 to 100."""
    return min(100, 100 * job.done // job.total) if job.total else 0


def remaining(job: Job) -> int | None:
    """Return how many seconds a running job will take yet, at the pace so far; None while that is unknown."""
    if job.status != JobStatus.RUNNING or not job.done or not job.total:
        return None
    gone = (timezone.now() - job.started_at).total_seconds()
    return max(0, round(gone * (job.total - job.done) / job.done))


def ahead(job: Job) -> int:
    """Return how many queued jobs were asked for before this one."""
    earlier = Q(requested_at__lt=job.requested_at) | Q(requested_at=job.requested_at, pk__lt=job.pk)
    return Job.objects.filter(earlier, status=JobStatus.QUEUED).count()


def in_words(seconds: int | None) -> str:
    """Return a time that is left as it is said; empty when it is unknown."""
    if seconds is None:
        return ""
    return f"约 {max(1, seconds)} 秒" if seconds < 90 else f"约 {round(seconds / 60)} 分钟"


def measured(size: int) -> str:
    """Return a number of bytes as it is read."""
    unit, number = 0, float(size)
    while number >= 1024 and unit < len(UNITS) - 1:
        unit, number = unit + 1, number / 1024
    return f"{number:.1f} {UNITS[unit]}" if unit else f"{size} {UNITS[0]}"


def days_left(until: datetime | None) -> int:
    """Return how many whole days a file is still kept."""
    return max(0, (until - timezone.now()) // timedelta(days=1)) if until else 0
