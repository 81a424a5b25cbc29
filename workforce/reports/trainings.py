"""Which rows of project training a report counts: those of the returns that stand at its cut-off, each once.

A county's own return gives way to the rows that its city reports for it in the same year
(鲁人社字〔2021〕32号 附件2注3). What is still as it was submitted is counted by one grouped query and read as
a stream; the few returns that were changed since come from their snapshots.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Substr

from portal import rollups
from portal.models import Filing
from portal.reports import Asked
from workforce.models.project_training import ProjectTrainingRow

KIND, CHUNK = "project-training-returns", 2000


class Source(NamedTuple):
    """A return that stands; what is stored of it counts when it ``is_live``, else its snapshot."""

    pk: int
    region: str
    year: int
    is_live: bool


class Group(NamedTuple):
    """The rows of one return and one organiser in numbers; ``place`` is empty for 市直.

    ``unsaid``: rows without 组织时间, of which nobody says whether they were held or planned.
    """

    filing: int
    place: str
    rows: int
    classes: int
    trainees: int
    planned: int
    unsaid: int

    @property
    def held(self) -> int:
        """The rows that were held."""
        return self.rows - self.planned - self.unsaid


class Row(NamedTuple):
    """One training; rows are listed in the order of these fields, what is not told first.

    What was decided before the portal may leave the day and the number of people open.
    """

    city: str
    place: str
    year: int
    held_from: date | None
    project_name: str
    target_scope: str
    trainee_count: int | None
    held_text: str
    remark: str

    @property
    def order(self) -> "Row":
        """What it is sorted by: itself, with the least there is for what it leaves open."""
        if None not in self:
            return self
        return self._replace(held_from=self.held_from or date.min, trainee_count=self.trainee_count or 0)


PLACED = 3  # the fields by which the database orders the stream; names are left to Python


@dataclass
class Trainings:
    """The returns and rows of one question."""

    asked: Asked

    @cached_property
    def _read(self) -> tuple[list[Source], list[Group]]:
        """The returns of every year, and the groups of those that have to be read from snapshots."""
        live = ExpressionWrapper(rollups.is_as_it_was(), output_field=BooleanField())
        found = self._standing().annotate(is_live=live).order_by("region_id", "projecttrainingreturn__year")
        columns = found.values_list("pk", "region_id", "projecttrainingreturn__year", "is_live")
        sources = [Source(*values) for values in columns]
        changed = {source.pk: source for source in sources if not source.is_live}
        groups = []
        for filing, snapshot in self._changed(changed):
            changed[filing.pk] = changed[filing.pk]._replace(year=snapshot["values"]["year"])
            groups += _groups(filing.pk, _said(filing, snapshot))
        return [changed.get(source.pk, source) for source in sources], groups

    def _standing(self) -> QuerySet:
        found = rollups.standing_at(self.asked.cutoff, self.asked.region, KIND).filter(is_nothing=False)
        campaign = self.asked.filters.get("campaign", "")
        return found.filter(campaign_id=campaign) if campaign else found

    def _changed(self, filings: Mapping[int, Any]) -> Iterator[tuple[Filing, dict]]:
        """Yield the returns that were changed since with what they said then, city by city."""
        if filings:
            found = self._standing().filter(pk__in=list(filings)).order_by("region_id", "pk")
            yield from rollups.with_snapshots(found)

    @property
    def years(self) -> set[int]:
        """The years that some return is of."""
        return {source.year for source in self._read[0]}

    @cached_property
    def sources(self) -> dict[int, Source]:
        """Filing → return, of the year that is asked for."""
        year = self.asked.filters.get("year", "")
        return {source.pk: source for source in self._read[0] if not year or source.year == int(year)}

    @cached_property
    def groups(self) -> list[Group]:
        """What is counted, by return and organiser."""
        rows = ProjectTrainingRow.objects.filter(training_return__in=self._live()).order_by()
        numbers = rows.values_list("training_return_id", Coalesce("organizer_region_id", Value(""))).annotate(
            rows=Count("pk"),
            classes=Count("project_name", distinct=True),
            trainees=Coalesce(Sum("trainee_count"), 0),
            planned=Count("pk", filter=Q(is_planned=True)),
            unsaid=Count("pk", filter=Q(is_planned=None)),
        )
        groups = [Group(*values) for values in numbers]
        groups += [group for group in self._read[1] if group.filing in self.sources]
        merged = {self._covers(group) for group in groups if self._is_citys(group.filing)}
        return [g for g in groups if self._is_citys(g.filing) or self._covers(g) not in merged]

    def _live(self) -> list[int]:
        return [source.pk for source in self.sources.values() if source.is_live]

    def _is_citys(self, filing: int) -> bool:
        return len(self.sources[filing].region) == len("3701")

    def _covers(self, group: Group) -> tuple[int, str]:
        return self.sources[group.filing].year, group.place

    def rows(self) -> Iterator[Row]:
        """Yield every row that is counted by city, organiser and year, in no order within these."""
        counted = {group.filing for group in self.groups}
        stream = _stream([pk for pk in self._live() if pk in counted])
        changed = {pk: source for pk, source in self.sources.items() if pk in counted and not source.is_live}
        if not changed:
            return stream
        return heapq.merge(stream, self._from_snapshots(changed), key=lambda row: row[:PLACED])

    def _from_snapshots(self, changed: Mapping[int, Source]) -> Iterator[Row]:
        """Yield the rows of snapshots in the order of the stream; those of one city are in memory."""
        city: list[Row] = []
        for filing, snapshot in self._changed(changed):
            if city and city[0].city != filing.region_id[:4]:
                yield from _in_order(city)
                city = []
            city += _rows(filing, snapshot)
        yield from _in_order(city)


def _in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row.order)


def _stream(returns: list[int]) -> Iterator[Row]:
    found = ProjectTrainingRow.objects.filter(training_return__in=returns)
    found = found.annotate(
        city=Substr("training_return__region_id", 1, 4),
        place=Coalesce("organizer_region_id", Value("")),
        year=F("training_return__year"),
    )
    rows = found.order_by("city", "place", "year").values_list(*Row._fields)
    return map(Row._make, rows.iterator(chunk_size=CHUNK))


def _rows(filing: Filing, snapshot: dict) -> Iterator[Row]:
    city, year = filing.region_id[:4], snapshot["values"]["year"]
    for row in _said(filing, snapshot):
        yield Row(city, row.organizer_region_id, year, *(getattr(row, name) for name in Row._fields[PLACED:]))


def _said(filing: Filing, snapshot: dict) -> Iterator[ProjectTrainingRow]:
    """Yield the rows that a version said, read on the day on which it was submitted."""
    for said in snapshot["rows"]["training_rows"]:
        place = said["organizer_region"]
        row = ProjectTrainingRow(**{**said, "organizer_region": None})
        row.organizer_region_id = place["id"] if place else ""
        row.read_held_text(snapshot["values"]["year"], rollups.day_of(filing.submitted_then))
        yield row


def _groups(filing: int, rows: Iterator[ProjectTrainingRow]) -> Iterator[Group]:
    by_place: dict[str, list[ProjectTrainingRow]] = {}
    for row in rows:
        by_place.setdefault(row.organizer_region_id, []).append(row)
    for place, own in by_place.items():
        classes, trainees = len({row.project_name for row in own}), sum(row.trainee_count or 0 for row in own)
        said = Counter(row.is_planned for row in own)
        yield Group(filing, place, len(own), classes, trainees, said[True], said[None])
