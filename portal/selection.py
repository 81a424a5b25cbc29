"""The decision on a selection round: chosen, taken back, conferred (鲁人社字〔2024〕95号 二（三）11).

See ``rounds``. Who decides neither opened the round nor scored it; who confers did not decide.
"""

from collections.abc import Collection, Iterator
from datetime import date

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from portal import asking, catalogue, notify, publicity, ranking, rounds, scope
from portal.models import (
    CatalogueEntry,
    Objection,
    ObjectionStage,
    Promotion,
    PublicNotice,
    RoundStage,
    SelectionRound,
    User,
)
from portal.vocabulary import BrandLevel, Level, NoticeKind, Role
from portal.workflow import Refused

NOT_DECIDED = "名单由省级审批岗位审定。"
PUBLISHED, CANCELLED = "名单已经公布。", "这一批次已取消。"
TOO_EARLY = "评分结束后才能审定名单。"
NOT_TO_DECIDE = {
    RoundStage.PREPARING: TOO_EARLY,
    RoundStage.SCORING: TOO_EARLY,
    RoundStage.DECIDED: "名单已经审定。",
    RoundStage.CONFERRED: PUBLISHED,
    RoundStage.CANCELLED: CANCELLED,
}
NOT_TO_CONFER = {RoundStage.CONFERRED: PUBLISHED, RoundStage.CANCELLED: CANCELLED}


def may_decide(user: User) -> bool:
    """Say whether ``user`` holds the post that decides on batches: approval of the province."""
    return scope.sits_at(user, Level.PROVINCE, (Role.APPROVER,), ranking.PROVINCE)


def may_confer(user: User) -> bool:
    """Say whether ``user`` holds the post that publishes them."""
    return scope.sits_at(user, Level.PROVINCE, (Role.PUBLISHER,), ranking.PROVINCE)


def why_not_decide(of: SelectionRound, user: User) -> str:
    """Return the sentence why ``user`` cannot decide on the batch, empty when he can."""
    if not may_decide(user):
        return NOT_DECIDED
    if of.opened_by_id == user.pk:
        return "这一批次是您发起的，须由另一人审定。"
    if of.scorers.filter(user=user).exists():
        return "您是这一批次的评分人，须由另一人审定。"
    return NOT_TO_DECIDE.get(of.stage, "")


@transaction.atomic
def decide(
    of: SelectionRound, *, by: User, revision: int, chosen: Collection[int], reason: str = ""
) -> SelectionRound:
    """Choose candidates for the whole batch, at most the quota; passing somebody over needs the reason."""
    current = rounds.as_read(of, revision)
    if why := why_not_decide(current, by):
        raise Refused(why)
    reason = rounds.checked_reason(reason)
    _demand_sound_choice(current, set(chosen), reason)
    facts = {"stage": RoundStage.DECIDED, "decided_at": timezone.now(), "decided_by": by, "reason": reason}
    rounds.step(current, revision, RoundStage.RANKED, **facts)
    current.candidates.update(is_chosen=False)
    current.candidates.filter(pk__in=chosen).update(is_chosen=True)
    sentence = f"“{current}”已审定名单，入选 {len(set(chosen))} 个，待公布。"
    rounds.tell(current, rounds.holders(Role.PUBLISHER), sentence, by=by)
    rounds.note(current, by, f"审定名单，入选 {len(set(chosen))} 个。{reason}".strip())
    current.refresh_from_db()
    return current


def _demand_sound_choice(of: SelectionRound, chosen: set[int], reason: str) -> None:
    ranked = ranking.lines(of)
    current = ranking.current_entries([line.entry.code for line in ranked])
    ranked = [line for line in ranked if line.entry.code in current]
    if not chosen:
        raise Refused("请至少选定一个条目；这一批都不选的，请取消批次并写明理由。")
    if not chosen <= {line.candidate.pk for line in ranked}:
        raise Refused("所选条目中有的已不是现行的市级条目，请重新选择。")
    if len(chosen) > of.quota:
        raise Refused(f"名额 {of.quota} 个，选了 {len(chosen)} 个，请减到名额以内。")
    if (passed := ranking.passes_over(ranked, chosen)) and not reason:
        names = "、".join(line.entry.title for line in passed[:3])
        raise Refused(f"“{names}”名次在前或并列而没有入选，请写明理由。")


@transaction.atomic
def reconsider(of: SelectionRound, *, by: User, revision: int, reason: str) -> SelectionRound:
    """Take a decision back before it is published (e.g. an objection was right), to decide anew."""
    if not may_decide(by):
        raise Refused(NOT_DECIDED)
    reason = rounds.demand_reason(reason)
    facts = {"stage": RoundStage.RANKED, "decided_at": None, "decided_by": None, "reason": ""}
    rounds.step(of, revision, *rounds.REASONED["reconsider"][1], notice=None, **facts)
    of.candidates.update(is_chosen=None)
    rounds.note(of, by, f"撤回名单，重新审定：{reason}")
    return SelectionRound.objects.get(pk=of.pk)


def notice_of(of: SelectionRound) -> PublicNotice | None:
    """Return the newest 公示 since the decision that lists every chosen entry, or None.

    An entry amended meanwhile is the same: what counts is its code.
    """
    codes = _chosen_codes(of)
    found = PublicNotice.objects.published().filter(kind=NoticeKind.PUBLICITY, withdrawn_at=None)
    found = found.filter(published_at__gte=of.decided_at, items__filing__entry__code__in=codes)
    found = found.annotate(covered=Count("items__filing__entry__code", distinct=True))
    return found.filter(covered=len(codes)).order_by("-pk").first()


@asking.for_the_house()
def _why_waiting(of: SelectionRound) -> str:
    """Return the sentence why 公示 keeps the batch from conferral, empty when it does not.

    As for a filing (``publicity``): what stands in a 公示 waits for it, also where none was asked for, and an
    open objection counts also when its notice was withdrawn or is not the newest.
    """
    if of.needs_publicity and notice_of(of) is None:
        return "审定的名单还没有公示，公示期满后才能公布。"
    codes = _chosen_codes(of)
    listing = PublicNotice.objects.filter(
        kind=NoticeKind.PUBLICITY, published_at__isnull=False, items__filing__entry__code__in=codes
    )
    running = listing.filter(withdrawn_at=None, ends_on__gte=timezone.localdate()).order_by("-ends_on")
    if last := running.first():
        return f"正在公示，{last.ends_on} 期满后才能公布。"
    about = Q(item=None) | Q(item__filing__entry__code__in=codes)
    waiting = Objection.objects.filter(about, notice__in=listing).exclude(stage=ObjectionStage.CLOSED).count()
    return publicity.OBJECTIONS.format(waiting) if waiting else ""


def _chosen_codes(of: SelectionRound) -> set[str]:
    return set(of.candidates.filter(is_chosen=True).values_list("entry__code", flat=True))


def why_not_confer(of: SelectionRound, user: User) -> str:
    """Return the sentence why ``user`` cannot publish the decision now, empty when he can."""
    if not may_confer(user):
        return "名单由省级发布岗位公布。"
    if of.decided_by_id == user.pk:
        return "名单是您审定的，须由另一人公布。"
    if of.stage != RoundStage.DECIDED:
        return NOT_TO_CONFER.get(of.stage, "审定名单后才能公布。")
    return _why_waiting(of)


@transaction.atomic
def confer(
    of: SelectionRound,
    *,
    by: User,
    revision: int,
    document_number: str,
    on: date | None = None,
    request_id: str = "",
) -> list[Promotion]:
    """Make every chosen entry provincial from the day ``on`` (today unless told): all of them or none.

    Raises ``Refused`` with the sentence, ``Overtaken`` when another act on the round came first, and what
    ``catalogue.promote`` raises.
    """
    current = rounds.as_read(of, revision)
    if why := why_not_confer(current, by):
        raise Refused(why)
    day = on or timezone.localdate()
    if day < timezone.localdate(current.decided_at):
        raise Refused(f"公布日期不能早于审定名单的日期（{timezone.localdate(current.decided_at)}）。")
    number = catalogue.checked_number(document_number)
    facts = {"notice": notice_of(current), "document_number": number, "on": day, "conferred_by": by}
    rounds.step(current, revision, RoundStage.DECIDED, stage=RoundStage.CONFERRED, **facts)
    promotions = [
        catalogue.promote(
            entry, by=by, level=BrandLevel.PROVINCIAL, document_number=number, on=day, request_id=request_id
        )
        for entry in _chosen_entries(current)
    ]
    for promotion in promotions:
        sentence = f"“{promotion.entry.title}”经“{current}”公布为省级，{number}。"
        notify.tell(promotion.entry.filing, (notify.FILERS, notify.CITY), sentence, by=by)
    rounds.note(current, by, f"公布名单，{len(promotions)} 个条目为省级，{number} {day}")
    return promotions


def _chosen_entries(of: SelectionRound) -> list[CatalogueEntry]:
    """Return what is promoted: of each chosen code the entry in force. ``Refused`` when one has left."""
    chosen = list(of.candidates.filter(is_chosen=True).select_related("entry").order_by("entry__code"))
    current = ranking.current_entries([candidate.entry.code for candidate in chosen])
    if gone := [c.entry.title for c in chosen if c.entry.code not in current]:
        raise Refused(f"“{gone[0]}”已不是现行的市级条目，名单不能照此公布；请审批岗位撤回名单，重新审定。")
    return [current[candidate.entry.code] for candidate in chosen]


def faults() -> Iterator[str]:
    """Yield where a conferred round and the promotions do not agree, or somebody decided who must not."""
    for of in SelectionRound.objects.order_by("pk").iterator():
        yield from (f"择优选拔 {of.pk}：{said}" for said in _faults_of(of))


def _faults_of(of: SelectionRound) -> Iterator[str]:
    chosen = dict(of.candidates.values_list("entry__code", "is_chosen"))
    wanted = {code for code, is_chosen in chosen.items() if is_chosen}
    if of.stage == RoundStage.CONFERRED:
        made = Promotion.objects.filter(
            entry__code__in=chosen, document_number=of.document_number, on=of.on, level=BrandLevel.PROVINCIAL
        )
        promoted = set(made.values_list("entry__code", flat=True))
        yield from (f"{code} 入选而没有公布为省级。" for code in sorted(wanted - promoted))
        yield from (f"{code} 没有入选而以该文号公布为省级。" for code in sorted(promoted - wanted))
    elif wanted and of.stage not in (RoundStage.DECIDED, RoundStage.CANCELLED):
        yield "还没有审定，却有入选条目。"
    if len(wanted) > of.quota:
        yield f"入选 {len(wanted)} 个，超过名额 {of.quota} 个。"
    barred = {of.opened_by_id, *of.scorers.values_list("user_id", flat=True)}
    if of.decided_by_id in barred or (of.decided_by_id and of.decided_by_id == of.conferred_by_id):
        yield "审定人同时是发起人、评分人或公布人。"
