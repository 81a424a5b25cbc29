"""Prepared decisions (拟办结论): written by a desk, seen by it alone, made together later (``release``).

The only writer of ``PreparedDecision``. Nothing of it reaches the filing, its events or anybody's messages
before it is made; who holds the filing's row decides every race.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from portal import access_log, policy, scope
from portal.actions import ACTIONS, REVIEWERS, Action
from portal.grounds import NOTHING_SAID, Finding, Grounds, from_facts
from portal.models import Act, Filing, FilingVersion, PreparedDecision, User
from portal.policy import Choice
from portal.refusals import Conflict, Refused
from portal.remarks import desk_of
from portal.vocabulary import ReturnReason, Role, State
from portal.workflow import AT_ONCE, Asked, Outcome, checked_words, hold, overtaken_by, perform_all

ACTS = ("endorse", "approve", "return", "reject")
GONE = "这份拟办结论已被撤销或替换，没有办理。请刷新页面查看。"
LACKS_A_REASON = "退回须选择至少一项原因，报送单位要据此修改。"
_QUEUES = {"city": State.CITY_REVIEW, "province": State.PROVINCE_REVIEW}


def label_of(action: Action) -> str:
    """Return what a prepared act is called: 拟通过, 拟上报, 拟退回修改, 拟不予通过, 拟准予备案."""
    return f"拟{action.label.removeprefix('审核')}"


def acts(filing: Filing, user: User) -> list[Choice]:
    """Return the acts that ``user`` may prepare for ``filing`` now, each open or with the reason why not.

    Whoever reviews at the desk prepares what another post of the same desk makes (拟办). None elsewhere.
    """
    if not policy.sits_at_desk(filing, user) or policy.had_a_hand_in(filing, user):
        return []
    rows = [row for name in ACTS for row in ACTIONS if row.name == name and _fits(row, filing)]
    return [Choice(row, policy.why_closed(row, filing, user)) for row in rows]


def _fits(row: Action, filing: Filing) -> bool:
    region = filing.organisation.region
    return filing.state in row.sources and filing.route in row.routes and region.level in row.at


@transaction.atomic
def prepare(
    filing: Filing,
    action: str,
    *,
    comment: str = "",
    grounds: Grounds = NOTHING_SAID,
    by: User,
    version: int,
    step: int | None = None,
) -> PreparedDecision:
    """Keep a decision on the ``version`` that was read, instead of the one the desk had prepared before.

    Raises ``Filing.DoesNotExist`` out of scope, ``Conflict`` when another act came first, ``Refused`` when
    the act is not the desk's or lacks what it has to say.
    """
    current = _held([filing.pk], by).get(filing.pk)
    if current is None:
        raise Filing.DoesNotExist
    if version != current.version or step not in (None, current.step):
        raise Conflict(current)
    row = _open_row(current, action, by)
    comment, grounds = checked_words(row, current, comment, grounds)
    if row.name == "return" and not grounds.reasons:
        raise Refused(LACKS_A_REASON)
    _live().filter(filing_id=current.pk).update(dropped_at=timezone.now())
    return PreparedDecision.objects.create(
        filing_id=current.pk,
        version=version,
        level=desk_of(current),
        action=row.name,
        comment=comment,
        grounds=grounds.facts(),
        by=by,
    )


def _open_row(filing: Filing, name: str, by: User) -> Action:
    choice = next((choice for choice in acts(filing, by) if choice.action.name == name), None)
    if choice is None:
        raise Refused("这件填报现在不在您的审核岗位，不能拟办这个结论。")
    if choice.reason:
        raise Refused(f"现在不能{label_of(choice.action)}：{choice.reason}。")
    return choice.action


def _held(pks: Sequence[int], by: User) -> dict[int, Filing]:
    """Return the filings in the scope of ``by``, read once they are held until the end of the transaction."""
    hold(pks, by)
    visible = Filing.objects.visible_to(by).filter(pk__in=pks)
    found = policy.with_facts(visible, by).select_related("organisation__region")
    return {filing.pk: filing for filing in found}


def _live() -> QuerySet:
    return PreparedDecision.objects.filter(released_at=None, dropped_at=None)


def seen_by(user: User) -> QuerySet:
    """Return the prepared decisions that ``user`` may know of: of his own desk, none on what he filed."""
    desks = Q(pk__in=[])
    for post in user.posts:
        if post.role in REVIEWERS and post.organisation.is_hrss:
            inside = scope.within("filing__region_id", post.organisation.region_id)
            desks |= Q(level=post.organisation.region.level) & inside
    files = [post.organisation_id for post in user.posts if post.role == Role.FILER]
    sent = FilingVersion.objects.filter(filing=OuterRef("filing"), submitted_by=user)
    filed = Q(filing__organisation__in=user.filed_for) & Exists(sent)
    own = Q(filing__created_by=user) | Q(filing__submitted_by=user) | Q(filing__organisation__in=files)
    return _live().filter(desks).exclude(own | filed)


@transaction.atomic
def drop(pks: Sequence[int], *, by: User) -> int:
    """Take prepared decisions of ``by``'s desk back and return how many there were; others stay."""
    found = seen_by(by).filter(pk__in=pks)
    _held(list(found.values_list("filing_id", flat=True)), by)
    held = _live().filter(pk__in=list(found.values_list("pk", flat=True)))
    for one in held.order_by("pk"):
        access_log.record(Act.ADMINISTER, by=by, about=one, title="撤销拟办结论")
    return held.update(dropped_at=timezone.now())


def release(pks: Sequence[int], *, by: User, request_id: str = "") -> list[Outcome]:
    """Make prepared decisions, each with its own opinion and grounds; one outcome for each, in order.

    ``by`` acts in his own name by the rules of ``perform``; the event keeps who prepared it. One whose filing
    changed since is a ``Conflict`` and stays, to be renewed. As many queries as ``perform_all`` and a few.
    """
    parts = [pks[i : i + AT_ONCE] for i in range(0, len(pks), AT_ONCE)]
    return [outcome for part in parts for outcome in _part(part, by, request_id)]


@transaction.atomic
def _part(pks: Sequence[int], by: User, request_id: str) -> list[Outcome]:
    wanted = seen_by(by).filter(pk__in=pks)
    found = _held(list(wanted.values_list("filing_id", flat=True)), by)
    rows = {row.pk: row for row in wanted.filter(filing__in=found).select_related("by")}
    asked = {pk: _asked(row, found[row.filing_id]) for pk, row in rows.items()}
    late = overtaken_by(list(asked.values()), found)
    ready = [one for one in asked.values() if one not in late]
    made = {outcome.asked.pk: outcome for outcome in perform_all(ready, by=by, request_id=request_id)}
    outcomes = [_outcome(asked.get(pk), late, made) for pk in pks]
    done = [row.pk for row in rows.values() if (act := made.get(row.filing_id)) and act.event]
    _live().filter(pk__in=done).update(released_at=timezone.now(), released_by=by)
    return outcomes


def _asked(row: PreparedDecision, filing: Filing) -> Asked:
    """Return the act as it was prepared; one of a filing that has left the desk since is behind its step."""
    is_here = filing.state == _QUEUES[row.level]
    return Asked(
        row.filing_id,
        row.action,
        row.version,
        step=filing.step if is_here else -1,
        comment=row.comment,
        grounds=from_facts(row.grounds),
        prepared_by=str(row.by),
    )


def _outcome(asked: Asked | None, late: dict, made: dict[int, Outcome]) -> Outcome:
    if asked is None:
        return Outcome(Asked(0, "", 0), obstacle=Refused(GONE))
    return Outcome(asked, obstacle=late[asked]) if asked in late else made[asked.pk]


@dataclass(frozen=True)
class Typed:
    """What stands in the form of a prepared decision."""

    action: str = ""
    comment: str = ""
    grounds: Grounds = NOTHING_SAID

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons of a return that are ticked."""
        return self.grounds.reasons

    @property
    def whole(self) -> bool:
        """Whether the return unlocks everything."""
        return self.grounds.whole

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found on the criteria."""
        return self.grounds.findings


@dataclass(frozen=True)
class Card:
    """What stands beside a filing of prepared decisions; all of it for the desk alone."""

    standing: PreparedDecision | None
    label: str
    reasons: list[str]
    is_outdated: bool
    options: list[dict]
    criteria: list[dict]
    typed: Typed
    return_reasons = ReturnReason.choices

    @property
    def may_return(self) -> bool:
        """Whether a return is among what can be prepared."""
        return any(option["name"] == "return" for option in self.options)


def card(filing: Filing, user: User, typed: Typed | None = None) -> Card | None:
    """Return what ``desk/prepared.html`` shows to ``user`` as ``prepared``, None where nothing concerns him.

    ``filing`` comes with ``organisation.region``; two queries for the desk, none for anybody else. The form
    holds what was ``typed``, else what is prepared.
    """
    choices = acts(filing, user)
    if not choices:
        return None
    standing = None
    if getattr(filing, "has_prepared", True):
        standing = seen_by(user).filter(filing_id=filing.pk).select_related("by").first()
    typed = typed or _stored(standing)
    return Card(
        standing,
        words_of(standing.action, filing) if standing else "",
        reasons_of(standing) if standing else [],
        bool(standing) and is_outdated(standing, filing),
        [_option(choice) for choice in choices if choice.is_open],
        _criteria(filing, typed),
        typed,
    )


def _stored(row: PreparedDecision | None) -> Typed:
    return Typed(row.action, row.comment, from_facts(row.grounds)) if row else Typed()


def _criteria(filing: Filing, typed: Typed) -> list[dict]:
    """Return each criterion of the notice with what was found on it; a zero report answers none."""
    found = {finding.criterion: finding for finding in typed.findings}
    lines = ((name, found.get(name, Finding(name))) for name in filing.criteria.words)
    return [{"text": name, "met": finding.met, "note": finding.note} for name, finding in lines]


def _option(choice: Choice) -> dict:
    row = choice.action
    return {"name": row.name, "label": label_of(row), "needs_comment": row.needs_comment}


def words_of(action: str, filing: Filing) -> str:
    """Return what a prepared act on ``filing`` is called; needs ``organisation.region``."""
    desks = [row for row in ACTIONS if row.name == action and filing.route in row.routes]
    here = [row for row in desks if filing.state in row.sources]
    return label_of((here or desks)[0])


def reasons_of(row: PreparedDecision) -> list[str]:
    """Return the reasons of a prepared return in words."""
    return [ReturnReason(reason).label for reason in row.grounds.get("reasons", ())]


def is_outdated(row: PreparedDecision, filing: Filing) -> bool:
    """Say whether the filing is not what it was when the decision was prepared."""
    return row.version != filing.version or filing.state != _QUEUES[row.level]


def current(user: User) -> QuerySet:
    """Return the prepared decisions that wait at ``user``'s desks, for the heading of the queue."""
    return seen_by(user).filter(_is_current())


def _is_current() -> Q:
    here = Q(pk__in=[])
    for level, state in _QUEUES.items():
        here |= Q(level=level, filing__state=state)
    return here
