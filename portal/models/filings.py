"""What is filed: the one concrete parent of all record types, and its immutable versions."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal import registry, scope, text
from portal.models.organisations import Organisation, Region, User
from portal.models.sealed import SnapshotField
from portal.registry import Criteria, RecordType
from portal.vocabulary import DECIDED, EDITABLE, ENDED, IN_REVIEW, Role, State

NAMELESS = "（未命名）"


class FilingQuerySet(models.QuerySet):
    """The scopes every view starts from."""

    def visible_to(self, user) -> "FilingQuerySet":
        """Return the filings ``user`` may see (region prefix, role and level); the rest is as if absent."""
        return self.filter(scope.visible(user))

    def editable_by(self, user) -> "FilingQuerySet":
        """Return the drafts and returned filings of the bureaus ``user`` files for."""
        bureaus = [m.organisation_id for m in user.posts if m.role == Role.FILER]
        return self.filter(organisation_id__in=bureaus, state__in=EDITABLE)

    def to_publish(self, user) -> "FilingQuerySet":
        """Return the approved filings without an entry that ``user`` may publish.

        Those that wait are kept apart (``FilingUnpublished``); which of them are his is asked of these few.
        """
        condition = Q(pk__in=[])
        for post in user.posts:
            if post.role == Role.PUBLISHER:
                kinds = _catalogued(is_city=post.organisation.region.level != "province")
                inside = scope.within("unpublished__region_id", post.organisation.region_id)
                condition |= inside & Q(unpublished__kind__in=kinds)
        mine = self.filter(condition, state=State.APPROVED, is_nothing=False)
        return mine.filter(models.Exists(self.visible_to(user).filter(pk=models.OuterRef("pk"))))

    def standing(self) -> "FilingQuerySet":
        """Return the approved filings that no later one has replaced."""
        return self.filter(state=State.APPROVED, holds_name=True)

    def in_force(self) -> "FilingQuerySet":
        """Return the filings whose catalogue entry is in force today."""
        return self.filter(entry__valid_from__lte=timezone.localdate(), entry__valid_to=None)


def _catalogued(*, is_city: bool) -> list[str]:
    """Return the types that are published, by a city or by the province, which may publish all of them."""
    found = (t for t in registry.all_types() if t.is_catalogued)
    return [t.slug for t in found if t.route == registry.CITY or not is_city]


def _names(constraint: models.BaseConstraint) -> set[str]:
    """Return the fields whose values decide whether a constraint holds."""
    condition = getattr(constraint, "condition", None)  # none of ours is made of expressions
    return {*getattr(constraint, "fields", ()), *(condition.referenced_base_fields if condition else ())}


class Filing(models.Model):
    """One form from one bureau, whatever its type; ``state`` is written by ``workflow.perform`` alone.

    ``version`` is the number of the version in work or, once submitted, in review; ``step`` counts events;
    ``revision`` counts every write, so that two people in one draft never overwrite each other unseen.
    ``unlocked``: after a return with remarks the names that may be changed, None when all may (``locks``).
    ``registration``: what its approval rests on when it was decided before the portal (``historical``).
    """

    kind = models.CharField("类型", max_length=30, editable=False)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="filings",
        verbose_name="填报单位",
        editable=False,
    )
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="+", verbose_name="所属区划", editable=False
    )
    title = models.CharField("名称", max_length=100, blank=True, editable=False)
    state = models.CharField(
        "状态", max_length=16, choices=State.choices, default=State.DRAFT, editable=False
    )
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    step = models.PositiveIntegerField("步数", default=0, editable=False)
    revision = models.PositiveIntegerField("修订", default=0, editable=False)
    explanation = models.TextField(
        "情况说明", blank=True, help_text="有提示项而情况属实的，在此说明原因，随表提交。"
    )
    is_demo = models.BooleanField("演示", default=False, editable=False)
    source = models.CharField("资料来源", max_length=300, blank=True, editable=False)
    amends = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="amendments",
        verbose_name="变更自",
        editable=False,
    )
    campaign = models.ForeignKey(
        "portal.Campaign",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="filings",
        verbose_name="报送任务",
        editable=False,
    )
    is_nothing = models.BooleanField("零报送", default=False, editable=False)
    is_late = models.BooleanField("逾期", default=False, editable=False)
    holds_name = models.BooleanField("占用名称", default=True, editable=False)
    unlocked = models.JSONField("开放修改的栏目", null=True, blank=True, editable=False)
    registration = models.ForeignKey(
        "portal.Registration",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="filings",
        verbose_name="历史登记",
        editable=False,
    )
    holder = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="经办人",
        editable=False,
    )
    created_at = models.DateTimeField("创建时间", default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name="创建人", editable=False
    )
    updated_at = models.DateTimeField("修改时间", default=timezone.now, editable=False)
    arrived_at = models.DateTimeField("到达时间", default=timezone.now, editable=False)
    submitted_at = models.DateTimeField("提交时间", null=True, editable=False)
    submitted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="提交人", editable=False
    )
    accepted_at = models.DateTimeField("受理时间", null=True, editable=False)
    decided_at = models.DateTimeField("办结时间", null=True, editable=False)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="办结人", editable=False
    )
    erased_at = models.DateTimeField("个人信息清除时间", null=True, editable=False)

    objects = FilingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "填报"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="filing_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state__in=[*IN_REVIEW, *DECIDED])
                | Q(submitted_at__isnull=False, submitted_by__isnull=False),
                name="filing_under_review_was_submitted",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DECIDED, decided_at__isnull=False, decided_by__isnull=False)
                | (~Q(state__in=DECIDED) & Q(decided_at=None, decided_by=None)),
                name="filing_decided_exactly_when_final",
            ),
            models.UniqueConstraint(
                fields=["kind", "organisation", "title"],
                condition=Q(holds_name=True) & ~Q(title="") & ~Q(state__in=[*ENDED]),
                name="filing_name_held_once_per_bureau",
                violation_error_message="本单位已有同名的填报，请换一个名称，或打开已有的那一份。",
            ),
            models.UniqueConstraint(
                fields=["amends"],
                condition=Q(state__in=[*EDITABLE, *IN_REVIEW]),
                name="filing_amended_one_at_a_time",
                violation_error_message="这一条已有一份变更在办。",
            ),
            models.CheckConstraint(
                condition=Q(is_nothing=False) | Q(campaign__isnull=False),
                name="filing_nothing_answers_a_campaign",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "region", "arrived_at"], name="filing_queue"),
            # the province's queue in order: its region is no condition, so the other one would have to sort
            models.Index(fields=["state", "arrived_at", "id"], name="filing_by_arrival"),
            models.Index(fields=["kind", "region", "-updated_at"], name="filing_list"),
            models.Index(fields=["organisation", "state", "arrived_at"], name="filing_bureau"),
            models.Index(fields=["submitted_by", "-updated_at"], name="filing_submitted_by"),
            models.Index(fields=["campaign", "region"], name="filing_campaign"),
            models.Index(fields=["kind", "state", "region"], name="filing_roll_up"),
        ]

    def __str__(self) -> str:
        return self.title or NAMELESS

    def save(self, *args, **kwargs) -> None:
        """Store with clean text; the parent's columns follow from the child's."""
        self.tidy()
        if kwargs.get("update_fields"):
            kwargs["update_fields"] = [*kwargs["update_fields"], *self.derived()]
        super().save(*args, **kwargs)

    def tidy(self) -> None:
        """Clean the text and work out the parent's columns, as ``save`` does before it stores."""
        for column in self._meta.concrete_fields:
            if isinstance(column, models.CharField | models.TextField) and not column.is_relation:
                value = getattr(self, column.attname)
                if isinstance(value, str) and not column.primary_key:
                    setattr(self, column.attname, text.clean(value))
        if type(self) is not Filing:
            self.kind = type(self).record_type.slug
            self.title = (f"零报送：{self.campaign}" if self.is_nothing else self.heading())[:100]
        if not self.region_id:
            self.region_id = self.organisation.region_id
        for name, value in self.derived().items():
            setattr(self, name, value)

    def values_now(self) -> dict[str, Any]:
        """Return column → value of a stored filing, nothing of one that is not."""
        columns = self._meta.concrete_fields if self.pk else ()
        return {column.attname: getattr(self, column.attname) for column in columns}

    def validate_changes(self, before: dict[str, Any]) -> None:
        """Check as ``validate_constraints`` does, leaving out what names no column changed since ``before``.

        ``before``: ``values_now`` of then; what is stored meets every constraint.
        """
        names = {column.attname: column.name for column in self._meta.concrete_fields}
        changed = {
            name for key, name in names.items() if key not in before or before[key] != getattr(self, key)
        }
        found = [
            (model, [c for c in of_it if _names(c) & changed]) for model, of_it in self.get_constraints()
        ]
        self.get_constraints = lambda: found
        try:
            self.validate_constraints()
        finally:
            del self.get_constraints

    @property
    def record_type(self) -> RecordType:
        """The declaration of this filing's type."""
        return registry.get(self.kind)

    @property
    def record(self) -> "Filing":
        """This filing with the fields of its own type; one query unless it is that already."""
        model = self.record_type.model
        return (
            self
            if isinstance(self, model)
            else model.objects.select_related("organisation", "region").get(pk=self.pk)
        )

    @property
    def criteria(self) -> Criteria:
        """What is weighed of this filing, nothing of a zero report; a query where a field decides it."""
        kind = self.record_type
        if self.is_nothing:
            return Criteria()
        own = self.record if kind.criteria_by else self
        return kind.weighed({name: getattr(own, name) for name in kind.criteria_by})

    @property
    def route(self) -> str:
        """Where this filing ends; needs ``organisation.region``."""
        return self.record_type.route_of(self.organisation.region.level)

    @property
    def is_publishable(self) -> bool:
        """Whether approval leads into the catalogue; a return and a zero report are reported only."""
        return self.record_type.is_catalogued and not self.is_nothing

    @property
    def is_editable(self) -> bool:
        """Whether the state lets its bureau change it."""
        return self.state in EDITABLE

    def heading(self) -> str:
        """Return what the filing is called in lists; record types without a name of their own say it here."""
        return getattr(self, "name", "")

    def derived(self) -> dict:
        """Return column → value of what is kept beside what was typed, worked out whenever it is stored."""
        return {}

    def archive_name(self) -> str:
        """Return what a notice wants the archive of the materials called, without .zip; empty if none."""
        return ""

    def settle_rows(self, rows: list[models.Model]) -> None:
        """Work out what child rows hold beside what was typed; called before they are stored."""

    def settle_before_submission(self) -> None:
        """Work out anew what was stored of child rows and depends on the day; called when it is submitted."""

    def row_faults(self, row: models.Model):
        """Yield (field, sentence, clause) of what can never stand in this child row."""
        yield from ()

    def row_note(self, row: models.Model) -> str:
        """Return what the portal understood of a child row, to be shown beside it."""
        return ""

    def unsaid(self, heading: str, rows: list[models.Model]) -> dict:
        """Return field → value of what a sheet leaves unsaid, from its heading and what was read of it."""
        return {}

    def distinctions(self) -> list[str]:
        """Return what the published entry was given beside its level, in public words."""
        return []

    def problems(self):
        """Yield the ``Problem``s of this type's own rules; the general ones are in ``rules``."""
        yield from ()

    def figures_of(self, year: int) -> dict[str, int]:
        """Return what the filing says of a year, by the names of ``RecordType.figures``; empty if nothing."""
        return {}

    def figure_problems(self, figures: dict[str, int]):
        """Yield a ``Problem`` for each figure of a year that stays below what a notice asks for."""
        yield from ()


class FilingVersion(models.Model):
    """A version as it was submitted: the snapshot and its SHA-256; the database refuses to change it.

    What is personal in the snapshot is sealed; the SHA-256 is that of the clear text. ``erased``: when that
    part was erased, the SHA-256 of what is left and our signature under both (``purging``).
    """

    filing = models.ForeignKey(Filing, on_delete=models.PROTECT, related_name="versions", verbose_name="填报")
    number = models.PositiveIntegerField("版本")
    snapshot = SnapshotField("内容")
    sha256 = models.CharField("摘要", max_length=64)
    submitted_at = models.DateTimeField("提交时间")
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="提交人")
    is_late = models.BooleanField("逾期", default=False)
    erased = models.JSONField("清除记录", null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "提交版本"
        ordering = ["filing_id", "number"]
        constraints = [models.UniqueConstraint(fields=["filing", "number"], name="version_numbered_once")]

    def __str__(self) -> str:
        return f"{self.snapshot['title'] or NAMELESS} 第 {self.number} 版"
