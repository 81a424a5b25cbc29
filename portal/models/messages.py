"""What people are told: messages of the inbox, and what leaves the house by mail or as a text message."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.models.filings import Filing
from portal.models.organisations import User
from portal.models.sealed import SealedCharField
from portal.vocabulary import Channel, MailMode, Topic


class Message(models.Model):
    """Something one person is told; written in the transaction of the act that caused it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="messages", verbose_name="收件人")
    filing = models.ForeignKey(
        Filing, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="填报"
    )
    topic = models.CharField("类别", max_length=10, choices=Topic.choices, default=Topic.ACT)
    text = models.CharField("内容", max_length=400)
    address = models.CharField("链接", max_length=200, blank=True)
    created_at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "消息"
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["user", "read_at", "-created_at"], name="message_inbox")]

    def __str__(self) -> str:
        return self.text


class MessagePreference(models.Model):
    """How a person wants to be told beside the inbox; without a row by the inbox alone."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="preference", verbose_name="用户"
    )
    mail = models.CharField("电子邮件", max_length=10, choices=MailMode.choices, default=MailMode.OFF)
    texts = models.BooleanField("催办和到期提醒发短信", default=False)
    phone = SealedCharField(
        "手机号",
        max_length=11,
        blank=True,
        validators=[RegexValidator(r"^1[3-9]\d{9}\Z", "请填写11位手机号。")],
    )

    class Meta:
        verbose_name = verbose_name_plural = "消息偏好"

    def __str__(self) -> str:
        return f"{self.user} {self.get_mail_display()}"


class Delivery(models.Model):
    """One mail or text message to one person: of one ``message``, or the digest of one ``day``.

    Written in the transaction of what it tells, taken by one worker (``taken_at``), sent at most once.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="收件人")
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices)
    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="消息"
    )
    day = models.DateField("汇总日期", null=True, blank=True)
    created_at = models.DateTimeField("写入时间", default=timezone.now)
    not_before = models.DateTimeField("不早于", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    taken_at = models.DateTimeField("取出时间", null=True, blank=True)
    sent_at = models.DateTimeField("发出时间", null=True, blank=True)
    failed_at = models.DateTimeField("未能发出时间", null=True, blank=True)
    reason = models.CharField("未发出的原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "外发消息"
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(message=None, day__isnull=False) | Q(message__isnull=False, day=None),
                name="delivery_of_a_message_or_a_day",
            ),
            models.UniqueConstraint(fields=["message", "channel"], name="delivery_of_a_message_once"),
            models.UniqueConstraint(
                fields=["user", "channel", "day"],
                condition=Q(message=None),
                name="delivery_of_a_day_once",
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(taken_at__isnull=False, failed_at=None),
                name="delivery_taken_before_it_is_sent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(taken_at=None, failed_at=None),
                name="delivery_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_channel_display()}"
