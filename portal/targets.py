"""Policy targets: the limits the rules read, the counters of the record types, how far each target is.

Pure reads. A number stands in one place: the row of ``PolicyTarget``, or the notice's own in ``fixtures/``
until it is loaded. What is counted is said beside the record types (``@counted``); a counter answers for any
day by city, with the entries or filings behind the number.
"""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db.models import Count as Rows
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, TextChoices
from django.db.models.functions import Coalesce, Substr
from django.utils import timezone

from portal.models import CatalogueEntry, PolicyTarget, Promotion, Region
from portal.models.targets import Operator, TargetScope
from portal.vocabulary import Level

FIXTURE = settings.BASE_DIR / "fixtures" / "policy_targets.csv"
PROVINCE_CODE = "37"
# “20个左右”, “50个左右”: the notice sets no margin (鲁就办〔2021〕22号 一); the pages say that this is taken.
ABOUT_SHARE = 10
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile("20[0-9]{2}")


class Unknown(ValueError):
    """A parameter names a day or a year that nothing can be counted for."""


def from_line(line: dict[str, str]) -> dict[str, object]:
    """Return the columns of a ``PolicyTarget`` from a line of the fixture."""
    due, most = line["due_on"], line["most"]
    return {
        **line,
        "number": int(line["number"]),
        "most": int(most) if most else None,
        "due_on": date.fromisoformat(due) if due else None,
        "order": int(line["order"]),
    }


@cache
def _in_the_notices() -> dict[str, int]:
    with FIXTURE.open(encoding="utf-8", newline="") as file:
        return {line["slug"]: int(line["number"]) for line in csv.DictReader(file)}


def limits(*slugs: str) -> dict[str, int]:
    """Return slug → number as it stands now; one query, so ask once for all rows of a form."""
    stored = dict(PolicyTarget.objects.filter(pk__in=slugs).values_list("slug", "number"))
    return {slug: stored[slug] if slug in stored else _in_the_notices()[slug] for slug in slugs}


def limit(slug: str) -> int:
    """Return the number of one target as it stands now; one query."""
    return limits(slug)[slug]


def changed_by_hand() -> set[str]:
    """Return the slugs of the targets that were changed in the administration, by its log."""
    notes = LogEntry.objects.filter(content_type__app_label="portal", content_type__model="policytarget")
    return set(notes.values_list("object_id", flat=True))


@dataclass(frozen=True)
class Asked:
    """What a counter is asked: the target, the day, and the year of what is counted by the year."""

    target: PolicyTarget
    day: date
    year: int


@dataclass(frozen=True)
class Line:
    """One thing a target is held against that is no entry: a county, or a project in a city.

    ``is_apart``: shown, and no part of the denominator (功能区, 市直). ``nodes`` are the entries it is about.
    """

    place: str
    name: str
    number: int
    is_reached: bool
    is_apart: bool = False
    nodes: tuple[CatalogueEntry, ...] = ()


@dataclass(frozen=True)
class Count:
    """What was counted: city code → number, the denominators where there are any, and what is behind it.

    ``of``      city code → how many cities' units, counties or pairs there are; empty for plain numbers
    ``behind``  the entries or filings; ``amount`` is the heading of what each adds, annotated as ``amount``
    """

    by_city: dict[str, int]
    behind: QuerySet
    of: dict[str, int] = field(default_factory=dict)
    amount: str = ""
    lines: Sequence[Line] = ()


@dataclass(frozen=True)
class Counter:
    """How a target is counted; ``years`` gives what can be asked for, the usual one first."""

    count: Callable[[Asked], Count]
    years: Callable[[date], list[int]] | None
    is_public: bool


_counters: dict[str, Counter] = {}


def counted(slug: str, *, years: Callable[[date], list[int]] | None = None, public: bool = False):
    """Register the decorated function as the counter of the target ``slug``.

    ``public``: number and list rest on public fields of published entries alone.
    """

    def register(count: Callable[[Asked], Count]) -> Callable[[Asked], Count]:
        _counters[slug] = Counter(count, years, public)
        return count

    return register


def in_force(kind: str, day: date, level: str = "") -> QuerySet:
    """Return the entries of one catalogue on a day, of one level at the end of that day if told.

    An amended entry is there once, an exited one no longer; before its promotion an entry had the former
    level.
    """
    entries = CatalogueEntry.objects.filter(kind=kind).in_force(day)
    if not level:
        return entries
    later = Promotion.objects.filter(entry=OuterRef("pk"), on__gt=day).order_by("on", "pk")
    then = Coalesce(Subquery(later.values("former")[:1]), F("level"))
    return entries.annotate(level_then=then).filter(level_then=level)


def tally(rows: QuerySet, number=None, region: str = "region_id") -> dict[str, int]:
    """Return city code → number of rows, or another aggregate of them; one grouped query."""
    cities = rows.order_by().annotate(city=Substr(region, 1, 4)).values_list("city")
    return {city: found or 0 for city, found in cities.annotate(n=number or Rows("pk"))}


def regions_on(day: date, *levels: str) -> list[Region]:
    """Return the regions of these levels that held on a day, by code."""
    begun = Q(valid_from=None) | Q(valid_from__lte=day)
    held = Region.objects.filter(begun, Q(valid_to=None) | Q(valid_to__gt=day), level__in=levels)
    return list(held.order_by("code"))


class Standing(TextChoices):
    """Where a number stands against its target."""

    REACHED = "reached", "已达到"
    SHORT = "short", "尚未达到"
    OVER = "over", "超出"


def judge(target: PolicyTarget, number: int) -> Standing:
    """Return where ``number`` stands; 约 is taken as one tenth on either side."""
    margin = target.number // ABOUT_SHARE if target.operator == Operator.ABOUT else 0
    least = 0 if target.operator == Operator.AT_MOST else target.number - margin
    most = {
        Operator.AT_LEAST: number,
        Operator.ABOUT: target.number + margin,
        Operator.AT_MOST: target.number,
        Operator.BETWEEN: target.most,
    }[target.operator]
    if number < least:
        return Standing.SHORT
    return Standing.OVER if number > most else Standing.REACHED


def demand(target: PolicyTarget) -> str:
    """Return what is asked for in words: 不少于 10 个, 每市介于 3 至 5 个."""
    whom = "" if target.scope == TargetScope.PROVINCE else target.get_scope_display()
    most = f" 至 {target.most}" if target.operator == Operator.BETWEEN else ""
    return f"{whom}{target.get_operator_display()} {target.number}{most} {target.unit}"


@dataclass(frozen=True)
class Place:
    """One city with its number; ``standing`` is empty where the target is for the whole province."""

    code: str
    name: str
    number: int
    of: int
    standing: str

    @property
    def word(self) -> str:
        """The standing in words."""
        return Standing(self.standing).label if self.standing else ""


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
    is_public: bool

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
        return Place(city.code, city.name, number, of, self._standing(number, of))

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
        return due.replace(year=self.year) if due and self.years else due

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
        """The standing in words; 尚未 is said only while there is time."""
        if self.standing == Standing.SHORT and self.is_past:
            return "期限已过，未达到"
        return Standing(self.standing).label if self.standing else "还没有可以比较的数据"


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


def overview(day: date, *, public: bool = True, root: str = PROVINCE_CODE) -> list[Progress]:
    """Return how far every target is on ``day``, in their order; the public ones unless told otherwise.

    What is not public is counted within the region ``root`` alone. As many queries at any size.
    """
    found = [target for target in PolicyTarget.objects.all() if _is_shown(target.slug, public)]
    cities = regions_on(day, Level.CITY)
    return [_progress(target, day, "", root, cities) for target in found]


def _is_shown(slug: str, public: bool) -> bool:
    return slug in _counters and (_counters[slug].is_public or not public)


def progress(
    slug: str, day: date, *, year: str = "", public: bool = True, root: str = PROVINCE_CODE
) -> Progress:
    """Return how far one target is; raise ``Unknown`` for a slug or a year there is not."""
    target = PolicyTarget.objects.filter(pk=slug).first() if _is_shown(slug, public) else None
    if target is None:
        raise Unknown("target")
    return _progress(target, day, year, root, regions_on(day, Level.CITY))


def _progress(target: PolicyTarget, day: date, year: str, root: str, cities: list[Region]) -> Progress:
    counter = _counters[target.slug]
    years = (counter.years(day) or [day.year]) if counter.years else []
    asked = Asked(target, day, _chosen(year, years) if years else day.year)
    count = counter.count(asked)
    if not counter.is_public and root != PROVINCE_CODE:
        count, cities = _inside(count, root), [city for city in cities if city.code.startswith(root[:4])]
    return Progress(target, day, asked.year, years, count, cities, counter.is_public)


def _chosen(year: str, years: list[int]) -> int:
    if not year:
        return years[0]
    if not _YEAR.fullmatch(year) or int(year) not in years:
        raise Unknown("year")
    return int(year)


def _inside(count: Count, root: str) -> Count:
    """Return what of a count lies in one city."""
    return Count(
        _keys_inside(count.by_city, root),
        count.behind.filter(region_id__startswith=root),
        _keys_inside(count.of, root),
        count.amount,
        [line for line in count.lines if line.place.startswith(root)],
    )


def _keys_inside(numbers: dict[str, int], root: str) -> dict[str, int]:
    return {code: number for code, number in numbers.items() if code.startswith(root)}


def percent(part: int, whole: int) -> int:
    """Return a share as a whole percentage of a bar, never over 100."""
    return min(100, 100 * part // whole) if whole else 0


def newest_first(years: Iterable[int | None], usual: int) -> list[int]:
    """Return the years there are, newest first, but the latest not after ``usual`` before all others."""
    known = sorted({year for year in years if year}, reverse=True)
    first = [year for year in known if year <= usual][:1]
    return first + [year for year in known if year not in first]
