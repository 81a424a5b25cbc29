"""The scoring of a selection round: begun, sheets kept and handed in, ended. See ``rounds``.

A scorer writes on his own sheet alone and keeps away from what he filed or reviewed (回避).
"""

from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from portal import access_log, ranking, rounds
from portal.models import Act, RoundStage, Score, Scorer, SelectionRound, User
from portal.rounds import Overtaken
from portal.vocabulary import Role
from portal.workflow import Refused

# One candidate is no comparison, and the spread of one sheet says nothing.
LEAST_CANDIDATES = LEAST_SCORERS = 2


def why_not_start(of: SelectionRound) -> list[str]:
    """Return the sentences of what a round lacks before it can be scored, none when it is ready."""
    found, scorers = [], list(of.scorers.select_related("user"))
    entries = list(of.candidates.values_list("pk", "entry__code", "entry__title"))
    if not of.criteria.exists():
        found.append("请至少写一个评分项。")
    if len(entries) < LEAST_CANDIDATES:
        found.append(f"参评条目至少 {LEAST_CANDIDATES} 个，才谈得上择优。")
    if len(scorers) < LEAST_SCORERS:
        found.append(f"评分人至少 {LEAST_SCORERS} 人，才看得出分歧。")
    return found or [*_gone(entries), *_recused(of, scorers, entries)]


def _gone(entries: Sequence[tuple[int, str, str]]) -> Iterator[str]:
    current = ranking.current_entries([code for _, code, _ in entries])
    for _, code, title in entries:
        if code not in current:
            yield f"“{title}”已不是现行的市级条目，请移出参评名单。"


def _recused(of: SelectionRound, scorers: Sequence[Scorer], entries) -> Iterator[str]:
    away = ranking.recusals(of)
    for scorer in scorers:
        if len(away[scorer.user_id]) == len(entries):
            yield f"{scorer.user}须回避全部参评条目，请另选评分人。"
    for pk, _, title in entries:
        if sum(pk not in away[s.user_id] for s in scorers) < LEAST_SCORERS:
            yield f"“{title}”除去回避的，评分人不足 {LEAST_SCORERS} 人，请增加评分人。"


@transaction.atomic
def start(of: SelectionRound, *, by: User, revision: int) -> SelectionRound:
    """Begin the scoring and tell the scorers. Raises ``Refused`` with what is missing, ``Overtaken``."""
    current = rounds.prepared(of, by, revision)
    if missing := why_not_start(current):
        raise Refused("".join(missing))
    rounds.step(current, revision, RoundStage.PREPARING, stage=RoundStage.SCORING)
    total = sum(current.criteria.values_list("points", flat=True))
    number = current.candidates.count()
    sentence = f"请为“{current}”评分：参评 {number} 个，满分 {total} 分；从“择优选拔”进入评分表。"
    rounds.tell(current, current.scorers.values_list("user_id", flat=True), sentence, by=by)
    rounds.note(current, by, "开始评分")
    return current


@transaction.atomic
def save_sheet(of: SelectionRound, *, by: User, points: ranking.Points) -> Scorer:
    """Keep what a scorer has written so far (暂存); what he left out is empty again.

    Raises ``Refused`` when he has handed in or the points do not fit, ``Overtaken`` when scoring has ended.
    """
    scorer = _sheet_of(of, by, moves=0)
    _write_sheet(scorer, points)
    return scorer


@transaction.atomic
def hand_in(of: SelectionRound, *, by: User, points: ranking.Points) -> SelectionRound:
    """Hand a complete sheet in, for good; the last one ends the scoring. Raises as ``save_sheet`` does."""
    scorer = _sheet_of(of, by, moves=1)
    wanted = _cells(scorer)
    if missing := wanted - set(points):
        raise Refused(f"还有 {len(missing)} 处没有打分，填完后再提交；已填写的都保留在表中。")
    _write_sheet(scorer, points)
    now = timezone.now()
    if not Scorer.objects.filter(pk=scorer.pk, handed_in_at=None).update(handed_in_at=now):
        raise Overtaken(of)
    access_log.record(Act.ADMINISTER, by=by, about=of, details={"said": "提交评分表"})
    if not of.scorers.filter(handed_in_at=None).exists():
        _ranked(of, by, "评分人已全部提交，评分结束")
    return SelectionRound.objects.get(pk=of.pk)


def _sheet_of(of: SelectionRound, by: User, *, moves: int) -> Scorer:
    """Return the open sheet of ``by``; the round is held, so that it cannot end meanwhile.

    Handing in ``moves`` its revision, so that nobody ends the scoring who has not seen it; a draft does not.
    """
    held = SelectionRound.objects.filter(pk=of.pk, stage=RoundStage.SCORING)
    if not held.update(revision=F("revision") + moves):
        raise Overtaken(of)
    scorer = of.scorers.select_related("round", "user").filter(user=by).first()
    if scorer is None or not ranking.may_score(by):
        raise Refused("您不是这一批次的评分人。")
    if scorer.handed_in_at:
        raise Refused("您的评分表已经提交，不能再改。")
    return scorer


def _cells(scorer: Scorer) -> set[tuple[int, int]]:
    away = ranking.recusals(scorer.round, [scorer.user_id])[scorer.user_id]
    criteria = list(scorer.round.criteria.values_list("pk", flat=True))
    rows = [pk for pk in scorer.round.candidates.values_list("pk", flat=True) if pk not in away]
    return {(row, criterion) for row in rows for criterion in criteria}


def _write_sheet(scorer: Scorer, points: ranking.Points) -> None:
    most = dict(scorer.round.criteria.values_list("pk", "points"))
    if not set(points) <= _cells(scorer) or any(not 0 <= p <= most[c] for (_, c), p in points.items()):
        raise Refused("有的得分超出了满分，或不在您的评分表中，请核对后再提交。")
    scorer.scores.all().delete()
    Score.objects.bulk_create(
        Score(scorer=scorer, candidate_id=candidate, criterion_id=criterion, points=given)
        for (candidate, criterion), given in sorted(points.items())
    )


def _ranked(of: SelectionRound, by: User, said: str) -> None:
    SelectionRound.objects.filter(pk=of.pk).update(stage=RoundStage.RANKED)
    told = rounds.holders(Role.APPROVER) | {of.opened_by_id}
    rounds.tell(of, told, f"“{of}”评分结束，可以审定名单。", by=by)
    rounds.note(of, by, said)


@transaction.atomic
def close(of: SelectionRound, *, by: User, revision: int, reason: str) -> SelectionRound:
    """End the scoring without those who have not handed in, with the reason; their drafts do not count."""
    rounds.demand_manager(by)
    reason = rounds.demand_reason(reason)
    rounds.step(of, revision, *rounds.REASONED["close"][1])
    handed_in, asked = ranking.progress(of)
    scored = set(
        Score.objects.filter(scorer__round=of, scorer__handed_in_at__isnull=False)
        .values_list("candidate_id", flat=True)
        .distinct()
    )
    if handed_in < LEAST_SCORERS or set(of.candidates.values_list("pk", flat=True)) - scored:
        raise Refused(f"至少要有 {LEAST_SCORERS} 人提交，且每个参评条目都有人评分，才能结束评分。")
    _ranked(of, by, f"提前结束评分，{handed_in}/{asked} 人已提交：{reason}")
    return SelectionRound.objects.get(pk=of.pk)
