"""Schedules: who sets them, which periods fall due, one report a period however late and however often."""

from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from portal import schedules, windows
from portal.models import Frequency, Report, ReportSchedule
from portal.workflow import Refused
from tests import factories, report_desk
from tests.campaigning import campaign, now_due
from tests.factories import PROVINCE, WEIFANG
from tests.races import kinds, race
from tests.report_desk import SLUG

pytestmark = pytest.mark.django_db
LATELY = f"{timezone.localdate() - timedelta(days=9)}"  # after the campaigns of the notices


@pytest.fixture(autouse=True)
def kind():
    """Give a report that can be scheduled."""
    with report_desk.registered():
        yield


def at(words: str) -> datetime:
    """Return a time of Asia/Shanghai."""
    return datetime.fromisoformat(words).replace(tzinfo=windows.SHANGHAI)


def schedule(frequency=Frequency.MONTHLY, *, since="2024-01-15", place=PROVINCE, **facts) -> ReportSchedule:
    """Return a schedule of the region's reviewer that was set on a day of the past."""
    made = schedules.create(
        by=factories.reviewer(place), slug=SLUG, region=place, frequency=frequency, **facts
    )
    ReportSchedule.objects.filter(pk=made.pk).update(since=at(since))
    return ReportSchedule.objects.get(pk=made.pk)


def made(of: ReportSchedule) -> list[tuple[str, str, str]]:
    """Return period, cut-off and status of the reports of a schedule."""
    found = of.reports.order_by("pk")
    return [(report.period, windows.moment(report.cutoff), report.status) for report in found]


@pytest.mark.parametrize(
    ("frequency", "now", "name", "cutoff"),
    [
        ("monthly", "2024-06-01T00:00:00", "2024-05", "2024-05-31 24:00"),
        ("monthly", "2024-06-30T23:59:59", "2024-05", "2024-05-31 24:00"),
        ("monthly", "2025-01-01T00:00:00", "2024-12", "2024-12-31 24:00"),
        ("monthly", "2024-03-15T12:00:00", "2024-02", "2024-02-29 24:00"),
        ("quarterly", "2024-04-01T00:00:00", "2024-Q1", "2024-03-31 24:00"),
        ("quarterly", "2024-12-31T23:59:59", "2024-Q3", "2024-09-30 24:00"),
        ("quarterly", "2025-01-01T00:00:00", "2024-Q4", "2024-12-31 24:00"),
    ],
)
def test_the_latest_period_that_has_ended_is_due_with_its_last_second(frequency, now, name, cutoff):
    of = schedule(frequency, since="2023-01-01")

    made_now = schedules.run_due(at(now))

    assert made(of) == [(name, cutoff, "queued")]
    assert [report.pk for report in made_now] == [report.pk for report in of.reports.all()]


def test_what_ended_before_a_schedule_was_set_is_not_caught_up_with():
    of = schedule(since="2024-06-12")

    schedules.run_due(at("2024-06-30T12:00:00"))
    before = made(of)
    schedules.run_due(at("2024-07-01T00:00:00"))

    assert (before, made(of)) == ([], [("2024-06", "2024-06-30 24:00", "queued")])


def test_a_schedule_missed_for_months_runs_once_for_the_latest_period():
    of = schedule()
    schedules.run_due(at("2024-02-01T00:00:30"))

    again = [len(schedules.run_due(at("2024-06-04T09:30:00"))) for _ in range(3)]

    assert again == [1, 0, 0]
    assert [period for period, *_ in made(of)] == ["2024-01", "2024-05"]


def test_a_report_that_failed_or_was_cancelled_is_not_asked_for_again():
    of = schedule()
    schedules.run_due(at("2024-06-01T00:00:00"))
    Report.objects.update(status="cancelled", finished_at=timezone.now())

    assert schedules.run_due(at("2024-06-01T00:01:00")) == []
    assert len(made(of)) == 1


def test_each_campaign_that_is_due_gets_one_report_narrowed_to_it_whatever_was_extended():
    first, second = campaign("演示任务一"), campaign("演示任务二")
    of, now = schedule("campaign", since=LATELY), timezone.now().replace(microsecond=0)
    first = now_due(first, due_at=now - timedelta(days=2))
    second = now_due(second, due_at=now - timedelta(days=1))
    campaign("演示任务三")

    runs = [len(schedules.run_due(now)) for _ in range(2)]

    found = of.reports.order_by("cutoff")
    assert runs == [2, 0]
    assert [(r.period, r.campaign, r.filters, r.cutoff) for r in found] == [
        (f"campaign-{first.pk}", first, {"campaign": str(first.pk)}, windows.through(first.due_at)),
        (f"campaign-{second.pk}", second, {"campaign": str(second.pk)}, windows.through(second.due_at)),
    ]


def test_a_campaign_is_over_only_after_its_due_second():
    one, now = campaign(), timezone.now().replace(microsecond=0)
    due = now_due(one, due_at=now + timedelta(hours=1)).due_at
    schedule("campaign", since=LATELY)

    runs = [schedules.run_due(due + timedelta(seconds=late)) for late in (-1, 0)]

    assert runs == [[], []]


def test_a_campaign_that_was_due_before_the_schedule_was_set_gets_none():
    now_due(campaign(), due_at=timezone.now() - timedelta(days=2))
    of = schedule("campaign", since="2024-01-01")
    ReportSchedule.objects.filter(pk=of.pk).update(since=timezone.now() - timedelta(days=1))

    assert schedules.run_due() == []


def test_one_schedule_that_cannot_be_served_keeps_no_other_waiting():
    gone, of = schedule(), schedule("quarterly")
    ReportSchedule.objects.filter(pk=gone.pk).update(slug="no-such-kind")

    made_now = schedules.run_due(at("2024-07-02T00:00:00"))

    assert [report.schedule for report in made_now] == [of]


def test_a_stopped_schedule_asks_for_nothing_more():
    of = schedule()
    schedules.stop(of, by=factories.reviewer(PROVINCE))

    assert schedules.run_due(at("2024-06-01T00:00:00")) == []
    with pytest.raises(Refused, match="已经停用"):
        schedules.stop(of, by=factories.reviewer(PROVINCE))


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_make_one_report():
    months = [at(f"2024-{month:02}-01T00:00:00") for month in range(2, 8)]
    of = schedule()

    met = race(months, schedules.run_due, schedules.run_due)

    assert [[type(one) for one in round if not isinstance(one, list)] for round in met] == [[]] * len(months)
    assert [len(one) + len(other) for one, other in met] == [1] * len(months)
    assert [period for period, *_ in made(of)] == [f"2024-{month:02}" for month in range(1, 7)]


@pytest.mark.django_db(transaction=True)
def test_who_loses_the_race_for_a_period_says_nothing():
    of = schedule()
    (period,) = schedules.due(of, at("2024-06-01T00:00:00"))

    met = race([period], lambda one: schedules._run(of, one), lambda one: schedules._run(of, one))

    assert kinds(met[0]) == ["NoneType", "Report"]


WHO = {
    "the reviewer of the province": (lambda: factories.reviewer(PROVINCE), ["37"]),
    "the approver of the province": (factories.approver, ["37"]),
    "the publisher of the province": (factories.publisher, ["37"]),
    "the reviewer of a city": (factories.reviewer, ["3707"]),
    "the approver of a city": (lambda: factories.approver(WEIFANG), ["3707"]),
    "the publisher of a city": (lambda: factories.publisher(WEIFANG), []),
    "a filer": (factories.filer, []),
    "the auditor": (factories.auditor, []),
    "a joint department": (factories.joint, []),
    "the system administrator": (factories.sysadmin, []),
    "somebody without a post": (factories.stranger, []),
}


@pytest.mark.parametrize(("who", "codes"), WHO.values(), ids=WHO)
def test_only_the_desks_set_schedules_each_for_its_own_region(who, codes):
    user = who()

    tried = {code: may_set(user, code) for code in ("37", "3707", "3701", "370705")}

    assert schedules.regions(user) == codes
    assert [code for code, done in tried.items() if done] == codes


def may_set(user, code: str) -> bool:
    """Say whether a person's schedule for a region is taken."""
    try:
        schedules.create(by=user, slug=SLUG, region=code, frequency="monthly")
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"slug": "no-such-kind"}, "没有这种报表"),
        ({"frequency": "daily"}, "没有这种频次"),
        ({"format": "exe"}, "没有这种格式"),
        ({"campaign": "999"}, "没有这种筛选"),
    ],
)
def test_what_does_not_exist_is_refused_in_a_sentence(changes, said):
    facts = {"slug": SLUG, "region": PROVINCE, "frequency": "monthly", **changes}

    with pytest.raises(Refused, match=said):
        schedules.create(by=factories.reviewer(PROVINCE), **facts)
    assert ReportSchedule.objects.count() == 0


def test_the_same_schedule_is_not_set_twice_but_again_after_it_was_stopped():
    of = schedule()

    with pytest.raises(Refused, match="已经设置过"):
        schedule()
    schedules.stop(of, by=factories.reviewer(PROVINCE))

    assert schedule().pk != of.pk


def test_setting_and_stopping_stand_in_the_log():
    of = schedule()
    schedules.stop(of, by=factories.approver())

    logged = LogEntry.objects.order_by("pk").values_list("user__username", "change_message", "object_id")

    assert [entry[1:] for entry in logged] == [("设置定期报表", str(of.pk)), ("停用定期报表", str(of.pk))]


def test_a_schedule_serves_on_when_who_set_it_has_left():
    of = schedule()
    of.created_by.memberships.update(valid_to=timezone.localdate())

    assert len(schedules.run_due(at("2024-06-01T00:00:00"))) == 1


@pytest.mark.parametrize(
    ("frequency", "now", "following"),
    [
        ("monthly", "2024-06-30T23:59:59", "2024-06-30 24:00"),
        ("monthly", "2024-12-01T00:00:00", "2024-12-31 24:00"),
        ("quarterly", "2024-04-01T00:00:00", "2024-06-30 24:00"),
        ("quarterly", "2024-11-30T00:00:00", "2024-12-31 24:00"),
    ],
)
def test_the_next_cut_off_is_the_end_of_the_period_that_goes_on(frequency, now, following):
    ((_, found),) = schedules.next_runs([schedule(frequency)], at(now))

    assert found == following


def test_the_next_cut_off_of_campaigns_is_that_of_the_one_due_next():
    of = schedule("campaign")
    campaign("演示后一项", due=20)
    one = campaign("演示先一项", due=5)

    (found,) = schedules.next_runs([of], timezone.now())

    assert found[1] == f"{windows.moment(one.due_at)}（演示先一项）"


@pytest.mark.parametrize("number", [1, 3, 12])
def test_a_run_with_nothing_due_costs_two_queries_a_schedule_at_most(number, django_assert_max_num_queries):
    for month in range(number):
        schedule(format="xlsx", since="2024-01-01", campaign="" if month == 0 else str(numbered(month)))
    schedules.run_due(at("2024-06-01T00:00:00"))

    with django_assert_max_num_queries(1 + 2 * number):
        assert schedules.run_due(at("2024-06-01T00:01:00")) == []


def numbered(month: int) -> int:
    """Return a campaign of a number, so that schedules differ."""
    return campaign(f"演示任务{month}").pk
