"""The sections of the numbers of the desks: their tables, the charts that show the same, notes in words.

Pure: made from what ``desk_numbers`` read; page and workbook are written from the same tables.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from portal import charts, desk_numbers, panels, windows
from portal.charts import Chart, Series
from portal.dashboards import Place
from portal.desk_numbers import AWAY, DESKS, GROSS, HELD, MIDDLE, STEPS, TOTAL, USUAL, Asked, Measured, Queues
from portal.panels import BANDS, WORDS, Panel
from portal.reports import PLAIN, Cell, Line, Number
from portal.reports import TOTAL as SUM
from portal.vocabulary import IN_REVIEW

TITLE = "办理统计"
NONE = "—"
NOBODY, UNTAKEN = "none", "未受理"
SHADES = (7, 6, 4, 2, 3, 1)  # a look for each band, the longer the fuller
ALL = {"all": "1"}
AGES = ("区划", *BANDS, "合计", "最久（天）")
AGE_NOTE = (
    "在办天数按自然日计：在这一级待审的时间累计，退回、撤回后在报送单位的时间不计；"
    "受理、取消受理、转办不重新起算。退回后本级又撤回退回的，视同没有退回。"
)
STEP_NOTES = {
    desk_numbers.CITY: (
        "从送达市级（提交、撤回上报、撤销结论）到离开市级（上报、退回、撤回、作出结论），几次合计。"
    ),
    desk_numbers.PROVINCE: (
        "从送达省级（上报、省本级提交、撤销结论）到离开省级（退回、撤回、撤回上报、作出结论），几次合计。"
    ),
    desk_numbers.PUBLICATION: "从审核通过到公布；只计已经公布的。",
    desk_numbers.WHOLE: (
        "市级审核、省级审核、公布三段合计；只计已经走完的：已公布、不予通过，或者通过后不需公布的。"
    ),
}
PERIOD_NOTE = (
    "计起止日期内作出、后来没有撤销的结论（审核通过、不予通过）。天数按自然日计，保留一位小数。"
    "中位数、九成分位取按时长排列的第50%、第90%位（向上取整）那一件的实际天数；没有的记“—”；以下各表相同。"
)
ROAD_NOTE = (
    "审核用时是市级、省级审核合计，在报送单位的时间停表；历时从首次提交到作出结论，一并计入在报送单位的时间。"
    "退回次数不含已撤回的退回。"
)


def panels_of(asked: Asked) -> list[Panel]:
    """Return the sections in their order; four queries at any size."""
    queue, times = desk_numbers.queues(asked), desk_numbers.measured(asked)
    lines = desk_numbers.places(asked, queue, times)
    at_city, at_province = IN_REVIEW
    waiting = [_waiting(at_city, queue, lines, AGE_NOTE), _waiting(at_province, queue, lines)]
    steps = [_step(step, times, lines) for step in STEPS]
    return [*waiting, _holders(asked, queue), _roads(times, lines), *steps]


def _waiting(desk: str, queue: Queues, places: Sequence[Place], *notes: str) -> Panel:
    """Return how many filings wait at the desks of one level, by place and age."""
    slug, name = f"waiting-{desk.replace('_', '-')}", f"{WORDS[desk]}件数和在办天数"
    kept = [place for place in places if not place.is_own or (desk, place.code) in queue.longest]
    lines = [_ages(place.name, queue, (desk, place.code), {**place.cell, "desk": desk}) for place in kept]
    lines.append(_ages("合计", queue, (desk, TOTAL), {**ALL, "desk": desk}, SUM))
    made = panels.table(name, AGES, lines if (desk, TOTAL) in queue.longest else [], *notes)
    return Panel(slug, made, _shaded(slug, name, [(p.name, (desk, p.code)) for p in kept], queue))


def _ages(label: str, queue: Queues, row: tuple, cell: Mapping[str, str], style: str = PLAIN) -> Line:
    numbers = [queue.counts[row, band] for band in range(len(BANDS))]
    cells: list[Cell] = [Number(n, {**cell, "band": str(band)}) for band, n in enumerate(numbers)]
    longest = desk_numbers.days(queue.longest[row]) if row in queue.longest else NONE
    return Line((label, *cells, Number(sum(numbers), {**cell, "band": "all"}), longest), style)


def _shaded(slug: str, name: str, rows: Sequence[tuple[str, tuple]], queue: Queues) -> Chart | None:
    """Return the rows that have something, as bars with a part for each band."""
    full = [(label, row) for label, row in rows if row in queue.longest]
    series = [
        Series(word, tuple(queue.counts[row, band] for _, row in full), SHADES[band])
        for band, word in enumerate(BANDS)
    ]
    return charts.stacked(slug, name, [label for label, _ in full], series, "件") if full else None


def _holders(asked: Asked, queue: Queues) -> Panel:
    """Return how many filings each person of the region's own desk has in hand, by age."""
    desk, name = desk_numbers.own_desk(asked.region), "经办人手上的件数和在办天数"
    held = [holder for kind, holder in queue.longest if kind == HELD]
    rows: dict[int | None, str] = {**desk_numbers.people(held), **({None: UNTAKEN} if None in held else {})}
    cells = {pk: {**ALL, "desk": desk, "holder": str(pk or NOBODY)} for pk in rows}
    lines = [_ages(word, queue, (HELD, pk), cells[pk]) for pk, word in rows.items()]
    chart = _shaded("holders", name, [(word, (HELD, pk)) for pk, word in rows.items()], queue)
    note = f"{WORDS[desk]}的件，受理或转办后记在经办人名下。"
    return Panel("holders", panels.table(name, ["经办人", *AGES[1:]], lines, note), chart)


def _step(step: str, times: Measured, places: Sequence[Place]) -> Panel:
    """Return how long one step took, by place."""
    name = f"{STEPS[step]}用时（天）"
    kept = [place for place in places if not place.is_own or times.number(place.code, step)]
    lines = [Line((place.name, *_parts(times, place.code, step, place.cell))) for place in kept]
    lines.append(Line(("合计", *_parts(times, TOTAL, step, ALL)), SUM))
    if not times.number(TOTAL, step):
        lines = []
    made = panels.table(name, ["区划", "件数", "中位数", "九成分位"], lines, STEP_NOTES[step])
    return Panel(f"step-{step}", made, _bars(step, name, times, kept) if lines else None)


def _parts(times: Measured, line: str, measure: str, cell: Mapping[str, str]) -> list[Cell]:
    number = Number(times.number(line, measure), {**cell, "step": measure})
    return [number, *_middle_and_usual(times, line, measure)]


def _middle_and_usual(times: Measured, line: str, measure: str) -> list[Cell]:
    found = [times.part(line, measure, percent) for percent in (MIDDLE, USUAL)]
    return [NONE if part is None else part for part in found]


def _bars(step: str, name: str, times: Measured, places: Sequence[Place]) -> Chart:
    full = [place for place in places if times.number(place.code, step)]
    middle, usual = (tuple(times.part(p.code, step, percent) for p in full) for percent in (MIDDLE, USUAL))
    longest = "、".join(p.name for p, part in zip(full, middle, strict=True) if part == max(middle))
    told = f"中位数最长的是{longest}，{max(middle)} 天。各项数字见旁边的表格。"
    series = [Series("中位数", middle, 1), Series("九成分位", usual, 2)]
    return charts.bars(f"step-{step}", name, [place.name for place in full], series, told)


def _roads(times: Measured, places: Sequence[Place]) -> Panel:
    """Return who had it from the first submission to the decision, and how often it went back."""
    name = "办结件的用时和退回"
    kept = [place for place in places if not place.is_own or place.code in times.returns]
    lines = [_road(place.name, times, place.code, place.cell) for place in kept]
    lines.append(_road("合计", times, TOTAL, ALL, SUM))
    headings = ["区划", "办结件数"]
    for word in ("审核用时", "历时", "在报送单位"):
        headings += [f"{word}中位数", f"{word}九成分位"]
    headings += ["退回过的件数", "退回次数", "平均每件退回次数"]
    shown = lines if TOTAL in times.returns else []
    return Panel("roads", panels.table(name, headings, shown, ROAD_NOTE, PERIOD_NOTE), is_wide=True)


def _road(label: str, times: Measured, line: str, cell: Mapping[str, str], style: str = PLAIN) -> Line:
    returns = times.returns.get(line, Counter())
    spent = [part for measure in (DESKS, GROSS, AWAY) for part in _middle_and_usual(times, line, measure)]
    number, every = returns.total(), sum(times * count for times, count in returns.items())
    back = Number(number - returns[0], {**cell, "step": desk_numbers.RETURNED})
    mean = (20 * every + number) // (2 * number) / 10 if number else NONE
    cells = (Number(number, {**cell, "step": DESKS}), *spent, back, every, mean)
    return Line((label, *cells), style)


def workbook_of(asked: Asked, shown: Sequence[Panel]) -> bytes:
    """Return the tables as a workbook, a sheet each."""
    facts = [
        [asked.region.name, asked.kind_label],
        ["在办统计截至", windows.moment(asked.cutoff)],
        ["办结日期", asked.words],
    ]
    return panels.book_of(TITLE, shown, facts)
