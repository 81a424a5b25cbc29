"""Joint departments at the same instant as others, on real connections: whoever is first, all is whole."""

from collections import Counter

import pytest

from portal import consultation, verify, workflow
from portal.models import Filing, JointOpinion
from portal.vocabulary import JointConclusion, Kind, State
from tests.consulting import KIND, OPINION, acts, ask, in_days
from tests.copies import many_filings
from tests.factories import COMMENT, PROVINCE, approver, bureau, joint, person, reviewer
from tests.races import kinds, race

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 40


def answering(kind: str = Kind.AGRICULTURE):
    """Return a runner that answers a question as the department of that kind."""
    by, department = joint(PROVINCE, kind), bureau(PROVINCE, kind).pk

    def run(filing: Filing):
        opinion = JointOpinion.objects.get(filing=filing.pk, organisation=department)
        return consultation.answer(opinion, JointConclusion.RESERVES, OPINION, by=by)

    return run


def deciding(action: str = "approve", by=None):
    """Return a runner that decides on what it reads now, as a page opened before the round would."""
    by = by or approver()

    def run(filing: Filing):
        return workflow.perform(filing, action, by=by, version=filing.version, comment=COMMENT)

    return run


def asking(by):
    """Return a runner that asks the department of agriculture."""
    whom = [bureau(PROVINCE, Kind.AGRICULTURE)]

    def run(filing: Filing):
        return consultation.ask(filing, whom, "演示征求事项", in_days(7), by=by, version=filing.version)

    return run


def withdrawing(filing: Filing):
    """Take the question about a filing back."""
    return consultation.withdraw(JointOpinion.objects.get(filing=filing.pk), by=reviewer(PROVINCE))


def under_review(*asked_of: str) -> list[Filing]:
    """Return filings at the province's desk, about each of which these departments were asked."""
    filings = many_filings(ROUNDS, KIND, State.PROVINCE_REVIEW)
    for filing in filings if asked_of else []:
        ask(filing, *asked_of)
    return [Filing.objects.get(pk=filing.pk) for filing in filings]


def test_an_answer_and_the_decision_at_once_come_in_one_order_or_the_other():
    filings = under_review(Kind.AGRICULTURE)

    outcomes = race(filings, answering(), deciding())

    met = Counter(tuple(kinds(pair)) for pair in outcomes)
    assert set(met) <= {("Event", "JointOpinion"), ("Event", "Refused"), ("Conflict", "JointOpinion")}
    for filing, (answered, decided) in zip(filings, outcomes, strict=True):
        is_answered, is_decided = isinstance(answered, JointOpinion), hasattr(decided, "action")
        done = acts(filing.pk)[filing.step :]
        assert sorted(done) == ["approve"] * is_decided + ["opine"] * is_answered
        assert done[-1:] == ["approve"] if is_decided else ["opine"]
    assert list(verify.faults()) == []


def test_two_departments_that_answer_at_once_are_both_heard():
    filings = under_review(Kind.AGRICULTURE, Kind.TRADE_UNION)

    outcomes = race(filings, answering(), answering(Kind.TRADE_UNION))

    assert Counter(tuple(kinds(pair)) for pair in outcomes) == {("JointOpinion", "JointOpinion"): ROUNDS}
    assert {tuple(acts(filing.pk)[filing.step :]) for filing in filings} == {("opine", "opine")}
    assert list(verify.faults()) == []


def test_of_two_colleagues_who_ask_one_department_at_once_one_asks():
    filings = under_review()
    second = person("reviewer", PROVINCE, name="second reviewer")

    outcomes = race(filings, asking(reviewer(PROVINCE)), asking(second))

    met = Counter(tuple(kinds(pair)) for pair in outcomes)
    assert set(met) <= {("Conflict", "list"), ("Refused", "list")}
    assert (met.total(), JointOpinion.objects.count()) == (ROUNDS, ROUNDS)
    assert list(verify.faults()) == []


def test_of_an_answer_and_a_withdrawal_at_once_one_is_done():
    filings = under_review(Kind.AGRICULTURE)

    outcomes = race(filings, answering(), withdrawing)

    met = Counter(tuple(kinds(pair)) for pair in outcomes)
    assert set(met) <= {("JointOpinion", "Refused"), ("Conflict", "JointOpinion")}
    assert met.total() == ROUNDS
    assert {len(acts(filing.pk)) - filing.step for filing in filings} == {1}
    assert list(verify.faults()) == []
