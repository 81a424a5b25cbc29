"""Leaving a page on which something stands that is stored nowhere: the browser asks first."""

import pytest
from django.urls import reverse

from tests import noticing
from tests.factories import approved, draft
from tests.test_draft_browser import saves
from tests.test_filing_browser import form  # noqa: F401 -- a fixture
from tests.test_review_browser import seat  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db(transaction=True)


def asked(page) -> list[str]:
    """Leave a page whose reader pressed a key that types nothing; return what the browser asked before."""
    found = []
    page.keyboard.press("ArrowLeft")
    page.on("dialog", lambda dialog: (found.append(dialog.type), dialog.accept()))
    page.goto("/desk/")
    return found


def test_a_form_that_comes_back_with_errors_is_not_left_unasked(form):  # noqa: F811
    page = form(draft("labour-brands"))

    page.locator("[name=worker_count]").fill("六百")
    page.locator("[data-portal-save]").click()
    page.get_by_text("有 1 处需要修改").wait_for()

    assert asked(page) == ["beforeunload"]


def test_what_an_automatic_save_could_not_store_is_not_left_unasked(form):  # noqa: F811
    page = form(draft("labour-brands"))

    with saves(page):
        page.locator("[name=worker_count]").fill("六百")
    page.get_by_text("这几处没有存上：从业人员。").wait_for()

    assert asked(page) == ["beforeunload"]


def test_a_notice_whose_days_were_only_reckoned_is_not_left_unasked(seat):  # noqa: F811
    noticing.know_the_years()
    approved(noticing.KIND)
    page = seat(noticing.drafter())
    page.goto(f"{reverse('notice-new')}?kind=publicity&catalogue={noticing.KIND}")

    page.get_by_label("受理单位").fill("演示受理处")
    page.get_by_role("button", name="推算日期").click()
    page.wait_for_selector("main[data-portal-unsaved]")

    assert asked(page) == ["beforeunload"]


def test_a_page_that_was_only_read_is_left_unasked(form):  # noqa: F811
    assert asked(form(draft("labour-brands"))) == []
