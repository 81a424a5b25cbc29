"""Every route that changes something is sent once by whoever may: its records are left, no more (row 25)."""

import pytest
from django.db.models import Q

from portal import actions, batches, edition_policy
from portal.models import AccessRecord, Act, Copy, Event, Reminder
from portal.views import historical, periodic
from tests import driving_admin, driving_decisions, driving_filings, driving_persons, driving_rounds
from tests.driving import DRAFT, JOB, OWN, PREPARED, Driven
from tests.driving_admin import open_pages, page_of
from tests.sending import FORMS
from tests.test_sent_forms import routes, takes_forms

pytestmark = pytest.mark.django_db
#: Looking is recorded too, and is no act.
LOOKS = (Act.VIEW,)
#: Route of a form that makes something → the one record that it leaves.
LEAVES = {
    "notice-new": Act.ADMINISTER,
    "objection-new": Act.ADMINISTER,
    "round-new": Act.ADMINISTER,
    "campaign-new": Act.ADMINISTER,
    "review-new": Act.ADMINISTER,
    "edition-new": Act.ADMINISTER,
    "schedule-set": Act.ADMINISTER,
    "credit-entry": Act.ADMINISTER,
    "duty-extend": Act.ADMINISTER,
    "consultation": "consult",
    "admin:portal_user_add": Act.ACCOUNT,
    "admin:portal_membership_add": Act.POST,
    "admin:portal_organisation_add": Act.ADMINISTER,
}
#: Route of such a form → why it leaves none.
NONE = {"edition-add": PREPARED, "report-make": JOB, "filing-new": DRAFT, "view-keep": OWN}
MADE = {
    name: Driven(make, tuple(LEAVES.get(name, "").split()), NONE.get(name, ""), 302)
    for name, make in FORMS.items()
}
TABLES = (driving_filings, driving_decisions, driving_rounds, driving_persons, driving_admin)
ALL = MADE | {name: driven for module in TABLES for name, driven in module.DRIVEN.items()}
#: Route that is not driven → why it changes nothing of anybody's, whatever is sent.
IDLE = {
    "csp-reports": "a browser reports by itself what it kept out; it is counted and stored nowhere",
    "verify-sheet": "a name is compared with the one of a sheet that was submitted",
}
#: Pages of the administration that change nothing, whatever is sent: they show, or lead somewhere else.
SHOWN = (
    "index app_list jsi18n autocomplete view_on_site login password_change password_change_done history None"
)
#: Pages there that change something where a post opens them (``open_pages``), and are shut elsewhere.
CHANGING = "add change delete changelist"
#: Route → the acts that it takes, from the table that decides which there are.
TAKEN = {
    "filing-act": {action.name for action in actions.ACTIONS},
    "batch-do": set(batches.ACTS),
    "edition-act": set(edition_policy.LABELS),
    "history-act": set(historical.SAID),
    "review-act": set(periodic.DONE),
}


def driven(is_admin: bool) -> set[str]:
    """Return the routes that are driven, of the administration or else of all the rest."""
    return {name.split()[0] for name in ALL if name.startswith("admin:") is is_admin}


def taking(is_admin: bool) -> set[str]:
    """Return the routes that take a form."""
    found = {name for name, view in routes() if takes_forms(view)}
    return {page_of(name) for name in found if name.startswith("admin:") is is_admin}


def kind_of(page: str) -> str:
    """Return what a page of the administration is, whatever model it is about."""
    name = page.removeprefix("admin:")
    return name if name in SHOWN.split() else name.rpartition("_")[2]


def test_every_request_says_what_record_it_leaves_or_why_none():
    assert [name for name, request in ALL.items() if bool(request.leaves) == bool(request.why)] == []


def test_every_route_that_takes_a_form_is_driven_or_changes_nothing():
    assert taking(is_admin=False) == driven(is_admin=False) | set(IDLE)
    assert driven(is_admin=False) & set(IDLE) == set()


def test_every_page_of_the_administration_that_a_post_may_change_is_driven():
    assert driven(is_admin=True) == open_pages() | {"admin:logout"}
    rest = {kind_of(page) for page in taking(is_admin=True) - driven(is_admin=True)}
    assert rest == {*SHOWN.split(), *CHANGING.split()}


@pytest.mark.parametrize("route", TAKEN)
def test_every_act_that_a_route_takes_is_driven(route):
    assert {name.partition(" ")[2] for name in ALL if name.split()[0] == route} == TAKEN[route]


@pytest.mark.parametrize("name", ALL)
def test_a_request_that_is_taken_leaves_exactly_its_records_with_who_sent_it(name):
    request = ALL[name]
    form = request.form()
    client = form.browser()
    before = marks()

    answer = client.post(form.address, form.data)
    b"".join(answer)  # what is streamed is recorded with what was written of it

    assert nowhere(before) == []
    expected = [(act, form.user.pk) for act in request.leaves]
    assert (answer.status_code, left(before)) == (request.status, expected)


def nowhere(before: dict) -> list[str]:
    """Return the acts since that lack the address or the number of the request they came with."""
    lacking = AccessRecord.objects.filter(Q(address="") | Q(request_id=""), pk__gt=before[AccessRecord])
    return list(lacking.values_list("act", flat=True))


RECORDS = {AccessRecord: "act", Event: "action", Copy: "", Reminder: ""}


def marks() -> dict:
    """Return the last record of each kind."""
    return {
        model: model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0 for model in RECORDS
    }


def left(before: dict) -> list[tuple[str, int]]:
    """Return what records came since, each with who did it; what was looked at is no act."""
    found = []
    for model, named in RECORDS.items():
        for row in model.objects.filter(pk__gt=before[model]).order_by("pk"):
            by = row.user_id if model is AccessRecord else row.by_id
            found.append((getattr(row, named) if named else model._meta.model_name, by))
    return [one for one in found if one[0] not in LOOKS]
