"""Two batches over the same filings at the same instant, on real connections: one decision for each."""

import os
import threading
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from portal import catalogue, guards, prepared, workflow
from portal.models import CatalogueEntry, Event, Filing, PreparedDecision
from portal.vocabulary import Role, State
from tests import factories
from tests.batching import asked
from tests.copies import many_filings
from tests.races import kinds, race

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("PORTAL_RACE_ROUNDS", "20"))
EACH = 5  # filings of a batch


def at_province() -> list[list[Filing]]:
    """Return ``ROUNDS`` batches of filings that wait for their decision."""
    filings = many_filings(ROUNDS * EACH, "skill-brands", State.PROVINCE_REVIEW)
    return [filings[i : i + EACH] for i in range(0, len(filings), EACH)]


def second_approver():
    return factories.person(Role.APPROVER, factories.PROVINCE, name="second approver")


def deciding(action: str, by, backwards: bool = False):
    """Return a runner that decides a batch; two that go opposite ways would lock each other out."""

    def run(filings: list[Filing]):
        chosen = filings[::-1] if backwards else filings
        return workflow.perform_all(asked(chosen, action, comment="不一致。"), by=by)

    return run


def decisions(batches: list[list[Filing]]) -> Counter:
    """Return how many filings have how many events after what the batches began with."""
    step = batches[0][0].step
    numbers = [filing.pk for batch in batches for filing in batch]
    later = Event.objects.filter(filing__in=numbers, number__gt=step)
    counts = Counter(later.values_list("filing_id", flat=True))
    return Counter(counts[number] for number in numbers)


def test_of_two_batches_over_the_same_filings_each_filing_is_decided_once():
    batches = at_province()

    outcomes = race(
        batches,
        deciding("approve", factories.approver()),
        deciding("reject", second_approver(), backwards=True),
    )

    told = Counter(
        type(one.obstacle).__name__ for pair in outcomes for side in pair for one in side if one.obstacle
    )
    assert decisions(batches) == {1: ROUNDS * EACH}
    assert told == {"Conflict": ROUNDS * EACH}


def test_control_the_same_race_shows_doubles_when_a_batch_reads_and_then_stores():
    batches = at_province()
    guards.remove(connection)  # they alone would stop it already
    both_read = threading.Barrier(2, timeout=60)  # a busy machine lets one finish before the other begins

    outcomes = race(
        batches,
        naively(State.APPROVED, factories.approver(), both_read),
        naively(State.REJECTED, second_approver(), both_read),
    )

    assert outcomes == [(EACH, EACH)] * ROUNDS


def naively(target: str, by, both_read: threading.Barrier):
    """Return a runner that decides a batch as most systems do: read, look, store all; how many it did."""

    def run(filings: list[Filing]) -> int:
        found = Filing.objects.filter(pk__in=[filing.pk for filing in filings])
        waiting = [filing for filing in found if filing.state == State.PROVINCE_REVIEW]
        both_read.wait()
        facts = {"state": target, "decided_at": timezone.now(), "decided_by": by}
        Filing.objects.filter(pk__in=[filing.pk for filing in waiting]).update(**facts)
        return len(waiting)

    return run


def test_of_two_who_make_the_same_prepared_decisions_one_makes_each():
    batches = at_province()
    by = factories.reviewer(factories.PROVINCE)
    rows = [
        [
            prepared.prepare(filing, "approve", comment="同意。", by=by, version=filing.version).pk
            for filing in batch
        ]
        for batch in batches
    ]

    race(rows, releasing(factories.approver()), releasing(second_approver(), backwards=True))

    assert decisions(batches) == {1: ROUNDS * EACH}
    assert PreparedDecision.objects.filter(released_at=None).count() == 0


def releasing(by, backwards: bool = False):
    """Return a runner that makes prepared decisions."""
    return lambda pks: prepared.release(pks[::-1] if backwards else pks, by=by)


def test_what_is_dropped_while_it_is_made_is_either_dropped_or_made():
    batches = at_province()
    by = factories.reviewer(factories.PROVINCE)
    rows = [
        prepared.prepare(b[0], "approve", comment="同意。", by=by, version=b[0].version).pk for b in batches
    ]

    outcomes = race(
        rows,
        lambda pk: prepared.release([pk], by=factories.approver()),
        lambda pk: prepared.drop([pk], by=by),
    )

    made = {pk for pk, (done, _) in zip(rows, outcomes, strict=True) if done[0].event}
    assert made == set(PreparedDecision.objects.filter(dropped_at=None).values_list("pk", flat=True))
    assert [dropped for _, dropped in outcomes] == [int(pk not in made) for pk in rows]


def test_of_two_batches_of_publications_each_filing_is_entered_once_under_a_code_of_its_own():
    filings = many_filings(ROUNDS * EACH, "skill-brands", State.APPROVED)
    batches = [filings[i : i + EACH] for i in range(0, len(filings), EACH)]
    second = factories.person(Role.PUBLISHER, factories.PROVINCE, name="second publisher")

    outcomes = race(batches, publishing(factories.publisher()), publishing(second, backwards=True))

    assert set(map(tuple, map(kinds, outcomes))) == {("list", "list")}
    codes = CatalogueEntry.objects.filter(filing__in=filings).values_list("code", flat=True)
    assert (len(codes), len(set(codes))) == (len(filings), len(filings))
    assert decisions(batches) == {1: ROUNDS * EACH}


def publishing(by, backwards: bool = False):
    """Return a runner that publishes a batch."""

    def run(filings: list[Filing]):
        chosen = asked(filings[::-1] if backwards else filings, "publish")
        return catalogue.publish_all(chosen, by=by, document_number=factories.DOCUMENT)

    return run
