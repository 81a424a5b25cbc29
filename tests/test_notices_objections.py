"""Objections to a 公示, and what keeps a filing from publication while 公示 is not over."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import catalogue, notices, objections, publicity
from portal.models import CatalogueEntry, Filing, Message, Objection, ObjectionStage, PublicNotice
from portal.workflow import Refused
from tests.campaigning import campaign
from tests.factories import (
    DOCUMENT,
    PROVINCE,
    WEIFANG,
    act,
    approved,
    approver,
    auditor,
    entry,
    filer,
    publisher,
    reviewer,
    stranger,
    sysadmin,
)
from tests.noticing import (
    DAY,
    announced,
    closed,
    drafted,
    drafter,
    objected,
    over,
    published,
    running,
    today,
)
from tests.test_notices import refusal

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["", " ", "匿名", "匿 名", "无名氏", "群众", "无", "—"])
def test_an_anonymous_objection_is_not_taken(name):
    notice = running()

    assert refusal(lambda: objected(notice, objector=name)) == objections.ANONYMOUS
    assert Objection.objects.count() == 0


@pytest.mark.parametrize("contact", ["", "无", "/"])
def test_an_objection_needs_a_way_to_reach_whoever_made_it(contact):
    notice = running()

    assert refusal(lambda: objected(notice, contact=contact)) == objections.ANONYMOUS


def test_an_objection_is_made_within_the_period_and_may_be_registered_later():
    notice = over()
    late = refusal(lambda: objected(notice, received_on=notice.ends_on + DAY))
    early = refusal(lambda: objected(notice, received_on=notice.starts_on - DAY))

    taken = objected(notice, received_on=notice.ends_on)

    assert late == objections.NOT_IN_TIME.format(notice.starts_on, notice.ends_on, notice.ends_on + DAY)
    assert early == objections.NOT_IN_TIME.format(notice.starts_on, notice.ends_on, notice.starts_on - DAY)
    assert (taken.stage, taken.registered_by) == (ObjectionStage.OPEN, drafter())


def test_nothing_is_received_on_a_day_to_come():
    notice = running()

    assert "没有登记" in refusal(lambda: objected(notice, received_on=today() + DAY))


def test_only_a_published_notice_that_asks_for_them_takes_objections():
    unpublished, later = drafted(), published(starts=3)
    withdrawn = running()
    notices.withdraw(withdrawn, by=publisher(), reason="名单有误（演示）")
    final = announced(entry("skill-brands").filing)

    said = [refusal(lambda n=n: objected(n)) for n in (unpublished, later, withdrawn, final)]

    assert said == [objections.NOT_OPEN] * 4


def test_an_objection_names_a_line_of_its_own_notice():
    notice, other = running(), running()

    said = refusal(lambda: objected(notice, item=other.items.get()))

    assert said == "所选的条目不在这份公示的名单中。"


OTHERS = {
    "the province's filer": lambda: filer(PROVINCE),
    "a city's reviewer": reviewer,
    "the auditor": auditor,
    "the system administrator": sysadmin,
    "somebody without a post": stranger,
}


@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS)
def test_objections_are_for_the_desk_of_the_notice_alone(who):
    notice = running()
    objection = objected(notice)

    assert list(objections.visible_to(who())) == []
    with pytest.raises(PublicNotice.DoesNotExist):
        objected(notice, by=who())
    for write in (
        lambda: objections.answer(objection, by=who(), answer="演示"),
        lambda: objections.close(objection, by=who(), conclusion="演示"),
    ):
        with pytest.raises(Objection.DoesNotExist):
            write()


def test_an_objection_is_answered_and_then_closed_by_another_than_registered_it():
    objection = objected(running())

    assert objections.why_not_close(objection, publisher()) == "先答复异议人，再办结。"
    objections.answer(objection, by=drafter(), answer="已经核实（演示）。")
    objection.refresh_from_db()
    alone = refusal(lambda: objections.close(objection, by=drafter(), conclusion="异议不成立（演示）。"))
    objections.close(objection, by=approver(), conclusion="异议不成立（演示）。")

    kept = Objection.objects.get()
    assert alone == objections.SAME_PERSON
    assert (kept.stage, kept.answered_by, kept.closed_by) == (ObjectionStage.CLOSED, drafter(), approver())
    assert (kept.answer, kept.conclusion) == ("已经核实（演示）。", "异议不成立（演示）。")


def test_whoever_comes_second_is_told_so_and_changes_nothing():
    objection = objected(running())
    stale = Objection.objects.get()
    closed(objection)

    said = [
        refusal(lambda: objections.answer(stale, by=approver(), answer="另一答复")),
        refusal(lambda: objections.close(stale, by=approver(), conclusion="另一意见")),
    ]

    assert said == [objections.HANDLED] * 2
    assert Objection.objects.get().answer == "已经核实（演示）。"


def test_an_answer_and_a_conclusion_are_written():
    objection = objected(running())

    assert refusal(lambda: objections.answer(objection, by=approver(), answer=" ")) == (
        "请写明答复内容，没有保存。"
    )
    objections.answer(objection, by=approver(), answer="已经核实（演示）。")
    assert refusal(lambda: objections.close(objection, by=approver(), conclusion="")) == (
        "请写明办结意见，没有保存。"
    )


def waiting(filing: Filing) -> str:
    return publicity.why_waiting_all([Filing.objects.get(pk=filing.pk)])[filing.pk]


def test_without_a_notice_nothing_waits_unless_the_campaign_asks_for_one():
    campaign(places=[WEIFANG], needs_publicity=True)
    asked = approved("skill-brands")

    assert waiting(asked) == "“演示任务”要求先公示，这件填报还没有公示过。"
    assert waiting(approved("building-units")) == ""


def test_a_campaign_that_asks_for_publicity_is_served_by_a_notice_that_ran_to_its_end():
    campaign(places=[WEIFANG], needs_publicity=True)
    record = approved("skill-brands")
    drafted(record)
    before = waiting(record)

    over(record)

    assert before == "“演示任务”要求先公示，这件填报还没有公示过。"
    assert waiting(record) == ""


def test_a_filing_in_a_running_notice_waits_for_the_last_day_of_the_longest():
    record = approved("skill-brands")
    over(record)
    notice = running(record)
    longer = running(record, working_days=10)

    assert waiting(record) == f"公示期为 {longer.starts_on} 至 {longer.ends_on}，期满后才能公布。"
    assert notice.ends_on < longer.ends_on


def test_the_last_day_still_waits_and_the_day_after_does_not():
    record = approved("skill-brands")
    notice = PublicNotice.objects.filter(pk=running(record).pk)

    notice.update(starts_on=today() - 9 * DAY, ends_on=today())
    on_the_last_day = waiting(record)
    notice.update(ends_on=today() - DAY)

    assert on_the_last_day == f"公示期为 {today() - 9 * DAY} 至 {today()}，期满后才能公布。"
    assert waiting(record) == ""


def test_a_notice_published_ahead_keeps_it_waiting_too():
    record = approved("skill-brands")
    notice = published(record, starts=3)

    assert waiting(record) == f"公示期为 {notice.starts_on} 至 {notice.ends_on}，期满后才能公布。"


def test_an_open_objection_to_it_or_to_the_whole_list_keeps_it_waiting_until_closed():
    one, other = approved("skill-brands"), approved("skill-brands")
    notice = over(one, other)
    to_one = objected(notice, item=notice.items.get(filing=one))
    to_all = objected(notice)

    found = [list(publicity.why_waiting_all([one, other]).values())]
    closed(to_all)
    found.append(list(publicity.why_waiting_all([one, other]).values()))
    closed(to_one)
    found.append([waiting(one), waiting(other)])

    assert found == [
        [publicity.OBJECTIONS.format(2), publicity.OBJECTIONS.format(1)],
        [publicity.OBJECTIONS.format(1), ""],
        ["", ""],
    ]


def test_an_answered_objection_is_not_closed_yet():
    record = approved("skill-brands")
    objections.answer(objected(over(record)), by=publisher(), answer="已经核实（演示）。")

    assert waiting(record) == publicity.OBJECTIONS.format(1)


def test_withdrawing_a_notice_does_not_do_away_with_an_open_objection():
    record = approved("skill-brands")
    notice = over(record)
    objection = objected(notice)
    notices.withdraw(notice, by=publisher(), reason="名单有误（演示）")
    before = waiting(record)

    closed(objection)

    assert (before, waiting(record)) == (publicity.OBJECTIONS.format(1), "")


def test_a_withdrawn_notice_serves_no_campaign():
    campaign(places=[WEIFANG], needs_publicity=True)
    record = approved("skill-brands")
    notices.withdraw(over(record), by=publisher(), reason="名单有误（演示）")

    assert waiting(record) == "“演示任务”要求先公示，这件填报还没有公示过。"


def test_a_new_version_needs_a_new_notice():
    record = approved("skill-brands")
    over(record)
    sent_again(record)

    assert waiting(record) == "公示的是第 1 版，现在是第 2 版，须重新公示后才能公布。"
    assert publicity.needs_notice(Filing.objects.get(pk=record.pk)) is True
    over(record)
    assert waiting(record) == ""


def sent_again(record: Filing) -> None:
    """Return a decided filing to its bureau and approve what it sends then."""
    act(record, "reopen", approver(), comment="演示")
    act(record, "return", reviewer(PROVINCE), comment="演示")
    act(record, "submit", filer())
    act(record, "endorse", reviewer())
    act(record, "approve", approver())


def test_the_catalogue_refuses_what_waits_and_publishes_what_does_not():
    record = approved("skill-brands")
    notice = running(record)

    with pytest.raises(Refused) as refused:
        catalogue.publish(record, by=publisher(), document_number=DOCUMENT)

    assert str(refused.value) == f"公示期为 {notice.starts_on} 至 {notice.ends_on}，期满后才能公布。"
    assert CatalogueEntry.objects.filter(filing=record).count() == 0


@pytest.mark.parametrize("number", [1, 3])
def test_the_question_costs_the_same_for_any_number_of_filings_notices_and_objections(number):
    campaign(places=[WEIFANG])
    records = [approved("skill-brands") for _ in range(number)]
    for _ in range(number):
        objected(over(*records))
    found = list(Filing.objects.filter(pk__in=[record.pk for record in records]))

    with CaptureQueriesContext(connection) as queries:
        said = publicity.why_waiting_all(found)

    assert said == dict.fromkeys((record.pk for record in records), publicity.OBJECTIONS.format(number))
    assert len(queries) == 3


def test_publishers_hear_when_the_last_objection_to_an_ended_notice_is_closed():
    notice = over()
    first, last = objected(notice), objected(notice)
    closed(first)
    before = Message.objects.filter(text__startswith="请办理").count()

    closed(last)

    told = Message.objects.filter(text__startswith="请办理").values_list("user__username", "text")
    start = f"请办理：异议已全部办结，可以公布（公告 {notice.pk} 号）："
    assert before == 0
    assert list(told) == [(publisher().username, f"{start}“{notice}”，{publicity.dates(notice)}。")]


def test_a_year_boundary_is_no_different():
    notice = drafted(starts_on=date(2024, 12, 30))

    assert publicity.dates(notice) == "2024年12月30日至2025年1月6日（5个工作日）"
