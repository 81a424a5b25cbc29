"""A selection round until it is scored: its facts, candidates, scorers (鲁人社字〔2024〕95号 二（三）11).

With ``scoring`` and ``selection`` the only writer of rounds. Each act compares and swaps the round on (id,
stage, revision): of two at once one does it, the other is ``Overtaken``. Who may do what is asked here, not
in the pages; who did it stands in columns and in the log.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from portal import notify, ranking, registry, text
from portal.models import (
    Candidate,
    Criterion,
    Membership,
    Message,
    Organisation,
    RoundStage,
    Scorer,
    SelectionRound,
    User,
)
from portal.vocabulary import HRSS_KINDS, Level, Role, Topic
from portal.workflow import Refused

MOST_CRITERIA, MOST_CANDIDATES, MOST_SCORERS = 20, 200, 50
REASON_LIMIT = 500  # 字; technical, the notices set none
TWICE_NAMED = "已有同名的批次，请换一个名称。"
BEGUN = "“{}”已经开始评分，不能再改。"

#: act that asks for a reason → its words, and the stages it begins in
REASONED = {
    "close": ("提前结束评分", (RoundStage.SCORING,)),
    "reconsider": ("撤回名单", (RoundStage.DECIDED,)),
    "cancel": ("取消", tuple(stage for stage in RoundStage if stage not in ranking.ENDED)),
}


class Overtaken(Exception):
    """Somebody else acted on the round first; ``round`` is the round as it is now."""

    def __init__(self, of: SelectionRound):
        self.round = SelectionRound.objects.get(pk=of.pk)
        super().__init__("这一批次刚刚已由他人处理")


@transaction.atomic
def open_round(*, by: User, criteria: Sequence[tuple[str, int]], **facts: Any) -> SelectionRound:
    """Open a round in preparation; ``facts`` are kind, name, basis, quota, needs_publicity.

    ``criteria`` are (words, most points). Raises ``Refused`` with the sentence of what is wrong.
    """
    demand_manager(by)
    of = SelectionRound(opened_by=by, organisation=_bureau(by), **facts)
    _check(of)
    try:
        with transaction.atomic():
            of.save()
    except IntegrityError:
        raise Refused(TWICE_NAMED) from None
    _write_criteria(of, criteria)
    note(of, by, "发起批次", ADDITION)
    return of


@transaction.atomic
def change(
    of: SelectionRound, *, by: User, revision: int, criteria: Sequence[tuple[str, int]], **facts: Any
) -> SelectionRound:
    """Change the facts and criteria of a round in preparation; its kind only while it has no candidates."""
    current = prepared(of, by, revision)
    if facts.get("kind", current.kind) != current.kind and current.candidates.exists():
        raise Refused("已列入参评条目，不能再换目录；请先清空参评名单。")
    for name, value in facts.items():
        setattr(current, name, value)
    _check(current)
    try:
        with transaction.atomic():
            step(current, revision, RoundStage.PREPARING, **facts)
    except IntegrityError:
        raise Refused(TWICE_NAMED) from None
    current.criteria.all().delete()
    _write_criteria(current, criteria)
    note(current, by, "修改批次")
    return current


def _bureau(by: User) -> Organisation:
    """Return the provincial bureau that ``by`` runs rounds for."""
    posts = (post for post in by.posts if post.role in (Role.APPROVER, Role.PUBLISHER))
    return next(post.organisation for post in posts if post.organisation.region.level == Level.PROVINCE)


def _check(of: SelectionRound) -> None:
    levelled = {kind.slug for kind in registry.all_types() if kind.levelled}
    found = [] if of.kind in levelled else ["只有分级别的品牌目录可以择优选拔。"]
    try:
        of.full_clean()
    except ValidationError as error:
        labels = {field.name: str(field.verbose_name) for field in of._meta.fields}
        found += [
            f"{labels[name]}：{said}" if name in labels else said
            for name, sentences in error.message_dict.items()
            for said in sentences
        ]
    if found:
        raise Refused("；".join(sentence.rstrip("。") for sentence in found) + "。")


def _write_criteria(of: SelectionRound, criteria: Sequence[tuple[str, int]]) -> None:
    if len(criteria) > MOST_CRITERIA:
        raise Refused(f"评分项最多 {MOST_CRITERIA} 项。")
    if len({words for words, _ in criteria}) < len(criteria):
        raise Refused("评分项有重复，请合并成一项。")
    for words, points in criteria:
        criterion = Criterion(round=of, text=words, points=points)
        try:
            criterion.full_clean()
        except ValidationError as error:
            raise Refused(f"评分项“{words}”：{error.messages[0]}") from None
        criterion.save()


@transaction.atomic
def set_candidates(of: SelectionRound, *, by: User, revision: int, entries: Collection[int]) -> int:
    """Let exactly these municipal entries in force take part and return how many they are."""
    current = prepared(of, by, revision)
    offered = set(ranking.eligible_entries(current).values_list("pk", flat=True))
    if not set(entries) <= offered:
        raise Refused("所选条目中有的已不在现行目录、已是省级，或已列入另一批次，请重新选择。")
    if len(set(entries)) > MOST_CANDIDATES:
        raise Refused(f"一批最多列入 {MOST_CANDIDATES} 个条目，请分批或按市选取。")
    step(current, revision, RoundStage.PREPARING)
    current.candidates.all().delete()
    Candidate.objects.bulk_create(Candidate(round=current, entry_id=pk) for pk in sorted(set(entries)))
    note(current, by, f"参评名单 {len(set(entries))} 个条目")
    return len(set(entries))


@transaction.atomic
def set_scorers(of: SelectionRound, *, by: User, revision: int, users: Collection[int]) -> int:
    """Let exactly these members of provincial bureaus and joint departments score; return how many."""
    current = prepared(of, by, revision)
    offered = {user.pk for user in ranking.eligible_scorers(current)}
    if not set(users) <= offered:
        raise Refused("所选人员中有的已不在省级岗位，或是发起人，请重新选择。")
    if len(set(users)) > MOST_SCORERS:
        raise Refused(f"评分人最多 {MOST_SCORERS} 人。")
    step(current, revision, RoundStage.PREPARING)
    current.scorers.all().delete()
    Scorer.objects.bulk_create(Scorer(round=current, user_id=pk) for pk in sorted(set(users)))
    note(current, by, f"评分人 {len(set(users))} 人")
    return len(set(users))


@transaction.atomic
def cancel(of: SelectionRound, *, by: User, revision: int, reason: str) -> SelectionRound:
    """End a round without a result, with the reason; what was scored stays and is shown to nobody."""
    demand_manager(by)
    reason = demand_reason(reason)
    step(of, revision, *REASONED["cancel"][1], stage=RoundStage.CANCELLED)
    if of.stage == RoundStage.SCORING:
        tell(of, of.scorers.values_list("user_id", flat=True), f"“{of}”已取消，不用再评分。", by=by)
    note(of, by, f"取消批次：{reason}")
    return SelectionRound.objects.get(pk=of.pk)


def demand_manager(by: User) -> None:
    """Refuse whoever does not run rounds."""
    if not ranking.may_manage(by):
        raise Refused("只有省级审批和发布岗位可以组织择优选拔。")


def as_read(of: SelectionRound, revision: int) -> SelectionRound:
    """Return the round as it is now; ``Overtaken`` when that is not what was read."""
    current = SelectionRound.objects.get(pk=of.pk)
    if current.revision != revision:
        raise Overtaken(of)
    return current


def prepared(of: SelectionRound, by: User, revision: int) -> SelectionRound:
    """Return the round as it was read; ``Refused`` when it is not ``by``'s to prepare or was begun."""
    demand_manager(by)
    current = as_read(of, revision)
    if current.stage != RoundStage.PREPARING:
        raise Refused(BEGUN.format(current))
    return current


def step(of: SelectionRound, revision: int, *stages: str, **changes: Any) -> None:
    """Swap the round to ``changes`` if it stands in one of ``stages`` as it was read, else ``Overtaken``."""
    found = SelectionRound.objects.filter(pk=of.pk, stage__in=stages, revision=revision)
    if not found.update(**{**changes, "revision": F("revision") + 1}):
        raise Overtaken(of)


def why_not_now(of: SelectionRound, act: str) -> str:
    """Return the sentence why an act of ``REASONED`` cannot begin now, empty when it can."""
    words, stages = REASONED[act]
    return "" if of.stage in stages else f"批次目前的状态是“{RoundStage(of.stage).label}”，不能{words}。"


def checked_reason(reason: str) -> str:
    """Return what a person wrote fit to be stored; ``Refused`` when it is too long."""
    reason = text.clean(reason)
    if (length := text.count(reason)) > REASON_LIMIT:
        raise Refused(f"理由最多 {REASON_LIMIT} 字，现在有 {length} 字，请缩短后再提交。")
    return reason


def demand_reason(reason: str) -> str:
    """Return the reason; ``Refused`` when there is none."""
    if not (reason := checked_reason(reason)):
        raise Refused("请写明理由，写入批次记录。")
    return reason


def holders(role: str) -> set[int]:
    """Return who holds ``role`` at the province's bureau."""
    posts = Membership.objects.current().filter(
        role=role, organisation__kind__in=HRSS_KINDS, organisation__region__level=Level.PROVINCE
    )
    return set(posts.filter(user__is_active=True).values_list("user_id", flat=True))


def tell(of: SelectionRound, users: Iterable[int], sentence: str, *, by: User) -> None:
    """Write ``sentence`` about a round to each of ``users`` once, but not to the one who acted."""
    facts = {"topic": Topic.OTHER, "text": sentence[:400], "created_at": timezone.now()}
    page = reverse("round", args=[of.pk])
    notify.deliver(Message(user_id=user, address=page, **facts) for user in sorted(set(users) - {by.pk}))


def note(of: SelectionRound, by: User, what: str, flag: int = CHANGE) -> None:
    """Keep who did what to a round, where the auditor reads it."""
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(SelectionRound),
        object_id=str(of.pk),
        object_repr=str(of)[:200],
        action_flag=flag,
        change_message=what,
    )
