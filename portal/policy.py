"""Who may do what, when: ``available_actions`` asks ``ACTIONS``, the whole policy of the workflow.

Decides nothing but open or closed, and why; ``workflow.perform`` does what is open.
"""

from dataclasses import dataclass
from functools import cache

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.utils import timezone

from portal import asking, scope, windows
from portal.actions import ACTIONS, FILER_DESK, REVIEWERS, Action
from portal.models import CatalogueEntry, Event, Filing, FilingVersion, Remark, User
from portal.vocabulary import ENDED, Level, State

SETTLING = ("endorse", "approve", "reject")  # acts that leave nothing to remark on

# A remark of the desk at which its filing lies now; what the other desk prepared waits there.
AT_ITS_DESK = Q(filing__state=State.CITY_REVIEW, level=Level.CITY) | Q(
    filing__state=State.PROVINCE_REVIEW, level=Level.PROVINCE
)

# Why an action is closed while a filing stands here.
ERASED = "个人信息已按期清除，不能恢复审核，须由填报单位重新填报"
WAITING_FOR = {
    State.DRAFT: "报送单位还没有提交",
    State.CITY_REVIEW: "需市级先审核",
    State.PROVINCE_REVIEW: "已报省级审核",
    State.RETURNED: "已退回，等待报送单位修改后重新提交",
    State.APPROVED: "已办结",
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

    Of several rows of one name the open one counts, else the one for where the filing stands, else the first.
    Pages and admin draw from this alone.
    """
    return list(_choices(filing, user).values())


def _choices(filing: Filing, user: User, name: str = "") -> dict[str, Choice]:
    choices: dict[str, Choice] = {}
    held: dict[tuple, bool] = {}  # many actions belong to the same few posts
    for action in _concerning(filing.route, filing.organisation.region.level, name):
        post = action.desk, action.roles
        if post not in held:
            held[post] = holds_post(action, filing, user)
        if not held[post]:
            continue
        found = Choice(action, why_closed(action, filing, user))
        other = choices.get(action.name)
        if other is None or _fit(found, filing) > _fit(other, filing):
            choices[action.name] = found
    return choices


def _fit(choice: Choice, filing: Filing) -> tuple[bool, bool]:
    return choice.is_open, filing.state in choice.action.sources


@cache
def _concerning(route: str, level: str, name: str) -> tuple[Action, ...]:
    """Return the actions on filings of a route from bureaus of a level, those called ``name`` if told."""
    return tuple(
        action
        for action in ACTIONS
        if name in ("", action.name) and route in action.routes and level in action.at
    )


def holds_post(action: Action, filing: Filing, user: User) -> bool:
    if action.desk == FILER_DESK:
        return scope.files_for(user, filing.organisation_id)
    return scope.sits_at(user, action.desk, action.roles, filing.region_id)


def choice(filing: Filing, user: User, name: str) -> Choice | None:
    """Return the action called ``name`` as ``user`` meets it on ``filing``, None without the post."""
    return _choices(filing, user, name).get(name)


def sits_at_desk(filing: Filing, user: User) -> bool:
    """Say whether ``user`` reviews at the desk where ``filing`` lies now."""
    level = {State.CITY_REVIEW: Level.CITY, State.PROVINCE_REVIEW: Level.PROVINCE}.get(filing.state, "")
    return bool(level) and scope.sits_at(user, level, REVIEWERS, filing.region_id)


def with_facts(filings: QuerySet, user: User) -> QuerySet:
    """Annotate what ``why_closed`` would ask of each filing under review, so that a list asks once."""
    sent = FilingVersion.objects.filter(filing=OuterRef("pk"), submitted_by=user)
    prepared = Remark.objects.prepared().filter(AT_ITS_DESK, filing=OuterRef("pk"))
    return filings.annotate(
        read_by=Value(user.pk), sent_by_reader=Exists(sent), has_prepared_remarks=Exists(prepared)
    )


def why_closed(action: Action, filing: Filing, user: User) -> str:
    """Return the sentence why ``action`` is closed to ``user``, empty when open. Assumes the post is held."""
    if action.reviews and had_a_hand_in(filing, user):
        return "这是您或您所在填报岗位提交的，须由他人审核"
    if filing.state not in action.sources:
        return WAITING_FOR[filing.state]
    if filing.registration_id:
        return "是登记的历史结果，由省级审批岗位撤销登记"
    if action.name == "submit":
        return windows.why_closed(filing, timezone.now()) or _unanswered(filing)
    if action.reviews and action.name in ("reopen", "recall") and is_erased(filing):
        return ERASED
    if reason := _why_not_yet_or_any_more(action, filing):
        return reason
    return _overtaken(filing) if action.name == "reopen" else ""


def is_erased(filing: Filing) -> bool:
    """Say whether the personal data of a filing was erased (``purging``) where it lies now."""
    return filing.erased_at is not None and filing.erased_at > filing.arrived_at


def _why_not_yet_or_any_more(action: Action, filing: Filing) -> str:
    if action.unaccepted and filing.accepted_at:
        return "已被受理，不能撤回" if action.name in ("withdraw", "recall") else "已受理"
    if action.accepted and not filing.accepted_at:
        return "还没有受理"
    if action.name in SETTLING and _has_prepared_remarks(filing):
        return "有待发出的意见，请随退回发出或先删除"
    if action.unpublished and _is_published(filing):
        return "已公布，须办理变更或退出"
    return _why_not_untouched(action, filing) if action.untouched else ""


def _unanswered(filing: Filing) -> str:
    if not getattr(filing, "has_remarks", True):
        return ""
    number = filing.remarks.open().filter(reply="").count()
    return f"还有 {number} 条审核意见没有答复" if number else ""


def _has_prepared_remarks(filing: Filing) -> bool:
    known = getattr(filing, "has_prepared_remarks", None)  # a list asks it of all its rows at once
    return filing.remarks.prepared().filter(AT_ITS_DESK).exists() if known is None else known


def _is_published(filing: Filing) -> bool:
    known = filing._state.fields_cache  # pages read the entry with the filing
    if "entry" in known:
        return known["entry"] is not None
    return CatalogueEntry.objects.filter(filing_id=filing.pk).exists()


def returned_by(filing: Filing) -> Event | None:
    """Return the return that a filing lies under now, None when something happened to it since."""
    last = filing.events.order_by("-number").first()
    return last if last and last.action == "return" else None


def _why_not_untouched(action: Action, filing: Filing) -> str:
    returned = returned_by(filing)
    if returned is None or returned.source != action.target:
        return "不是本级退回的"
    return "" if filing.updated_at == returned.at else "报送单位已开始修改"


@asking.for_the_house()
def _overtaken(filing: Filing) -> str:
    """Return why an act is not taken back past what came after it, an amendment or an update."""
    later = Filing.objects.exclude(state__in=ENDED)
    if filing.state == State.APPROVED:
        return "已有一件更新在办，或已替换它" if later.filter(amends=filing).exists() else ""
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
    if getattr(filing, "read_by", None) == user.pk:  # a list asks it of all its rows at once
        return filing.sent_by_reader
    return filing.versions.filter(submitted_by=user).exists()
