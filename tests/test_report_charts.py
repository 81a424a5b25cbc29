"""The bars beside a table of a report: the same numbers, drawn for who compares places at a glance."""

import pytest

from portal import reports
from portal.vocabulary import State
from tests.campaigning import get
from tests.factories import filing, reviewer
from tests.rolling import asked

pytestmark = pytest.mark.django_db
DRAWN = {
    "brands": ["分市小计：合计"],
    "project-training": ["分市情况：培训人数"],
    "labour-brands": ["建设单位：合计", "劳务品牌：合计"],
    "exam-catalogue": ["分类统计：统计截止时现行"],
    "subsidies": ["分市情况：调整"],
}


@pytest.fixture
def brands():
    for place in ("3707", "370705", "3701"):
        filing("skill-brands", State.CITY_REVIEW, place=place, explanation="演示说明")


def charts(client, region: str = "37") -> list:
    page = get(client, reviewer("37"), "report", "brands", region=region)
    return [table.chart for table in page.context["tables"] if table.chart]


def test_each_city_has_a_bar_with_the_number_of_its_line(brands, client):
    (chart,) = charts(client)
    (series,) = chart.legend

    told = dict(zip((word.text for word in chart.words[::2]), series.values, strict=True))
    assert (chart.title, series.name, len(told)) == ("分市小计：合计", "合计", 16)
    assert {name: number for name, number in told.items() if number} == {"济南市": 1, "潍坊市": 2}
    assert chart.says == "合计 3（个）；最多的是潍坊市，2 个。各项数字见旁边的表格。"


def test_the_page_says_in_words_what_is_drawn_beside_the_table(brands, client):
    page = get(client, reviewer("37"), "report", "brands").content.decode()

    assert page.count('<svg class="chart"') == 1
    assert '<desc id="chart-2-says">合计 3（个）；最多的是潍坊市，2 个。' in page


def test_one_line_and_nothing_at_all_are_not_drawn(brands, client):
    assert charts(client, "3707") == []
    assert charts(client, "3703") == []


def test_reports_by_place_or_class_are_drawn():
    found = {}
    for kind in reports.all_kinds():
        tables = reports.content(asked(kind.slug)).tables
        titles = [f"{one.name}：{one.columns[one.drawn].heading}" for one in tables if one.drawn is not None]
        found |= {kind.slug: titles} if titles else {}
    assert found == DRAWN
