"""What answers campaigns and what stands beside their duties: now, or as it was known at an instant.

Pure reads; where a bureau stands by them says ``windows``.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery

from portal import registry, rollups
from portal.models import (
    Campaign,
    CampaignDuty,
    Expected,
    Extension,
    Filing,
    FilingVersion,
    Reminder,
)
from portal.models.former import as_of
from portal.registry import MERGED
from portal.vocabulary import Level, State

BELOW_CITY = (Level.COUNTY, Level.ZONE)


def opened_by(at: datetime) -> list[Campaign]:
    """Return the campaigns that had opened by an instant as they were then, the one due last first."""
    known = rollups.campaigns_known(at)
    return [campaign for campaign in known if campaign.opens_at <= at]


def duties_at(wanted: Q, at: datetime | None = None) -> list[CampaignDuty]:
    """Return duties by region with extensions and reminders, bureaus as they were called; three queries.

    ``at`` an instant what was given or sent later is not among them; three queries more.
    """
    duties = CampaignDuty.objects.filter(wanted).select_related("organisation__region__parent")
    found = list(duties.order_by("organisation__region_id", "pk").prefetch_related(*_marks(at)))
    return _as_called(found, at) if at else found


def _marks(at: datetime | None) -> tuple:
    """Return what is fetched beside the duties: extensions and reminders, those given by an instant."""
    if at is None:
        return ("extensions", "reminders")
    return (
        Prefetch("extensions", Extension.objects.filter(granted_at__lte=at)),
        Prefetch("reminders", Reminder.objects.filter(at__lte=at)),
    )


def _as_called(duties: list[CampaignDuty], at: datetime) -> list[CampaignDuty]:
    """Return the duties with the names that their bureaus and regions had at an instant."""
    bureaus = as_of([duty.organisation for duty in duties], at)
    regions = as_of([bureau.region for bureau in bureaus], at)
    as_of([region.parent for region in regions if region.parent], at)
    return duties


def answers(campaigns: Iterable[Campaign]) -> QuerySet:
    """Return the filings that answer campaigns; a county's part of a city's return does not."""
    return _begun(campaigns).exclude(state=State.CANCELLED)


def _begun(campaigns: Iterable[Campaign]) -> QuerySet:
    merged = [kind.slug for kind in registry.all_types() if kind.county_route == MERGED]
    campaigns = list(campaigns)
    cities = [campaign for campaign in campaigns if campaign.expects == Expected.CITIES]
    parts = Q(campaign__in=cities, kind__in=merged, region__level__in=BELOW_CITY)
    needed = ("campaign", "region", "kind", "state", "is_late", "is_nothing", "submitted_at", "amends")
    return Filing.objects.filter(campaign__in=campaigns).exclude(parts).only(*needed).order_by("pk")


def answers_then(campaigns: Iterable[Campaign], at: datetime) -> Iterator[Filing]:
    """Yield the filings that answered campaigns at an instant, state and times as they were then."""
    newest = FilingVersion.objects.filter(filing=OuterRef("pk"), submitted_at__lte=at).order_by("-number")
    found = (
        _begun(campaigns)
        .filter(created_at__lte=at)
        .annotate(
            state_then=rollups.state_then(at),
            late_then=Subquery(newest.values("is_late")[:1]),
            sent_then=Subquery(newest.values("submitted_at")[:1]),
        )
    )
    for filing in found.exclude(state_then=State.CANCELLED):
        filing.state, filing.is_late = filing.state_then, bool(filing.late_then)
        filing.submitted_at = filing.sent_then
        yield filing


def returns(campaigns: Iterable[int], at: datetime | None = None) -> dict[int, int]:
    """Return filing → how often it was returned and not recalled, up to an instant if told."""
    events = rollups.returns(at).filter(filing__campaign__in=list(campaigns)).order_by()
    return dict(events.values("filing").annotate(n=Count("pk")).values_list("filing", "n"))
