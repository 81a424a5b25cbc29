"""When a campaign is open, what is late, where each bureau stands: one rule for web, import, API and admin.

Pure reads. The due second itself is on time; times are those of Asia/Shanghai, whatever the server's clock.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from portal import asked, asking, registry, rollups, scope
from portal.answers import answers, answers_then, duties_at, returns
from portal.models import Campaign, CampaignDuty, Expected, Extension, Filing, Organisation, User
from portal.registry import MERGED
from portal.rollups import SHANGHAI
from portal.vocabulary import BUSINESS_ROLES, IN_REVIEW, Role, State

UNFILED, IN_WORK, FILED, FILED_LATE = "unfiled", "in_work", "filed", "filed_late"
RETURNED, NOTHING_TO_REPORT = "returned", "nothing"
STATES = {
    UNFILED: "未报",
    IN_WORK: "填报中",
    RETURNED: "退回",
    FILED: "已报",
    FILED_LATE: "逾期上报",
    NOTHING_TO_REPORT: "零报送",
}
DONE = (FILED, FILED_LATE, NOTHING_TO_REPORT)


def moment(at: datetime) -> str:
    """Return a time as notices write it; the last second of a day is its 24:00."""
    local = at.astimezone(SHANGHAI)
    if (local.hour, local.minute, local.second) == (23, 59, 59):
        return f"{local:%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


def start_of(day: date) -> datetime:
    """Return the first moment of a day."""
    return datetime.combine(day, time.min, SHANGHAI)


def end_of(day: date) -> datetime:
    """Return the last second of a day, its 24:00: what a notice sets for a day is due then."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)


def through(second: datetime) -> datetime:
    """Return the last instant of a second: a cut-off named to the second counts what came in it, on time."""
    return second.replace(microsecond=999_999)


def is_over(due: datetime, at: datetime) -> bool:
    """Say whether ``at`` is past ``due``; the due second is on time to its end."""
    return at.replace(microsecond=0) > due


def duty_region(campaign: Campaign, region_code: str) -> str:
    """Return the region whose bureau owes what ``region_code`` files: its city, or the county itself."""
    return region_code[:4] if campaign.expects == Expected.CITIES else region_code


def duty_of(filing: Filing) -> CampaignDuty | None:
    """Return the duty a filing serves, None when it belongs to no campaign or nobody expects it.

    A county's part of a city's return serves no duty of the city: the city's own return does.
    """
    if not filing.campaign_id or (filing.campaign.expects == Expected.CITIES and filing.route == MERGED):
        return None
    region = duty_region(filing.campaign, filing.region_id)
    duties = filing.campaign.duties.annotate(until=Max("extensions__until"))
    return duties.filter(organisation__region_id=region).first()


@dataclass(frozen=True)
class Window:
    """A campaign as one bureau meets it: ``due_at`` with the extensions of the duty it serves."""

    campaign: Campaign
    duty: CampaignDuty
    due_at: datetime


def windows_of(organisations: Iterable[Organisation], kind: str = "") -> dict[int, list[Window]]:
    """Return organisation → the open campaigns it can file for, the one due next first; one query."""
    regions = {o.pk: {o.region_id, o.region_id[:4]} for o in organisations}
    wanted = sorted(set().union(*regions.values()))
    question = _open_duties_of_a_kind if kind else _open_duties
    given = [timezone.now(), *([kind] if kind else []), *wanted]
    owed = asked.rows(len(wanted), question, *given)
    found = [Window(duty.campaign, duty, due_at(duty)) for duty in owed]
    levels = {o.pk: o.region.level for o in organisations}
    return {
        pk: _next_first(
            w
            for w in found
            if w.duty.organisation.region_id in own and registry.get(w.campaign.kind).is_filed_at(levels[pk])
        )
        for pk, own in regions.items()
    }


def _open_duties(now: datetime, *regions: str) -> QuerySet:
    """Return the duties of bureaus in ``regions`` for campaigns that are open, with the latest extension."""
    latest = Extension.objects.filter(duty=OuterRef("pk")).order_by("-until").values("until")[:1]
    owed = CampaignDuty.objects.filter(
        organisation__region_id__in=regions, campaign__in=Campaign.objects.opened(now)
    )
    owed = owed.annotate(until=Subquery(latest)).select_related("campaign", "organisation__region")
    return owed.order_by("pk")


def _open_duties_of_a_kind(now: datetime, kind: str, *regions: str) -> QuerySet:
    return _open_duties(now, *regions).filter(campaign__kind=kind)


def _next_first(found: Iterable[Window]) -> list[Window]:
    now = timezone.now()
    return sorted(found, key=lambda w: (is_over(w.due_at, now), abs(w.due_at - now), w.campaign.pk))


def open_campaigns(kind: str, organisation: Organisation) -> list[Campaign]:
    """Return the campaigns a bureau can file this type for now, the one due next first."""
    return [window.campaign for window in windows_of([organisation], kind)[organisation.pk]]


def current_campaign(kind: str, organisation: Organisation) -> Campaign | None:
    """Return the campaign a new filing belongs to unless told otherwise: the one due next, none overdue."""
    now, found = timezone.now(), windows_of([organisation], kind)[organisation.pk]
    return next((window.campaign for window in found if not is_over(window.due_at, now)), None)


def due_at(duty: CampaignDuty) -> datetime:
    """Return the last second that is on time for this bureau: the campaign's, or the latest extension."""
    is_known = hasattr(duty, "until")  # as ``duty_of`` reads it
    until = duty.until if is_known else duty.extensions.aggregate(latest=Max("until"))["latest"]
    return max(until, duty.campaign.due_at) if until else duty.campaign.due_at


def latest_due(duty: CampaignDuty) -> datetime:
    """Return the same from what was fetched already; needs ``campaign`` and ``extensions``."""
    return max([duty.campaign.due_at, *(extension.until for extension in duty.extensions.all())])


def why_closed(filing: Filing, at: datetime) -> str:
    """Return the sentence why ``filing`` cannot be sent at ``at``, empty when the window is open.

    What was sent in time to be reviewed and comes back for correction may be sent again once it is closed,
    and an update after the last day of updates.
    """
    campaign = filing.campaign
    if campaign is None:
        return ""
    until = campaign.updates_until
    if filing.amends_id and filing.state == State.DRAFT and until and is_over(until, at):
        return f"“{campaign}”的更新截止时间（{moment(until)}）已过，不再接收更新"
    if at < campaign.opens_at:
        return f"“{campaign}”{moment(campaign.opens_at)} 开始报送，现在还不能提交"
    is_closed = campaign.closed_at and filing.state != State.RETURNED
    return f"“{campaign}”已关闭，不再接收报送" if is_closed else ""


def is_late(filing: Filing, at: datetime) -> bool:
    """Say whether a submission at ``at`` is 逾期.

    A bureau that was on time and was returned after the due time stays on time; one returned before it does
    not. An update of a return is as late as what it updates.
    """
    duty = duty_of(filing)
    if duty is None:
        return False
    due = due_at(duty)
    if not is_over(due, at):
        return False
    if filing.amends_id:
        return filing.amends.is_late
    last = filing.versions.order_by("-number").first()
    returned = rollups.returns().filter(filing=filing.pk).order_by("-number").first()
    return not (last and not last.is_late and returned and is_over(due, returned.at))


def why_not_nothing(campaign: Campaign, organisation: Organisation) -> str:
    """Return the sentence why a bureau cannot send a zero report for a campaign, empty when it can.

    Nobody speaks for another bureau: a county says nothing for its city, unless its part is merged there.
    """
    owed = {w.campaign.pk: w.duty for w in windows_of([organisation], campaign.kind)[organisation.pk]}
    duty = owed.get(campaign.pk)
    is_part = registry.get(campaign.kind).county_route == MERGED
    if duty is None or not (duty.organisation.region_id == organisation.region_id or is_part):
        return f"“{campaign}”不收{organisation}的零报送，或尚未开放、已经关闭。"
    filed = Filing.objects.filter(campaign=campaign, region_id=organisation.region_id)
    if live := filed.exclude(state__in=[State.CANCELLED, State.REJECTED]).count():
        return f"本单位已为“{campaign}”填报 {live} 件，不能再作零报送；没有内容要报的，请先作废那些草稿。"
    return ""


@dataclass
class Row:
    """One bureau on the board; ``is_nothing`` when its best answer is a zero report, late ones too.

    ``answer`` is the key of the filing by which it stands where it does.
    """

    duty: CampaignDuty
    due_at: datetime
    standing: str = UNFILED
    filed: int = 0
    approved: int = 0
    returned: int = 0
    is_nothing: bool = False
    answer: int | None = None
    last_submitted: datetime | None = None
    reminded_at: datetime | None = None
    reminders: int = 0

    @property
    def label(self) -> str:
        """The state in words."""
        return STATES[self.standing]

    @property
    def owes(self) -> bool:
        """Whether the bureau still has to send something."""
        return self.standing not in DONE

    @property
    def is_extended(self) -> bool:
        """Whether the bureau has more time than the others."""
        return self.due_at > self.duty.campaign.due_at


@dataclass(frozen=True)
class Rates:
    """应报, 已报 and 按时数; what 报送率 and 按时率 are made of."""

    expected: int
    filed: int
    on_time: int


def percent(part: int, whole: int) -> int:
    """Return a whole percentage, rounded down: 100% is said of everybody only."""
    return 100 * part // whole if whole else 0


def rates(rows: Iterable[Row]) -> Rates:
    """Return the numbers of a board; a zero report counts as filed, late unless it was on time."""
    rows = list(rows)
    done = [row for row in rows if row.standing in DONE]
    late = [row for row in done if row.standing == FILED_LATE]
    return Rates(len(rows), len(done), len(done) - len(late))


def board(campaign: Campaign, user: User) -> list[Row]:
    """Return one row per duty in ``user``'s region, by region code; a fixed number of queries."""
    return boards([campaign], duties_within(user))[campaign.pk]


def boards(
    campaigns: Iterable[Campaign], within: Q | None = None, at: datetime | None = None
) -> dict[int, list[Row]]:
    """Return campaign → its rows, of all bureaus or those ``within``; five queries for any number of them.

    Tells that a bureau has begun a draft, never what is in it. ``at``: as it stood at that instant, of
    campaigns that say what they said then (``answers.opened_by``); four queries more.
    """
    by_id = {campaign.pk: campaign for campaign in campaigns}
    rows: dict[int, dict[str, Row]] = {pk: {} for pk in by_id}
    for duty in duties_at(Q(within or Q(), campaign__in=by_id), at):
        duty.campaign = by_id[duty.campaign_id]
        rows[duty.campaign_id][duty.organisation.region_id] = _row(duty)
    _count_all(by_id, rows, at)
    return {pk: list(found.values()) for pk, found in rows.items()}


def filed_of(campaigns: Iterable[Campaign]) -> dict[int, tuple[int, int]]:
    """Return campaign → how many bureaus have filed and how many shall, as its board says; two queries."""
    by_id = {campaign.pk: campaign for campaign in campaigns}
    key = tuple(campaign.expects for campaign in by_id.values())
    owed = set(asked.rows(key, _owed, *by_id))
    found = set(asked.rows(key, _sent, *by_id.values()))
    filed = {(pk, duty_region(by_id[pk], region)) for pk, region in found} & owed
    done, expected = Counter(pk for pk, _ in filed), Counter(pk for pk, _ in owed)
    return {pk: (done[pk], expected[pk]) for pk in by_id}


def _owed(*campaigns: int) -> QuerySet:
    duties = CampaignDuty.objects.filter(campaign__in=campaigns).order_by()
    return duties.values_list("campaign_id", "organisation__region_id")


def _sent(*campaigns: Campaign) -> QuerySet:
    cities = [campaign for campaign in campaigns if campaign.expects == Expected.CITIES]
    sent = answers(campaigns).filter(state__in=(*IN_REVIEW, State.APPROVED, State.REJECTED))
    sent = sent.exclude(campaign__in=cities, state=State.CITY_REVIEW).order_by()
    return sent.values_list("campaign_id", "region_id").distinct()


def _row(duty: CampaignDuty) -> Row:
    marks = [reminder.at for reminder in duty.reminders.all()]
    return Row(duty, latest_due(duty), reminders=len(marks), reminded_at=max(marks, default=None))


@asking.for_the_house()
def _count_all(campaigns: dict[int, Campaign], rows: dict[int, dict[str, Row]], at: datetime | None) -> None:
    filings = list(answers_then(campaigns.values(), at) if at else answers(campaigns.values()))
    numbers, returned = {filing.pk for filing in filings}, returns(campaigns, at)
    for filing in filings:
        campaign = campaigns[filing.campaign_id]
        if row := rows[campaign.pk].get(duty_region(campaign, filing.region_id)):
            row.returned += returned.get(filing.pk, 0)
            # an update answers again what is counted already
            _count(row, filing, campaign.expects == Expected.COUNTIES, filing.amends_id in numbers)


def duties_of(campaign: Campaign, user: User) -> QuerySet:
    """Return the duties of a campaign in ``user``'s own region and below."""
    return campaign.duties.filter(duties_within(user)).select_related("organisation__region", "campaign")


def duties_within(user: User) -> Q:
    """Return the condition for the duties of the regions that ``user`` looks at."""
    inside = Q(pk__in=[])
    for post in reading_posts(user):
        inside |= scope.within("organisation__region_id", post.organisation.region_id)
    return inside


def reading_posts(user: User) -> list:
    """Return the posts that look at campaigns: of the HRSS desks, the joint departments, the auditor."""
    watchers = (Role.JOINT_REVIEWER, Role.AUDITOR)
    return [
        post
        for post in user.posts
        if post.role in watchers or (post.role in BUSINESS_ROLES and post.organisation.is_hrss)
    ]


def visible_campaigns(user: User) -> QuerySet:
    """Return the campaigns that concern ``user``: a duty in his region, or of the city above his county."""
    above = [post.organisation.region_id[:4] for post in reading_posts(user)]
    county_of = Q(organisation__region_id__in=above, campaign__expects=Expected.CITIES)
    duties = CampaignDuty.objects.filter(duties_within(user) | county_of)
    return Campaign.objects.filter(pk__in=duties.values("campaign"))


_RANK = [UNFILED, IN_WORK, RETURNED, FILED_LATE, NOTHING_TO_REPORT, FILED]


def _count(row: Row, filing: Filing, at_city: bool, is_update: bool) -> None:
    state = standing_of(filing, at_city=at_city)
    if _RANK.index(state) >= _RANK.index(row.standing):
        row.standing, row.is_nothing = state, filing.is_nothing and state in DONE
        row.answer = filing.pk
    row.filed += state in DONE and not is_update
    row.approved += filing.state == State.APPROVED and not is_update
    if filing.submitted_at:
        row.last_submitted = max(filter(None, [row.last_submitted, filing.submitted_at]))


def best(states: Iterable[str]) -> str:
    """Return the state of a bureau whose answers have these states; 未报 without any."""
    return max(states, key=_RANK.index, default=UNFILED)


def standing_of(filing: Filing, *, at_city: bool) -> str:
    """Return what one filing says of its duty; ``at_city``: the city's desk is where it has to arrive.

    In a city's own review a city's answer has not reached the province yet.
    """
    reached = filing.state == State.PROVINCE_REVIEW or (at_city and filing.state in IN_REVIEW)
    if reached or filing.state in (State.APPROVED, State.REJECTED):
        return FILED_LATE if filing.is_late else NOTHING_TO_REPORT if filing.is_nothing else FILED
    return RETURNED if filing.state == State.RETURNED else IN_WORK
