"""What one step of the workflow moves: the filing it was read from, by one, and nothing of its neighbours."""

import pytest
from django.db import transaction

from portal import workflow
from portal.models import Filing, Remark, User
from portal.vocabulary import Role, State
from portal.workflow import Asked, Conflict
from tests.factories import (
    COMMENT,
    KUIWEN,
    PROVINCE,
    act,
    add_post,
    draft,
    filer,
    filing,
    reviewer,
    submitted,
)
from tests.returning import remark

pytestmark = pytest.mark.django_db
KIND, NEXT_COUNTY = "skill-brands", "370702"


@pytest.mark.parametrize(
    ("column", "read"), [("state", State.PROVINCE_REVIEW), ("version", 0), ("step", 1), ("revision", 1)]
)
def test_nothing_is_written_on_a_filing_that_is_no_longer_what_was_read(column, read):
    record = filing(KIND, State.APPROVED)
    before = record.events.count()
    assert getattr(record, column) != read
    setattr(record, column, read)

    with pytest.raises(Conflict), transaction.atomic():
        workflow.record_event(record, "note", State.APPROVED, by=reviewer(PROVINCE))

    now = Filing.objects.get(pk=record.pk)
    assert (now.events.count(), now.step) == (before, before)


def test_each_act_is_one_step_and_one_revision_and_only_a_move_is_an_arrival():
    record = submitted(KIND)

    taken = act(record, "accept", reviewer())
    sent = act(taken, "endorse", reviewer())

    counts = [(one.step, one.revision - record.revision) for one in (record, taken, sent)]
    assert counts == [(1, 0), (2, 1), (3, 2)]
    assert (taken.arrived_at, sent.arrived_at) == (record.arrived_at, sent.events.get(number=3).at)


def test_who_has_posts_in_two_bureaus_acts_for_the_one_whose_filing_it_is():
    person = filer(KUIWEN, name="of_two_counties")
    post = add_post(person, Role.FILER, NEXT_COUNTY)
    record = draft(KIND, place=NEXT_COUNTY)

    event = act(record, "submit", User.objects.get(pk=person.pk)).events.get()

    assert (event.organisation, event.organisation_name) == (post.organisation, post.organisation.name)


def test_in_a_batch_of_different_acts_the_remarks_of_each_filing_follow_its_own():
    taken, returned = (submitted(KIND, name=f"潍坊演示{n}") for n in ("一", "二"))
    waiting, sent = remark(taken, "name"), remark(returned, "name")
    asked = [Asked(taken.pk, "accept", 1), Asked(returned.pk, "return", 1, comment=COMMENT)]

    done = [one.event.action for one in workflow.perform_all(asked, by=reviewer())]

    found = Remark.objects.in_bulk([waiting.pk, sent.pk])
    assert done == ["accept", "return"]
    assert [str(found[one.pk].standing) for one in (waiting, sent)] == ["prepared", "open"]


@pytest.mark.parametrize(("version", "step"), [(0, 0), (1, 0), (0, 1)], ids=["as read", "version", "step"])
def test_an_act_is_late_when_the_version_or_the_step_has_moved_on(version, step):
    record = submitted(KIND)
    asked = {"version": record.version - version, "step": record.step - step}

    if version or step:
        with pytest.raises(Conflict):
            workflow.perform(record, "accept", by=reviewer(), **asked)
    else:
        workflow.perform(record, "accept", by=reviewer(), **asked)

    assert Filing.objects.get(pk=record.pk).events.count() == record.step + (not version and not step)


def test_the_filing_of_the_event_that_comes_back_stands_where_the_act_led():
    record = submitted(KIND, place=KUIWEN)

    event = workflow.perform(record, "endorse", by=reviewer(), version=record.version)

    assert (record.state, event.filing.state, event.filing.step) == (
        State.CITY_REVIEW,
        State.PROVINCE_REVIEW,
        event.number,
    )


def test_an_act_that_is_open_but_none_of_a_batch_is_refused_in_a_batch():
    record = submitted(KIND)
    asked = Asked(record.pk, "withdraw", record.version)

    (outcome,) = workflow.perform_all([asked], by=filer())

    assert (str(outcome.obstacle), outcome.event) == ("这个动作不能批量办理。", None)
    assert Filing.objects.get(pk=record.pk).state == State.CITY_REVIEW
    assert workflow.perform(record, "withdraw", by=filer(), version=record.version).target == State.DRAFT
