"""What the review desk keeps beside a filing: remarks, joint opinions, what is prepared or copied.

None of it moves a filing; the acts do that (``workflow``).
"""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.models.filings import Filing
from portal.models.organisations import Organisation, User
from portal.vocabulary import JointConclusion, Level, RemarkState


class RemarkQuerySet(models.QuerySet):
    """The remarks by where they stand."""

    def prepared(self) -> "RemarkQuerySet":
        """Return those that the desk has written and not sent yet."""
        return self.filter(issued_at=None)

    def issued(self) -> "RemarkQuerySet":
        """Return those that went out with a return."""
        return self.filter(issued_at__isnull=False)

    def open(self) -> "RemarkQuerySet":
        """Return those that wait for the filer's answer."""
        return self.issued().filter(answered_at=None, closed_at=None)

    def answered(self) -> "RemarkQuerySet":
        """Return those whose answer the desk has not settled yet."""
        return self.filter(answered_at__isnull=False, closed_at=None)


class Remark(models.Model):
    """What a desk asks about one field of one version; the filer answers it, the desk closes it.

    ``field`` is a field, a kind of child rows or a slot of the record type. ``level`` is the desk's.
    Written by ``remarks`` alone; what went out with a return stands in that event too.
    """

    filing = models.ForeignKey(Filing, on_delete=models.PROTECT, related_name="remarks", verbose_name="填报")
    version = models.PositiveIntegerField("版本")
    field = models.CharField("栏目", max_length=40)
    level = models.CharField("审核层级", max_length=10, choices=Level.choices)
    text = models.TextField("意见")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="提出人")
    created_at = models.DateTimeField("提出时间", default=timezone.now)
    issued_at = models.DateTimeField("发出时间", null=True, blank=True)
    reply = models.TextField("答复", blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_in = models.PositiveIntegerField("答复版本", null=True, blank=True)
    closed_at = models.DateTimeField("关闭时间", null=True, blank=True)

    objects = RemarkQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "审核意见"
        ordering = ["filing_id", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_in=None)
                | Q(issued_at__isnull=False, answered_at__isnull=False, answered_in__isnull=False)
                & ~Q(reply=""),
                name="remark_answered_with_a_reply",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(answered_at__isnull=False), name="remark_closed_once_answered"
            ),
        ]
        indexes = [models.Index(fields=["filing", "issued_at"], name="remark_of_filing")]

    def __str__(self) -> str:
        return f"{self.filing_id} {self.field}：{self.text[:20]}"

    @property
    def standing(self) -> RemarkState:
        """Where it stands, from its times."""
        if self.closed_at:
            return RemarkState.CLOSED
        if self.answered_at:
            return RemarkState.ANSWERED
        return RemarkState.OPEN if self.issued_at else RemarkState.PREPARED


class PreparedDecision(models.Model):
    """A decision that is written and not made (拟通过、拟不予通过): seen by its desk until it is released.

    ``grounds`` as ``Grounds.facts`` gives them. Ends with the event it became, or dropped.
    """

    filing = models.ForeignKey(Filing, on_delete=models.PROTECT, related_name="prepared", verbose_name="填报")
    version = models.PositiveIntegerField("版本")
    level = models.CharField("审核层级", max_length=10, choices=Level.choices)
    action = models.CharField("结论", max_length=20)
    comment = models.TextField("意见", blank=True)
    grounds = models.JSONField("依据", default=dict)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="拟办人")
    created_at = models.DateTimeField("拟办时间", default=timezone.now)
    released_at = models.DateTimeField("作出时间", null=True, blank=True)
    released_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="作出人"
    )
    dropped_at = models.DateTimeField("撤销时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "拟办结论"
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["filing"],
                condition=Q(released_at=None, dropped_at=None),
                name="prepared_decision_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(released_at=None, released_by=None)
                | Q(released_at__isnull=False, released_by__isnull=False, dropped_at=None),
                name="prepared_decision_released_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["by", "created_at"], name="prepared_by_person")]

    def __str__(self) -> str:
        return f"{self.filing_id} {self.action}"


class JointOpinion(models.Model):
    """What one joint department is asked about a version, and its written opinion (会商).

    Asked in parallel with a due date; withdrawn when it is no longer needed. Written by ``consultation``.
    """

    filing = models.ForeignKey(
        Filing, on_delete=models.PROTECT, related_name="joint_opinions", verbose_name="填报"
    )
    version = models.PositiveIntegerField("版本")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name="会商部门"
    )
    question = models.TextField("征求事项")
    due_on = models.DateField("答复期限")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="征求人")
    asked_at = models.DateTimeField("征求时间", default=timezone.now)
    conclusion = models.CharField("答复", max_length=12, choices=JointConclusion.choices, blank=True)
    opinion = models.TextField("会商意见", blank=True)
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复人"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "会商意见"
        ordering = ["filing_id", "asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["filing", "version", "organisation"],
                condition=Q(withdrawn_at=None),
                name="joint_opinion_asked_once_of_a_version",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, conclusion="")
                | Q(answered_at__isnull=False, answered_by__isnull=False, withdrawn_at=None)
                & ~Q(conclusion=""),
                name="joint_opinion_answered_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "answered_at", "due_on"], name="joint_opinion_queue")]

    def __str__(self) -> str:
        return f"{self.filing_id} {self.organisation}"


class Copy(models.Model):
    """A filing that somebody is shown for his information (抄送); it asks nothing of him."""

    filing = models.ForeignKey(Filing, on_delete=models.PROTECT, related_name="copies", verbose_name="填报")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="copies", verbose_name="抄送给")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="抄送人")
    note = models.CharField("附言", max_length=200, blank=True)
    at = models.DateTimeField("抄送时间", default=timezone.now)
    read_at = models.DateTimeField("已读时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "抄送"
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["filing", "user"], name="copy_once_to_a_person"),
            models.CheckConstraint(condition=~Q(user=F("by")), name="copy_to_somebody_else"),
        ]
        indexes = [models.Index(fields=["user", "read_at", "-at"], name="copy_inbox")]

    def __str__(self) -> str:
        return f"{self.filing_id} → {self.user}"


class Presence(models.Model):
    """Who has a filing open on his screen, told by the page from time to time."""

    filing = models.ForeignKey(Filing, on_delete=models.CASCADE, related_name="+", verbose_name="填报")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name="用户")
    seen_at = models.DateTimeField("最近在看", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "正在查看"
        constraints = [models.UniqueConstraint(fields=["filing", "user"], name="presence_once")]
        indexes = [models.Index(fields=["seen_at"], name="presence_by_time")]

    def __str__(self) -> str:
        return f"{self.filing_id} {self.user_id}"


class SavedView(models.Model):
    """A question to the queue that a person keeps under a name; ``query`` is the address without ``?``."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="views", verbose_name="用户")
    name = models.CharField("名称", max_length=20)
    query = models.CharField("条件", max_length=500)
    created_at = models.DateTimeField("保存时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "常用视图"
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                name="saved_view_named_once",
                violation_error_message="已有同名的常用视图。",
            )
        ]

    def __str__(self) -> str:
        return self.name
