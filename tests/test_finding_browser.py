"""The pages that find, in a browser: narrow windows, names that appear while a draft saves itself."""

import pytest
from django.urls import reverse

from tests import factories
from tests.test_look import sign_in
from tests.walking import wider_than_the_window

pytestmark = pytest.mark.django_db(transaction=True)
PAPER_CUT = "剪纸（烟台剪纸）"


@pytest.fixture
def addresses() -> list[str]:
    """Publish a craft project that names an item, and return the pages that lead to it."""
    craft = factories.entry("handicraft-projects", source_kind="ich_national", source_item=PAPER_CUT)
    tree = reverse("genealogy", args=[craft.kind, craft.code])
    asked = ["?q=演示剪纸", "?q=演示剪址制作", "?q=济南 剪纸 面塑"]
    searches = [reverse("search") + query for query in asked]
    lists = [reverse("reference-list", args=[slug]) for slug in ("ich", "craft-workshops", "labour-brands")]
    return [*searches, tree, f"{tree}?of=exam-projects", reverse("map"), reverse("reference"), *lists]


@pytest.mark.parametrize("elder", ["", "on"])
def test_no_page_that_finds_is_wider_than_the_window(page, addresses, live_server, elder):
    page.context.add_cookies([{"name": "elder", "value": elder, "url": live_server.url}])

    assert wider_than_the_window(page, addresses) == []


def test_near_names_appear_and_go_while_a_draft_saves_itself(page):
    factories.entry("skill-brands", place="3701", name="济南风筝扎制品牌（演示）")
    draft = factories.draft("skill-brands", name="潍坊剪纸品牌（演示）")
    sign_in(page, factories.filer())
    page.goto(reverse("filing-edit", args=[draft.pk]))
    hidden = page.is_hidden("[data-portal-near]")

    page.fill("[name=name]", "潍坊风筝品牌（演示）")
    page.wait_for_selector("[data-portal-near] li:has-text('济南风筝扎制品牌（演示）（济南市，已公布）')")
    page.fill("[name=name]", "潍坊剪纸品牌（演示）")
    page.wait_for_selector("[data-portal-near]", state="hidden")

    assert hidden
    assert page.locator("[data-portal-near] li").count() == 0
