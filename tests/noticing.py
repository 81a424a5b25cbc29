"""Notices for tests: drafted and published by real people, in a year whose holidays are known."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from portal import notices, objections
from portal.models import Filing, Objection, PublicNotice, Workday
from portal.vocabulary import NoticeKind
from portal.windows import SHANGHAI
from tests.factories import PROVINCE, approved, bureau, person, publisher, reviewer

DAY = timedelta(days=1)
KIND = "skill-brands"
CONTACTS = {
    "how_to_object": "以书面形式实名提出，匿名不予受理。",
    "receiver": "演示受理处",
    "address": "演示路1号",
    "postcode": "000000",
    "phone": "0000-0000000",
    "email": "notice@example.invalid",
    "supervision_phone": "0000-0000001",
}


def today() -> date:
    """Return the day of the portal."""
    return timezone.localdate()


def know_the_years() -> None:
    """Let the table know this year and its neighbours, whatever the library knows of them."""
    for year in range(today().year - 1, today().year + 2):
        Workday.objects.get_or_create(
            day=date(year, 1, 1), defaults={"is_worked": False, "source": "国务院办公厅通知（演示）"}
        )


def drafter(place: str = PROVINCE):
    """Return who drafts notices: the reviewer of the bureau."""
    return reviewer(place)


def second_publisher(place: str = PROVINCE):
    """Return another 发布 post of the bureau."""
    return person("publisher", place, name=f"second_publisher_{place}")


def facts(kind: str = NoticeKind.PUBLICITY, **changes) -> dict:
    """Return the columns of a notice."""
    contacts = CONTACTS if kind == NoticeKind.PUBLICITY else {}
    found = {
        "kind": kind,
        "record_kind": KIND,
        "title": "关于拟公布品牌名单的公示（演示）",
        "basis": "鲁人社字〔2024〕95号",
        "starts_on": today(),
        **contacts,
    }
    return found | changes


def drafted(*filings: Filing, place: str = PROVINCE, by=None, **changes) -> PublicNotice:
    """Return a notice that nobody has published, over ``filings`` or one that is approved."""
    know_the_years()
    listed = filings or (approved(changes.get("record_kind", KIND)),)
    return notices.draft(
        by=by or drafter(place), organisation=bureau(place), filings=listed, **facts(**changes)
    )


def noon(day: date) -> datetime:
    """Return the middle of a day in Shandong."""
    return datetime.combine(day, time(12), SHANGHAI)


def published(*filings: Filing, place: str = PROVINCE, starts: int = 0, **changes) -> PublicNotice:
    """Return a notice published on its first day, ``starts`` days from today."""
    notice = drafted(*filings, place=place, **{"starts_on": today() + starts * DAY, **changes})
    at = noon(notice.starts_on) if notice.starts_on < today() else timezone.now()
    return notices.publish(notice, by=publisher(place), read=notices.digest(notice), at=at)


def running(*filings: Filing, **changes) -> PublicNotice:
    """Return a 公示 that began today."""
    return published(*filings, **changes)


def over(*filings: Filing, **changes) -> PublicNotice:
    """Return a 公示 whose period ended some days ago."""
    return published(*filings, starts=-40, **changes)


def announced(*filings: Filing, **changes) -> PublicNotice:
    """Return a 公布 of today."""
    title = "关于公布品牌名单的通知（演示）"
    return published(*filings, kind=NoticeKind.ANNOUNCEMENT, title=title, **changes)


def objected(notice: PublicNotice, *, by=None, **changes) -> Objection:
    """Return an objection that was registered on the first day of the period."""
    said = {
        "objector": "演示异议人甲",
        "contact": "演示联系方式0000",
        "text": "名称与已公布的品牌相近（演示）。",
        "received_on": notice.starts_on,
    }
    by = by or drafter(notice.organisation.region_id)
    return objections.register(notice, by=by, **{**said, **changes})


def closed(objection: Objection) -> Objection:
    """Let the publisher answer and close an objection."""
    by = publisher(objection.notice.organisation.region_id)
    objections.answer(objection, by=by, answer="已经核实（演示）。")
    return objections.close(objection, by=by, conclusion="异议不成立（演示）。")
