"""择优选拔: a round over published brands: criteria, scorers, scores, one decision for the batch.

``selection.py`` is the only writer.
"""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.models.catalogue import DOCUMENT_NUMBER, CatalogueEntry
from portal.models.notices import PublicNotice
from portal.models.organisations import Organisation, User


class RoundStage(models.TextChoices):
    """Where a round stands."""

    PREPARING = "preparing", "准备中"
    SCORING = "scoring", "评分中"
    RANKED = "ranked", "评分结束"
    DECIDED = "decided", "已定名单"
    CONFERRED = "conferred", "已公布"
    CANCELLED = "cancelled", "已取消"


class SelectionRound(models.Model):
    """One round: over which catalogue, how many may be chosen, why (鲁人社字〔2024〕95号 二（三）11).

    Whoever decides neither scored nor opened the round.
    """

    kind = models.CharField("目录", max_length=30)
    name = models.CharField("批次名称", max_length=60)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name="组织单位"
    )
    basis = models.CharField("依据", max_length=200)
    quota = models.PositiveIntegerField("名额", validators=[MinValueValidator(1), MaxValueValidator(1000)])
    needs_publicity = models.BooleanField("公布前须公示", default=True)
    stage = models.CharField("状态", max_length=12, choices=RoundStage.choices, default=RoundStage.PREPARING)
    revision = models.PositiveIntegerField("修订", default=0)
    opened_at = models.DateTimeField("创建时间", default=timezone.now)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="创建人")
    decided_at = models.DateTimeField("定名单时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="审定人"
    )
    reason = models.TextField("选定理由", blank=True)
    notice = models.ForeignKey(
        PublicNotice, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="公示"
    )
    document_number = models.CharField("公布文号", max_length=60, blank=True, validators=[DOCUMENT_NUMBER])
    on = models.DateField("公布日期", null=True, blank=True)
    conferred_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="公布人"
    )
    is_demo = models.BooleanField("演示", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "择优选拔"
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name"],
                name="round_named_once",
                violation_error_message="已有同名的批次，请换一个名称。",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["decided", "conferred"], decided_at__isnull=False)
                | ~Q(stage__in=["decided", "conferred"]),
                name="round_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(stage="conferred") | (~Q(document_number="") & Q(on__isnull=False)),
                name="round_conferred_with_document_and_date",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Criterion(models.Model):
    """One criterion of a round and the most points it gives."""

    round = models.ForeignKey(
        SelectionRound, on_delete=models.CASCADE, related_name="criteria", verbose_name="批次"
    )
    text = models.CharField("评分项", max_length=100)
    points = models.PositiveIntegerField("满分", validators=[MinValueValidator(1), MaxValueValidator(100)])

    class Meta:
        verbose_name = verbose_name_plural = "评分项"
        ordering = ["round_id", "pk"]

    def __str__(self) -> str:
        return self.text


class Scorer(models.Model):
    """Who scores a round, blind to the others; what he handed in cannot be changed any more."""

    round = models.ForeignKey(
        SelectionRound, on_delete=models.CASCADE, related_name="scorers", verbose_name="批次"
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="评分人")
    handed_in_at = models.DateTimeField("提交时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "评分人"
        ordering = ["round_id", "pk"]
        constraints = [models.UniqueConstraint(fields=["round", "user"], name="scorer_named_once")]

    def __str__(self) -> str:
        return str(self.user)


class Candidate(models.Model):
    """An entry that takes part in a round; ``is_chosen`` once the batch was decided."""

    round = models.ForeignKey(
        SelectionRound, on_delete=models.CASCADE, related_name="candidates", verbose_name="批次"
    )
    entry = models.ForeignKey(
        CatalogueEntry, on_delete=models.PROTECT, related_name="candidacies", verbose_name="条目"
    )
    is_chosen = models.BooleanField("入选", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "参评条目"
        ordering = ["round_id", "entry__code"]
        constraints = [models.UniqueConstraint(fields=["round", "entry"], name="candidate_once_a_round")]

    def __str__(self) -> str:
        return str(self.entry)


class Score(models.Model):
    """The points one scorer gives one candidate under one criterion."""

    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="scores", verbose_name="参评条目"
    )
    scorer = models.ForeignKey(Scorer, on_delete=models.CASCADE, related_name="scores", verbose_name="评分人")
    criterion = models.ForeignKey(
        Criterion, on_delete=models.CASCADE, related_name="scores", verbose_name="评分项"
    )
    points = models.DecimalField(
        "得分", max_digits=5, decimal_places=1, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )

    class Meta:
        verbose_name = verbose_name_plural = "得分"
        constraints = [
            models.UniqueConstraint(fields=["candidate", "scorer", "criterion"], name="score_given_once")
        ]

    def __str__(self) -> str:
        return f"{self.points}"
