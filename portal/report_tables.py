"""What stands around and in the tables of a report, alike in every format: head lines, names, cells, feet.

Nothing here says when a file was made: the same report of the same cut-off reads the same for ever.
"""

import re
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from portal import reports, text
from portal.models import Organisation, Region
from portal.models.former import as_of
from portal.reports import DAY, NUMBER, PERCENT, Asked, Cell, Column, Content, Line, Number, Table
from portal.rollups import day_of
from portal.vocabulary import Kind
from portal.windows import SHANGHAI, moment

NOTHING = "暂无数据"
SIGNATURES = "单位负责人：　　　　　　填表人：　　　　　　联系电话：　　　　　　　　填表日期："
LONGEST_NAME = 31  # of a sheet, in the units Excel counts: UTF-16
FLOOR, FLOORS = 3, {DAY: 7, NUMBER: 4, PERCENT: 4}  # 字
_NO_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
RESERVED_NAMES = {"history"}


@dataclass(frozen=True)
class Head:
    """The lines above the tables: title, 填报单位, 统计截止, and (label, words) of what narrows the report.

    ``instant`` is the cut-off to its last digit.
    """

    title: str
    bureau: str
    moment: str
    instant: str
    scope: tuple[tuple[str, str], ...]

    @property
    def facts(self) -> tuple[str, str]:
        """The line below the title: 填报单位 to the left, 统计截止 to the right."""
        return f"填报单位（盖章）：{self.bureau}", f"统计截止：{self.moment}"

    @property
    def words(self) -> str:
        """The region and the filters in words."""
        return "　".join(f"{label}：{said}" for label, said in self.scope)


def head(content: Content, asked: Asked) -> Head:
    """Return the lines above every table of a report."""
    return Head(
        title=text.clean(content.title),
        bureau=bureau_name(asked),
        moment=moment(asked.cutoff),
        instant=asked.cutoff.astimezone(SHANGHAI).isoformat(),
        scope=(("统计范围", region_name(asked)), *reports.in_words(asked)),
    )


def region_name(asked: Asked) -> str:
    """Return the region of a report as it was called at the cut-off, a county with its city."""
    region = Region.objects.select_related("parent").get(pk=asked.region)
    as_of([region], asked.cutoff)
    if region.parent:
        as_of([region.parent], asked.cutoff)
    return region.full_name


def bureau_name(asked: Asked) -> str:
    """Return the name of the region's HRSS bureau at the cut-off; the region's where it had none.

    The first of those that held: what succeeds a bureau is entered when the end of that one is.
    """
    bureaus = Organisation.objects.filter(region_id=asked.region, kind=Kind.HRSS_BUREAU).order_by("pk")
    day = day_of(asked.cutoff)
    held = [bureau.name for bureau in as_of(bureaus, asked.cutoff) if _held(bureau, day)]
    return held[0] if held else region_name(asked)


def _held(bureau: Organisation, day: date) -> bool:
    begun = bureau.valid_from is None or bureau.valid_from <= day
    return begun and (bureau.valid_to is None or bureau.valid_to > day)


def is_named(table: Table, content: Content) -> bool:
    """Say whether a table is told by its name below the title: where there are several."""
    return len(content.tables) > 1 and table.name not in content.title


def notes_of(table: Table) -> list[str]:
    """Return the notes as they are printed: the first begins with 注, several are numbered."""
    notes = [text.clean(note) for note in table.notes]
    if len(notes) < 2:
        return [f"注：{note}" for note in notes]
    return [f"{'注：' if number == 1 else ''}{number}.{note}" for number, note in enumerate(notes, 1)]


def widths(columns: Sequence[Column], least: float, most: float) -> list[float]:
    """Return the widths of the columns in 字, together at least ``least`` and, if need be, only ``most``.

    No column gets so narrow that a day or a number would not stand on one line.
    """
    floors = [FLOORS.get(column.holds, FLOOR) for column in columns]
    found = [max(column.width, floor) for column, floor in zip(columns, floors, strict=True)]
    spare, excess = sum(found) - sum(floors), sum(found) - most
    if excess > 0:
        kept = max(0, 1 - excess / spare) if spare else 1
        return [floor + (width - floor) * kept for width, floor in zip(found, floors, strict=True)]
    return [width * max(1, least / sum(found)) for width in found]


class SheetNames:
    """Gives each sheet a name that Excel takes and no other sheet of the workbook has."""

    def __init__(self):
        self.taken: set[str] = set(RESERVED_NAMES)

    def free(self, wanted: str) -> str:
        """Return ``wanted`` without what no name may hold, numbered （2）, （3）… when it is taken."""
        base = _NO_NAME.sub(" ", wanted).strip(" '") or "表"
        found, number = _cut(base, LONGEST_NAME), 1
        while found.casefold() in self.taken:
            number += 1
            ending = f"（{number}）"
            found = _cut(base, LONGEST_NAME - len(ending)) + ending
        self.taken.add(found.casefold())
        return found


def _cut(words: str, most: int) -> str:
    return words.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore").strip(" '")


def plain(cell: Cell) -> str | int | date | None:
    """Return the value in a cell: a number for ``Number``, words for a time of day."""
    if isinstance(cell, Number):
        return cell.value
    return moment(cell) if isinstance(cell, datetime) else cell


def printed(cell: Cell, column: Column) -> str:
    """Return a cell as it is printed on paper."""
    value = plain(cell)
    if isinstance(value, int) and column.holds == PERCENT:
        return f"{value}%"
    return "" if value is None else text.clean(str(value))


@dataclass(frozen=True)
class Counted:
    """A table whose lines were counted; short ones are kept, so that they are worked out once."""

    table: Table
    number: int
    kept: Sequence[Line] | None

    def lines(self) -> Iterable[Line]:
        """Return its lines."""
        return self.table.lines() if self.kept is None else self.kept


def counted(tables: Iterable[Table], most: int | None = None) -> Iterator[Counted]:
    """Yield each table with the number of its lines, counted to ``most`` and no further.

    Lines that know their number (``__len__``) are not read for it.
    """
    for table in tables:
        lines = table.lines()
        if not table.is_long:
            lines = list(lines)
            yield Counted(table, len(lines), lines)
        else:
            yield Counted(table, _number(lines, most), None)


def _number(lines: Iterable[Line], most: int | None) -> int:
    return len(lines) if isinstance(lines, Sized) else sum(1 for _ in islice(lines, most))
