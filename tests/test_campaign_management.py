"""Opening, changing, closing and extending campaigns over HTTP: what is typed, what comes of it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from portal import windows
from portal.models import Campaign, Extension
from tests.campaigning import (
    DAY,
    KIND,
    campaign,
    duty,
    get,
    manager,
    now_due,
    post,
    said,
)
from tests.factories import (
    KUIWEN,
    WEIFANG,
    approver,
    bureau,
)

pytestmark = pytest.mark.django_db


def test_more_time_is_given_with_its_reason_until_the_end_of_a_day(client):
    of = campaign()
    until = timezone.localdate() + 20 * DAY

    answered = post(client, manager(), "duty-extend", duty(of).pk, until=str(until), reason="台风影响。")
    board = client.get(answered.url)

    assert Extension.objects.get().until == windows.end_of(until)
    assert said(answered) == [f"潍坊市人力资源和社会保障局已延至 {until} 24:00，已通知该单位填报岗位。"]
    assert f"延至 {until} 24:00：台风影响。" in board.content.decode()


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"until": "明天", "reason": "原因"},
        {"until": "2021-01-01", "reason": "原因"},
        {"until": "9999-12-31", "reason": ""},
    ],
)
def test_an_extension_that_cannot_be_is_answered_with_the_form(client, typed):
    of = campaign()

    answered = post(client, manager(), "duty-extend", duty(of).pk, **typed)

    assert (answered.status_code, Extension.objects.count()) == (422, 0)


def typed(**changes) -> dict:
    """Return what a manager types to open a campaign."""
    today = timezone.localdate()
    return {
        "kind": KIND,
        "name": "演示新任务",
        "document_number": "演示文〔2026〕3号",
        "clause": "三（二）",
        "opens_on": str(today + DAY),
        "due_on": str(today + 9 * DAY),
        "expects": "city",
        "reminder_days": "5天、２",
        **changes,
    }


def test_the_province_opens_a_campaign_for_days_that_begin_and_end_in_shandong(client):
    answered = post(
        client, approver(), "campaign-new", **typed(updates_on=str(timezone.localdate() + 30 * DAY))
    )

    of, today = Campaign.objects.get(name="演示新任务"), timezone.localdate()
    assert answered.url == reverse("campaign", args=[of.pk])
    assert (of.opens_at, of.due_at, of.updates_until) == (
        windows.start_of(today + DAY),
        windows.end_of(today + 9 * DAY),
        windows.end_of(today + 30 * DAY),
    )
    assert (of.reminder_days, of.needs_scan, of.duties.count()) == ([5, 2], False, 16)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"document_number": "95号"}, "依据文号"),
        ({"due_on": "2021-01-01"}, "截止时间要晚于开放时间"),
        ({"opens_on": "0001-01-01"}, "日期要在1900年至2100年之间，请核对。"),
        ({"updates_on": "2021-01-01"}, "更新截止时间不能早于报送截止时间"),
        ({"reminder_days": "七"}, "请填写天数，如“7、3、1”。"),
        ({"reminder_days": "99"}, "提前提醒的天数要在0至60之间"),
        ({"kind": "x"}, "没有这个选项"),
        ({"name": ""}, "请填写。"),
        ({"organisations": ["x"]}, "所选的内容已不在可选范围内"),
        ({"organisations": ["9" * 30]}, "所选的内容已不在可选范围内"),
    ],
)
def test_a_campaign_that_cannot_be_is_answered_with_the_form_and_what_was_typed(client, wrong, sentence):
    answered = post(client, manager(), "campaign-new", **typed(**wrong))

    page = answered.content.decode()
    assert (answered.status_code, sentence in page, "三（二）" in page) == (422, True, True)
    assert Campaign.objects.filter(name__startswith="演示").count() == 0


def test_the_bureaus_of_a_campaign_are_chosen_among_those_of_its_level(client):
    chosen = [bureau(WEIFANG).pk, bureau("3708").pk]

    post(client, manager(), "campaign-new", **typed(organisations=chosen))
    mixed = post(client, manager(), "campaign-new", **typed(name="演示乙", organisations=[bureau(KUIWEN).pk]))

    assert Campaign.objects.get(name="演示新任务").duties.count() == 2
    assert (mixed.status_code, "所选单位要与“应报单位”同级" in mixed.content.decode()) == (422, True)


def test_a_campaign_is_changed_before_it_opens_and_its_form_shows_what_is_stored(client):
    of = campaign("演示待开", opens=2, due=9)
    shown = get(client, manager(), "campaign-change", of.pk).context["form"].initial

    answered = post(client, manager(), "campaign-change", of.pk, **typed(name="演示改名"))
    now_due(of, opens_at=timezone.now() - DAY)
    too_late = post(client, manager(), "campaign-change", of.pk, **typed(name="演示再改"))

    assert (shown["name"], shown["organisations"], shown["reminder_days"]) == ("演示待开", [], "7、3、1")
    assert said(answered) == ["“演示改名”已修改，已通知各单位填报岗位。"]
    assert (too_late.status_code, Campaign.objects.get(pk=of.pk).name) == (302, "演示改名")


def test_a_campaign_is_closed_after_a_question_and_the_log_says_by_whom(client):
    of = campaign()

    asked = get(client, manager(), "campaign-close", of.pk)
    open_still = Campaign.objects.get(pk=of.pk).closed_at
    answered = post(client, manager(), "campaign-close", of.pk)
    again = post(client, manager(), "campaign-close", of.pk)
    board = client.get(reverse("campaign", args=[of.pk]))

    assert (open_still, "还有 16 / 16 个单位没有完成报送" in asked.content.decode()) == (None, True)
    assert said(answered) == ["“演示任务”已关闭，不再接收报送；已提交的继续审核。"]
    assert said(again)[-1] == "“演示任务”已经关闭。"
    assert [(note["title"], note["who"]) for note in board.context["history"]] == [
        ("关闭", str(manager())),
        ("发起，应报 16 个单位", str(manager())),
    ]
