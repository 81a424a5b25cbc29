"""Files on their way into the portal: one row an upload, from the first byte to its drafts or its end.

``imports`` is the only writer. The file and the plan made of it lie in the store; the row says whether they
are to be there.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal import registry
from portal.models.filings import Filing
from portal.models.jobs import Job
from portal.models.organisations import Organisation, User
from portal.registry import RecordType
from portal.vocabulary import BUSINESS_ROLES, Role


class ImportPurpose(models.TextChoices):
    """What becomes of the rows of a file."""

    DRAFTS = "drafts", "填报草稿"
    HISTORY = "history", "登记历史结果"


class RowOutcome(models.TextChoices):
    """What one row of a file means for what is there already."""

    NEW = "new", "新增"
    CHANGED = "changed", "更新"
    SAME = "same", "相同"
    LEFT = "left", "未改动"
    FAULTY = "faulty", "错误"


class ImportQuerySet(models.QuerySet):
    """Imports by whose they are."""

    def visible_to(self, user) -> "ImportQuerySet":
        """Return the imports of the bureaus ``user`` files for, and his own while he holds a post there."""
        posts = [post for post in user.posts if post.role in BUSINESS_ROLES]
        filing = [post.organisation_id for post in posts if post.role == Role.FILER]
        own = Q(created_by=user.pk, organisation__in=[post.organisation_id for post in posts])
        return self.filter(Q(organisation__in=filing) | own)

    def open(self) -> "ImportQuerySet":
        """Return those that were neither committed nor given up."""
        return self.filter(committed_at=None, abandoned_at=None)


class Import(models.Model):
    """One uploaded file: stored, read into a plan, confirmed, committed; or given up on the way.

    ``file`` and ``plan``  names in the store, empty once they were removed
    ``counts``             outcome → number of rows, since it was read
    ``warnings``           what to mind of the file as a whole
    ``reason``             why it could not be read or committed the last time, in a sentence
    ``job``                the latest job that reads or commits it, if it takes one
    """

    slug = models.CharField("类型", max_length=30)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="imports", verbose_name="单位"
    )
    purpose = models.CharField(
        "用途", max_length=10, choices=ImportPurpose.choices, default=ImportPurpose.DRAFTS
    )
    file = models.CharField("文件", max_length=200, blank=True)
    plan = models.CharField("计划", max_length=200, blank=True)
    file_name = models.CharField("文件名", max_length=200)
    size = models.PositiveBigIntegerField("字节数")
    sha256 = models.CharField("摘要", max_length=64)
    counts = models.JSONField("行数", default=dict)
    warnings = models.JSONField("提示", default=list)
    read_at = models.DateTimeField("读取时间", null=True)
    confirmed_at = models.DateTimeField("确认时间", null=True)
    confirmed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="确认人"
    )
    committed_at = models.DateTimeField("导入时间", null=True)
    abandoned_at = models.DateTimeField("放弃时间", null=True)
    reason = models.CharField("原因", max_length=400, blank=True)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="作业")
    created_at = models.DateTimeField("上传时间", default=timezone.now)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="imports", verbose_name="上传人"
    )

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "导入"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=ImportPurpose.values), name="import_purpose_is_known"
            ),
            models.CheckConstraint(
                condition=Q(committed_at=None) | Q(read_at__isnull=False, confirmed_at__isnull=False),
                name="import_committed_was_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, read_at__isnull=False),
                name="import_confirmed_was_read",
            ),
            models.CheckConstraint(
                condition=Q(committed_at=None) | Q(abandoned_at=None), name="import_ends_once"
            ),
            models.CheckConstraint(
                condition=Q(plan="") | Q(read_at__isnull=False), name="import_plan_was_read"
            ),
            models.CheckConstraint(
                condition=Q(file="", plan="") | Q(abandoned_at=None), name="import_abandoned_keeps_no_file"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "slug", "-created_at"], name="import_of_bureau"),
            models.Index(fields=["sha256"], name="import_content"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def record_type(self) -> RecordType:
        """The declaration of its type."""
        return registry.get(self.slug)

    @property
    def is_open(self) -> bool:
        """Whether it may still be confirmed or given up."""
        return self.committed_at is None and self.abandoned_at is None

    @property
    def is_under_way(self) -> bool:
        """Whether a job is reading or committing it; needs ``job``."""
        return self.is_open and self.job is not None and self.job.is_waiting

    @property
    def total(self) -> int:
        """How many rows were read."""
        return sum(self.counts.values())


class ImportedRow(models.Model):
    """The digest of the cells a filing was last imported from, and the filing's revision then: a cache.

    It only spares loading a filing nobody wrote since. No foreign key of the database, which would cost every
    import; ``verify`` looks for rows of filings that are gone.
    """

    filing = models.OneToOneField(
        Filing, on_delete=models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    digest = models.CharField("摘要", max_length=32)
    revision = models.PositiveIntegerField("修订")

    class Meta:
        verbose_name = verbose_name_plural = "导入行"

    def __str__(self) -> str:
        return self.digest
