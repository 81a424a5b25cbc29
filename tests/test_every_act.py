"""Each form that makes something is sent once by whoever may: one record of it is left, no more (row 25)."""

import pytest

from portal.models import AccessRecord, Act, Event
from tests.sending import FORMS

pytestmark = pytest.mark.django_db
#: Looking is recorded too, and is no act.
LOOKS = (Act.VIEW, Act.DOWNLOAD)
#: Route → the one record that it leaves: an act of the access log, or an event of a filing.
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
#: Route → why it leaves none.
NONE = {
    "edition-add": "a change of an edition in preparation, which is noted when it is sent",
    "report-make": "the job is recorded once it has ended, with who asked for it",
    "filing-new": "a draft is its bureau's alone until it is submitted, which is an event",
    "view-keep": "a question that a person keeps for himself",
}


def test_every_form_that_makes_something_says_what_record_it_leaves():
    assert sorted([*LEAVES, *NONE]) == sorted(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_taken_leaves_exactly_its_record_with_who_sent_it(name):
    form = FORMS[name]()
    client = form.browser()
    records, events = AccessRecord.objects.latest("pk").pk, Event.objects.count()

    answer = client.post(form.address, form.data)

    left = AccessRecord.objects.filter(pk__gt=records).exclude(act__in=LOOKS).order_by("pk")
    found = [(row.act, row.user_id) for row in left]
    found += [(event.action, event.by_id) for event in Event.objects.order_by("pk")[events:]]
    assert answer.status_code == 302
    assert found == ([(LEAVES[name], form.user.pk)] if name in LEAVES else [])
