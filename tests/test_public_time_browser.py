"""The catalogue in time in a real browser: nothing wider than the window, without scripts, on paper."""

import pytest
from django.urls import reverse

from tests.public import address as entry_address
from tests.timelines import KIND, LIST, address, amended, day, edition, left, merged, published

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "演示风筝扎制和传统木版年画手工印刷技艺以及剪纸窗花制作的名称很长的一个考核项目"


@pytest.fixture
def addresses() -> dict[str, str]:
    """Publish a history of every kind of change and return the pages that show it."""
    kite, paper, clay, print_ = [
        published(name, day(3)) for name in (LONG, "演示剪纸制作", "演示泥塑制作", "演示年画制作")
    ]
    edition("2023年版（节选，演示）", day(3, 15), document_number="演示文〔2024〕1号")
    amended(kite, day(4), summary=f"演示数据。{LONG * 4}")
    renamed = amended(print_, day(4), name="演示木版年画制作")
    merged(paper, renamed, day(5))
    left(clay, day(5))
    edition("2024年版（节选，演示）", day(6))
    edition("潍坊市2024年版（演示）", day(6), region="3707")
    return {
        "editions": f"{LIST}editions/",
        "edition": address(day(3, 15)),
        "day": f"{address(day(5))}?q=制作&city=3707",
        "compare": f"{LIST}editions/compare/?from=2024-03-15&to=2024-06-01",
        "picker": "/catalogue/labour-brands/editions/compare/",
        "empty": "/catalogue/labour-brands/editions/",
        "no_day": f"{LIST}editions/?on=2024.6.1",
        "list": LIST,
        "arrived": f"{entry_address(renamed)}?from={paper.code}",
        "tombstone": f"{entry_address(paper)}?version=1",
        "nothing": f"/catalogue/labour-brands/{kite.code}/",
    }


@pytest.mark.parametrize("text", ["", "large"])
@pytest.mark.parametrize("width", [360, 390, 768, 1366])
def test_no_page_of_the_catalogue_in_time_is_wider_than_the_window(page, addresses, live_server, width, text):
    page.context.add_cookies([{"name": "text", "value": text, "url": live_server.url}])
    page.set_viewport_size({"width": width, "height": 1000})

    over = {}
    for name, url in addresses.items():
        page.goto(url)
        over[name] = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    assert {name: width for name, width in over.items() if width > 0} == {}


def test_an_edition_is_chosen_and_the_text_enlarged_without_scripts(chromium, addresses, live_server):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(LIST)

    page.get_by_label("目录版次").select_option(label="2023年版（节选，演示）")
    page.get_by_role("button", name="查看").click()
    page.wait_for_url(f"**{address(day(3, 15))}")
    page.get_by_role("group", name="字号").get_by_role("button", name="大").click()
    page.locator("html[data-text=large]").wait_for()

    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "18px"
    assert page.locator("main tbody tr").count() == 4
    context.close()


def test_a_comparison_is_printed_without_furniture(page, addresses):
    page.goto(addresses["compare"])
    page.emulate_media(media="print")

    hidden = [
        page.is_visible(part) for part in (".top", ".foot", ".crumb", ".pick-day", "[data-portal-print]")
    ]

    assert hidden == [False] * 5
    assert page.locator(".changes li").count() == 4
    assert page.is_visible("h1")


def test_a_code_that_went_into_another_arrives_at_its_successor(page, addresses):
    page.goto(addresses["tombstone"].partition("?")[0])

    page.get_by_text("并入本项目").wait_for()
    assert page.url.endswith(addresses["arrived"])
    assert page.get_by_role("heading", name="演示木版年画制作").count() == 1
    assert reverse("catalogue-entry", args=[KIND, "EP-3707-0004"]) in page.url
