"""What must hold of notices: two pairs of eyes, a list, a period that passed before publication."""

from collections.abc import Iterator

from django.db.models import F
from django.utils import timezone

from portal.models import NoticeItem, Objection, PublicNotice
from portal.vocabulary import NoticeKind


def of_notices() -> Iterator[str]:
    """Yield one line for each notice, line of a list or objection that cannot be; four queries."""
    published = PublicNotice.objects.filter(published_at__isnull=False).order_by("pk")
    for notice in published.filter(created_by=F("published_by")):
        yield f"公告 {notice.pk}：拟稿人与发布人是同一人。"
    for notice in published.filter(items=None):
        yield f"公告 {notice.pk}：已发布，名单是空的。"
    closed_alone = Objection.objects.filter(closed_by=F("registered_by")).order_by("pk")
    for number in closed_alone.values_list("pk", flat=True):
        yield f"异议 {number}：登记人与办结人是同一人。"
    yield from _too_early()


def _too_early() -> Iterator[str]:
    """Yield the entries that were published while a 公示 of that version ran."""
    items = NoticeItem.objects.filter(
        notice__kind=NoticeKind.PUBLICITY,
        notice__withdrawn_at=None,
        version=F("filing__version"),
        notice__published_at__lt=F("filing__entry__published_at"),
    )
    for item in items.select_related("notice", "filing__entry").order_by("pk").iterator():
        entry = item.filing.entry
        if timezone.localdate(entry.published_at) <= item.notice.ends_on:
            yield f"目录条目 {entry.code}：公告 {item.notice_id} 的公示期未满即公布。"
