"""Remarks on fields: written by a desk, sent with a return, answered with a submission, closed by the desk.

The only writer of ``Remark``. What an act does to them (``follow``) happens in the act's transaction.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from portal import access_log, policy, text
from portal.models import Act, Filing, Remark, User
from portal.refusals import Conflict, Refused
from portal.registry import STAMPED_SCAN, RecordType
from portal.vocabulary import Level, State

LIMIT = 500  # 字 of one remark or reply; technical, the notices set none
MOST = 100  # remarks of one desk on one version; technical as well
EXPLANATION = "explanation"
OF_NOTHING = (EXPLANATION, STAMPED_SCAN)
GONE = "这条意见已经发出或已被删除，请刷新页面查看。"


def anchors_of(filing: Filing) -> dict[str, str]:
    """Return name → label of all that a remark on ``filing`` can be about; a zero report has no form."""
    found = anchors(filing.record_type)
    return {name: found[name] for name in OF_NOTHING} if filing.is_nothing else found


def anchors(record_type: RecordType) -> dict[str, str]:
    """Return name → label of all that a remark can be about: fields, kinds of rows, files, 情况说明."""
    fields = {name: str(record_type.field(name).verbose_name) for name in record_type.fields}
    rows = {name: str(record_type.row_model(name)._meta.verbose_name_plural) for name in record_type.rows}
    slots = {name: slot.label for name, slot in record_type.all_slots.items()}
    return {**fields, **rows, **slots, EXPLANATION: "情况说明"}


def desk_of(filing: Filing) -> str:
    """Return the level of the desk a filing lies at, empty when it is not under review."""
    return {State.CITY_REVIEW: Level.CITY, State.PROVINCE_REVIEW: Level.PROVINCE}.get(filing.state, "")


def prepared(filings: Sequence[Filing]) -> QuerySet:
    """Return what the desk a filing lies at has written; what another desk prepared is not its own."""
    return Remark.objects.prepared().filter(policy.AT_ITS_DESK, filing__in=filings)


def visible_to(filing: Filing, user: User) -> QuerySet:
    """Return the remarks ``user`` may read, oldest first: those sent, and those his own desk prepares.

    Who had a hand in the filing reads nothing before it is sent, whatever post he holds beside.
    """
    found = filing.remarks.select_related("by").order_by("pk")
    if not policy.sits_at_desk(filing, user) or policy.had_a_hand_in(filing, user):
        return found.issued()
    return found.filter(Q(issued_at__isnull=False) | policy.AT_ITS_DESK)


@transaction.atomic
def write(filing: Filing, field: str, said: str, *, by: User, version: int) -> Remark:
    """Note a remark of ``by``'s desk on ``field``; the bureau reads it once it is sent with a return.

    The same words of the same person on the same field are one remark: a second click returns the first.
    Raises ``Filing.DoesNotExist`` out of scope, ``Conflict`` when ``version`` is not under review any more,
    ``Refused`` with the sentence.
    """
    current = _at_desk(filing, by, version)
    if field not in anchors_of(current):
        raise Refused("没有这个栏目。")
    own, wanted = prepared([current]), {"version": version, "field": field, "text": _checked(said, "意见")}
    if same := own.filter(by=by, **wanted).first():
        return same
    if own.count() >= MOST:
        raise Refused(f"一次最多提 {MOST} 条意见；内容普遍不合要求的，可整表退回。")
    return Remark.objects.create(filing_id=current.pk, level=desk_of(current), by=by, **wanted)


@transaction.atomic
def rewrite(remark: Remark, said: str, *, by: User) -> Remark:
    """Change what a prepared remark says; raises as ``write`` does."""
    own = prepared([_at_desk(remark.filing, by)]).filter(pk=remark.pk)
    _record_another_s(own, by, "修改同事的待发意见")
    if not own.update(text=_checked(said, "意见"), by=by):
        raise Refused(GONE)
    remark.refresh_from_db()
    return remark


@transaction.atomic
def drop(remark: Remark, *, by: User) -> None:
    """Delete a prepared remark; raises as ``write`` does."""
    own = prepared([_at_desk(remark.filing, by)]).filter(pk=remark.pk)
    _record_another_s(own, by, "删除同事的待发意见")
    if not own.delete()[0]:
        raise Refused(GONE)


def _record_another_s(own: QuerySet, by: User, what: str) -> None:
    """Record that ``by`` changes what a colleague has written; what he wrote himself is his own."""
    for held in own.exclude(by=by):
        access_log.record(Act.ADMINISTER, by=by, about=held, title=what)


def _at_desk(filing: Filing, by: User, version: int | None = None) -> Filing:
    """Return the filing, held until the end of the transaction, while ``by`` may remark on it."""
    found = (
        Filing.objects.visible_to(by).select_for_update(of=("self",)).select_related("organisation__region")
    )
    current = found.get(pk=filing.pk)
    if version is not None and version != current.version:
        raise Conflict(current)
    choice = policy.choice(current, by, "return")
    if choice is None:
        raise Refused("只有审核岗位可以提意见。")
    if choice.reason:
        raise Refused(f"现在不能提意见：{choice.reason}。")
    return current


def _checked(said: str, what: str) -> str:
    said = text.clean(said)
    if not said:
        raise Refused(f"请写明{what}。")
    if (length := text.count(said)) > LIMIT:
        raise Refused(f"{what}最多 {LIMIT} 字，现在有 {length} 字，请缩短后再提交。")
    return said


def reply(filing: Filing, replies: Mapping[int, str]) -> None:
    """Store answers to open remarks, number → words, in the transaction of a draft's ``save``.

    An empty answer takes the former one back. Raises ``Refused`` for a remark that is not open.
    """
    waiting = {remark.pk: remark for remark in filing.remarks.open()} if replies else {}
    if set(replies) - set(waiting):
        raise Refused("有一条意见不在待答复之列，请刷新页面查看。")
    for pk, said in replies.items():
        remark, words = waiting[pk], text.clean(said)
        if words != remark.reply:
            remark.reply = _checked(words, "答复") if words else ""
            remark.save(update_fields=["reply"])


@dataclass(frozen=True)
class Followed:
    """What an act did to the remarks of one filing: what its event tells, what it changes of the filing."""

    details: dict[str, Any]
    changes: dict[str, Any]


def follow(
    name: str, filings: Sequence[Filing], at: datetime, *, whole: Mapping[int, bool]
) -> dict[int, Followed]:
    """Let the remarks of ``filings`` follow the act ``name``, done to all of them at the instant ``at``.

    ``whole``: primary key → whether a return unlocks everything. Returns primary key → ``Followed``; the
    queries are as many for one filing as for a hundred. Raises ``Refused`` when an open one has no answer.
    """
    return {pk: found for pk, found in _FOLLOW.get(name, _none)(filings, at, whole).items()}


def with_any(filings: QuerySet) -> QuerySet:
    """Annotate whether there are any remarks on each filing: where there are none, none follow an act."""
    return filings.annotate(has_remarks=Exists(Remark.objects.filter(filing=OuterRef("pk"))))


def _noted(filings: Sequence[Filing]) -> list[Filing]:
    return [filing for filing in filings if getattr(filing, "has_remarks", True)]


def _none(filings, at, whole) -> dict[int, Followed]:
    return {}


def _send(filings: Sequence[Filing], at: datetime, whole: Mapping[int, bool]) -> dict[int, Followed]:
    """Send what the desk prepared and settle what was answered; only what is remarked on unlocks."""
    _settle(filings, at, whole)
    sent = _by_filing(prepared(filings))
    Remark.objects.filter(pk__in=[r.pk for found in sent.values() for r in found]).update(issued_at=at)
    return {f.pk: _sent(f, sent.get(f.pk, []), whole.get(f.pk, False)) for f in filings}


def _sent(filing: Filing, sent: list[Remark], whole: bool) -> Followed:
    unlocked = sorted({remark.field for remark in sent}) if sent and not whole else None
    told = [{"remark": remark.pk, "field": remark.field, "text": remark.text} for remark in sent]
    details = {"remarks": told, "unlocked": unlocked, "unlocked_before": filing.unlocked}
    return Followed({name: value for name, value in details.items() if value}, {"unlocked": unlocked})


def _settle(filings: Sequence[Filing], at: datetime, whole: Mapping[int, bool]) -> dict[int, Followed]:
    """Close what was answered to the desk a filing lies at; what another desk asked waits for that desk."""
    at_desks: dict[str, list[Filing]] = defaultdict(list)
    for filing in _noted(filings):
        at_desks[desk_of(filing)].append(filing)
    for level, found in at_desks.items():
        Remark.objects.answered().filter(filing__in=found, level=level).update(closed_at=at)
    return {}


def _answer(filings: Sequence[Filing], at: datetime, whole: Mapping[int, bool]) -> dict[int, Followed]:
    if not (filings := _noted(filings)):
        return {}
    waiting = _by_filing(Remark.objects.open().filter(filing__in=filings))
    if silent := [r for found in waiting.values() for r in found if not r.reply]:
        raise Refused(f"还有 {len(silent)} 条审核意见没有答复，请逐条答复后再提交。")
    for filing in filings:
        filing.remarks.open().update(answered_at=at, answered_in=filing.version)
    return {
        pk: Followed({"replies": [{"remark": r.pk, "reply": r.reply} for r in found]}, {})
        for pk, found in waiting.items()
    }


def _take_back(filings: Sequence[Filing], at: datetime, whole: Mapping[int, bool]) -> dict[int, Followed]:
    """What was answered with the version that is withdrawn waits for its answer again."""
    for filing in _noted(filings):
        answered = filing.remarks.answered().filter(answered_in=filing.version)
        answered.update(answered_at=None, answered_in=None)
    return {}


def undo_return(filing: Filing, returned_at: datetime) -> None:
    """Take back what a return of the instant ``returned_at`` did to the remarks of ``filing``."""
    undo_settling(filing, returned_at)
    filing.remarks.filter(issued_at=returned_at).update(issued_at=None, reply="")


def undo_settling(filing: Filing, settled_at: datetime) -> None:
    """Leave again to the desk what it closed by handing ``filing`` on at the instant ``settled_at``."""
    filing.remarks.filter(closed_at=settled_at).update(closed_at=None)


def _by_filing(remarks: QuerySet) -> dict[int, list[Remark]]:
    found: dict[int, list[Remark]] = defaultdict(list)
    for remark in remarks.order_by("pk"):
        found[remark.filing_id].append(remark)
    return found


_FOLLOW = {
    "return": _send,
    "endorse": _settle,
    "approve": _settle,
    "reject": _settle,
    "submit": _answer,
    "withdraw": _take_back,
}
