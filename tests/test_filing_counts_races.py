"""Acts, folding and rebuilding at the same instant, on real connections: the counters lose nothing."""

import pytest

from portal import filing_counts, workflow
from portal.models import FilingCount
from portal.vocabulary import State
from tests.copies import many_filings
from tests.factories import COMMENT, PROVINCE, approver, reviewer
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 12


def test_who_folds_and_who_rebuilds_loses_nothing_of_what_others_decide():
    by = reviewer(PROVINCE), approver()
    filings = many_filings(2 * ROUNDS, "skill-brands", State.PROVINCE_REVIEW)
    pairs = list(zip(filings[::2], filings[1::2], strict=True))

    def returns(pair):
        one = pair[0]
        return workflow.perform(one, "return", by=by[0], version=one.version, step=one.step, comment=COMMENT)

    def approves(pair):
        one = pair[1]
        return workflow.perform(one, "approve", by=by[1], version=one.version, step=one.step, comment=COMMENT)

    outcomes = race(
        pairs, returns, approves, lambda _: filing_counts.fold(), lambda _: filing_counts.rebuild()
    )

    assert [type(o).__name__ for one in outcomes for o in one[:3]] == ["Event", "Event", "NoneType"] * ROUNDS
    assert all(isinstance(one[3], dict) for one in outcomes)
    assert list(filing_counts.faults()) == []


def test_control_a_number_that_is_read_and_then_written_loses_some():
    cell = FilingCount.objects.create(kind="skill-brands", region_id="3707", word="approved", number=0)

    def naively(_):
        read = FilingCount.objects.get(pk=cell.pk).number
        FilingCount.objects.filter(pk=cell.pk).update(number=read + 1)

    race(range(200), naively, naively)

    cell.refresh_from_db()
    assert cell.number < 400
