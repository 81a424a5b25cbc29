"""The workflow: ``actions.ACTIONS`` says what is open, ``perform`` is the only writer of ``Filing.state``.

Compare-and-swap on (id, state, version, step, revision) inside one transaction decides every race; the
loser gets ``Conflict``. One act and a hundred take the same way: ``perform_all`` differs in its locks alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from portal import notify, policy, remarks, text
from portal.actions import ACTIONS, Action
from portal.asked import rows, whose
from portal.effects import EFFECTS, append, as_refusal, give_way, last_hashes, swap, with_last_hash
from portal.grounds import NOTHING_SAID, UNEXPLAINED, Grounds
from portal.models import Event, Filing, User
from portal.policy import Choice, available_actions
from portal.refusals import Conflict, Invalid, Refused

__all__ = [
    "ACTIONS",
    "Action",
    "Asked",
    "Choice",
    "Conflict",
    "Invalid",
    "Outcome",
    "Refused",
    "as_refusal",
    "available_actions",
    "hold",
    "move_all",
    "perform",
    "perform_all",
    "record_all",
    "record_event",
    "swap",
]

COMMENT_LIMIT = 2000  # 字; technical, the notices set none
IN_BATCHES = ("accept", "release", "assign", "endorse", "approve", "return", "reject")
AT_ONCE = 100  # filings in one transaction of a batch
OUT_OF_SCOPE = "这件填报不在您的范围内，没有办理。"
TWICE = "这件填报在本次办理中出现了两次。"


@dataclass(frozen=True)
class Asked:
    """One act on one filing as it is asked for: on the ``version`` read, after the ``step`` seen.

    ``prepared_by``: who had written it before, where a prepared decision is made (``prepared``).
    """

    pk: int
    action: str
    version: int
    step: int | None = None
    comment: str = ""
    grounds: Grounds = NOTHING_SAID
    to: User | None = None
    prepared_by: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of one act of a batch: its event, or the obstacle: ``Refused`` or ``Conflict``."""

    asked: Asked
    event: Event | None = None
    obstacle: Exception | None = None


@dataclass
class _Step:
    """An act that is open, on its way: the event's facts, and the columns that change with it."""

    filing: Filing
    action: str
    target: str
    comment: str
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    row: Action | None = None
    event: Event | None = None


def perform(
    filing: Filing,
    action: str,
    *,
    by: User,
    version: int,
    comment: str = "",
    step: int | None = None,
    to: User | None = None,
    grounds: Grounds = NOTHING_SAID,
    request_id: str = "",
) -> Event:
    """Do ``action`` on ``filing`` and return the event; everything in one transaction.

    ``version`` is the version the person read, ``step`` the number of events he saw (when his page tells it).
    Raises ``Filing.DoesNotExist`` out of scope, ``Conflict`` when another act came first, ``Refused`` when
    the action is closed or lacks what it has to say, ``Invalid`` when a submission breaks a rule.
    """
    return _one(Asked(filing.pk, action, version, step, comment, grounds, to), by, request_id)


@transaction.atomic
def _one(asked: Asked, by: User, request_id: str) -> Event:
    hold([asked.pk], by)
    if not (found := rows(whose(by), _held, by, asked.pk)):
        raise Filing.DoesNotExist
    step = _admitted(found[0], asked, by, timezone.now())
    _carry_out([step], by, request_id)
    Event.filing.field.delete_cached_value(step.event)  # who asks for it reads it as it is now
    return step.event


def _held(by: User, *numbers: int) -> QuerySet:
    visible = Filing.objects.visible_to(by).select_related("organisation__region").filter(pk__in=numbers)
    return with_last_hash(remarks.with_any(policy.with_facts(visible, by)))


def hold(numbers: Iterable[int], by: User) -> None:
    """Lock filings until the end of the transaction, then let them be looked at; all of them in one order.

    Whoever waited here reads what was committed meanwhile, remarks on them included: they are written under
    the same lock. SQLite has one writer at a time anyway.
    """
    if connection.features.has_select_for_update:
        named = Filing.objects.visible_to(by).filter(pk__in=numbers).order_by("pk")
        list(named.select_for_update(of=("self",)).values_list("pk"))


def perform_all(asked: Sequence[Asked], *, by: User, request_id: str = "") -> list[Outcome]:
    """Do acts of review on many filings, each by the rules of ``perform``; one outcome for each, in order.

    Up to ``AT_ONCE`` filings share a transaction, in which those that are open are done and the others are
    told why not; the number of queries does not grow with them. A filing named twice is done once.
    """
    parts = [asked[i : i + AT_ONCE] for i in range(0, len(asked), AT_ONCE)]
    return [outcome for part in parts for outcome in _part(part, by, request_id)]


def _part(asked: Sequence[Asked], by: User, request_id: str) -> list[Outcome]:
    try:
        with transaction.atomic():
            return _together(asked, by, request_id)
    except (Conflict, Refused):  # one of them could not be stored: each by itself, so that it stops no other
        return [_alone(one, by, request_id) for one in asked]


def _together(asked: Sequence[Asked], by: User, request_id: str) -> list[Outcome]:
    hold({one.pk for one in asked}, by)
    found = {filing.pk: filing for filing in _held(by, *{one.pk for one in asked})}
    overtaken, at = overtaken_by(asked, found), timezone.now()
    steps: dict[int, _Step] = {}
    obstacles: list[Exception | None] = []
    for one in asked:
        try:
            if one.pk in steps or one.pk not in found:
                raise Refused(TWICE if one.pk in steps else OUT_OF_SCOPE)
            if one.action not in IN_BATCHES:
                raise Refused("这个动作不能批量办理。")
            if one in overtaken:
                raise overtaken[one]
            steps[one.pk] = _admitted(found[one.pk], one, by, at)
            obstacles.append(None)
        except (Refused, Conflict) as obstacle:
            obstacles.append(obstacle)
    _carry_out(list(steps.values()), by, request_id)
    return [
        Outcome(one, None if obstacle else steps[one.pk].event, obstacle)
        for one, obstacle in zip(asked, obstacles, strict=True)
    ]


def overtaken_by(asked: Sequence[Asked], found: Mapping[int, Filing]) -> dict[Asked, Conflict]:
    """Return what of ``asked`` somebody was quicker with, each with its conflict; one query for all."""
    late = [one for one in asked if one.pk in found and _is_late(one, found[one.pk])]
    if not late:
        return {}
    latest = Event.objects.filter(filing__in={one.pk for one in late}, number=F("filing__step"))
    events = {event.filing_id: event for event in latest.select_related("organisation")}
    return {one: Conflict(found[one.pk], events.get(one.pk)) for one in late}


def _is_late(asked: Asked, current: Filing) -> bool:
    return asked.version != current.version or asked.step not in (None, current.step)


def _alone(one: Asked, by: User, request_id: str) -> Outcome:
    try:
        event = _one(one, by, request_id)
    except (Conflict, Refused) as obstacle:
        return Outcome(one, obstacle=obstacle)
    except Filing.DoesNotExist:
        return Outcome(one, obstacle=Refused(OUT_OF_SCOPE))
    return Outcome(one, event)


def _admitted(current: Filing, asked: Asked, by: User, at: datetime) -> _Step:
    """Return the act as a step with its effects worked out; raises as ``perform`` does."""
    if _is_late(asked, current):
        raise Conflict(current)
    chosen = _open_action(current, asked.action, by)
    comment, grounds = checked_words(chosen, current, asked.comment, asked.grounds)
    details = grounds.facts() | ({"prepared_by": asked.prepared_by} if asked.prepared_by else {})
    changes = EFFECTS.get(chosen.name, lambda *_: {})(current, chosen, by, asked.to, at)
    return _Step(current, chosen.name, chosen.target, comment, at, details, dict(changes), chosen)


def checked_words(action: Action, filing: Filing, comment: str, grounds: Grounds) -> tuple[str, Grounds]:
    """Return the opinion and the grounds of an act fit to be stored; ``Refused`` when it lacks something."""
    comment = checked_comment(comment)
    if action.needs_comment and not comment:
        raise Refused(f"{action.label}须写明意见，报送单位要据此知道原因。")
    grounds = grounds.checked(filing, returns=action.name == "return")
    if grounds.failed and action.name in ("endorse", "approve") and not comment:
        raise Refused(UNEXPLAINED.format(action.label))
    return comment, grounds


def checked_comment(comment: str) -> str:
    """Return what a person wrote fit to be stored; ``Refused`` when it is too long."""
    comment = text.clean(comment)
    if (length := text.count(comment)) > COMMENT_LIMIT:
        raise Refused(f"意见最多 {COMMENT_LIMIT} 字，现在有 {length} 字，请缩短后再提交。")
    return comment


def _open_action(filing: Filing, name: str, by: User) -> Action:
    choice = policy.choice(filing, by, name)
    if choice is None:
        raise Refused("您的岗位不能办理这个动作。")
    if choice.reason:
        raise Refused(f"{choice.action.label}现在不能办理：{choice.reason}。")
    return choice.action


def _carry_out(steps: Sequence[_Step], by: User, request_id: str) -> None:
    """Let the remarks follow, write the events, swap the filings, tell the people."""
    for name in dict.fromkeys(step.action for step in steps):
        done = {step.filing.pk: step for step in steps if step.action == name}
        whole = {pk: bool(step.details.get("whole")) for pk, step in done.items()}
        at = next(iter(done.values())).at
        followed = remarks.follow(name, [s.filing for s in done.values()], at, whole=whole)
        for pk, found in followed.items():
            done[pk].details |= found.details
            done[pk].changes |= found.changes
    give_way([step.filing for step in steps if step.changes.get("holds_name")])
    _write(steps, by, request_id)
    told = [(step.filing, step.row.tells, _sentence(step.filing, step.row, step.event)) for step in steps]
    notify.tell_all(told, by=by)


def record_event(
    filing: Filing,
    action: str,
    target: str,
    *,
    by: User,
    comment: str = "",
    request_id: str = "",
    at: datetime | None = None,
    details: dict[str, Any] | None = None,
    **changes: Any,
) -> Event:
    """Append the event and swap the filing to ``target``; both or neither. For acts beside the workflow's.

    It happened ``at`` an instant of this transaction, now unless told. Raises ``Conflict`` when the filing is
    not what ``filing`` says. Needs a transaction.
    """
    step = _Step(filing, action, target, comment, at or timezone.now(), details or {}, changes)
    _write([step], by, request_id)
    filing.refresh_from_db()
    return step.event


def record_all(
    filings: Sequence[Filing],
    action: str,
    *,
    by: User,
    comment: str,
    request_id: str = "",
    changes: Mapping[int, dict[str, Any]] | None = None,
) -> list[Event]:
    """Append the event ``action`` to each of ``filings``, which stay in their states; all of them or none.

    ``changes``: primary key → columns that change with it. Raises ``Conflict``; needs a transaction.
    """
    at, changes = timezone.now(), changes or {}
    steps = [_Step(f, action, f.state, comment, at, changes=dict(changes.get(f.pk, {}))) for f in filings]
    _write(steps, by, request_id)
    return [step.event for step in steps]


def move_all(
    filings: Sequence[Filing],
    action: str,
    target: str,
    said: Sequence[tuple[str, dict]],
    *,
    by: User,
    at: datetime,
    **changes: Any,
) -> list[Event]:
    """Move filings to ``target`` by acts of ``historical``, which pass no desk; all of them or none.

    ``said``: comment and details of each. Raises ``Conflict``; needs a transaction.
    """
    told = zip(filings, said, strict=True)
    steps = [_Step(f, action, target, words, at, facts, changes) for f, (words, facts) in told]
    _write(steps, by, "")
    return [step.event for step in steps]


def _write(steps: Sequence[_Step], by: User, request_id: str) -> None:
    """Append the events and swap the filings, all or none. Needs a transaction."""
    if not steps:
        return
    previous = last_hashes([step.filing for step in steps])
    for step in steps:
        step.event = _event(step, by, request_id, previous.get(step.filing.pk, ""))
    alike: dict[str, list[_Step]] = defaultdict(list)
    for one in steps:
        alike[f"{one.target} {one.target != one.filing.state} {one.at} {sorted(one.changes)}"].append(one)
    with transaction.atomic():  # both or neither, whoever catches the obstacle
        append(*(step.event for step in steps))
        for group in alike.values():
            _swap(group)


def _swap(steps: Sequence[_Step]) -> None:
    """Move filings in which the same changes, if each is still as it was read; else ``Conflict``."""
    first, as_read = steps[0], Q()
    alike: dict[tuple, list[int]] = defaultdict(list)
    for f in (step.filing for step in steps):
        alike[f.state, f.version, f.step, f.revision].append(f.pk)
    for (state, version, number, revision), pks in alike.items():
        as_read |= Q(pk__in=pks, state=state, version=version, step=number, revision=revision)
    arrived = {"arrived_at": first.at} if first.target != first.filing.state else {}
    moved = {"state": first.target, "step": F("step") + 1, "revision": F("revision") + 1}
    changes = {**moved, "updated_at": first.at, **arrived, **{n: _value(n, steps) for n in first.changes}}
    if swap(Filing.objects.filter(as_read), **changes) != len(steps):
        raise Conflict(first.filing)


def _value(name: str, steps: Sequence[_Step]) -> Any:
    """Return what to store in a column: the value all steps have, or each its own."""
    values = [step.changes[name] for step in steps]
    if all(value == values[0] for value in values):
        return values[0]
    column = Filing._meta.get_field(name)
    named = ((s.filing.pk, value) for s, value in zip(steps, values, strict=True) if value is not None)
    cases = [When(pk=pk, then=Value(value, output_field=column)) for pk, value in named]
    return Case(*cases, default=None, output_field=column)


def _event(step: _Step, by: User, request_id: str, previous_hash: str) -> Event:
    filing, organisation = step.filing, _acting_organisation(step.filing, by)
    event = Event(
        filing=filing,
        number=filing.step + 1,
        version=filing.version,
        action=step.action,
        source=filing.state,
        target=step.target,
        by=by,
        by_name=str(by),
        organisation=organisation,
        organisation_name=organisation.name if organisation else "",
        comment=step.comment,
        details=step.details,
        at=step.at,
        request_id=request_id,
        previous_hash=previous_hash,
    )
    event.hash = event.digest()
    return event


def _acting_organisation(filing: Filing, by: User):
    own = [post.organisation for post in by.posts if post.organisation_id == filing.organisation_id]
    return own[0] if own else by.organisation


def _sentence(filing: Filing, action: Action, event: Event) -> str:
    said = f"：{event.comment}" if event.comment else "。"
    return f"《{filing}》（{filing.record_type.label}）{event.organisation_name}已{action.label}{said}"
