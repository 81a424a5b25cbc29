"""The workflow: ``policy.ACTIONS`` says what is open, ``perform`` is the only writer of ``Filing.state``.

Compare-and-swap on (id, state, version, step, revision) inside one transaction decides every race; the
loser gets ``Conflict``.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import notify, rules, snapshot, text, windows
from portal.models import Event, Filing, FilingVersion, User
from portal.policy import ACTIONS, Action, Choice, available_actions, had_a_hand_in, holds_post
from portal.registry import Problem
from portal.vocabulary import State

__all__ = ["ACTIONS", "Action", "Choice", "Conflict", "Invalid", "Refused", "available_actions", "perform"]


class Refused(Exception):
    """The action is closed; the text says why, in a sentence for the page."""


class Conflict(Exception):
    """Somebody else acted first; ``event`` is the latest act on the filing."""

    def __init__(self, filing: Filing):
        self.filing = filing
        self.event = filing.events.order_by("-number").first()
        super().__init__("这份填报刚刚已由他人处理")


class Invalid(Exception):
    """The filing may not be submitted; ``problems`` says what is missing or wrong."""

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        super().__init__("；".join(problem.text for problem in problems))


COMMENT_LIMIT = 2000  # 字; technical, the notices set none

# PostgreSQL names the constraint, SQLite the columns.
BROKEN_CONSTRAINTS = {
    ("filing_name_held_once_per_bureau", "portal_filing.title"): (
        "本单位已有同名的填报，请换一个名称，或打开已有的那一份。"
    ),
    ("filing_amended_one_at_a_time", "portal_filing.amends_id"): "这一条已有一份变更在办。",
}


@transaction.atomic
def perform(
    filing: Filing,
    action: str,
    *,
    by: User,
    version: int,
    comment: str = "",
    step: int | None = None,
    to: User | None = None,
    request_id: str = "",
) -> Event:
    """Do ``action`` on ``filing`` and return the event; everything in one transaction.

    ``version`` is the version the person read, ``step`` the number of events he saw (when his page tells it).
    Raises ``Filing.DoesNotExist`` out of scope, ``Conflict`` when another act came first, ``Refused`` when
    the action is closed or lacks its comment, ``Invalid`` when a submission breaks a rule.
    """
    current = Filing.objects.visible_to(by).select_related("organisation__region").get(pk=filing.pk)
    if version != current.version or step not in (None, current.step):
        raise Conflict(current)
    chosen = _open_action(current, action, by)
    comment = checked_comment(comment)
    if chosen.needs_comment and not comment:
        raise Refused(f"{chosen.label}须写明意见，报送单位要据此知道原因。")
    changes = _EFFECTS.get(chosen.name, lambda *_: {})(current, chosen, by, to)
    at = changes.get("submitted_at") or changes.get("decided_at")  # the event and its evidence: one instant
    event = record_event(
        current, chosen.name, chosen.target, by=by, comment=comment, request_id=request_id, at=at, **changes
    )
    notify.tell(current, chosen.tells, _sentence(current, chosen, event), by=by)
    return event


def checked_comment(comment: str) -> str:
    """Return what a person wrote fit to be stored; ``Refused`` when it is too long."""
    comment = text.clean(comment)
    if (length := text.count(comment)) > COMMENT_LIMIT:
        raise Refused(f"意见最多 {COMMENT_LIMIT} 字，现在有 {length} 字，请缩短后再提交。")
    return comment


def _open_action(filing: Filing, name: str, by: User) -> Action:
    choices = {choice.action.name: choice for choice in available_actions(filing, by)}
    if name not in choices:
        raise Refused("您的岗位不能办理这个动作。")
    if choices[name].reason:
        raise Refused(f"{choices[name].action.label}现在不能办理：{choices[name].reason}。")
    return choices[name].action


def record_event(
    filing: Filing,
    action: str,
    target: str,
    *,
    by: User,
    comment: str = "",
    request_id: str = "",
    at: datetime | None = None,
    **changes: Any,
) -> Event:
    """Append the event and swap the filing to ``target``; both or neither. Used here and by ``catalogue``.

    It happened ``at`` an instant of this transaction, now unless told. Raises ``Conflict`` when the filing is
    not what ``filing`` says. Needs a transaction.
    """
    event = _event(
        filing, action, target, by=by, comment=comment, request_id=request_id, at=at or timezone.now()
    )
    _append(event)
    where = {name: getattr(filing, name) for name in ("pk", "state", "version", "step", "revision")}
    arrived = {"arrived_at": event.at} if target != filing.state else {}
    moved = {"state": target, "step": event.number, "revision": filing.revision + 1, "updated_at": event.at}
    if not swap(Filing.objects.filter(**where), **{**moved, **arrived, **changes}):
        raise Conflict(filing)
    filing.refresh_from_db()
    return event


def _append(row: Event | FilingVersion) -> None:
    """Store a numbered row; that its number is taken means somebody else acted first."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Conflict(row.filing) from None


def swap(rows, **changes: Any) -> int:
    """Update ``rows`` and return how many; a name that is taken is ``Refused`` with its sentence."""
    try:
        with transaction.atomic():
            return rows.update(**changes)
    except IntegrityError as error:
        raise as_refusal(error) from None


def as_refusal(error: IntegrityError) -> Exception:
    """Return ``Refused`` with the sentence of the broken constraint of ``Filing``, else the error itself."""
    for marks, sentence in BROKEN_CONSTRAINTS.items():
        if any(mark in str(error) for mark in marks):
            return Refused(sentence)
    return error


def _event(
    filing: Filing, action: str, target: str, *, by: User, comment: str, request_id: str, at: datetime
) -> Event:
    previous = filing.events.order_by("-number").first()
    organisation = _acting_organisation(filing, by)
    event = Event(
        filing=filing,
        number=filing.step + 1,
        version=filing.version,
        action=action,
        source=filing.state,
        target=target,
        by=by,
        by_name=str(by),
        organisation=organisation,
        organisation_name=organisation.name if organisation else "",
        comment=comment,
        at=at,
        request_id=request_id,
        previous_hash=previous.hash if previous else "",
    )
    event.hash = event.digest()
    return event


def _acting_organisation(filing: Filing, by: User):
    own = [post.organisation for post in by.posts if post.organisation_id == filing.organisation_id]
    return own[0] if own else by.organisation


def _submit(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    # Held until the end, so that no file can join between the snapshot and the change of state.
    Filing.objects.select_for_update().get(pk=filing.pk)
    record = snapshot.whole(filing)
    record.settle_before_submission()
    if found := rules.blocking(record):
        raise Invalid(found)
    now, taken = timezone.now(), snapshot.take(record)
    version = FilingVersion(
        filing=filing,
        number=filing.version,
        snapshot=taken,
        sha256=snapshot.digest(taken),
        submitted_at=now,
        submitted_by=by,
        is_late=windows.is_late(filing, now),
    )
    _append(version)
    sent = {"submitted_at": now, "submitted_by": by, "is_late": version.is_late}
    return {**sent, "accepted_at": None, "holder": None}


def _step_back(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    return {"version": filing.version + 1, "accepted_at": None, "holder": None}


def _accept(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    return {"accepted_at": timezone.now(), "holder": by}


def _assign(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    if to is None or not holds_post(action, filing, to):
        raise Refused("只能转给本级审核岗位的同事。")
    if had_a_hand_in(filing, to):
        raise Refused("不能转给提交这份填报的人。")
    return {"holder": to, "accepted_at": filing.accepted_at or timezone.now()}


def _hand_on(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    return {"accepted_at": None, "holder": None}


def _decide(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    replaces = _take_over(filing, standing=True) if action.target == State.APPROVED else {}
    return {"decided_at": timezone.now(), "decided_by": by, "holder": by, **replaces}


def _reopen(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    gives_back = _take_over(filing, standing=False) if filing.state == State.APPROVED else {}
    return {"decided_at": None, "decided_by": None, "holder": None, "accepted_at": None, **gives_back}


def _take_over(filing: Filing, *, standing: bool) -> dict:
    """Let the update of a return hold the name instead of what it updates; entries do so when published."""
    if not filing.amends_id or filing.record_type.is_catalogued:
        return {}
    updated = Filing.objects.filter(pk=filing.amends_id)
    if standing:
        updated.update(holds_name=False)
        return {"holds_name": True}
    Filing.objects.filter(pk=filing.pk).update(holds_name=False)
    swap(updated, holds_name=True)
    return {}


_EFFECTS = {
    "submit": _submit,
    "withdraw": _step_back,
    "return": _step_back,
    "accept": _accept,
    "assign": _assign,
    "endorse": _hand_on,
    "approve": _decide,
    "reject": _decide,
    "reopen": _reopen,
}


def _sentence(filing: Filing, action: Action, event: Event) -> str:
    said = f"：{event.comment}" if event.comment else "。"
    return f"《{filing}》（{filing.record_type.label}）{event.organisation_name}已{action.label}{said}"
