"""R4 劳务品牌: units by city and type, what they trained and placed in a year, brands, their workers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, QuerySet

from portal import rollups, targets
from portal.reports import (
    NUMBER,
    PROVINCE_CODE,
    SUBTOTAL,
    TOTAL,
    Asked,
    Behind,
    Cell,
    Column,
    Content,
    Filter,
    Line,
    Table,
    reported,
)
from portal.vocabulary import BrandLevel
from workforce.models import AnnualPerformance, BuildingUnit, KeyBrand, LabourBrand
from workforce.models.labour import BRAND_TYPES, PLACED, PLAN, TRAINED, UNIT_TYPES
from workforce.reports import cells
from workforce.reports.cells import Ledger

UNITS, BRANDS, WORKERS = "building-units", "labour-brands", "labour-brand-workers"
YES, NO, UNREPORTED, PEOPLE = "是", "否", "未报", "人数（人）"
FIGURES = ("trained", "self-used", "exported", "placed")
YEARLY = ("units", "reported", *FIGURES, "trained-enough", "placed-enough", "enough")
OF_BRANDS = ("provincial", "municipal", "brands", "workers", "key")
CELLS = {
    **{code: (f"建设单位：{word}", "") for code, word in UNIT_TYPES},
    "units": ("建设单位", ""),
    "reported": ("报告了年度数据的建设单位", ""),
    "trained": ("培训人数", PEOPLE),
    "self-used": ("自用人数", PEOPLE),
    "exported": ("输出人数", PEOPLE),
    "placed": ("自用或输出人数", PEOPLE),
    "trained-enough": ("培训人数达标的建设单位", ""),
    "placed-enough": ("自用或输出人数达标的建设单位", ""),
    "enough": ("两项达标的建设单位", ""),
    "provincial": ("省级劳务品牌", ""),
    "municipal": ("市级劳务品牌", ""),
    "brands": ("劳务品牌", ""),
    "workers": ("从业人员", PEOPLE),
    "key": ("市级建设重点", ""),
}
ENOUGH = f"达标：年培训人数不低于{{}}人，年自用或输出人数不低于{{}}人（{PLAN} 二（二））。"
LEVELS = "省级品牌不再计入市级；建设重点为各市当年确定的市级劳务品牌建设重点。"


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
class Thing:
    """A unit or brand in force, with what its form said: ``of`` is its type, by the code of the choice."""

    filing: int
    city: str
    code: str
    title: str
    level: str
    of: str = ""
    workers: int = 0
    figures: Mapping[int, Figures] = field(default_factory=dict)


@dataclass
class Roll:
    """What one question counts, as the register and the forms said at the cut-off."""

    asked: Asked

    @cached_property
    def cities(self) -> dict[str, str]:
        """Code → name of the cities that are asked for."""
        return cells.cities(self.asked, (thing.city for thing in (*self.units, *self.brands)))

    @cached_property
    def year(self) -> int:
        """The year of the figures and of the 建设重点."""
        return int(self.asked.filters.get("year") or self.asked.day.year - 1)

    @cached_property
    def limits(self) -> tuple[int, int]:
        """The numbers of trained and of placed that the notice asked for at the cut-off."""
        found = targets.limits(TRAINED, PLACED) | rollups.limits_at(self.asked.cutoff, TRAINED, PLACED)
        return found[TRAINED], found[PLACED]

    @cached_property
    def units(self) -> list[Thing]:
        """The units in force by city and code, with their figures of every year."""
        live = self._forms(UNITS).filter(is_live=True).values("pk")
        types = dict(BuildingUnit.objects.filter(pk__in=live).values_list("pk", "unit_type"))
        rows = AnnualPerformance.objects.filter(unit__in=live).order_by("unit", "year")
        facts: dict[int, dict[str, Any]] = {pk: {"of": kind, "figures": {}} for pk, kind in types.items()}
        names = ("unit_id", "year", "trained_count", "self_used_count", "exported_count")
        for unit, year, *figures in rows.values_list(*names):
            facts[unit]["figures"][year] = Figures(*figures)
        for pk, snapshot in self._changed(UNITS):
            said = snapshot["rows"]["annual_performances"]
            figures = {row["year"]: Figures(*(row[name] for name in names[2:])) for row in said}
            facts[pk] = {"of": snapshot["values"]["unit_type"], "figures": figures}
        return self._things(UNITS, facts)

    @cached_property
    def brands(self) -> list[Thing]:
        """The brands in force by city and code."""
        live = self._forms(BRANDS).filter(is_live=True).values("pk")
        brands = LabourBrand.objects.filter(pk__in=live).values_list("pk", "brand_type", "worker_count")
        facts = {pk: {"of": kind, "workers": workers or 0} for pk, kind, workers in brands}
        for pk, snapshot in self._changed(BRANDS):
            said = snapshot["values"]
            facts[pk] = {"of": said["brand_type"], "workers": said["worker_count"] or 0}
        return self._things(BRANDS, facts)

    @cached_property
    def key(self) -> set[str]:
        """The codes of the brands that were the 建设重点 of a city in the year."""
        held = KeyBrand.objects.held_at(self.asked.cutoff).filter(year=self.year)
        return set(held.values_list("code", flat=True))

    def _entries(self, kind: str) -> QuerySet:
        return rollups.entries_at(self.asked.cutoff, self.asked.region, kind)

    def _forms(self, kind: str) -> QuerySet:
        """Return the filings of what is in force, each with whether it still says what it said."""
        found = rollups.submitted_at(self.asked.cutoff, PROVINCE_CODE, kind)
        live = ExpressionWrapper(rollups.is_as_it_was(), output_field=BooleanField())
        return found.filter(pk__in=self._entries(kind).values("filing")).annotate(is_live=live)

    def _changed(self, kind: str) -> Iterator[tuple[int, dict]]:
        for filing, snapshot in rollups.with_snapshots(self._forms(kind).filter(is_live=False)):
            yield filing.pk, snapshot

    def _things(self, kind: str, facts: Mapping[int, dict[str, Any]]) -> list[Thing]:
        entries = self._entries(kind).values_list("filing_id", "region_id", "code", "title", "level_then")
        found = [
            Thing(filing, region[:4], code, title, level, **facts[filing])
            for filing, region, code, title, level in entries
        ]
        return sorted(found, key=lambda thing: (thing.city, thing.code))

    @cached_property
    def ledger(self) -> Ledger:
        """The numbers, each with the filings it is made of."""
        ledger = Ledger(CELLS, self.cities)
        for unit in self.units:
            for column, amount in self.counted(unit).items():
                ledger.add(column, unit.city, unit.filing, amount)
        for brand in self.brands:
            columns = {brand.level: 1, "brands": 1, "workers": brand.workers, "key": brand.code in self.key}
            for column, amount in columns.items():
                ledger.add(column, brand.city, brand.filing, int(amount))
        return ledger

    def counted(self, unit: Thing) -> dict[str, int]:
        """Return column → what a unit adds to it."""
        found = {unit.of: 1, "units": 1}
        if figures := unit.figures.get(self.year):
            trained, placed = (
                n >= least for n, least in zip((figures.trained, figures.placed), self.limits, strict=True)
            )
            found |= dict(zip(FIGURES, (*figures, figures.placed), strict=True))
            found |= {"reported": 1, "trained-enough": trained, "placed-enough": placed}
            found["enough"] = trained and placed
        return found


def _years(asked: Asked) -> dict[str, str]:
    years = {year for unit in Roll(replace(asked, filters={})).units for year in unit.figures}
    found = targets.newest_first(years, asked.day.year - 1) or [asked.day.year - 1]
    return {str(year): f"{year}年" for year in found}


def behind(asked: Asked, cell: Mapping[str, str]) -> Behind:
    """Return the filings in force that a number counts, with what each adds."""
    return Roll(asked).ledger.behind(cell)


@reported(
    "labour-brands",
    code="R4",
    title="劳务品牌和建设单位情况汇总表",
    basis=PLAN,
    behind=behind,
    filters=[Filter("year", "年度", _years)],
)
def labour_brands(asked: Asked) -> Content:
    """Return units by type, their year by city and one by one, brands by city and one by one."""
    roll = Roll(asked)
    enough = ENOUGH.format(*roll.limits)
    return Content(
        "劳务品牌和建设单位情况汇总表",
        (
            Table("建设单位", _type_columns(), lambda: _by_type(roll)),
            Table("年度达标情况", _yearly_columns(), lambda: _by_city(roll, YEARLY), (enough,)),
            Table("单位年度数据", _unit_columns(), lambda: _units(roll), (enough,), True),
            Table("劳务品牌", _brand_columns(), lambda: _brands_by_city(roll), (LEVELS,)),
            Table("劳务品牌名单", _list_columns(), lambda: _brands(roll), (), True),
        ),
    )


def _type_columns() -> tuple[Column, ...]:
    types = (Column(word, NUMBER, 10, "个") for _, word in UNIT_TYPES)
    return (Column("市", width=10), *types, Column("合计", NUMBER, 10, "个"))


def _by_type(roll: Roll) -> Iterator[Line]:
    return _by_city(roll, (*(code for code, _ in UNIT_TYPES), "units"))


def _by_city(roll: Roll, columns: Iterable[str]) -> Iterator[Line]:
    """Yield the numbers of each city, and where there are several those of all."""
    columns = tuple(columns)
    for code, name in roll.cities.items():
        yield Line((name, *roll.ledger.numbers(columns, code)))
    if len(roll.cities) > 1:
        yield Line(("合计", *roll.ledger.numbers(columns)), TOTAL)


def _yearly_columns() -> tuple[Column, ...]:
    people = (Column(word, NUMBER, 12, "人") for word in ("培训", "自用", "输出", "自用或输出"))
    enough = (Column(word, NUMBER, 12, "个") for word in ("培训达标", "自用或输出达标", "两项达标"))
    counted = (Column("建设单位", NUMBER, 10, "个"), Column("已报年度数据", NUMBER, 12, "个"))
    return (Column("市", width=10), *counted, *people, *enough)


def _named(title: str) -> tuple[Column, ...]:
    return (
        Column("市", width=10),
        Column("编号", width=16),
        Column(title, width=28),
        Column("类型", width=16),
    )


def _unit_columns() -> tuple[Column, ...]:
    people = (Column(word, NUMBER, 12, "人") for word in ("培训", "自用", "输出", "自用或输出"))
    said = (
        Column("市", width=10),
        Column("编号", width=16),
        Column("单位名称", width=28),
        Column("类型", width=16),
    )
    return (*said, *people, Column("达标", width=8))


def _units(roll: Roll) -> Iterator[Line]:
    """Yield a line per unit, a sum after each city and the whole sum."""
    words = dict(UNIT_TYPES)
    for city, own in groupby(roll.units, key=lambda unit: unit.city):
        for unit in own:
            cells = (roll.cities[city], unit.code, unit.title, words[unit.of])
            yield Line((*cells, *_figures(roll, unit)))
        sums = roll.ledger.numbers(FIGURES, city)
        yield Line((f"{roll.cities[city]}小计", None, None, None, *sums, None), SUBTOTAL)
    yield Line(("合计", None, None, None, *roll.ledger.numbers(FIGURES), None), TOTAL)


def _figures(roll: Roll, unit: Thing) -> tuple[Cell, ...]:
    figures = unit.figures.get(roll.year)
    if figures is None:
        return (None, None, None, None, UNREPORTED)
    return (*figures, figures.placed, YES if roll.counted(unit)["enough"] else NO)


def _brand_columns() -> tuple[Column, ...]:
    levels = (Column(word, NUMBER, 10, "个") for word in ("省级", "市级", "合计"))
    return (
        Column("市", width=14),
        *levels,
        Column("从业人员", NUMBER, 12, "人"),
        Column("建设重点", NUMBER, 10, "个"),
    )


def _brands_by_city(roll: Roll) -> Iterator[Line]:
    """Yield the brands of each city; below the sum of the province how far its workers are."""
    yield from _by_city(roll, OF_BRANDS)
    asked = roll.asked
    if asked.region == PROVINCE_CODE:
        least = (targets.limits(WORKERS) | rollups.limits_at(asked.cutoff, WORKERS))[WORKERS]
        number = roll.ledger.number("workers").value
        yield Line(("全省目标", None, None, None, least, None))
        yield Line(
            ("达到目标" if number >= least else "尚差", None, None, None, max(least - number, 0), None)
        )


def _list_columns() -> tuple[Column, ...]:
    said = (
        Column("市", width=10),
        Column("编号", width=16),
        Column("劳务品牌名称", width=28),
        Column("类型", width=16),
    )
    return (
        *said,
        Column("级别", width=8),
        Column("从业人员", NUMBER, 12, "人"),
        Column("建设重点", width=10),
    )


def _brands(roll: Roll) -> Iterator[Line]:
    words, levels = dict(BRAND_TYPES), dict(BrandLevel.choices)
    for brand in roll.brands:
        key = f"{roll.year}年" if brand.code in roll.key else ""
        cells = (roll.cities[brand.city], brand.code, brand.title, words[brand.of])
        yield Line((*cells, levels.get(brand.level, ""), brand.workers, key))
