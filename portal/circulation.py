"""流转单: who did what with a filing, where, on which post, with which words and when.

Pure reads of the events. What the desks keep to themselves, findings and joint opinions, is told only to
those who may read it (``opinions.may_read``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from portal import checklist, documents, inbox, opinions, reading, remarks
from portal.actions import ACTIONS
from portal.authenticity import concerned
from portal.decision import said
from portal.documents import Check, PrintedCirculation
from portal.grounds import from_facts
from portal.models import Event, Filing, FilingVersion, Membership, User
from portal.vocabulary import DECIDED, ReturnReason, Role

CREATED = "创建"
WORDS = {
    "submit": "提交",  # the version has a column of its own
    opinions.ASKED: "征求会商意见",
    opinions.ANSWERED: "会商意见",
    opinions.TAKEN_BACK: "撤回会商征求",
}
# Whose post an act is done on, where the table of the acts does not say it.
POSTS = {
    **{name: (Role.PUBLISHER,) for name in ("publish", "promote", "exit")},
    "report": (Role.FILER,),
    "defend": (Role.FILER,),
    opinions.ANSWERED: (Role.JOINT_REVIEWER,),
    "register": (Role.APPROVER, Role.PUBLISHER),
    "revoke": (Role.APPROVER,),
}


@dataclass(frozen=True)
class Line:
    """One act: ``post`` is the role held there on that day, ``words`` the opinion and what it rests on."""

    number: int
    version: int
    act: str
    unit: str
    person: str
    post: str
    words: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Circulation:
    """The whole course of a filing; ``check`` is of the version decided, or else of the last submitted."""

    title: str
    kind: str
    organisation: str
    word: str
    version: int | None
    check: Check | None
    is_demo: bool
    is_inside: bool
    lines: tuple[Line, ...]

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """(label, words) of what went its way."""
        decided = f"{self.word}（第 {self.version} 版）" if self.version else self.word
        pairs = {"事项": self.title, "类型": self.kind, "报送单位": self.organisation, "现状": decided}
        return tuple(pairs.items())

    def printed(self) -> PrintedCirculation:
        """Return it as it is printed."""
        rows = tuple(
            (str(n.number), str(n.version), n.act, n.unit, n.person, n.post, "\n".join(n.words), stamp(n.at))
            for n in self.lines
        )
        marks = ("演示数据",) if self.is_demo else ()
        return PrintedCirculation(self.facts, rows, self.organisation, marks, self.check)


def read(filing: Filing, user: User, *, base: str = "") -> Circulation:
    """Return the course of ``filing`` as ``user`` may read it; needs ``organisation.region`` and ``amends``.

    ``base``: scheme and host under which the sheet is checked.
    """
    is_inside = opinions.may_read(filing, user)
    events = list(filing.events.select_related("organisation").order_by("number"))
    versions = {version.number: version for version in filing.versions.order_by("number")}
    shown = _shown(filing, versions)
    return Circulation(
        title=reading.name_for(filing, user),
        kind=filing.record_type.label,
        organisation=filing.organisation.name,
        word=inbox.standing(filing)[1],
        version=shown.number if shown else None,
        check=documents.check_of(shown, base=base) if shown else None,
        is_demo=filing.is_demo,
        is_inside=is_inside,
        lines=tuple(_lines(filing, events, versions, is_inside)),
    )


def stamp(at: datetime) -> str:
    """Return an instant as it is printed."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def _shown(filing: Filing, versions: Mapping[int, FilingVersion]) -> FilingVersion | None:
    if filing.state in DECIDED:
        return versions.get(filing.version)
    return versions[max(versions)] if versions else None


def _lines(filing: Filing, events: list[Event], versions: Mapping[int, FilingVersion], is_inside: bool):
    posts = _Posts(filing, events)
    rests = _Rests(filing, events, versions, is_inside)
    begun = (f"{inbox.amends(filing)}自《{filing.amends}》。",) if filing.amends_id else ()
    person, bureau = filing.created_by, filing.organisation
    post = posts.held(filing.created_by_id, bureau.pk, filing.created_at, (Role.FILER,))
    yield Line(1, 1, CREATED, bureau.name, str(person), post, begun, filing.created_at)
    told = [pair for pair in concerned(events) if is_inside or pair[0].action not in opinions.INSIDE]
    for number, (event, version) in enumerate(told, 2):
        label = WORDS.get(event.action) or said(event, filing)
        yield Line(
            number,
            version,
            label,
            event.organisation_name,
            event.by_name,
            posts.of(event),
            tuple(rests.words(event)),
            event.at,
        )


class _Posts:
    """The roles that the people of a filing held on the days they acted; one query.

    An event keeps name and unit. The role is told by the memberships, which are dated and never deleted.
    """

    def __init__(self, filing: Filing, events: Iterable[Event]):
        people = {filing.created_by_id, *(event.by_id for event in events)}
        self.memberships = list(Membership.objects.filter(user_id__in=people).order_by("pk"))

    def of(self, event: Event) -> str:
        """Return the role under which somebody did an act."""
        rows = [action.roles for action in ACTIONS if action.name == event.action]
        wanted = POSTS.get(event.action) or {role for roles in rows for role in roles}
        return self.held(event.by_id, event.organisation_id, event.at, wanted)

    def held(self, person: int, unit: int | None, at: datetime, wanted) -> str:
        """Return in words the roles of ``wanted`` a person held at a unit, any role where none is wanted."""
        day = timezone.localdate(at)
        held = [
            Role(m.role)
            for m in self.memberships
            if (m.user_id, m.organisation_id) == (person, unit) and _in_force(m, day)
        ]
        fitting = [role for role in held if role in wanted] or held
        return "、".join(dict.fromkeys(role.label for role in fitting))


def _in_force(membership: Membership, day: date) -> bool:
    began, ended = membership.valid_from, membership.valid_to
    return (began is None or began <= day) and (ended is None or day < ended)


class _Rests:
    """What the acts of one filing rest on, in lines."""

    def __init__(
        self, filing: Filing, events: list[Event], versions: Mapping[int, FilingVersion], is_inside: bool
    ):
        self.versions, self.is_inside = versions, is_inside
        self.labels = remarks.anchors(filing.record_type)
        sent = [remark for event in events for remark in event.details.get("remarks", ())]
        self.fields = {remark["remark"]: remark["field"] for remark in sent}

    def words(self, event: Event):
        """Yield the lines of one act: the opinion, reasons, remarks and answers, inside matters last."""
        if event.comment:
            yield event.comment
        if event.action == "submit" and self._was_late(event.version):
            yield "逾期提交。"
        details = event.details
        if reasons := details.get("reasons"):
            yield f"退回原因：{'、'.join(ReturnReason(name).label for name in reasons)}。"
        if details.get("whole"):
            yield "整表退回，全部栏目开放修改。"
        yield from self._remarks(details)
        yield from _inside(details) if self.is_inside else _asked(details)

    def _remarks(self, details: Mapping[str, Any]):
        for remark in details.get("remarks", ()):
            yield f"意见（{self._label(remark['field'])}）：{remark['text']}"
        for reply in details.get("replies", ()):
            yield f"答复（{self._label(self.fields.get(reply['remark'], ''))}）：{reply['reply']}"

    def _was_late(self, number: int) -> bool:
        return number in self.versions and self.versions[number].is_late

    def _label(self, field: str) -> str:
        return self.labels.get(field, field)


def _asked(details: Mapping[str, Any]):
    """Yield what everybody is told of a question to the joint departments: that they were asked."""
    if asked := details.get("asked"):
        yield f"征求：{'、'.join(one['department'] for one in asked)}。"


def _inside(details: Mapping[str, Any]):
    """Yield what only the desks read: findings, who prepared a decision, joint questions and opinions."""
    for number, found in enumerate(from_facts(details).findings, 1):
        yield f"条件{number}（{found.criterion}）：{checklist.in_words(found)}"
    if prepared := details.get("prepared_by"):
        yield f"拟办：{prepared}。"
    yield from opinions.notes(details)
