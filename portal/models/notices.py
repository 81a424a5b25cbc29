"""Notices to the public: 公示 with its objections, 公布, and working days that differ from the calendar.

``notices.py`` is the only writer.
"""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.models.catalogue import DOCUMENT_NUMBER
from portal.models.filings import Filing
from portal.models.organisations import Organisation, User
from portal.models.sealed import SealedCharField, SealedTextField
from portal.vocabulary import NoticeKind


class Workday(models.Model):
    """A day that the calendar library does not know or has wrong: worked or not, by 国务院办公厅's notice."""

    day = models.DateField("日期", primary_key=True)
    is_worked = models.BooleanField("上班")
    source = models.CharField("依据", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "工作日调整"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {'上班' if self.is_worked else '放假'}"


class PublicNoticeQuerySet(models.QuerySet):
    """Notices by whether anybody may read them."""

    def published(self) -> "PublicNoticeQuerySet":
        """Return what strangers may read, also after the period has ended or was cut short.

        What was withdrawn before its first day never was public.
        """
        begun = self.filter(published_at__isnull=False, starts_on__lte=timezone.localdate())
        return begun.exclude(withdrawn_at__date__lt=F("starts_on"))


class PublicNotice(models.Model):
    """公示 or 公布: what, on which basis, which list, who may object until when and where.

    ``starts_on`` and ``ends_on`` are both part of the period, ``ends_on`` is empty for 公布. A notice is the
    bureau's own until it is published; afterwards it stays as it was and is only withdrawn with a reason.
    """

    kind = models.CharField("类型", max_length=12, choices=NoticeKind.choices)
    record_kind = models.CharField("目录", max_length=30, blank=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name="发布机构"
    )
    title = models.CharField("标题", max_length=100)
    document_number = models.CharField("文号", max_length=60, blank=True, validators=[DOCUMENT_NUMBER])
    basis = models.CharField("依据", max_length=200)
    body = models.TextField("正文", blank=True)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True, blank=True)
    working_days = models.PositiveIntegerField("工作日数", null=True, blank=True)
    how_to_object = models.TextField("异议方式", blank=True)
    receiver = models.CharField("受理单位", max_length=60, blank=True)
    address = models.CharField("地址", max_length=100, blank=True)
    postcode = models.CharField("邮编", max_length=6, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    email = models.EmailField("电子邮箱", blank=True)
    supervision_phone = models.CharField("监督电话", max_length=40, blank=True)
    created_at = models.DateTimeField("创建时间", default=timezone.now)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="拟稿人")
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    published_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="发布人"
    )
    withdrawn_at = models.DateTimeField("撤销时间", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="撤销人"
    )
    withdrawal_reason = models.CharField("撤销原因", max_length=200, blank=True)
    is_demo = models.BooleanField("演示", default=False)

    objects = PublicNoticeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "公示公告"
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=NoticeKind.ANNOUNCEMENT, ends_on=None)
                | Q(kind=NoticeKind.PUBLICITY, ends_on__gte=F("starts_on")),
                name="notice_of_publicity_has_both_days",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawal_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawal_reason="")),
                name="notice_withdrawn_with_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["record_kind", "-starts_on"], name="notice_list")]

    def __str__(self) -> str:
        return self.title


class NoticeItem(models.Model):
    """One line of the list of a notice, in the words it was published with."""

    notice = models.ForeignKey(
        PublicNotice, on_delete=models.CASCADE, related_name="items", verbose_name="公示公告"
    )
    filing = models.ForeignKey(
        Filing, on_delete=models.PROTECT, related_name="notice_items", verbose_name="填报"
    )
    title = models.CharField("名称", max_length=100)
    organisation_name = models.CharField("报送单位", max_length=60)
    version = models.PositiveIntegerField("版本")

    class Meta:
        verbose_name = verbose_name_plural = "公示名单"
        ordering = ["notice_id", "filing__region_id", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "filing"], name="notice_lists_a_filing_once")
        ]

    def __str__(self) -> str:
        return self.title


class ObjectionStage(models.TextChoices):
    """Where an objection stands; publication waits while one is not closed."""

    OPEN = "open", "待处理"
    ANSWERED = "answered", "已答复"
    CLOSED = "closed", "已办结"


class Objection(models.Model):
    """An objection to a notice, written and under a real name: 单位加盖公章, 个人署实名; 匿名不予受理.

    Who objected and how to reach him stays inside.
    """

    notice = models.ForeignKey(
        PublicNotice, on_delete=models.PROTECT, related_name="objections", verbose_name="公示"
    )
    item = models.ForeignKey(
        NoticeItem,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="objections",
        verbose_name="针对条目",
    )
    is_unit = models.BooleanField("单位异议", default=False)
    objector = SealedCharField("异议人", max_length=60)
    contact = SealedCharField("联系方式", max_length=100)
    text = SealedTextField("异议内容")
    received_on = models.DateField("收到日期")
    registered_at = models.DateTimeField("登记时间", default=timezone.now)
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="登记人")
    stage = models.CharField(
        "状态", max_length=10, choices=ObjectionStage.choices, default=ObjectionStage.OPEN
    )
    answer = models.TextField("答复", blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复人"
    )
    conclusion = models.TextField("办结意见", blank=True)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="办结人"
    )
    erased_at = models.DateTimeField("清除时间", null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "异议"
        ordering = ["notice_id", "received_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(stage=ObjectionStage.OPEN, answered_at=None, closed_at=None)
                | Q(stage=ObjectionStage.ANSWERED, answered_at__isnull=False, closed_at=None)
                | Q(stage=ObjectionStage.CLOSED, answered_at__isnull=False, closed_at__isnull=False),
                name="objection_is_answered_before_it_is_closed",
            )
        ]

    def __str__(self) -> str:
        return f"对“{self.notice}”的异议"
