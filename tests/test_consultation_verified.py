"""The nightly invariants of joint opinions: each planted fault is found, good histories are silent."""

import pytest
from django.utils import timezone

from portal import consultation, verify
from portal.models import Event, JointOpinion
from portal.vocabulary import JointConclusion, Kind, State
from tests.consulting import DEPARTMENTS, answer, asked, in_days, overdue
from tests.factories import WEIFANG, act, approver, bureau, joint, reviewer
from tests.test_verify import rehash, unguarded

pytestmark = pytest.mark.django_db


def lines(opinion: JointOpinion) -> list[str]:
    """What is found, without the words that name the question."""
    return [line.removeprefix(f"会商意见 {opinion.pk}：") for line in verify.faults()]


def row(opinion: JointOpinion):
    """The row of a question, as a query that can be updated."""
    return JointOpinion.objects.filter(pk=opinion.pk)


def told_otherwise(opinion: JointOpinion, action: str, **details) -> None:
    """Make the last event of one kind say something else, with a digest that fits."""
    with unguarded():
        event = Event.objects.filter(filing=opinion.filing_id, action=action).order_by("number").last()
        event.details |= details
        event.save()
        rehash(opinion.filing)


def test_nothing_is_said_of_questions_answered_in_time_and_late_changed_taken_back_and_left_behind():
    first, second, third = (asked(State.CITY_REVIEW, kind) for kind in DEPARTMENTS)
    answer(answer(first), JointConclusion.OBJECTS)
    consultation.withdraw(second, by=reviewer())
    act(third.filing, "endorse", reviewer())
    answer(asked(), JointConclusion.AGREES, "")

    assert list(verify.faults()) == []


CHANGED = {
    "the question": {"question": "改过"},
    "the day": {"due_on": in_days(30)},
    "who asked": {"asked_by": approver},
    "when": {"asked_at": timezone.now},
    "the version": {"version": 7},
}


@pytest.mark.parametrize("facts", CHANGED.values(), ids=CHANGED)
def test_a_question_that_is_not_what_its_event_says_is_found(facts):
    opinion = asked()

    row(opinion).update(**{name: value() if callable(value) else value for name, value in facts.items()})

    assert lines(opinion) == ["与征求记录不一致。"]


def test_a_question_to_a_department_of_another_level_is_found():
    opinion = asked()

    row(opinion).update(organisation=bureau(WEIFANG, Kind.AGRICULTURE))

    assert lines(opinion) == ["征求的不是本级部门。"]


def test_a_question_that_nobody_asked_is_found():
    opinion = asked()

    told_otherwise(opinion, "consult", asked=[])

    assert lines(opinion) == ["征求记录应有 1 条，实有 0 条。"]


def test_a_question_that_was_deleted_is_found():
    opinion = asked()

    row(opinion).delete()

    assert lines(opinion) == [f"填报 {opinion.filing_id}：流转记录 3（consult）所说的会商意见没有留存。"]


def test_an_answer_that_no_event_knows_is_found():
    opinion = asked()

    row(opinion).update(conclusion="agrees", answered_by=joint(), answered_at=timezone.now())

    assert lines(opinion) == ["已答复，没有答复记录。"]


@pytest.mark.parametrize(
    "facts",
    [
        {"conclusion": "agrees"},
        {"opinion": "改过"},
        {"answered_by": approver},
        {"answered_at": timezone.now},
        {"conclusion": "", "opinion": "", "answered_by": None, "answered_at": None},
    ],
    ids=["conclusion", "words", "who", "when", "gone"],
)
def test_an_answer_that_is_not_the_last_one_of_the_events_is_found(facts):
    opinion = answer(asked())

    row(opinion).update(**{name: value() if callable(value) else value for name, value in facts.items()})

    assert lines(opinion) == ["与最后一条答复记录不一致。"]


def test_an_answer_that_was_late_and_is_not_said_to_be_is_found():
    opinion = overdue(asked(), days=1)
    told_otherwise(opinion, "consult", due_on=str(in_days(-1)))
    late = answer(opinion)
    good = list(verify.faults())

    told_otherwise(late, "opine", late=False)

    assert (good, lines(late)) == ([], ["流转记录 4 的逾期标记不符。"])


def test_a_withdrawal_that_no_event_knows_is_found():
    opinion = asked()

    row(opinion).update(withdrawn_at=timezone.now())

    assert lines(opinion) == ["撤回与撤回记录不一致。"]


def test_a_withdrawal_that_the_row_does_not_know_is_found():
    opinion = consultation.withdraw(asked(), by=approver())

    row(opinion).update(withdrawn_at=None)

    assert lines(opinion) == ["撤回与撤回记录不一致。"]
