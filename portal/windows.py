"""When a campaign is open, what is late, where each bureau stands: one rule for web, import, API and admin.

Pure reads. The due second itself is on time (domain.md A.7.5, B.6); the clock of the server may run in UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q
from django.utils import timezone

from portal import registry, scope
from portal.models import Campaign, CampaignDuty, Event, Expected, Filing, Organisation, User
from portal.registry import MERGED
from portal.vocabulary import IN_REVIEW, Level, State

UNFILED, IN_WORK, FILED, FILED_LATE = "unfiled", "in_work", "filed", "filed_late"
RETURNED, NOTHING_TO_REPORT = "returned", "nothing"
STATES = {
    UNFILED: "未报",
    IN_WORK: "填报中",
    FILED: "已报",
    FILED_LATE: "逾期上报",
    RETURNED: "退回",
    NOTHING_TO_REPORT: "零报送",
}
DONE = (FILED, FILED_LATE, NOTHING_TO_REPORT)


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
    return filing.campaign.duties.filter(organisation__region_id=region).first()


def open_campaigns(kind: str, organisation: Organisation) -> list[Campaign]:
    """Return the campaigns a bureau can file this type for now, the one due next first."""
    regions = [organisation.region_id, organisation.region_id[:4]]
    owed = Campaign.objects.opened().filter(kind=kind, duties__organisation__region_id__in=regions).distinct()
    now = timezone.now()
    return sorted(owed, key=lambda campaign: (campaign.due_at < now, abs(campaign.due_at - now)))


def current_campaign(kind: str, organisation: Organisation) -> Campaign | None:
    """Return the campaign a new filing belongs to unless told otherwise: the one due next, none overdue."""
    now = timezone.now()
    return next(
        (c for c in open_campaigns(kind, organisation) if c.due_at.replace(microsecond=999_999) >= now), None
    )


def due_at(duty: CampaignDuty) -> datetime:
    """Return the last second that is on time for this bureau: the campaign's, or the latest extension."""
    until = duty.extensions.aggregate(latest=Max("until"))["latest"]
    return max(until, duty.campaign.due_at) if until else duty.campaign.due_at


def why_closed(filing: Filing, at: datetime) -> str:
    """Return the sentence why ``filing`` cannot be sent at ``at``, empty when the window is open."""
    campaign = filing.campaign
    if campaign is None:
        return ""
    if at < campaign.opens_at:
        return (
            f"“{campaign}”{timezone.localtime(campaign.opens_at):%Y-%m-%d %H:%M} 开始报送，现在还不能提交。"
        )
    return f"“{campaign}”已关闭，不再接收报送。" if campaign.closed_at else ""


def is_late(filing: Filing, at: datetime) -> bool:
    """Say whether a submission at ``at`` is 逾期.

    A bureau that was on time and was returned after the due time stays on time; one returned before it does
    not. An update of a return is as late as what it updates.
    """
    duty = duty_of(filing)
    if duty is None or at.replace(microsecond=0) <= due_at(duty):
        return False
    if filing.amends_id:
        return filing.amends.is_late
    earlier = filing.versions.filter(is_late=False).exists()
    returned = filing.events.filter(action="return").order_by("-number").first()
    return not (earlier and returned and returned.at.replace(microsecond=0) > due_at(duty))


@dataclass
class Row:
    """One bureau on the board."""

    duty: CampaignDuty
    due_at: datetime
    standing: str = UNFILED
    filed: int = 0
    approved: int = 0
    returned: int = 0
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


@dataclass(frozen=True)
class Rates:
    """应报, 已报, 报送率, 按时数, 按时率; rates are parts of 应报, None without duties."""

    expected: int
    filed: int
    on_time: int

    @property
    def filed_rate(self) -> float | None:
        """报送率 = 已报 / 应报."""
        return self.filed / self.expected if self.expected else None

    @property
    def on_time_rate(self) -> float | None:
        """按时率 = 按时数 / 应报."""
        return self.on_time / self.expected if self.expected else None


def rates(rows: Iterable[Row]) -> Rates:
    """Return the five numbers of a board; a zero report counts as filed, late unless it was on time."""
    rows = list(rows)
    done = [row for row in rows if row.standing in DONE]
    late = [row for row in done if row.standing == FILED_LATE]
    return Rates(len(rows), len(done), len(done) - len(late))


def board(campaign: Campaign, user: User) -> list[Row]:
    """Return one row per duty in ``user``'s region, by region code; a fixed number of queries."""
    rows = {
        duty.organisation.region_id: Row(duty, campaign.due_at) for duty in visible_duties(campaign, user)
    }
    for row in rows.values():
        row.due_at = max([campaign.due_at, *(extension.until for extension in row.duty.extensions.all())])
        marks = [reminder.at for reminder in row.duty.reminders.all()]
        row.reminders, row.reminded_at = len(marks), max(marks, default=None)
    returns = _returns(campaign)
    for filing in answers(campaign).filter(scope.visible(user)):
        if row := rows.get(duty_region(campaign, filing.region_id)):
            _count(row, filing, campaign, returns.get(filing.pk, 0))
    return list(rows.values())


def answers(campaign: Campaign):
    """Return the filings that answer a campaign; a county's part of a city's return does not."""
    filings = Filing.objects.filter(campaign=campaign).exclude(state=State.CANCELLED)
    if campaign.expects == Expected.CITIES and registry.get(campaign.kind).county_route == MERGED:
        return filings.filter(region__level=Level.CITY)
    return filings


def visible_duties(campaign: Campaign, user: User):
    """Return the duties of ``user``'s own region and below."""
    inside = Q(pk__in=[])
    for post in user.posts:
        inside |= scope.within("organisation__region_id", post.organisation.region_id)
    duties = campaign.duties.filter(inside).select_related("organisation__region", "campaign")
    return duties.prefetch_related("extensions", "reminders").order_by("organisation__region_id")


def _returns(campaign: Campaign) -> dict[int, int]:
    events = Event.objects.filter(filing__campaign=campaign, action="return").values_list(
        "filing_id", flat=True
    )
    counts: dict[int, int] = {}
    for filing_id in events:
        counts[filing_id] = counts.get(filing_id, 0) + 1
    return counts


_RANK = [UNFILED, IN_WORK, RETURNED, FILED_LATE, NOTHING_TO_REPORT, FILED]


def _count(row: Row, filing: Filing, campaign: Campaign, returned: int) -> None:
    state = _state(filing, campaign)
    row.standing = max(row.standing, state, key=_RANK.index)
    row.filed += state in DONE
    row.approved += filing.state == State.APPROVED
    row.returned += returned
    if filing.submitted_at:
        row.last_submitted = max(filter(None, [row.last_submitted, filing.submitted_at]))


def _state(filing: Filing, campaign: Campaign) -> str:
    """What one filing says of its duty; in a city's own review it has not reached the province yet."""
    reached = filing.state == State.PROVINCE_REVIEW or (
        filing.state in IN_REVIEW and campaign.expects == Expected.COUNTIES
    )
    if reached or filing.state in (State.APPROVED, State.REJECTED):
        return FILED_LATE if filing.is_late else NOTHING_TO_REPORT if filing.is_nothing else FILED
    return RETURNED if filing.state == State.RETURNED else IN_WORK
