"""The pages of the targets in a browser: none wider than its window, a way from gauge to entry."""

import pytest
from django.urls import reverse

from portal import targets
from portal.vocabulary import BrandLevel
from tests import factories
from tests.factories import PROVINCE, entry
from tests.test_targets_counted import institution, unit
from tests.test_targets_counties import returned, row
from tests.walking import Offices, wider_than_the_window

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = [slug for slug, counter in targets.counters.items() if counter.is_public]


@pytest.fixture
def counted():
    """Give each target something to count."""
    entry("skill-brands", level=BrandLevel.PROVINCIAL)
    entry("city-training-brands")
    unit("演示名称很长很长的家政服务与养老护理培训有限责任公司", y2024=(499, 0, 500))
    returned(row())
    for number in range(6):
        institution(f"演示名称很长很长的工艺美术与传统手工技艺培训学校{number}", "潍坊市")


@pytest.mark.parametrize("elder", ["", "on"])
def test_no_public_page_of_the_targets_is_wider_than_the_window(page, counted, live_server, elder):
    page.context.add_cookies([{"name": "elder", "value": elder, "url": live_server.url}])
    pages = [reverse("home"), reverse("targets"), *(reverse("target", args=[slug]) for slug in PUBLIC[:3])]

    assert wider_than_the_window(page, pages) == []


def test_no_page_of_the_targets_at_the_desk_is_wider_than_the_window(chromium, counted, live_server):
    offices = Offices(chromium, live_server.url)
    desk = offices.of(factories.reviewer(PROVINCE))
    slugs = ("unit-trained", "county-trainings", "institutions-per-project")
    pages = [reverse("desk-targets"), *(reverse("desk-target", args=[slug]) for slug in slugs)]

    wide = wider_than_the_window(desk, [*pages, f"{pages[2]}?city=3707"])

    assert (wide, offices.complaints) == ([], [])
    offices.close()


def test_a_stranger_goes_from_a_gauge_to_its_sentence_and_its_entries_without_scripts(
    chromium, counted, live_server
):
    context = chromium.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.goto(reverse("targets"))

    page.get_by_role("link", name="省级专项职业能力品牌", exact=True).click()
    page.locator("#sentence").wait_for()
    sentence = page.inner_text("#sentence blockquote")
    page.locator("#behind").get_by_role("link", name="潍坊剪纸品牌（演示）").click()
    page.locator(".article").wait_for()

    assert "择优选拔不少于 10 个" in sentence
    assert page.inner_text("h1") == "潍坊剪纸品牌（演示）"
    context.close()
