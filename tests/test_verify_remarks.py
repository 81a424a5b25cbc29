"""The nightly check of remarks and locks: each kind of planted fault is found, and nothing else."""

from datetime import timedelta

import pytest

from portal.models import Event, Filing, Remark
from tests import factories
from tests.factories import act, approver, reviewer
from tests.returning import remark, resubmitted, returned, send_back
from tests.test_verify import lines, unguarded

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def back():
    """A brand that came back with remarks on two fields."""
    return returned("skill-brands", "name", "advantage_people")


@pytest.fixture
def closed():
    """A brand whose remark was answered and closed by the city."""
    return act(resubmitted(returned("skill-brands", "name")), "endorse", reviewer())


def held(record):
    return Remark.objects.filter(filing_id=record.pk).order_by("pk")


def changed(record, **facts):
    """Change the first remark past its only writer; return its number."""
    pk = held(record).values_list("pk", flat=True)[0]
    Remark.objects.filter(pk=pk).update(**facts)
    return pk


@pytest.mark.parametrize(
    "facts", [{"text": "改过（演示）。"}, {"field": "exam_projects"}], ids=["text", "field"]
)
def test_a_remark_that_is_not_what_was_sent_is_found(back, facts):
    pk = changed(back, **facts)

    assert lines(back) == [f"审核意见 {pk}：与流转记录 2 所载的栏目或文字不一致。"]


def test_a_remark_sent_by_no_return_is_found(back):
    pk = changed(back, issued_at=back.updated_at - HOUR)

    assert lines(back) == [f"审核意见 {pk}：发出时间没有对应的退回记录。"]


def test_a_remark_that_is_gone_and_one_that_was_unsent_are_found(back):
    gone, unsent = held(back).values_list("pk", flat=True)
    Remark.objects.filter(pk=gone).delete()
    Remark.objects.filter(pk=unsent).update(issued_at=None)

    assert lines(back) == [f"流转记录 2 发出的审核意见 {pk} 不在或没有发出。" for pk in (gone, unsent)]


def test_an_open_remark_on_what_is_under_review_is_found(back):
    again = resubmitted(back)
    pk = changed(again, answered_at=None, answered_in=None)

    assert lines(again) == [
        f"流转记录 3 答复的审核意见 {pk} 不在或没有答复。",
        f"审核意见 {pk}：在审或已办结，仍待答复。",
    ]


def test_an_answer_that_is_not_what_was_sent_is_found(back):
    again = resubmitted(back)
    pk = changed(again, reply="另一个答复（演示）")

    assert lines(again) == [f"审核意见 {pk}：答复与流转记录 3 所载的不一致。"]


def test_an_answer_of_no_submission_is_found(back):
    again = resubmitted(back)
    pk = changed(again, answered_at=again.submitted_at + HOUR)

    assert lines(again) == [f"审核意见 {pk}：答复时间与第 2 版的提交时间不一致。"]


def test_an_answer_before_the_question_is_found(back):
    again = resubmitted(back)
    pk = changed(again, answered_at=back.arrived_at - HOUR)

    assert f"审核意见 {pk}：答复早于发出。" in lines(again)


def test_a_remark_closed_by_nobody_is_found(closed):
    pk = changed(closed, closed_at=closed.arrived_at + HOUR)

    assert lines(closed) == [f"审核意见 {pk}：关闭时间没有对应的本级办理记录。"]


def test_a_remark_closed_by_the_other_desk_is_found(closed):
    pk = changed(closed, level="province")

    assert lines(closed) == [f"审核意见 {pk}：关闭时间没有对应的本级办理记录。"]


def test_a_remark_closed_before_its_answer_is_found(closed):
    pk = changed(closed, closed_at=closed.submitted_at - HOUR)

    assert f"审核意见 {pk}：关闭早于答复。" in lines(closed)


def test_a_remark_that_still_waits_to_be_sent_on_a_decided_filing_is_found():
    record = factories.approved("skill-brands")
    facts = {"version": 1, "level": "province", "text": "演示。", "by": approver()}
    pk = Remark.objects.create(filing_id=record.pk, field="name", **facts).pk

    assert lines(record) == [f"审核意见 {pk}：已办结，仍待发出。"]


@pytest.mark.parametrize(
    ("unlocked", "sentence"),
    [
        (None, "开放修改的栏目与最后一次退回不一致。"),
        (["name"], "最后一次退回开放的栏目 advantage_people 没有开放。"),
        (["advantage_people", "name", "nothing"], "开放修改的栏目 nothing 不在表中。"),
    ],
)
def test_locks_that_are_not_those_of_the_return_are_found(back, unlocked, sentence):
    Filing.objects.filter(pk=back.pk).update(unlocked=unlocked)

    assert lines(back) == [sentence]


def test_locks_without_a_return_are_found():
    record = factories.submitted("skill-brands")
    Filing.objects.filter(pk=record.pk).update(unlocked=["name"])

    assert lines(record) == ["开放修改的栏目与最后一次退回不一致。"]


def test_a_return_whose_record_was_rewritten_is_found(back):
    with unguarded():
        Event.objects.filter(filing_id=back.pk, number=2).update(details={})

    found = lines(back)

    assert "开放修改的栏目与最后一次退回不一致。" in found
    assert "流转记录 2 的内容与摘要不符。" in found


def test_nothing_is_said_of_what_is_whole(back, closed):
    record = send_back(resubmitted(back), "exam_projects")
    act(record, "recall", reviewer(), comment="退回有误（演示）。")
    remark(closed, "name")
    other = resubmitted(returned("labour-brands", "name"))
    act(other, "withdraw", factories.filer())

    assert lines() == []
