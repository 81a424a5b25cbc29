"""Selection rounds: what may be opened, who scores, how it ranks."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from portal import catalogue, ranking, rounds, scoring
from portal.models import (
    Message,
    RoundStage,
    Score,
)
from portal.rounds import Overtaken
from portal.vocabulary import ExitReason, Kind, Role
from tests.factories import DOCUMENT as PUBLISHED
from tests.factories import (
    PROVINCE,
    WEIFANG,
    add_post,
    approver,
    bureau,
    filer,
    joint,
    person,
    reviewer,
)
from tests.selecting import (
    CRITERIA,
    KIND,
    REASON,
    brand,
    brands,
    decider,
    hand_in,
    now,
    opened,
    opener,
    points,
    prepared,
    ranked,
    refusal,
    rows,
    scorer,
    sheet,
    started,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", [Role.APPROVER, Role.PUBLISHER])
def test_the_approver_and_the_publisher_of_the_province_open_rounds(role):
    by = person(role, PROVINCE)

    of = rounds.open_round(
        by=by, criteria=CRITERIA, kind=KIND, name="批次", basis="依据", quota=3, needs_publicity=True
    )

    assert (of.opened_by, of.organisation, of.stage) == (by, bureau(PROVINCE), RoundStage.PREPARING)
    assert [(c.text, c.points) for c in of.criteria.all()] == CRITERIA


@pytest.mark.parametrize("who", [lambda: reviewer(PROVINCE), reviewer, filer, joint])
def test_nobody_else_opens_one(who):
    said = refusal(
        rounds.open_round, by=who(), criteria=CRITERIA, kind=KIND, name="批次", basis="依据", quota=3
    )

    assert said == "只有省级审批和发布岗位可以组织择优选拔。"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"kind": "exam-projects"}, "只有分级别的品牌目录可以择优选拔。"),
        ({"quota": 0}, "名额：确保该值大于或等于1。"),
        ({"name": "演示批次"}, "已有同名的批次，请换一个名称。"),
        ({"criteria": [("特色", 101)]}, "评分项“特色”：确保该值小于或等于100。"),
        ({"criteria": [("特色", 10), ("特色", 20)]}, "评分项有重复，请合并成一项。"),
    ],
)
def test_a_round_that_makes_no_sense_is_refused_in_words(facts, said):
    opened()

    assert refusal(opened, **{"name": "另一批次", **facts}) == said


def test_only_municipal_entries_in_force_that_stand_in_no_other_open_round_take_part():
    municipal, provincial = brand(WEIFANG), brand("3701", level="provincial")
    gone, taken = brand("3703"), brand("3708")
    catalogue.exit(gone, by=opener(), reason=ExitReason.VOLUNTARY, document_number=PUBLISHED)
    other, of = opened("另一批次"), opened()
    rounds.set_candidates(other, by=opener(), revision=0, entries={taken.pk})

    offered = list(ranking.eligible_entries(of))

    assert offered == [municipal]
    for wrong in (provincial, gone, taken):
        assert "请重新选择" in refusal(rounds.set_candidates, of, by=opener(), revision=0, entries={wrong.pk})


def test_scorers_are_of_the_province_and_its_joint_departments_and_not_the_opener():
    of, people = opened(), [scorer(1), scorer(2), reviewer(PROVINCE), approver()]
    others = [reviewer(), filer(), joint(WEIFANG), person(Role.AUDITOR, PROVINCE), opener()]

    eligible = {user.pk for user in ranking.eligible_scorers(of)}

    assert eligible == {user.pk for user in people}
    assert not eligible & {user.pk for user in others}


def test_a_round_starts_only_when_nothing_is_missing():
    of = opened(criteria=[])

    assert scoring.why_not_start(of) == [
        "请至少写一个评分项。",
        "参评条目至少 2 个，才谈得上择优。",
        "评分人至少 2 人，才看得出分歧。",
    ]


def test_the_scorers_are_told_when_it_starts():
    of = started()

    assert of.stage == RoundStage.SCORING
    told = Message.objects.filter(text__startswith="请为“演示批次”评分").order_by("user_id")
    assert [m.user_id for m in told] == sorted([scorer(1).pk, scorer(2).pk])
    assert told[0].text == "请为“演示批次”评分：参评 3 个，满分 100 分；从“择优选拔”进入评分表。"


def test_once_begun_nothing_of_it_is_changed():
    of = started()

    for change, facts in (
        (rounds.change, {"criteria": CRITERIA}),
        (rounds.set_candidates, {"entries": set()}),
        (rounds.set_scorers, {"users": set()}),
        (scoring.start, {}),
    ):
        said = refusal(change, of, by=opener(), revision=of.revision, **facts)
        assert said == "“演示批次”已经开始评分，不能再改。"


def test_who_reviewed_a_candidate_keeps_away_from_it_and_from_no_other():
    entries = brands(3)
    chief = approver()  # approved all three
    of = prepared(entries=entries, scorers=2)
    rounds.set_scorers(of, by=opener(), revision=of.revision, users={chief.pk, scorer(1).pk, scorer(2).pk})

    away = ranking.recusals(of)

    assert away == {
        chief.pk: {row.pk for row in rows(of)},
        scorer(1).pk: set(),
        scorer(2).pk: set(),
    }
    assert scoring.why_not_start(of) == [f"{chief}须回避全部参评条目，请另选评分人。"]


def test_who_once_filed_for_the_bureau_of_a_candidate_keeps_away_from_it():
    of = prepared()
    former = person(Role.FILER, "3701", name="moved")
    person(Role.JOINT_REVIEWER, PROVINCE, "trade_union", name="other")

    away = ranking.recusals(of, [former.pk])

    assert away == {former.pk: {rows(of)[0].pk}}


def test_a_sheet_has_no_room_for_what_its_scorer_keeps_away_from():
    entries = brands(3)
    moved = person(Role.FILER, "3701", name="moved")
    moved.memberships.update(valid_from=date(2020, 1, 1), valid_to=date(2024, 1, 1))
    add_post(moved, Role.JOINT_REVIEWER, PROVINCE, Kind.TRADE_UNION)
    of = prepared(entries=entries)
    people = {moved.pk, scorer(1).pk, scorer(2).pk}
    rounds.set_scorers(of, by=opener(), revision=of.revision, users=people)
    scoring.start(of, by=opener(), revision=now(of).revision)
    whole = points(of, 90, 80, 70)
    own = {key: given for key, given in whole.items() if key[0] != rows(of)[0].pk}
    moved = person(Role.FILER, "3701", name="moved")

    said = refusal(scoring.hand_in, of, by=moved, points=whole)
    scoring.hand_in(of, by=moved, points=own)
    hand_in(of, 1, 80, 80, 80)
    hand_in(of, 2, 80, 80, 80)

    assert said.startswith("有的得分超出了满分，或不在您的评分表中")
    assert {x.entry.region_id: x.sheets for x in ranking.lines(now(of))} == {"3701": 2, "3703": 3, "3707": 3}


def test_a_draft_is_kept_and_what_is_left_out_is_empty_again():
    of = started()
    full = points(of, 90, 80, 70)
    first = dict(list(full.items())[:2])

    scoring.save_sheet(of, by=scorer(), points=full)
    scoring.save_sheet(of, by=scorer(), points=first)

    assert ranking.own_points(sheet(of)) == first
    assert now(of).revision == of.revision


def test_an_incomplete_sheet_is_not_handed_in():
    of = started()
    short = dict(list(points(of, 90, 80, 70).items())[:4])

    said = refusal(scoring.hand_in, of, by=scorer(), points=short)

    assert said == "还有 2 处没有打分，填完后再提交；已填写的都保留在表中。"
    assert sheet(of).handed_in_at is None


def test_points_beyond_the_most_or_of_another_round_are_refused():
    of = started()
    candidate, criterion = rows(of)[0], of.criteria.first()
    said = "有的得分超出了满分，或不在您的评分表中，请核对后再提交。"

    for wrong in ({(candidate.pk, criterion.pk): Decimal(61)}, {(candidate.pk, 10**9): Decimal(1)}):
        assert refusal(scoring.save_sheet, of, by=scorer(), points=wrong) == said
    assert Score.objects.count() == 0


def test_what_was_handed_in_cannot_be_changed():
    of = hand_in(started(), 1, 90, 80, 70)

    for send in (scoring.save_sheet, scoring.hand_in):
        said = refusal(send, of, by=scorer(), points=points(of, 1, 1, 1))
        assert said == "您的评分表已经提交，不能再改。"
    assert sum(ranking.own_points(sheet(of)).values()) == 240


@pytest.mark.parametrize("who", [opener, decider, lambda: scorer(3)])
def test_who_was_not_asked_hands_in_nothing(who):
    of = started()

    assert refusal(scoring.save_sheet, of, by=who(), points={}) == "您不是这一批次的评分人。"


def test_a_scorer_who_left_the_province_scores_no_more():
    of = started()
    scorer(1).memberships.update(valid_to=timezone.localdate())

    assert refusal(scoring.save_sheet, of, by=scorer(1), points={}) == "您不是这一批次的评分人。"


def test_nothing_is_ranked_before_the_last_sheet():
    of = hand_in(started(), 1, 90, 80, 70)
    before = ranking.lines(of)

    of = hand_in(of, 2, 80, 80, 60)

    assert (before, of.stage) == ([], RoundStage.RANKED)
    assert len(ranking.lines(of)) == 3


def test_the_ranking_shows_average_spread_and_ties_as_ties():
    of = ranked(entries=brands(4), first=(90, 80, 84, 70), second=(80, 85, 81, 60))

    lines = ranking.lines(of)

    shown = [(x.place, x.average, x.deviation, x.least, x.most, x.sheets, x.is_tied) for x in lines]
    assert shown == [
        (1, Decimal("85.00"), Decimal("5.00"), 80, 90, 2, False),
        (2, Decimal("82.50"), Decimal("2.50"), 80, 85, 2, True),
        (2, Decimal("82.50"), Decimal("1.50"), 81, 84, 2, True),
        (4, Decimal("65.00"), Decimal("5.00"), 60, 70, 2, False),
    ]
    assert lines[0].by_criterion == (Decimal("60.00"), Decimal("25.00"))


def test_averages_are_equal_when_they_are_shown_equal():
    of = started(scorers=3)
    hand_in(of, 1, 80, 80, 10)
    hand_in(of, 2, 80, 80, 10)
    of = hand_in(of, 3, 81, 81, 10)

    assert [(x.place, x.average) for x in ranking.lines(of)] == [
        (1, Decimal("80.33")),
        (1, Decimal("80.33")),
        (3, Decimal("10.00")),
    ]


def test_the_opener_ends_the_scoring_with_a_reason_without_those_who_did_not_hand_in():
    of = started(scorers=3)
    hand_in(of, 1, 90, 80, 70)
    of = hand_in(of, 2, 80, 80, 60)
    scoring.save_sheet(of, by=scorer(3), points=points(of, 1, 1, 100))

    closed = scoring.close(of, by=opener(), revision=of.revision, reason=REASON)

    assert closed.stage == RoundStage.RANKED
    assert [(x.average, x.sheets) for x in ranking.lines(closed)] == [
        (Decimal("85.00"), 2),
        (Decimal("80.00"), 2),
        (Decimal("65.00"), 2),
    ]


def test_scoring_is_not_ended_without_a_reason_or_on_one_sheet():
    of = hand_in(started(), 1, 90, 80, 70)
    asked = {"by": opener(), "revision": of.revision}

    assert refusal(scoring.close, of, reason=" ", **asked) == "请写明理由，写入批次记录。"
    assert refusal(scoring.close, of, reason=REASON, **asked).startswith("至少要有 2 人提交")
    assert now(of) == of


def test_the_opener_ends_nothing_he_has_not_seen():
    seen = started(scorers=3)
    hand_in(seen, 1, 90, 80, 70)
    hand_in(seen, 2, 90, 80, 70)

    with pytest.raises(Overtaken):
        scoring.close(seen, by=opener(), revision=seen.revision, reason=REASON)

    assert now(seen).stage == RoundStage.SCORING
