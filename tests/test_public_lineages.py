"""What became of a code: mergers lead on, renames are remembered, exits leave a tombstone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal import catalogue
from portal.models import PeriodicReview, ReviewItem
from portal.vocabulary import BrandLevel, ExitReason, Outcome
from tests import factories
from tests.public import Links, address, read
from tests.timelines import (
    DOCUMENT,
    KIND,
    LIST,
    amended,
    day,
    edition,
    left,
    merged,
    published,
    reinstated,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain():
    """Publish three projects of which the first went into the second, and that into the third."""
    first, second, third = [published(f"演示{word}制作", day(3)) for word in ("剪纸", "年画", "风筝")]
    merged(first, second, day(4))
    merged(second, third, day(5))
    return first, second, third


def test_a_code_that_went_into_another_leads_there_for_good_and_in_one_hop(client, chain):
    first, second, third = chain

    answers = [client.get(address(entry)) for entry in (first, second)]

    assert [answer.status_code for answer in answers] == [301, 301]
    assert [answer.url for answer in answers] == [f"{address(third)}?from={e.code}" for e in (first, second)]


def test_the_page_of_the_successor_says_which_code_a_visitor_came_with(client, chain):
    first, second, third = chain

    came = read(client, f"{address(third)}?from={first.code}")
    straight = read(client, f"{address(third)}?from={second.code}")

    one = f"原编号 {first.code}（演示剪纸制作）已于 2024-04-01 并入 {second.code}（{DOCUMENT}）"
    two = f"原编号 {second.code}（演示年画制作）已于 2024-05-01 并入本项目（{DOCUMENT}）"
    assert [one in came, two in came] == [True, True]
    assert [one in straight, two in straight] == [False, True]


@pytest.mark.parametrize("old", ["EP-3707-0003", "EP-3707-9999", "<b>", "%00", "x" * 500, ""])
def test_a_code_that_does_not_lead_here_is_passed_over(client, chain, old):
    page = read(client, f"{address(chain[2])}?from={old}")

    assert "原编号" not in page


def test_the_tombstone_of_a_merged_code_is_still_there_for_whoever_asks_for_its_version(client, chain):
    page = read(client, f"{address(chain[0])}?version=1")

    said = ["已于 2024-04-01 退出目录" in page, "并入其他条目" in page, DOCUMENT in page]
    assert said == [True] * 3
    assert f"{address(chain[2])}?from={chain[0].code}" in Links(page).found
    assert client.get(f"{address(chain[0])}?version=2").status_code == 404


def test_a_merged_code_whose_successor_exited_leads_to_the_tombstone_of_that(client, chain):
    left(chain[2], day(6))

    page = client.get(address(chain[0]), follow=True)

    assert page.redirect_chain == [(f"{address(chain[2])}?from={chain[0].code}", 301)]
    assert "已于 2024-06-01 退出目录" in page.content.decode()


def test_an_exit_without_a_successor_does_not_lead_on(client):
    entry = published("演示剪纸制作", day(3))
    left(entry, day(4), ExitReason.ADJUSTED)

    assert "已于 2024-04-01 退出目录" in read(client, address(entry))


def test_the_names_an_entry_had_before_are_told_on_its_page(client):
    entry = published("演示剪纸制作", day(3))
    second = amended(entry, day(4), name="演示窗花制作")
    amended(second, day(5), name="演示剪纸窗花制作")

    page = read(client, address(entry))

    assert "曾用名：演示剪纸制作（至 2024-04-01）、演示窗花制作（至 2024-05-01）" in page
    assert "更名为“演示剪纸窗花制作”，公布第 3 版" in page
    assert "曾用名" not in read(client, address(published("演示年画制作", day(3))))


def test_what_went_into_an_entry_and_its_level_stand_in_its_change_record(client, chain):
    brand = published("潍坊风筝品牌（演示）", day(3), "skill-brands")
    province = {"by": factories.publisher(), "document_number": DOCUMENT}
    catalogue.promote(brand, level=BrandLevel.PROVINCIAL, on=day(5), **province)

    pages = [read(client, address(entry)) for entry in (chain[2], brand)]

    assert f"{chain[1].code} 演示年画制作并入" in pages[0]
    assert "公布为省级" in pages[1]


def test_an_entry_names_the_editions_it_is_in(client):
    entry = published("演示剪纸制作", day(3))
    edition("演示春季版", day(4))
    second = amended(entry, day(5), name="演示窗花制作")
    edition("演示夏季版", day(6))
    edition("潍坊夏季版", day(6), region="3707")
    edition("济南夏季版", day(6), region="3701")

    now, before = [client.get(f"{address(entry)}{query}").context["editions"] for query in ("", "?version=1")]

    assert [e.name for e in now] == ["演示夏季版", "潍坊夏季版"]
    assert [e.name for e in before] == ["演示春季版"]
    left(second, timezone.localdate())
    assert [e.name for e in client.get(address(entry)).context["editions"]] == ["演示夏季版", "潍坊夏季版"]


def test_what_was_taken_up_again_is_in_force_and_its_exit_stays_on_record(client):
    entry = published("演示剪纸制作", day(3), summary="演示数据。退出前的简介。")
    left(entry, day(4))
    reinstated(entry, day(5), summary="演示数据。新的简介。")

    now, before = read(client, address(entry)), read(client, f"{address(entry)}?version=1")

    assert ["现行有效" in now, "重新列入，公布第 2 版" in now, "退出目录" in now] == [True] * 3
    assert ["后来重新列入" in before, "退出前的简介" in before] == [True, False]


def rectified(entry, **facts) -> ReviewItem:
    """Let a periodic review end in 限期整改 for an entry."""
    organiser, today = factories.publisher(), timezone.localdate()
    review = PeriodicReview.objects.create(
        kind=entry.kind,
        name="演示定期审核",
        year=today.year,
        organisation=factories.bureau(factories.PROVINCE),
        basis="演示依据",
        rule="全部",
        due_on=today,
        opened_by=organiser,
    )
    facts = {"rectify_until": today + timedelta(days=30), "decided_on": today, **facts}
    return ReviewItem.objects.create(
        review=review, entry=entry, outcome=Outcome.RECTIFYING, decided_by=organiser, **facts
    )


def test_what_is_to_be_put_right_is_tagged_in_lists_and_on_its_page_until_it_is(client):
    entry, other = published("演示剪纸制作", day(3)), published("演示年画制作", day(3))
    item = rectified(entry)
    words = f"限期整改中，期限 {item.rectify_until}"

    pages = [read(client, url) for url in (address(entry), address(other), LIST)]
    chosen = client.get(LIST, {"status": "rectifying"})

    assert [words in pages[0], "限期整改中" in pages[1]] == [True, False]
    assert pages[2].count('<span class="tag back">限期整改</span>') == 1
    assert [line["entry"].code for line in chosen.context["lines"]] == [entry.code]
    assert f"限期整改，至 {item.rectify_until}" in read(client, f"{LIST}?view=table")
    item.settled_on = timezone.localdate()
    item.save()
    assert "限期整改中" not in read(client, address(entry))


def test_an_amendment_keeps_the_term_and_an_exit_ends_it(client):
    today = timezone.localdate()
    first = published("演示剪纸制作", day(3))
    rectified(first, decided_on=day(4))
    second = amended(first, day(5), summary="演示数据。新的简介。")
    kept = "限期整改中" in read(client, address(first))

    left(second, day(6))
    gone = "限期整改中" in read(client, address(first))
    reinstated(second, today)

    assert (kept, gone, "限期整改中" in read(client, address(first))) == (True, False, False)


def test_a_code_of_another_catalogue_leads_nowhere(client, chain):
    assert client.get(address(chain[0]).replace(KIND, "labour-brands")).status_code == 404
