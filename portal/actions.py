"""The acts of the workflow as data: ``ACTIONS`` is the whole policy, ``policy`` asks it."""

from dataclasses import dataclass

from portal import notify
from portal.registry import CITY, MERGED, PROVINCE
from portal.vocabulary import Level, Role, State

FILER_DESK = "filer"
REVIEWERS = (Role.REVIEWER, Role.APPROVER)
EVERY_ROUTE = (PROVINCE, CITY, MERGED)


@dataclass(frozen=True)
class Action:
    """One row of the policy.

    ``desk``: where it is done – the filing bureau (``filer``) or the HRSS desk of a level. ``at``: levels of
    the filing bureau it applies to. ``tells``: who gets the message. ``untouched``: the filer has changed
    nothing since this desk returned the filing.
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
    accepted: bool = False
    unpublished: bool = False
    untouched: bool = False
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
    Action(
        "release", "取消受理", (_CITY,), _CITY, Level.CITY, REVIEWERS, accepted=True, tells=(notify.FILERS,)
    ),
    Action(
        "release",
        "取消受理",
        (_PROVINCE,),
        _PROVINCE,
        Level.PROVINCE,
        REVIEWERS,
        at=_ALL,
        accepted=True,
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
    Action(
        "recall",
        "撤回上报",
        (_PROVINCE,),
        _CITY,
        Level.CITY,
        REVIEWERS,
        routes=(PROVINCE,),
        needs_comment=True,
        unaccepted=True,
        tells=(notify.FILERS, notify.PROVINCE),
    ),
    Action(
        "recall",
        "撤回退回",
        (_RETURNED,),
        _CITY,
        Level.CITY,
        REVIEWERS,
        needs_comment=True,
        untouched=True,
        tells=(notify.FILERS,),
    ),
    Action(
        "recall",
        "撤回退回",
        (_RETURNED,),
        _PROVINCE,
        Level.PROVINCE,
        REVIEWERS,
        at=_ALL,
        needs_comment=True,
        untouched=True,
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
