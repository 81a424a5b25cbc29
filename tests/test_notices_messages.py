"""Who hears of a notice on the day it begins and the day after it ended, once and never twice."""

from datetime import timedelta

import pytest

from portal import notice_messages, notices, publicity, tasks
from portal.models import Message
from tests.factories import KUIWEN, WEIFANG, approved, entry, filer, publisher
from tests.noticing import (
    DAY,
    announced,
    noon,
    objected,
    over,
    published,
    running,
    second_publisher,
    today,
)

pytestmark = pytest.mark.django_db


def told(user, start: str = "") -> list[str]:
    found = Message.objects.filter(user=user, text__contains="公告", text__startswith=start)
    return list(found.order_by("pk").values_list("text", flat=True))


def test_the_day_after_the_end_the_publishers_hear_that_they_may_publish():
    notice = running()
    second_publisher(), publisher(WEIFANG)
    notice_messages.tell_due(noon(notice.ends_on))
    before = told(publisher(), "请办理")

    notice_messages.tell_due(noon(notice.ends_on + DAY))

    said = f"请办理：公示期满，可以公布（公告 {notice.pk} 号）：“{notice}”，{publicity.dates(notice)}。"
    assert before == []
    assert [told(user) for user in (publisher(), second_publisher(), publisher(WEIFANG))] == [
        [said],
        [said],
        [],
    ]


def test_an_open_objection_is_told_with_the_end():
    notice = running()
    objected(notice)

    notice_messages.tell_due(noon(notice.ends_on + DAY))

    (said,) = told(publisher())
    assert said.startswith("请办理：公示期满（公告")
    assert said.endswith("还有 1 件异议未办结，办结后才能公布。")


def test_the_bureaus_listed_hear_of_the_beginning_and_the_end():
    notice = running(approved("skill-brands"), approved("skill-brands", place=KUIWEN))

    for day in (notice.starts_on, notice.ends_on, notice.ends_on + DAY):
        notice_messages.tell_due(noon(day))

    heads = [text.split("（")[0] for text in told(filer())]
    assert heads == ["开始公示", "公示期满"]
    assert [text.split("（")[0] for text in told(filer(KUIWEN))] == heads
    assert told(filer("3708")) == []


def test_a_notice_published_ahead_is_told_twice_when_it_is_fixed_and_when_it_begins():
    notice = published(starts=2)

    notice_messages.tell_due()
    notice_messages.tell_due(noon(notice.starts_on))

    assert [text.split("（")[0] for text in told(filer())] == ["定于公示", "开始公示"]


def test_a_run_that_is_repeated_tells_nobody_twice():
    notice = running()
    for _ in range(3):
        notice_messages.tell_due(noon(notice.ends_on + DAY))

    assert len(told(publisher())) == 1
    assert len(told(filer())) == 2


def test_two_notices_of_one_title_are_told_apart():
    record = approved("skill-brands")
    one, two = running(record), running(record)

    notice_messages.tell_due(noon(one.ends_on + DAY))

    assert [f"公告 {n.pk} 号" in text for n, text in zip((one, two), told(publisher()), strict=True)] == [
        True,
        True,
    ]


def test_a_run_that_was_missed_is_made_up_for_within_a_week_and_not_later():
    notice = running()

    notice_messages.tell_due(noon(notice.ends_on + timedelta(days=8)))
    late = told(publisher())
    notice_messages.tell_due(noon(notice.ends_on + timedelta(days=7)))

    assert (late, len(told(publisher()))) == ([], 1)


def test_a_withdrawn_notice_has_no_end_to_tell_of():
    notice = running()
    notices.withdraw(notice, by=publisher(), reason="名单有误（演示）")

    notice_messages.tell_due(noon(notice.ends_on + DAY))

    assert told(publisher()) == []


def test_an_announcement_is_told_and_has_no_end():
    notice = announced(entry("skill-brands").filing)

    notice_messages.tell_due(noon(today() + 30 * DAY))

    assert told(filer(), "已公布") == [
        f"已公布（公告 {notice.pk} 号）：“{notice}”，{publicity.dates(notice)}。"
        f"列有本单位《{notice.items.get().title}》。"
    ]
    assert told(publisher()) == []


def test_the_task_looks_at_what_is_due_today():
    over(), running()

    tasks.tell_of_notices()

    assert [text.split("（")[0] for text in told(filer())] == ["开始公示", "开始公示"]
