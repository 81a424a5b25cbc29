"""What lies too long is told of on its 5th, 10th and 20th day, once; and whoever waits may press."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import reminders, tasks
from portal.models import Event, Filing, Message, Workday
from portal.refusals import Refused
from portal.vocabulary import Role, State, Topic
from tests import copies, factories
from tests.factories import KUIWEN, PROVINCE, WEIFANG

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
KIND = "exam-projects"


@pytest.fixture
def now() -> datetime:
    """The time of the daily run on a Wednesday of an ordinary week."""
    return timezone.make_aware(datetime(2026, 6, 10, 8, 30))


def lying(days: int, at: datetime, state: str = State.CITY_REVIEW, **facts) -> Filing:
    """Return a filing that has lain so many days where it is."""
    filing = factories.filing(KIND, state, **facts)
    Message.objects.all().delete()
    Filing.objects.filter(pk=filing.pk).update(arrived_at=at - days * DAY)
    return Filing.objects.get(pk=filing.pk)


def told(user, what: str = "停留提醒") -> list[str]:
    return list(user.messages.filter(text__startswith=what).order_by("pk").values_list("text", flat=True))


def test_a_desk_hears_of_a_filing_on_its_fifth_tenth_and_twentieth_day_and_on_no_other(now):
    lying(0, now)
    days = []
    for day in range(30):
        if reminders.remind_all(now + day * DAY):
            days.append(day)

    assert days == [5, 10, 20]
    assert [len(told(user)) for user in (factories.reviewer(), factories.reviewer(PROVINCE))] == [3, 0]


def test_one_message_tells_of_all_that_lies_and_names_what_lies_longest(now):
    oldest = lying(23, now, name="演示剪纸制作甲")
    lying(6, now, name="演示剪纸制作乙")
    lying(4, now, name="演示剪纸制作丙")
    colleague = factories.person(Role.APPROVER, WEIFANG)

    reminders.remind_all(now)

    message = factories.reviewer().messages.get()
    assert message.text == (
        "停留提醒（潍坊市）：待审核的填报有 2 件停留满 5 天，其中 1 件满 20 天，"
        f"最久的是《{oldest}》（23 天）。请从停留最久的办起；需要补充的，请退回并写明意见。"
    )
    assert (message.topic, message.address, message.filing) == (
        Topic.REMINDER,
        "/desk/?tab=todo&long=1",
        None,
    )
    assert told(colleague) == [message.text]


def test_the_same_day_and_the_same_mark_are_told_once_however_often_the_task_runs(now):
    lying(5, now)
    lying(5, now, name="演示另一项目")

    sent = [reminders.remind_all(now + hours * timedelta(hours=1)) for hours in (0, 0, 3, 24, 48)]

    assert sent == [1, 0, 0, 0, 0]


def test_a_run_that_was_missed_is_made_up_for_by_the_next(now):
    lying(0, now)

    assert [reminders.remind_all(now + day * DAY) for day in (4, 8, 9, 12)] == [0, 1, 0, 1]


def test_a_filing_that_moved_on_begins_anew(now):
    filing = lying(5, now)
    reminders.remind_all(now)

    factories.act(filing, "endorse", factories.reviewer())
    Filing.objects.filter(pk=filing.pk).update(arrived_at=now)
    factories.approver()

    assert [reminders.remind_all(now + day * DAY) for day in (1, 5)] == [0, 1]
    assert [len(told(user)) for user in (factories.reviewer(), factories.approver())] == [1, 1]


def test_a_bureau_hears_of_what_was_returned_to_it_and_its_desk_does_not(now):
    filing = lying(10, now, State.RETURNED, place=KUIWEN)

    reminders.remind_all(now)

    (message,) = factories.filer(KUIWEN).messages.all()
    assert (message.filing_id, message.topic) == (filing.pk, Topic.REMINDER)
    assert message.text == (
        f"退回提醒（{filing.organisation.short_name}）：有 1 件填报退回后满 5 天没有重新提交，"
        f"最久的是《{filing}》（10 天）。请按审核意见修改后重新提交；不再报送的，请作废。"
    )
    assert Message.objects.count() == 1


def test_drafts_and_decided_filings_remind_nobody(now):
    for state in (State.DRAFT, State.APPROVED, State.REJECTED, State.CANCELLED):
        lying(30, now, state, name=f"演示{state}")

    assert reminders.remind_all(now) == 0


def test_reminders_cost_as_much_for_two_hundred_as_for_two(now):
    first = lying(7, now)
    costs = []
    for more in (1, 198):
        copies.multiply(first.record, more)
        Filing.objects.update(arrived_at=now - 7 * DAY)
        Message.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            reminders.remind_all(now)
        costs.append(len(queries))

    assert costs == [costs[0]] * 2
    assert "有 200 件停留" in told(factories.reviewer())[0]


def test_the_daily_task_sends_them():
    lying(6, timezone.now())

    tasks.remind_of_waiting()

    assert len(told(factories.reviewer())) == 1


def urged(user) -> list[str]:
    return told(user, "催办")


def test_a_bureau_presses_after_three_working_days_and_once_a_day(now):
    filing = lying(
        6, now, place=KUIWEN
    )  # since a Thursday: three working days until Tuesday, the fourth today
    filer = factories.filer(KUIWEN)
    early = now - DAY

    with pytest.raises(Refused, match="满 3 个工作日"):
        reminders.urge(filing, filer, early)
    sent = reminders.urge(filing, filer, now)
    with pytest.raises(Refused, match="今天已经催办过"):
        reminders.urge(filing, factories.filer(KUIWEN, name="同事"), now + timedelta(hours=8))
    again = reminders.urge(filing, filer, now + DAY)

    assert (sent, again, len(urged(factories.reviewer()))) == (1, 1, 2)
    assert urged(factories.reviewer())[0] == (
        f"催办（{filing.organisation}）：《{filing}》（专项职业能力考核项目）已等待审核 6 天。"
        "请及时办理；需要补充的，请退回并写明意见。"
    )


def test_a_holiday_is_no_working_day_and_a_year_without_a_calendar_counts_plain_days(now):
    filing, filer = lying(6, now), factories.filer()
    Workday.objects.create(day=date(2026, 6, 8), is_worked=False, source="演示")
    beyond = timezone.make_aware(datetime(2099, 6, 10, 8, 30))

    assert reminders.card(filing, filer)["reason"] == ""  # today's clock: it has lain for months
    with pytest.raises(Refused, match="满 3 个工作日"):
        reminders.urge(filing, filer, now)
    Filing.objects.filter(pk=filing.pk).update(arrived_at=beyond - 5 * DAY)
    assert reminders.urge(filing, filer, beyond) == 1


def test_whoever_has_taken_it_up_is_pressed_alone(now):
    filing = lying(9, now)
    second = factories.reviewer(name="second")
    factories.act(filing, "accept", factories.reviewer())
    Message.objects.all().delete()

    reminders.urge(filing, factories.filer(), now)

    assert (len(urged(factories.reviewer())), len(urged(second))) == (1, 0)


def test_the_province_presses_a_city_and_a_desk_presses_a_bureau_without_waiting(now):
    below = lying(0, now)
    back = lying(0, now, State.RETURNED, place=KUIWEN, name="演示另一项目")

    reminders.urge(below, factories.reviewer(PROVINCE), now)
    reminders.urge(back, factories.reviewer(), now)

    assert urged(factories.reviewer())[0].startswith("催办（山东省人力资源和社会保障厅）：")
    assert urged(factories.filer(KUIWEN)) == [
        f"催办（潍坊市人力资源和社会保障局）：《{back}》（专项职业能力考核项目）退回已 0 天。"
        "请按审核意见修改后重新提交；不再报送的，请作废。"
    ]


WHO = {
    "its own desk": factories.reviewer,
    "another city": lambda: factories.reviewer("3701"),
    "another bureau": lambda: factories.filer("370704"),
    "a joint department": factories.joint,
    "the auditor": factories.auditor,
    "somebody without a post": factories.stranger,
}


@pytest.mark.parametrize("who", WHO.values(), ids=WHO)
def test_nobody_else_presses(now, who):
    filing = lying(9, now, place=KUIWEN)

    with pytest.raises((Refused, Filing.DoesNotExist)):
        reminders.urge(filing, who(), now)

    assert (Message.objects.count(), reminders.card(filing, who())) == (0, {})


def test_what_is_decided_is_pressed_for_by_nobody(now):
    filing = lying(9, now, State.APPROVED)

    with pytest.raises(Refused, match="不用催办"):
        reminders.urge(filing, factories.filer(), now)


def test_a_desk_without_people_is_said_to_be_empty(now):
    filing = lying(9, now)
    factories.reviewer().memberships.update(valid_to=timezone.localdate())

    with pytest.raises(Refused, match="没有在岗人员"):
        reminders.urge(filing, factories.filer(), now)


def test_the_button_presses_goes_back_to_the_filing_and_leaves_no_event(client):
    filing = lying(30, timezone.now())
    events = Event.objects.count()
    factories.sign_in(client, factories.filer())

    first = client.post(f"/desk/filings/{filing.pk}/urge/")
    second = client.post(f"/desk/filings/{filing.pk}/urge/", follow=True)

    assert (first.status_code, first.url) == (302, f"/desk/filings/{filing.pk}/")
    assert [str(said) for said in second.context["messages"]][-1] == reminders.TODAY
    assert (len(urged(factories.reviewer())), Event.objects.count()) == (1, events)
    assert client.get(f"/desk/filings/{filing.pk}/urge/").status_code == 405


def test_a_filing_out_of_scope_is_not_there_to_press_for(client):
    filing = lying(30, timezone.now())
    factories.sign_in(client, factories.filer("3708"))

    assert client.post(f"/desk/filings/{filing.pk}/urge/").status_code == 404
