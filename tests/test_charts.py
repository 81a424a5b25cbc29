"""Charts from plain numbers: the shapes, what they say without being seen, patterns instead of colours."""

import re
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string

from portal import charts
from portal.charts import WIDTH, Series

LABELS = ("济南市", "青岛市", "淄博市")
WAITING = Series("待审", (2, 0, 1), 2)
PASSED = Series("通过", (6, 0, 1), 1)


def drawn(chart) -> ElementTree.Element:
    """Return the chart as the page writes it; it has to be well-formed."""
    return ElementTree.fromstring(render_to_string("components/chart.html", {"chart": chart}))


def test_lying_bars_are_as_long_as_their_numbers_and_lie_one_after_the_other():
    chart = charts.stacked("places", "各市", LABELS, [WAITING, PASSED], "件")

    first, second = chart.boxes[:2]
    assert (first.look, second.look, len(chart.boxes)) == (2, 1, 4)
    assert second.width == pytest.approx(3 * first.width, abs=0.2)
    assert second.x == pytest.approx(first.x + first.width, abs=0.2)
    assert chart.boxes[2].width == pytest.approx(first.width / 2, abs=0.2)
    assert [word.text for word in chart.words] == ["济南市", "8", "青岛市", "0", "淄博市", "2"]


def test_nothing_lies_outside_the_picture():
    long = ("“山东手造”职业技能培训项目", "市")
    every = [
        charts.stacked("a", "甲", long, [Series("一", (999_999, 1), 1)], "件"),
        charts.shares("b", "乙", ["很长的任务名称" * 8], [Series("率", (100,), 1)], "说明"),
        charts.columns("c", "丙", long, [Series("一", (7, 0), 1), Series("二", (3, 1), 2)], "件"),
        charts.lines("d", "丁", long, [Series("一", (123_456, 0), 1)], "件次"),
    ]
    for chart in every:
        assert all(box.x >= 0 and box.x + box.width <= WIDTH for box in chart.boxes)
        assert all(box.y >= 0 and box.y + box.height <= chart.height for box in chart.boxes)
        assert all(0 <= word.y <= chart.height for word in chart.words)
        points = [point for curve in chart.curves for point in curve.points]
        assert all(0 <= x <= WIDTH and 0 <= y <= chart.height for x, y in points)


def test_columns_stand_on_each_other_and_reach_as_high_as_their_sum():
    chart = charts.columns(
        "queue", "停留", ("一", "二"), [Series("市", (3, 0), 2), Series("省", (1, 2), 3)], "件"
    )

    low, high, other = chart.boxes
    assert low.y + low.height == charts.HEAD + charts.PLOT
    assert high.y + high.height == pytest.approx(low.y)
    assert low.height == pytest.approx(3 * high.height) and other.height == pytest.approx(2 * high.height)


@pytest.mark.parametrize(
    ("most", "found"), [(0, (1, 1)), (1, (1, 1)), (5, (5, 1)), (6, (6, 2)), (17, (20, 5)), (98, (100, 20))]
)
def test_a_scale_ends_at_or_above_the_highest_value_in_round_steps(most, found):
    assert charts.scale(most) == found


def test_what_a_chart_shows_is_said_in_words():
    said = charts.says(LABELS, [WAITING, PASSED], "件")

    assert said == "待审 3，通过 7（件）；最多的是济南市，8 件。各项数字见旁边的表格。"
    assert charts.says(LABELS, [Series("待审", (0, 0, 0), 1)], "件") == "没有数据。"


def test_a_reader_who_sees_nothing_finds_a_picture_with_a_name_and_a_description():
    figure = drawn(charts.stacked("places", "各市<填报>", LABELS, [WAITING, PASSED], "件"))

    picture = figure[0]
    assert picture.get("role") == "img"
    named = [figure.find(f".//*[@id='{name}']").text for name in picture.get("aria-labelledby").split()]
    assert named == ["各市<填报>", charts.says(LABELS, [WAITING, PASSED], "件")]


def test_series_differ_by_pattern_or_mark_and_not_by_colour_alone():
    series = [Series(str(look), (1, 2, 3), look) for look in range(1, 8)]
    bars = drawn(charts.stacked("bars", "甲", LABELS, series, "件"))
    curves = drawn(charts.lines("lines", "乙", LABELS, series[:3], "件"))

    patterns = [ElementTree.tostring(one) for one in bars.iter("pattern")]
    fills = [re.sub(rb' id="[^"]*"', b"", one) for one in patterns]
    assert (len(fills), len(set(fills))) == (7, 7)
    assert {box.get("fill") for box in bars[0].findall("rect")} == {f"url(#bars-{n})" for n in range(1, 8)}
    marks = {one.get("class") for one in curves[0] if (one.get("class") or "").startswith("m-")}
    assert marks == {"m-1", "m-2", "m-3"}


def test_a_drawing_needs_no_style_and_no_script():
    chart = charts.columns("queue", "停留", LABELS, [WAITING], "件")
    page = render_to_string("components/chart.html", {"chart": chart})

    assert not re.search(r"style=|<script|\son\w+=", page)
