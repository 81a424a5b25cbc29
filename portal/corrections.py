"""What the filer of a returned filing is told: the return, each remark with its answer, what is open.

Pure reads of events and remarks; ``locks`` says what may be changed, ``remarks`` stores the answers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal import locks, remarks, rollups, text
from portal.materials import Place
from portal.models import Event, Filing, Remark
from portal.vocabulary import Level, RemarkState, ReturnReason

SHUT = "未开放"
WHOLE = "退回修改：整表开放，各栏目都可以修改"
PARTLY = "退回修改：只开放有意见的 {} 个栏目，其余保持第 {} 版原样"
BY_RULE = "本栏没有审核意见，因提交前的核对要求改动而开放。"
DESKS = {Level.CITY: "市级审核意见", Level.PROVINCE: "省级审核意见"}
KEY = re.compile(r"reply-([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True)
class Note:
    """One remark as the filer's pages show it; ``said`` is the answer as it is typed or stored."""

    remark: Remark
    label: str
    said: str = ""

    @property
    def key(self) -> str:
        """The name of the control that takes the answer."""
        return f"reply-{self.remark.pk}"

    @property
    def desk(self) -> str:
        """Whose remark it is."""
        return DESKS[self.remark.level]

    @property
    def awaits(self) -> bool:
        """Whether the filer is to answer it now."""
        return self.remark.standing == RemarkState.OPEN

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer, sent or not."""
        return bool(self.remark.reply)

    @property
    def standing(self) -> str:
        """Where it stands in words."""
        if self.awaits and self.is_answered:
            return "已写答复，随提交发出"
        return str(self.remark.standing.label)

    @property
    def problem(self) -> str:
        """Why the answer cannot be stored, empty when it can."""
        return text.too_long("答复", self.said, remarks.LIMIT) or ""


@dataclass(frozen=True)
class Spot:
    """A slot for files as the filer of a returned filing meets it."""

    place: Place
    is_shut: bool = False
    why: str = ""
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class Correction:
    """Why a form is open again: the return, its reasons, the remarks, and what is not open.

    ``shut`` are the names that are locked and that no rule demands to change; ``by_rule`` name → why it is
    open although nothing was remarked there.
    """

    event: Event
    notes: list[Note]
    remarked: list[str] | None
    version: int
    shut: tuple[str, ...] = ()
    by_rule: dict[str, str] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """How much is open."""
        if self.remarked is None:
            return WHOLE
        return PARTLY.format(len(self.remarked), self.version)

    @property
    def reasons(self) -> list[str]:
        """The typed reasons in words."""
        return [str(ReturnReason(reason).label) for reason in self.event.details.get("reasons", ())]

    @property
    def waiting(self) -> list[Note]:
        """The remarks that are to be answered before the next submission."""
        return [note for note in self.notes if note.awaits]

    @property
    def unanswered(self) -> list[Note]:
        """Those of them without a stored answer."""
        return [note for note in self.waiting if not note.is_answered]

    @property
    def replied(self) -> int:
        """How many of them have one."""
        return len(self.waiting) - len(self.unanswered)

    @property
    def settled(self) -> list[Note]:
        """The others: answered with an earlier submission."""
        return [note for note in self.notes if not note.awaits]

    def about(self, name: str) -> list[Note]:
        """Return the remarks on one name that are not closed."""
        return [n for n in self.notes if n.remark.field == name and not n.remark.closed_at]


def of(record: Filing, data: Mapping[str, Any] | None = None) -> Correction | None:
    """Return why ``record`` is open again, with the answers typed in ``data``; None when it never came back.

    Three queries, none before the first submission; a return that was recalled is none.
    """
    if not record.step:
        return None
    event = rollups.returns().filter(filing=record.pk).order_by("-number").first()
    if event is None:
        return None
    partly = record.unlocked is not None
    demanded = locks.demanded(record.record) if partly else {}
    remarked = event.details.get("unlocked", []) if partly else None
    return Correction(
        event,
        _notes(record, typed(data or {})),
        remarked,
        record.version - 1,
        tuple(name for name in locks.locked(record) if name not in demanded),
        demanded | {n: BY_RULE for n in record.unlocked or () if n not in remarked and n not in demanded},
    )


def _notes(record: Filing, said: Mapping[int, str]) -> list[Note]:
    labels = remarks.anchors(record.record_type)
    found = record.remarks.issued().order_by("pk")
    return [Note(r, labels.get(r.field, r.field), said.get(r.pk, r.reply)) for r in found]


def typed(data: Mapping[str, Any]) -> dict[int, str]:
    """Return the answers in what a form sent: number of the remark → words."""
    return {int(found[1]): data[name] for name in data if (found := KEY.fullmatch(name))}


def replies(data: Mapping[str, Any]) -> dict[int, str]:
    """Return those of them that are short enough to be stored."""
    return {pk: said for pk, said in typed(data).items() if not text.too_long("", said, remarks.LIMIT)}


def spots(places: list[Place], correction: Correction | None) -> list[Spot]:
    """Return the slots of a draft with what the return says of each."""
    if correction is None:
        return [Spot(place) for place in places]
    return [
        Spot(p, p.name in correction.shut, correction.by_rule.get(p.name, ""), correction.about(p.name))
        for p in places
    ]
