"""What a row of reference data said before it was changed, so that an old report can be made again.

Names of regions and bureaus, targets and campaigns may be corrected; each correction leaves what stood there
before and when it was replaced. The value at an instant is that of the first correction after it. What the
files bring later, after the first load, is known not to have been there.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

ABSENT = "absent"  # among the facts: until then there was no such row


class Former(models.Model):
    """The columns of one row that were replaced at one instant, with what they held until then."""

    table = models.CharField("表", max_length=40)
    key = models.CharField("标识", max_length=40)
    at = models.DateTimeField("更改时间")
    facts = models.JSONField("原值", encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = verbose_name_plural = "原值"
        ordering = ["pk"]
        indexes = [models.Index(fields=["table", "at"], name="former_by_time")]

    def __str__(self) -> str:
        return f"{self.table} {self.key} {self.at:%Y-%m-%d %H:%M}"


def keep(rows: Sequence[models.Model]) -> None:
    """Write down what is stored of ``rows`` and differs from them; called before they are stored."""
    if not rows:
        return
    model, now = type(rows[0]), timezone.now()
    stored = model._base_manager.in_bulk([row.pk for row in rows])
    replaced = [(row.pk, _replaced(stored[row.pk], row)) for row in rows if row.pk in stored]
    Former.objects.bulk_create(
        Former(table=model._meta.label_lower, key=str(pk), at=now, facts=facts)
        for pk, facts in replaced
        if facts
    )


def begin(rows: Sequence[models.Model]) -> None:
    """Write down that ``rows`` have just come to those that were there: before now they were not."""
    now = timezone.now()
    Former.objects.bulk_create(
        Former(table=type(row)._meta.label_lower, key=str(row.pk), at=now, facts={ABSENT: True})
        for row in rows
    )


def _replaced(old: models.Model, new: models.Model) -> dict[str, Any]:
    names = [column.attname for column in old._meta.concrete_fields]
    return {name: getattr(old, name) for name in names if getattr(old, name) != getattr(new, name)}


def as_of(rows: Iterable[models.Model], at: datetime) -> list[models.Model]:
    """Return those of ``rows`` of one model that were there at the instant ``at``, as they were; one query.

    The rows themselves are set to what they said.
    """
    rows = list(rows)
    if not rows:
        return rows
    then = _facts_at(type(rows[0]), at)
    return [row for row in rows if _set_back(row, then.get(str(row.pk), {}))]


def _set_back(row: models.Model, facts: dict[str, Any]) -> bool:
    """Set the columns of ``row`` to ``facts`` and say whether it was there at all."""
    columns = {column.attname: column for column in row._meta.concrete_fields}
    for name in facts.keys() - {ABSENT}:
        setattr(row, name, columns[name].to_python(facts[name]))
    return ABSENT not in facts


def _facts_at(model: type[models.Model], at: datetime) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    later = Former.objects.filter(table=model._meta.label_lower, at__gt=at).order_by("-at", "-pk")
    for former in later:  # the earliest is laid on top last
        found.setdefault(former.key, {}).update(former.facts)
    return found


class KeepsFormer(models.Model):
    """A row whose changes leave what stood there before; bulk changes call ``keep`` themselves."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs) -> None:
        """Store, and keep what is replaced."""
        if not self._state.adding:
            keep([self])
        super().save(*args, **kwargs)
