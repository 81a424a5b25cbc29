"""What a notice collects by a date: campaigns, the duty of each bureau, extensions and reminders."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.models.catalogue import DOCUMENT_NUMBER
from portal.models.former import KeepsFormer
from portal.models.organisations import Organisation, User
from portal.vocabulary import Level


class Expected(models.TextChoices):
    """Whose duty a campaign is."""

    CITIES = Level.CITY.value, "16个设区的市"
    COUNTIES = Level.COUNTY.value, "各县（市、区）"


class CampaignQuerySet(models.QuerySet):
    """Campaigns by their window."""

    def opened(self, at: datetime | None = None) -> "CampaignQuerySet":
        """Return the campaigns whose window has opened; one past its due time stays open for late filings."""
        return self.filter(opens_at__lte=at or timezone.now(), closed_at=None)


class Campaign(KeepsFormer):
    """A collection opened by a notice: one form, one window, the bureaus that owe it.

    ``due_at`` is the last second that is on time; filing later is allowed and stamped 逾期.
    """

    kind = models.CharField("报送表", max_length=30)
    name = models.CharField("任务名称", max_length=60)
    document_number = models.CharField("依据文号", max_length=60, validators=[DOCUMENT_NUMBER])
    clause = models.CharField("条款", max_length=60, blank=True)
    opens_at = models.DateTimeField("开放时间")
    due_at = models.DateTimeField("截止时间")
    updates_until = models.DateTimeField(
        "更新截止", null=True, blank=True, help_text="已审核通过的报表在此之前可以更新。"
    )
    closed_at = models.DateTimeField("关闭时间", null=True, blank=True)
    expects = models.CharField("应报单位", max_length=10, choices=Expected.choices, default=Expected.CITIES)
    reminder_days = models.JSONField("提前提醒（天）", default=list, blank=True)
    needs_scan = models.BooleanField("须上传盖章扫描件", default=False)
    needs_publicity = models.BooleanField("公布前须公示", default=False)
    is_demo = models.BooleanField("演示", default=False)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报送任务"
        ordering = ["-due_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "name"], name="campaign_named_once"),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("opens_at")),
                name="campaign_is_due_after_it_opens",
                violation_error_message="截止时间要晚于开放时间。",
            ),
            models.CheckConstraint(
                condition=Q(updates_until=None) | Q(updates_until__gte=F("due_at")),
                name="campaign_updates_end_after_it_is_due",
                violation_error_message="更新截止时间不能早于报送截止时间。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignDuty(models.Model):
    """What one bureau owes one campaign; its state follows from the filings (``campaigns.board``)."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="duties", verbose_name="报送任务"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="duties", verbose_name="应报单位"
    )

    class Meta:
        verbose_name = verbose_name_plural = "应报单位"
        ordering = ["campaign_id", "organisation__region_id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "organisation"], name="duty_once_per_bureau")
        ]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.campaign}"


class Extension(models.Model):
    """More time for one bureau, with its reason; the latest end counts."""

    duty = models.ForeignKey(
        CampaignDuty, on_delete=models.PROTECT, related_name="extensions", verbose_name="应报单位"
    )
    until = models.DateTimeField("延至")
    reason = models.TextField("原因")
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="批准人")
    granted_at = models.DateTimeField("批准时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "延期"
        ordering = ["granted_at", "pk"]

    def __str__(self) -> str:
        return f"{self.duty} 延至 {self.until:%Y-%m-%d %H:%M}"


class Reminder(models.Model):
    """A 催报 that was sent; an automatic one at most once per duty, due time and number of days before it."""

    duty = models.ForeignKey(
        CampaignDuty, on_delete=models.PROTECT, related_name="reminders", verbose_name="应报单位"
    )
    at = models.DateTimeField("催报时间", default=timezone.now)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="催报人")
    days_before = models.PositiveIntegerField("提前天数", null=True)
    due_at = models.DateTimeField("针对的截止时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "催报"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["duty", "due_at", "days_before"],
                condition=Q(days_before__isnull=False),
                name="reminder_once_per_day_mark",
            )
        ]

    def __str__(self) -> str:
        return f"{self.duty} {self.at:%Y-%m-%d %H:%M}"
