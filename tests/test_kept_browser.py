"""Half-written words on the page of a filing: they wait for whoever wrote them, and are not left unasked."""

import pytest
from django.urls import reverse

from portal.models import Remark
from tests import consulting, factories, noticing, reviewing
from tests.returning import remark
from tests.test_guard_browser import asked
from tests.test_review_browser import seat  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, FEATURES = "advantage_people", "advantage_features"
HALF, WHOLE, OPINION = "请写明统计", "请写明出处。", "三项条件齐备"


@pytest.fixture
def review(seat):  # noqa: F811
    """Return a function that opens the page of one filing in the same tab, for one reviewer or another."""
    filing = factories.submitted("skill-brands")

    def opened(name: str = "weifang_reviewer", query: str = ""):
        page = seat(factories.reviewer(name=name))
        page.goto(reverse("filing", args=[filing.pk]) + query)
        return page

    return opened


def write(page, field: str, words: str) -> None:
    box = page.locator(f"#new-{field}")
    if not box.is_visible():
        page.locator(f"#f-{field} .remark-new summary").click()
    box.fill(words)


def note(page, field: str) -> None:
    with page.expect_navigation():
        page.locator(f"#f-{field} .remark-new button").click()


def words(page) -> list[str]:
    """Return what stands in the remark and in the opinion."""
    return [page.locator(box).input_value() for box in (f"#new-{PEOPLE}", "#comment")]


def test_a_half_written_remark_is_there_after_another_one_was_noted(review):
    page = review()
    write(page, PEOPLE, HALF)
    write(page, FEATURES, WHOLE)

    note(page, FEATURES)
    page.locator(".note", has_text=WHOLE).wait_for()

    box = page.locator(f"#new-{PEOPLE}")
    assert (box.is_visible(), box.input_value()) == (True, HALF)
    assert page.locator(f"#new-{FEATURES}").input_value() == ""


def test_a_remark_that_was_noted_is_not_given_back(review):
    page = review()
    write(page, PEOPLE, WHOLE)
    note(page, PEOPLE)
    page.locator(".note", has_text=WHOLE).wait_for()

    page = review()

    assert page.locator(f"#new-{PEOPLE}").input_value() == ""
    assert Remark.objects.get().text == WHOLE


def test_the_next_reviewer_at_the_same_window_reads_nothing_of_it(review):
    page = review()
    write(page, PEOPLE, HALF)
    page.locator("#comment").fill(OPINION)

    read = [words(review(name)) for name in ("weifang_second", "weifang_reviewer")]

    assert read == [["", ""], [HALF, OPINION]]


def test_a_link_that_chooses_the_conclusion_leaves_the_opinion_that_was_typed(review):
    page = review()
    page.get_by_role("radio", name="退回修改").check()
    page.locator("#comment").fill(OPINION)

    page = review(query="?choose=endorse")

    assert page.get_by_role("radio", name="审核上报").is_checked()
    assert page.locator("#comment").input_value() == OPINION


def a_remark():
    record = factories.submitted("skill-brands")
    noted = remark(record, PEOPLE)
    return factories.reviewer(), reverse("filing", args=[record.pk]), f"#rewrite-{noted.pk}"


def an_opinion():
    opinion = consulting.asked()
    address = reverse("filing", args=[opinion.filing_id])
    return factories.joint(), address, f"#opinion-text-{opinion.pk}"


def a_defence():
    item = reviewing.intended(reviewing.ready(reviewing.LOW, "演示情况说明。"))
    return factories.filer(), reverse("review-item", args=[item.pk]), "#said"


def an_objection():
    noticing.know_the_years()
    objection = noticing.objected(noticing.running())
    return noticing.drafter(), reverse("objection", args=[objection.pk]), "#answer"


@pytest.mark.parametrize("about", [a_remark, an_opinion, a_defence, an_objection])
def test_an_answer_that_is_half_written_is_not_left_unasked(seat, about):  # noqa: F811
    user, address, box = about()
    page = seat(user)
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")

    page.locator(box).fill(HALF)

    assert asked(page) == ["beforeunload"]
