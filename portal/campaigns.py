"""Opening, changing and closing campaigns, extensions, reminders: the only writer of campaigns and duties.

Who may do it is asked here, not in the pages; who did it stands in the log, the extension or the reminder.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from portal import notify, registry, scope, text, windows
from portal.models import Campaign, CampaignDuty, Extension, Membership, Message, Organisation, Reminder, User
from portal.vocabulary import Kind, Level, Role, Topic
from portal.workflow import Refused

MANAGERS = (Role.REVIEWER, Role.APPROVER, Role.PUBLISHER)
CITY_DESK = (Role.REVIEWER, Role.APPROVER)
REMINDER_DAYS = (7, 3, 1)
MOST_DAYS = 60
TWICE = timedelta(minutes=10)  # a second click reminds nobody a second time

NOT_A_MANAGER = "只有省级审核、审批和发布岗位可以{}。"
BEGUN = "“{}”已经开放报送，不能再修改；需要多给时间的，请给单位办理延期。"
CLOSED = "“{}”已经关闭。"


def may_manage(user: User) -> bool:
    """Say whether ``user`` opens and closes campaigns and extends: provincial review and publishing."""
    return any(
        post.role in MANAGERS
        and post.organisation.is_hrss
        and post.organisation.region.level == Level.PROVINCE
        for post in user.posts
    )


def may_remind(user: User, region_code: str) -> bool:
    """Say whether ``user`` reminds the bureau of a region: the province all, a city's desk its counties."""
    below_city = len(region_code) > len("3701")
    return may_manage(user) or (below_city and scope.sits_at(user, Level.CITY, CITY_DESK, region_code))


def _demand_manager(user: User, what: str) -> None:
    if not may_manage(user):
        raise Refused(NOT_A_MANAGER.format(what))


@transaction.atomic
def start(*, by: User, organisations: Sequence[Organisation] | None = None, **facts: Any) -> Campaign:
    """Open a campaign, write down who owes it and tell them: the bureaus given, else all of the level.

    ``facts`` are the columns of ``Campaign``. Raises ``Refused`` with the sentences of what is wrong.
    """
    _demand_manager(by, "发起报送任务")
    campaign = Campaign(**{"reminder_days": list(REMINDER_DAYS), **facts})
    _check(campaign)
    campaign.save()
    add_duties(campaign, organisations)
    _note(campaign, by, ADDITION, f"发起，应报 {campaign.duties.count()} 个单位")
    _tell_all(campaign, "新报送任务")
    return campaign


@transaction.atomic
def change(
    campaign: Campaign, *, by: User, organisations: Sequence[Organisation] | None = None, **facts: Any
) -> Campaign:
    """Change a campaign that has not opened yet; ``organisations`` as in ``start``. Raises ``Refused``."""
    _demand_manager(by, "修改报送任务")
    changed = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if why := why_fixed(changed):
        raise Refused(why)
    for name, value in facts.items():
        setattr(changed, name, value)
    _check(changed)
    changed.save()
    changed.duties.all().delete()
    add_duties(changed, organisations)
    _note(changed, by, CHANGE, f"修改，应报 {changed.duties.count()} 个单位")
    _tell_all(changed, "报送任务有调整")
    return changed


def why_fixed(campaign: Campaign) -> str:
    """Return the sentence why a campaign cannot be changed any more, empty when it can."""
    if campaign.closed_at:
        return CLOSED.format(campaign)
    return BEGUN.format(campaign) if campaign.opens_at <= timezone.now() else ""


@transaction.atomic
def close(campaign: Campaign, *, by: User) -> Campaign:
    """Take no more filings for a campaign; what is under review goes on. Raises ``Refused``."""
    _demand_manager(by, "关闭报送任务")
    now = timezone.now()
    if not Campaign.objects.filter(pk=campaign.pk, closed_at=None).update(closed_at=now):
        raise Refused(CLOSED.format(campaign))
    campaign.closed_at = now
    _note(campaign, by, CHANGE, "关闭")
    return campaign


def _check(campaign: Campaign) -> None:
    """Raise ``Refused`` with every sentence of what is wrong with the facts of a campaign."""
    found = [] if campaign.kind in {t.slug for t in registry.all_types()} else ["没有这种报送表。"]
    days = campaign.reminder_days
    if not all(type(day) is int and 0 <= day <= MOST_DAYS for day in days):
        found.append(f"提前提醒的天数要在0至{MOST_DAYS}之间。")
    try:
        campaign.full_clean()
    except ValidationError as error:
        found += _sentences(error)
    if found:
        raise Refused("；".join(sentence.rstrip("。") for sentence in found) + "。")
    campaign.reminder_days = sorted(set(days), reverse=True)


def _sentences(error: ValidationError) -> list[str]:
    labels = {field.name: str(field.verbose_name) for field in Campaign._meta.fields}
    return [
        f"{labels[name]}：{message}" if name in labels else message
        for name, messages in error.message_dict.items()
        for message in messages
    ]


def add_duties(campaign: Campaign, organisations: Iterable[Organisation] | None = None) -> None:
    """Write down the duties of a new campaign; reference data and ``start`` use it alike."""
    bureaus = eligible(campaign.expects)
    if organisations is not None:
        bureaus = bureaus.filter(pk__in=[bureau.pk for bureau in organisations])
    if not (found := list(bureaus)):
        raise Refused("请至少选一个应报单位。")
    CampaignDuty.objects.bulk_create(CampaignDuty(campaign=campaign, organisation=o) for o in found)


def eligible(expects: str) -> models.QuerySet:
    """Return the bureaus of a level that can owe a campaign, by region code."""
    bureaus = Organisation.objects.current().filter(kind=Kind.HRSS_BUREAU, region__level=expects)
    return bureaus.select_related("region__parent").order_by("region_id", "pk")


@transaction.atomic
def extend(duty: CampaignDuty, *, by: User, until: datetime, reason: str) -> Extension:
    """Give one bureau more time, with the reason, and tell it. Raises ``Refused`` with the sentence."""
    _demand_manager(by, "批准延期")
    if why := why_not_open(duty.campaign):
        raise Refused(why)
    if not (reason := text.clean(reason)):
        raise Refused("请写明延期原因。")
    due = windows.due_at(duty)
    if until <= due or until <= timezone.now():
        raise Refused(f"延期要晚于现在，也要晚于现在的截止时间（{windows.moment(due)}）。")
    extension = Extension.objects.create(duty=duty, until=until, reason=reason, granted_by=by)
    _note(duty.campaign, by, CHANGE, f"{duty.organisation}延至 {windows.moment(until)}：{reason}")
    _tell([duty], {duty.pk: f"“{duty.campaign}”延至 {windows.moment(until)}：{reason}"})
    return extension


@transaction.atomic
def remind(campaign: Campaign, *, by: User, duties: Collection[int] | None = None) -> list[CampaignDuty]:
    """Remind the bureaus that still owe, or those of ``duties`` among them, and return whom it reminded.

    Whoever was reminded within the last ten minutes is left alone. Raises ``Refused``.
    """
    rows = _owing(campaign, by, duties)
    now = timezone.now()
    fresh = [row for row in rows if not row.reminded_at or now - row.reminded_at >= TWICE]
    Reminder.objects.bulk_create(Reminder(duty=row.duty, by=by, at=now) for row in fresh)
    _tell([row.duty for row in fresh], {row.duty.pk: _reminder(row, now) for row in fresh}, Topic.REMINDER)
    return [row.duty for row in fresh]


def _owing(campaign: Campaign, by: User, duties: Collection[int] | None) -> list[windows.Row]:
    """Return the rows of those who may be reminded, locked so that a second click waits for the first."""
    if why := why_not_remind(campaign, by):
        raise Refused(why)
    locked = windows.duties_of(campaign, by).select_for_update(of=("self",)).order_by("pk")
    open_to = {
        duty.pk
        for duty in locked
        if may_remind(by, duty.organisation.region_id) and (duties is None or duty.pk in duties)
    }
    return [row for row in windows.board(campaign, by) if row.owes and row.duty.pk in open_to]


def why_not_remind(campaign: Campaign, by: User) -> str:
    """Return the sentence why ``by`` cannot remind anybody of a campaign, empty when he can."""
    city_desk = any(
        post.role in CITY_DESK and post.organisation.region.level == Level.CITY and post.organisation.is_hrss
        for post in by.posts
    )
    if not may_manage(by) and not (city_desk and campaign.expects == Level.COUNTY):
        return "只有省级审核、审批和发布岗位可以催报，市级审核岗位可以催报所辖县（市、区）。"
    return why_not_open(campaign)


def why_not_open(campaign: Campaign) -> str:
    """Return the sentence why nobody files for a campaign now, empty when it is open."""
    if campaign.closed_at:
        return CLOSED.format(campaign)
    return f"“{campaign}”还没有开放报送。" if campaign.opens_at > timezone.now() else ""


def _reminder(row: windows.Row, at: datetime) -> str:
    campaign = row.duty.campaign
    asked = f"催报：“{campaign}”（{campaign.document_number}）"
    late = "已超过截止时间" if windows.is_over(row.due_at, at) else "截止时间"
    return f"{asked}{late} {windows.moment(row.due_at)}，贵单位{row.label}。"


def _tell_all(campaign: Campaign, what: str) -> None:
    times = f"{windows.moment(campaign.opens_at)} 开始报送，{windows.moment(campaign.due_at)} 截止"
    sentence = f"{what}：“{campaign}”（{campaign.document_number}），{times}。"
    duties = list(campaign.duties.all())
    _tell(duties, {duty.pk: sentence for duty in duties})


def _tell(duties: Collection[CampaignDuty], sentences: dict[int, str], topic: str = Topic.OTHER) -> None:
    """Write each bureau's sentence to its filers; constant queries for any number of bureaus."""
    by_bureau = {duty.organisation_id: sentences[duty.pk] for duty in duties}
    people = Membership.objects.current().filter(
        organisation_id__in=by_bureau, role=Role.FILER, user__is_active=True
    )
    told = dict.fromkeys(people.order_by("user_id", "pk").values_list("user_id", "organisation_id"))
    page = {duty.organisation_id: reverse("campaign", args=[duty.campaign_id]) for duty in duties}
    facts = {"topic": topic, "created_at": timezone.now()}
    notify.deliver(
        Message(user_id=user, text=by_bureau[bureau][:400], address=page[bureau], **facts)
        for user, bureau in told
    )


def _note(campaign: Campaign, by: User, flag: int, what: str) -> None:
    """Keep who opened, changed or closed a campaign, where the auditor reads it."""
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Campaign),
        object_id=str(campaign.pk),
        object_repr=str(campaign)[:200],
        action_flag=flag,
        change_message=what,
    )


def remind_all_before_due(at: datetime | None = None) -> int:
    """Send the automatic reminders of every open campaign that are due at ``at``; return how many."""
    at = at or timezone.now()
    waiting = [c for c in Campaign.objects.opened(at).order_by("pk") if c.reminder_days]
    rows = windows.boards(waiting)
    return sum(remind_before_due(campaign, rows[campaign.pk], at) for campaign in waiting)


@transaction.atomic
def remind_before_due(campaign: Campaign, rows: Sequence[windows.Row], at: datetime) -> int:
    """Send the automatic reminders whose day has come and return how many.

    Each day mark is used once per duty and due time, by whichever of two runs comes first; an extension has
    marks of its own. A run that was missed is made up for by the next, with one reminder and not several.
    """
    due = [(row, mark) for row in rows if row.owes and (mark := day_mark(row, at)) is not None]
    new = [row for row, mark in due if _mark(row, mark)]
    _tell([row.duty for row in new], {row.duty.pk: _reminder(row, at) for row in new}, Topic.REMINDER)
    return len(new)


def _mark(row: windows.Row, days: int) -> bool:
    """Use one day mark of a duty; False when it was used before."""
    used = {"duty": row.duty, "due_at": row.due_at, "days_before": days}
    return Reminder.objects.get_or_create(**used)[1]


def day_mark(row: windows.Row, at: datetime) -> int | None:
    """Return the number of days before the due day whose reminder is due on the day of ``at``, if any."""
    day, due_day = (moment.astimezone(windows.SHANGHAI).date() for moment in (at, row.due_at))
    left = (due_day - day).days
    return min((days for days in row.duty.campaign.reminder_days if 0 <= left <= days), default=None)
