"""Reminders: of what lies too long at a desk or with its bureau, and 催办, which a person asks for.

A message begins with what it is and whom it is for, and is its own mark: a run that is repeated or made up
for, and a second worker, find it and tell nobody twice. Acts on nothing: a reminder is a message, no event.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q, Value
from django.db.models.functions import Left, StrIndex
from django.urls import reverse
from django.utils import timezone

from portal import access_log, asking, consultation, notify, scope, working_days
from portal.actions import REVIEWERS
from portal.models import Act, Filing, Membership, Message, Organisation, Region, User
from portal.refusals import Refused
from portal.vocabulary import HRSS_KINDS, IN_REVIEW, Level, Role, State, Topic

MARKS = (5, 10, 20)  # days; from the first on the queue calls it long
PATIENCE = 3  # working days that a bureau waits before it may press
DAY = timedelta(days=1)

AT_DESK = (
    "停留提醒（{}）：待审核的填报有 {} 件停留满 5 天{}，最久的是《{}》（{} 天）。"
    "请从停留最久的办起；需要补充的，请退回并写明意见。"
)
AT_BUREAU = (
    "退回提醒（{}）：有 {} 件填报退回后满 5 天没有重新提交{}，最久的是《{}》（{} 天）。"
    "请按审核意见修改后重新提交；不再报送的，请作废。"
)
URGED_DESK = "催办（{}）：《{}》（{}）已等待审核 {} 天。请及时办理；需要补充的，请退回并写明意见。"
URGED_BUREAU = "催办（{}）：《{}》（{}）退回已 {} 天。请按审核意见修改后重新提交；不再报送的，请作废。"

NOT_YOURS = "您的岗位不能催办这件填报，没有发出。"
NOTHING_LIES = "这件填报现在不在审核部门，也没有退回，不用催办。"
TOO_EARLY = "送达后满 3 个工作日还没有办理的，可以催办。"
TODAY = "今天已经催办过，没有再发。明天仍未办理的，可以再催。"
NOBODY = "{}现在没有在岗人员，催办没有发出。请电话联系。"


def remind_all(at: datetime | None = None) -> int:
    """Send the reminders of the day and return how many messages there were.

    What lies at a desk or was returned is told of on its 5th, 10th and 20th day, one message per person and
    pile; the opinions that joint departments owe are ``consultation``'s.
    """
    at = at or timezone.now()
    return remind_desks(at) + remind_bureaus(at) + consultation.due_reminders(at)


@transaction.atomic
def remind_desks(at: datetime) -> int:
    """Tell each desk of the filings that wait for its review; see ``remind_all``."""
    piles = _piles(IN_REVIEW, at, _desk_code)
    names = dict(Region.objects.filter(code__in=piles).values_list("code", "name"))
    people = _people(
        Q(role__in=REVIEWERS, organisation__kind__in=HRSS_KINDS, organisation__region_id__in=piles),
        "organisation__region_id",
    )
    return _remind(piles, people, names, AT_DESK, at)


@transaction.atomic
def remind_bureaus(at: datetime) -> int:
    """Tell each bureau of its filings that were returned and not handed in again; see ``remind_all``."""
    piles = _piles((State.RETURNED,), at, lambda filing: filing.organisation_id)
    names = dict(Organisation.objects.filter(pk__in=piles).values_list("pk", "short_name"))
    people = _people(Q(role=Role.FILER, organisation_id__in=piles), "organisation_id")
    return _remind(piles, people, names, AT_BUREAU, at)


def _desk_code(filing: Filing) -> str:
    """Return the code of the region whose desk a filing under review lies at."""
    return filing.region_id[: 4 if filing.state == State.CITY_REVIEW else 2]


def _piles(states: Iterable[str], at: datetime, key: Callable) -> dict:
    """Return who has it → the filings that have lain there for the days of the first mark, oldest first."""
    lying = Filing.objects.filter(state__in=states, arrived_at__lte=at - (MARKS[0] - 1) * DAY)
    found = defaultdict(list)
    for filing in lying.order_by("arrived_at", "pk"):
        if _days(filing, at) >= MARKS[0]:
            found[key(filing)].append(filing)
    return dict(found)


def _days(filing: Filing, at: datetime) -> int:
    """Return how many days a filing has lain where it is, by the calendar."""
    return (timezone.localdate(at) - timezone.localdate(filing.arrived_at)).days


def _people(posts: Q, key: str) -> dict:
    """Return who has it → the people there now."""
    found = defaultdict(set)
    now = Membership.objects.current().filter(posts, user__is_active=True)
    for place, user in now.values_list(key, "user_id"):
        found[place].add(user)
    return found


def _remind(piles: dict, people: dict, names: dict, sentence: str, at: datetime) -> int:
    """Write to whoever was not told yet of a mark that was reached; the people are held meanwhile."""
    everybody = sorted({user for place in piles for user in people.get(place, ())})
    _hold(User, everybody)
    told = _told(everybody, sentence.partition("（")[0])
    rows = [
        _message(user, piles[place], names[place], sentence, at)
        for place in piles
        for user in sorted(people.get(place, ()))
        if _is_news(piles[place], told.get((user, _head(sentence, names[place]))), at)
    ]
    return len(notify.deliver(rows))


def _hold(model, keys: Iterable[int]) -> None:
    """Keep a second run waiting until this one is stored; whoever refers to the rows need not wait."""
    list(model.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk"))


def _head(sentence: str, name: str) -> str:
    return sentence.partition("：")[0].format(name)


@asking.for_the_house()
def _told(people: list[int], what: str) -> dict[tuple[int, str], date]:
    """Return (person, beginning of a reminder) → the day on which he was last sent one."""
    mine = Message.objects.filter(user_id__in=people, topic=Topic.REMINDER, text__startswith=what)
    headed = mine.annotate(head=Left("text", StrIndex("text", Value("：")) - 1)).order_by()
    last = headed.values_list("user_id", "head").annotate(last=Max("created_at"))
    return {(user, head): timezone.localdate(at) for user, head, at in last}


def _is_news(pile: list[Filing], told: date | None, at: datetime) -> bool:
    """Say whether a filing of a pile has reached a mark since somebody was told of the pile."""
    since = (timezone.localdate(at) - told).days if told else None
    return since is None or any(0 <= _days(filing, at) - mark < since for filing in pile for mark in MARKS)


def _message(user: int, pile: list[Filing], name: str, sentence: str, at: datetime) -> Message:
    oldest, longest = pile[0], sum(_days(filing, at) >= MARKS[-1] for filing in pile)
    among = f"，其中 {longest} 件满 {MARKS[-1]} 天" if longest and len(pile) > 1 else ""
    words = sentence.format(name, len(pile), among, oldest, _days(oldest, at))
    where = {"filing": oldest} if len(pile) == 1 else {"address": queue_address()}
    return Message(user_id=user, topic=Topic.REMINDER, text=words[:400], created_at=at, **where)


def queue_address() -> str:
    """Return the address of the queue with what has lain longest at the top."""
    return f"{reverse('desk')}?tab=todo&long=1"


@dataclass(frozen=True)
class _Way:
    """How somebody may press for a filing: as which ``bureau``, to whom in words, and why not now."""

    bureau: Organisation
    to: str
    reason: str = ""


def card(filing: Filing, user: User) -> dict:
    """Return what ``desk/urge.html`` shows as ``urge``: whom a press reaches, or why it must wait.

    Empty when this person has nobody to press; needs ``organisation.region``. At most two queries.
    """
    way = _way(filing, user, timezone.now())
    if way is None:
        return {}
    reason = way.reason or (TODAY if _urged_today(filing, way, timezone.now()) else "")
    return {"filing": filing, "to": way.to, "reason": reason}


@transaction.atomic
def urge(filing: Filing, by: User, at: datetime | None = None) -> int:
    """Send 催办 to whoever holds a filing, else to his desk, and return how many were told.

    Once a day for the bureau that presses. Raises ``Filing.DoesNotExist`` out of scope, ``Refused`` with the
    sentence when it is not open.
    """
    at = at or timezone.now()
    _hold(Filing, [filing.pk])
    current = Filing.objects.visible_to(by).select_related("organisation__region").get(pk=filing.pk)
    way = _way(current, by, at)
    if way is None:
        raise Refused(NOT_YOURS if current.state in (*IN_REVIEW, State.RETURNED) else NOTHING_LIES)
    if way.reason or _urged_today(current, way, at):
        raise Refused(way.reason or TODAY)
    people = _holders(current) - {by.pk}
    if not people:
        raise Refused(NOBODY.format(way.to))
    words = URGED_BUREAU if current.state == State.RETURNED else URGED_DESK
    said = words.format(way.bureau.name, current, current.record_type.label, _days(current, at))[:400]
    access_log.record(Act.ADMINISTER, by=by, kind="portal.filing", key=current.pk, title="催办")
    facts = {"filing": current, "topic": Topic.REMINDER, "text": said, "created_at": at}
    return len(notify.deliver(Message(user_id=user, **facts) for user in sorted(people)))


def _way(filing: Filing, user: User, at: datetime) -> _Way | None:
    """Return how ``user`` may press for ``filing``, None without a right to."""
    if filing.state in IN_REVIEW and scope.files_for(user, filing.organisation_id):
        desk = "市级审核岗位" if filing.state == State.CITY_REVIEW else "省级审核岗位"
        return _Way(filing.organisation, desk, "" if _has_waited(filing, at) else TOO_EARLY)
    if filing.state == State.CITY_REVIEW and (above := _desk_of(user, filing, Level.PROVINCE)):
        return _Way(above, "市级审核岗位")
    above = _desk_of(user, filing, Level.PROVINCE) or _desk_of(user, filing, Level.CITY)
    if filing.state == State.RETURNED and above and not scope.files_for(user, filing.organisation_id):
        return _Way(above, filing.organisation.short_name)
    return None


def _desk_of(user: User, filing: Filing, level: str) -> Organisation | None:
    """Return the bureau at whose desk of ``level`` above a filing somebody reviews."""
    if not scope.sits_at(user, level, REVIEWERS, filing.region_id):
        return None
    desks = (post.organisation for post in user.posts if post.role in REVIEWERS)
    return next(desk for desk in desks if desk.region.level == level)


def _has_waited(filing: Filing, at: datetime) -> bool:
    """Say whether a filing has lain for more than the working days of patience, its first day not counted."""
    first, today = timezone.localdate(filing.arrived_at) + DAY, timezone.localdate(at)
    try:
        return first <= today and working_days.count(first, today) > PATIENCE
    except working_days.UnknownYear:  # a bureau cannot enter the holidays: the plain days of a reminder then
        return _days(filing, at) >= MARKS[0]


@asking.for_the_house()
def _urged_today(filing: Filing, way: _Way, at: datetime) -> bool:
    begins = _head(URGED_DESK, way.bureau.name)
    told = Message.objects.filter(filing=filing, topic=Topic.REMINDER, text__startswith=f"{begins}：")
    day = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return told.filter(created_at__gte=day).exists()


def _holders(filing: Filing) -> set[int]:
    """Return who is to act on a filing: its holder, else the people of the desk, or of the bureau."""
    if filing.state == State.RETURNED:
        return _people(Q(role=Role.FILER, organisation_id=filing.organisation_id), "role")[Role.FILER]
    desk = Q(
        organisation__kind__in=HRSS_KINDS, organisation__region_id=_desk_code(filing), role__in=REVIEWERS
    )
    people = set().union(*_people(desk, "role").values())
    return {filing.holder_id} if filing.holder_id in people else people
