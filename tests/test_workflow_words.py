"""What an act refuses and tells, word for word, and that it touches the filing it names and no other."""

import pytest
from django.utils import timezone

from portal import workflow
from portal.grounds import FAIL, Finding, Grounds
from portal.models import Filing, Message
from portal.vocabulary import State
from portal.workflow import COMMENT_LIMIT, Asked, Conflict, Refused
from tests.factories import COMMENT, PROVINCE, act, approver, filing, reviewer, submitted

pytestmark = pytest.mark.django_db
KIND, HEZE = "skill-brands", "3717"


def perform(record: Filing, action: str, by, **said):
    """Do an act on what a person has just read."""
    return workflow.perform(record, action, by=by, version=record.version, step=record.step, **said)


def refusal(record: Filing, action: str, by, **said) -> str:
    with pytest.raises(Refused) as refused:
        perform(record, action, by, **said)
    return str(refused.value)


def told(*asked: Asked) -> list[str]:
    """Return what a batch answers: the act that was done, or why not."""
    outcomes = workflow.perform_all(asked, by=reviewer())
    return [str(one.obstacle) if one.obstacle else one.event.action for one in outcomes]


def test_an_act_is_done_on_the_filing_it_names_and_on_no_other():
    first, second, third = (submitted(KIND, name=f"潍坊演示{n}") for n in ("一", "二", "三"))

    event = perform(second, "accept", reviewer())

    now = Filing.objects.in_bulk([first.pk, second.pk, third.pk])
    assert (event.filing_id, event.filing.step) == (second.pk, 2)
    assert [(now[one.pk].step, now[one.pk].accepted_at) for one in (first, third)] == [(1, None)] * 2
    assert (now[second.pk].step, now[second.pk].accepted_at) == (2, event.at)


def test_a_batch_says_of_each_why_it_was_not_done():
    here, elsewhere = submitted(KIND), submitted(KIND, place=HEZE, name="菏泽演示")
    accept = Asked(here.pk, "accept", here.version)

    assert told(
        accept,
        accept,
        Asked(elsewhere.pk, "accept", 1),
        Asked(submitted(KIND, name="潍坊演示四").pk, "withdraw", 1),
    ) == ["accept", workflow.TWICE, workflow.OUT_OF_SCOPE, "这个动作不能批量办理。"]


def test_of_two_acts_on_one_filing_only_the_first_of_a_batch_counts_even_when_it_is_refused():
    record = submitted(KIND)
    late = Asked(record.pk, "accept", record.version, step=record.step + 1)

    obstacle, event = (
        (one.obstacle, one.event)
        for one in workflow.perform_all([late, Asked(record.pk, "accept", record.version)], by=reviewer())
    )

    assert (type(obstacle[0]), event[1].action) == (Conflict, "accept")


@pytest.mark.parametrize(
    ("state", "action", "by", "words"),
    [
        (State.CITY_REVIEW, "endorse", reviewer, "审核上报"),
        (State.PROVINCE_REVIEW, "approve", approver, "审核通过"),
    ],
)
def test_who_passes_on_what_fails_a_criterion_says_why(state, action, by, words):
    record = filing(KIND, state)
    criterion = record.record_type.criteria[0]
    grounds = Grounds(findings=(Finding(criterion, FAIL),))

    said = refusal(record, action, by(), grounds=grounds)
    event = perform(record, action, by(), grounds=grounds, comment=COMMENT)

    assert said == f"逐项核对有不符合的条件，仍要{words}的，须写明意见。"
    assert event.details["findings"] == [{"criterion": criterion, "met": FAIL, "note": ""}]


@pytest.mark.parametrize(("action", "label"), [("return", "退回修改"), ("reject", "不予通过")])
def test_who_sends_a_filing_back_says_why(action, label):
    said = refusal(filing(KIND, State.PROVINCE_REVIEW), action, approver())

    assert said == f"{label}须写明意见，报送单位要据此知道原因。"


def test_an_opinion_has_a_limit_and_what_reaches_it_is_kept_whole():
    record = submitted(KIND)

    said = refusal(record, "return", reviewer(), comment="字" * (COMMENT_LIMIT + 1))
    event = perform(record, "return", reviewer(), comment="字" * COMMENT_LIMIT)

    assert said == "意见最多 2000 字，现在有 2001 字，请缩短后再提交。"
    assert event.comment == "字" * COMMENT_LIMIT


def test_an_act_that_is_not_his_and_one_that_is_closed_are_told_apart():
    record = submitted(KIND)
    remote = filing(KIND, State.APPROVED, name="潍坊演示二")

    assert refusal(record, "approve", reviewer()) == "您的岗位不能办理这个动作。"
    assert refusal(remote, "endorse", reviewer()).startswith("审核上报现在不能办理：")


@pytest.mark.parametrize(
    ("action", "comment", "words"),
    [
        ("endorse", "", "《潍坊演示》（{label}）潍坊市人力资源和社会保障局已审核上报。"),
        ("return", COMMENT, "《潍坊演示》（{label}）潍坊市人力资源和社会保障局已退回修改：{comment}"),
    ],
)
def test_the_message_of_an_act_says_what_was_done_by_whom_and_with_which_words(action, comment, words):
    record = submitted(KIND, name="潍坊演示")

    event = perform(record, action, reviewer(), comment=comment)

    texts = set(
        Message.objects.filter(filing=record, created_at__gte=event.at).values_list("text", flat=True)
    )
    assert texts == {words.format(label=record.record_type.label, comment=comment)}


def test_who_comes_late_is_told_of_the_latest_act_on_that_filing():
    record, other = submitted(KIND, name="潍坊演示一"), submitted(KIND, name="潍坊演示二")
    seen = Asked(record.pk, "endorse", record.version, step=record.step)
    colleague = reviewer(name="colleague")
    act(act(record, "accept", colleague), "release", colleague)
    act(other, "accept", colleague)

    (late,) = workflow.perform_all([seen], by=reviewer())

    assert (late.obstacle.event.filing_id, late.obstacle.event.action) == (record.pk, "release")


def test_an_event_beside_the_workflow_keeps_its_instant_its_words_and_its_facts():
    record, at = filing(KIND, State.APPROVED), timezone.now()
    by = reviewer(PROVINCE)

    event = workflow.record_event(
        record, "note", record.state, by=by, comment="演示", request_id="abc", at=at, details={"a": 1}
    )

    event.refresh_from_db()
    kept = (event.at, event.comment, event.request_id, event.details, event.source, event.target)
    assert kept == (at, "演示", "abc", {"a": 1}, State.APPROVED, State.APPROVED)
    assert (record.step, record.revision) == (event.number, Filing.objects.get(pk=record.pk).revision)
