"""What each act changes of its filing beside the state: columns for ``workflow`` to swap, and their checks.

An effect takes (filing, action, by, to, at) and returns column → value; it runs in the act's transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, QuerySet, Subquery

from portal import locks, policy, records, remarks, rules, snapshot, windows
from portal.actions import Action
from portal.models import Event, Filing, FilingVersion, User
from portal.policy import had_a_hand_in, holds_post
from portal.refusals import Conflict, Invalid, Refused
from portal.vocabulary import State

# PostgreSQL names the constraint, SQLite the columns.
BROKEN_CONSTRAINTS = {
    ("filing_name_held_once_per_bureau", "portal_filing.title"): (
        "本单位已有同名的填报，请换一个名称，或打开已有的那一份。"
    ),
    ("filing_amended_one_at_a_time", "portal_filing.amends_id"): "这一条已有一份变更在办。",
}
_HANDED_ON = {"accepted_at": None, "holder_id": None}


def with_last_hash(filings: QuerySet) -> QuerySet:
    """Annotate the hash of the latest event of filings that are held, for ``last_hashes``."""
    latest = Event.objects.filter(filing=OuterRef("pk"), number=OuterRef("step"))
    return filings.annotate(last_hash=Subquery(latest.values("hash")[:1]))


def last_hashes(filings: Sequence[Filing]) -> dict[int, str]:
    """Return filing → hash of its latest event: as it was read for this act, once, or else asked for."""
    known = {f.pk: f.__dict__.pop("last_hash") or "" for f in filings if "last_hash" in f.__dict__}
    if others := [filing.pk for filing in filings if filing.pk not in known]:
        latest = Event.objects.filter(filing__in=others, number=F("filing__step"))
        known.update(latest.values_list("filing_id", "hash"))
    return known


def append(*rows: Event | FilingVersion) -> None:
    """Store numbered rows of one kind; that a number is taken means somebody else acted first.

    With the ``Conflict`` the innermost atomic block of the caller is over.
    """
    try:
        with transaction.atomic(savepoint=False):
            type(rows[0]).objects.bulk_create(rows)
    except IntegrityError:
        raise Conflict(rows[0].filing) from None


def swap(rows, **changes: Any) -> int:
    """Update ``rows`` and return how many; a name that is taken is ``Refused`` with its sentence.

    With what was raised the innermost atomic block of the caller is over.
    """
    try:
        with transaction.atomic(savepoint=False):
            return rows.update(**changes)
    except IntegrityError as error:
        raise as_refusal(error) from None


def as_refusal(error: IntegrityError) -> Exception:
    """Return ``Refused`` with the sentence of the broken constraint of ``Filing``, else the error itself."""
    for marks, sentence in BROKEN_CONSTRAINTS.items():
        if any(mark in str(error) for mark in marks):
            return Refused(sentence)
    return error


def _submit(filing: Filing, action: Action, by: User, to: User | None, at: datetime) -> dict:
    # Held until the end (``workflow.hold``): no file can join between the snapshot and the change of state.
    record = records.load(filing)
    refuse_stray_changes(record)
    record.settle_before_submission()
    if found := rules.blocking(record):
        raise Invalid(found)
    taken = snapshot.take(record)
    version = FilingVersion(
        filing=filing,
        number=filing.version,
        snapshot=taken,
        sha256=snapshot.digest(taken),
        submitted_at=at,
        submitted_by=by,
        is_late=windows.is_late(filing, at),
    )
    append(version)
    sent = {"submitted_at": at, "submitted_by": by, "is_late": version.is_late}
    return {**sent, **_HANDED_ON}


def refuse_stray_changes(record: Filing) -> None:
    """Raise ``Refused`` when a locked part is not what was last submitted, however it was changed."""
    if record.unlocked is None or not (before := record.versions.order_by("-number").first()):
        return
    if names := locks.stray(record, before):
        labels = remarks.anchors(record.record_type)
        listed = "、".join(f"“{labels[name]}”" for name in names)
        raise Refused(f"本次退回只开放有意见的栏目，{listed}与第 {before.number} 版不一致，没有提交。")


def _step_back(filing: Filing, action: Action, by: User, to: User | None, at: datetime) -> dict:
    return {"version": F("version") + 1, **_HANDED_ON}


def _accept(filing: Filing, action: Action, by: User, to: User | None, at: datetime) -> dict:
    return {"accepted_at": at, "holder_id": by.pk}


def _assign(filing: Filing, action: Action, by: User, to: User | None, at: datetime) -> dict:
    if to is None or not holds_post(action, filing, to):
        raise Refused("只能转给本级审核岗位的同事。")
    if had_a_hand_in(filing, to):
        raise Refused("不能转给提交这件填报的人。")
    return {"holder_id": to.pk, "accepted_at": filing.accepted_at or at}


def _hand_on(filing: Filing, action: Action, by: User, to: User | None, at: datetime) -> dict:
    return _HANDED_ON


def _recall(filing: Filing, action: Action, by: User, to: User | None, at: datetime) -> dict:
    """Back to the desk that acted; of a return its remarks too, and the version that was returned."""
    taken_up = {"accepted_at": at, "holder_id": by.pk}
    if filing.state != State.RETURNED:
        endorsed = filing.events.filter(action="endorse").order_by("-number").first()
        remarks.undo_settling(filing, endorsed.at)
        return taken_up
    returned = policy.returned_by(filing)
    remarks.undo_return(filing, returned.at)
    return {**taken_up, "version": returned.version, "unlocked": returned.details.get("unlocked_before")}


def _decide(filing: Filing, action: Action, by: User, to: User | None, at: datetime) -> dict:
    replaces = action.target == State.APPROVED and _updates_a_return(filing)
    takes_over = {"holds_name": True} if replaces else {}
    return {"decided_at": at, "decided_by_id": by.pk, "holder_id": by.pk, **takes_over}


def _updates_a_return(filing: Filing) -> bool:
    """Say whether approval alone puts a filing in the place of another; entries give way when published."""
    return bool(filing.amends_id) and not filing.record_type.is_catalogued


def give_way(updates: Sequence[Filing]) -> None:
    """Let what these filings are put in the place of hold its name no longer; one query for all of them."""
    if updates:
        Filing.objects.filter(pk__in=[filing.amends_id for filing in updates]).update(holds_name=False)


def _reopen(filing: Filing, action: Action, by: User, to: User | None, at: datetime) -> dict:
    if filing.state == State.APPROVED and _updates_a_return(filing):
        Filing.objects.filter(pk=filing.pk).update(holds_name=False)
        swap(Filing.objects.filter(pk=filing.amends_id), holds_name=True)
    return {"decided_at": None, "decided_by": None, **_HANDED_ON}


EFFECTS = {
    "submit": _submit,
    "withdraw": _step_back,
    "return": _step_back,
    "accept": _accept,
    "release": _hand_on,
    "assign": _assign,
    "recall": _recall,
    "endorse": _hand_on,
    "approve": _decide,
    "reject": _decide,
    "reopen": _reopen,
}
