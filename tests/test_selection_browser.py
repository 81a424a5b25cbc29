"""Selection rounds in a browser: the sheet by keyboard, scripts or none, room on every screen."""

from decimal import Decimal

import pytest
from django.urls import reverse

from portal import ranking
from portal.models import RoundStage
from tests.selecting import (
    brand,
    conferred,
    decider,
    hand_in,
    now,
    opener,
    ranked,
    scorer,
    sheet,
    started,
)
from tests.test_campaign_browser import sit
from tests.walking import offices, told, wider_than_the_window

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def desks(request, chromium, live_server):
    """Give windows of a browser that runs scripts or does not."""
    yield from offices(chromium, live_server, scripts=request.param)


def test_a_sheet_is_filled_kept_and_handed_in_by_keyboard(desks):
    of = started(scorers=2)
    hand_in(of, 2, 80, 80, 80)
    page = desks.of(scorer(1))
    page.goto(reverse("round-sheet", args=[of.pk]))
    page.get_by_label("济南特色品牌（演示），品牌特色鲜明，满分 60").focus()
    for given in ("55.5", "30", "50", "30", "45"):
        page.keyboard.type(given)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    told(page, "已暂存，填了 5 / 6 处。")
    kept = ranking.own_points(sheet(of))

    page.get_by_label("潍坊特色品牌（演示），带动就业明显，满分 40").fill("20")
    page.get_by_role("button", name="提交评分表").click()
    told(page, "评分表已提交，不能再改。谢谢。")

    assert sorted(kept.values()) == [30, 30, 45, 50, Decimal("55.5")]
    assert now(of).stage == RoundStage.RANKED
    assert [line.average for line in ranking.lines(now(of))] == [Decimal("82.75"), 80, Decimal("72.50")]


def test_no_page_of_a_round_is_wider_than_the_window(page, client, live_server):
    over, entries = conferred(), [brand("3708"), brand("3716")]
    of = ranked(first=(90, 80), second=(80, 80), entries=entries, name="另一批")
    sit(page, client, live_server, opener())
    addresses = [reverse("rounds"), reverse("round-new"), reverse("key-brands")]
    addresses += [reverse("round", args=[one.pk]) for one in (over, of)]
    addresses += [reverse("round-cancel", args=[of.pk]), reverse("round-confer", args=[over.pk])]

    found = wider_than_the_window(page, addresses)
    sit(page, client, live_server, decider())
    found += wider_than_the_window(page, [reverse("round-decide", args=[of.pk])])

    assert found == []
