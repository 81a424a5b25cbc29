"""Reports that are asked for by themselves: their periods, who sets a schedule, what is due; its only writer.

A schedule asks once for each period that ends while it is active, however late beat comes by: for a month or
a quarter only for the latest, for campaigns once each. The unique constraint on (schedule, period) decides
between two beats.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from portal import report_files, report_runs, reports, rollups, scope, windows
from portal.models import Campaign, Frequency, Region, Report, ReportSchedule, User
from portal.reports import Asked, ReportKind
from portal.vocabulary import Level, Role
from portal.windows import SHANGHAI
from portal.workflow import Refused

log = logging.getLogger(__name__)

CAMPAIGN = "campaign"  # the filter of a kind that a campaign's schedule sets
DESKS = {
    Level.PROVINCE: (Role.REVIEWER, Role.APPROVER, Role.PUBLISHER),
    Level.CITY: (Role.REVIEWER, Role.APPROVER),
}
NO_DESK = "省级审核、审批、发布岗位可以为全省设置定期报表，市级审核、审批岗位可以为本市设置。"
NO_CAMPAIGNS = "“{}”不按报送任务统计，请选择每月或每季度。"
NO_SUCH = "没有这种{}，没有设置。请重新选择。"
THERE_IS = "同样的定期报表已经设置过，正在使用，没有再设。"
STOPPED = "这项定期报表已经停用。"


@dataclass(frozen=True)
class Period:
    """What a report can be for: ``name`` as stored, in words, its last instant, the campaign if it is one."""

    name: str
    label: str
    cutoff: datetime
    campaign: Campaign | None = None


def month_ended(day: date) -> Period:
    """Return the latest month that had ended when ``day`` began."""
    last = day.replace(day=1) - timedelta(days=1)
    return Period(f"{last:%Y-%m}", f"{last.year}年{last.month}月", windows.through(windows.end_of(last)))


def quarter_ended(day: date) -> Period:
    """Return the latest quarter that had ended when ``day`` began."""
    first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    last = first - timedelta(days=1)
    number = (last.month - 1) // 3 + 1
    label = f"{last.year}年第{'一二三四'[number - 1]}季度"
    return Period(f"{last.year}-Q{number}", label, windows.through(windows.end_of(last)))


def of_campaign(campaign: Campaign) -> Period:
    """Return the period of a campaign: until it is due, extensions left aside."""
    return Period(f"campaign-{campaign.pk}", f"{campaign}", windows.through(campaign.due_at), campaign)


ENDED = {Frequency.MONTHLY: month_ended, Frequency.QUARTERLY: quarter_ended}


def latest(frequency: str, now: datetime, number: int) -> list[Period]:
    """Return the latest ``number`` months or quarters that have ended, the newest first."""
    found, day = [], rollups.day_of(now)
    for _ in range(number):
        found.append(ENDED[frequency](day))
        day = rollups.day_of(found[-1].cutoff)
    return found


def follows_campaigns(kind: ReportKind) -> bool:
    """Say whether a kind can be narrowed to a campaign, so that one at its due time makes sense."""
    return any(narrowing.name == CAMPAIGN for narrowing in kind.filters)


def campaigns_of(asked: Asked) -> set[int]:
    """Return the campaigns the kind of a report can be narrowed to."""
    filters = [narrowing for narrowing in reports.get(asked.slug).filters if narrowing.name == CAMPAIGN]
    return {int(value) for narrowing in filters for value in narrowing.choices(asked) if value.isdecimal()}


def regions(user: User) -> list[str]:
    """Return the regions ``user`` sets schedules for: the province's desk for 37, a city's for itself."""
    return sorted(
        {
            post.organisation.region_id
            for post in user.posts
            if post.organisation.is_hrss and post.role in DESKS.get(post.organisation.region.level, ())
        }
    )


def visible_to(user: User) -> QuerySet:
    """Return the active schedules of the regions ``user`` reads reports of."""
    inside = Q(pk__in=[])
    for post in windows.reading_posts(user):
        inside |= scope.within("region_id", post.organisation.region_id)
    found = ReportSchedule.objects.filter(inside, is_active=True)
    return found.select_related("region", "created_by").order_by("slug", "frequency", "region_id", "pk")


@transaction.atomic
def create(
    *, by: User, slug: str, region: str, frequency: str, format: str = "xlsx", **filters: str
) -> ReportSchedule:
    """Set a schedule and return it; ``filters`` narrow the kind, the usual values need not be said.

    Raises ``Refused``: for whom it is not his to set, for what there is not, for one that there is.
    """
    _demand(by, region)
    _check(slug, region, frequency, format, filters)
    same = {"slug": slug, "region_id": region, "frequency": frequency, "format": format}
    Region.objects.select_for_update().get(pk=region)  # two clicks set one
    if any(old.filters == filters for old in ReportSchedule.objects.filter(**same, is_active=True)):
        raise Refused(THERE_IS)
    schedule = ReportSchedule.objects.create(**same, filters=filters, created_by=by)
    _note(schedule, by, ADDITION, "设置定期报表")
    return schedule


@transaction.atomic
def stop(schedule: ReportSchedule, *, by: User) -> None:
    """End a schedule; its reports stay. Raises ``Refused``."""
    _demand(by, schedule.region_id)
    if not ReportSchedule.objects.filter(pk=schedule.pk, is_active=True).update(is_active=False):
        raise Refused(STOPPED)
    _note(schedule, by, CHANGE, "停用定期报表")


def _demand(by: User, region: str) -> None:
    if region not in regions(by):
        raise Refused(NO_DESK)


def _check(slug: str, region: str, frequency: str, format: str, filters: dict[str, str]) -> None:
    if slug not in reports.kinds:
        raise Refused(NO_SUCH.format("报表"))
    if frequency not in Frequency.values:
        raise Refused(NO_SUCH.format("频次"))
    if format not in report_files.FORMATS:
        raise Refused(NO_SUCH.format("格式"))
    kind = reports.get(slug)
    if frequency == Frequency.CAMPAIGN and not follows_campaigns(kind):
        raise Refused(NO_CAMPAIGNS.format(kind.title))
    try:
        reports.ask(slug, timezone.now(), region, filters)
    except reports.Unknown:
        raise Refused(NO_SUCH.format("筛选")) from None


def _note(schedule: ReportSchedule, by: User, flag: int, what: str) -> None:
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(ReportSchedule),
        object_id=str(schedule.pk),
        object_repr=f"{reports.get(schedule.slug).title} {schedule.get_frequency_display()}"[:200],
        action_flag=flag,
        change_message=what,
    )


def run_due(now: datetime | None = None) -> list[Report]:
    """Ask for every report that is due at ``now`` and was not asked for; return those this call asked for.

    A schedule that cannot be served is logged and keeps no other one waiting.
    """
    now, made = now or timezone.now(), []
    active = ReportSchedule.objects.filter(is_active=True).select_related("region", "created_by")
    for schedule in active.order_by("pk"):
        try:
            made += [report for period in due(schedule, now) if (report := _run(schedule, period))]
        except (reports.Unknown, Refused):
            log.exception("Schedule %s made no report", schedule.pk)
    return made


def due(schedule: ReportSchedule, now: datetime) -> list[Period]:
    """Return the periods that have ended by ``now`` since the schedule was set and have no report."""
    if schedule.frequency == Frequency.CAMPAIGN:
        ended: Iterable[Period] = _campaigns_ended(schedule, now)
    else:
        ended = [ENDED[schedule.frequency](rollups.day_of(now))]
    asked_for = set(schedule.reports.values_list("period", flat=True))
    return [one for one in ended if one.cutoff >= schedule.since and one.name not in asked_for]


def _campaigns_ended(schedule: ReportSchedule, now: datetime) -> list[Period]:
    past = Campaign.objects.filter(due_at__gte=schedule.since, due_at__lt=now).order_by("due_at", "pk")
    return [of_campaign(campaign) for campaign in past if windows.is_over(campaign.due_at, now)]


def _run(schedule: ReportSchedule, period: Period) -> Report | None:
    """Ask for the report of one period; None where the kind knows no such campaign or another was first."""
    params = dict(schedule.filters)
    if period.campaign:
        before = Asked(schedule.slug, period.cutoff, schedule.region_id)
        if period.campaign.pk not in campaigns_of(before):
            return None
        params[CAMPAIGN] = str(period.campaign.pk)
    asked = reports.ask(schedule.slug, period.cutoff, schedule.region_id, params)
    facts = {"schedule": schedule, "period": period.name, "campaign": period.campaign}
    try:
        with transaction.atomic():
            return report_runs.request(asked, schedule.format, by=schedule.created_by, **facts)
    except IntegrityError:
        if not schedule.reports.filter(period=period.name).exists():
            raise
        return None


def next_runs(found: Iterable[ReportSchedule], now: datetime) -> Iterator[tuple[ReportSchedule, str]]:
    """Yield each schedule with when it asks next, in words; a campaign's by the one that is due next."""
    found = list(found)
    upcoming = _upcoming({s.slug for s in found if s.frequency == Frequency.CAMPAIGN}, now)
    for schedule in found:
        if schedule.frequency == Frequency.CAMPAIGN:
            campaign = upcoming.get(schedule.slug)
            yield schedule, f"{windows.moment(campaign.due_at)}（{campaign}）" if campaign else NO_CAMPAIGN
        else:
            yield schedule, windows.moment(_end_of_this(schedule.frequency, now))


NO_CAMPAIGN = "下一项报送任务截止时"


def _end_of_this(frequency: str, now: datetime) -> datetime:
    """Return the last second of the month or quarter that goes on."""
    day = now.astimezone(SHANGHAI).date()
    months = 1 if frequency == Frequency.MONTHLY else 3 - (day.month - 1) % 3
    following = date(day.year + (day.month + months > 12), (day.month + months - 1) % 12 + 1, 1)
    return ENDED[frequency](following).cutoff


def _upcoming(slugs: set[str], now: datetime) -> dict[str, Campaign]:
    """Return slug → the campaign due next that its kind can be narrowed to; a query a slug, and one."""
    if not slugs:
        return {}
    ahead = list(Campaign.objects.filter(due_at__gt=now, closed_at=None).order_by("due_at", "pk"))
    found = {}
    for slug in sorted(slugs & set(reports.kinds)):
        known = campaigns_of(Asked(slug, now))
        if following := next((campaign for campaign in ahead if campaign.pk in known), None):
            found[slug] = following
    return found
