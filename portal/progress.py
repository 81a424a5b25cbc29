"""How far each policy target is on a day: the whole, by city, and what is behind it. Pure reads.

``at``: as all of it was known at that instant, the targets too; an old answer can be given again.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property, partial

from django.db.models import Sum
from django.utils import timezone

from portal import kept, scope, targets
from portal.browse import PROVINCE_CODE
from portal.models import PolicyTarget, Region, TargetScope
from portal.models.former import as_of
from portal.targets import Asked, Count, Standing, judge
from portal.vocabulary import Level

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile("20[0-9]{2}")


class Unknown(ValueError):
    """A parameter names a day or a year that nothing can be counted for."""


@dataclass(frozen=True)
class Place:
    """One city with its number; ``standing`` is empty where the target is for the whole province."""

    code: str
    name: str
    number: int
    of: int
    standing: str
    word: str = ""


@dataclass(frozen=True)
class Progress:
    """How far one target is on a day: ``number`` of ``of``, by city, and what is behind it.

    For the province ``of`` is the number of the notice; else how many of the cities, counties, units or
    pairs there are reach it.
    """

    target: PolicyTarget
    day: date
    year: int
    years: list[int]
    count: Count
    cities: list[Region]

    @property
    def is_plain(self) -> bool:
        """Whether the number itself is meant, and not how many reach it."""
        return self.target.scope == TargetScope.PROVINCE

    @cached_property
    def number(self) -> int:
        """What the gauge shows."""
        if self.target.scope == TargetScope.CITY:
            return sum(place.standing == Standing.REACHED for place in self.places)
        return sum(self.count.by_city.values())

    @property
    def of(self) -> int:
        """What it is held against."""
        if self.target.scope == TargetScope.CITY:
            return len(self.cities)
        return self.target.number if self.is_plain else sum(self.count.of.values())

    @cached_property
    def places(self) -> list[Place]:
        """The cities in sight, after what the province itself has."""
        own = self.count.by_city.get(PROVINCE_CODE, 0)
        province = [Place(PROVINCE_CODE, "省本级", own, self.count.of.get(PROVINCE_CODE, 0), "")] * bool(own)
        return province + [self._place(city) for city in self.cities]

    def _place(self, city: Region) -> Place:
        number, of = self.count.by_city.get(city.code, 0), self.count.of.get(city.code, 0)
        standing = self._standing(number, of)
        return Place(city.code, city.name, number, of, standing, self._in_words(standing))

    def _standing(self, number: int, of: int) -> str:
        if self.is_plain:
            return ""
        if self.target.scope == TargetScope.CITY:
            return judge(self.target, number)
        if not of or number == of:
            return Standing.REACHED if of else ""
        return Standing.OVER if self.target.scope == TargetScope.PAIR else Standing.SHORT

    @property
    def standing(self) -> str:
        """Where the whole stands; empty while there is nothing to hold against the target."""
        if self.is_plain:
            return judge(self.target, self.number)
        if self.target.scope == TargetScope.CITY:
            return Standing.REACHED if self.of and self.number == self.of else Standing.SHORT
        return self._standing(self.number, self.of)

    @property
    def due_on(self) -> date | None:
        """The day it is due: of what is counted by the year, the same day of that year."""
        due = self.target.due_on
        return targets.due_in(due, self.year) if due and self.years else due

    @property
    def due(self) -> str:
        """The due day and how far it is, in words."""
        if self.due_on is None:
            return ""
        days = (self.due_on - self.day).days
        left = f"还有 {days} 天" if days else "当日截止"
        return f"期限 {self.due_on}，{left if days >= 0 else f'已过 {-days} 天'}"

    @property
    def is_past(self) -> bool:
        """Whether the due day has gone by."""
        return self.due_on is not None and self.due_on < self.day

    @property
    def word(self) -> str:
        """The standing in words."""
        return self._in_words(self.standing) or "还没有可以比较的数据"

    def _in_words(self, standing: str) -> str:
        """Return a standing in words; 尚未 is said only while there is time."""
        if standing == Standing.SHORT and self.is_past:
            return "期限已过，未达到"
        if standing and self.target.scope == TargetScope.PAIR:
            return "没有超出" if standing == Standing.REACHED else "有超出"
        return str(Standing(standing).label) if standing else ""


def read_day(asked: str) -> date:
    """Return the day a query string names, today for none; raise ``Unknown`` for a day still to come."""
    today = timezone.localdate()
    if not asked:
        return today
    try:
        day = date.fromisoformat(asked) if _DAY.fullmatch(asked) else None
    except ValueError:
        day = None
    if day is None or day > today:
        raise Unknown("day")
    return day


def overview(
    day: date,
    *,
    public: bool = True,
    root: str = PROVINCE_CODE,
    meant_for: str = "",
    at: datetime | None = None,
    year: str = "",
) -> list[Progress]:
    """Return how far every target is on ``day``, in their order; the public ones unless told otherwise.

    What is not public is counted within the region ``root`` alone, and ``at`` an instant all is;
    ``meant_for`` picks those of one scope, ``year`` is as in ``progress``. As many queries at any size.
    """
    found = [target for target in _targets(at) if meant_for in ("", target.scope)]
    cities = targets.regions_on(day, Level.CITY, at=at)
    asked = [target for target in found if _is_shown(target.slug, public)]
    return [_progress(target, day, year, root, cities, at) for target in asked]


def _targets(at: datetime | None) -> list[PolicyTarget]:
    if at is None:
        return kept.kept("targets", _as_they_are)
    return sorted(as_of(_as_they_are(), at), key=lambda target: (target.order, target.slug))


def _as_they_are() -> list[PolicyTarget]:
    return list(PolicyTarget.objects.all())


def _is_shown(slug: str, public: bool) -> bool:
    return slug in targets.counters and (targets.counters[slug].is_public or not public)


def progress(
    slug: str,
    day: date,
    *,
    year: str = "",
    public: bool = True,
    root: str = PROVINCE_CODE,
    at: datetime | None = None,
) -> Progress:
    """Return how far one target is; raise ``Unknown`` for a slug or a year there is not.

    ``at`` an instant any year may be asked for.
    """
    target = next((one for one in _targets(at) if one.slug == slug and _is_shown(slug, public)), None)
    if target is None:
        raise Unknown("target")
    return _progress(target, day, year, root, targets.regions_on(day, Level.CITY, at=at), at)


def _progress(
    target: PolicyTarget, day: date, year: str, root: str, cities: list[Region], at: datetime | None
) -> Progress:
    counter = targets.counters[target.slug]
    counted = _counted if at or not counter.is_of_entries else partial(kept.kept, "counted", _counted)
    years, chosen, count = counted(target, day, year, at)
    # others share what is kept: each page asks by queries of its own
    reached = count.reached.all() if count.reached is not None else None
    count = replace(count, behind=count.behind.all(), reached=reached)
    if root != PROVINCE_CODE and (at or not counter.is_public):
        count, cities = inside(count, root), [city for city in cities if city.code == root[:4]]
    return Progress(target, day, chosen, years, count, cities)


def _counted(target: PolicyTarget, day: date, year: str, at: datetime | None) -> tuple[list[int], int, Count]:
    """Return the years that may be asked for, the one that is, and the count of it."""
    counter = targets.counters[target.slug]
    years = (counter.years(day, at) or [day.year]) if counter.years else []
    chosen = _chosen(year, years, any_year=at is not None) if years else day.year
    return years, chosen, counter.count(Asked(target, day, chosen, at))


def _chosen(year: str, years: list[int], any_year: bool) -> int:
    if not year:
        return years[0]
    if not _YEAR.fullmatch(year) or not (any_year or int(year) in years):
        raise Unknown("year")
    return int(year)


def inside(count: Count, root: str) -> Count:
    """Return what of a count lies in one city or county."""
    reached = count.reached.filter(scope.within("region_id", root)) if count.reached is not None else None
    found = replace(
        count,
        by_city=_keys_inside(count.by_city, root),
        behind=count.behind.filter(scope.within("region_id", root)),
        of=_keys_inside(count.of, root),
        lines=[line for line in count.lines if line.place.startswith(root)],
        reached=reached,
        credited=count.credited and (lambda: [one for one in count.credited() if one[0].startswith(root)]),
    )
    return found if len(root) <= len("3701") else _of_county(found, root[:4])


def _keys_inside(numbers: dict[str, int], root: str) -> dict[str, int]:
    return {code: number for code, number in numbers.items() if code.startswith(root)}


def _of_county(count: Count, city: str) -> Count:
    """Return a count with the numbers of the one county to which it was narrowed; pairs have none."""
    counties = [line for line in count.lines if not line.is_apart]
    if count.credited:
        return replace(
            count, by_city={city: sum(line.is_reached for line in counties)}, of={city: len(counties)}
        )
    if count.reached is not None:
        return replace(count, by_city=targets.tally(count.reached), of=targets.tally(count.behind))
    return replace(count, by_city=targets.tally(count.behind, Sum("amount") if count.amount else None))
