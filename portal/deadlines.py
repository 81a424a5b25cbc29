"""What a bureau still owes and until when, nearest first: for the workbench and for beginning a filing.

Pure reads; a page costs the same number of queries for any number of campaigns.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from portal import asked, asking, registry, scope, windows
from portal.models import Campaign, Expected, Filing, Organisation, User
from portal.registry import RecordType
from portal.vocabulary import BUSINESS_ROLES, IN_REVIEW, Level, State

NEAREST = 3
LONG_OVERDUE = timedelta(days=60)
SOON = 14  # days
AT_ONCE = 5  # campaigns of a question
LATE = "已超过报送截止时间（{}），本次提交将标记为逾期。"


@dataclass(frozen=True)
class Deadline:
    """One campaign as one bureau meets it.

    ``draft`` is what the bureau has begun for it, to go on with; ``sent`` what it handed in that is still
    with its own city and has not arrived where it is owed, ``sent_state`` its state.
    """

    campaign: Campaign
    organisation: Organisation
    due_at: datetime
    standing: str
    files: bool = False
    draft: int | None = None
    sent: int | None = None
    sent_state: str = ""
    filed: int = 0
    expected: int = 0

    @property
    def days(self) -> int:
        """Whole days between today and the due day; negative once it has passed."""
        today, due = (at.astimezone(windows.SHANGHAI).date() for at in (timezone.now(), self.due_at))
        return (due - today).days

    @property
    def days_over(self) -> int:
        """Whole days since the due day."""
        return -self.days

    @property
    def is_over(self) -> bool:
        """Whether a filing would be 逾期 now."""
        return windows.is_over(self.due_at, timezone.now())

    @property
    def is_soon(self) -> bool:
        """Whether it is due within a fortnight, or was due already."""
        return self.days <= SOON

    @property
    def word(self) -> str:
        """Where the bureau stands, in words."""
        return str(State(self.sent_state).label) if self.is_sent else windows.STATES[self.standing]

    @property
    def is_sent(self) -> bool:
        """Whether nothing is left to write: what was handed in is being reviewed."""
        return self.owes and bool(self.sent) and not self.draft

    @property
    def shape(self) -> str:
        """The look of the word."""
        return self.sent_state if self.is_sent else self.standing

    @property
    def owes(self) -> bool:
        """Whether something is still to be sent."""
        return self.standing not in windows.DONE

    @property
    def record_type(self) -> RecordType:
        """The form that is asked for."""
        return registry.get(self.campaign.kind)

    @property
    def url(self) -> str:
        """Where it is filed, or gone on with."""
        if self.draft:
            return reverse("filing-edit", args=[self.draft])
        if self.is_sent:
            return reverse("filing", args=[self.sent])
        return f"{reverse('filing-new', args=[self.campaign.kind])}?campaign={self.campaign.pk}"


def nearest(user: User) -> list[Deadline]:
    """Return the three nearest of what the bureaus of ``user`` owe: due in future or overdue by 60 days."""
    now = timezone.now()
    owed = [d for d in [*of_user(user), *_of_province(user)] if d.owes and d.due_at > now - LONG_OVERDUE]
    return sorted(owed, key=lambda d: (d.due_at, d.campaign.pk))[:NEAREST]


def of_user(user: User, kind: str = "") -> list[Deadline]:
    """Return what is open to the bureaus of ``user`` below the province, the one due next first."""
    bureaus = {
        post.organisation_id: post.organisation
        for post in user.posts
        if post.role in BUSINESS_ROLES and post.organisation.is_hrss
    }
    below = [o for o in bureaus.values() if o.region.level != Level.PROVINCE]
    return of_bureaus(below, user, kind)


def of_bureaus(organisations: Iterable[Organisation], user: User, kind: str = "") -> list[Deadline]:
    """Return what is open to ``organisations``, with where each stands; two queries."""
    bureaus = {organisation.pk: organisation for organisation in organisations}
    if not bureaus:
        return []
    found = windows.windows_of(bureaus.values(), kind)
    filings = _answers({w.campaign.pk for all_of in found.values() for w in all_of}, bureaus.values())
    return [
        Deadline(
            window.campaign,
            bureaus[pk],
            window.due_at,
            windows.best(_states(window.campaign, bureaus[pk], filings)),
            files=scope.files_for(user, pk),
            draft=_latest(window.campaign, pk, (f for f in filings if f.is_editable)),
            **_sent(window.campaign, pk, filings),
        )
        for pk, all_of in found.items()
        for window in all_of
    ]


@dataclass(frozen=True)
class Standing:
    """What the pages of one filing say of its campaign; ``late`` is the sentence of a submission now."""

    campaign: Campaign
    due_at: datetime
    is_extended: bool = False
    late: str = ""


def of_filing(filing: Filing) -> Standing | None:
    """Return the campaign of a filing with its due time for the bureau, None when it belongs to none."""
    if not filing.campaign_id:
        return None
    duty, campaign = windows.duty_of(filing), filing.campaign
    due = windows.due_at(duty) if duty else campaign.due_at
    now = timezone.now()
    late = filing.is_editable and windows.is_over(due, now) and windows.is_late(filing, now)
    return Standing(campaign, due, due > campaign.due_at, LATE.format(windows.moment(due)) if late else "")


@asking.for_the_house()
def _answers(campaigns: Iterable[int], organisations: Iterable[Organisation]) -> list[Filing]:
    """Return the filings of the regions of ``organisations`` that answer one of ``campaigns``."""
    regions, found = tuple(organisation.region_id for organisation in organisations), sorted(campaigns)
    filled = [*found, *found[-1:] * (-len(found) % AT_ONCE)]

    def inside(*campaigns: int) -> QuerySet:
        places = reduce(or_, (scope.within("region_id", region) for region in regions))
        filings = Filing.objects.filter(places, campaign__in=campaigns).exclude(state=State.CANCELLED)
        told = ("campaign", "organisation", "region", "kind", "state", "is_late", "is_nothing")
        return filings.only(*told).order_by("pk")

    return asked.rows((regions, len(filled)), inside, *filled) if filled else []


def _latest(campaign: Campaign, organisation: int, filings: Iterable[Filing]) -> int | None:
    """Return the latest of some filings that is of a bureau for a campaign."""
    own = [f.pk for f in filings if (f.campaign_id, f.organisation_id) == (campaign.pk, organisation)]
    return max(own, default=None)


def _sent(campaign: Campaign, organisation: int, filings: Iterable[Filing]) -> dict:
    """Return the latest filing of a bureau for a campaign that is being reviewed, and its state."""
    waiting = {f.pk: f for f in filings if f.state in IN_REVIEW}
    found = _latest(campaign, organisation, waiting.values())
    return {"sent": found, "sent_state": waiting[found].state} if found else {}


def _states(campaign: Campaign, organisation: Organisation, filings: Iterable[Filing]) -> list[str]:
    """Return the state of each answer of a bureau: a city's counties speak for it unless it merges them."""
    own, is_city = organisation.region_id, organisation.region.level == Level.CITY
    whole_city = is_city and registry.get(campaign.kind).county_route != registry.MERGED
    at_city = not is_city or campaign.expects == Expected.COUNTIES
    return [
        windows.standing_of(filing, at_city=at_city)
        for filing in filings
        if filing.campaign_id == campaign.pk
        and (filing.region_id == own or (whole_city and filing.region_id.startswith(own)))
    ]


def _of_province(user: User) -> list[Deadline]:
    """Return for a provincial desk the open campaigns that some bureau still owes."""
    desks = [post.organisation for post in windows.reading_posts(user)]
    province = next((o for o in desks if o.region.level == Level.PROVINCE and o.is_hrss), None)
    if province is None:
        return []
    now = timezone.now()
    campaigns = asked.rows((), _recent, now, now - LONG_OVERDUE)
    found = windows.filed_of(campaigns)
    return [_progress(campaign, province, *found[campaign.pk]) for campaign in campaigns]


def _recent(now: datetime, since: datetime) -> QuerySet:
    return Campaign.objects.opened(now).filter(due_at__gt=since).order_by("due_at")[: 4 * NEAREST]


def _progress(campaign: Campaign, province: Organisation, filed: int, expected: int) -> Deadline:
    standing = windows.FILED if filed == expected else windows.UNFILED
    return Deadline(campaign, province, campaign.due_at, standing, filed=filed, expected=expected)
