"""The sections of a dashboard: for each its table, the chart or gauges that show the same, facts in words.

Pure: made from what a ``Dashboard`` read; page and workbook are written from the same tables.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from portal import charts, gauges, inbox, progress, registry, rollups, spreadsheet, tallies, windows
from portal.charts import Chart, Series
from portal.dashboards import OWN, Dashboard
from portal.reports import NUMBER, TEXT, TOTAL, Cell, Column, Line, Number, Table
from portal.spreadsheet import Page, Styled
from portal.tallies import APPROVE, PUBLISH, SUBMIT
from portal.vocabulary import IN_REVIEW, Level, State

# state → its look, in the order of the road; a draft that was submitted once was withdrawn
LOOKS = {
    State.CITY_REVIEW: 2,
    State.PROVINCE_REVIEW: 3,
    State.RETURNED: 4,
    State.APPROVED: 1,
    State.REJECTED: 5,
    State.DRAFT: 6,
    State.CANCELLED: 7,
}
WORDS = {state: str(state.label) for state in LOOKS} | {State.DRAFT: "已撤回"}
ACTS = {SUBMIT: "提交", APPROVE: "审核通过", PUBLISH: "公布"}
BANDS = ("不到1天", "1–3天", "3–5天", "5–10天", "10–20天", "20天以上")
EXPECTED, FILED, ON_TIME, LATE, OWING = "expected", "filed", "on_time", "late", "owing"
TITLE = "数据看板"
OF_TASKS = ("campaigns", "bureaus", "targets")  # what there is to see before anything is submitted


@dataclass(frozen=True)
class Panel:
    """One section of the page: a table, the chart or the gauges that show the same, facts in words."""

    slug: str
    table: Table
    chart: Chart | None = None
    facts: list[tuple[str, str, str]] = field(default_factory=list)
    gauges: list[dict] = field(default_factory=list)
    is_wide: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is no line to show."""
        return not any(True for _ in self.table.lines())


def panels(board: Dashboard) -> list[Panel]:
    """Return the sections of a dashboard in their order."""
    kinds = [] if board.asked.kind else [by_kind(board), matrix(board)]
    has_aims = gauges.root_of(board.user) and board.asked.region.level in OWN
    aims = [targets(board)] if has_aims else []
    campaigns = [completeness(board), by_bureau(board)] if board.boards else []
    return [by_place(board), *kinds, *campaigns, *aims, trend(board), queue(board), handling(board)]


def table(
    name: str, headings: Sequence[str], lines: Iterable[Line], *notes: str, texts: Sequence[int] = (0,)
) -> Table:
    """Return a table: the columns ``texts`` hold words, the others numbers."""
    made = tuple(Column(heading, TEXT if n in texts else NUMBER) for n, heading in enumerate(headings))
    kept = list(lines)
    return Table(name, made, lambda: kept, notes)


def _numbers(values: Mapping[str, int], address: Callable[[str], dict], first: str, style="") -> Line:
    """Return a line of numbers with their sum at the end."""
    cells: list[Cell] = [Number(number, address(name)) for name, number in values.items()]
    total = Number(sum(values.values()), address(""))
    return Line((first, *cells, total), *([style] if style else []))


def _with(cell: dict[str, str], name: str, value: str) -> dict[str, str]:
    return {**cell, **({name: value} if value else {})}


def _by_states(name: str, slug: str, heading: str, rows: list[tuple[str, dict, dict]], *notes: str) -> Panel:
    """Return a panel of (label, address, state → number) by state."""
    lines = [
        _numbers({s: numbers.get(s, 0) for s in LOOKS}, lambda s, cell=cell: _with(cell, "state", s), label)
        for label, cell, numbers in rows
    ]
    sums = {state: sum(numbers.get(state, 0) for *_, numbers in rows) for state in LOOKS}
    lines.append(_numbers(sums, lambda s: _with({"all": "1"}, "state", s), "合计", TOTAL))
    series = [Series(w, tuple(n.get(s, 0) for *_, n in rows), LOOKS[s]) for s, w in WORDS.items()]
    chart = charts.stacked(slug, name, [label for label, *_ in rows], series, "件")
    return Panel(slug, table(name, [heading, *WORDS.values(), "合计"], lines, *notes), chart)


def _per_state(found: Counter, key: Callable[[str, str], str]) -> dict[str, Counter]:
    """Fold the counts by what ``key`` makes of type and region."""
    folded: dict[str, Counter] = {}
    for (kind, region, state), number in found.items():
        folded.setdefault(key(kind, region), Counter())[state] += number
    return folded


def by_place(board: Dashboard) -> Panel:
    """Return how many filings of each city (or county) are in each state."""
    counts = _per_state(board.states, lambda _, region: board.line_of(region))
    rows = [(p.name, p.cell, counts.get(p.code, {})) for p in board.places]
    rows = [row for row in rows if row[2] or "own" not in row[1]]
    heading = {Level.PROVINCE: "市", Level.CITY: "县（市、区）"}.get(board.asked.region.level, "区划")
    note = "只计提交过的填报，含零报送；已撤回指提交后撤回、尚未重新提交的。"
    return _by_states("各地填报情况", "places", heading, rows, note)


def by_kind(board: Dashboard) -> Panel:
    """Return how many filings of each type are in each state."""
    counts = _per_state(board.states, lambda kind, _: kind)
    rows = [(t.label, {"kind": t.slug}, counts.get(t.slug, {})) for t in registry.all_types()]
    return _by_states("各类填报情况", "kinds", "类型", rows)


def matrix(board: Dashboard) -> Panel:
    """Return how many filings each city (or county) has of each type."""
    counts: Counter = Counter()
    for (kind, region, _), number in board.states.items():
        counts[board.line_of(region), kind] += number
    types = list(registry.all_types())
    lines = []
    for place in board.places:
        values = {t.slug: counts[place.code, t.slug] for t in types}
        if any(values.values()) or not place.is_own:
            lines.append(_numbers(values, lambda k, cell=place.cell: _with(cell, "kind", k), place.name))
    sums = {t.slug: sum(counts[place.code, t.slug] for place in board.places) for t in types}
    lines.append(_numbers(sums, lambda kind: _with({"all": "1"}, "kind", kind), "合计", TOTAL))
    made = table("各地各类填报件数", ["区划", *(t.label for t in types), "合计"], lines)
    return Panel("matrix", made, is_wide=True)


def rates_line(first: tuple[Cell, ...], rows: Sequence[windows.Row], cell: dict, *style: str) -> Line:
    """Return a line of 应报, 已报, 报送率, 按时, 按时率, each number leading to its bureaus."""
    counted = windows.rates(rows)
    expected, filed, on_time = counted.expected, counted.filed, counted.on_time
    rate = f"{windows.percent(filed, expected)}%" if expected else "—"
    timely = f"{windows.percent(on_time, expected)}%" if expected else "—"
    numbers = {EXPECTED: expected, FILED: filed, ON_TIME: on_time}
    cells = [Number(number, {**cell, "duty": name}) for name, number in numbers.items()]
    return Line((*first, cells[0], cells[1], rate, cells[2], timely), *style)


RATES = ("应报", "已报", "报送率", "按时", "按时率")
RATES_NOTE = (
    "列出正在报送和本年度截止的任务。"
    "报送率 = 已报 / 应报，按时率 = 按时 / 应报，均舍去小数。已报含零报送；退回后尚未重新提交的不计入已报。"
)


def completeness(board: Dashboard) -> Panel:
    """Return how complete and how punctual each campaign is."""
    lines, filed, on_time = [], [], []
    for campaign, rows in board.boards:
        first = (campaign.name, windows.moment(campaign.due_at))
        lines.append(rates_line(first, rows, {"campaign": str(campaign.pk)}))
        counted = windows.rates(rows)
        filed.append(windows.percent(counted.filed, counted.expected))
        on_time.append(windows.percent(counted.on_time, counted.expected))
    labels = [campaign.name for campaign, _ in board.boards]
    series = [Series("报送率", tuple(filed), 3), Series("按时率", tuple(on_time), 1)]
    told = "各项任务的报送率和按时率，分子、分母见旁边的表格。"
    chart = charts.shares("campaigns", "报送任务完成情况", labels, series, told)
    made = table("报送任务完成情况", ["任务", "截止时间", *RATES], lines, RATES_NOTE, texts=(0, 1))
    return Panel("campaigns", made, chart)


def by_bureau(board: Dashboard) -> Panel:
    """Return how complete and how punctual each city (or county) is over all those campaigns."""
    rows: dict[str, list[windows.Row]] = {}
    for _, found in board.boards:
        for row in found:
            rows.setdefault(board.line_of(row.duty.organisation.region_id), []).append(row)
    places = [place for place in board.places if place.code in rows]
    lines = [rates_line((place.name,), rows[place.code], place.cell) for place in places]
    everybody = [row for found in rows.values() for row in found]
    lines.append(rates_line(("合计",), everybody, {"all": "1"}, TOTAL))
    counted = [windows.rates(rows[place.code]) for place in places]
    series = [
        Series("按时报送", tuple(one.on_time for one in counted), 1),
        Series("逾期报送", tuple(one.filed - one.on_time for one in counted), 2),
        Series("未完成", tuple(one.expected - one.filed for one in counted), 7),
    ]
    chart = charts.stacked("bureaus", "各地报送率和按时率", [place.name for place in places], series, "项")
    note = "以上各项任务合在一起，一个单位一项任务计一次。"
    return Panel("bureaus", table("各地报送率和按时率", ["区划", *RATES], lines, note), chart)


def targets(board: Dashboard) -> Panel:
    """Return how far the policy targets are on the day."""
    day = rollups.day_of(board.asked.cutoff)
    root = board.asked.region.code
    found = progress.overview(day, public=False, root=root, at=board.asked.known)
    wish = gauges.Wish("" if day == timezone.localdate() else str(day))
    named = zip(found, gauges.scopes(found), strict=True)
    shown = [{**gauges.gauge(one, wish, "desk-target"), "whose": whose} for one, whose in named]
    lines = [
        Line(
            (
                one["label"],
                one["held_against"],
                Number(one["number"], {"target": one["slug"]}),
                one["word"],
                one["due"],
                one["basis"],
            )
        )
        for one in shown
    ]
    made = table(
        "政策目标进度", ["目标", "对照", "数量", "进度", "期限", "依据"], lines, texts=(0, 1, 3, 4, 5)
    )
    return Panel("targets", made, gauges=shown, is_wide=True)


def trend(board: Dashboard) -> Panel:
    """Return how often was submitted, approved and published in each of the last twelve months."""
    counts, months = tallies.trend(board.asked.sight), tallies.months(board.asked.cutoff)
    lines = [
        Line((f"{m:%Y-%m}", *(Number(counts[m, act], {"month": f"{m:%Y-%m}", "act": act}) for act in ACTS)))
        for m in months
    ]
    sums = {act: sum(counts[month, act] for month in months) for act in ACTS}
    lines.append(Line(("合计", *(Number(sums[act], {"month": "all", "act": act}) for act in ACTS)), TOTAL))
    labels = [
        f"{m.month}月|{m.year}" if n == 0 or m.month == 1 else f"{m.month}月" for n, m in enumerate(months)
    ]
    series = [
        Series(word, tuple(counts[month, act] for month in months), look)
        for look, (act, word) in enumerate(ACTS.items(), 1)
    ]
    name = "近12个月提交、审核通过和公布"
    chart = charts.lines("trend", name, labels, series, "件次")
    note = "按办理的次数计：退回后再次提交的计两次。最后一个月计到统计截至时。"
    return Panel("trend", table(name, ["月份", *ACTS.values()], lines, note), chart)


def queue(board: Dashboard) -> Panel:
    """Return what waits and for how long: by band, the oldest, the middle one."""
    found, now = tallies.queue(board.asked.sight), board.asked.cutoff
    desks = {state: WORDS[state] for state in IN_REVIEW}
    lines = []
    for band, word in enumerate(BANDS):
        values = {desk: found.bands[desk, band] for desk in desks}
        lines.append(_numbers(values, lambda desk, band=band: _with({"band": str(band)}, "desk", desk), word))
    sums = {desk: sum(found.bands[desk, band] for band in range(len(BANDS))) for desk in desks}
    lines.append(_numbers(sums, lambda desk: _with({"band": "all"}, "desk", desk), "合计", TOTAL))
    series = [
        Series(w, tuple(found.bands[s, band] for band in range(len(BANDS))), LOOKS[s])
        for s, w in desks.items()
    ]
    facts = [("待审", f"{found.total} 件", "")]
    if found.oldest:
        facts.append(("停留最久", inbox.duration(now - found.oldest), f"{windows.moment(found.oldest)} 到达"))
        facts.append(("停留时长中位数", inbox.duration(now - found.middle), "一半比这久，一半比这短"))
    chart = charts.columns("queue", "待审件数和停留时长", BANDS, series, "件")
    made = table("待审件数和停留时长", ["停留时长", *desks.values(), "合计"], lines)
    return Panel("queue", made, chart, facts)


def handling(board: Dashboard) -> Panel:
    """Return how long the decisions of the last ninety days took."""
    found = tallies.handling(board.asked.sight)
    types = [t for t in registry.all_types() if t.slug in found]
    lines = [_handled(t.label, found[t.slug], {"kind": t.slug}) for t in types]
    everything = sorted(time for times in found.values() for time in times)
    facts = [("近90天办结", f"{len(everything)} 件", "")]
    if everything:
        lines.append(_handled("合计", everything, {"all": "1"}, TOTAL))
        usual = tallies.percentile(everything, tallies.USUAL) * tallies.MICROSECOND
        mean = tallies.winsorised(everything)
        facts.append(("平均办理时长", inbox.duration(mean), "最快和最慢的各5%按界限计"))
        facts.append(("通常办结时间", inbox.duration(usual), "九成在此时间内办结"))
    series = [Series("办结", tuple(tallies.by_band(everything)), 1)]
    chart = charts.columns("handling", "办理时长", BANDS, series, "件")
    note = (
        "从首次提交到作出审核通过或不予通过的结论，在市级、省级审核的时间合计；退回、撤回后在报送单位的时间不计。"
        "计统计截至前90天内的结论，后来撤销的结论不计。"
    )
    headings = ["类型", *BANDS, "办结", "平均办理时长", "通常办结时间"]
    return Panel("handling", table("办理时长", headings, lines, note), chart, facts)


def _handled(label: str, times: list[int], cell: dict[str, str], *style: str) -> Line:
    bands = enumerate(tallies.by_band(times))
    numbers = [Number(number, {**cell, "handled": str(band)}) for band, number in bands]
    whole = Number(len(times), {**cell, "handled": "all"})
    mean, usual = tallies.winsorised(times), tallies.percentile(times, tallies.USUAL) * tallies.MICROSECOND
    return Line((label, *numbers, whole, inbox.duration(mean), inbox.duration(usual)), *style)


def workbook_of(board: Dashboard, shown: Sequence[Panel]) -> bytes:
    """Return the tables of a dashboard as a workbook, a sheet each: the numbers of the page."""
    asked = board.asked
    facts = [[asked.region.name, asked.kind_label], ["统计截至", windows.moment(asked.cutoff)]]
    return book_of(TITLE, shown, facts)


def book_of(title: str, shown: Sequence[Panel], facts: Sequence[list[str]]) -> bytes:
    """Return the tables of some panels as a workbook, a sheet each, below what is looked at."""
    return spreadsheet.whole(title, [_page(panel, facts) for panel in shown])


def _page(panel: Panel, facts: Sequence[list[str]]) -> Page:
    made, (first, *others) = panel.table, facts
    above = [Styled("context", [made.name, *first]), *(Styled("context", fact) for fact in others)]
    above += [Styled("data", [word for word in fact if word]) for fact in panel.facts]
    columns = [
        spreadsheet.Column(column.label, 14 if column.holds == NUMBER else 28) for column in made.columns
    ]
    lines = [
        Styled("optional" if line.style == TOTAL else "data", [_plain(cell) for cell in line.cells])
        for line in made.lines()
    ]
    return Page(made.name, columns, [*lines, *([note] for note in made.notes)], above)


def _plain(cell: Cell) -> str | float | None:
    return cell.value if isinstance(cell, Number) else cell
