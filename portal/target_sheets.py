"""How far the policy targets are, as a workbook: targets, cities, counties, what is over a limit."""

from collections.abc import Iterator, Sequence
from datetime import date

from portal import gauges, spreadsheet
from portal.models import TargetScope
from portal.progress import Progress
from portal.spreadsheet import Page, Styled
from portal.targets import demand

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
    return spreadsheet.whole(
        TITLE, [_targets(found, day), _cities(found), *_counties(found), *_crowded(found)]
    )


def _targets(found: Sequence[Progress], day: date) -> Page:
    above = [Styled("context", ["统计截至", str(day)])]
    return Page(TITLE, spreadsheet.columns(COLUMNS), [_line(one) for one in found], above)


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


def _cities(found: Sequence[Progress]) -> Page:
    """Return one line per city and target, so that the sheet can be filtered and summed."""
    widths = {"市": 14, "目标": 34, "年度": 8, "数量": 12, "总数": 12, "进度": 14}
    return Page("分市", spreadsheet.columns(widths), [line for one in found for line in _city_lines(one)])


def _city_lines(one: Progress) -> Iterator[list]:
    for place in one.places:
        of = place.of if one.count.of else None
        year = one.year if one.years else None
        yield [place.name, one.target.label, year, place.number, of, place.word]


def _counties(found: Sequence[Progress]) -> Iterator[Page]:
    widths = {"市": 14, "县（市、区）": 26, "年度": 8, "已组织（类）": 14, "进度": 14, "说明": 30}
    for one in (one for one in found if one.target.scope == TargetScope.COUNTY):
        yield Page("县（市、区）", spreadsheet.columns(widths), list(_county_lines(one)))


def _county_lines(one: Progress) -> Iterator[list]:
    names = {city.code: city.name for city in one.cities}
    for line in one.count.lines:
        apart = "功能区和市直另列，不计入县（市、区）数" if line.is_apart else ""
        word = "" if line.is_apart else ("已达到" if line.is_reached else "尚未达到")
        yield [names.get(line.place[:4], ""), line.name, one.year, line.number, word, apart]


def _crowded(found: Sequence[Progress]) -> Iterator[Page]:
    widths = {"市": 14, "考核项目": 34, "机构（家）": 12, "机构名称": 90}
    for one in (one for one in found if one.target.scope == TargetScope.PAIR):
        lines = [
            [line["city"], line["project"], line["number"], "、".join(n.title for n in line["nodes"])]
            for line in gauges.crowded(one)
        ]
        yield Page("机构超出上限", spreadsheet.columns(widths), lines)
