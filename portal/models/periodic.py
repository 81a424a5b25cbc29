"""定期审核与退出: yearly reviews of published entries, the figures they ask for, and the credit record.

``periodic.py`` is the only writer.
"""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.models.catalogue import DOCUMENT_NUMBER, CatalogueEntry
from portal.models.organisations import Organisation, User
from portal.vocabulary import ExitReason, Outcome


class PeriodicReview(models.Model):
    """One yearly round over a catalogue (鲁就办〔2021〕22号 三（三））.

    ``rule`` says in words how the entries were chosen, ``seed`` lets anybody draw the same sample again.
    After ``frozen_at`` the bureaus' figures stay as they are.
    """

    kind = models.CharField("目录", max_length=30)
    name = models.CharField("名称", max_length=60)
    year = models.PositiveIntegerField("年度", validators=[MinValueValidator(2020), MaxValueValidator(2100)])
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name="组织单位"
    )
    basis = models.CharField("依据", max_length=200)
    rule = models.CharField("选取方式", max_length=200)
    seed = models.CharField("抽样种子", max_length=40, blank=True)
    due_on = models.DateField("填报截止")
    opened_at = models.DateTimeField("创建时间", default=timezone.now)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="创建人")
    frozen_at = models.DateTimeField("锁定时间", null=True, blank=True)
    frozen_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="锁定人"
    )
    is_demo = models.BooleanField("演示", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "定期审核"
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "organisation", "name"],
                name="review_named_once",
                violation_error_message="已有同名的定期审核，请换一个名称。",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ReviewItem(models.Model):
    """One entry under review: figures of the year, the bureau's statement, the hearing, the outcome.

    ``step`` counts every write, so that two people never decide one item twice.
    """

    review = models.ForeignKey(
        PeriodicReview, on_delete=models.PROTECT, related_name="items", verbose_name="定期审核"
    )
    entry = models.ForeignKey(
        CatalogueEntry, on_delete=models.PROTECT, related_name="reviews", verbose_name="条目"
    )
    step = models.PositiveIntegerField("步数", default=0)
    statement = models.TextField("情况说明", blank=True)
    handed_in_at = models.DateTimeField("报送时间", null=True, blank=True)
    handed_in_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="报送人"
    )
    intended = models.CharField("拟定结果", max_length=12, choices=Outcome.choices, blank=True)
    intended_reason = models.CharField("拟定原因", max_length=20, choices=ExitReason.choices, blank=True)
    intended_at = models.DateTimeField("告知时间", null=True, blank=True)
    intended_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="拟定人"
    )
    hearing_until = models.DateField("陈述申辩截止", null=True, blank=True)
    defence = models.TextField("陈述申辩", blank=True)
    heard_at = models.DateTimeField("陈述申辩时间", null=True, blank=True)
    outcome = models.CharField("结果", max_length=12, choices=Outcome.choices, blank=True)
    reason = models.CharField("原因", max_length=20, choices=ExitReason.choices, blank=True)
    rectify_until = models.DateField("整改期限", null=True, blank=True)
    settled_on = models.DateField("整改完成日期", null=True, blank=True)
    comment = models.TextField("审核意见", blank=True)
    document_number = models.CharField("文号", max_length=60, blank=True, validators=[DOCUMENT_NUMBER])
    decided_on = models.DateField("结果日期", null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="决定人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "审核条目"
        ordering = ["review_id", "entry__code"]
        constraints = [
            models.UniqueConstraint(fields=["review", "entry"], name="item_once_a_review"),
            models.CheckConstraint(
                condition=Q(outcome="", decided_on=None) | (~Q(outcome="") & Q(decided_on__isnull=False)),
                name="item_decided_on_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=Outcome.RECTIFYING) | Q(rectify_until__isnull=False),
                name="item_rectified_until_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=Outcome.EXITED) | (~Q(reason="") & ~Q(document_number="")),
                name="item_exit_has_reason_and_document",
            ),
        ]
        indexes = [
            models.Index(fields=["entry", "outcome"], name="item_of_entry"),
            models.Index(
                fields=["entry"],
                condition=Q(outcome=Outcome.RECTIFYING, settled_on=None),
                name="item_given_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review} {self.entry}"


class ReviewFigure(models.Model):
    """One figure an entry's bureau reports for the year of the review."""

    item = models.ForeignKey(
        ReviewItem, on_delete=models.CASCADE, related_name="figures", verbose_name="审核条目"
    )
    name = models.CharField("指标", max_length=40)
    value = models.PositiveBigIntegerField("数值", validators=[MaxValueValidator(10_000_000)])

    class Meta:
        verbose_name = verbose_name_plural = "年度数据"
        constraints = [models.UniqueConstraint(fields=["item", "name"], name="figure_once_an_item")]

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class CreditRecord(models.Model):
    """信用档案: what is held against a published unit or institution (鲁人社发〔2020〕18号 三（三）12).

    Kept by public code over all entries of the lineage; a record is never changed, only lifted with a reason.
    """

    code = models.CharField("编号", max_length=24, db_index=True)
    kind = models.CharField("类型", max_length=30)
    reason = models.CharField("情形", max_length=20, choices=ExitReason.choices)
    text = models.TextField("事实")
    document_number = models.CharField("文号", max_length=60, blank=True, validators=[DOCUMENT_NUMBER])
    on = models.DateField("发生日期")
    recorded_at = models.DateTimeField("登记时间", default=timezone.now)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="登记人")
    lifted_at = models.DateTimeField("解除时间", null=True, blank=True)
    lifted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="解除人"
    )
    lifting_reason = models.CharField("解除理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "信用记录"
        ordering = ["code", "-on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifting_reason="")
                | (Q(lifted_at__isnull=False) & ~Q(lifting_reason="")),
                name="credit_lifted_with_a_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.get_reason_display()}"
