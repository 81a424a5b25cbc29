"""公示 and 公布 as acts: who drafts and publishes what, which days they run, what stays fixed afterwards."""

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry

from portal import notice_forms, notices, publicity
from portal.models import Message, NoticeItem, PublicNotice, Workday
from portal.vocabulary import NoticeKind
from portal.workflow import Refused
from tests.factories import (
    KUIWEN,
    PROVINCE,
    WEIFANG,
    act,
    approved,
    approver,
    auditor,
    bureau,
    entry,
    filer,
    joint,
    publish,
    publisher,
    reviewer,
    secadmin,
    stranger,
    submitted,
    sysadmin,
)
from tests.noticing import (
    DAY,
    announced,
    drafted,
    drafter,
    facts,
    noon,
    over,
    published,
    running,
    second_publisher,
    today,
)

pytestmark = pytest.mark.django_db


def test_a_period_from_the_last_of_january_2024_is_written_with_both_days_and_its_five_working_days():
    notice = drafted(starts_on=date(2024, 1, 31))

    assert (notice.ends_on, notice.working_days) == (date(2024, 2, 5), 5)
    assert publicity.dates(notice) == "2024年1月31日至2024年2月5日（5个工作日）"


def test_an_end_that_is_typed_stands_with_the_working_days_it_has():
    notice = drafted(starts_on=date(2024, 1, 31), ends_on=date(2024, 2, 8))

    assert (notice.ends_on, notice.working_days) == (date(2024, 2, 8), 8)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"working_days": 4}, "公示不少于 5 个工作日，现在填的是 4 个。"),
        ({"working_days": 61}, "公示最多 60 个工作日。"),
        (
            {"starts_on": date(2024, 2, 1), "ends_on": date(2024, 2, 5)},
            "公示不少于 5 个工作日；2024-02-01 至 2024-02-05 只有 4 个工作日，请把结束日期往后推。",
        ),
        (
            {"starts_on": date(2024, 2, 5), "ends_on": date(2024, 2, 1)},
            "结束日期要在开始日期之后，首尾不少于 5 天、不超过 180 天。",
        ),
        (
            {"starts_on": date(2099, 3, 2)},
            "2099年的放假安排还没有录入，请先在“工作日调整”中录入国务院办公厅的通知，或直接填写结束日期。",
        ),
        ({"receiver": "", "phone": " "}, "受理异议要写明受理单位、电话，群众才知道向谁提出。"),
        ({"title": ""}, "标题：此字段不能为空。"),
        ({"record_kind": "no-such"}, "没有这种目录。"),
    ],
)
def test_what_is_wrong_with_a_notice_is_said_and_nothing_is_kept(changes, sentence):
    with pytest.raises(Refused) as refused:
        drafted(approved("skill-brands"), **changes)

    assert str(refused.value) == sentence
    assert PublicNotice.objects.count() == 0


def test_an_end_that_follows_from_the_days_goes_on_following_them():
    derived = drafted(starts_on=date(2024, 1, 31))
    typed = drafted(starts_on=date(2024, 1, 31), ends_on=date(2024, 2, 11))  # in the holidays

    shown = [notice_forms.present(notice) for notice in (derived, typed)]
    longer = [notice_forms.period({**values, "working_days": "9"})[0] for values in shown]

    assert [values["ends_on"] for values in shown] == [None, date(2024, 2, 11)]
    assert longer == ["2024年1月31日至2024年2月9日（9个工作日）", "2024年1月31日至2024年2月11日（9个工作日）"]


def test_in_a_year_of_which_nothing_is_known_the_end_is_typed_and_the_number_is_the_drafters():
    notice = drafted(starts_on=date(2099, 3, 2), ends_on=date(2099, 3, 6), working_days=5)

    assert publicity.dates(notice) == "2099年3月2日至2099年3月6日（5个工作日）"


MAY_DRAFT = {
    "the province's reviewer": (lambda: reviewer(PROVINCE), PROVINCE),
    "the province's approver": (approver, PROVINCE),
    "the province's publisher": (publisher, PROVINCE),
    "a city's reviewer for his city": (reviewer, WEIFANG),
}
MAY_NOT_DRAFT = {
    "the province's filer": (lambda: filer(PROVINCE), PROVINCE),
    "a city's reviewer for the province": (reviewer, PROVINCE),
    "another city's reviewer": (lambda: reviewer("3708"), WEIFANG),
    "a county's filer": (lambda: filer(KUIWEN), KUIWEN),
    "a county's reviewer": (lambda: reviewer(KUIWEN), KUIWEN),
    "a joint department": (joint, PROVINCE),
    "the auditor": (auditor, PROVINCE),
    "the system administrator": (sysadmin, PROVINCE),
    "the security administrator": (secadmin, PROVINCE),
    "somebody without a post": (stranger, PROVINCE),
}


@pytest.mark.parametrize(("who", "place"), MAY_DRAFT.values(), ids=MAY_DRAFT)
def test_the_desks_of_province_and_city_draft(who, place):
    notice = drafted(approved("building-units"), place=place, by=who(), record_kind="building-units")

    assert [item.title for item in notice.items.all()] == [str(notice.items.get().filing)]


@pytest.mark.parametrize(("who", "place"), MAY_NOT_DRAFT.values(), ids=MAY_NOT_DRAFT)
def test_nobody_else_drafts(who, place):
    with pytest.raises(Refused) as refused:
        drafted(approved("building-units"), place=place, by=who(), record_kind="building-units")

    assert str(refused.value) == notices.NOT_AT_A_DESK


def test_a_list_holds_what_is_approved_unpublished_and_the_bureaus_to_publish():
    waiting = submitted("skill-brands")
    done = entry("skill-brands").filing
    elsewhere = approved("building-units", place="3708")
    report = approved("project-training-returns")

    said = [
        refusal(lambda: drafted(waiting)),
        refusal(lambda: drafted(done)),
        refusal(lambda: drafted(elsewhere, place=WEIFANG, record_kind="building-units")),
        refusal(lambda: drafted(approved("skill-brands"), place=WEIFANG)),
        refusal(lambda: drafted(report, record_kind="project-training-returns")),
        refusal(lambda: notices.draft(by=drafter(), organisation=bureau(PROVINCE), filings=[], **facts())),
    ]

    tail = "现在不能列入这份公告：没有审核通过、已经公布，或不归本单位公布。请去掉后再保存。"
    assert [words.endswith(tail) for words in said] == [True] * 5 + [False]
    assert said[5] == "名单是空的，请至少选一条。"
    assert PublicNotice.objects.count() == 0


def refusal(act) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return str(refused.value)


def test_an_announcement_lists_what_is_in_force_and_has_one_day_only():
    notice = announced(entry("skill-brands").filing)

    assert (notice.ends_on, notice.working_days) == (None, None)
    assert publicity.dates(notice) == f"{today().year}年{today().month}月{today().day}日"
    assert refusal(lambda: announced(approved("skill-brands"))).startswith("《")


def test_a_notice_is_published_by_a_publisher_who_had_no_hand_in_it():
    own = drafted(approved("skill-brands"), by=publisher())

    assert refusal(lambda: notices.publish(own, by=publisher(), read=notices.digest(own))) == notices.OWN_TEXT
    notices.publish(own, by=second_publisher(), read=notices.digest(own))

    assert PublicNotice.objects.get().published_by == second_publisher()


def test_whoever_changed_a_notice_does_not_publish_it_even_when_another_changed_it_after_him():
    notice = drafted()
    listed = [item.filing for item in notice.items.all()]
    for by in (publisher(), drafter()):
        notices.change(notice, by=by, filings=listed, title="关于品牌名单的公示（演示）")
    notice.refresh_from_db()

    assert notices.why_not_publish(notice, publisher()) == notices.OWN_TEXT
    assert notices.why_not_publish(notice, second_publisher()) == ""


@pytest.mark.parametrize("who", [drafter, approver], ids=["reviewer", "approver"])
def test_only_publishers_publish_and_withdraw(who):
    notice = drafted(by=publisher())

    said = refusal(lambda: notices.publish(notice, by=who(), read=notices.digest(notice)))

    assert said == "只有本单位的发布岗位可以发布和撤销公告。"
    assert refusal(lambda: notices.withdraw(notice, by=who(), reason="演示")) == said


def test_for_people_of_other_desks_a_notice_does_not_exist():
    notice, read = drafted(), "any"

    for by in (publisher(WEIFANG), reviewer(WEIFANG), filer(PROVINCE), auditor(), stranger()):
        for act_on in (
            lambda by=by: notices.publish(notice, by=by, read=read),
            lambda by=by: notices.change(notice, by=by, filings=[]),
            lambda by=by: notices.discard(notice, by=by),
            lambda by=by: notices.withdraw(notice, by=by, reason="演示"),
        ):
            with pytest.raises(PublicNotice.DoesNotExist):
                act_on()


def test_what_is_published_is_what_was_read():
    notice = drafted()
    read, listed = notices.digest(notice), [item.filing for item in notice.items.all()]
    notices.change(notice, by=drafter(), filings=listed, title="改过的标题（演示）")

    with pytest.raises(notices.Stale) as stale:
        notices.publish(notice, by=publisher(), read=read)

    assert str(stale.value) == notices.STALE
    assert PublicNotice.objects.get().published_at is None


def test_two_people_in_one_draft_do_not_overwrite_each_other():
    notice = drafted()
    read, listed = notices.digest(notice), [item.filing for item in notice.items.all()]
    notices.change(notice, by=drafter(), filings=listed, read=read, title="甲的标题（演示）")

    with pytest.raises(notices.Stale):
        notices.change(notice, by=approver(), filings=listed, read=read, title="乙的标题（演示）")

    assert PublicNotice.objects.get().title == "甲的标题（演示）"


def test_a_notice_does_not_begin_on_a_day_that_is_past():
    notice = drafted(starts_on=today() - DAY)

    said = refusal(lambda: notices.publish(notice, by=publisher(), read=notices.digest(notice)))

    assert said == notices.PAST.format(today() - DAY)


def test_a_notice_may_be_published_ahead_and_is_public_from_its_first_day():
    later, now = published(starts=3), running()

    assert list(PublicNotice.objects.published()) == [now]
    assert [publicity.standing(notice) for notice in (later, now)] == ["coming", "running"]
    assert publicity.standing(later, later.starts_on) == "running"


def test_the_last_day_belongs_to_the_period():
    notice = running()

    assert publicity.standing(notice, notice.ends_on) == "running"
    assert publicity.standing(notice, notice.ends_on + DAY) == "ended"


def test_a_published_notice_stays_as_it_is():
    notice = running()
    listed = [item.filing for item in notice.items.all()]

    assert refusal(lambda: notices.change(notice, by=drafter(), filings=listed)) == notices.PUBLISHED
    assert refusal(lambda: notices.discard(notice, by=drafter())) == notices.PUBLISHED
    again = refusal(lambda: notices.publish(notice, by=publisher(), read=notices.digest(notice)))
    assert again == notices.PUBLISHED


def test_a_filing_submitted_anew_since_the_draft_keeps_the_notice_from_publication():
    record = approved("skill-brands")
    notice = drafted(record)
    act(record, "reopen", approver(), comment="演示")
    act(record, "return", reviewer(PROVINCE), comment="演示")
    act(record, "submit", filer())
    act(record, "endorse", reviewer())
    act(record, "approve", approver())

    said = refusal(lambda: notices.publish(notice, by=publisher(), read=notices.digest(notice)))

    assert said == f"《{record}》在拟写以后重新提交过，没有发布。请先修改公告，重新选定名单。"


def test_a_workday_entered_since_the_draft_keeps_the_notice_from_publication():
    notice = drafted(starts_on=date(2099, 3, 2), ends_on=date(2099, 3, 8), working_days=5)
    for day in (7, 8):
        Workday.objects.create(day=date(2099, 3, day), is_worked=True, source="国务院办公厅通知（演示）")

    said = refusal(lambda: notices.publish(notice, by=publisher(), read=notices.digest(notice)))

    assert said == notices.OTHER_DAYS


def test_a_withdrawn_notice_says_why_and_stays():
    notice = running()

    assert refusal(lambda: notices.withdraw(notice, by=publisher(), reason=" ")) == (
        "请写明撤销原因，公开页会显示。"
    )
    notices.withdraw(notice, by=publisher(), reason="名单有误（演示）")

    kept = PublicNotice.objects.published().get()
    assert (publicity.standing(kept), kept.withdrawal_reason) == ("withdrawn", "名单有误（演示）")
    assert refusal(lambda: notices.withdraw(notice, by=publisher(), reason="演示")) == (
        f"这份公告已于 {today()} 撤销。"
    )


def test_a_draft_is_dropped_without_a_trace_but_in_the_log():
    notice = drafted()
    number = str(notice.pk)

    notices.discard(notice, by=drafter())

    assert (PublicNotice.objects.count(), NoticeItem.objects.count()) == (0, 0)
    kept = LogEntry.objects.filter(object_id=number).order_by("pk").values_list("change_message", flat=True)
    assert list(kept) == ["拟写，列 1 条", "作废草稿"]


def test_who_did_what_to_a_notice_stands_in_the_log():
    notice = running()
    notices.withdraw(notice, by=publisher(), reason="名单有误（演示）")

    found = LogEntry.objects.filter(object_id=str(notice.pk)).order_by("pk")
    assert [(note.user, note.change_message) for note in found] == [
        (drafter(), "拟写，列 1 条"),
        (publisher(), f"发布，{publicity.dates(notice)}"),
        (publisher(), "撤销：名单有误（演示）"),
    ]


def test_a_list_keeps_the_words_it_was_published_with():
    record = approved("skill-brands")
    notice = running(record)
    act(record, "reopen", approver(), comment="演示")

    item = notice.items.get()

    assert (item.title, item.organisation_name, item.version) == (
        str(record),
        bureau(WEIFANG).name,
        record.version,
    )


def test_the_bureaus_listed_are_told_when_it_begins_and_when_it_is_withdrawn():
    notice = running(approved("skill-brands"))
    notices.withdraw(notice, by=publisher(), reason="名单有误（演示）")

    told = Message.objects.filter(user=filer(), text__contains="公告").order_by("pk")
    name = notice.items.get().title
    start = f"（公告 {notice.pk} 号）：“{notice}”，{publicity.dates(notice)}。列有本单位《{name}》。"
    assert [message.text for message in told] == [
        f"开始公示{start}",
        f"已撤销公告{start}原因：名单有误（演示）。",
    ]
    assert {message.filing_id for message in told} == {notice.items.get().filing_id}


def test_the_demonstration_publishes_in_the_past_and_the_period_is_that_of_then():
    notice = over()

    assert publicity.standing(notice) == "ended"
    assert notice.published_at == noon(notice.starts_on)
    assert publish(notice.items.get().filing).valid_from == today()
    assert notice.kind == NoticeKind.PUBLICITY
