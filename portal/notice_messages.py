"""Who is told of a notice: the bureaus it lists when it starts and ends, its publishers when it has ended.

A message begins with the number of its notice, so that a run that is repeated or made up for tells nobody
twice.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from portal import asking, notify, publicity
from portal.models import Membership, Message, NoticeItem, Objection, ObjectionStage, PublicNotice
from portal.vocabulary import NoticeKind, Role, Topic

MADE_UP_FOR = timedelta(days=7)  # a run that was missed is made up for by the next within a week
ENDED = "公示期满"
TO_PUBLISH = "公示期满，可以公布"
OPEN = "还有 {} 件异议未办结，办结后才能公布。"
STARTS = {NoticeKind.PUBLICITY: ("开始公示", "定于公示"), NoticeKind.ANNOUNCEMENT: ("已公布", "定于公布")}


def published(notice: PublicNotice, at: datetime) -> None:
    """Tell the bureaus listed that a notice has begun, or when it will."""
    now, later = STARTS[NoticeKind(notice.kind)]
    _tell_bureaus(notice, later if notice.starts_on > timezone.localdate(at) else now, at)


def withdrawn(notice: PublicNotice) -> None:
    """Tell the bureaus listed that a notice was taken back, and why."""
    _tell_bureaus(notice, "已撤销公告", notice.withdrawn_at, f"原因：{notice.withdrawal_reason}。")


def settled(notice: PublicNotice, at: datetime) -> None:
    """Tell the publishers that the last objection to a 公示 that has ended is closed."""
    if publicity.standing(notice, timezone.localdate(at)) == publicity.ENDED and not _open(notice):
        _tell_publishers(notice, "异议已全部办结，可以公布", at)


@transaction.atomic
def tell_due(at: datetime | None = None) -> int:
    """Tell of the notices that begin today and of those that ended; return how many notices it looked at.

    Whoever was told before is not told again; the rows are held, so that a second run waits for the first.
    """
    at = at or timezone.now()
    today = timezone.localdate(at)
    valid = PublicNotice.objects.select_for_update(of=("self",)).filter(
        published_at__isnull=False, withdrawn_at=None
    )
    begun = list(valid.filter(starts_on__gt=today - MADE_UP_FOR, starts_on__lte=today).order_by("pk"))
    ended = list(valid.filter(ends_on__gte=today - MADE_UP_FOR, ends_on__lt=today).order_by("pk"))
    for notice in begun:
        _tell_bureaus(notice, STARTS[NoticeKind(notice.kind)][0], at)
    for notice in ended:
        _tell_bureaus(notice, ENDED, at)
        number = _open(notice)
        _tell_publishers(notice, ENDED if number else TO_PUBLISH, at, OPEN.format(number) if number else "")
    return len(begun) + len(ended)


@asking.for_the_house()
def _open(notice: PublicNotice) -> int:
    return Objection.objects.filter(notice=notice).exclude(stage=ObjectionStage.CLOSED).count()


def _start(notice: PublicNotice, what: str) -> str:
    return f"{what}（公告 {notice.pk} 号）：“{notice}”，{publicity.dates(notice)}。"


def _tell_bureaus(notice: PublicNotice, what: str, at: datetime, more: str = "") -> None:
    """Write to the 填报 posts of the bureaus listed, each with its own lines."""
    listed: dict[int, list[NoticeItem]] = defaultdict(list)
    for item in notice.items.select_related("filing"):
        listed[item.filing.organisation_id].append(item)
    people = Membership.objects.current().filter(
        organisation_id__in=listed, role=Role.FILER, user__is_active=True
    )
    told = dict(people.order_by("user_id", "-pk").values_list("user_id", "organisation_id"))
    start = _start(notice, what)
    texts = {user: f"{start}{_named(listed[bureau])}{more}" for user, bureau in told.items()}
    filings = {user: listed[bureau][0].filing_id for user, bureau in told.items()}
    _write(start, texts, filings, at)


def _named(items: list[NoticeItem]) -> str:
    names = "、".join(f"《{item.title}》" for item in items[:3])
    return f"列有本单位{names}{f'等 {len(items)} 条' if len(items) > 3 else ''}。"


def _tell_publishers(notice: PublicNotice, what: str, at: datetime, more: str = "") -> None:
    people = Membership.objects.current().filter(
        organisation_id=notice.organisation_id, role=Role.PUBLISHER, user__is_active=True
    )
    start = f"请办理：{_start(notice, what)}"
    users = people.order_by("user_id").values_list("user_id", flat=True)
    page = reverse("notice-desk", args=[notice.pk])
    _write(start, {user: f"{start}{more}" for user in users}, {}, at, page)


@asking.for_the_house()
def _write(
    start: str, texts: dict[int, str], filings: dict[int, int], at: datetime, address: str = ""
) -> None:
    """Write each person's text, but to nobody who has one that begins alike."""
    before = Message.objects.filter(user_id__in=texts, text__startswith=start[:400])
    known = set(before.values_list("user_id", flat=True))
    facts = {"topic": Topic.OTHER, "address": address, "created_at": at}
    notify.deliver(
        Message(user_id=user, filing_id=filings.get(user), text=words[:400], **facts)
        for user, words in sorted(texts.items())
        if user not in known
    )
