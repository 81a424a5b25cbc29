"""Remarks through their histories, and grounds: what is open, answered and closed after each act."""

import pytest

from portal import policy, remarks, verify, workflow
from portal.grounds import NOTHING_SAID, Finding, Grounds, from_facts
from portal.models import Filing, Remark
from portal.registry import get
from portal.vocabulary import ReturnReason, State
from tests import factories
from tests.factories import COMMENT, act, approver, filer, reviewer
from tests.returning import SAID, answer, desk_user, remark, resubmitted, returned, send_back

pytestmark = pytest.mark.django_db
KIND = "skill-brands"
OPINION = "同意（演示）。"


def standings(record) -> list[tuple[str, str]]:
    found = Remark.objects.filter(filing_id=record.pk).order_by("pk")
    return [(one.field, str(one.standing)) for one in found]


def unlocked(record):
    return Filing.objects.get(pk=record.pk).unlocked


def at_province(*names):
    """A brand at the province; the city returned it before with remarks on these names."""
    record = resubmitted(returned(KIND, *names)) if names else factories.submitted(KIND)
    return act(record, "endorse", reviewer())


# ---- writing


def test_a_desk_reads_what_it_prepares_and_the_bureau_what_was_sent():
    record = factories.submitted(KIND)
    written = remark(record, "name")

    seen = [list(remarks.visible_to(record, user)) for user in (reviewer(), filer(), reviewer("37"))]
    sent = act(record, "return", reviewer(), comment=COMMENT)

    assert seen == [[written], [], []]
    assert list(remarks.visible_to(sent, filer())) == [written]


@pytest.mark.parametrize(
    ("field", "said", "sentence"),
    [
        ("no_such_field", SAID, "没有这个栏目。"),
        ("name", " \n", "请写明意见。"),
        ("name", "长" * 501, "意见最多 500 字，现在有 501 字，请缩短后再提交。"),
    ],
)
def test_a_remark_says_something_of_something(field, said, sentence):
    record = factories.submitted(KIND)

    with pytest.raises(workflow.Refused) as refusal:
        remark(record, field, said)

    assert (str(refusal.value), Remark.objects.count()) == (sentence, 0)


def test_only_the_desk_where_it_lies_remarks_and_only_on_what_lies_there_now():
    record = factories.submitted(KIND)

    for user in (filer(), approver(), factories.joint()):
        with pytest.raises((workflow.Refused, Filing.DoesNotExist)):
            remarks.write(record, "name", SAID, by=user, version=1)
    with pytest.raises(workflow.Conflict):
        remarks.write(record, "name", SAID, by=reviewer(), version=2)

    assert Remark.objects.count() == 0


def test_a_prepared_remark_is_changed_and_dropped_and_a_sent_one_is_not():
    record = factories.submitted(KIND)
    first, second = remark(record, "name"), remark(record, "advantage_people")

    remarks.rewrite(first, "改过的意见（演示）。", by=reviewer())
    remarks.drop(second, by=reviewer())
    act(record, "return", reviewer(), comment=COMMENT)

    assert Remark.objects.get().text == "改过的意见（演示）。"
    for late in (
        lambda: remarks.rewrite(first, "再改", by=reviewer()),
        lambda: remarks.drop(first, by=reviewer()),
    ):
        with pytest.raises(workflow.Refused):
            late()
    assert Remark.objects.get().text == "改过的意见（演示）。"


def test_no_more_than_a_hundred_are_prepared(monkeypatch):
    monkeypatch.setattr(remarks, "MOST", 1)
    record = factories.submitted(KIND)
    remark(record, "name")

    with pytest.raises(workflow.Refused, match="可整表退回"):
        remark(record, "advantage_people")


def test_what_is_prepared_closes_every_act_that_settles():
    record = act(factories.submitted(KIND), "accept", reviewer())
    remark(record, "name")

    reasons = {c.action.name: c.reason for c in policy.available_actions(record, reviewer())}

    assert reasons["endorse"] == "有待发出的意见，请随退回发出或先删除"
    assert reasons["return"] == ""


def test_what_the_province_prepared_before_the_city_took_it_back_is_not_the_citys():
    record = at_province()
    waiting = remark(record, "name")
    back = act(record, "recall", reviewer(), comment=OPINION)

    assert list(remarks.visible_to(back, reviewer())) == []
    with pytest.raises(workflow.Refused):
        remarks.drop(waiting, by=reviewer())
    again = act(back, "endorse", reviewer())
    assert list(remarks.visible_to(again, reviewer("37"))) == [waiting]


def test_a_return_by_the_city_sends_nothing_of_what_the_province_prepared():
    record = at_province()
    waiting = remark(record, "name")
    act(record, "recall", reviewer(), comment=OPINION)

    send_back(record, "advantage_people")

    assert standings(record) == [("name", "prepared"), ("advantage_people", "open")]
    assert (unlocked(record), waiting.version) == (["advantage_people"], 1)


# ---- histories


def test_a_return_sends_remarks_and_opens_what_they_are_on():
    record = returned(KIND, "name", "advantage_people")

    event = record.events.get(action="return")
    assert unlocked(record) == ["advantage_people", "name"]
    assert standings(record) == [("name", "open"), ("advantage_people", "open")]
    assert [one["text"] for one in event.details["remarks"]] == [SAID, SAID]
    assert event.details["unlocked"] == ["advantage_people", "name"]


@pytest.mark.parametrize("grounds", [NOTHING_SAID, Grounds(whole=True)], ids=["no remark", "整表退回"])
def test_a_return_of_everything_opens_everything(grounds):
    names = ["name"] if grounds.whole else []

    record = send_back(resubmitted(returned(KIND, "advantage_people")), *names, grounds=grounds)

    assert unlocked(record) is None
    assert standings(record) == [("advantage_people", "closed"), *((name, "open") for name in names)]


def test_nothing_is_submitted_before_each_open_remark_has_its_answer():
    record = returned(KIND, "name", "advantage_people")
    first = Remark.objects.filter(filing_id=record.pk).order_by("pk").first()
    remarks.reply(record, {first.pk: "已改"})

    with pytest.raises(workflow.Refused, match="还有 1 条审核意见没有答复"):
        act(record, "submit", filer())

    assert standings(record) == [("name", "open"), ("advantage_people", "open")]


def test_an_answer_is_taken_back_and_one_too_long_refused():
    record = returned(KIND, "name")
    pk = Remark.objects.get(filing_id=record.pk).pk
    answer(record, "已改")
    answer(record, "  ")

    with pytest.raises(workflow.Refused, match="答复最多 500 字"):
        answer(record, "长" * 501)

    assert Remark.objects.get(pk=pk).reply == ""


def test_a_withdrawal_opens_what_was_answered_with_it_and_keeps_the_answer_and_the_locks():
    record = resubmitted(returned(KIND, "name"))

    back = act(record, "withdraw", filer())

    assert (standings(back), unlocked(back)) == ([("name", "open")], ["name"])
    assert Remark.objects.get(filing_id=back.pk).reply == "已补充（演示答复）。"
    assert standings(act(back, "submit", filer())) == [("name", "answered")]


def test_a_cancelled_return_that_is_reopened_is_as_it_was():
    record = act(act(returned(KIND, "name"), "cancel", filer()), "reopen", filer())

    assert (record.state, standings(record), unlocked(record)) == (State.DRAFT, [("name", "open")], ["name"])


def test_a_second_return_opens_its_own_and_closes_what_was_answered():
    record = send_back(resubmitted(returned(KIND, "name")), "advantage_people")

    assert (standings(record), unlocked(record)) == (
        [("name", "closed"), ("advantage_people", "open")],
        ["advantage_people"],
    )


def test_a_return_by_the_city_leaves_what_the_province_asked_to_the_province():
    record = resubmitted(send_back(at_province(), "name"))

    record = send_back(record, "advantage_people")
    between = standings(record)
    record = act(resubmitted(record), "endorse", reviewer())
    at_desk = standings(record)
    act(record, "approve", approver())

    assert between == [("name", "answered"), ("advantage_people", "open")]
    assert at_desk == [("name", "answered"), ("advantage_people", "closed")]
    assert standings(record) == [("name", "closed"), ("advantage_people", "closed")]


def test_a_recalled_return_is_as_if_it_had_not_been():
    record = resubmitted(returned(KIND, "name"))
    record = send_back(record, "advantage_people")

    back = act(record, "recall", reviewer(), comment=OPINION)

    assert (back.state, back.version, unlocked(back)) == (State.CITY_REVIEW, 2, ["name"])
    assert standings(back) == [("name", "answered"), ("advantage_people", "prepared")]
    again = send_back(back)
    assert (standings(again), unlocked(again)) == (
        [("name", "closed"), ("advantage_people", "open")],
        ["advantage_people"],
    )


def test_a_recalled_return_of_everything_leaves_the_former_locks():
    record = send_back(resubmitted(returned(KIND, "name")))
    assert unlocked(record) is None

    back = act(record, "recall", reviewer(), comment=OPINION)
    act(back, "release", reviewer())
    draft = act(back, "withdraw", filer())

    assert (unlocked(draft), standings(draft)) == (["name"], [("name", "open")])


def test_a_return_somebody_began_to_answer_is_not_recalled():
    record = answer(returned(KIND, "name"))

    choice = policy.choice(record, reviewer(), "recall")

    assert choice.reason == "报送单位已开始修改"


def test_what_the_city_closed_by_endorsing_is_its_own_again_once_recalled():
    record = at_province("name")
    assert standings(record) == [("name", "closed")]

    back = act(record, "recall", reviewer(), comment=OPINION)

    assert standings(back) == [("name", "answered")]
    assert standings(act(back, "endorse", reviewer())) == [("name", "closed")]


@pytest.mark.parametrize("end", ["approve", "reject"])
def test_a_decision_settles_what_was_answered(end):
    record = resubmitted(send_back(at_province(), "name"))
    record = act(record, "endorse", reviewer())

    act(record, end, approver(), comment=OPINION)

    assert standings(record) == [("name", "closed")]


def test_none_of_these_histories_is_a_fault_to_the_nightly_check():
    record = resubmitted(send_back(at_province("name"), "advantage_people"))
    act(send_back(record, "name"), "recall", reviewer(), comment=OPINION)
    returned("labour-brands", "name")

    assert list(verify.faults()) == []


# ---- grounds


def test_grounds_survive_their_storage():
    criteria = get(KIND).criteria
    said = Grounds(
        (ReturnReason.INCOMPLETE,),
        True,
        (Finding(criteria[0], "fail", "没有附证明"), Finding(criteria[1], "pass")),
    )

    assert from_facts(said.facts()) == said
    assert (NOTHING_SAID.facts(), from_facts({})) == ({}, NOTHING_SAID)


def test_grounds_are_told_in_the_words_of_the_notice_and_once():
    filing = Filing(kind=KIND)
    first, second = get(KIND).criteria[:2]
    found = (Finding(second, "pass", "  有 "), Finding(first, "", ""))
    said = Grounds(("unclear", "incomplete", "unclear"), True, found)

    assert said.checked(filing, returns=True) == Grounds(
        ("unclear", "incomplete"), True, (Finding(second, "pass", "有"),)
    )
    assert said.checked(filing, returns=False) == Grounds(findings=(Finding(second, "pass", "有"),))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (Grounds(("because",)), "没有这个退回原因，请重新选择。"),
        (Grounds(findings=(Finding("好看", "pass"),)), "核对的条件与通知不一致，请重新打开页面后再办理。"),
        (Grounds(findings=(Finding(get(KIND).criteria[0], "maybe"),)), "逐项核对只能选符合或不符合。"),
        (
            Grounds(findings=(Finding(get(KIND).criteria[0], "pass", "长" * 201),)),
            "核对说明最多 200 字，现在有 201 字，请缩短后再提交。",
        ),
        (
            Grounds(findings=(Finding(get(KIND).criteria[0], "pass"),) * 2),
            "核对的条件与通知不一致，请重新打开页面后再办理。",
        ),
    ],
    ids=["reason", "criterion", "met", "note", "twice"],
)
def test_grounds_that_the_notice_does_not_know_are_refused_and_nothing_happens(said, sentence):
    record = factories.submitted(KIND)

    with pytest.raises(workflow.Refused) as refusal:
        act(record, "return", reviewer(), comment=COMMENT, grounds=said)

    assert (str(refusal.value), Filing.objects.get(pk=record.pk).state) == (sentence, State.CITY_REVIEW)


def test_whoever_approves_past_a_failed_criterion_says_why():
    record = act(factories.submitted(KIND), "accept", reviewer())
    failed = Grounds(findings=(Finding(get(KIND).criteria[0], "fail"),))

    with pytest.raises(workflow.Refused, match="逐项核对有不符合的条件"):
        act(record, "endorse", desk_user(record), grounds=failed)

    assert (
        act(record, "endorse", desk_user(record), grounds=failed, comment=OPINION).state
        == State.PROVINCE_REVIEW
    )
