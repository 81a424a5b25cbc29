"""What the page of a report reads: what was asked, in words and as an address, and the tables as shown.

Pure reads; a page costs what the report itself costs and the same number of queries beside it at any size.
"""

import re
from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, islice

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from portal import charts, inbox, report_runs, report_tables, reports, rollups, schedules, scope, windows
from portal.charts import Chart, Series
from portal.models import Campaign, Frequency, Region, User
from portal.reports import PLAIN, Asked, Cell, Column, Content, Line, Number, ReportKind, Table
from portal.schedules import CAMPAIGN, Period

SHOWN = 200  # lines of a table on a page; the file has them all
FIRST_YEAR = 2000
MONTHS, QUARTERS, CAMPAIGNS = 12, 8, 20
RESERVED = ("on", "time", "region", "period", "cell", "page", "sort", "format")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{6}))?)?", re.ASCII)
LAST = "23:59:59"
ODD_DAY = f"统计截止日期要写成“2024-06-15”这样的日期，不早于 {FIRST_YEAR} 年。请改正后再查看。"
ODD_TIME = "统计截止时刻要写成“18:00”这样的时刻；不填即为当日 24:00。请改正后再查看。"
AHEAD = "统计截止时间不能晚于现在（{}）。请改成现在或以前的时间，不填即截至此刻。"
ODD_PERIOD = "没有这个期次，请重新选择，或者填写统计截止日期。"
ODD_FILTER = "没有这个筛选条件，请在下面重新选择。"
ODD_CAMPAIGN = (
    "这项任务是在它的截止时间以后才设置的，到那时还没有可以统计的。请选择其他期次，或者填写以后的日期。"
)
ABOUT = {
    "brands": "各市报送的品牌逐条列出，带批次、报送时间和当时状态，分市小计。",
    "city-brands": "一市一行：是否报送、媒体材料数量、是否逾期。",
    "project-training": "各县（市、区）项目制培训的班次和人数，分市小计、全省合计，附覆盖情况。",
    "labour-brands": "建设单位按市、类型统计，年度培训和就业人数对照达标线。",
    "targets": "各项政策目标的要求、完成数和分市进度。",
    "exam-catalogue": "两版目录的新增、调整、移出，按类统计，考核机构超过上限的另列。",
    "subsidies": "各市各类补贴标准调整前后对照。",
    "reporting": "每项报送任务各单位应报、已报、未报、逾期、退回和最近催报。",
}


def kinds() -> list[dict]:
    """Return every kind with what it tells in a sentence."""
    return [{"kind": kind, "about": ABOUT.get(kind.slug, "")} for kind in reports.all_kinds()]


class OutOfReach(LookupError):
    """The kind, region or cell is none of this person's, or does not exist: one answer for both."""


@dataclass(frozen=True)
class Wish:
    """What somebody asked of a report: the words typed, and what they mean unless ``fault`` says why not."""

    kind: ReportKind
    asked: Asked
    typed: Mapping[str, str]
    fault: str = ""
    is_now: bool = False
    period: str = ""

    @property
    def params(self) -> QueryDict:
        """What is asked as parameters of an address that stays true: the instant is always among them."""
        return address(self.asked)

    @property
    def cut(self) -> Mapping[str, str]:
        """What the fields of the cut-off hold: the words typed, or the end of the period that was chosen."""
        if self.period:
            return {name: self.params.get(name, "") for name in ("on", "time")}
        return {name: self.typed[name] for name in ("on", "time")}


def address(asked: Asked) -> QueryDict:
    """Return what is asked as parameters of a link; a cut-off at 24:00 is named by its day alone.

    This moment is named to its last digit, so that the numbers of a page are found again later; a cut-off at
    the end of a second by that second.
    """
    local = asked.cutoff.astimezone(windows.SHANGHAI)
    is_whole = windows.through(local) == local
    time = local.time().isoformat("seconds" if is_whole else "microseconds")
    params = inbox.as_params(on=f"{local:%Y-%m-%d}", time="" if time == LAST else time, region=asked.region)
    params.update({name: value for name, value in asked.filters.items()})
    return params


def readers_regions(user: User) -> list[str]:
    """Return the regions whose reports ``user`` reads, the highest first; no page for whoever reads none."""
    found = {post.organisation.region_id for post in windows.reading_posts(user)}
    if not found:
        raise OutOfReach("reads no reports")
    return sorted(found, key=lambda code: (len(code), code))


def read_wish(slug: str, params: Mapping[str, str], user: User) -> Wish:
    """Return what a query string or a form asks; raise ``OutOfReach`` for what is not his."""
    roots, now = readers_regions(user), timezone.now()
    try:
        kind = reports.get(slug)
    except reports.Unknown as unknown:
        raise OutOfReach(str(unknown)) from None
    region = params.get("region", "") or roots[0]
    if not report_runs.may_read(user, region) or not Region.objects.filter(code=region).exists():
        raise OutOfReach("region")
    typed = {name: params.get(name, "")[:60] for name in (*RESERVED, *(f.name for f in kind.filters))}
    told = {name: params[name][:60] for name in params if name not in RESERVED}
    try:
        cutoff, period = read_cutoff(kind, params, now)
    except ValueError as odd:
        usual = reports.ask(slug, now, region, {})
        return Wish(kind, usual, typed, fault=str(odd))
    if period and period.campaign and schedules.follows_campaigns(kind):
        told[CAMPAIGN] = str(period.campaign.pk)
    return _settled(kind, cutoff, region, told, typed, period)


def _settled(kind, cutoff, region, told, typed, period: Period | None) -> Wish:
    is_now = not (typed["on"] or typed["time"] or period)
    facts = {"typed": typed, "is_now": is_now, "period": period.label if period else ""}
    try:
        return Wish(kind, reports.ask(kind.slug, cutoff, region, told), **facts)
    except reports.Unknown:
        odd = ODD_CAMPAIGN if period and period.campaign else ODD_FILTER
        return Wish(kind, reports.ask(kind.slug, cutoff, region, {}), **facts, fault=odd)


def read_cutoff(kind: ReportKind, params: Mapping[str, str], now: datetime) -> tuple[datetime, Period | None]:
    """Return the instant that ``period``, else ``on`` and ``time`` name; this moment when they are empty.

    A day alone is its 24:00, today alone this moment. Raises ``ValueError`` with a sentence.
    """
    if name := params.get("period", ""):
        period = next((one for one in periods(kind, now) if one.name == name), None)
        if period is None:
            raise ValueError(ODD_PERIOD)
        return period.cutoff, period
    today, clock = rollups.day_of(now), params.get("time", "").strip()
    day = _day(params.get("on", "").strip()) or today
    at = _at(day, clock)
    if not clock and day == today:
        return now, None
    if at > now:
        raise ValueError(AHEAD.format(windows.moment(now)))
    return at, None


def _day(said: str) -> date | None:
    if not said:
        return None
    try:
        day = date.fromisoformat(said) if DAY.fullmatch(said) else None
    except ValueError:
        day = None
    if day is None or day.year < FIRST_YEAR:
        raise ValueError(ODD_DAY)
    return day


def _at(day: date, clock: str) -> datetime:
    clock = LAST if clock in ("", "24:00", "24:00:00") else clock
    if not (found := TIME.fullmatch(clock)):
        raise ValueError(ODD_TIME)
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    at = windows.start_of(day).replace(hour=hour, minute=minute, second=second)
    return at.replace(microsecond=int(found[4])) if found[4] else windows.through(at)


def periods(kind: ReportKind, now: datetime) -> list[Period]:
    """Return the periods a report can be made for: months, quarters, campaigns past due, the newest first.

    Of campaigns a kind that follows them has those it can be narrowed to.
    """
    past = Campaign.objects.filter(due_at__lt=now.replace(microsecond=0)).order_by("-due_at", "-pk")
    if schedules.follows_campaigns(kind):
        past = past.filter(pk__in=schedules.campaigns_of(Asked(kind.slug, now)))
    return [
        *schedules.latest(Frequency.MONTHLY, now, MONTHS),
        *schedules.latest(Frequency.QUARTERLY, now, QUARTERS),
        *map(schedules.of_campaign, past[:CAMPAIGNS]),
    ]


def period_groups(kind: ReportKind, now: datetime) -> list[tuple[str, list[Period]]]:
    """Return the same by month, quarter and campaign, for a list to choose from."""
    names = {7: "月", 4: "季度"}
    found = groupby(
        periods(kind, now), key=lambda one: "报送任务截止" if one.campaign else names[_width(one)]
    )
    return [(word, list(group)) for word, group in found]


def _width(period: Period) -> int:
    return 4 if "Q" in period.name else 7


def region_groups(user: User) -> list[tuple[str, list[Region]]]:
    """Return the regions ``user`` may choose, each city with its counties; one query."""
    inside = Q(pk__in=[])
    for code in readers_regions(user):
        inside |= scope.within("code", code)
    found = Region.objects.current().filter(inside).select_related("parent").order_by("code")
    return [(code, list(group)) for code, group in groupby(found, key=lambda region: region.code[:4])]


def filter_fields(wish: Wish) -> list[dict]:
    """Return each filter of the kind as a list to choose from, with what is chosen."""
    return [
        {
            "name": narrowing.name,
            "label": narrowing.label,
            "value": wish.asked.filters.get(narrowing.name, ""),
            "choices": narrowing.choices(wish.asked).items(),
        }
        for narrowing in wish.kind.filters
    ]


@dataclass(frozen=True)
class Shown:
    """A table as a page shows it, drawn as well by ``chart``; ``rest`` says what only the file has."""

    name: str
    headings: list[dict]
    lines: list[dict]
    notes: Sequence[str] = ()
    rest: str = ""
    chart: Chart | None = None


def shown(content: Content, wish: Wish) -> list[Shown]:
    """Return the tables with the first lines of each; no line past those is fetched."""
    link = f"{reverse('report-behind', args=[wish.kind.slug])}?{wish.params.urlencode()}"
    return [_table(table, link, f"chart-{number}") for number, table in enumerate(content.tables, 1)]


def _table(table: Table, link: str, slug: str) -> Shown:
    found = table.lines()
    first = list(islice(found, SHOWN + 1))
    headings = [{"text": column.label, "look": look(column)} for column in table.columns]
    lines = [_line(line, table.columns, link) for line in first[:SHOWN]]
    notes, rest = report_tables.notes_of(table), _rest(found, len(first))
    return Shown(table.name, headings, lines, notes, rest, _chart(table, first, slug))


def _chart(table: Table, lines: Sequence[Line], slug: str) -> Chart | None:
    """Return the bars of a table that is to be drawn; none of a single line or where all are nought."""
    if table.drawn is None:
        return None
    plain = [line for line in lines if line.style == PLAIN]
    bars = {str(line.cells[0]): line.cells[table.drawn] for line in plain}
    bars = {name: cell.value for name, cell in bars.items() if isinstance(cell, Number)}
    if len(bars) < 2 or not any(bars.values()):
        return None
    column = table.columns[table.drawn]
    told = Series(column.heading, tuple(bars.values()), 1)
    return charts.stacked(slug, f"{table.name}：{column.heading}", list(bars), [told], column.unit or "个")


def _rest(found: Iterable[Line], fetched: int) -> str:
    """Return what is not shown, in words; its number where the lines know it without being read."""
    if fetched <= SHOWN:
        return ""
    number = f" {len(found) - SHOWN} 行" if isinstance(found, Sized) else "各行"
    return f"这里列出前 {SHOWN} 行，其余{number}请下载 Excel 查看。"


WIDTHS = ((24, "text"), (14, "long"), (7, "mid"))  # from so many 字 on


def look(column: Column) -> str:
    """Return the class of a column: numbers stand to the right, words have room by their width in 字."""
    if column.holds in (reports.NUMBER, reports.PERCENT):
        return "num"
    return next((name for width, name in WIDTHS if column.width >= width), "")


def _line(line: Line, columns: Sequence[Column], link: str) -> dict:
    cells = [_cell(cell, column, link) for cell, column in zip(line.cells, columns, strict=True)]
    return {"style": line.style, "cells": cells}


def _cell(cell: Cell, column: Column, link: str) -> dict:
    found = {"text": report_tables.printed(cell, column), "look": look(column), "url": ""}
    if isinstance(cell, Number) and cell.cell and cell.value:
        found["url"] = f"{link}&{inbox.as_params(cell=cell.address).urlencode()}"
    return found


def summary(asked: Asked) -> list[tuple[str, str]]:
    """Return what a report is about in pairs of words: cut-off, region, filters."""
    return [("统计截止", clock(asked.cutoff)), ("范围", place(asked)), *reports.in_words(asked)]


def clock(at: datetime) -> str:
    """Return a cut-off to its second, 24:00 for the last of a day."""
    local = at.astimezone(windows.SHANGHAI)
    is_whole = local.second == 0 or f"{local:%H:%M:%S}" == LAST
    return windows.moment(at) if is_whole else f"{local:%Y-%m-%d %H:%M:%S}"


def place(asked: Asked) -> str:
    """Return the scope of a report in words, as the region was called at the cut-off."""
    return "全省" if asked.region == reports.PROVINCE_CODE else report_tables.region_name(asked)
