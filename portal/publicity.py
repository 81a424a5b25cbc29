"""Where notices stand, and whether 公示 still keeps filings from publication. Pure reads; ``notices`` acts.

公示 is asked for by the campaign. Once a filing stands in one, the period of its present version has to pass,
whether it was asked for or not; a withdrawn notice counts as none. An objection to the filing or to its whole
list keeps it from publication until it is closed, also when the notice was withdrawn meanwhile.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db.models import Q
from django.utils import timezone

from portal import asking
from portal.models import Campaign, Filing, NoticeItem, Objection, ObjectionStage, PublicNotice
from portal.vocabulary import NoticeKind

NOT_YET = "“{}”要求先公示，这件填报还没有公示过。"
ANOTHER_VERSION = "公示的是第 {} 版，现在是第 {} 版，须重新公示后才能公布。"
RUNNING = "公示期为 {} 至 {}，期满后才能公布。"
OBJECTIONS = "公示收到的异议还有 {} 件未办结，办结后才能公布。"
DRAFT, COMING, ON, ENDED, FINAL = "draft", "coming", "running", "ended", "final"
WITHDRAWN = "withdrawn"
STANDINGS = {
    DRAFT: "草稿",
    COMING: "待开始",
    ON: "公示中",
    ENDED: "公示已结束",
    FINAL: "已公布",
    WITHDRAWN: "已撤销",
}


def standing(notice: PublicNotice, today: date | None = None) -> str:
    """Return where a notice stands on a day, today unless told: one of ``STANDINGS``."""
    today = today or timezone.localdate()
    if notice.published_at is None:
        return DRAFT
    if notice.withdrawn_at:
        return WITHDRAWN
    if notice.starts_on > today:
        return COMING
    if notice.ends_on is None:
        return FINAL
    return ON if notice.ends_on >= today else ENDED


def dates(notice: PublicNotice) -> str:
    """Return the days as a notice writes them: 2024年1月31日至2024年2月5日（5个工作日）."""
    start = in_words(notice.starts_on)
    if notice.ends_on is None:
        return start
    days = f"（{notice.working_days}个工作日）" if notice.working_days else ""
    return f"{start}至{in_words(notice.ends_on)}{days}"


def in_words(day: date) -> str:
    """Return a day as official papers write it."""
    return f"{day.year}年{day.month}月{day.day}日"


def why_waiting_all(filings: Iterable[Filing]) -> dict[int, str]:
    """Return filing → why it waits for 公示, empty when it does not; three queries for any number."""
    wanted = {filing.pk: filing for filing in filings}
    items, today = _items(wanted), timezone.localdate()
    objections = _open_objections([item for own in items.values() for item in own])
    asking = {c.pk: c for c in Campaign.objects.filter(pk__in={f.campaign_id for f in wanted.values()})}
    return {
        pk: _reason(filing, items[pk], asking.get(filing.campaign_id), today)
        or (OBJECTIONS.format(objections[pk]) if objections[pk] else "")
        for pk, filing in wanted.items()
    }


def needs_notice(filing: Filing) -> bool:
    """Say whether publication waits for a notice that nobody has published yet."""
    items = [item for item in _items([filing.pk])[filing.pk] if item.notice.withdrawn_at is None]
    if items:
        return all(item.version != filing.version for item in items)
    return bool(filing.campaign_id and filing.campaign.needs_publicity)


def _items(filings: Iterable[int]) -> dict[int, list[NoticeItem]]:
    """Return filing → its lines in 公示 that were published, withdrawn ones included."""
    found = NoticeItem.objects.filter(
        filing_id__in=list(filings),
        notice__kind=NoticeKind.PUBLICITY,
        notice__published_at__isnull=False,
    )
    grouped = defaultdict(list)
    for item in found.select_related("notice"):
        grouped[item.filing_id].append(item)
    return grouped


def _reason(filing: Filing, items: list[NoticeItem], asking: Campaign | None, today: date) -> str:
    valid = [item for item in items if item.notice.withdrawn_at is None]
    if not valid:
        return NOT_YET.format(asking) if asking and asking.needs_publicity else ""
    current = [item.notice for item in valid if item.version == filing.version]
    if not current:
        return ANOTHER_VERSION.format(max(item.version for item in valid), filing.version)
    last = max(current, key=lambda notice: notice.ends_on)
    return RUNNING.format(last.starts_on, last.ends_on) if last.ends_on >= today else ""


@asking.for_the_house()
def _open_objections(items: list[NoticeItem]) -> dict[int, int]:
    """Return filing → how many objections to it, or to the whole list it stands in, are not closed."""
    listed = defaultdict(set)
    for item in items:
        listed[item.notice_id].add(item)
    open_ones = Objection.objects.filter(notice_id__in=listed).exclude(stage=ObjectionStage.CLOSED)
    counted: dict[int, int] = defaultdict(int)
    for notice_id, item_id in open_ones.filter(
        Q(item=None) | Q(item__filing_id__in={item.filing_id for item in items})
    ).values_list("notice_id", "item_id"):
        for item in listed[notice_id]:
            counted[item.filing_id] += item_id in (None, item.pk)
    return counted
