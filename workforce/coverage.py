"""Which counties held a class of project training by the due day (鲁人社字〔2021〕32号 二（三）).

The rows of the counties' own returns and of their city's merged one are looked at together: a county counts
once, whoever reported it, and so does a class.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from django.db.models import Count as Rows
from django.db.models import Q, QuerySet

from portal import asked as questions
from portal import rollups, targets
from portal.lineages import PROVINCE_CODE
from portal.models import Filing
from portal.targets import Asked, Count, Line
from portal.vocabulary import Level, State
from portal.windows import start_of
from workforce.models.project_training import ProjectTrainingReturn, ProjectTrainingRow

KIND = "project-training-returns"
COUNTY, CITY_ITSELF = "organizer_region", "training_return__region"


class Said(NamedTuple):
    """A training in a return that was changed since; ``place`` is None for 市直."""

    filing: int
    region: str
    place: str | None
    name: str


def _years(day: date, at: datetime | None = None) -> list[int]:

    def stored() -> QuerySet:
        return _live(day, at).order_by().values_list("year", flat=True).distinct()

    years = set(stored() if at else questions.rows(day, stored))
    said = {snapshot["values"]["year"] for _, snapshot in _changed(at)}
    return targets.newest_first(years | said, day.year)


def _live(day: date, at: datetime | None):
    """Return the returns that stand and are stored as they were counted."""
    if at:
        standing = rollups.standing_at(at, PROVINCE_CODE, KIND).filter(rollups.is_as_it_was())
        return ProjectTrainingReturn.objects.filter(pk__in=standing.values("pk"))
    # the type is named for the index: the table of the returns alone would do
    decided = Q(kind=KIND, state=State.APPROVED, decided_at__lt=start_of(day + timedelta(days=1)))
    updates = Filing.objects.filter(decided, amends__isnull=False)
    return ProjectTrainingReturn.objects.filter(decided).exclude(pk__in=updates.values("amends"))


def _changed(at: datetime | None) -> Iterator[tuple[Filing, dict]]:
    """Yield the returns that stood at an instant and were changed since, with what they said then."""
    if at:
        standing = rollups.standing_at(at, PROVINCE_CODE, KIND).filter(is_nothing=False)
        yield from rollups.with_snapshots(
            standing.exclude(rollups.is_as_it_was()).order_by("region_id", "pk")
        )


@targets.counted("county-trainings", years=_years, of_entries=False)
def county_trainings(asked: Asked) -> Count:
    """Count the counties that held a class of training by the due day (鲁人社字〔2021〕32号 二（三）)."""
    held = Held(asked)
    lines = [*_counties(asked, held), *_city_runs(held)]
    counties = [line for line in lines if not line.is_apart]
    reached = [line.place for line in counties if line.is_reached]
    return Count(
        _per_city(reached),
        held.returns,
        of=_per_city(line.place for line in counties),
        lines=lines,
        credited=lambda: held.credited(reached),
    )


@dataclass
class Held:
    """The trainings that had really begun by the due day, or by the day asked for before it."""

    asked: Asked

    @property
    def last(self) -> date:
        """The last day on which a training counts when it begins."""
        due = self.asked.target.due_on
        return min(self.asked.day, targets.due_in(due, self.asked.year)) if due else self.asked.day

    @cached_property
    def stored(self):
        """The rows of returns that are stored as they were counted."""
        returns = _live(self.asked.day, self.asked.at).filter(year=self.asked.year)
        begun = Q(is_planned=False, held_from__lte=self.last, held_to__gte=date(self.asked.year, 1, 1))
        return ProjectTrainingRow.objects.filter(begun, training_return__in=returns)

    @cached_property
    def said(self) -> list[Said]:
        """The rows of the others, read as on the day on which they were submitted."""
        return [
            Said(filing.pk, filing.region_id, (row["organizer_region"] or {}).get("id"), row["project_name"])
            for filing, snapshot in _changed(self.asked.at)
            if snapshot["values"]["year"] == self.asked.year
            for row in snapshot["rows"]["training_rows"]
            if self._is_held(row, rollups.day_of(filing.submitted_then))
        ]

    def _is_held(self, said: dict, day: date) -> bool:
        row = ProjectTrainingRow(held_text=said["held_text"], remark=said["remark"])
        row.read_held_text(self.asked.year, day)
        begun = row.is_planned is False and row.held_from <= self.last
        return begun and row.held_to >= date(self.asked.year, 1, 1)

    @property
    def returns(self):
        """The returns with such a training."""
        said = {row.filing for row in self.said}
        stored = self.stored.order_by().values("training_return")
        return ProjectTrainingReturn.objects.filter(Q(pk__in=stored) | Q(pk__in=said))

    def classes(self, by: str) -> dict[str, int]:
        """Return county → number of its classes, or city → number of those it ran itself (市直)."""
        if not self.asked.at:
            kept = (by, self.asked.day, self.asked.year, self.last)
            return dict(questions.rows(kept, lambda: self._numbers(by)))
        names: dict[str, set[str]] = defaultdict(set)
        for row in self.said:
            if bool(row.place) == (by == COUNTY):
                names[row.place or row.region].add(row.name)
        rows = self._of_places(by)
        if names:
            both = rows.filter(**{f"{by}__in": list(names)}).values_list(by, "project_name")
            for place, name in both.distinct():
                names[place].add(name)
        return dict(self._numbers(by)) | {place: len(found) for place, found in names.items()}

    def _of_places(self, by: str) -> QuerySet:
        return self.stored.filter(organizer_region__isnull=by != COUNTY).order_by()

    def _numbers(self, by: str) -> QuerySet:
        return self._of_places(by).values_list(by).annotate(n=Rows("project_name", distinct=True))

    def credited(self, counties: Iterable[str]) -> list[tuple[str, int]]:
        """Return each county with the return that tells of it: its own before that of its city."""
        stored = self.stored.order_by().values_list(COUNTY, CITY_ITSELF, "training_return").distinct()
        found = {*stored, *((row.place, row.region, row.filing) for row in self.said)}
        told = {place: filing for place, _, filing in sorted(found, key=lambda one: (str(one[0]), *one[1:]))}
        return [(county, told[county]) for county in counties]


def _counties(asked: Asked, held: Held) -> list[Line]:
    """Return every county and zone with the number of its classes; zones stand apart of the 136."""
    numbers = held.classes(COUNTY)
    return [
        Line(
            region.code,
            region.name,
            number := numbers.get(region.code, 0),
            is_reached=number >= asked.target.number,
            is_apart=region.level == Level.ZONE,
        )
        for region in targets.regions_on(asked.day, Level.COUNTY, Level.ZONE, at=asked.at)
    ]


def _city_runs(held: Held) -> list[Line]:
    """Return the trainings that cities ran themselves (市直, 附件2注1): they cover no county."""
    runs = sorted(held.classes(CITY_ITSELF).items())
    return [Line(city, "市直", number, is_reached=True, is_apart=True) for city, number in runs]


def _per_city(places: Iterable[str]) -> dict[str, int]:
    numbers: dict[str, int] = defaultdict(int)
    for place in places:
        numbers[place[:4]] += 1
    return dict(numbers)
