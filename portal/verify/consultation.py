"""Invariants of joint opinions: rows and events tell the same of every question, answer and withdrawal."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone

from portal.models import Event, JointOpinion
from portal.opinions import ANSWERED, ASKED, DESKS, TAKEN_BACK

Acts = dict[int, list[Event]]  # number of a question → its events of one kind, oldest first


def of_consultations() -> Iterator[str]:
    """Yield the faults of all joint opinions; looked at twice, for an act between two queries is none."""
    if list(_look()):
        yield from _look()


def _look() -> Iterator[str]:
    rows = {o.pk: o for o in JointOpinion.objects.select_related("organisation__region").order_by("pk")}
    acts = {action: _by_question(action) for action in (ASKED, ANSWERED, TAKEN_BACK)}
    for action, found in acts.items():
        for number in sorted(set(found) - set(rows)):
            event = found[number][0]
            yield f"填报 {event.filing_id}：流转记录 {event.number}（{action}）所说的会商意见没有留存。"
    for number, row in rows.items():
        faults = of_opinion(row, *(found.get(number, []) for found in acts.values()))
        yield from (f"会商意见 {number}：{fault}" for fault in faults)


def _by_question(action: str) -> Acts:
    found: Acts = defaultdict(list)
    for event in Event.objects.filter(action=action).order_by("filing_id", "number"):
        numbers = event.details.get("asked", [event.details]) if action == ASKED else [event.details]
        for one in numbers:
            found[one.get("opinion", 0)].append(event)
    return dict(found)


def of_opinion(
    row: JointOpinion, asked: list[Event], answers: list[Event], taken_back: list[Event]
) -> Iterator[str]:
    """Yield where one question is not what its events say."""
    if len(asked) != 1:
        yield f"征求记录应有 1 条，实有 {len(asked)} 条。"
    for event in asked[:1]:
        if _asked(row) != _asked_by(event):
            yield "与征求记录不一致。"
        if DESKS.get(row.organisation.region.level) != event.source:
            yield "征求的不是本级部门。"
    yield from _of_answers(row, answers)
    withdrawals = [row.withdrawn_at] if row.withdrawn_at else []
    if withdrawals != [event.at for event in taken_back]:
        yield "撤回与撤回记录不一致。"


def _asked(row: JointOpinion) -> tuple[Any, ...]:
    return row.filing_id, row.version, row.asked_by_id, row.asked_at, row.question, str(row.due_on)


def _asked_by(event: Event) -> tuple[Any, ...]:
    said = event.details.get("question"), event.details.get("due_on")
    return event.filing_id, event.version, event.by_id, event.at, *said


def _of_answers(row: JointOpinion, answers: Iterable[Event]) -> Iterator[str]:
    """Yield where the row does not hold the last answer, or an answer is wrongly late or in time."""
    facts = [(e.by_id, e.at, e.details.get("conclusion"), e.details.get("text")) for e in answers]
    held = (row.answered_by_id, row.answered_at, row.conclusion, row.opinion)
    if facts[-1:] != ([held] if row.answered_at else []):
        yield "与最后一条答复记录不一致。" if facts else "已答复，没有答复记录。"
    for event in answers:
        if (timezone.localdate(event.at) > row.due_on) != bool(event.details.get("late")):
            yield f"流转记录 {event.number} 的逾期标记不符。"
        if (event.filing_id, event.version) != (row.filing_id, row.version):
            yield f"流转记录 {event.number} 答复的不是这一版。"
