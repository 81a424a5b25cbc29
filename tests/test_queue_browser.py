"""The queue in a browser: lines ticked by single keys, many sent on together, who looks at a filing."""

import pytest
from django.urls import reverse

from portal.models import SavedView
from portal.vocabulary import State
from tests import factories
from tests.test_desk_browser import seat  # noqa: F401 -- a fixture
from tests.walking import wider_than_the_window

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("潍坊风筝品牌（演示）", "潍坊年画品牌（演示）", "潍坊面塑品牌（演示）")


@pytest.fixture
def page(page):
    """Plant three filings that wait before the browser opens anything."""
    for name in NAMES:
        factories.submitted("skill-brands", name=name)
    return page


def ticked(page) -> list[str]:
    return page.locator("tbody input:checked").evaluate_all("boxes => boxes.map((b) => b.ariaLabel)")


def test_lines_are_ticked_by_single_keys_and_sent_on_together(seat):  # noqa: F811
    page = seat(factories.reviewer())
    page.goto("/desk/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    one = ticked(page)
    page.keyboard.press("a")
    everything = ticked(page)
    page.keyboard.press("k")
    page.keyboard.press("x")
    told = page.locator("[data-portal-picked]").inner_text()

    page.get_by_role("button", name="批量受理").click()

    page.wait_for_url("**/desk/batch/")
    assert (one, everything) == ([f"选择 {NAMES[1]}"], [f"选择 {name}" for name in NAMES])
    assert told == "2"


def test_single_keys_rest_where_they_were_switched_off(seat):  # noqa: F811
    page = seat(factories.reviewer())
    page.goto("/desk/")
    page.keyboard.press("?")
    page.locator("[data-portal-keys-off]").check()
    page.get_by_role("button", name="知道了").click()

    page.keyboard.press("a")

    assert ticked(page) == []


def test_one_box_ticks_the_page(seat):  # noqa: F811
    page = seat(factories.reviewer())
    page.goto("/desk/")

    page.get_by_label("全选本页").check()

    assert len(ticked(page)) == 3


def test_a_view_is_kept_and_chosen_without_scripts(chromium, client, live_server, page):
    client.force_login(factories.reviewer())
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    session = client.cookies["session"].value
    context.add_cookies([{"name": "session", "value": session, "url": live_server.url}])
    plain = context.new_page()
    plain.goto("/desk/?holder=none&sort=-title")

    plain.locator(".kept-views summary").click()
    plain.get_by_label("视图名称").fill("未受理")
    plain.get_by_role("button", name="存为视图").click()

    plain.get_by_text("已将现在的条件和排序存为常用视图").wait_for()
    context.close()
    assert [view.query for view in SavedView.objects.all()] == ["tab=todo&holder=none&sort=-title"]


@pytest.mark.parametrize("elder", ["", "on"])
def test_no_page_of_the_queue_is_wider_than_the_window(seat, live_server, elder):  # noqa: F811
    colleague = factories.reviewer(name="weifang_second")
    factories.act(factories.filing("building-units", State.CITY_REVIEW), "accept", colleague)
    page = seat(factories.reviewer())
    page.context.add_cookies([{"name": "elder", "value": elder, "url": live_server.url}])
    handover = reverse("handover")

    pages = ["/desk/?long=1&holder=none&state=city_review&q=没有", "/desk/?tab=copies&sort=due", handover]

    assert wider_than_the_window(page, [*pages, f"{handover}?who={colleague.pk}"]) == []
