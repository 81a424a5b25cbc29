"""How far the policy targets are, as a workbook: targets, cities, counties, what is over a limit."""

from collections.abc import Sequence
from datetime import date

from openpyxl import Workbook

from portal import gauges, workbook
from portal.models import TargetScope
from portal.progress import Progress
from portal.targets import demand
from portal.workbook import Pen

TITLE = "政策目标进度"
COLUMNS = {
    "目标": 34,
    "要求": 30,
    "年度": 8,
    "完成": 12,
    "对照": 26,
    "进度": 18,
    "期限": 28,
    "依据": 40,
    "原文": 80,
}


def workbook_of(found: Sequence[Progress], day: date) -> bytes:
    """Return the progress on ``day`` as a workbook; the same numbers give the same bytes."""
    book = Workbook(write_only=True)
    _targets(book, found, day)
    _cities(book, found)
    _counties(book, found)
    _crowded(book, found)
    return workbook.saved(book, TITLE)


def _sheet(book: Workbook, title: str, columns: dict[str, int]) -> Pen:
    pen = Pen(book.create_sheet(title))
    for number, width in enumerate(columns.values()):
        pen.sheet.column_dimensions[chr(ord("A") + number)].width = width
    workbook.print_across(pen.sheet)
    return pen


def _targets(book: Workbook, found: Sequence[Progress], day: date) -> None:
    pen = _sheet(book, TITLE, COLUMNS)
    pen.line(["统计截至", str(day)], "context")
    pen.line(COLUMNS, "required")
    for one in found:
        pen.line(_line(one))


def _line(one: Progress) -> list:
    target, shown = one.target, gauges.gauge(one, gauges.Wish())
    return [
        target.label,
        demand(target),
        shown["year"],
        one.number,
        shown["held_against"],
        one.word,
        one.due,
        shown["basis"],
        target.sentence,
    ]


def _cities(book: Workbook, found: Sequence[Progress]) -> None:
    """Write one line per city and target, so that the sheet can be filtered and summed."""
    columns = {"市": 14, "目标": 34, "年度": 8, "数量": 12, "总数": 12, "进度": 14}
    pen = _sheet(book, "分市", columns)
    pen.line(columns, "required")
    for one in found:
        for place in one.places:
            of = place.of if one.count.of else None
            year = one.year if one.years else None
            pen.line([place.name, one.target.label, year, place.number, of, place.word])


def _counties(book: Workbook, found: Sequence[Progress]) -> None:
    columns = {"市": 14, "县（市、区）": 26, "年度": 8, "已组织（类）": 14, "进度": 14, "说明": 30}
    for one in (one for one in found if one.target.scope == TargetScope.COUNTY):
        pen = _sheet(book, "县（市、区）", columns)
        pen.line(columns, "required")
        names = {city.code: city.name for city in one.cities}
        for line in one.count.lines:
            apart = "功能区和市直另列，不计入县（市、区）数" if line.is_apart else ""
            word = "" if line.is_apart else ("已达到" if line.is_reached else "尚未达到")
            pen.line([names.get(line.place[:4], ""), line.name, one.year, line.number, word, apart])


def _crowded(book: Workbook, found: Sequence[Progress]) -> None:
    columns = {"市": 14, "考核项目": 34, "机构（家）": 12, "机构名称": 90}
    for one in (one for one in found if one.target.scope == TargetScope.PAIR):
        pen = _sheet(book, "机构超出上限", columns)
        pen.line(columns, "required")
        for line in gauges.crowded(one):
            pen.line(
                [line["city"], line["project"], line["number"], "、".join(n.title for n in line["nodes"])]
            )
