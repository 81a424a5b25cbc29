"""Opening campaigns, granting extensions, reminding: the only writer of campaigns and their duties."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from portal import text, windows
from portal.models import Campaign, CampaignDuty, Extension, Membership, Message, Organisation, Reminder, User
from portal.vocabulary import Kind, Level, Role
from portal.workflow import Refused

MANAGERS = (Role.REVIEWER, Role.APPROVER, Role.PUBLISHER)
REMINDER_DAYS = (7, 3, 1)


def may_manage(user: User) -> bool:
    """Say whether ``user`` opens campaigns, extends and reminds: provincial review and publishing."""
    return any(
        post.role in MANAGERS
        and post.organisation.is_hrss
        and post.organisation.region.level == Level.PROVINCE
        for post in user.posts
    )


@transaction.atomic
def start(*, by: User, organisations: Sequence[Organisation] | None = None, **facts: Any) -> Campaign:
    """Open a campaign and write down who owes it: the bureaus given, else all of the expected level.

    ``facts`` are the columns of ``Campaign``. Raises ``Refused`` with the sentence of the first wrong one.
    """
    if not may_manage(by):
        raise Refused("只有省级审核、审批和发布岗位可以发起报送任务。")
    campaign = Campaign(**{"reminder_days": list(REMINDER_DAYS), **facts})
    try:
        campaign.full_clean()
    except ValidationError as error:
        raise Refused("；".join(error.messages)) from None
    campaign.save()
    add_duties(campaign, organisations)
    return campaign


def add_duties(campaign: Campaign, organisations: Iterable[Organisation] | None = None) -> None:
    """Write down the duties a campaign still lacks; reference data and ``start`` use it alike."""
    bureaus = Organisation.objects.current().filter(kind=Kind.HRSS_BUREAU, region__level=campaign.expects)
    known = set(campaign.duties.values_list("organisation_id", flat=True))
    wanted = bureaus if organisations is None else organisations
    CampaignDuty.objects.bulk_create(
        CampaignDuty(campaign=campaign, organisation=bureau) for bureau in wanted if bureau.pk not in known
    )


@transaction.atomic
def extend(duty: CampaignDuty, *, by: User, until: datetime, reason: str) -> Extension:
    """Give one bureau more time, with the reason. Raises ``Refused`` with the sentence."""
    if not may_manage(by):
        raise Refused("只有省级审核、审批和发布岗位可以批准延期。")
    if not (reason := text.clean(reason)):
        raise Refused("请写明延期原因。")
    if until <= windows.due_at(duty):
        raise Refused(
            f"延期要晚于现在的截止时间（{timezone.localtime(windows.due_at(duty)):%Y-%m-%d %H:%M}）。"
        )
    extension = Extension.objects.create(duty=duty, until=until, reason=reason, granted_by=by)
    _tell([duty], f"“{duty.campaign}”延至 {timezone.localtime(until):%Y-%m-%d %H:%M}：{reason}")
    return extension


@transaction.atomic
def remind(campaign: Campaign, *, by: User, duties: Iterable[int] | None = None) -> int:
    """Remind the bureaus that still owe, or those of ``duties`` among them; return how many were reminded."""
    if not may_manage(by):
        raise Refused("只有省级审核、审批和发布岗位可以催报。")
    chosen = None if duties is None else set(duties)
    owing = [
        row for row in windows.board(campaign, by) if row.owes and (chosen is None or row.duty.pk in chosen)
    ]
    Reminder.objects.bulk_create(Reminder(duty=row.duty, by=by) for row in owing)
    for row in owing:
        _tell([row.duty], _reminder(row))
    return len(owing)


def _reminder(row: windows.Row) -> str:
    due = timezone.localtime(row.due_at)
    late = "已超过" if timezone.now() > row.due_at else "截止时间"
    campaign = row.duty.campaign
    asked = f"催报：“{campaign}”（{campaign.document_number}）{late} {due:%Y-%m-%d %H:%M}"
    return f"{asked}，贵单位{row.label}。"


def _tell(duties: Iterable[CampaignDuty], sentence: str) -> None:
    organisations = [duty.organisation_id for duty in duties]
    people = Membership.objects.current().filter(
        organisation_id__in=organisations, role=Role.FILER, user__is_active=True
    )
    now = timezone.now()
    Message.objects.bulk_create(
        Message(user_id=user_id, text=sentence[:400], created_at=now)
        for user_id in sorted(set(people.values_list("user_id", flat=True)))
    )


@transaction.atomic
def remind_before_due(campaign: Campaign, rows: Sequence[windows.Row], at: datetime) -> int:
    """Send the automatic reminders whose day has come; each day mark is used once per duty."""
    sent = 0
    for row in rows:
        left = (timezone.localtime(row.due_at).date() - timezone.localtime(at).date()) // timedelta(days=1)
        if row.owes and left in campaign.reminder_days:
            _, is_new = Reminder.objects.get_or_create(duty=row.duty, days_before=left)
            if is_new:
                _tell([row.duty], _reminder(row))
                sent += 1
    return sent
