"""What stood at an instant, read from the database, is what a chronicle in plain Python says of it."""

from collections import Counter
from datetime import timedelta

import pytest

from portal import rollups
from portal.models import Filing
from tests import chronicles, enacting, factories
from tests.chronicles import APPROVED, BEGIN, END
from tests.sizes import size

pytestmark = pytest.mark.django_db
CUTOFFS = [BEGIN + (END - BEGIN) * part / 7 + timedelta(microseconds=part) for part in range(1, 8)]
NUMBER = size(800, 1500)


@pytest.fixture(scope="module")
def chronicle(for_the_module):
    """A chronicle that was enacted, with life number → filing."""
    cities, counties = enacting.places()
    written = chronicles.written(NUMBER, cities, counties)
    return written, enacting.enact(written)


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_every_filing_has_the_state_and_the_version_it_had_at_an_instant(chronicle, cutoff):
    written, filings = chronicle
    begun = {n.pk: n.state_then for n in rollups.filings_at(cutoff, "37")}
    sent = {n.pk: n.version_then for n in rollups.submitted_at(cutoff, "37")}

    lives = [life for life in written.lives if life.created_at <= cutoff]
    assert begun == {filings[life.number].pk: life.state_at(cutoff) for life in lives}
    assert sent == {filings[n.number].pk: text.number for n in lives if (text := n.text_at(cutoff))}


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_the_text_of_a_filing_is_that_which_was_submitted_last(chronicle, cutoff):
    written, filings = chronicle
    sent = rollups.submitted_at(cutoff, "37", "labour-brands")
    said = {n.pk: taken["values"]["worker_count"] for n, taken in rollups.with_snapshots(sent)}

    lives = [life for life in written.lives if life.kind == "labour-brands"]
    texts = {filings[life.number].pk: life.text_at(cutoff) for life in lives}
    assert said == {pk: text.values["worker_count"] for pk, text in texts.items() if text}


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_what_is_still_as_it_was_holds_the_rows_that_were_submitted(chronicle, cutoff):
    written, filings = chronicle
    kind = "project-training-returns"
    stored = {
        n.pk: [row["trainee_count"] for row in n.record.training_rows.order_by("pk").values()]
        for n in rollups.submitted_at(cutoff, "37", kind).filter(rollups.is_as_it_was())
    }

    lives = {filings[life.number].pk: life for life in written.lives if life.kind == kind}
    texts = {pk: lives[pk].text_at(cutoff) for pk in stored}
    assert stored == {pk: [row["trainee_count"] for row in text.rows] for pk, text in texts.items()}


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_a_return_stands_from_its_approval_on(chronicle, cutoff):
    written, filings = chronicle
    kind = "project-training-returns"
    standing = {n.pk: n.decided_then for n in rollups.standing_at(cutoff, "37", kind)}

    lives = [n for n in written.lives if n.kind == kind and n.state_at(cutoff) == APPROVED]
    assert standing == {filings[n.number].pk: n.decided_at(cutoff) for n in lives}


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_the_catalogue_is_what_the_register_said_then(chronicle, cutoff):
    written, filings = chronicle
    day = rollups.day_of(cutoff)
    for kind in chronicles.WEIGHTS:
        found = {e.filing_id: e.level_then for e in rollups.entries_at(cutoff, "37", kind)}
        spans = {filings[n.number].pk: n.span for n in written.lives if n.kind == kind and n.span}
        held = {pk: span for pk, span in spans.items() if span.is_in_force(day, cutoff)}
        assert found == {pk: span.level_at(day, cutoff) for pk, span in held.items()}, kind


def test_a_submission_and_a_decision_have_one_instant():
    record = factories.approved("labour-brands")
    times = {event.action: event.at for event in record.events.all()}
    assert (record.versions.get().submitted_at, record.submitted_at) == (times["submit"],) * 2
    assert record.decided_at == times["approve"]


def test_a_region_has_its_own_part(chronicle):
    written, filings = chronicle
    cutoff = CUTOFFS[4]
    found = set(rollups.submitted_at(cutoff, "3707").values_list("pk", flat=True))

    lives = [life for life in written.lives if life.place.startswith("3707") and life.text_at(cutoff)]
    assert found == {filings[life.number].pk for life in lives}
    assert len(found) > 20


def test_the_chronicle_holds_what_makes_an_instant_hard(chronicle):
    written, _ = chronicle
    verbs = Counter(deed.verb for life in written.lives for deed in life.deeds)
    assert min(verbs[verb] for verb in ("return", "withdraw", "reopen", "promote", "exit", "publish")) > 5
    backdated = [n for n in written.lives if n.span and n.span.told.date() > n.span.valid_from]
    assert len(backdated) > 50 and Filing.objects.filter(amends__isnull=False).count() > 10
