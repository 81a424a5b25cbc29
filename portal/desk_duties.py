"""What waits for a person and is no filing: editions, objections, history registered by a colleague.

Pure reads for one strip above the queue; the rules are those of the modules that do what waits.
"""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse

from portal import asked, edition_policy, historical, objections
from portal.models import ObjectionStage, User

EDITION_ACTS = {"approve": "待审定", "publish": "待发布"}


@dataclass(frozen=True)
class Duty:
    """One kind of thing that waits: what, how many, where it is done."""

    text: str
    number: int
    url: str


def of(user: User) -> list[Duty]:
    """Return what else waits for ``user``; three queries at most."""
    return [*_editions(user), *_objections(user), *_registrations(user)]


def _editions(user: User) -> list[Duty]:
    if not edition_policy.works_on_editions(user):
        return []
    waiting: dict[str, list[int]] = {name: [] for name in EDITION_ACTS}
    for edition in asked.rows(asked.whose(user), _proposed, user):
        for choice in edition_policy.choices(edition, user):
            if choice.is_open and choice.name in EDITION_ACTS:
                waiting[choice.name].append(edition.pk)
    return [
        Duty(f"目录版次{EDITION_ACTS[name]}", len(pks), _address("edition", "desk-editions", pks))
        for name, pks in waiting.items()
        if pks
    ]


def _proposed(user: User) -> QuerySet:
    found = edition_policy.visible_to(user).in_preparation().exclude(proposed_at=None)
    return found.order_by("pk")


def _objections(user: User) -> list[Duty]:
    found = asked.rows(asked.whose(user), _unsettled, user)
    unanswered = [o.pk for o in found if o.stage == ObjectionStage.OPEN]
    answered = [o.pk for o in found if not objections.why_not_close(o, user)]
    duties = {"异议待答复": unanswered, "异议待办结": answered}
    return [
        Duty(text, len(pks), _address("objection", "notice-list", pks)) for text, pks in duties.items() if pks
    ]


def _unsettled(user: User) -> QuerySet:
    return objections.visible_to(user).exclude(stage=ObjectionStage.CLOSED).order_by("pk")


def _registrations(user: User) -> list[Duty]:
    if historical.bureau_of(user, historical.CONFIRM) is None:
        return []
    pks = asked.rows(asked.whose(user), _unconfirmed, user)
    return [Duty("历史结果待确认", len(pks), _address("history", "history-list", pks))] if pks else []


def _unconfirmed(user: User) -> QuerySet:
    found = historical.visible_to(user).exclude(proposed_at=None).exclude(upload__created_by=user)
    waiting = found.filter(upload__committed_at=None, upload__abandoned_at=None)
    return waiting.order_by("pk").values_list("pk", flat=True)


def _address(one: str, many: str, pks: list[int]) -> str:
    return reverse(one, args=pks) if len(pks) == 1 else reverse(many)
