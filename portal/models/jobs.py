"""Work that outlives a request: job rows, the reports they make, the schedules that ask for them.

The row is the truth and the broker a doorbell: a worker holds a job by a lease that it renews, and stores its
result under the token it was given. ``jobs.py`` is the only writer of ``Job``, ``schedules.py`` of
``ReportSchedule``.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.models.campaigns import Campaign
from portal.models.organisations import Region, User


class JobStatus(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", "排队中"
    RUNNING = "running", "进行中"
    DONE = "done", "已完成"
    FAILED = "failed", "未完成"
    CANCELLED = "cancelled", "已取消"


WAITING = (JobStatus.QUEUED, JobStatus.RUNNING)


class Job(models.Model):
    """One piece of work. ``kind`` names its runner, ``parameters`` are all that the runner is told.

    ``token``        counts how often it was taken up; a result is stored under the latest token alone
    ``lease_until``  until when the worker that holds it need not be missed
    ``run_after``    not before, after a failure; ``rung_at`` when a worker was last called for it
    ``done`` of ``total`` parts are done, ``stage`` says in words which
    ``file``         where the finished file lies in the store, empty once it has expired; its SHA-256 stays
    """

    kind = models.CharField("作业", max_length=30)
    title = models.CharField("名称", max_length=120)
    parameters = models.JSONField("参数", default=dict)
    status = models.CharField("进度", max_length=10, choices=JobStatus.choices, default=JobStatus.QUEUED)
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="jobs", verbose_name="申请人"
    )
    requested_at = models.DateTimeField("申请时间", default=timezone.now)
    attempts = models.PositiveIntegerField("次数", default=0)
    token = models.PositiveIntegerField("令牌", default=0)
    lease_until = models.DateTimeField("租期", null=True)
    run_after = models.DateTimeField("最早开始", default=timezone.now)
    rung_at = models.DateTimeField("呼叫时间", null=True)
    started_at = models.DateTimeField("开始时间", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)
    cancel_requested_at = models.DateTimeField("要求取消的时间", null=True)
    done = models.PositiveIntegerField("已完成", default=0)
    total = models.PositiveIntegerField("总数", default=0)
    stage = models.CharField("步骤", max_length=60, blank=True)
    reason = models.CharField("原因", max_length=400, blank=True)
    file = models.CharField("文件", max_length=200, blank=True)
    file_name = models.CharField("文件名", max_length=150, blank=True)
    size = models.PositiveBigIntegerField("字节数", default=0)
    sha256 = models.CharField("摘要", max_length=64, blank=True)
    expires_at = models.DateTimeField("文件保留至", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "作业"
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=JobStatus.values), name="job_status_is_known"),
            models.CheckConstraint(
                condition=Q(status=JobStatus.RUNNING, lease_until__isnull=False)
                | (~Q(status=JobStatus.RUNNING) & Q(lease_until=None)),
                name="job_is_held_exactly_while_running",
            ),
            models.CheckConstraint(
                condition=Q(status__in=WAITING, finished_at=None)
                | (~Q(status__in=WAITING) & Q(finished_at__isnull=False)),
                name="job_ends_once",
            ),
            models.CheckConstraint(
                condition=~Q(status=JobStatus.FAILED) | ~Q(reason=""), name="job_failure_has_its_reason"
            ),
            models.CheckConstraint(
                condition=Q(sha256="", file="") | (~Q(sha256="") & Q(status=JobStatus.DONE)),
                name="job_file_belongs_to_a_finished_one",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "run_after"], name="job_queue"),
            models.Index(fields=["requested_by", "-requested_at"], name="job_by_person"),
            models.Index(fields=["expires_at"], name="job_expiry", condition=~Q(file="")),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_waiting(self) -> bool:
        """Whether it is still queued or running."""
        return self.status in WAITING


class Frequency(models.TextChoices):
    """How often a schedule asks for its report."""

    MONTHLY = "monthly", "每月"
    QUARTERLY = "quarterly", "每季度"
    CAMPAIGN = "campaign", "报送任务截止时"


class ReportSchedule(models.Model):
    """A report that is asked for by itself: at the end of every month or quarter, or when campaigns are due.

    The cut-off is the last second of the period or of the campaign, however late it is run. Nothing that
    ended before ``since`` is caught up with.
    """

    slug = models.CharField("报表", max_length=30)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="范围")
    filters = models.JSONField("筛选", default=dict, blank=True)
    format = models.CharField("格式", max_length=5, default="xlsx")
    frequency = models.CharField("频次", max_length=10, choices=Frequency.choices)
    since = models.DateTimeField("启用时间", default=timezone.now)
    is_active = models.BooleanField("启用", default=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="设置人")

    class Meta:
        verbose_name = verbose_name_plural = "定期报表"
        ordering = ["slug", "frequency", "pk"]

    def __str__(self) -> str:
        return f"{self.get_frequency_display()} {self.slug}"


class Report(Job):
    """A roll-up report: what was asked of which kind for which region, by its cut-off.

    ``slug`` names its kind; ``rows`` counts the lines of its tables. One schedule makes one report
    a period, whoever asks first.
    """

    slug = models.CharField("报表", max_length=30)
    cutoff = models.DateTimeField("统计截止时间")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="范围")
    filters = models.JSONField("筛选", default=dict)
    format = models.CharField("格式", max_length=5)
    rows = models.PositiveIntegerField("行数", default=0)
    schedule = models.ForeignKey(
        ReportSchedule, on_delete=models.PROTECT, null=True, related_name="reports", verbose_name="定期报表"
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="报送任务"
    )
    period = models.CharField("期次", max_length=30, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "统计报表"
        constraints = [
            models.UniqueConstraint(fields=["schedule", "period"], name="report_once_a_period"),
            models.CheckConstraint(
                condition=Q(schedule=None) | ~Q(period=""), name="report_of_a_schedule_has_its_period"
            ),
        ]
        indexes = [models.Index(fields=["region", "slug", "-cutoff"], name="report_history")]
