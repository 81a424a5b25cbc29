"""How long a sign-in holds: by time, by posts, by what its owner ends; what was typed is never lost."""

from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from portal import attempts, held_forms, sessions
from portal.models import Filing, HeldForm, Membership, User
from portal.vocabulary import Role
from tests import factories
from tests.identity import WRONG, age, entered, is_in, try_in
from tests.typed import typed

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("who", "idle", "holds"),
    [
        (factories.filer, sessions.IDLE - 5, True),
        (factories.filer, sessions.IDLE + 1, False),
        (factories.secadmin, sessions.IDLE_OF_ADMINISTRATORS - 5, True),
        (factories.secadmin, sessions.IDLE_OF_ADMINISTRATORS + 1, False),
    ],
)
def test_a_sign_in_ends_when_nobody_is_there_and_sooner_for_administrators(who, idle, holds):
    browser = entered(who())

    age(browser, seen_at=idle)

    assert is_in(browser) is holds


@pytest.mark.parametrize(("seconds", "holds"), [(10 * 3600 - 60, True), (10 * 3600 + 1, False)])
def test_a_sign_in_ends_after_ten_hours_however_busy_it_is(seconds, holds):
    browser = entered(factories.filer())

    age(browser, signed_in_at=seconds)

    assert is_in(browser) is holds


def test_the_page_says_why_the_sign_in_is_over_and_leads_back():
    browser = entered(factories.filer())
    age(browser, seen_at=3600)

    answer = browser.get(reverse("messages"), follow=True)

    assert answer.redirect_chain == [("/login/?next=/desk/messages/", 302)]
    assert [str(m) for m in answer.context["messages"]] == [
        "较长时间没有操作，登录已自动结束。已暂存的内容都在，请重新登录。"
    ]


def test_what_a_page_asks_by_itself_keeps_no_sign_in_alive_and_a_person_does():
    browser = entered(factories.filer())
    age(browser, seen_at=600)
    before = browser.session["seen_at"]

    browser.get(reverse("stay"))
    browser.get(reverse("messages"), headers={"Sec-Fetch-Dest": "empty"})
    by_itself = browser.session["seen_at"]
    left = browser.post(reverse("stay")).json()["left"]

    assert by_itself == before
    assert left >= sessions.IDLE - 5


def test_who_is_signed_in_is_given_the_token_of_that_sign_in_and_no_other_site_can_read_it():
    person, browser = factories.filer(), Client(enforce_csrf_checks=True)
    browser.force_login(person)

    answer = browser.get(reverse("stay"), headers={"Origin": "https://evil.example"})
    told = answer.json()
    taken = browser.post(reverse("stay"), {"csrfmiddlewaretoken": told["token"]})

    assert (set(told), told["person"], taken.status_code) == ({"left", "person", "token"}, person.pk, 200)
    assert answer["Cache-Control"] == "no-store"
    assert [name for name in answer.headers if name.startswith("Access-Control")] == []
    assert Client().get(reverse("stay")).status_code == 302


def test_a_session_is_written_to_once_a_minute_and_no_query_is_asked_for_it(django_assert_num_queries):
    browser = entered(factories.filer())
    browser.get(reverse("stay"))

    with django_assert_num_queries(2):  # the session, the person with his posts
        browser.get(reverse("stay"))


def test_the_filing_typed_into_an_ended_sign_in_is_given_back_and_stored():
    person = factories.filer()
    draft = factories.draft("skill-brands", by=person)
    edit, browser = reverse("filing-edit", args=[draft.pk]), entered(person)
    form = typed(draft, advantage_features="一字不丢的内容。")
    age(browser, seen_at=3600)

    sent = browser.post(edit, form, follow=True)
    back = browser.post(
        reverse("login"), {"username": person.username, "password": factories.PASSWORD}, follow=True
    )
    again = HeldForm.objects.get(user=person).data
    onward = browser.post(reverse("held-form"), again)
    stored = browser.post(onward["Location"], again)

    assert [str(m) for m in sent.context["messages"]] == [
        "登录已过期，刚才的操作没有提交，填写的内容已为您保留。登录后可以接着提交。"
    ]
    assert (back.request["PATH_INFO"], "一字不丢的内容。" in back.context["texts"]) == (
        reverse("held-form"),
        True,
    )
    assert (onward.status_code, onward["Location"], stored.status_code) == (307, edit, 302)
    assert Filing.objects.get(pk=draft.pk).record.advantage_features == "一字不丢的内容。"
    assert HeldForm.objects.count() == 0


def test_the_form_of_one_person_is_shown_to_no_other_and_holds_no_password():
    person, browser = factories.filer(), entered(factories.filer())
    age(browser, seen_at=3600)

    browser.post(reverse("password-change"), {"old_password": "x", "new_password1": "y", "note": "留言"})

    assert HeldForm.objects.get().data == {"note": ["留言"]}
    assert entered(factories.reviewer()).get(reverse("held-form")).status_code == 302
    assert entered(person).get(reverse("held-form")).context["texts"] == ["留言"]


def test_a_form_nobody_comes_back_for_is_forgotten_the_next_day():
    HeldForm.objects.create(user=factories.filer(), path="/desk/", data={"note": ["x"]})
    HeldForm.objects.update(at=timezone.now() - timedelta(days=1, minutes=1))

    seen = held_forms.of(factories.filer())
    held_forms.tidy()

    assert (seen, HeldForm.objects.count()) == (None, 0)


def close(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def end_post(person: User) -> None:
    Membership.objects.filter(user=person).update(valid_to=timezone.localdate())


def other_post(person: User) -> None:
    Membership.objects.filter(user=person).update(role=Role.REVIEWER)


def other_bureau(person: User) -> None:
    Membership.objects.filter(user=person).update(organisation=factories.bureau("3708"))


def new_password(person: User) -> None:
    person.set_password("Another one 7 entirely")
    person.save()


def end_sessions(person: User) -> None:
    sessions.end_all(person)


@pytest.mark.parametrize("change", [close, end_post, other_post, other_bureau, new_password, end_sessions])
def test_the_next_request_after_a_change_is_refused(change):
    person = factories.filer()
    browser = entered(person)
    held = is_in(browser)

    change(person)

    assert (held, is_in(browser)) == (True, False)


def test_other_sign_ins_are_ended_from_one_of_them_which_goes_on():
    person = factories.filer()
    here, there = entered(person), entered(person)

    here.post(reverse("sessions-end"))

    assert (is_in(here), is_in(there)) == (True, False)


def test_a_new_password_ends_the_sign_ins_elsewhere():
    person = factories.filer()
    here, there = entered(person), entered(person)
    new = "Correct horse 7 battery"

    here.post(
        reverse("password-change"),
        {"old_password": factories.PASSWORD, "new_password1": new, "new_password2": new},
    )

    assert (is_in(here), is_in(there), try_in(Client(), person.username, new).status_code) == (
        True,
        False,
        302,
    )


def test_who_finds_a_browser_signed_in_cannot_guess_the_password_where_it_is_changed():
    person = factories.filer()
    browser, new = entered(person), "Correct horse 7 battery"

    def change(old: str) -> int:
        said = {"old_password": old, "new_password1": new, "new_password2": new}
        return browser.post(reverse("password-change"), said).status_code

    wrong = [change(WRONG) for _ in range(attempts.TRIES)]
    shut = change(factories.PASSWORD)
    attempts.forget(person)

    assert (wrong, shut, change(factories.PASSWORD)) == ([200] * attempts.TRIES, 200, 302)


@pytest.mark.parametrize(("days", "then"), [(90, "password"), (0, "desk")])
def test_a_password_of_ninety_days_must_be_changed_where_the_calendar_rules(days, then):
    person = factories.filer()
    User.objects.filter(pk=person.pk).update(password_set_at=timezone.now() - timedelta(days=91))
    browser = entered(person)

    with override_settings(PASSWORD_DAYS=days):
        answer = browser.get(reverse("desk"))

    assert (answer.status_code, answer.headers.get("Location", "")) == (
        (302, reverse("password-change")) if then == "password" else (200, "")
    )
