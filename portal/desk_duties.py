"""What waits for a person and is no filing: editions to approve or publish, objections to answer or close.

Pure reads for one strip above the queue; the rules are those of ``edition_policy`` and ``objections``.
"""

from dataclasses import dataclass

from django.urls import reverse

from portal import edition_policy, objections
from portal.models import ObjectionStage, User

EDITION_ACTS = {"approve": "待审定", "publish": "待发布"}


@dataclass(frozen=True)
class Duty:
    """One kind of thing that waits: what, how many, where it is done."""

    text: str
    number: int
    url: str


def of(user: User) -> list[Duty]:
    """Return what else waits for ``user``; two queries at most."""
    return [*_editions(user), *_objections(user)]


def _editions(user: User) -> list[Duty]:
    if not edition_policy.works_on_editions(user):
        return []
    waiting: dict[str, list[int]] = {name: [] for name in EDITION_ACTS}
    found = edition_policy.visible_to(user).in_preparation().exclude(proposed_at=None)
    for edition in found.order_by("pk"):
        for choice in edition_policy.choices(edition, user):
            if choice.is_open and choice.name in EDITION_ACTS:
                waiting[choice.name].append(edition.pk)
    return [
        Duty(f"目录版次{EDITION_ACTS[name]}", len(pks), _address("edition", "desk-editions", pks))
        for name, pks in waiting.items()
        if pks
    ]


def _objections(user: User) -> list[Duty]:
    found = objections.visible_to(user).exclude(stage=ObjectionStage.CLOSED).order_by("pk")
    unanswered = [o.pk for o in found if o.stage == ObjectionStage.OPEN]
    answered = [o.pk for o in found if not objections.why_not_close(o, user)]
    duties = {"异议待答复": unanswered, "异议待办结": answered}
    return [
        Duty(text, len(pks), _address("objection", "notice-list", pks)) for text, pks in duties.items() if pks
    ]


def _address(one: str, many: str, pks: list[int]) -> str:
    return reverse(one, args=pks) if len(pks) == 1 else reverse(many)
