"""What stands beside a filing: the open acts with their consequence, the closed ones with their reason.

Drawn from ``policy.available_actions`` alone. Pure reads.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from portal import asked, checklist, copies, notify, opinions, policy, text
from portal.actions import ACTIONS, REVIEWERS, Action
from portal.grounds import Grounds, from_facts
from portal.inbox import duration, holder
from portal.models import Event, Filing, User
from portal.policy import Choice, available_actions
from portal.refusals import Refused
from portal.registry import CITY, MERGED
from portal.vocabulary import IN_REVIEW, Kind, Level, ReturnReason, State

CONCLUSIONS = ("endorse", "approve", "return", "reject", "reopen", "recall")
WEIGHED = ("endorse", "approve", "return", "reject")  # conclusions that rest on the checklist
UNREASONED = "请至少选择一项退回原因，没有提交。您写的意见已保留。"
CONSEQUENCES = {
    "endorse": "报省级审核。",
    "approve": "办结，等待发布岗公布。",
    "return": "报送单位修改后，以第 {next} 版重新提交。",
    "reject": "办结，不进入目录。",
    "reopen": "回到待审核，结论作废，需要重新作出。",
    "recall": "回到本级待审核，由您继续办理。",
    "withdraw": "取回修改，再提交时是第 {next} 版。",
    "cancel": "不再报送，以后可以恢复为草稿。",
}
# Of what is reported only and enters no catalogue.
REPORTED = {"approve": "办结，只报送不公布。", "reject": "办结，结论为不予通过。"}
MERGED_IN = {"approve": "办结，由市级汇总上报。"}
ENTRY_ACTS = {
    "publish": "公布",
    "promote": "公布级别",
    "report": "报送年度数据",
    "consult": "征求会商意见",
    "opine": "答复会商意见",
    "unconsult": "撤回会商征求",
    "intend": "告知拟定结果",
    "defend": "陈述申辩",
    "keep": "定期审核保留",
    "rectify": "限期整改",
    "settle": "整改完成",
    "designate": "列为市级建设重点",
    "undesignate": "取消市级建设重点",
    "exit": "退出目录",
    "register": "登记历史结果",
    "revoke": "撤销登记",
    opinions.ASKED: "征求会商意见",
    opinions.ANSWERED: "会商部门答复",
    opinions.TAKEN_BACK: "撤回会商征求",
}
SHAPES = {
    "endorse": "ok",
    "approve": "ok",
    "publish": "ok",
    "promote": "ok",
    "designate": "ok",
    "undesignate": "back",
    "unconsult": "back",
    "keep": "ok",
    "settle": "ok",
    "rectify": "back",
    "return": "back",
    "withdraw": "back",
    "recall": "back",
    "release": "back",
    "reject": "no",
    "exit": "end",
    "cancel": "end",
    "register": "ok",
    "revoke": "end",
}


@dataclass(frozen=True)
class Option:
    """An open act: ``consequence`` and who is ``told`` in words."""

    name: str
    label: str
    consequence: str
    told: str
    needs_comment: bool


@dataclass
class Box:
    """The acts of one person on one filing; ``closed`` are (words, reason) with one line per reason."""

    conclusions: list[Option] = field(default_factory=list)
    closed: list[tuple[str, str]] = field(default_factory=list)
    accept: Option | None = None
    release: Option | None = None
    colleagues: list[User] = field(default_factory=list)
    filer: dict[str, Option] = field(default_factory=dict)
    filer_closed: list[tuple[str, str]] = field(default_factory=list)
    reviews: bool = False
    files: bool = False

    @property
    def weighs(self) -> bool:
        """Whether one of the conclusions rests on the checklist."""
        return any(option.name in WEIGHED for option in self.conclusions)

    @property
    def compulsory(self) -> str:
        """The conclusions that need an opinion, in words."""
        return "、".join(option.label for option in self.conclusions if option.needs_comment)


def box(filing: Filing, user: User) -> Box:
    """Return what ``user`` can do with ``filing``, from ``available_actions`` alone."""
    choices = [c for c in available_actions(filing, user) if _is_worth_a_word(c, filing)]
    review = [c for c in choices if c.action.reviews]
    own = [c for c in choices if not c.action.reviews]
    offices = _Offices(filing)
    options = {c.action.name: offices.option(c.action) for c in review if c.is_open}
    return Box(
        conclusions=[options[name] for name in CONCLUSIONS if name in options],
        closed=_by_reason(review),
        accept=options.get("accept"),
        release=options.get("release"),
        colleagues=colleagues(filing, user) if "assign" in options else [],
        filer={c.action.name: offices.option(c.action) for c in own if c.is_open},
        filer_closed=_by_reason(own),
        reviews=bool(review),
        files=bool(own),
    )


def _is_worth_a_word(choice: Choice, filing: Filing) -> bool:
    """Leave out taking back what was not done: nobody looks for it."""
    if choice.action.name in ("release", "recall"):
        return choice.is_open
    return choice.action.name != "reopen" or filing.state in choice.action.sources


def _by_reason(choices: Iterable[Choice]) -> list[tuple[str, str]]:
    reasons: dict[str, list[str]] = {}
    for choice in choices:
        if choice.reason:
            reasons.setdefault(choice.reason, []).append(choice.action.label)
    return [("、".join(labels), reason) for reason, labels in reasons.items()]


class _Offices:
    """The bureaus around one filing by name; at most one query."""

    def __init__(self, filing: Filing):
        self.filing = filing

    @cached_property
    def names(self) -> dict[str, str]:
        """Region → the bureau that is told."""
        bureaus = [o for o in opinions.around(self.filing) if o.kind == Kind.HRSS_BUREAU]
        return {bureau.region_id: bureau.short_name for bureau in bureaus}

    def option(self, action: Action) -> Option:
        """Return an open act in words."""
        filing = self.filing
        reported = {} if filing.is_publishable else MERGED_IN if filing.route == MERGED else REPORTED
        consequence = (CONSEQUENCES | reported).get(action.name, "").format(next=filing.version + 1)
        return Option(action.name, action.label, consequence, self.told(action), action.needs_comment)

    def told(self, action: Action) -> str:
        """Return who gets a message, each bureau once."""
        names = [self._circle(circle) for circle in action.tells]
        return "、".join(dict.fromkeys(name for name in names if name))

    def _circle(self, circle: str) -> str:
        filing = self.filing
        city, province = self.names.get(filing.region_id[:4], ""), self.names.get(filing.region_id[:2], "")
        if circle == notify.FILERS:
            return filing.organisation.short_name
        if circle == notify.CITY:
            return city if len(filing.region_id) >= len("3701") else ""
        if circle == notify.PROVINCE:
            return province
        if not filing.is_publishable:
            return ""
        return f"{city if filing.record_type.route == CITY else province}发布岗"


def colleagues(filing: Filing, user: User) -> list[User]:
    """Return whom a filing under review may be handed to: the same desk, nobody who files for its bureau."""
    level = Level.CITY if filing.state == State.CITY_REVIEW else Level.PROVINCE
    code = filing.region_id[:4] if level == Level.CITY else filing.region_id[:2]
    barred = {user.pk, filing.created_by_id, filing.submitted_by_id, filing.holder_id}
    posts = [p for p in copies.desks(filing) if p.role in REVIEWERS and p.organisation.region_id == code]
    open_to = [post for post in posts if not (post.files_here or post.submitted_it)]
    found = {post.user_id: post.user for post in sorted(open_to, key=lambda post: post.pk)}
    return [person for person in found.values() if person.pk not in barred]


def undo(pk: int, user: User) -> Choice | None:
    """Return the act by which ``user`` could take back what was just done, None when none is open."""
    if not (found := asked.rows(asked.whose(user), _done, user, pk)):
        return None
    (filing,) = found
    choices = (policy.choice(filing, user, name) for name in ("recall", "reopen"))
    return next((choice for choice in choices if choice and choice.is_open and choice.action.reviews), None)


def _done(user: User, pk: int) -> QuerySet:
    found = policy.with_facts(Filing.objects.visible_to(user).filter(pk=pk), user)
    return found.select_related("organisation__region", "entry")


def same_act(filing: Filing, action: str, *, by: User, step: int | None, said: str, grounds: Grounds) -> bool:
    """Say whether ``by`` has done this very act already on the page he acts from: a second click.

    Whom a filing was handed to is no part of the event; handing on twice is for him to look at.
    """
    if step is None or action == "assign":
        return False
    done = filing.events.filter(number=step + 1, by=by, action=action, comment=text.clean(said)).first()
    try:
        facts = grounds.checked(filing, returns=action == "return").facts() if done else {}
    except Refused:  # what no act can rest on was not sent by the first click
        return False
    return done is not None and from_facts(done.details).facts() == facts


def told_of(event: Event | None, filing: Filing, user: User) -> Event | None:
    """Return the act that came first, None where ``user`` may not know of it: an inside one, to the filer."""
    is_inside = event is not None and event.action in opinions.INSIDE
    return None if is_inside and event.action in opinions.untold(filing, user) else event


def events(filing: Filing, user: User) -> list[Event]:
    """Return what happened to ``filing``, newest first, as far as ``user`` may know of it."""
    untold = tuple(opinions.untold(filing, user))

    def told(filing: int) -> QuerySet:
        found = Event.objects.filter(filing_id=filing).exclude(action__in=untold)
        return found.select_related("organisation").order_by("-number")

    happened = asked.rows(untold, told, filing.pk)
    for event in happened:
        event.filing = filing
    return happened


def timeline(
    filing: Filing,
    user: User,
    happened: Sequence[Event],
    *,
    numbers: Mapping[int, int] | None = None,
    inside: bool = False,
) -> list[dict]:
    """Return what ``happened`` as ``timeline`` items, newest first; where it waits now stands on top.

    ``numbers`` are those of the remarks on the page; findings are told only to those who see ``inside``.
    """
    return [
        *_now(filing, user),
        *(_item(e, filing, user) | {"notes": _notes(e.details, numbers or {}, inside)} for e in happened),
    ]


def _now(filing: Filing, user: User) -> list[dict]:
    if filing.state not in IN_REVIEW:
        return []
    level = "市级" if filing.state == State.CITY_REVIEW else "省级"
    stayed = duration(timezone.now() - filing.arrived_at)
    who = holder(filing, user) or "等待受理"
    return [{"shape": "now", "title": f"待{level}审核", "who": who, "at": f"已停留 {stayed}"}]


def _item(event: Event, filing: Filing, user: User) -> dict:
    bureau = event.organisation.short_name if event.organisation else event.organisation_name
    who = "您" if event.by_id == user.pk else event.by_name
    return {
        "shape": SHAPES.get(event.action, ""),
        "title": said(event, filing),
        "who": f"{bureau} {who}".strip(),
        "at": f"{timezone.localtime(event.at):%Y-%m-%d %H:%M}",
        "comment": event.comment,
    }


def _notes(details: dict[str, Any], numbers: Mapping[int, int], inside: bool) -> list[str]:
    """Return what an act rests on in lines: reasons, width, remarks, answers, findings."""
    reasons = [ReturnReason(name).label for name in details.get("reasons", ())]
    notes = [f"退回原因：{'、'.join(reasons)}"] if reasons else []
    notes += _width(details)
    for key, verb in (("remarks", "提出意见"), ("replies", "答复意见")):
        if listed := details.get(key):
            named = "、".join(str(numbers[one["remark"]]) for one in listed if one["remark"] in numbers)
            notes.append(f"{verb} {len(listed)} 条{f'（第 {named} 条）' if named else ''}")
    return notes + (_inside(details) if inside else [])


def _inside(details: dict[str, Any]) -> list[str]:
    """Return what the desks alone read of an act: who prepared it, joint opinions, findings."""
    notes = [f"拟办：{details['prepared_by']}"] if details.get("prepared_by") else []
    found = from_facts(details).findings
    return [
        *notes,
        *opinions.notes(details),
        *(f"{one.criterion}：{checklist.in_words(one)}" for one in found),
    ]


def _width(details: dict[str, Any]) -> list[str]:
    if details.get("whole"):
        return ["整表退回，全部栏目开放修改"]
    return [f"只开放有意见的 {len(details['unlocked'])} 个栏目"] if details.get("unlocked") else []


def said(event: Event, filing: Filing) -> str:
    """Return the words of what happened, e.g. 提交第 2 版; needs ``organisation.region`` of the filing."""
    label = ENTRY_ACTS.get(event.action) or next(
        (a.label for a in ACTIONS if a.name == event.action and _is_row(a, event, filing)), event.action
    )
    return f"{label}第 {event.version} 版" if event.action == "submit" else label


def _is_row(action: Action, event: Event, filing: Filing) -> bool:
    fits = event.source in action.sources and event.target == action.target
    return fits and filing.route in action.routes
