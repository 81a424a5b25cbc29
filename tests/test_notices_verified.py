"""What the nightly check says of notices that cannot be, written past the acts; of all others nothing."""

import pytest

from portal import verify
from portal.models import NoticeItem, Objection, PublicNotice
from portal.vocabulary import NoticeKind
from tests.factories import approved, entry, publish, publisher
from tests.noticing import DAY, announced, closed, objected, over, running, today

pytestmark = pytest.mark.django_db


def test_notices_that_went_their_way_have_no_fault():
    record = approved("skill-brands")
    closed(objected(over(record)))
    announced(publish(record).filing)
    running()

    assert list(verify.faults()) == []


def test_each_thing_that_cannot_be_is_told():
    one, two, three = running(), running(), over(approved("skill-brands"))
    PublicNotice.objects.filter(pk=one.pk).update(created_by=publisher())
    NoticeItem.objects.filter(notice=two).delete()
    objection = closed(objected(three))
    Objection.objects.filter(pk=objection.pk).update(registered_by=publisher())
    early = publish(three.items.get().filing)
    PublicNotice.objects.filter(pk=three.pk).update(ends_on=today() + DAY)

    assert list(verify.faults()) == [
        f"公告 {one.pk}：拟稿人与发布人是同一人。",
        f"公告 {two.pk}：已发布，名单是空的。",
        f"异议 {objection.pk}：登记人与办结人是同一人。",
        f"目录条目 {early.code}：公告 {three.pk} 的公示期未满即公布。",
    ]


def test_an_entry_that_was_there_before_a_later_notice_is_no_fault():
    shown = entry("skill-brands")
    notice = announced(shown.filing)
    PublicNotice.objects.filter(pk=notice.pk).update(kind=NoticeKind.PUBLICITY, ends_on=today() + 9 * DAY)

    assert notice.published_at > shown.published_at
    assert list(verify.faults()) == []
