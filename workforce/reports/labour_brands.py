"""R4 劳务品牌: units by city and type, what they trained and placed in a year, brands, their workers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from django.db.models import Q

from portal import rollups, targets
from portal.models import Filing
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
from workforce.models.labour import BRAND_TYPES, PLAN, UNIT_TYPES
from workforce.reports import cells
from workforce.reports.brand_register import FIGURES, UNTYPED, Brands, Thing, Units
from workforce.reports.cells import Sums

WORKERS = "labour-brand-workers"
YES, NO, UNREPORTED, PEOPLE = "是", "否", "未报", "人数（人）"
TYPES = {**dict(UNIT_TYPES), UNTYPED: "未填"}
YEARLY = ("units", "reported", *FIGURES, "trained-enough", "placed-enough", "enough")
BRANDS = 3  # the column 合计 of the brands by city
OF_BRANDS = ("provincial", "municipal", "brands", "workers", "key")
CELLS = {
    **{code: (f"建设单位：{word}", "") for code, word in TYPES.items()},
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


@dataclass
class Roll:
    """What one question counts, as the register and the forms said at the cut-off."""

    asked: Asked

    @cached_property
    def units(self) -> Units:
        """The units in force."""
        return Units(self.asked)

    @cached_property
    def brands(self) -> Brands:
        """The brands in force."""
        return Brands(self.asked)

    @cached_property
    def sums(self) -> Sums:
        """The numbers."""
        found = self.units.sums + self.brands.sums
        return Sums(CELLS, cells.cities(self.asked, {city for _, city in found}), found)

    def behind(self, cell: Mapping[str, str]) -> Behind:
        """Return what the number at ``cell`` counts; raise ``Unknown`` for a cell there is not."""
        column, city = self.sums.place(cell)
        one = self.units if column in self.units.adds else self.brands
        live, others = one.behind(column, city)
        filings = Filing.objects.filter(Q(pk__in=live.values("filing")) | Q(pk__in=list(others)))
        title, amount = self.sums.words(column, city)
        amounts = dict(live.values_list("filing_id", "adds")) | others if amount else {}
        return Behind(title, filings, amounts, amount)


def _years(asked: Asked) -> dict[str, str]:
    years = Units(replace(asked, filters={})).years
    found = targets.newest_first(years, asked.day.year - 1) or [asked.day.year - 1]
    return {str(year): f"{year}年" for year in found}


def behind(asked: Asked, cell: Mapping[str, str]) -> Behind:
    """Return the filings in force that a number counts, with what each adds."""
    return Roll(asked).behind(cell)


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
    types = _type_columns(roll)
    enough = ENOUGH.format(*roll.units.limits)
    return Content(
        "劳务品牌和建设单位情况汇总表",
        (
            Table("建设单位", types, lambda: _by_type(roll), drawn=len(types) - 1),
            Table("年度达标情况", _yearly_columns(), lambda: _by_city(roll, YEARLY), (enough,)),
            Table("单位年度数据", _unit_columns(), lambda: UnitLines(roll), (enough,), True),
            Table("劳务品牌", _brand_columns(), lambda: _brands_by_city(roll), (LEVELS,), drawn=BRANDS),
            Table("劳务品牌名单", _list_columns(), lambda: BrandLines(roll), (), True),
        ),
    )


def _types(roll: Roll) -> dict[str, str]:
    """Return the types of units; 未填 only where one has none, as a result from before the portal may."""
    told = roll.sums.number(UNTYPED).value
    return {code: word for code, word in TYPES.items() if told or code != UNTYPED}


def _type_columns(roll: Roll) -> tuple[Column, ...]:
    types = (Column(word, NUMBER, 10, "个") for word in _types(roll).values())
    return (Column("市", width=10), *types, Column("合计", NUMBER, 10, "个"))


def _by_type(roll: Roll) -> Iterator[Line]:
    return _by_city(roll, (*_types(roll), "units"))


def _by_city(roll: Roll, columns: Iterable[str]) -> Iterator[Line]:
    """Yield the numbers of each city, and where there are several those of all."""
    columns = tuple(columns)
    for code, name in roll.sums.cities.items():
        yield Line((name, *roll.sums.numbers(columns, code)))
    if len(roll.sums.cities) > 1:
        yield Line(("合计", *roll.sums.numbers(columns)), TOTAL)


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


@dataclass(frozen=True)
class UnitLines:
    """A line per unit, a sum after each city and the whole sum; how many is known before they are read."""

    roll: Roll

    def __len__(self) -> int:
        sums = self.roll.sums
        reporting = sum(bool(sums.number("units", city).value) for city in sums.cities)
        return sums.number("units").value + reporting + 1

    def __iter__(self) -> Iterator[Line]:
        roll = self.roll
        for city, own in groupby(roll.units.things(), key=lambda unit: unit.city):
            name = roll.sums.cities[city]
            for unit in own:
                yield Line((name, unit.code, unit.title, TYPES[unit.said.of], *_figures(roll.units, unit)))
            sums = roll.sums.numbers(FIGURES, city)
            yield Line((f"{name}小计", None, None, None, *sums, None), SUBTOTAL)
        yield Line(("合计", None, None, None, *roll.sums.numbers(FIGURES), None), TOTAL)


def _figures(units: Units, unit: Thing) -> tuple[Cell, ...]:
    figures = unit.said.figures.get(units.year)
    if figures is None:
        return (None, None, None, None, UNREPORTED)
    return (*figures, figures.placed, YES if all(units.enough(figures)) else NO)


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
        number = roll.sums.number("workers").value
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


@dataclass(frozen=True)
class BrandLines:
    """A line per brand; how many is known before they are read."""

    roll: Roll

    def __len__(self) -> int:
        return self.roll.sums.number("brands").value

    def __iter__(self) -> Iterator[Line]:
        roll, words, levels = self.roll, dict(BRAND_TYPES), dict(BrandLevel.choices)
        for brand in roll.brands.things():
            key = f"{roll.brands.year}年" if brand.code in roll.brands.key else ""
            said = (roll.sums.cities[brand.city], brand.code, brand.title, words.get(brand.said.of, ""))
            yield Line((*said, levels.get(brand.level, ""), brand.said.workers, key))
