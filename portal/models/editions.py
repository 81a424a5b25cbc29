"""Dated editions of a catalogue, and the changes that lead from the edition in force to the next.

``editions.py`` is the only writer.
"""

import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.models.catalogue import DOCUMENT_NUMBER, CatalogueEntry
from portal.models.filings import Filing
from portal.models.organisations import Region, User
from portal.vocabulary import ChangeVerb


def storage_name(edition: "Edition", name: str) -> str:
    """Return a generated name for the document an edition was announced by."""
    return f"editions/{secrets.token_hex(16)}"


class EditionQuerySet(models.QuerySet):
    """Editions by whether anybody may read them."""

    def published(self) -> "EditionQuerySet":
        """Return the editions that were published; one in preparation is the bureau's own."""
        return self.filter(published_at__isnull=False, on__lte=timezone.localdate())

    def in_preparation(self) -> "EditionQuerySet":
        """Return the editions somebody is working on."""
        return self.filter(published_at=None, abandoned_at=None)


class Edition(models.Model):
    """A named instant of one catalogue (e.g. 2023年版): what it holds is what was in force ``on`` that day.

    ``region`` is whose catalogue it is: the province's, or a city's of a type that ends at the city. Three
    people make it: who proposes the changes, who approves them, who publishes all at once.
    """

    kind = models.CharField("类型", max_length=30)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="+", verbose_name="目录范围", default="37"
    )
    name = models.CharField("版次", max_length=40)
    document_number = models.CharField("文号", max_length=60, blank=True, validators=[DOCUMENT_NUMBER])
    on = models.DateField("日期")
    file = models.FileField("文件", upload_to=storage_name, max_length=200, blank=True)
    file_name = models.CharField("文件名", max_length=200, blank=True)
    is_demo = models.BooleanField("演示", default=False)
    created_at = models.DateTimeField("创建时间", default=timezone.now)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="编制人"
    )
    proposed_at = models.DateTimeField("送审时间", null=True, blank=True)
    proposed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="送审人"
    )
    approved_at = models.DateTimeField("审定时间", null=True, blank=True)
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="审定人"
    )
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    published_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="发布人"
    )
    abandoned_at = models.DateTimeField("放弃时间", null=True, blank=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "目录版次"
        ordering = ["kind", "region_id", "-on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "region", "name"],
                condition=Q(abandoned_at=None),
                name="edition_named_once",
                violation_error_message="已有同名的版次，请换一个名称。",
            ),
            models.UniqueConstraint(
                fields=["kind", "region", "on"],
                condition=Q(published_at__isnull=False),
                name="edition_one_a_day",
                violation_error_message="这一天已有一版目录。",
            ),
            models.UniqueConstraint(
                fields=["kind", "region"],
                condition=Q(published_at=None, abandoned_at=None),
                name="edition_prepared_one_at_a_time",
                violation_error_message="这个目录已有一版在编制，请先发布或放弃它。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def latest(cls, kind: str, region: str = "37") -> "Edition | None":
        """Return the edition of a catalogue that is current, or None where there is none."""
        return cls.latest_of({kind}, region).get(kind)

    @classmethod
    def latest_of(cls, kinds: set[str], region: str = "37") -> "dict[str, Edition]":
        """Return catalogue → its current edition, of those that have one; one query."""
        found = cls.objects.published().filter(kind__in=kinds, region=region)
        return {edition.kind: edition for edition in reversed(found)}


class EditionChange(models.Model):
    """One change of an edition: what comes (``filing``), what goes or changes (``entry``), and why.

    新增: ``filing`` alone · 移出: ``entry`` alone · 调整, 更名: ``filing`` amends that of ``entry`` ·
    合并: ``entry`` goes into the project of ``filing``, which is in force or comes with the same edition.
    """

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="changes", verbose_name="版次"
    )
    verb = models.CharField("变化", max_length=10, choices=ChangeVerb.choices)
    entry = models.ForeignKey(
        CatalogueEntry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="changes",
        verbose_name="现行条目",
    )
    filing = models.ForeignKey(
        Filing,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="edition_changes",
        verbose_name="填报",
    )
    reason = models.CharField("理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "版次变化"
        ordering = ["edition_id", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verb=ChangeVerb.ADDED, entry=None, filing__isnull=False)
                | Q(verb=ChangeVerb.REMOVED, entry__isnull=False, filing=None)
                | Q(
                    verb__in=[ChangeVerb.ADJUSTED, ChangeVerb.RENAMED, ChangeVerb.MERGED],
                    entry__isnull=False,
                    filing__isnull=False,
                ),
                name="change_names_what_comes_and_what_goes",
            ),
            models.UniqueConstraint(
                fields=["edition", "entry"],
                name="change_of_an_entry_once",
                violation_error_message="这一条在本版中已有一项变化。",
            ),
            models.UniqueConstraint(
                fields=["edition", "filing"],
                condition=~Q(verb=ChangeVerb.MERGED),
                name="change_by_a_filing_once",
                violation_error_message="这份填报已列入本版。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.entry or self.filing}"
