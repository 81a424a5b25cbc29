"""Identity as a person meets it in a browser: the code, the warning before the end, the form given back."""

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from portal import sessions
from tests import factories
from tests.identity import authenticator, code_now

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(page, user) -> None:
    """Send name and password and wait for what comes then."""
    page.goto(reverse("login"))
    page.fill("[name=username]", user.username)
    page.fill("[name=password]", factories.PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: not url.endswith(reverse("login")))


def seen(ago: int) -> None:
    """Let the one sign-in there is have been used last some seconds ago."""
    (row,) = Session.objects.all()
    data = row.get_decoded()
    data[sessions.SEEN] -= ago
    row.session_data = Session.objects.encode(data)
    row.save()


def test_the_code_is_typed_after_the_password(page):
    person = factories.reviewer()
    key = authenticator(person)
    sign_in(page, person)

    page.fill("[name=code]", code_now(key))
    page.click("main button")
    page.wait_for_url("**/desk/")

    assert page.locator("header .who").first.is_visible()


def test_two_minutes_before_the_end_a_person_is_warned_and_may_go_on(page):
    page.clock.install()
    sign_in(page, factories.filer())
    page.wait_for_selector("dialog[data-portal-idle]", state="attached")
    seen(sessions.IDLE - 100)

    page.clock.fast_forward(12 * 60 * 1000)
    page.wait_for_selector("dialog[data-portal-idle][open]")
    page.click("dialog[data-portal-idle] button")
    page.wait_for_selector("dialog[data-portal-idle]:not([open])", state="attached")

    assert page.request.get(reverse("stay")).json()["left"] > sessions.IDLE - 60


@pytest.mark.parametrize("status", [503, 429])
def test_a_server_that_asks_to_come_back_does_not_say_that_the_sign_in_has_ended(page, status):
    page.clock.install()
    sign_in(page, factories.filer())
    page.wait_for_selector("dialog[data-portal-idle]", state="attached")
    busy = [status]
    page.route("**/stay/", lambda route: route.fulfill(status=busy.pop()) if busy else route.continue_())
    seen(sessions.IDLE - 100)

    with page.expect_response("**/stay/") as refused:
        page.clock.fast_forward(12 * 60 * 1000)
    is_open = page.is_visible("dialog[data-portal-idle]")
    page.clock.fast_forward(60 * 1000)
    page.wait_for_selector("dialog[data-portal-idle][open]")

    assert (refused.value.status, is_open) == (status, False)
    assert "已经结束" not in page.inner_text("dialog[data-portal-idle]")


def test_what_was_typed_when_the_sign_in_had_ended_is_sent_again_by_one_button(page):
    person = factories.filer()
    draft = factories.draft("skill-brands", by=person)
    sign_in(page, person)
    page.goto(reverse("filing-edit", args=[draft.pk]))
    seen(3600)

    page.evaluate(
        "document.querySelector('form[data-portal-autosave]').removeAttribute('data-portal-autosave')"
    )
    page.fill("[name=advantage_features]", "一字不丢。")
    page.click("[data-portal-save]")
    page.wait_for_url("**/login/**")
    page.fill("[name=username]", person.username)
    page.fill("[name=password]", factories.PASSWORD)
    page.click("main button")
    page.wait_for_url("**" + reverse("held-form"))
    page.click("text=接着提交")
    page.wait_for_url("**" + reverse("filing-edit", args=[draft.pk]))

    assert draft.record_type.model.objects.get(pk=draft.pk).advantage_features == "一字不丢。"
