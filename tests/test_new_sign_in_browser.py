"""A page that is open while its sign-in ends: another window signs in, and the page goes on where it was."""

import pytest
from django.urls import reverse

from portal import sessions
from tests import factories
from tests.test_identity_browser import seen, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = "潍坊风筝扎制品牌（演示）", "潍坊杨家埠年画品牌（演示）"
WARNING = "dialog[data-portal-idle]"
OTHER = "现在登录的是另一个账号。本页填写的内容还在，没有保存；请用原来的账号登录后回到本页。"


@pytest.fixture
def left(page):
    """Open the form of a draft in a browser whose sign-in ends then, and return page and draft."""
    draft = factories.draft("skill-brands", name=OLD)
    page.clock.install()
    sign_in(page, factories.filer())
    page.goto(reverse("filing-edit", args=[draft.pk]))
    page.wait_for_selector(WARNING, state="attached")
    seen(3600)
    return page, draft


def name_of(draft) -> str:
    return draft.record_type.model.objects.get(pk=draft.pk).name


def signed_in_beside(page, user) -> None:
    """Let somebody sign in in another window of the browser."""
    window = page.context.new_page()
    window.goto(reverse("login"))
    sign_in(window, user)
    window.close()


def typed(page, name: str = NEW) -> None:
    page.get_by_label("品牌项目名称").fill(name)
    page.clock.run_for(2_000)


def test_a_draft_goes_on_storing_itself_after_a_new_sign_in_of_the_same_person(left):
    page, draft = left
    typed(page)
    page.get_by_text("登录已过期，刚才的修改还没有暂存。").wait_for()
    before = name_of(draft)

    signed_in_beside(page, factories.filer())
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.get_by_text("已自动暂存").wait_for()

    assert (before, name_of(draft)) == (OLD, NEW)


def test_the_button_stores_too_after_a_new_sign_in(left):
    page, draft = left
    typed(page)
    page.get_by_text("登录已过期，刚才的修改还没有暂存。").wait_for()

    signed_in_beside(page, factories.filer())
    page.click("[data-portal-save]")
    page.get_by_text("已暂存。").wait_for()

    assert name_of(draft) == NEW


def test_what_one_typed_is_not_stored_in_the_name_of_a_colleague(left):
    page, draft = left
    page.context.clear_cookies(name="session")
    signed_in_beside(page, factories.filer(name="colleague"))

    typed(page)
    page.locator("[data-portal-saved]", has_text=OTHER).wait_for()

    assert (name_of(draft), page.get_by_label("品牌项目名称").input_value()) == (OLD, NEW)


def test_one_may_go_back_to_the_page_when_the_sign_in_has_ended(left):
    page, _ = left
    page.clock.fast_forward(12 * 60 * 1000)
    page.wait_for_selector(f"{WARNING}[open]")
    said = page.inner_text(f"{WARNING} h2"), page.inner_text(f"{WARNING} p")

    page.get_by_role("button", name="回到本页").click()
    page.wait_for_selector(f"{WARNING}:not([open])", state="attached")

    assert said == ("登录已经结束", "本页填写的内容还在。请在新窗口登录，再回到这里点“我已登录”。")


def test_the_warning_closes_once_the_same_person_has_signed_in_again(left):
    page, draft = left
    page.clock.fast_forward(12 * 60 * 1000)
    page.wait_for_selector(f"{WARNING}[open]")

    signed_in_beside(page, factories.filer())
    page.get_by_role("button", name="我已登录").click()
    page.wait_for_selector(f"{WARNING}:not([open])", state="attached")
    page.get_by_label("品牌项目名称").fill(NEW)
    page.keyboard.press("Control+s")
    page.get_by_text("已暂存。").wait_for()

    assert name_of(draft) == NEW
    assert page.request.get(reverse("stay")).json()["left"] > sessions.IDLE - 60
