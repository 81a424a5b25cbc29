"""Charts worked out on the server: plain numbers in, the shapes of one SVG out. Pure; a template writes them.

No colour tells anything alone: each series has a pattern or a mark of its own and stands in the legend, the
numbers stand in a table beside the chart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH = 440
LINE, BAR, GAP = 26, 15, 8  # height of a line of bars, of a bar; room between words and bars
LETTER = 14  # width of a 字
PLOT, FOOT, HEAD = 180, 40, 16  # of upright charts: height of the plot, room below and above it
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Series:
    """One row of numbers: its name, a value for each label, and its look (a pattern, a line and mark)."""

    name: str
    values: tuple[float, ...]
    look: int


@dataclass(frozen=True)
class Box:
    """A bar or a part of one."""

    x: float
    y: float
    width: float
    height: float
    look: int


@dataclass(frozen=True)
class Word:
    """A text beside or below the shapes; ``anchor`` as SVG has it."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    is_soft: bool = False


@dataclass(frozen=True)
class Rule:
    """A line of the ground: the axis or one of the scale."""

    x: float
    y: float
    to_x: float
    to_y: float


@dataclass(frozen=True)
class Curve:
    """A series as a line with a mark at each value."""

    points: tuple[tuple[float, float], ...]
    look: int

    @property
    def path(self) -> str:
        """The points as ``polyline`` wants them."""
        return " ".join(f"{x},{y}" for x, y in self.points)


@dataclass(frozen=True)
class Chart:
    """One chart: what it is called and says, its legend, its size and its shapes."""

    slug: str
    title: str
    says: str
    legend: tuple[Series, ...]
    height: int
    is_lines: bool = False
    boxes: list[Box] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)

    width = WIDTH


def says(labels: Sequence[str], series: Sequence[Series], unit: str) -> str:
    """Return in a sentence what a chart shows: how much there is, where it is the most."""
    sums = [sum(values) for values in zip(*(one.values for one in series), strict=True)]
    if not any(sums):
        return "没有数据。"
    most = max(sums)
    where = "、".join(label for label, number in zip(labels, sums, strict=True) if number == most)
    parts = "，".join(f"{one.name} {sum(one.values)}" for one in series)
    return f"{parts}（{unit}）；最多的是{where}，{most} {unit}。各项数字见旁边的表格。"


def stacked(slug: str, title: str, labels: Sequence[str], series: Sequence[Series], unit: str) -> Chart:
    """Return lying bars, the series one after the other in each, with the sum at the end."""
    chart = Chart(slug, title, says(labels, series, unit), tuple(series), LINE * len(labels) + GAP)
    left = GAP + LETTER * max((len(label) for label in labels), default=0)
    sums = [sum(values) for values in zip(*(one.values for one in series), strict=True)]
    room = WIDTH - left - GAP - LETTER * len(str(max(sums, default=0)))
    for number, label in enumerate(labels):
        top = GAP / 2 + LINE * number
        chart.words.append(Word(left - GAP, top + 13, label, "end"))
        parts = [(one.values[number], one.look) for one in series]
        end = _pile(chart, parts, left, top, room / max(1, *sums))
        chart.words.append(Word(round(end + 6, 1), top + 13, str(sums[number])))
    chart.rules.append(Rule(left, 0, left, chart.height))
    return chart


def _pile(chart: Chart, parts: list[tuple[float, int]], left: float, top: float, scale: float) -> float:
    """Lay the parts of one bar after each other and return where it ends."""
    for value, look in parts:
        if value:
            chart.boxes.append(Box(round(left, 1), top, round(value * scale, 1), BAR, look))
        left += value * scale
    return left


def shares(slug: str, title: str, labels: Sequence[str], series: Sequence[Series], told: str) -> Chart:
    """Return lying bars of percentages below the words they belong to, one for each series."""
    at_most = (WIDTH - GAP) // LETTER
    lines = [[label[n : n + at_most] for n in range(0, len(label), at_most)] for label in labels]
    heights = [20 * len(words) + 20 * len(series) + GAP for words in lines]
    chart = Chart(slug, title, told, tuple(series), sum(heights))
    top = 0
    for number, words in enumerate(lines):
        for line, part in enumerate(words):
            chart.words.append(Word(0, top + 15 + 20 * line, part))
        _bars(chart, [(one.values[number], one.look) for one in series], top + 20 * len(words) + 2)
        top += heights[number]
    return chart


def _bars(chart: Chart, parts: list[tuple[int, int]], top: float) -> None:
    room = WIDTH - 5 * LETTER
    chart.rules.append(Rule(0, top, 0, top + 20 * len(parts)))
    for line, (value, look) in enumerate(parts):
        y = top + 20 * line
        if value:
            chart.boxes.append(Box(0, y, round(room * value / 100, 1), BAR, look))
        chart.words.append(Word(round(room * value / 100 + 6, 1), y + 13, f"{value}%"))


def bars(slug: str, title: str, labels: Sequence[str], series: Sequence[Series], told: str) -> Chart:
    """Return lying bars beside each other, one for each series, the number at the end of each."""
    each = BAR * len(series) + GAP
    chart = Chart(slug, title, told, tuple(series), each * len(labels) + GAP)
    left = GAP + LETTER * max((len(label) for label in labels), default=0)
    most = max((value for one in series for value in one.values), default=0)
    scale = (WIDTH - left - 4 * LETTER) / max(most, 0.1)
    for number, label in enumerate(labels):
        top = GAP / 2 + each * number
        chart.words.append(Word(left - GAP, top + BAR * len(series) / 2 + 5, label, "end"))
        for line, one in enumerate(series):
            end = _pile(chart, [(one.values[number], one.look)], left, top + BAR * line, scale)
            chart.words.append(Word(round(end + 6, 1), top + BAR * line + 12, str(one.values[number])))
    chart.rules.append(Rule(left, 0, left, chart.height))
    return chart


def scale(most: int) -> tuple[int, int]:
    """Return the end of an axis for values up to ``most`` and its step: 1, 2 or 5 with noughts, ≤ 5 steps."""
    unit = 1
    while True:
        for step in (unit * one for one in STEPS):
            if step * 5 >= most:
                return step * max(-(-most // step), 1), step
        unit *= 10


def _ground(chart: Chart, most: int) -> tuple[float, float]:
    """Draw the scale of an upright chart; return where the plot begins and how high one is."""
    end, step = scale(most)
    left = GAP + 9 * len(str(end))
    for value in range(0, end + 1, step):
        y = round(HEAD + PLOT - PLOT * value / end, 1)
        chart.rules.append(Rule(left, y, WIDTH, y))
        chart.words.append(Word(left - 4, y + 4, str(value), "end", is_soft=True))
    return left, PLOT / end


def columns(slug: str, title: str, labels: Sequence[str], series: Sequence[Series], unit: str) -> Chart:
    """Return standing bars (a histogram), the series on top of each other, with the sum above."""
    chart = Chart(slug, title, says(labels, series, unit), tuple(series), HEAD + PLOT + FOOT)
    sums = [sum(values) for values in zip(*(one.values for one in series), strict=True)]
    left, one_high = _ground(chart, max(sums, default=0))
    each = (WIDTH - left) / max(len(labels), 1)
    for number, label in enumerate(labels):
        x, y = left + each * number, float(HEAD + PLOT)
        for one in series:
            height = one.values[number] * one_high
            y -= height
            if height:
                box = Box(
                    round(x + each * 0.15, 1), round(y, 1), round(each * 0.7, 1), round(height, 1), one.look
                )
                chart.boxes.append(box)
        middle = round(x + each / 2, 1)
        chart.words.append(Word(middle, round(y - 4, 1), str(sums[number]), "middle"))
        chart.words.append(Word(middle, HEAD + PLOT + 18, label, "middle"))
    return chart


def lines(slug: str, title: str, labels: Sequence[str], series: Sequence[Series], unit: str) -> Chart:
    """Return one line for each series over the labels; a label may have a second line after ``|``."""
    told = says([label.replace("|", "") for label in labels], series, unit)
    chart = Chart(slug, title, told, tuple(series), HEAD + PLOT + FOOT, is_lines=True)
    left, one_high = _ground(chart, max((max(one.values) for one in series), default=0))
    each = (WIDTH - left) / max(len(labels), 1)
    middles = [round(left + each * (number + 0.5), 1) for number in range(len(labels))]
    for middle, label in zip(middles, labels, strict=True):
        for line, part in enumerate(label.split("|")):
            chart.words.append(Word(middle, HEAD + PLOT + 18 + 16 * line, part, "middle", is_soft=bool(line)))
    for one in series:
        heights = [round(HEAD + PLOT - value * one_high, 1) for value in one.values]
        chart.curves.append(Curve(tuple(zip(middles, heights, strict=True)), one.look))
    return chart
