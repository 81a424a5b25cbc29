"""Who may do what, when: ``ACTIONS`` is the whole policy of the workflow, ``available_actions`` asks it.

Decides nothing but open or closed, and why; ``workflow.perform`` does what is open.
"""

from dataclasses import dataclass

from django.utils import timezone

from portal import notify, scope, windows
from portal.models import CatalogueEntry, Filing, User
from portal.registry import CITY, MERGED, PROVINCE
from portal.vocabulary import ENDED, Level, Role, State

FILER_DESK = "filer"
REVIEWERS = (Role.REVIEWER, Role.APPROVER)
EVERY_ROUTE = (PROVINCE, CITY, MERGED)


@dataclass(frozen=True)
class Action:
    """One row of the policy.

    ``desk``: where it is done – the filing bureau (``filer``) or the HRSS desk of a level. ``at``: levels of
    the filing bureau it applies to. ``tells``: who gets the message.
    """

    name: str
    label: str
    sources: tuple[str, ...]
    target: str
    desk: str
    roles: tuple[str, ...]
    routes: tuple[str, ...] = EVERY_ROUTE
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
        "同意汇总",
        (_CITY,),
        _APPROVED,
        Level.CITY,
        REVIEWERS,
        routes=(MERGED,),
        tells=(notify.FILERS,),
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
        "退回补正",
        (_CITY,),
        _RETURNED,
        Level.CITY,
        REVIEWERS,
        routes=(CITY,),
        needs_comment=True,
        new_version=True,
        tells=(notify.FILERS,),
    ),
    Action(
        "return",
        "退回修改",
        (_CITY,),
        _RETURNED,
        Level.CITY,
        REVIEWERS,
        routes=(PROVINCE, MERGED),
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
        "撤回汇总",
        (_APPROVED,),
        _CITY,
        Level.CITY,
        REVIEWERS,
        routes=(MERGED,),
        needs_comment=True,
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
        if not _concerns(action, filing) or not holds_post(action, filing, user):
            continue
        choice = Choice(action, why_closed(action, filing, user))
        if action.name not in choices or (choice.is_open and not choices[action.name].is_open):
            choices[action.name] = choice
    return list(choices.values())


def _concerns(action: Action, filing: Filing) -> bool:
    return filing.route in action.routes and filing.organisation.region.level in action.at


def holds_post(action: Action, filing: Filing, user: User) -> bool:
    if action.desk == FILER_DESK:
        return scope.files_for(user, filing.organisation_id)
    return scope.sits_at(user, action.desk, action.roles, filing.region_id)


def why_closed(action: Action, filing: Filing, user: User) -> str:
    """Return the sentence why ``action`` is closed to ``user``, empty when open. Assumes the post is held."""
    if action.reviews and had_a_hand_in(filing, user):
        return "这是您或您所在填报岗位提交的，须由他人审核"
    if filing.state not in action.sources:
        return WAITING_FOR[filing.state]
    if action.name == "submit" and (closed := windows.why_closed(filing, timezone.now())):
        return closed
    if action.unaccepted and filing.accepted_at:
        return "已被受理，不能撤回" if action.name == "withdraw" else "已受理"
    if action.unpublished and CatalogueEntry.objects.filter(filing_id=filing.pk).exists():
        return "已公布，须办理变更或退出"
    return _overtaken(filing) if action.name == "reopen" else ""


def _overtaken(filing: Filing) -> str:
    """Return why an act is not taken back past what came after it, an amendment or an update."""
    later = Filing.objects.exclude(state__in=ENDED)
    if filing.state == State.APPROVED:
        return "已有一份更新在办，或已替换它" if later.filter(amends=filing).exists() else ""
    if filing.amends_id and later.filter(amends=filing.amends_id).exists():
        return "这一条已另有一份变更或更新"
    in_force = CatalogueEntry.objects.in_force().filter(filing_id=filing.amends_id)
    if filing.amends_id and filing.record_type.is_catalogued and not in_force.exists():
        return "原条目已不在现行目录中"
    return ""


def had_a_hand_in(filing: Filing, user: User) -> bool:
    """Say whether his desk filed it, or he drafted or submitted a version of it, in a former post too."""
    if user.pk in (filing.created_by_id, filing.submitted_by_id):
        return True
    if scope.files_for(user, filing.organisation_id):
        return True
    if filing.organisation_id not in user.filed_for:
        return False
    known = getattr(filing, "sent_by_reader", None)  # a list asks it of all its rows at once
    return filing.versions.filter(submitted_by=user).exists() if known is None else known
