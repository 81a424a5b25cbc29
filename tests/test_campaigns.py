"""Opening, changing, closing, extending, reminding: who may, what is refused, who is told, what is kept."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from portal import campaigns, tasks, windows, workflow
from portal.models import Campaign, Extension, Message, Reminder
from portal.vocabulary import State
from tests.campaigning import DAY, answer, campaign, duty, manager, nothing, now_due, pass_due
from tests.factories import (
    KUIWEN,
    PROVINCE,
    WEIFANG,
    approver,
    auditor,
    bureau,
    filer,
    joint,
    publisher,
    reviewer,
    secadmin,
    sysadmin,
)
from tests.races import kinds, race

pytestmark = pytest.mark.django_db

OTHERS = {
    "a city's filer": filer,
    "a city's reviewer": reviewer,
    "a city's publisher": lambda: publisher(WEIFANG),
    "the province's filer": lambda: filer(PROVINCE),
    "a joint department": joint,
    "the auditor": auditor,
    "the system administrator": sysadmin,
    "the security administrator": secadmin,
}


def facts(**changes) -> dict:
    """Return what a campaign is started with."""
    return {
        "kind": "skill-brands",
        "name": "演示任务",
        "document_number": "演示文〔2026〕1号",
        "opens_at": timezone.now() + DAY,
        "due_at": timezone.now() + 9 * DAY,
        "expects": "city",
        **changes,
    }


def told(user) -> list[str]:
    """Return what somebody was told, oldest first."""
    return list(Message.objects.filter(user=user).order_by("pk").values_list("text", flat=True))


def refusal(act) -> str:
    """Return the sentence an act is refused with."""
    with pytest.raises(workflow.Refused) as refused:
        act()
    return str(refused.value)


@pytest.mark.parametrize("who", [manager, approver, publisher], ids=["reviewer", "approver", "publisher"])
def test_the_province_starts_a_campaign_and_it_stands_in_the_log(who):
    filer()

    of = campaigns.start(by=who(), **facts())

    note = LogEntry.objects.get()
    assert (of.duties.count(), note.user, note.change_message) == (16, who(), "发起，应报 16 个单位")
    assert told(filer()) == [
        f"新报送任务：“演示任务”（演示文〔2026〕1号），{windows.moment(of.opens_at)} 开始报送，"
        f"{windows.moment(of.due_at)} 截止。"
    ]


@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS)
def test_nobody_else_starts_changes_closes_extends_or_reminds(who):
    of, user = campaign(), who()
    owed = duty(of)
    acts = {
        "发起报送任务": lambda: campaigns.start(by=user, **facts(name="演示另一项")),
        "修改报送任务": lambda: campaigns.change(of, by=user, name="演示改名"),
        "关闭报送任务": lambda: campaigns.close(of, by=user),
        "批准延期": lambda: campaigns.extend(owed, by=user, until=of.due_at + DAY, reason="原因"),
    }

    assert [refusal(act) for act in acts.values()] == [
        f"只有省级审核、审批和发布岗位可以{what}。" for what in acts
    ]
    assert refusal(lambda: campaigns.remind(of, by=user)) == (
        "只有省级审核、审批和发布岗位可以催报，市级审核岗位可以催报所辖县（市、区）。"
    )
    assert (
        Campaign.objects.filter(is_demo=False, name__startswith="演示").count(),
        Extension.objects.count(),
    ) == (1, 0)
    assert Reminder.objects.count() == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "no-such-type"}, "没有这种报送表。"),
        ({"due_at": timezone.now() - DAY}, "截止时间要晚于开放时间。"),
        ({"updates_until": timezone.now() + 2 * DAY}, "更新截止时间不能早于报送截止时间。"),
        ({"reminder_days": [7, 61]}, "提前提醒的天数要在0至60之间。"),
        ({"reminder_days": ["7"]}, "提前提醒的天数要在0至60之间。"),
        ({"name": ""}, "任务名称：此字段不能为空。"),
        ({"expects": "province"}, "应报单位：值 'province' 不是有效选项。"),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_with_its_sentence(wrong, said):
    before = Campaign.objects.count()

    assert refusal(lambda: campaigns.start(by=manager(), **facts(**wrong))) == said
    assert Campaign.objects.count() == before


def test_a_campaign_of_chosen_bureaus_is_owed_by_those_of_the_level_alone():
    chosen = [bureau(WEIFANG), bureau("3708"), bureau(KUIWEN)]

    of = campaigns.start(by=manager(), organisations=chosen, **facts())

    assert list(of.duties.values_list("organisation__region_id", flat=True)) == [WEIFANG, "3708"]
    assert refusal(lambda: campaigns.start(by=manager(), organisations=[], **facts(name="演示空"))) == (
        "请至少选一个应报单位。"
    )


def test_a_campaign_is_changed_until_it_opens():
    of = campaigns.start(by=manager(), **facts())

    changed = campaigns.change(of, by=manager(), organisations=[bureau(WEIFANG)], name="演示改名")
    opened = now_due(of, opens_at=timezone.now())

    assert (changed.name, changed.duties.count()) == ("演示改名", 1)
    assert refusal(lambda: campaigns.change(opened, by=manager(), name="演示再改")) == (
        "“演示改名”已经开放报送，不能再修改；需要多给时间的，请给单位办理延期。"
    )
    assert list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True)) == [
        "发起，应报 16 个单位",
        "修改，应报 1 个单位",
    ]


def test_a_campaign_is_closed_once_and_takes_nothing_more():
    of = campaign()
    record = answer(of, State.DRAFT)

    campaigns.close(of, by=manager())

    assert refusal(lambda: campaigns.close(of, by=manager())) == "“演示任务”已经关闭。"
    assert refusal(lambda: campaigns.remind(of, by=manager())) == "“演示任务”已经关闭。"
    assert refusal(lambda: workflow.perform(record, "submit", by=filer(), version=1)) == (
        "提交现在不能办理：“演示任务”已关闭，不再接收报送。"
    )
    assert (
        refusal(lambda: nothing(of, "3708"))
        == "“演示任务”不收本单位的专项职业能力品牌，或尚未开放、已经关闭。"
    )


def test_an_extension_says_why_and_is_told_to_its_bureau_alone():
    people, of = [filer(), filer("3708")], campaign()
    until = windows.end_of(of.due_at.date() + 5 * DAY)

    extension = campaigns.extend(duty(of), by=manager(), until=until, reason="  台风影响。 ")

    assert (extension.reason, extension.granted_by) == ("台风影响。", manager())
    assert [told(person)[1:] for person in people] == [
        [f"“演示任务”延至 {windows.moment(until)}：台风影响。"],
        [],
    ]


def test_an_extension_without_a_reason_or_that_gives_no_time_is_refused():
    of = campaign()
    owed, due = duty(of), windows.moment(of.due_at)
    too_early = f"延期要晚于现在，也要晚于现在的截止时间（{due}）。"

    assert refusal(lambda: campaigns.extend(owed, by=manager(), until=of.due_at + DAY, reason=" ")) == (
        "请写明延期原因。"
    )
    assert refusal(lambda: campaigns.extend(owed, by=manager(), until=of.due_at, reason="原因")) == too_early


def test_a_reminder_goes_to_the_bureaus_that_owe_and_says_where_they_stand():
    people, of = [filer(), filer("3708"), filer("3702")], campaign(places=[WEIFANG, "3708", "3702"])
    answer(of)
    answer(of, State.DRAFT, place="3708")

    reminded = campaigns.remind(of, by=manager())

    assert sorted(owed.organisation.region_id for owed in reminded) == ["3702", "3708"]
    due = windows.moment(of.due_at)
    assert [told(person)[1:] for person in people[1:]] == [
        [f"催报：“演示任务”（演示文〔2026〕1号）截止时间 {due}，贵单位{word}。"]
        for word in ("填报中", "未报")
    ]
    assert [text for text in told(people[0]) if text.startswith("催报")] == []
    assert set(Reminder.objects.values_list("by", "days_before")) == {(manager().pk, None)}


def test_only_the_chosen_bureaus_are_reminded_and_a_second_click_reminds_nobody():
    of = campaign()
    chosen = {duty(of, "3701").pk, duty(of, "3702").pk}

    first = campaigns.remind(of, by=manager(), duties=chosen)
    second = campaigns.remind(of, by=manager(), duties=chosen)
    Reminder.objects.update(at=timezone.now() - timedelta(minutes=11))
    third = campaigns.remind(of, by=manager(), duties=chosen)

    assert [len(reminded) for reminded in (first, second, third)] == [2, 0, 2]


def test_an_overdue_bureau_is_reminded_of_the_time_that_has_passed():
    person, of = filer(), pass_due(campaign(places=[WEIFANG]))

    campaigns.remind(of, by=manager())

    due = windows.moment(of.due_at)
    assert told(person)[-1] == f"催报：“演示任务”（演示文〔2026〕1号）已超过截止时间 {due}，贵单位未报。"


def test_a_city_reminds_its_own_counties_and_nobody_else():
    of = campaign(expects="county")

    reminded = campaigns.remind(of, by=reviewer())

    assert {owed.organisation.region_id[:4] for owed in reminded} == {WEIFANG}
    assert len(reminded) == 12


def reminders(of, at) -> int:
    """Run the automatic reminders at a time and return how many went out for a campaign."""
    campaigns.remind_all_before_due(at)
    return Reminder.objects.filter(duty__campaign=of, by=None).count()


def test_each_day_mark_is_used_once_and_a_missed_run_is_made_up_for():
    of = now_due(campaign(places=[WEIFANG]), due_at=windows.end_of(timezone.localdate() + 20 * DAY))
    runs = [of.due_at - days * DAY for days in (8, 7, 7, 6, 2, 1, 0, -1)]

    assert [reminders(of, at) for at in runs] == [0, 1, 1, 1, 2, 3, 3, 3]
    assert list(Reminder.objects.order_by("pk").values_list("days_before", flat=True)) == [7, 3, 1]


def test_the_day_of_a_reminder_is_that_of_shandong():
    of = now_due(campaign(places=[WEIFANG]), due_at=windows.end_of(timezone.localdate() + 20 * DAY))
    late_evening_in_greenwich = (of.due_at - 8 * DAY).replace(hour=0) - timedelta(hours=1)

    assert reminders(of, late_evening_in_greenwich) == 0
    assert reminders(of, late_evening_in_greenwich + DAY + timedelta(hours=1)) == 1


def test_who_has_filed_or_has_more_time_is_not_reminded():
    of = now_due(campaign(places=[WEIFANG, "3708"]), due_at=windows.end_of(timezone.localdate() + 7 * DAY))
    answer(of)
    campaigns.extend(duty(of, "3708"), by=manager(), until=of.due_at + 5 * DAY, reason="数据核实。")

    assert reminders(of, of.due_at - 7 * DAY) == 0


def test_who_was_given_more_time_is_reminded_anew_of_it():
    of = now_due(campaign(places=[WEIFANG]), due_at=windows.end_of(timezone.localdate() + 20 * DAY))
    assert reminders(of, of.due_at - 3 * DAY) == 1

    campaigns.extend(duty(of), by=manager(), until=of.due_at + 10 * DAY, reason="数据核实。")

    later = [of.due_at + days * DAY for days in (2, 3, 7, 7, 9)]
    assert [reminders(of, at) for at in later] == [1, 2, 3, 3, 4]


def test_the_daily_task_reminds_at_half_past_eight():
    filer()
    now_due(campaign(places=[WEIFANG]), due_at=windows.end_of(timezone.localdate() + DAY))

    tasks.remind_before_due()

    beat = settings.CELERY_BEAT_SCHEDULE["remind-before-due"]
    assert Reminder.objects.get().days_before == 1
    assert (beat["task"], beat["schedule"].hour, beat["schedule"].minute) == (
        tasks.remind_before_due.name,
        {8},
        {30},
    )


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_send_each_mark_once():
    person = filer()
    found = [campaign(f"演示任务{number}", places=[WEIFANG]) for number in range(10)]
    due = windows.end_of(timezone.localdate() + 3 * DAY)
    for of in found:
        now_due(of, due_at=due)

    def beat(number):
        return campaigns.remind_all_before_due(due - (3 - number) * DAY)

    outcomes = race(range(3), beat, beat)

    assert [kinds(of_round) for of_round in outcomes] == [["int", "int"]] * 3
    assert [sum(of_round) for of_round in outcomes] == [10, 0, 10]
    assert Reminder.objects.count() == 20
    assert len([text for text in told(person) if text.startswith("催报")]) == 20


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_remind_each_bureau_once():
    of, user = campaign(), manager()

    outcomes = race([of], *[lambda c: len(campaigns.remind(c, by=user))] * 2)

    assert sorted(outcomes[0]) == [0, 16]
    assert Reminder.objects.count() == 16
