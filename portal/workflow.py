"""The workflow: ``ACTIONS`` is the whole policy, ``perform`` the only writer of ``Filing.state``.

Compare-and-swap on (id, state, version, step, revision) inside one transaction decides every race; the
loser gets ``Conflict``.
"""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import notify, rules, scope, snapshot, text
from portal.models import CatalogueEntry, Event, Filing, FilingVersion, User
from portal.registry import CITY, PROVINCE, Problem
from portal.vocabulary import Level, Role, State

FILER_DESK = "filer"
REVIEWERS = (Role.REVIEWER, Role.APPROVER)
BOTH_ROUTES = (PROVINCE, CITY)


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


# PostgreSQL names the constraint, SQLite the columns.
BROKEN_CONSTRAINTS = {
    ("filing_name_held_once_per_bureau", "portal_filing.title"): (
        "本单位已有同名的填报，请换一个名称，或打开已有的那一份。"
    ),
    ("filing_amended_one_at_a_time", "portal_filing.amends_id"): "这一条已有一份变更在办。",
}


@dataclass(frozen=True)
class Action:
    """One row of the policy.

    ``desk``: where it is done – the filing bureau (``filer``) or the HRSS desk of a level. ``at``: levels of
    the filing bureau it applies to. ``tells``: who gets the message. ``clears``: a decision this takes back.
    """

    name: str
    label: str
    sources: tuple[str, ...]
    target: str
    desk: str
    roles: tuple[str, ...]
    routes: tuple[str, ...] = BOTH_ROUTES
    at: tuple[str, ...] = (Level.CITY, Level.COUNTY, Level.ZONE)
    needs_comment: bool = False
    unaccepted: bool = False
    unpublished: bool = False
    new_version: bool = False
    tells: tuple[str, ...] = ()

    @property
    def reviews(self) -> bool:
        """Whether it is an act of review, closed to whoever submitted the filing."""
        return self.desk != FILER_DESK


_DRAFT, _CITY, _PROVINCE = State.DRAFT, State.CITY_REVIEW, State.PROVINCE_REVIEW
_RETURNED, _APPROVED, _REJECTED = State.RETURNED, State.APPROVED, State.REJECTED
_FILER = (Role.FILER,)
_APPROVER = (Role.APPROVER,)
_ALL = (Level.PROVINCE, Level.CITY, Level.COUNTY, Level.ZONE)
_TOP = (Level.PROVINCE,)
_TO_ALL = (notify.FILERS, notify.CITY)

ACTIONS = [
    Action("submit", "提交", (_DRAFT, _RETURNED), _CITY, FILER_DESK, _FILER, tells=(notify.CITY,)),
    Action(
        "submit",
        "提交",
        (_DRAFT, _RETURNED),
        _PROVINCE,
        FILER_DESK,
        _FILER,
        at=_TOP,
        tells=(notify.PROVINCE,),
    ),
    Action(
        "withdraw",
        "撤回",
        (_CITY,),
        _DRAFT,
        FILER_DESK,
        _FILER,
        unaccepted=True,
        new_version=True,
        tells=(notify.CITY,),
    ),
    Action(
        "withdraw",
        "撤回",
        (_PROVINCE,),
        _DRAFT,
        FILER_DESK,
        _FILER,
        at=_ALL,
        unaccepted=True,
        new_version=True,
        tells=(notify.CITY, notify.PROVINCE),
    ),
    Action("accept", "受理", (_CITY,), _CITY, Level.CITY, REVIEWERS, unaccepted=True, tells=(notify.FILERS,)),
    Action(
        "accept",
        "受理",
        (_PROVINCE,),
        _PROVINCE,
        Level.PROVINCE,
        REVIEWERS,
        at=_ALL,
        unaccepted=True,
        tells=_TO_ALL,
    ),
    Action("assign", "转办", (_CITY,), _CITY, Level.CITY, REVIEWERS),
    Action("assign", "转办", (_PROVINCE,), _PROVINCE, Level.PROVINCE, REVIEWERS, at=_ALL),
    Action(
        "endorse",
        "审核上报",
        (_CITY,),
        _PROVINCE,
        Level.CITY,
        REVIEWERS,
        routes=(PROVINCE,),
        tells=(notify.FILERS, notify.PROVINCE),
    ),
    Action(
        "approve",
        "准予备案",
        (_CITY,),
        _APPROVED,
        Level.CITY,
        REVIEWERS,
        routes=(CITY,),
        tells=(notify.FILERS, notify.PUBLISHERS),
    ),
    Action(
        "approve",
        "审核通过",
        (_PROVINCE,),
        _APPROVED,
        Level.PROVINCE,
        _APPROVER,
        routes=(PROVINCE,),
        at=_ALL,
        tells=(*_TO_ALL, notify.PUBLISHERS),
    ),
    Action(
        "return",
        "退回修改",
        (_CITY,),
        _RETURNED,
        Level.CITY,
        REVIEWERS,
        needs_comment=True,
        new_version=True,
        tells=(notify.FILERS,),
    ),
    Action(
        "return",
        "退回修改",
        (_PROVINCE,),
        _RETURNED,
        Level.PROVINCE,
        REVIEWERS,
        at=_ALL,
        needs_comment=True,
        new_version=True,
        tells=_TO_ALL,
    ),
    Action(
        "reject",
        "不予通过",
        (_PROVINCE,),
        _REJECTED,
        Level.PROVINCE,
        _APPROVER,
        routes=(PROVINCE,),
        at=_ALL,
        needs_comment=True,
        tells=_TO_ALL,
    ),
    Action("cancel", "作废", (_DRAFT, _RETURNED), State.CANCELLED, FILER_DESK, _FILER, at=_ALL),
    Action("reopen", "恢复为草稿", (State.CANCELLED,), _DRAFT, FILER_DESK, _FILER, at=_ALL),
    Action(
        "reopen",
        "撤销备案结论",
        (_APPROVED,),
        _CITY,
        Level.CITY,
        REVIEWERS,
        routes=(CITY,),
        needs_comment=True,
        unpublished=True,
        tells=(notify.FILERS,),
    ),
    Action(
        "reopen",
        "撤销结论",
        (_APPROVED, _REJECTED),
        _PROVINCE,
        Level.PROVINCE,
        _APPROVER,
        routes=(PROVINCE,),
        at=_ALL,
        needs_comment=True,
        unpublished=True,
        tells=_TO_ALL,
    ),
]

# Why an action is closed while a filing stands here.
WAITING_FOR = {
    State.DRAFT: "报送单位还没有提交",
    State.CITY_REVIEW: "需市级先审核",
    State.PROVINCE_REVIEW: "已报省级审核",
    State.RETURNED: "已退回，等待报送单位修改后重新提交",
    State.APPROVED: "已审核通过",
    State.REJECTED: "已作出不予通过的结论",
    State.CANCELLED: "已作废",
}


@dataclass(frozen=True)
class Choice:
    """An action as one person meets it: open, or closed with the reason."""

    action: Action
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it may be done now."""
        return not self.reason


def available_actions(filing: Filing, user: User) -> list[Choice]:
    """Return the actions of ``user``'s posts on ``filing``, each open or with the reason why it is closed.

    Of several rows of one name the open one counts, else the first. Pages and admin draw from this alone.
    """
    choices: dict[str, Choice] = {}
    for action in ACTIONS:
        if not _concerns(action, filing) or not _holds_post(action, filing, user):
            continue
        choice = Choice(action, why_closed(action, filing, user))
        if action.name not in choices or (choice.is_open and not choices[action.name].is_open):
            choices[action.name] = choice
    return list(choices.values())


def _concerns(action: Action, filing: Filing) -> bool:
    return filing.record_type.route in action.routes and filing.organisation.region.level in action.at


def _holds_post(action: Action, filing: Filing, user: User) -> bool:
    if action.desk == FILER_DESK:
        return scope.files_for(user, filing.organisation_id)
    return scope.sits_at(user, action.desk, action.roles, filing.region_id)


def why_closed(action: Action, filing: Filing, user: User) -> str:
    """Return the sentence why ``action`` is closed to ``user``, empty when open. Assumes the post is held."""
    if action.reviews and (
        filing.submitted_by_id == user.pk or scope.files_for(user, filing.organisation_id)
    ):
        return "这是您或您所在填报岗位提交的，须由他人审核"
    if filing.state not in action.sources:
        return WAITING_FOR[filing.state]
    if action.unaccepted and filing.accepted_at:
        return "已被受理，不能撤回" if action.name == "withdraw" else "已受理"
    if action.unpublished and CatalogueEntry.objects.filter(filing_id=filing.pk).exists():
        return "已公布，须办理变更或退出"
    return ""


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
    comment = text.clean(comment)
    if chosen.needs_comment and not comment:
        raise Refused(f"{chosen.label}须写明意见，报送单位要据此知道原因。")
    changes = _EFFECTS.get(chosen.name, lambda *_: {})(current, chosen, by, to)
    event = record_event(
        current, chosen.name, chosen.target, by=by, comment=comment, request_id=request_id, **changes
    )
    notify.tell(current, chosen.tells, _sentence(current, chosen, event), by=by)
    return event


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
    **changes: Any,
) -> Event:
    """Append the event and swap the filing to ``target``; both or neither. Used here and by ``catalogue``.

    Raises ``Conflict`` when the filing is not what ``filing`` says. Needs a transaction.
    """
    event = _event(filing, action, target, by=by, comment=comment, request_id=request_id)
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:
        raise Conflict(filing) from None
    where = {name: getattr(filing, name) for name in ("pk", "state", "version", "step", "revision")}
    arrived = {"arrived_at": event.at} if target != filing.state else {}
    moved = {"state": target, "step": event.number, "revision": filing.revision + 1, "updated_at": event.at}
    if not swap(Filing.objects.filter(**where), **{**moved, **arrived, **changes}):
        raise Conflict(filing)
    filing.refresh_from_db()
    return event


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


def _event(filing: Filing, action: str, target: str, *, by: User, comment: str, request_id: str) -> Event:
    previous = filing.events.order_by("-number").first()
    organisation = _acting_organisation(filing, by)
    event = Event(
        filing_id=filing.pk,
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
        at=timezone.now(),
        request_id=request_id,
        previous_hash=previous.hash if previous else "",
    )
    event.hash = event.digest()
    return event


def _acting_organisation(filing: Filing, by: User):
    own = [post.organisation for post in by.posts if post.organisation_id == filing.organisation_id]
    return own[0] if own else by.organisation


def _submit(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    record = filing.record
    if found := rules.blocking(record):
        raise Invalid(found)
    now, taken = timezone.now(), snapshot.take(record)
    FilingVersion.objects.create(
        filing_id=filing.pk,
        number=filing.version,
        snapshot=taken,
        sha256=snapshot.digest(taken),
        submitted_at=now,
        submitted_by=by,
    )
    return {"submitted_at": now, "submitted_by": by, "accepted_at": None, "holder": None}


def _step_back(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    return {"version": filing.version + 1, "accepted_at": None, "holder": None}


def _accept(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    return {"accepted_at": timezone.now(), "holder": by}


def _assign(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    if to is None or not _holds_post(action, filing, to):
        raise Refused("只能转给本级审核岗位的同事。")
    if to.pk == filing.submitted_by_id or scope.files_for(to, filing.organisation_id):
        raise Refused("不能转给提交这份填报的人。")
    return {"holder": to, "accepted_at": filing.accepted_at or timezone.now()}


def _hand_on(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    return {"accepted_at": None, "holder": None}


def _decide(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    return {"decided_at": timezone.now(), "decided_by": by, "holder": by}


def _reopen(filing: Filing, action: Action, by: User, to: User | None) -> dict:
    return {"decided_at": None, "decided_by": None, "holder": None, "accepted_at": None}


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
