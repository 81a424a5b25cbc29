"""A form that makes something makes it once, however often it is sent; every such route is known (row 59)."""

import inspect
from datetime import timedelta

import pytest
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from portal import sent_forms
from portal.models import Objection, SelectionRound, SentForm
from portal.views.once import AGAIN
from tests import factories, sending
from tests.crawling import everything
from tests.sending import FORMS

pytestmark = pytest.mark.django_db
TIMES = 20
#: Why the other forms need no key: what is sent → which routes.
OTHERS = {
    "an act bound to the version, step or revision that was read": """
        filing-act filing-accept filing-prepare prepared-act batch batch-do publish amend exit reinstate
        filing-edit filing-autosave filing-check filing-succeed filing-update filing-earlier filing-merge
        filing-revoke edition-act edition-change edition-drop edition-import round-change round-candidates
        round-scorers round-start round-sheet round-close round-decide round-reconsider round-confer
        round-cancel notice-change notice-publish notice-withdraw notice-discard history-act review-act
        review-freeze review-keep-all import-confirm import-abandon campaign-nothing
    """,
    "one row at most, by constraint or by the same words of the same person": """
        remark-write copy-send key-brand-designate workdays filing-presence edition-attach
    """,
    "a state that is set to what it is": """
        remark-rewrite remark-drop copies-read credit-lift campaign-change campaign-close objection-answer
        objection-close opinion-answer opinion-withdraw key-brand-withdraw schedule-stop job-cancel job-again
        tour view-drop message-read messages message-preferences handover attachment-remove attachment-restore
        sessions-end stay preferences
    """,
    "a reminder, which goes once in ten minutes or once a day": "campaign-remind review-remind filing-urge",
    "a file that is looked at, and makes nothing before somebody confirms it": """
        filing-import history-list filing-upload filing-archive
    """,
    "asked for, and changes nothing but the record of it": """
        audit-check audit-export audit-phone desk-export filing-export campaign-package history-receipt
        import-receipt verify-sheet csp-reports
    """,
    "who somebody is": """
        login login-code logout activate password-change confirm held-form second-factor
    """,
}


def routes(patterns=None, namespace: str = ""):
    """Yield name and view of every route."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", pattern.callback
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern.url_patterns, inner)


def takes_forms(view) -> bool:
    """Say whether a view takes POST: what says nothing of methods does."""
    while view is not None:
        methods = inspect.getclosurevars(view).nonlocals.get("request_method_list")
        if methods is not None:
            return "POST" in methods
        view = getattr(view, "__wrapped__", None)
    return True


def test_every_route_that_takes_a_form_bears_a_key_or_says_why_not():
    taking = {name for name, view in routes() if takes_forms(view) and not name.startswith("admin:")}

    assert taking == {name for name in FORMS if not name.startswith("admin:")} | {
        name for names in OTHERS.values() for name in names.split()
    }


def test_exactly_the_forms_that_make_something_bear_a_key():
    bearing = {name for name, view in routes() if getattr(view, "bears_key", False)}
    opened = {name for name in bearing if not name.startswith("admin:") or name in FORMS}

    assert opened == set(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_sent_twenty_times_makes_one_thing_and_leads_where_it_led_first(name):
    form = FORMS[name]()
    client = form.browser()
    sent = form.data | {"form_key": form.key(client)}
    before = everything()

    first = client.post(form.address, sent)
    made = everything()
    again = [client.post(form.address, sent) for _ in range(TIMES)]

    assert (first.status_code, made != before) == (302, True)
    assert {(answer.status_code, answer.url) for answer in again} == {(302, first.url)}
    assert everything() == made


def test_control_without_its_key_the_same_form_makes_another():
    form = sending.objection_new()
    client = form.browser()

    for _ in range(3):
        client.post(form.address, form.data)

    assert Objection.objects.count() == 3


def test_who_sends_a_form_again_reads_that_it_was_not_done_again():
    form = sending.round_new()
    client = form.browser()
    sent = form.data | {"form_key": form.key(client)}

    client.post(form.address, sent)
    client.get("/desk/rounds/")
    page = client.post(form.address, sent, follow=True)

    assert [str(said) for said in page.context["messages"]] == [AGAIN]


def test_other_words_under_the_same_key_are_not_taken_and_not_lost():
    form = sending.round_new()
    client = form.browser()
    sent = form.data | {"form_key": form.key(client)}

    first = client.post(form.address, sent)
    other = client.post(form.address, sent | {"name": "演示另一批次"})

    assert (other.status_code, SelectionRound.objects.count()) == (409, 1)
    page = other.content.decode()
    assert ("演示另一批次" in page, f'href="{first.url}"' in page) == (True, True)


def test_a_form_that_was_refused_may_be_corrected_and_sent_under_its_key():
    form = sending.round_new()
    client = form.browser()
    sent = form.data | {"form_key": form.key(client)}

    refused = client.post(form.address, sent | {"quota": "0"})
    taken = client.post(form.address, sent)

    assert (refused.status_code, taken.status_code) == (422, 302)
    assert SelectionRound.objects.count() == 1


def test_the_key_of_one_person_is_not_that_of_another():
    form, key = sending.round_new(), sent_forms.new_key()
    own = form.browser().post(form.address, form.data | {"form_key": key})
    form.user = factories.person("approver", "37")
    other = form.browser().post(form.address, form.data | {"form_key": key, "name": "演示另一批次"})

    assert (own.status_code, other.status_code) == (302, 302)
    assert SelectionRound.objects.count() == 2


@pytest.mark.parametrize("odd", ["", "x", "0" * 31, "G" * 32, "0" * 33, "\x00" * 32])
def test_what_is_no_key_of_ours_is_no_key(odd):
    form = sending.round_new()

    answer = form.browser().post(form.address, form.data | {"form_key": odd})

    assert (answer.status_code, SentForm.objects.count()) == (302, 0)


def test_a_key_is_forgotten_after_a_week():
    user = factories.filer()
    for number, days in enumerate((6, 8)):
        at = timezone.now() - timedelta(days=days)
        SentForm.objects.create(user=user, key=f"{number:032}", led_to="/", at=at)

    sent_forms.tidy()

    assert [row.key for row in SentForm.objects.all()] == [f"{0:032}"]
