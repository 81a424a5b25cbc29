"""The acts of the desk against each other at the same instant, on real connections: one is done, one is told.

``PORTAL_RACE_ROUNDS`` says how often each pair meets (1,000 before a release).
"""

import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from portal import drafts, guards, handover, remarks, verify, workflow
from portal.models import Event, Filing, Remark
from portal.vocabulary import State
from tests.copies import many_filings, multiply
from tests.factories import COMMENT, PROVINCE, WEIFANG, act, approver, filer, filing, person, reviewer
from tests.races import kinds, race

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("PORTAL_RACE_ROUNDS", "60"))


def performing(action: str, by, **arguments) -> Callable:
    """Return a runner that does ``action`` on a filing as it was when the rounds began."""
    arguments = {"comment": COMMENT, **arguments}

    def run(one: Filing):
        return workflow.perform(one, action, by=by, version=one.version, step=one.step, **arguments)

    return run


def met(outcomes) -> Counter:
    """Return how often which kinds of outcome met."""
    return Counter(map(tuple, map(kinds, outcomes)))


def done_since(filings: list[Filing]) -> Counter:
    """Return how many filings have how many events after those they had."""
    steps = {one.pk: one.step for one in filings}
    found = Event.objects.filter(filing__in=filings).values_list("filing_id", "number")
    counts = Counter(pk for pk, number in found if number > steps[pk])
    return Counter(counts[pk] for pk in steps)


def test_approval_and_return_at_once_never_both_happen():
    filings = many_filings(ROUNDS, "skill-brands", State.PROVINCE_REVIEW)

    outcomes = race(filings, performing("approve", approver()), performing("return", reviewer(PROVINCE)))

    assert met(outcomes) == {("Conflict", "Event"): ROUNDS}
    assert done_since(filings) == {1: ROUNDS}
    assert list(verify.faults()) == []


def test_control_approval_and_return_both_happen_when_the_state_is_read_and_then_saved():
    filings = many_filings(200, "skill-brands", State.PROVINCE_REVIEW)
    guards.remove(connection)  # they alone would stop it already

    outcomes = race(filings, naively(State.APPROVED), naively(State.RETURNED))

    assert ("done", "done") in outcomes


def naively(target: str) -> Callable:
    """Return a runner that decides as most systems do: read, look, save."""
    by = approver()

    def run(one: Filing):
        current = Filing.objects.get(pk=one.pk)
        if current.state != State.PROVINCE_REVIEW:
            return "too late"
        final = target == State.APPROVED
        evidence = {"decided_at": timezone.now() if final else None, "decided_by": by if final else None}
        Filing.objects.filter(pk=one.pk).update(state=target, **evidence)
        return "done"

    return run


def test_approval_and_withdrawal_at_once_never_both_happen():
    filings = many_filings(ROUNDS, "building-units", State.CITY_REVIEW)

    outcomes = race(filings, performing("approve", reviewer()), performing("withdraw", filer()))

    assert met(outcomes) == {("Conflict", "Event"): ROUNDS}
    assert done_since(filings) == {1: ROUNDS}


def test_the_city_recalls_what_the_province_takes_up_at_that_instant_or_it_does_not():
    filings = many_filings(ROUNDS, "skill-brands", State.PROVINCE_REVIEW)

    outcomes = race(filings, performing("accept", reviewer(PROVINCE)), performing("recall", reviewer()))

    assert met(outcomes) == {("Conflict", "Event"): ROUNDS}
    assert done_since(filings) == {1: ROUNDS}


def test_an_approval_never_meets_a_text_that_was_changed_meanwhile():
    filings, writer = many_filings(ROUNDS, "building-units", State.CITY_REVIEW), filer()

    def resubmit(one: Filing):
        """Take it back, write something else, send it again: two acts and a write beside the approval."""
        act(one, "withdraw", writer)
        record = Filing.objects.get(pk=one.pk).record
        drafts.save(record, by=writer, revision=record.revision, values={"explanation": "重新核对过"})
        return workflow.perform(record, "submit", by=writer, version=record.version)

    def approve(one: Filing):
        return workflow.perform(one, "approve", by=reviewer(), version=one.version, comment=COMMENT)

    outcomes = race(filings, approve, resubmit)

    assert set(met(outcomes)) <= {("Conflict", "Event"), ("Event", "Refused")}
    for one in Filing.objects.filter(pk__in=[one.pk for one in filings]):
        read = one.versions.get(number=one.version).snapshot["explanation"]
        expected = ("", 1) if one.state == State.APPROVED else ("重新核对过", 2)
        assert (read, one.version) == expected
    assert list(verify.faults()) == []


def test_a_return_recalled_while_the_filer_begins_to_change_loses_no_edit():
    filings = many_filings(ROUNDS, "building-units", State.RETURNED)
    records, writer = [one.record for one in filings], filer()

    def save(record):
        return drafts.save(record, by=writer, revision=record.revision, values={"explanation": "按意见补充"})

    outcomes = race(records, performing("recall", reviewer()), save)

    allowed = {("BuildingUnit", "Conflict"), ("BuildingUnit", "Refused"), ("Conflict", "Event")}
    assert set(met(outcomes)) <= allowed
    for record, pair in zip(records, outcomes, strict=True):
        stored = Filing.objects.get(pk=record.pk)
        saved = kinds(pair)[0] == "BuildingUnit"
        assert (stored.state, stored.explanation) == (
            (State.RETURNED, "按意见补充") if saved else (State.CITY_REVIEW, record.explanation)
        )
    assert list(verify.faults()) == []


def test_a_remark_written_while_the_filing_goes_back_is_sent_or_refused_never_stranded():
    filings = many_filings(ROUNDS, "skill-brands", State.CITY_REVIEW)
    colleague = reviewer(WEIFANG, name="colleague")
    field = filings[0].record_type.fields[0]

    def remark(one: Filing):
        return remarks.write(one, field, COMMENT, by=colleague, version=one.version)

    outcomes = race(filings, performing("return", reviewer()), remark)

    assert set(met(outcomes)) <= {("Event", "Remark"), ("Conflict", "Event"), ("Event", "Refused")}
    assert Remark.objects.prepared().count() == 0
    assert list(verify.faults()) == []


DOUBLE = {
    "submit": (State.DRAFT, filer),
    "withdraw": (State.CITY_REVIEW, filer),
    "accept": (State.CITY_REVIEW, reviewer),
    "assign": (State.CITY_REVIEW, reviewer),
    "endorse": (State.CITY_REVIEW, reviewer),
    "return": (State.CITY_REVIEW, reviewer),
    "approve": (State.PROVINCE_REVIEW, approver),
    "reject": (State.PROVINCE_REVIEW, approver),
    "reopen": (State.APPROVED, approver),
    "recall": (State.RETURNED, reviewer),
    "cancel": (State.DRAFT, filer),
}


@pytest.mark.parametrize("action", DOUBLE)
def test_a_double_click_does_the_act_once(action):
    state, who = DOUBLE[action]
    rounds = max(ROUNDS // 5, 10)
    filings, by = many_filings(rounds, "skill-brands", state), who()
    to = person("reviewer", WEIFANG, name="receiver")

    outcomes = race(filings, performing(action, by, to=to), performing(action, by, to=to))

    assert met(outcomes) == {("Conflict", "Event"): rounds}
    assert done_since(filings) == {1: rounds}


def test_a_double_click_on_taking_an_acceptance_back_does_it_once():
    first = act(filing("skill-brands", State.CITY_REVIEW), "accept", reviewer())

    outcomes = race([first], performing("release", reviewer()), performing("release", reviewer()))

    assert met(outcomes) == {("Conflict", "Event"): 1}


if connection.vendor == "postgresql":  # SQLite has one writer at a time, and no lock on a row

    def test_a_handover_waits_for_its_first_filing_while_it_holds_no_other():
        absent, to = person("reviewer", WEIFANG, name="absent"), person("reviewer", WEIFANG, name="present")
        first = act(filing("skill-brands", State.CITY_REVIEW), "accept", absent)
        *_, last = multiply(first.record, workflow.AT_ONCE)
        Filing.objects.filter(pk=first.pk).update(arrived_at=timezone.now())  # now the last
        by = reviewer()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                list(Filing.objects.select_for_update().filter(pk=first.pk))
                running = pool.submit(handed_over, absent, to, by)
                until_somebody_waits()
                list(Filing.objects.select_for_update(nowait=True).filter(pk=last.pk))
            assert running.result().done == workflow.AT_ONCE + 1

    def handed_over(absent, to, by):
        try:
            return handover.hand_over(absent, to, by=by)
        finally:
            connections.close_all()

    def until_somebody_waits() -> None:
        ends = time.monotonic() + 60
        with connection.cursor() as cursor:
            waiting = 0
            while not waiting and time.monotonic() < ends:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                ((waiting,),) = cursor.fetchall()
        assert waiting == 1
