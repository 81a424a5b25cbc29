"""The page that compares two days of a catalogue: groups, numbers, before and after, odd questions."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import catalogue, differences
from portal.vocabulary import BrandLevel
from tests import factories
from tests.public import Links, read
from tests.timelines import (
    DOCUMENT,
    KIND,
    LIST,
    address,
    amended,
    day,
    edition,
    left,
    merged,
    published,
    tomorrow,
    words,
)

pytestmark = pytest.mark.django_db
COMPARE = f"{LIST}editions/compare/"
SPAN = {"from": "2024-03-15", "to": "2024-06-15"}


def compared(client, **query):
    answer = client.get(COMPARE, {**SPAN, **query})
    assert answer.status_code == 200
    return answer


def groups(answer) -> dict[str, list[str]]:
    return {g["label"]: [change.entry.title for change in g["changes"]] for g in answer.context["groups"]}


def test_changes_are_grouped_and_counted_as_a_hand_made_list_says(client):
    kite, paper, clay, print_ = [
        published(f"演示{word}制作", day(3)) for word in ("风筝", "剪纸", "泥塑", "年画")
    ]
    amended(kite, day(4), summary="演示数据。新的简介。")
    renamed = amended(print_, day(4), name="演示木版年画制作")
    merged(paper, renamed, day(5))
    left(clay, day(5))
    published("演示草编制作", day(5))

    answer = compared(client)

    assert groups(answer) == {
        "新增": ["演示草编制作"],
        "调整": ["演示风筝制作"],
        "更名": ["演示年画制作"],
        "合并": ["演示剪纸制作"],
        "移出": ["演示泥塑制作"],
    }
    assert [(c["word"], c["count"]) for c in answer.context["counts"]] == [
        (word, 1) for word in ("新增", "调整", "更名", "合并", "移出")
    ]
    page = answer.content.decode()
    assert "<ins>演示数据。新的简介。</ins>" in page
    assert f"（{renamed.code}）" in page


def test_days_in_the_wrong_order_are_taken_in_the_right_one(client):
    published("演示草编制作", day(5))

    answer = client.get(COMPARE, {"from": SPAN["to"], "to": SPAN["from"]})

    assert groups(answer) == {"新增": ["演示草编制作"]}


def test_two_days_without_a_change_say_so(client):
    published("演示草编制作", day(3))

    assert "这两个日期之间没有变化" in compared(client).content.decode()


def test_without_days_the_last_two_editions_are_compared(client):
    published("演示草编制作", day(3))
    nothing = client.get(COMPARE)
    edition("演示春季版", day(4))
    one = client.get(COMPARE)
    published("演示风筝制作", day(5))
    edition("演示夏季版", day(6))
    two = client.get(COMPARE)

    assert "difference" not in nothing.context
    assert (one.context["from_name"], one.context["difference"].to_day) == (
        "演示春季版",
        timezone.localdate(),
    )
    assert (two.context["from_name"], two.context["to_name"]) == ("演示春季版", "演示夏季版")
    assert groups(two) == {"新增": ["演示风筝制作"]}
    assert "?from=2024-04-01&to=2024-06-01" in Links(two.content.decode()).found


@pytest.mark.parametrize(
    "query",
    [
        "from=2024-03-01",
        "from=2024-03-01&to=x",
        "from=2024-02-30&to=2024-03-01",
        "from=2024-03-01&to=2999-01-01",
        "from=%00&to=%00",
        "from=2024-03-01&to=2024-04-01&page=2",
        "from=2024-03-01&to=2024-04-01&region=9999",
    ],
)
def test_odd_questions_are_not_found(client, query):
    assert client.get(f"{COMPARE}?{query}").status_code == 404
    assert client.get(COMPARE, {"from": "2024-03-01", "to": str(tomorrow())}).status_code == 404


def test_the_text_of_what_has_left_is_not_shown_again(client):
    entry = published("演示风筝制作", day(3), summary="演示数据。金丝雀原文。")
    second = amended(entry, day(4), summary="演示数据。金丝雀新文。")
    assert "金丝雀" in compared(client).content.decode()

    left(second, timezone.localdate())

    page = compared(client).content.decode()
    assert ["金丝雀" in page, "原有内容不再展示" in page] == [False, True]


def test_many_changes_come_in_pages(client, monkeypatch):
    monkeypatch.setattr("portal.views.public_editions.CHANGES_PER_PAGE", 2)
    for number in range(3):
        published(f"演示第{number}号制作", day(4))

    first, second = compared(client), compared(client, page="2")

    assert [len(groups(a)["新增"]) for a in (first, second)] == [2, 1]
    assert [a.context["groups"][0]["count"] for a in (first, second)] == [3, 3]


def test_names_are_escaped(client):
    published("演示<script>制作", day(4))

    page = compared(client).content.decode()

    assert ["演示<script>制作" in page, "演示&lt;script&gt;制作" in page] == [False, True]


def test_the_page_agrees_with_the_numbers_beside_the_editions(client):
    entry = published("演示风筝制作", day(3))
    edition("演示春季版", day(4))
    amended(entry, day(5), name="演示纸鸢制作")
    edition("演示夏季版", day(6))

    row = client.get(f"{LIST}editions/").context["rows"][0]
    found = differences.difference(KIND, "37", day(4), day(6))

    assert [(c["word"], c["count"]) for c in row["changes"]] == [("更名", 1)]
    assert found.counts["renamed"] == 1


def beside(client, kind: str = KIND) -> dict[str, dict[str, int]]:
    """Return edition → the numbers that stand beside it in the list."""
    rows = client.get(f"/catalogue/{kind}/editions/").context["rows"]
    return {row["edition"].name: words(row["changes"]) for row in rows}


def test_a_merger_counts_as_one_although_its_heir_went_on_into_a_project_of_later(client):
    paper, clay = published("演示剪纸制作", day(3)), published("演示泥塑制作", day(3))
    edition("演示春季版", day(3, 15))
    merged(paper, clay, day(4))
    edition("演示夏季版", day(4, 15))
    merged(clay, published("演示民艺制作", day(5)), day(5))
    edition("演示秋季版", day(6))

    assert beside(client) == {
        "演示春季版": {},
        "演示夏季版": {"合并": 1},
        "演示秋季版": {"新增": 1, "合并": 1},
    }


def test_the_edition_of_a_city_does_not_count_what_rose_in_another(client):
    kind, province = "skill-brands", {"by": factories.publisher(), "document_number": DOCUMENT}
    published("潍坊风筝品牌（演示）", day(3), kind)
    jinan = published("济南风筝品牌（演示）", day(3), kind, place="3701")
    for region in ("3701", "3707"):
        edition(f"演示{region}春季版", day(4), region, kind)
    catalogue.promote(jinan, level=BrandLevel.PROVINCIAL, on=day(5), **province)
    for region in ("3701", "3707"):
        edition(f"演示{region}夏季版", day(6), region, kind)

    found = beside(client, kind)

    assert (found["演示3701夏季版"], found["演示3707夏季版"]) == ({"调整": 1}, {})


def test_a_city_is_compared_alone(client):
    published("演示潍坊制作", day(4))
    published("演示济南制作", day(4), place="3701")

    assert groups(compared(client, region="3701")) == {"新增": ["演示济南制作"]}


def test_one_change_costs_as_many_queries_as_many(client):
    numbers = []
    for number in range(4):
        entry = published(f"演示第{number}号制作", day(3) + timedelta(days=1))
        amended(entry, day(4), summary="演示数据。新的简介。")
        with CaptureQueriesContext(connection) as captured:
            read(client, f"{COMPARE}?from={SPAN['from']}&to={SPAN['to']}")
        numbers.append(len(captured))

    assert numbers == [numbers[0]] * 4


def test_a_day_leads_to_what_changed_since(client):
    published("演示风筝制作", day(3))

    page = read(client, address(day(4)))

    assert f"{COMPARE}?from=2024-04-01&to={timezone.localdate()}" in Links(page).found
