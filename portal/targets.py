"""Policy targets: the limits the rules read, the counters of the record types, how a number is judged.

Pure reads. A number stands in one place: the row of ``PolicyTarget``, or the notice's own in ``fixtures/``
until it is loaded. What is counted is said beside the record types (``@counted``); a counter answers for any
day, or as all was known at an instant, by city and with the entries or filings behind the number. How far
each target is, says ``progress``.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db.models import Count as Rows
from django.db.models import Q, QuerySet, TextChoices
from django.db.models.functions import Substr
from django.utils import timezone

from portal import kept, numbers, rollups
from portal.lineages import PROVINCE_CODE
from portal.models import CatalogueEntry, Operator, PolicyTarget, Promotion, Region, TargetScope

FIXTURE = settings.BASE_DIR / "fixtures" / "policy_targets.csv"
# “20个左右”, “50个左右”: the notice sets no margin (鲁就办〔2021〕22号 一); the pages say what is taken.
TENTH = 10


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


_remembered: ContextVar[dict[str, int] | None] = ContextVar("limits that were read", default=None)


@contextmanager
def read_once():
    """Read the numbers at most once inside this block: of one request, of one look over many filings."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def limits(*slugs: str) -> dict[str, int]:
    """Return slug → number as it stands now; one query, inside ``read_once`` one for all that ask."""
    known = _remembered.get()
    known = {} if known is None else known
    if not known:
        known |= _in_the_notices() | dict(PolicyTarget.objects.values_list("slug", "number"))
    return {slug: known[slug] for slug in slugs}


def limit(slug: str) -> int:
    """Return the number of one target as it stands now, as ``limits`` does."""
    return limits(slug)[slug]


def changed_by_hand() -> set[str]:
    """Return the slugs of the targets that were changed in the administration, by its log."""
    notes = LogEntry.objects.filter(content_type__app_label="portal", content_type__model="policytarget")
    return set(notes.values_list("object_id", flat=True))


@dataclass(frozen=True)
class Asked:
    """What a counter is asked: the target, the day, and the year of what is counted by the year.

    ``at``: as it was known at that instant, which lies in the day; whatever was entered later is not seen.
    """

    target: PolicyTarget
    day: date
    year: int
    at: datetime | None = None


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
    ``reached`` those of them that reach the target, where the number is theirs alone
    ``credited`` gives (place, filing) for each county or pair of the number, which is no entry itself
    ``level``   which all entries behind it have, where the target asks for one
    """

    by_city: dict[str, int]
    behind: QuerySet
    of: dict[str, int] = field(default_factory=dict)
    amount: str = ""
    lines: Sequence[Line] = ()
    reached: QuerySet | None = None
    credited: Callable[[], Iterable[tuple[str, int]]] | None = None
    level: str = ""


Years = Callable[[date, datetime | None], list[int]]


@dataclass(frozen=True)
class Counter:
    """How a target is counted; ``years`` gives what can be asked for on a day, the usual one first."""

    count: Callable[[Asked], Count]
    years: Years | None
    is_public: bool
    is_of_entries: bool


counters: dict[str, Counter] = {}


def counted(slug: str, *, years: Years | None = None, public: bool = False, of_entries: bool = True):
    """Register the decorated function as the counter of the target ``slug``.

    ``public``: number and list rest on public fields of published entries alone. ``of_entries``: on entries
    and what is filed of them, so that a number stands until one of these changes.
    """

    def register(count: Callable[[Asked], Count]) -> Callable[[Asked], Count]:
        counters[slug] = Counter(count, years, public, of_entries)
        return count

    return register


def in_force(kind: str, day: date, level: str = "", at: datetime | None = None) -> QuerySet:
    """Return the entries of one catalogue on a day, of one level at the end of that day if told.

    An amended entry is there once, an exited one no longer; before its promotion an entry had the former
    level. ``at``: as the register said at that instant.
    """
    entries = CatalogueEntry.objects.filter(kind=kind).in_force(day, known=at)
    then = rollups.level_on(day, known=at)
    return entries.annotate(level_then=then).filter(level_then=level) if level else entries


def entries_counted(asked: Asked, kind: str, level: str = "") -> Count:
    """Return the count of a target whose number is that of the entries of a catalogue, of one level if told.

    Of the present day it is read from the counts that are kept, at any size of the catalogue.
    """
    entries = in_force(kind, asked.day, level, at=asked.at)
    if asked.at or asked.day != timezone.localdate() or _rises_later(asked.day):
        return Count(tally(entries), entries, level=level)
    found = {city: n for city, n in numbers.by_city(kind, level).items() if n}
    return Count(found, entries, level=level)


def _rises_later(day: date) -> bool:
    """Say whether an entry has another level at the end of the present day than it bears."""
    return Promotion.objects.filter(on__gt=day).exists()


def tally(rows: QuerySet, number=None, region: str = "region_id") -> dict[str, int]:
    """Return city code → number of rows, or another aggregate of them; one grouped query."""
    cities = rows.order_by().annotate(city=Substr(region, 1, 4)).values_list("city")
    return {city: found or 0 for city, found in cities.annotate(n=number or Rows("pk"))}


def regions_on(day: date, *levels: str, at: datetime | None = None) -> list[Region]:
    """Return the regions of these levels that held on a day, by code; ``at``: as they were known."""
    if at:
        return rollups.regions_at(at, PROVINCE_CODE, *levels)
    return list(kept.kept("regions", _regions_on, day, *levels))


def _regions_on(day: date, *levels: str) -> list[Region]:
    begun = Q(valid_from=None) | Q(valid_from__lte=day)
    held = Region.objects.filter(begun, Q(valid_to=None) | Q(valid_to__gt=day), level__in=levels)
    return list(held.order_by("code"))


def due_in(due: date, year: int) -> date:
    """Return the due day in another year; the end of February stays the end of February."""
    is_leap_day = (due.month, due.day) == (2, 29)
    return date(year, 3, 1) - timedelta(days=1) if is_leap_day else due.replace(year=year)


def newest_first(years: Iterable[int | None], usual: int) -> list[int]:
    """Return the years there are, newest first, but the latest not after ``usual`` before all others."""
    known = sorted({year for year in years if year}, reverse=True)
    first = [year for year in known if year <= usual][:1]
    return first + [year for year in known if year not in first]


class Standing(TextChoices):
    """Where a number stands against its target."""

    REACHED = "reached", "已达到"
    SHORT = "short", "尚未达到"
    OVER = "over", "超出"


def judge(target: PolicyTarget, number: int) -> Standing:
    """Return where ``number`` stands; 约 is taken as one tenth on either side."""
    margin = target.number // TENTH if target.operator == Operator.ABOUT else 0
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
