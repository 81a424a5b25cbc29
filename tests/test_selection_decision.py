"""Selection rounds from the ranking on: who decides, what is conferred, what waits for 公示."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from portal import catalogue, notices, ranking, registry, rounds, selection
from portal.models import (
    Message,
    NoticeItem,
    Objection,
    Promotion,
    PublicNotice,
    RoundStage,
    SelectionRound,
)
from portal.rounds import Overtaken
from portal.vocabulary import ExitReason, NoticeKind, Role
from tests.factories import DOCUMENT as PUBLISHED
from tests.factories import (
    PROVINCE,
    act,
    bureau,
    filer,
    person,
    publish,
    road,
)
from tests.selecting import (
    DOCUMENT,
    KIND,
    REASON,
    conferred,
    conferrer,
    decided,
    decider,
    now,
    opened,
    opener,
    ranked,
    refusal,
    rows,
    scorer,
)

pytestmark = pytest.mark.django_db


def test_who_opened_or_scored_does_not_decide():
    of = ranked(scorers=2)
    chief, chosen = person(Role.APPROVER, PROVINCE, name="chief"), [rows(of)[0].pk]
    of.scorers.filter(user=scorer(2)).update(user=chief)
    SelectionRound.objects.filter(pk=of.pk).update(opened_by=decider())
    act = {"revision": of.revision, "chosen": chosen}

    assert refusal(selection.decide, of, by=chief, **act) == "您是这一批次的评分人，须由另一人审定。"
    assert refusal(selection.decide, of, by=decider(), **act) == "这一批次是您发起的，须由另一人审定。"
    assert refusal(selection.decide, of, by=opener(), **act) == "名单由省级审批岗位审定。"


def test_by_rank_and_within_the_quota_a_decision_needs_no_reason():
    of = decided(0, 1, quota=2)

    assert (of.stage, of.decided_by, of.reason) == (RoundStage.DECIDED, decider(), "")
    assert [row.is_chosen for row in rows(of)] == [True, True, False]


def test_more_than_the_quota_none_at_all_or_a_stranger_cannot_be_chosen():
    of = ranked(quota=1)
    pks = [row.pk for row in rows(of)]
    asked = {"by": decider(), "revision": of.revision, "reason": REASON}

    assert refusal(selection.decide, of, chosen=pks[:2], **asked) == (
        "名额 1 个，选了 2 个，请减到名额以内。"
    )
    assert refusal(selection.decide, of, chosen=[], **asked).startswith("请至少选定一个条目")
    assert "请重新选择" in refusal(selection.decide, of, chosen=[10**9], **asked)


def test_passing_somebody_over_needs_the_reason():
    of = ranked(quota=1)
    asked = {"by": decider(), "revision": of.revision, "chosen": [rows(of)[1].pk]}

    said = refusal(selection.decide, of, **asked)
    done = selection.decide(of, reason=REASON, **asked)

    assert said == "“济南特色品牌（演示）”名次在前或并列而没有入选，请写明理由。"
    assert (done.reason, [row.is_chosen for row in rows(done)]) == (REASON, [False, True, False])


def test_a_tie_at_the_edge_of_the_quota_is_said_and_choosing_within_it_needs_the_reason():
    of = ranked(first=(90, 80, 80), second=(90, 80, 80), quota=2)
    chosen = [rows(of)[0].pk, rows(of)[1].pk]

    edge = ranking.edge(ranking.lines(of), of.quota)
    said = refusal(selection.decide, of, by=decider(), revision=of.revision, chosen=chosen)

    assert edge == "第 2 名有 2 个并列，名额还剩 1 个；在并列中取舍的，请写明理由。"
    assert said == "“潍坊特色品牌（演示）”名次在前或并列而没有入选，请写明理由。"
    assert ranking.clear_places(ranking.lines(of), 2) == {rows(of)[0].pk}


def test_a_quota_that_ends_between_two_places_is_no_edge():
    assert ranking.edge(ranking.lines(ranked(quota=1)), 1) == ""


def test_who_left_the_catalogue_meanwhile_is_neither_chosen_nor_passed_over():
    of = ranked(quota=1)
    first, second, _ = rows(of)
    catalogue.exit(first.entry, by=opener(), reason=ExitReason.VOLUNTARY, document_number=PUBLISHED)
    asked = {"by": decider(), "revision": of.revision}

    assert "请重新选择" in refusal(selection.decide, of, chosen=[first.pk], **asked)
    assert selection.decide(of, chosen=[second.pk], **asked).stage == RoundStage.DECIDED


def test_the_chosen_become_provincial_with_document_and_day_and_the_others_stay():
    of = conferred(0, 1, quota=2)

    levels = [row.entry.level for row in rows(of)]
    assert levels == ["provincial", "provincial", "municipal"]
    made = Promotion.objects.values_list("entry__code", "former", "level", "document_number", "on")
    today = timezone.localdate()
    codes = [row.entry.code for row in rows(of)[:2]]
    assert list(made) == [(code, "municipal", "provincial", DOCUMENT, today) for code in codes]
    assert (of.stage, of.document_number, of.on) == (RoundStage.CONFERRED, DOCUMENT, today)
    assert list(selection.faults()) == []


def test_each_promotion_is_an_event_and_the_bureau_is_told():
    of = conferred()
    filing = rows(of)[0].entry.filing

    assert filing.events.last().action == "promote"
    told = Message.objects.filter(filing=filing, user=filer("3701"), text__contains="公布为省级")
    assert [message.text for message in told] == [
        f"“济南特色品牌（演示）”经“演示批次”公布为省级，{DOCUMENT}。"
    ]


def test_an_entry_amended_meanwhile_is_still_the_one_that_was_chosen():
    of = decided()
    code = rows(of)[0].entry.code
    amended = catalogue.amend(rows(of)[0].entry, by=filer("3701"))
    for action, by, arguments in road(amended, "approved"):
        amended = act(amended, action, by, **arguments)
    publish(amended)

    (made,) = selection.confer(of, by=conferrer(), revision=of.revision, document_number=DOCUMENT)

    assert (made.entry.code, made.entry.filing_id) == (code, amended.pk)
    assert list(selection.faults()) == []


def test_when_one_of_the_chosen_has_left_none_is_conferred():
    of = decided(0, 1, quota=2)
    catalogue.exit(rows(of)[1].entry, by=opener(), reason=ExitReason.VOLUNTARY, document_number=PUBLISHED)

    said = refusal(selection.confer, of, by=conferrer(), revision=of.revision, document_number=DOCUMENT)

    assert said.startswith("“淄博特色品牌（演示）”已不是现行的市级条目")
    assert (Promotion.objects.count(), now(of).stage) == (0, RoundStage.DECIDED)


def test_who_decided_does_not_confer():
    of = decided()
    SelectionRound.objects.filter(pk=of.pk).update(decided_by=conferrer())

    said = refusal(selection.confer, of, by=conferrer(), revision=of.revision, document_number=DOCUMENT)

    assert said == "名单是您审定的，须由另一人公布。"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"document_number": "95号"}, "文号要写成“鲁人社字〔2024〕95号”的样子"),
        ({"on": date(2024, 1, 1)}, "公布日期不能早于审定名单的日期"),
        ({"on": timezone.localdate() + timedelta(days=2)}, "日期不能晚于今天"),
    ],
)
def test_a_wrong_document_number_or_day_is_refused_and_nothing_is_conferred(facts, said):
    of = decided()
    typed = {"document_number": DOCUMENT, **facts}

    assert refusal(selection.confer, of, by=conferrer(), revision=of.revision, **typed).startswith(said)
    assert (Promotion.objects.count(), now(of).stage) == (0, RoundStage.DECIDED)


def notice(of: SelectionRound, *, ends: int, entries=None) -> PublicNotice:
    """Return a published 公示 over the chosen that ends so many days from now."""
    today, by = timezone.localdate(), opener()
    listed = entries or [row.entry for row in rows(of) if row.is_chosen]
    made = PublicNotice.objects.create(
        kind=NoticeKind.PUBLICITY,
        record_kind=KIND,
        organisation=bureau(PROVINCE),
        title="演示公示",
        basis="演示依据",
        starts_on=today - timedelta(days=9),
        ends_on=today + timedelta(days=ends),
        created_by=by,
        published_at=timezone.now(),
        published_by=by,
    )
    for one in listed:
        item = {"title": one.title, "organisation_name": "演示单位", "version": 1}
        NoticeItem.objects.create(notice=made, filing_id=one.filing_id, **item)
    return made


def test_conferral_waits_for_the_publicity_of_all_the_chosen():
    of = decided(0, 1, quota=2, needs_publicity=True)
    notice(of, ends=-1, entries=[rows(of)[0].entry])
    before = selection.why_not_confer(of, conferrer())
    running = notice(of, ends=0)
    meanwhile = selection.why_not_confer(of, conferrer())
    over = notice(of, ends=-1)
    beside = selection.why_not_confer(of, conferrer())
    PublicNotice.objects.filter(pk=running.pk).update(ends_on=over.ends_on)

    assert before == "审定的名单还没有公示，公示期满后才能公布。"
    assert meanwhile == beside == f"正在公示，{running.ends_on} 期满后才能公布。"
    assert selection.why_not_confer(of, conferrer()) == ""
    selection.confer(of, by=conferrer(), revision=of.revision, document_number=DOCUMENT)
    assert now(of).notice == over


def test_the_chosen_and_no_other_published_entry_may_be_listed_in_a_notice():
    of = decided(0, 1, quota=2, needs_publicity=True)
    chosen = [row.entry.filing_id for row in rows(of)[:2]]
    about = (bureau(PROVINCE), NoticeKind.PUBLICITY, registry.get(KIND))

    before = set(notices.listable(*about).values_list("pk", flat=True))
    selection.reconsider(of, by=decider(), revision=of.revision, reason=REASON)

    assert before == set(chosen)
    assert list(notices.listable(*about)) == []


def objection(notice: PublicNotice) -> Objection:
    """Return an open objection to a whole notice."""
    words = {"objector": "演示异议人", "contact": "演示地址", "text": "演示异议。"}
    return Objection.objects.create(
        notice=notice, received_on=timezone.localdate(), registered_by=opener(), **words
    )


def test_an_objection_to_a_notice_that_was_withdrawn_and_made_anew_keeps_it_from_conferral():
    of = decided(needs_publicity=True)
    objection(first := notice(of, ends=-1))
    gone = {"withdrawn_at": timezone.now(), "withdrawn_by": opener(), "withdrawal_reason": REASON}
    PublicNotice.objects.filter(pk=first.pk).update(**gone)
    notice(of, ends=-1)

    assert selection.why_not_confer(of, conferrer()) == "公示收到的异议还有 1 件未办结，办结后才能公布。"


def test_a_notice_that_nobody_asked_for_is_waited_for_as_well():
    of = decided(needs_publicity=False)
    before, running = selection.why_not_confer(of, conferrer()), notice(of, ends=0)

    assert before == ""
    assert selection.why_not_confer(of, conferrer()) == f"正在公示，{running.ends_on} 期满后才能公布。"


def test_an_open_objection_or_a_withdrawn_notice_keeps_it_from_conferral():
    of = decided(needs_publicity=True)
    over = notice(of, ends=-1)
    objection(over)

    with_objection = selection.why_not_confer(of, conferrer())
    PublicNotice.objects.filter(pk=over.pk).update(
        withdrawn_at=timezone.now(), withdrawn_by=opener(), withdrawal_reason=REASON
    )

    assert with_objection == "公示收到的异议还有 1 件未办结，办结后才能公布。"
    assert selection.why_not_confer(of, conferrer()).startswith("审定的名单还没有公示")


def test_a_decision_is_taken_back_with_a_reason_and_made_anew():
    of = decided(needs_publicity=True)
    notice(of, ends=-1)
    asked = {"by": decider(), "revision": of.revision}

    without = refusal(selection.reconsider, of, reason="", **asked)
    back = selection.reconsider(of, reason=REASON, **asked)

    assert without == "请写明理由，写入批次记录。"
    assert (back.stage, back.decided_by, {row.is_chosen for row in rows(back)}) == (
        RoundStage.RANKED,
        None,
        {None},
    )
    anew = selection.decide(back, by=decider(), revision=back.revision, chosen=[rows(of)[0].pk])
    assert selection.why_not_confer(anew, conferrer()).startswith("审定的名单还没有公示")


def test_a_cancelled_round_shows_nothing_and_frees_its_entries():
    of = ranked()

    ended = rounds.cancel(of, by=opener(), revision=of.revision, reason=REASON)

    assert (ended.stage, ranking.lines(ended)) == (RoundStage.CANCELLED, [])
    assert ranking.eligible_entries(opened("下一批次")).count() == 3


def test_a_conferred_round_is_not_cancelled():
    of = conferred()

    with pytest.raises(Overtaken):
        rounds.cancel(of, by=opener(), revision=of.revision, reason=REASON)


def test_verification_finds_what_was_tampered_with():
    of = conferred(0, 1, quota=2)
    first, second, third = rows(of)
    of.candidates.filter(pk=second.pk).update(is_chosen=False)
    of.candidates.filter(pk=third.pk).update(is_chosen=True)
    SelectionRound.objects.filter(pk=of.pk).update(decided_by=opener(), quota=1)

    assert list(selection.faults()) == [
        f"择优选拔 {of.pk}：{third.entry.code} 入选而没有公布为省级。",
        f"择优选拔 {of.pk}：{second.entry.code} 没有入选而以该文号公布为省级。",
        f"择优选拔 {of.pk}：入选 2 个，超过名额 1 个。",
        f"择优选拔 {of.pk}：审定人同时是发起人、评分人或公布人。",
    ]
    assert first.entry.level == "provincial"


def test_each_stage_says_why_nothing_is_decided_or_published_now():
    of, said = ranked(), {}
    for stage in RoundStage:
        of.stage = stage
        said[stage] = (selection.why_not_decide(of, decider()), selection.why_not_confer(of, conferrer()))

    early = ("评分结束后才能审定名单。", "审定名单后才能公布。")
    assert said == {
        RoundStage.PREPARING: early,
        RoundStage.SCORING: early,
        RoundStage.RANKED: ("", "审定名单后才能公布。"),
        RoundStage.DECIDED: ("名单已经审定。", ""),
        RoundStage.CONFERRED: ("名单已经公布。", "名单已经公布。"),
        RoundStage.CANCELLED: ("这一批次已取消。", "这一批次已取消。"),
    }
