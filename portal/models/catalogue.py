"""What is in force: catalogue entries over spans of time, what became of them, and code counters.

``catalogue.py`` and, for what is published, ``publication.py`` are the only writers of all of it.
"""

from datetime import date, datetime

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.models.filings import Filing
from portal.models.organisations import Region, User
from portal.vocabulary import BrandLevel, ExitReason, SuccessionKind

DOCUMENT_NUMBER = RegexValidator(
    r"^[\u4e00-\u9fff]+〔20[0-9]{2}〕[1-9][0-9]*号$",
    "文号要写成“鲁人社字〔2024〕95号”的样子：机关代字、六角括号〔〕中的四位年份、不补零的序号、“号”。",
)


# No catalogue of this kind is older, and the addresses of days begin with 20.
FIRST_DAY = date(2000, 1, 1)
TOO_EARLY = f"日期不能早于 {FIRST_DAY}，请核对年份。"


class EntryQuerySet(models.QuerySet):
    """Public reads start here; a draft cannot leak, for it has no entry."""

    def in_force(self, on: date | None = None, known: datetime | None = None) -> "EntryQuerySet":
        """Return the entries in force on a day, today (Asia/Shanghai) unless told.

        ``known``: as far as the register said at that instant; what was entered later, back-dated, is not
        seen.
        """
        day = on or timezone.localdate()
        lasting = Q(valid_to=None) | Q(valid_to__gt=day)
        begun = Q(valid_from__lte=day)
        if known:
            lasting |= Q(ended_at__gt=known)
            begun &= Q(published_at__lte=known)
        return self.filter(begun).filter(lasting)

    def public(self) -> "EntryQuerySet":
        """Return what a stranger may find: entries in force or exited, not replaced ones."""
        current = Q(valid_from__lte=timezone.localdate(), valid_to=None)
        return self.filter(current | ~Q(exit_reason=""))


class CatalogueEntry(models.Model):
    """A filing in force from ``valid_from`` until the day before ``valid_to`` (half-open span).

    ``published_at`` and ``ended_at`` are when the register was told. ``code`` is stable: an amendment takes
    it over. A replaced entry has ``valid_to`` and no ``exit_reason``.
    """

    filing = models.OneToOneField(Filing, on_delete=models.PROTECT, related_name="entry", verbose_name="填报")
    kind = models.CharField("类型", max_length=30)
    code = models.CharField("编号", max_length=24)
    title = models.CharField("名称", max_length=100)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="所属区划")
    level = models.CharField("级别", max_length=12, choices=BrandLevel.choices, blank=True)
    document_number = models.CharField("公布文号", max_length=60, validators=[DOCUMENT_NUMBER])
    publisher = models.CharField("发布机构", max_length=60)
    valid_from = models.DateField("公布日期")
    valid_to = models.DateField("终止日期", null=True, blank=True)
    published_at = models.DateTimeField("登记时间", default=timezone.now)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="发布人")
    ended_at = models.DateTimeField("终止登记时间", null=True, blank=True)
    exit_reason = models.CharField("退出原因", max_length=20, choices=ExitReason.choices, blank=True)
    exit_document_number = models.CharField(
        "退出文号", max_length=60, blank=True, validators=[DOCUMENT_NUMBER]
    )
    search_text = models.TextField("检索文本", blank=True)
    name_key = models.CharField("比对名称", max_length=100, blank=True)
    # What the public filters by (``counting.facets_of`` the filing), here so that an index holds it.
    facets = models.CharField("筛选项", max_length=200, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "目录条目"
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(valid_to=None), name="entry_one_in_force_per_lineage"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="entry_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(exit_reason="", exit_document_number="")
                | (~Q(exit_reason="") & ~Q(exit_document_number="") & Q(valid_to__isnull=False)),
                name="entry_exit_has_reason_date_and_document",
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None, ended_at=None) | Q(valid_to__isnull=False, ended_at__isnull=False),
                name="entry_end_was_entered_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["code", "valid_from"], name="entry_lineage"),
            models.Index(fields=["kind", "valid_from", "valid_to"], name="entry_span"),
            models.Index(fields=["name_key"], name="entry_name"),
            models.Index(fields=["-valid_from", "-id"], name="entry_newest"),
            # Each order of a list, with all that its filters ask, so that no row is read but those shown.
            models.Index(
                fields=["kind", "-valid_from", "-id", "region", "level", "facets", "valid_to"],
                condition=Q(valid_to=None),
                name="entry_by_day",
            ),
            models.Index(
                fields=["kind", "code", "-id", "region", "level", "facets", "valid_from", "valid_to"],
                condition=Q(valid_to=None),
                name="entry_by_code",
            ),
            models.Index(
                fields=["kind", "region", "-valid_from", "-id", "level", "facets", "valid_to"],
                condition=Q(valid_to=None),
                name="entry_by_region",
            ),
            models.Index(
                fields=["kind", "facets", "level", "region", "-valid_from", "-id", "valid_to"],
                condition=Q(valid_to=None),
                name="entry_by_facets",
            ),
            models.Index(
                fields=["kind", "-valid_from", "-id", "region", "level", "facets", "exit_reason"],
                condition=~Q(exit_reason=""),
                name="entry_exited",
            ),
            models.Index(
                fields=["valid_to", "id", "kind"], condition=Q(valid_to__isnull=False), name="entry_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def is_exited(self) -> bool:
        """Whether it left the catalogue, unlike one replaced by an amendment."""
        return bool(self.exit_reason)

    def level_on(self, day: date) -> str:
        """Return the level it had at the end of ``day``: before a promotion the former one."""
        later = (risen for risen in self.promotions.all() if risen.on > day)
        return next((risen.former for risen in later), self.level)


class Succession(models.Model):
    """What became of an entry: renamed under its own code, or merged into another (目录动态调整).

    ``old`` ended on the day ``new`` was in force; a code that was merged leads to the code it went into.
    """

    old = models.OneToOneField(
        CatalogueEntry, on_delete=models.PROTECT, related_name="succession", verbose_name="原条目"
    )
    new = models.ForeignKey(
        CatalogueEntry, on_delete=models.PROTECT, related_name="predecessions", verbose_name="后继条目"
    )
    kind = models.CharField("方式", max_length=10, choices=SuccessionKind.choices)

    class Meta:
        verbose_name = verbose_name_plural = "条目承接"

    def __str__(self) -> str:
        return f"{self.old} {self.get_kind_display()} {self.new}"


class Promotion(models.Model):
    """A level conferred on a published entry by a decision, dated and with its document (择优选拔).

    ``CatalogueEntry.level`` is the level of today; before ``on`` it was ``former``.
    """

    entry = models.ForeignKey(
        CatalogueEntry, on_delete=models.PROTECT, related_name="promotions", verbose_name="条目"
    )
    former = models.CharField("原级别", max_length=12, choices=BrandLevel.choices)
    level = models.CharField("级别", max_length=12, choices=BrandLevel.choices)
    document_number = models.CharField("文号", max_length=60, validators=[DOCUMENT_NUMBER])
    on = models.DateField("日期")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="经办人")
    at = models.DateTimeField("登记时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "级别变动"
        ordering = ["entry_id", "on", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(former=F("level")), name="promotion_changes_the_level")
        ]

    def __str__(self) -> str:
        return f"{self.entry} {self.get_level_display()} {self.on}"


class CodeCounter(models.Model):
    """The last serial given out under one prefix of public codes."""

    prefix = models.CharField("前缀", max_length=16, primary_key=True)
    last = models.PositiveIntegerField("已用序号", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "编号计数"

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last:04d}"
