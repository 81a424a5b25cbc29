"""How a periodic review ends for an entry: what is intended, the hearing, 保留, 限期整改, 退出.

The only writer of outcomes. What is intended and what is decided come from two people; no entry leaves before
its bureau has been heard or the time for it has passed (定期审核与退出机制, 鲁就办〔2021〕22号 三（三）).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from portal import catalogue, credit, notify, text, working_days
from portal.models import CatalogueEntry, Message, PeriodicReview, ReviewItem, User
from portal.periodic import files, organises, problems, record, under_way, visible_items, write
from portal.vocabulary import ExitReason, Outcome
from portal.workflow import Conflict, Refused, checked_comment

HEARING = 5  # working days at least, the day of the notice not counted
UNKNOWN_HEARING = timedelta(days=14)  # where the holidays of the year are not known yet
# 并入 is done by merging, 目录动态调整 by a new edition: neither is a finding of a review.
REASONS = [(v, w) for v, w in ExitReason.choices if v not in (ExitReason.MERGED, ExitReason.ADJUSTED)]
NOT_FROZEN = "年度数据还没有锁定，锁定后才能作结论。"
HEARD_FIRST = "陈述申辩到 {} 截止，填报单位还没有陈述；期满或收到陈述后才能作这个结论。"
INTENDED = "《{}》定期审核拟定“{}”：{}。{}如有异议，请在 {} 前陈述申辩。"
ENDED = {
    Outcome.KEPT: "《{}》定期审核结果：保留。",
    Outcome.RECTIFYING: "《{}》定期审核结果：限期整改，{} 前完成。",
    Outcome.EXITED: "《{0}》定期审核结果：退出目录，{2}。",
}


def hearing_end() -> date:
    """Return the earliest last day for a bureau to be heard on what is intended today."""
    today = timezone.localdate()
    try:
        return working_days.ends_after(today + timedelta(days=1), HEARING)
    except working_days.UnknownYear:
        return today + UNKNOWN_HEARING


def is_heard(item: ReviewItem) -> bool:
    """Say whether the bureau has been heard, or the time for it has passed."""
    over = item.hearing_until is not None and timezone.localdate() > item.hearing_until
    return item.heard_at is not None or over


def is_open(item: ReviewItem) -> bool:
    """Say whether an item still waits for an outcome, the end of a rectification included."""
    return item.outcome in ("", Outcome.RECTIFYING)


def _begin(item: ReviewItem, by: User, step: int | None) -> tuple[ReviewItem, CatalogueEntry]:
    """Return the item and its entry for one who concludes; raises as ``under_way``, and ``Refused``."""
    current, entry, review = under_way(item, by=by, step=step)
    _demand(why_not(current, review, entry, by))
    return current, entry


def why_not(item: ReviewItem, review: PeriodicReview, entry: CatalogueEntry, user: User) -> str:
    """Return the sentence why ``user`` concludes nothing on an item now, empty when he may."""
    if not organises(user, review):
        return f"“{review}”由{review.organisation}作结论。"
    if entry.filing.organisation_id in user.filed_for:
        return "这一条由您所在单位填报，须由不担任填报的人作结论。"
    if not review.frozen_at:
        return NOT_FROZEN
    return "" if is_open(item) else f"这一条已有结果：{item.get_outcome_display()}。"


def intentions(item: ReviewItem) -> tuple[Outcome, ...]:
    """Return what a bureau can be told of; after 限期整改 only 退出 is left."""
    return (Outcome.EXITED,) if item.outcome else (Outcome.RECTIFYING, Outcome.EXITED)


@transaction.atomic
def intend(
    item: ReviewItem,
    *,
    by: User,
    outcome: str,
    reason: str,
    comment: str,
    until: date | None = None,
    step: int | None = None,
    request_id: str = "",
) -> ReviewItem:
    """Tell the bureau that 限期整改 or 退出 is intended, why, and until when it may be heard.

    Told anew, the earlier hearing stays in the events. Raises as ``under_way``, and ``Refused``.
    """
    current, entry = _begin(item, by, step)
    if outcome not in (after := intentions(current)):
        raise Refused("请选择拟定结果：" + "，或".join(one.label for one in after) + "。")
    if reason not in dict(REASONS):
        raise Refused("请选择原因。")
    if not (comment := checked_comment(comment)):
        raise Refused("请写明事实和理由，填报单位要据此陈述申辩。")
    last = until or hearing_end()
    if last < hearing_end():
        raise Refused(f"陈述申辩至少留 {HEARING} 个工作日，截止日期不早于 {hearing_end()}。")
    words = ExitReason(reason).label, Outcome(outcome).label
    told = f"拟{words[1]}：{words[0]}。{comment} 陈述申辩到 {last}。"
    record(entry.filing, "intend", told, by=by, request_id=request_id)
    write(
        current,
        entry.filing,
        intended=outcome,
        intended_reason=reason,
        intended_at=timezone.now(),
        intended_by=by,
        hearing_until=last,
        defence="",
        heard_at=None,
        comment=comment,
    )
    said = INTENDED.format(entry.title, words[1], words[0], comment[:200], last)
    notify.tell(entry.filing, (notify.FILERS,), said, by=by)
    current.refresh_from_db()
    return current


@transaction.atomic
def defend(
    item: ReviewItem, *, by: User, said: str, step: int | None = None, request_id: str = ""
) -> ReviewItem:
    """Let the bureau be heard, once, on what is intended. Raises as ``under_way``, and ``Refused``."""
    current, entry, _ = under_way(item, by=by, step=step)
    if not files(by, current):
        raise Refused("只有条目的填报单位可以陈述申辩。")
    if not awaits_defence(current):
        raise Refused("现在没有等待陈述申辩的事项。")
    if timezone.localdate() > current.hearing_until:
        raise Refused(f"陈述申辩已于 {current.hearing_until} 截止。")
    if not (said := checked_comment(said)):
        raise Refused("请写明陈述申辩的内容。")
    record(entry.filing, "defend", said, by=by, request_id=request_id)
    write(current, entry.filing, defence=said, heard_at=timezone.now())
    words = f"《{entry.title}》的填报单位已陈述申辩（{current.review}）。"[:400]
    told = {"user_id": current.intended_by_id, "filing": entry.filing, "text": words}
    notify.deliver([Message(**told, created_at=timezone.now())])
    current.refresh_from_db()
    return current


def awaits_defence(item: ReviewItem) -> bool:
    """Say whether something is intended of which the bureau has said nothing yet."""
    return bool(item.intended) and is_open(item) and item.heard_at is None and not is_carried_out(item)


def is_carried_out(item: ReviewItem) -> bool:
    """Say whether what was intended has been decided already: 限期整改 that runs."""
    return item.outcome == Outcome.RECTIFYING and item.intended == Outcome.RECTIFYING


def why_not_alone(item: ReviewItem, user: User) -> str:
    """Return the sentence why ``user`` does not decide what he intended himself, empty when he may."""
    own = item.intended and not is_carried_out(item) and item.intended_by_id == user.pk
    return "拟定结果是您作出的，须由另一人作结论。" if own else ""


def why_unheard(item: ReviewItem, outcome: str) -> str:
    """Return the sentence why ``outcome`` cannot be decided before a hearing, empty when it can.

    What is milder than intended may be decided on the same hearing.
    """
    enough = (Outcome.EXITED,) if outcome == Outcome.EXITED else (Outcome.RECTIFYING, Outcome.EXITED)
    if item.intended not in enough or is_carried_out(item):
        return "要先告知填报单位拟定结果和原因，听取陈述申辩。"
    return "" if is_heard(item) else HEARD_FIRST.format(item.hearing_until)


def _demand(*reasons: str) -> None:
    """Raise ``Refused`` with the first reason there is."""
    if reason := next(filter(None, reasons), ""):
        raise Refused(reason)


@transaction.atomic
def keep(
    item: ReviewItem, *, by: User, comment: str = "", step: int | None = None, request_id: str = ""
) -> ReviewItem:
    """Keep an entry. Where figures are missing or too low, or something was intended, with the opinion why.

    Raises as ``under_way``, and ``Refused``.
    """
    current, entry = _begin(item, by, step)
    _demand(why_not_alone(current, by))
    comment = checked_comment(comment)
    if current.outcome:
        raise Refused("整改中的条目，请办理“整改完成”。")
    if not comment and why_not_plain(current, credit.standing([entry.code])):
        raise Refused("这一条没有报送、未达标、有信用记录或已告知拟定结果，保留须写明意见。")
    record(entry.filing, "keep", comment, by=by, request_id=request_id)
    _decide(current, entry, by, timezone.localdate(), outcome=Outcome.KEPT, comment=comment)
    return _ended(current, entry, by)


@transaction.atomic
def rectify(
    item: ReviewItem,
    *,
    by: User,
    until: date | None,
    comment: str,
    document_number: str = "",
    step: int | None = None,
    request_id: str = "",
) -> ReviewItem:
    """Give an entry until a day to put right what was found. Raises as ``under_way``, and ``Refused``."""
    current, entry = _begin(item, by, step)
    _demand(why_not_alone(current, by), why_unheard(current, Outcome.RECTIFYING))
    if current.outcome:
        raise Refused("这一条已在整改。")
    if until is None or until <= timezone.localdate():
        raise Refused("请填写整改期限，要在今天以后。")
    if not (comment := checked_comment(comment)):
        raise Refused("请写明整改要求。")
    number = catalogue.checked_number(document_number) if text.clean(document_number) else ""
    said = f"{ExitReason(current.intended_reason).label}，{until} 前完成整改。{number} {comment}"
    record(entry.filing, "rectify", said, by=by, request_id=request_id)
    _decide(
        current,
        entry,
        by,
        timezone.localdate(),
        outcome=Outcome.RECTIFYING,
        intended=Outcome.RECTIFYING,
        reason=current.intended_reason,
        rectify_until=until,
        document_number=number,
        comment=comment,
    )
    return _ended(current, entry, by)


@transaction.atomic
def remove(
    item: ReviewItem,
    *,
    by: User,
    document_number: str,
    on: date | None = None,
    comment: str = "",
    step: int | None = None,
    request_id: str = "",
) -> ReviewItem:
    """Let an entry leave the catalogue for the reason its bureau was told. Raises as ``catalogue.exit``."""
    current, entry = _begin(item, by, step)
    _demand(why_not_alone(current, by), why_unheard(current, Outcome.EXITED))
    if on and on < timezone.localdate(current.intended_at):
        raise Refused(f"退出日期不能早于告知填报单位的日期（{timezone.localdate(current.intended_at)}）。")
    catalogue.exit(
        entry,
        by=by,
        reason=current.intended_reason,
        document_number=document_number,
        on=on,
        comment=f"{BY_REVIEW.format(current.pk)} {comment}",
        request_id=request_id,
    )
    entry.refresh_from_db()
    _decide(
        current,
        entry,
        by,
        entry.valid_to,
        outcome=Outcome.EXITED,
        reason=entry.exit_reason,
        document_number=entry.exit_document_number,
        comment=checked_comment(comment),
    )
    return _ended(current, entry, by)


# Begins the comment of an exit that a review decided; the nightly check finds its item by it.
BY_REVIEW = "定期审核第{}项："


@transaction.atomic
def settle(
    item: ReviewItem, *, by: User, comment: str, step: int | None = None, request_id: str = ""
) -> ReviewItem:
    """End a rectification well: the entry is kept. Raises as ``under_way``, and ``Refused``."""
    current, entry = _begin(item, by, step)
    if current.outcome != Outcome.RECTIFYING:
        raise Refused("这一条不在整改。")
    _demand(why_not_alone(current, by))
    if not (comment := checked_comment(comment)):
        raise Refused("请写明整改完成的情况。")
    today = timezone.localdate()
    record(entry.filing, "settle", comment, by=by, request_id=request_id)
    _decide(current, entry, by, today, outcome=Outcome.KEPT, settled_on=today, comment=comment)
    return _ended(current, entry, by)


def _decide(item: ReviewItem, entry: CatalogueEntry, by: User, on: date, **facts) -> None:
    write(item, entry.filing, decided_on=on, decided_by=by, **facts)


def _ended(item: ReviewItem, entry: CatalogueEntry, by: User) -> ReviewItem:
    """Tell the bureau how it ended and return the item as it is now."""
    item.refresh_from_db()
    sentence = ENDED[item.outcome].format(entry.title, item.rectify_until, item.document_number)
    notify.tell(entry.filing, (notify.FILERS,), sentence, by=by)
    return item


def why_not_plain(item: ReviewItem, standing: dict[str, int]) -> str:
    """Return the words why an item is not kept without an opinion, empty when nothing speaks against it.

    ``standing`` is ``credit.standing`` of its code. Needs ``entry``, ``review`` and ``figures``.
    """
    reasons = {
        "没有报送": item.handed_in_at is None,
        "数据未达标": any(problems(item)),
        "有信用记录": bool(standing.get(item.entry.code)),
        f"已告知拟定{item.get_intended_display()}": bool(item.intended),
    }
    return "、".join(word for word, holds in reasons.items() if holds)


@dataclass(frozen=True)
class Result:
    """What came of one item of a batch; ``reason`` is empty when the entry was kept."""

    item: ReviewItem
    reason: str = ""


def keep_all(review: PeriodicReview, *, by: User, request_id: str = "") -> list[Result]:
    """Keep every entry without an outcome against which nothing speaks; the others say why not.

    Each item is its own transaction. Raises ``Refused`` when the round is not ``by``'s or not frozen.
    """
    if not organises(by, review):
        raise Refused(f"“{review}”由{review.organisation}作结论。")
    if not review.frozen_at:
        raise Refused(NOT_FROZEN)
    waiting = visible_items(by).filter(review=review, outcome="").select_related("entry__filing", "review")
    items = list(waiting.prefetch_related("figures").order_by("entry__code"))
    standing = credit.standing([item.entry.code for item in items])
    return [_kept(item, why_not_plain(item, standing), by, request_id) for item in items]


def _kept(item: ReviewItem, reason: str, by: User, request_id: str) -> Result:
    if reason:
        return Result(item, reason)
    try:
        keep(item, by=by, step=item.step, request_id=request_id)
    except (Refused, Conflict) as error:
        return Result(item, str(error).rstrip("。"))
    return Result(item)
