"""Ctrl+Enter in a browser: it sends the form one types in, and no other one."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.models import Event, ReviewItem
from portal.vocabulary import Outcome
from tests import factories, reviewing
from tests.test_filing_browser import form  # noqa: F401 -- a fixture
from tests.test_review_browser import seat  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db(transaction=True)


def test_control_enter_in_a_remark_sends_no_conclusion(seat):  # noqa: F811
    filing = factories.submitted("skill-brands")
    page = seat(factories.reviewer())
    page.goto(reverse("filing", args=[filing.pk]))
    page.get_by_role("radio", name="审核上报").check()
    page.locator("#f-advantage_people summary").click()

    page.locator("#new-advantage_people").press("Control+Enter")
    page.locator("#comment").fill("三项条件齐备。")
    page.locator("#comment").press("Control+Enter")
    page.wait_for_url("**/desk/")

    assert Event.objects.get(filing_id=filing.pk, action="endorse").comment == "三项条件齐备。"


def test_control_enter_records_the_option_whose_form_one_types_in(seat):  # noqa: F811
    item = reviewing.hearing_over(reviewing.intended(reviewing.ready(), Outcome.RECTIFYING))
    page = seat(reviewing.decider())
    page.goto(reverse("review-item", args=[item.pk]))
    page.locator("summary", has_text="限期整改").click()

    page.locator("#until-rectify").fill(str(timezone.localdate() + timedelta(days=30)))
    page.locator("#comment-rectify").fill("请补足培训人数。")
    page.locator("#comment-rectify").press("Control+Enter")
    page.get_by_role("heading", name="结果：限期整改").wait_for()

    assert ReviewItem.objects.get(pk=item.pk).outcome == Outcome.RECTIFYING


def test_behind_an_open_dialog_no_key_sends_anything(form):  # noqa: F811
    page = form(factories.draft("skill-brands"))
    page.keyboard.press("?")
    page.locator("#keys").wait_for()

    page.keyboard.press("Control+Enter")
    page.keyboard.press("Escape")
    page.locator("#keys").wait_for(state="hidden")
    page.keyboard.press("Control+s")

    page.get_by_text("已暂存。").wait_for()


def test_from_outside_of_all_forms_the_only_button_is_pressed(form):  # noqa: F811
    page = form(factories.draft("skill-brands"))

    page.keyboard.press("Control+Enter")

    page.wait_for_url("**/check/")
