"""Which units and brands R4 counts, and what each adds to its numbers: those in force at its cut-off.

What is still as it was submitted is summed by one grouped query and listed as a stream; the few that were
changed since come from their snapshots. So memory does not grow with the register.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    FilteredRelation,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.expressions import Case, Expression, When
from django.db.models.functions import Coalesce, Substr
from django.db.models.lookups import GreaterThanOrEqual

from portal import rollups, targets
from portal.reports import PROVINCE_CODE, Asked
from portal.vocabulary import BrandLevel
from workforce.models import AnnualPerformance, KeyBrand
from workforce.models.labour import PLACED, TRAINED, UNIT_TYPES

CHUNK = 2000
NAMES = ("trained_count", "self_used_count", "exported_count")
FIGURES = ("trained", "self-used", "exported", "placed")
UNTYPED = "untyped"  # of a unit whose form leaves the type open, as what was decided before the portal may


class Figures(NamedTuple):
    """What a unit trained and placed in a year."""

    trained: int
    self_used: int
    exported: int

    @property
    def placed(self) -> int:
        """自用或输出."""
        return self.self_used + self.exported


@dataclass(frozen=True)
class Said:
    """What a form said: ``of`` is the type, by the code of the choice."""

    of: str
    workers: int = 0
    figures: Mapping[int, Figures] = field(default_factory=dict)


@dataclass(frozen=True)
class Thing:
    """A unit or brand in force; of ``said.figures`` at least those of the year that is asked for."""

    filing: int
    city: str
    code: str
    title: str
    level: str
    said: Said


@dataclass
class InForce(ABC):
    """The entries of one type that are in force, as the register and the forms said at the cut-off."""

    asked: Asked

    kind: ClassVar[str]  # the type of the entries
    form: ClassVar[tuple[str, ...]]  # what is read of the form of an entry

    @cached_property
    def year(self) -> int:
        """The year of the figures and of the 建设重点."""
        return int(self.asked.filters.get("year") or self.asked.day.year - 1)

    @property
    @abstractmethod
    def adds(self) -> dict[str, Expression]:
        """Column → what an entry whose form is as it was adds to it: ``counted`` as expressions."""

    @abstractmethod
    def counted(self, thing: Thing) -> dict[str, int]:
        """Return column → what a unit or brand adds to it."""

    @abstractmethod
    def _stored(self, *form: Any) -> Said:
        """Return what a form says whose columns are ``form``."""

    @abstractmethod
    def _submitted(self, snapshot: dict) -> Said:
        """Return what a form said as a version has it."""

    def entries(self) -> QuerySet:
        """Return the entries, each with ``city``."""
        found = rollups.entries_at(self.asked.cutoff, self.asked.region, self.kind)
        return found.annotate(city=Substr("region_id", 1, 4))

    def live(self) -> QuerySet:
        """Return those of them whose form still says what it said."""
        return self.entries().filter(self._is_live)

    def others(self) -> QuerySet:
        """Return those whose form was changed since."""
        return self.entries().exclude(self._is_live)

    @cached_property
    def _is_live(self) -> Q:
        return rollups.untouched_since(self.asked.cutoff, "filing__")

    @cached_property
    def changed(self) -> dict[int, Said]:
        """Filing → what its form said, of the others; not looked for when the sums came to none."""
        if all(is_live for _, is_live, *_ in self._groups):
            return {}
        found = rollups.submitted_at(self.asked.cutoff, PROVINCE_CODE, self.kind)
        found = found.filter(pk__in=self.others().values("filing"))
        return {filing.pk: self._submitted(said) for filing, said in rollups.with_snapshots(found)}

    @cached_property
    def _groups(self) -> list[tuple]:
        """City, whether the forms are as they were, and what the forms as they are add to each column."""
        live = ExpressionWrapper(self._is_live, output_field=BooleanField())
        sums = {f"sum_{place}": Sum(added) for place, added in enumerate(self.adds.values())}
        found = self.entries().annotate(is_live=live).values("city", "is_live").annotate(**sums)
        return list(found.values_list("city", "is_live", *sums))

    def things(self) -> Iterator[Thing]:
        """Yield the units or brands by city and code."""
        return self._read(self.entries())

    def _changed_things(self) -> Iterator[Thing]:
        return self._read(self.others()) if self.changed else iter(())

    def _read(self, entries: QuerySet) -> Iterator[Thing]:
        names = ("filing_id", "city", "code", "title", "level_then", *self.form)
        rows = entries.order_by("city", "code").values_list(*names)
        for filing, city, code, title, level, *form in rows.iterator(chunk_size=CHUNK):
            said = self.changed.get(filing) or self._stored(*form)
            yield Thing(filing, city, code, title, level, said)

    @cached_property
    def sums(self) -> Counter[tuple[str, str]]:
        """(column, city) → its number."""
        found: Counter[tuple[str, str]] = Counter()
        for city, is_live, *numbers in self._groups:
            if is_live:
                found.update({(column, city): n for column, n in zip(self.adds, numbers, strict=True)})
        for thing in self._changed_things():
            found.update({(column, thing.city): n for column, n in self.counted(thing).items()})
        return found

    def behind(self, column: str, city: str) -> tuple[QuerySet, dict[int, int]]:
        """Return what adds to a column of a city, or of all: entries that bear ``adds``, filing → amount.

        The first are those whose form is as it was, the second the others.
        """
        live = self.live().annotate(adds=self.adds[column]).exclude(adds=0)
        counted = ((thing, self.counted(thing).get(column, 0)) for thing in self._changed_things())
        others = {thing.filing: n for thing, n in counted if n and city in ("", thing.city)}
        return (live.filter(city=city) if city else live), others


@dataclass
class Units(InForce):
    """建设单位 with what they trained and placed."""

    kind = "building-units"
    form = ("filing__buildingunit__unit_type", *(f"told__{name}" for name in NAMES))

    def entries(self) -> QuerySet:
        """Return the units in force, ``told`` being the figures of the year."""
        path = "filing__buildingunit__annual_performances"
        told = FilteredRelation(path, condition=Q(**{f"{path}__year": self.year}))
        return super().entries().alias(told=told)

    @cached_property
    def limits(self) -> tuple[int, int]:
        """The numbers of trained and of placed that the notice asked for at the cut-off."""
        found = targets.limits(TRAINED, PLACED) | rollups.limits_at(self.asked.cutoff, TRAINED, PLACED)
        return found[TRAINED], found[PLACED]

    @cached_property
    def years(self) -> set[int]:
        """The years of which a unit told its figures, found by the index, year after year.

        A choice to offer: read of the forms as they stand, for what is in force is closed to changes.
        """
        # looked up for one row after the other until one is found: SQLite would list all units for every year
        told = Exists(self.entries().filter(filing=OuterRef("unit")))
        rows = AnnualPerformance.objects.order_by()
        found: set[int] = set()
        year = rows.aggregate(first=Min("year"))["first"]
        while year is not None:
            if rows.filter(told, year=year).exists():
                found.add(year)
            year = rows.filter(year__gt=year).aggregate(first=Min("year"))["first"]
        return found

    @cached_property
    def adds(self) -> dict[str, Expression]:
        """Column → what a unit whose form is as it was adds to it."""
        kinds = {code: _one(Q(filing__buildingunit__unit_type=code)) for code, _ in UNIT_TYPES}
        kinds[UNTYPED] = _one(Q(filing__buildingunit__unit_type=""))
        trained, placed = F("told__trained_count"), F("told__self_used_count") + F("told__exported_count")
        people = (trained, F("told__self_used_count"), F("told__exported_count"), placed)
        enough = (
            Q(told__trained_count__gte=self.limits[0]),
            Q(GreaterThanOrEqual(placed, self.limits[1])),
        )
        return {
            **kinds,
            "units": Value(1),
            "reported": _one(Q(told__isnull=False)),
            **{name: Coalesce(count, 0) for name, count in zip(FIGURES, people, strict=True)},
            "trained-enough": _one(enough[0]),
            "placed-enough": _one(enough[1]),
            "enough": _one(enough[0] & enough[1]),
        }

    def counted(self, thing: Thing) -> dict[str, int]:
        """Return column → what a unit adds to it."""
        found = {thing.said.of: 1, "units": 1}
        if figures := thing.said.figures.get(self.year):
            trained, placed = self.enough(figures)
            found |= dict(zip(FIGURES, (*figures, figures.placed), strict=True))
            found |= {"reported": 1, "trained-enough": int(trained), "placed-enough": int(placed)}
            found["enough"] = int(trained and placed)
        return found

    def enough(self, figures: Figures) -> tuple[bool, bool]:
        """Say whether a unit trained, and placed, as many as the notice asks for."""
        return figures.trained >= self.limits[0], figures.placed >= self.limits[1]

    def _stored(self, of: str, *figures: int | None) -> Said:
        return Said(of or UNTYPED, figures={} if figures[0] is None else {self.year: Figures(*figures)})

    def _submitted(self, snapshot: dict) -> Said:
        rows = snapshot["rows"]["annual_performances"]
        figures = {row["year"]: Figures(*(row[name] for name in NAMES)) for row in rows}
        return Said(snapshot["values"]["unit_type"] or UNTYPED, figures=figures)


@dataclass
class Brands(InForce):
    """劳务品牌 with their workers."""

    kind = "labour-brands"
    form = ("filing__labourbrand__brand_type", "filing__labourbrand__worker_count")

    @cached_property
    def key(self) -> set[str]:
        """The codes of the brands that were the 建设重点 of a city in the year."""
        held = KeyBrand.objects.held_at(self.asked.cutoff).filter(year=self.year)
        return set(held.values_list("code", flat=True))

    @cached_property
    def adds(self) -> dict[str, Expression]:
        """Column → what a brand whose form is as it was adds to it."""
        return {
            **{level: _one(Q(level_then=level)) for level in BrandLevel.values},
            "brands": Value(1),
            "workers": Coalesce("filing__labourbrand__worker_count", 0),
            "key": _one(Q(code__in=self.key)),
        }

    def counted(self, thing: Thing) -> dict[str, int]:
        """Return column → what a brand adds to it."""
        own = {thing.level: 1, "brands": 1, "workers": thing.said.workers}
        return own | {"key": int(thing.code in self.key)}

    def _stored(self, of: str, workers: int | None) -> Said:
        return Said(of, workers or 0)

    def _submitted(self, snapshot: dict) -> Said:
        said = snapshot["values"]
        return Said(said["brand_type"], said["worker_count"] or 0)


def _one(condition: Q) -> Case:
    """Return 1 where it holds, else 0."""
    return Case(When(condition, then=1), default=0, output_field=IntegerField())
