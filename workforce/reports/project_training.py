"""R3 项目制培训情况统计表（汇总）: annex 2 for a region, the coverage of its counties, numbers by city."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from portal import rollups
from portal.models import Region
from portal.reports import (
    NUMBER,
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
from portal.snapshot import CITY_ITSELF
from portal.vocabulary import Level
from workforce.models.project_training import RETURN, TRAINING_SHEET
from workforce.reports import cells
from workforce.reports.cells import Ledger
from workforce.reports.trainings import KIND, PLACED, Row, Trainings

WIDTHS = (8, 10, 24, 22, 10, 20, 14)
CELLS = {
    "returns": ("计入的统计表", ""),
    "rows": ("培训项目的行", "行数"),
    "classes": ("培训项目", "项目（类）"),
    "trainees": ("培训人数", "培训人数（人）"),
    "held": ("已开展的培训", "行数"),
    "planned": ("计划开展的培训", "行数"),
    "unsaid": ("未填组织时间的培训", "行数"),
    "counties": ("有项目的县（市、区）", "县（市、区）（个）"),
    "held-counties": ("已开展的县（市、区）", "县（市、区）（个）"),
    "zones": ("有项目的功能区", "功能区（个）"),
}
TRAINEES = 4  # the column 培训人数 of the numbers by city
OUTCOMES = {
    "returns": Column("计入的统计表", NUMBER, 10, "份"),
    "rows": Column("培训项目的行", NUMBER, 10, "行"),
    "classes": Column("培训项目", NUMBER, 10, "类"),
    "trainees": Column("培训人数", NUMBER, 12, "人"),
    "held": Column("已开展", NUMBER, 10, "行"),
    "planned": Column("计划开展", NUMBER, 10, "行"),
    "unsaid": Column("未填时间", NUMBER, 10, "行"),
    "counties": Column("有项目的县（市、区）", NUMBER, 12, "个"),
}
ONCE = "县级统计表在市级统计表没有该县（市、区）同年度的行时计入，同一培训不重复计算。"
CLASSES = "培训项目按年度、组织单位和项目名称计，同名的为一类；已开展、计划开展以报送时所填为准。"
UNSAID = "未填组织时间的（登记的历史结果）单列，既不计为已开展，也不计为计划开展。"
COVERED = "功能区单列，不计入县（市、区）数；市直组织的培训不计为某个县（市、区）的培训。"


@dataclass
class Roll:
    """What one question counts and the places it is about."""

    asked: Asked

    @cached_property
    def trainings(self) -> Trainings:
        """The returns and rows."""
        return Trainings(self.asked)

    @cached_property
    def names(self) -> dict[str, str]:
        """Region code → its name at the cut-off."""
        return rollups.names_at(self.asked.cutoff, self.asked.region[:4])

    @cached_property
    def cities(self) -> dict[str, str]:
        """Code → name of the cities that are asked for."""
        return cells.cities(self.asked, (s.region[:4] for s in self.trainings.sources.values()))

    @cached_property
    def below(self) -> list[Region]:
        """The counties and zones of the region on the day."""
        return rollups.regions_at(self.asked.cutoff, self.asked.region, Level.COUNTY, Level.ZONE)

    @cached_property
    def ledger(self) -> Ledger:
        """The numbers, each with the returns it is made of."""
        ledger, sources = Ledger(CELLS, self.cities), self.trainings.sources
        for group in self.trainings.groups:
            city = sources[group.filing].region[:4]
            ledger.once("returns", city, group.filing)
            for column in ("rows", "classes", "trainees", "held", "planned", "unsaid"):
                ledger.add(column, city, group.filing, getattr(group, column))
        for column, covered in self.covered.items():
            for place, filing in covered.items():
                ledger.add(column, place[:4], filing)
        return ledger

    @cached_property
    def covered(self) -> dict[str, dict[str, int]]:
        """Column → county or zone → the return of the latest year that has a training of it."""
        found: dict[str, dict[str, int]] = {"counties": {}, "held-counties": {}, "zones": {}}
        level = {region.code: region.level for region in self.below}
        sources = self.trainings.sources
        for group in sorted(self.trainings.groups, key=lambda g: (sources[g.filing].year, g.filing)):
            if level.get(group.place) == Level.ZONE:
                found["zones"][group.place] = group.filing
            elif group.place in level:
                found["counties"][group.place] = group.filing
                if group.held:
                    found["held-counties"][group.place] = group.filing
        return found


def _years(asked: Asked) -> dict[str, str]:
    return cells.years(Trainings(replace(asked, filters={})).years, asked)


def _campaigns(asked: Asked) -> dict[str, str]:
    return cells.campaigns(asked, KIND)


def behind(asked: Asked, cell: Mapping[str, str]) -> Behind:
    """Return the returns that a number counts, with what each adds."""
    return Roll(asked).ledger.behind(cell)


@reported(
    "project-training",
    code="R3",
    title="项目制培训情况统计表（汇总）",
    basis=RETURN,
    behind=behind,
    filters=[Filter("year", "年度", _years), Filter("campaign", "报送任务", _campaigns)],
)
def project_training(asked: Asked) -> Content:
    """Return the sheet of annex 2 with its sums, the coverage and the numbers by city."""
    roll = Roll(asked)
    open_ones = (UNSAID,) if roll.ledger.number("unsaid").value else ()
    cities = _city_columns(roll), lambda: _by_city(roll), (ONCE, CLASSES, *open_ones)
    return Content(
        "项目制培训情况统计表",
        (
            Table("统计表", _sheet_columns(), lambda: Sheet(roll), (*TRAINING_SHEET.notes, ONCE), True),
            Table("覆盖情况", _coverage_columns(), lambda: _coverage(roll), (COVERED, *open_ones)),
            Table("分市情况", *cities, drawn=TRAINEES),
        ),
    )


def _sheet_columns() -> tuple[Column, ...]:
    """Return the seven columns of the annex, word for word."""
    headings = zip(TRAINING_SHEET.columns, WIDTHS, strict=True)
    total = list(TRAINING_SHEET.columns.values()).index(TRAINING_SHEET.total)
    return tuple(
        Column(heading, NUMBER if place == total else "text", width)
        for place, (heading, width) in enumerate(headings)
    )


@dataclass(frozen=True)
class Sheet:
    """The lines of the annex: one per training, a sum after each city and the whole sum.

    Their number is known before they are read, however many they are.
    """

    roll: Roll

    def __len__(self) -> int:
        ledger, cities = self.roll.ledger, self.roll.cities
        reported = sum(bool(ledger.number("rows", city).value) for city in cities)
        return ledger.number("rows").value + reported + 1

    def __iter__(self) -> Iterator[Line]:
        roll = self.roll
        for city, rows in groupby(roll.trainings.rows(), key=lambda row: row.city):
            for _, own in groupby(rows, key=lambda row: row[:PLACED]):
                for row in sorted(own, key=lambda row: row.order):
                    yield Line(_sheet_cells(roll, row))
            yield Line(_sum(f"{roll.names[city]}小计", roll.ledger.number("trainees", city)), SUBTOTAL)
        yield Line(_sum("合计", roll.ledger.number("trainees")), TOTAL)


def _sheet_cells(roll: Roll, row: Row) -> tuple[Cell, ...]:
    place = roll.names[row.place] if row.place else CITY_ITSELF
    return (
        roll.names[row.city],
        place,
        row.project_name,
        row.target_scope,
        row.trainee_count,
        row.held_text,
        row.remark,
    )


def _sum(label: str, number: Cell) -> tuple[Cell, ...]:
    return (label, None, None, None, number, None, None)


def _coverage_columns() -> tuple[Column, ...]:
    return (
        Column("市", width=10),
        Column("县（市、区）", NUMBER, 10, "个"),
        Column("有项目的", NUMBER, 10, "个"),
        Column("其中已开展", NUMBER, 10, "个"),
        Column("没有项目的县（市、区）", width=46),
        Column("功能区", NUMBER, 8, "个"),
        Column("有项目的功能区", NUMBER, 10, "个"),
        Column("没有项目的功能区", width=24),
    )


def _coverage(roll: Roll) -> Iterator[Line]:
    """Yield how many counties have a training, city by city, with the names of those without."""
    for code, name in roll.cities.items():
        yield Line((name, *_covered(roll, code)))
    if len(roll.cities) > 1:
        yield Line(("合计", *_covered(roll, "")), TOTAL)


def _covered(roll: Roll, city: str) -> tuple[Cell, ...]:
    inside = [region for region in roll.below if region.code.startswith(city)]
    counties = [region for region in inside if region.level == Level.COUNTY]
    zones = [region for region in inside if region.level == Level.ZONE]
    return (
        len(counties),
        *roll.ledger.numbers(("counties", "held-counties"), city),
        _missing(counties, roll.covered["counties"]) if city else None,
        len(zones),
        roll.ledger.number("zones", city),
        _missing(zones, roll.covered["zones"]) if city else None,
    )


def _missing(regions: list[Region], covered: Mapping[str, int]) -> str:
    return "、".join(region.name for region in regions if region.code not in covered)


def _outcomes(roll: Roll) -> dict[str, Column]:
    """Return the numbers of a city with their columns; 未填时间 only where some row leaves it open."""
    told = roll.ledger.number("unsaid").value
    return {name: column for name, column in OUTCOMES.items() if told or name != "unsaid"}


def _city_columns(roll: Roll) -> tuple[Column, ...]:
    return (Column("市", width=10), *_outcomes(roll).values())


def _by_city(roll: Roll) -> Iterator[Line]:
    outcomes = tuple(_outcomes(roll))
    for code, name in roll.cities.items():
        yield Line((name, *roll.ledger.numbers(outcomes, code)))
    if len(roll.cities) > 1:
        yield Line(("合计", *roll.ledger.numbers(outcomes)), TOTAL)
