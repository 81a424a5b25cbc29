"""How a review ends: told, heard, decided by another; kept, to be put right, out of the catalogue."""

from datetime import date

import pytest
from django.utils import timezone

from portal import catalogue, credit, outcomes, periodic, verify, workflow
from portal.models import CatalogueEntry, Message, ReviewItem
from portal.vocabulary import ExitReason, Outcome, Role, State
from tests.factories import (
    DOCUMENT,
    PROVINCE,
    WEIFANG,
    act,
    add_post,
    auditor,
    filer,
    publish,
    publisher,
    reviewer,
    road,
)
from tests.reviewing import (
    BECAUSE,
    DAY,
    LOW,
    MAY,
    NUMBER,
    acts,
    decider,
    frozen,
    handed_in,
    hearing_over,
    intended,
    item_of,
    opened,
    opener,
    ready,
    rectifying,
    removed,
    second,
    units,
)

pytestmark = pytest.mark.django_db


def told(user) -> list[str]:
    return list(Message.objects.filter(user=user).order_by("pk").values_list("text", flat=True))


@pytest.mark.parametrize("who", [filer, reviewer, lambda: publisher(WEIFANG), auditor])
def test_nobody_else_reminds_freezes_or_concludes(who):
    item = ready()

    for attempt in (
        lambda: periodic.remind(item.review, by=who()),
        lambda: periodic.freeze(item.review, by=who()),
        lambda: outcomes.keep(item, by=who()),
        lambda: outcomes.keep_all(item.review, by=who()),
    ):
        with pytest.raises(workflow.Refused, match="由山东省人力资源和社会保障厅"):
            attempt()

    assert item_of(item.review).outcome == ""


def test_nothing_is_concluded_before_the_figures_are_frozen():
    units(1)
    review = opened()
    item = handed_in(item_of(review))

    for attempt in (
        lambda: outcomes.keep(item, by=decider()),
        lambda: intended(item),
        lambda: outcomes.keep_all(review, by=decider()),
    ):
        with pytest.raises(workflow.Refused, match="年度数据还没有锁定，锁定后才能作结论。"):
            attempt()


def test_an_entry_with_which_all_is_well_is_kept_without_a_word():
    item = outcomes.keep(ready(), by=opener())

    assert (item.outcome, item.decided_on, item.decided_by) == ("kept", timezone.localdate(), opener())
    assert acts(item.entry) == ["report", "keep"]
    assert told(filer())[-1] == f"《{item.entry.title}》定期审核结果：保留。"
    with pytest.raises(workflow.Refused, match="这一条已有结果：保留。"):
        outcomes.keep(item, by=opener())


def test_an_entry_against_which_something_speaks_is_kept_with_an_opinion():
    low = ready(LOW, "演示说明。")

    with pytest.raises(workflow.Refused, match="保留须写明意见。"):
        outcomes.keep(low, by=opener())

    assert outcomes.keep(low, by=opener(), comment="疫情影响，予以保留。").outcome == Outcome.KEPT


def test_the_road_of_an_exit_told_heard_decided_by_another():
    item = intended(ready(LOW, "演示说明。"))
    told_on = timezone.localdate(item.intended_at)
    sentence = f"《{item.entry.title}》定期审核拟定“退出”：年度培训或就业人数不达标。{BECAUSE}"

    assert told(filer())[-1] == f"{sentence}如有异议，请在 {item.hearing_until} 前陈述申辩。"
    assert item.hearing_until == outcomes.hearing_end() > told_on
    with pytest.raises(workflow.Refused, match=r"陈述申辩到 .* 截止，填报单位还没有陈述"):
        removed(item)
    item = outcomes.defend(item, by=filer(), said="下半年已补训。")
    assert told(opener())[-1] == f"《{item.entry.title}》的填报单位已陈述申辩（{item.review}）。"
    with pytest.raises(workflow.Refused, match="拟定结果是您作出的，须由另一人作结论。"):
        outcomes.keep(item, by=opener(), comment="同意保留。")
    item = removed(item, comment="申辩不成立。")

    ended = CatalogueEntry.objects.get(pk=item.entry_id)
    assert (ended.exit_reason, ended.exit_document_number, ended.valid_to) == (
        "below_figures",
        NUMBER,
        timezone.localdate(),
    )
    assert (item.outcome, item.reason, item.document_number, item.decided_on, item.decided_by) == (
        "exited",
        "below_figures",
        NUMBER,
        timezone.localdate(),
        decider(),
    )
    assert acts(ended) == ["report", "intend", "defend", "exit"]
    assert told(filer())[-1] == f"《{item.entry.title}》定期审核结果：退出目录，{NUMBER}。"
    assert list(verify.faults()) == []


def test_when_the_time_to_be_heard_has_passed_the_entry_may_leave():
    item = removed(hearing_over(intended(ready())))

    assert (item.outcome, item.heard_at) == (Outcome.EXITED, None)


def test_the_bureau_is_heard_once_and_in_time():
    item = intended(ready())

    with pytest.raises(workflow.Refused, match="只有条目的填报单位可以陈述申辩。"):
        outcomes.defend(item, by=opener(), said="代为陈述。")
    with pytest.raises(workflow.Refused, match="请写明陈述申辩的内容。"):
        outcomes.defend(item, by=filer(), said=" ")
    late = hearing_over(item)
    with pytest.raises(workflow.Refused, match=r"陈述申辩已于 .* 截止。"):
        outcomes.defend(late, by=filer(), said="晚了。")
    ReviewItem.objects.filter(pk=item.pk).update(hearing_until=timezone.localdate())
    heard = outcomes.defend(item_of(item.review), by=filer(), said="最后一天。")

    with pytest.raises(workflow.Refused, match="现在没有等待陈述申辩的事项。"):
        outcomes.defend(heard, by=filer(), said="再说一遍。")


def test_without_being_told_nothing_is_taken_away():
    item = ready()

    for attempt in (lambda: removed(item), lambda: rectifying(item)):
        with pytest.raises(workflow.Refused, match="要先告知填报单位拟定结果和原因，听取陈述申辩。"):
            attempt()
    with pytest.raises(workflow.Refused, match="要先告知"):  # told of less than what is decided
        removed(hearing_over(intended(item, Outcome.RECTIFYING)))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"outcome": "kept"}, "请选择拟定结果：限期整改，或退出。"),
        ({"outcome": "exited", "reason": "merged"}, "请选择原因。"),
        ({"outcome": "exited", "comment": " "}, "请写明事实和理由"),
        ({"outcome": "exited", "until": "tomorrow"}, "陈述申辩至少留 5 个工作日，截止日期不早于 "),
    ],
)
def test_an_intention_names_outcome_reason_facts_and_time(facts, sentence):
    if facts.get("until"):
        facts = {**facts, "until": timezone.localdate() + DAY}
    item = ready()

    with pytest.raises(workflow.Refused, match=sentence):
        intended(item, **facts)

    assert item_of(item.review).intended == ""


def test_the_hearing_lasts_five_working_days_and_longer_where_the_calendar_is_unknown(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *_: date(2025, 9, 29))
    over_the_national_day = outcomes.hearing_end()
    monkeypatch.setattr(timezone, "localdate", lambda *_: date(2089, 12, 30))

    assert (over_the_national_day, outcomes.hearing_end()) == (date(2025, 10, 13), date(2090, 1, 13))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"document_number": "1号"}, "文号要写成"),
        ({"on": date(2999, 1, 1)}, "日期不能晚于今天"),
        ({"on": date(2025, 1, 1)}, "退出日期不能早于告知填报单位的日期"),
    ],
)
def test_an_exit_by_review_needs_its_facts(facts, sentence):
    item = hearing_over(intended(ready()))

    with pytest.raises(workflow.Refused, match=sentence):
        removed(item, **facts)

    assert (item_of(item.review).outcome, item.entry.filing.events.filter(action="exit").count()) == ("", 0)


def test_who_may_not_publish_lets_no_entry_leave():
    item = hearing_over(intended(ready()))

    with pytest.raises(workflow.Refused, match="您的岗位不能办理退出。"):
        outcomes.remove(item, by=second(), document_number=NUMBER)

    assert item_of(item.review).outcome == ""


def test_who_ever_filed_for_the_bureau_concludes_nothing_about_it():
    units(1)
    review = opened(place=WEIFANG)
    both = second(Role.PUBLISHER, WEIFANG)
    add_post(both, Role.FILER, WEIFANG)
    handed_in(item_of(review))
    frozen(review)

    with pytest.raises(workflow.Refused, match="须由不担任填报的人作结论。"):
        outcomes.keep(item_of(review), by=second(Role.PUBLISHER, WEIFANG))


def test_a_rectification_that_succeeds_keeps_the_entry():
    item = rectifying(hearing_over(intended(ready(LOW, "演示说明。"), Outcome.RECTIFYING)))
    assert (item.outcome, item.reason) == ("rectifying", "below_figures")
    assert item.rectify_until == timezone.localdate() + 30 * DAY

    with pytest.raises(workflow.Refused, match="请写明整改完成的情况。"):
        outcomes.settle(item, by=opener(), comment="")
    item = outcomes.settle(item, by=opener(), comment="已补训 120 人。")

    assert (item.outcome, item.settled_on) == (Outcome.KEPT, timezone.localdate())
    assert acts(item.entry) == ["report", "intend", "rectify", "settle"]
    assert CatalogueEntry.objects.in_force().filter(pk=item.entry_id).count() == 1
    assert list(verify.faults()) == []


def test_a_rectification_that_fails_is_heard_anew_before_the_exit():
    item = rectifying(hearing_over(intended(ready(), Outcome.RECTIFYING)))

    with pytest.raises(workflow.Refused, match="要先告知"):
        removed(item)
    item = intended(item)
    with pytest.raises(workflow.Refused, match="填报单位还没有陈述"):
        removed(item)
    item = removed(outcomes.defend(item, by=filer(), said="请再宽限。"))

    assert item.outcome == Outcome.EXITED
    assert acts(item.entry) == ["report", "intend", "rectify", "intend", "defend", "exit"]
    assert list(verify.faults()) == []


def test_a_milder_outcome_than_intended_may_be_decided():
    item = rectifying(outcomes.defend(intended(ready()), by=filer(), said="请给时间。"))

    assert (item.outcome, item.intended, item.reason) == ("rectifying", "rectifying", "below_figures")
    with pytest.raises(workflow.Refused, match="整改中的条目，请办理“整改完成”。"):
        outcomes.keep(item, by=decider(), comment="保留。")


def test_of_two_who_read_the_same_page_the_second_is_told():
    item = ready()
    outcomes.keep(item, by=opener(), step=item.step)

    with pytest.raises(workflow.Conflict) as conflict:
        outcomes.keep(item, by=decider(), step=item.step)

    assert conflict.value.event.action == "keep"


def test_an_entry_that_left_meanwhile_is_reviewed_no_more():
    item = ready()
    catalogue.exit(item.entry, by=publisher(), reason=ExitReason.DISSOLVED, document_number=DOCUMENT)

    with pytest.raises(workflow.Refused, match="这一条已不在现行目录中，不用再审核。"):
        outcomes.keep(item, by=opener())

    assert list(verify.faults()) == []


def test_an_entry_amended_meanwhile_is_reviewed_under_its_new_text():
    item = ready()
    amended = catalogue.amend(item.entry, by=filer())
    for action, by, arguments in road(amended, State.APPROVED):
        amended = act(amended, action, by, **arguments)
    new = publish(amended)

    item = removed(hearing_over(intended(item)))

    new.refresh_from_db()
    assert (new.exit_reason, acts(new)) == ("below_figures", ["intend", "exit"])
    assert list(verify.faults()) == []


def test_all_without_problems_are_kept_at_once_and_the_others_say_why():
    plain, low, missing, credited, told_of, left = entries = units(6)
    credit.record(credited, by=reviewer(PROVINCE), reason="dishonest", said="演示事实。", on=MAY)
    review = opened()
    for one in (plain, credited, told_of, left):
        handed_in(item_of(review, one))
    handed_in(item_of(review, low), LOW, "演示说明。")
    frozen(review)
    intended(item_of(review, told_of))
    catalogue.exit(left, by=publisher(), reason=ExitReason.DISSOLVED, document_number=DOCUMENT)

    results = outcomes.keep_all(review, by=decider())

    assert {entries.index(r.item.entry): r.reason for r in results} == {
        0: "",
        1: "数据未达标",
        2: "没有报送",
        3: "有信用记录",
        4: "已告知拟定退出",
        5: "这一条已不在现行目录中，不用再审核",
    }
    assert list(review.items.exclude(outcome="").values_list("entry", flat=True)) == [plain.pk]
    assert missing.code in {r.item.entry.code for r in results}


def test_the_last_day_of_a_hearing_belongs_to_the_bureau():
    item, today = intended(ready()), timezone.localdate()

    item.hearing_until = today
    on_the_last_day = outcomes.why_unheard(item, Outcome.EXITED)
    item.hearing_until = today - DAY

    assert on_the_last_day == outcomes.HEARD_FIRST.format(today)
    assert outcomes.why_unheard(item, Outcome.EXITED) == ""
