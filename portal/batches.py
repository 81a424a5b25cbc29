"""Many filings in one act: what was ticked, what is open of it to this person, what became of each.

Decides nothing: ``workflow.perform_all``, ``catalogue.publish_all`` and ``prepared.release`` do. The queries
do not grow with the filings.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from portal import catalogue, decision, inbox, opinions, policy, prepared, reading, registry, workflow
from portal.actions import ACTIONS
from portal.grounds import Grounds
from portal.models import Event, Filing, User
from portal.vocabulary import State
from portal.workflow import Asked, Conflict, Outcome

MOST = 500
TOO_MANY = f"一次最多办理 {MOST} 件，请分几次选择。没有办理任何一件。"
NONE_TICKED = "还没有选择填报，请先在列表中勾选。"
PUBLISH = "publish"
# What can be done to many at once → how the page is called; each line has the word of its own route.
ACTS = {
    "accept": "受理",
    "endorse": "审核上报",
    "approve": "审核通过",
    "return": "退回修改",
    "reject": "不予通过",
    PUBLISH: "公布",
}
NO_POST = "您的岗位不能办理这个动作"
_ITEM = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,8})-([0-9]{1,9})", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


class Malformed(ValueError):
    """What was sent is no list of filings."""


@dataclass(frozen=True)
class Item:
    """One filing as it was ticked: on the version and after the step that the list showed."""

    pk: int
    version: int
    step: int

    def __str__(self) -> str:
        return f"{self.pk}-{self.version}-{self.step}"


def item_of(filing: Filing) -> str:
    """Return the value of the box that ticks ``filing`` as it is read now."""
    return str(Item(filing.pk, filing.version, filing.step))


def read_items(values: Iterable[str]) -> list[Item]:
    """Return what was ticked, each once and in order; ``Malformed`` when a value is no item."""
    return [Item(*map(int, parts)) for parts in _parts(values, _ITEM)]


def read_numbers(values: Iterable[str]) -> list[int]:
    """Return the primary keys that were ticked, each once and in order; ``Malformed`` as above."""
    return [int(number) for (number,) in _parts(values, re.compile(f"({_NUMBER.pattern})", re.ASCII))]


def _parts(values: Iterable[str], pattern: re.Pattern) -> list[tuple[str, ...]]:
    found = [pattern.fullmatch(value) for value in dict.fromkeys(values)]
    if not all(found):
        raise Malformed
    return [match.groups() for match in found]


@dataclass(frozen=True)
class Row:
    """One ticked filing before the act: what it is, and why the act is closed if it is."""

    item: str
    title: str
    reason: str
    page: str = ""
    about: str = ""
    bureau: str = ""
    version: int = 0
    state: str = ""
    word: str = ""
    label: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the act is open to the person who asks."""
        return not self.reason


def rows(items: Sequence[Item], action: str, user: User) -> list[Row]:
    """Return a row for each item as it is now; what ``user`` may not see says so and no more."""
    filings = _filings([item.pk for item in items], user)
    asked = {item: Asked(item.pk, action, item.version, item.step) for item in items}
    late = workflow.overtaken_by(list(asked.values()), filings)
    reasons = _reasons(list(filings.values()), action, user)
    notes = _notes([pk for pk, (_, reason) in reasons.items() if not reason], action, user)
    return [
        _row(item, filings[item.pk], user, late.get(asked[item]), *reasons[item.pk], notes.get(item.pk, ()))
        if item.pk in filings
        else Row(str(item), "（不在范围内）", "不在您的范围内")
        for item in items
    ]


def _filings(pks: Iterable[int], user: User) -> dict[int, Filing]:
    """Return the filings ``user`` may see with all that a line shows; one query."""
    found = policy.with_facts(reading.with_sent(Filing.objects.visible_to(user)), user)
    found = found.select_related("organisation__region", "holder", "entry").filter(pk__in=list(pks))
    return {filing.pk: filing for filing in found}


def _reasons(filings: Sequence[Filing], action: str, user: User) -> dict[int, tuple[str, str]]:
    """Return filing → (what the act is called for it, why it is closed)."""
    if action == PUBLISH:
        found = catalogue.why_unpublishable_all(filings, user)
        return {pk: (ACTS[PUBLISH], reason.rstrip("。")) for pk, reason in found.items()}
    choices = {filing.pk: policy.choice(filing, user, action) for filing in filings}
    return {
        pk: (choice.action.label, choice.reason) if choice else (ACTS[action], NO_POST)
        for pk, choice in choices.items()
    }


def _notes(pks: Sequence[int], action: str, user: User) -> dict[int, tuple[str, ...]]:
    """Return filing → what has to be known before it is decided: who has not answered, what is prepared."""
    if action not in decision.WEIGHED:
        return {}
    waiting = opinions.unanswered(pks)
    kept = prepared.seen_by(user).filter(filing__in=pks).select_related("filing__organisation__region")
    words = {
        row.filing_id: f"已有{prepared.words_of(row.action, row.filing)}的结论"
        for row in kept
        if not prepared.is_outdated(row, row.filing)
    }
    return {pk: tuple(told[pk] for told in (waiting, words) if pk in told) for pk in pks}


def _row(
    item: Item,
    filing: Filing,
    user: User,
    late: Conflict | None,
    label: str,
    reason: str,
    notes: tuple[str, ...],
) -> Row:
    state, word = inbox.standing(filing)
    return Row(
        item=str(item),
        title=reading.title_for(filing, user),
        reason=f"列表打开以后有变动：{_who(late.event, filing, user)}" if late and not reason else reason,
        page=reverse("filing", args=[filing.pk]),
        about=str(filing.record_type.label),
        bureau=filing.organisation.short_name,
        version=filing.version,
        state=state,
        word=word,
        label=label,
        notes=notes,
    )


def _who(event: Event | None, filing: Filing, user: User) -> str:
    """Return who did what and when, in words."""
    event = decision.told_of(event, filing, user)
    if event is None:
        return "内容已修改"
    at = timezone.localtime(event.at).strftime("%Y-%m-%d %H:%M:%S")
    did = decision.said(event, filing)
    if event.by_id == user.pk:
        return f"刚刚已由您办理“{did}”（{at}）"
    return f"{event.organisation_name} {event.by_name}于 {at} 办理了“{did}”"


def heading(action: str, lines: Sequence[Row]) -> str:
    """Return what a batch is called: the word of its filings where all have the same, else the usual one."""
    words = {line.label for line in lines if line.is_open}
    return words.pop() if len(words) == 1 else ACTS[action]


def needs_comment(action: str) -> bool:
    """Say whether an act needs an opinion."""
    return any(row.needs_comment for row in ACTIONS if row.name == action)


def has_levelled(items: Sequence[Item], user: User) -> bool:
    """Say whether ``items`` are published at a level: one of them is new in a levelled catalogue."""
    found = Filing.objects.visible_to(user).filter(pk__in=[item.pk for item in items], amends=None)
    kinds = found.order_by().values_list("kind", flat=True).distinct()
    return any(registry.get(kind).levelled for kind in kinds)


def asked_of(items: Iterable[Item], action: str, comment: str, grounds: Grounds) -> list[Asked]:
    """Return an act on the items, each on the version that was ticked, with the same words for all."""
    return [Asked(item.pk, action, item.version, item.step, comment, grounds) for item in items]


@dataclass(frozen=True)
class Result:
    """What became of one filing, in words; ``retry`` ticks it again, empty where there is nothing to do."""

    title: str
    is_done: bool
    said: str
    page: str = ""
    bureau: str = ""
    state: str = ""
    word: str = ""
    entry: str = ""
    retry: str = ""


def results(outcomes: Sequence[Outcome], user: User) -> list[Result]:
    """Return what to tell ``user`` of each outcome; the filings are read once more, as they are now."""
    filings = _filings([outcome.asked.pk for outcome in outcomes], user)
    return [_result(outcome, filings.get(outcome.asked.pk), user) for outcome in outcomes]


def _result(outcome: Outcome, filing: Filing | None, user: User) -> Result:
    if filing is None:
        return Result("（不在范围内）", is_done=False, said=str(outcome.obstacle))
    state, word = inbox.standing(filing)
    entry = inbox.entry_of(filing)
    return Result(
        title=reading.title_for(filing, user),
        is_done=outcome.event is not None,
        said=_said(outcome, filing, user),
        page=reverse("filing", args=[filing.pk]),
        bureau=filing.organisation.short_name,
        state=state,
        word=word,
        entry=entry.code if entry else "",
        retry="" if outcome.event or _is_settled(outcome, filing, user) else item_of(filing),
    )


def _is_settled(outcome: Outcome, filing: Filing, user: User) -> bool:
    """Say whether there is nothing to try again: the act was done meanwhile, or the filing left the desk."""
    if _is_own(outcome.obstacle, user):
        return True
    if outcome.asked.action == PUBLISH:
        return filing.state != State.APPROVED or inbox.entry_of(filing) is not None
    found = policy.choice(filing, user, outcome.asked.action)
    if found is None or filing.state not in found.action.sources:
        return True
    return found.action.unaccepted and filing.accepted_at is not None


def _is_own(obstacle: Exception | None, user: User) -> bool:
    """Say whether what came first was the person's own act: there is nothing to try again."""
    is_late = isinstance(obstacle, Conflict) and obstacle.event is not None
    return is_late and obstacle.event.by_id == user.pk


def _said(outcome: Outcome, filing: Filing, user: User) -> str:
    if outcome.event:
        return f"已{decision.said(outcome.event, filing)}"
    if isinstance(outcome.obstacle, Conflict):
        return f"没有办理：{_who(outcome.obstacle.event, filing, user)}"
    return f"没有办理：{outcome.obstacle}"


@dataclass(frozen=True)
class PreparedLine:
    """One prepared decision of the desk: what is to be decided, and why it cannot be made now."""

    pk: int
    title: str
    page: str
    about: str
    bureau: str
    label: str
    comment: str
    reasons: list[str]
    by: User
    is_mine: bool
    at: object
    reason: str
    waiting: str


def prepared_lines(user: User, *, mine: bool = False) -> list[PreparedLine]:
    """Return the prepared decisions of ``user``'s desks, oldest first; at most ``MOST``, three queries."""
    found = prepared.seen_by(user).select_related("by").order_by("created_at", "pk")
    kept = list(found.filter(by=user)[:MOST] if mine else found[:MOST])
    filings = _filings([row.filing_id for row in kept], user)
    waiting = opinions.unanswered(list(filings))
    return [
        _line(row, filings[row.filing_id], user, waiting.get(row.filing_id, ""))
        for row in kept
        if row.filing_id in filings
    ]


def _line(row, filing: Filing, user: User, waiting: str) -> PreparedLine:
    return PreparedLine(
        pk=row.pk,
        title=reading.title_for(filing, user),
        page=reverse("filing", args=[filing.pk]),
        about=f"{filing.record_type.label} · 第 {row.version} 版",
        bureau=filing.organisation.short_name,
        label=prepared.words_of(row.action, filing),
        comment=row.comment,
        reasons=prepared.reasons_of(row),
        by=row.by,
        is_mine=row.by_id == user.pk,
        at=row.created_at,
        reason=_why_not_made(row, filing, user),
        waiting=waiting,
    )


def _why_not_made(row, filing: Filing, user: User) -> str:
    if prepared.is_outdated(row, filing):
        return "填报在拟办以后有变动，请重新拟办或撤销"
    choice = policy.choice(filing, user, row.action)
    return choice.reason if choice else "由本级审批岗位作出"
