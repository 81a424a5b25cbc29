"""The window of a campaign: the due second, extensions, what is late, and the clock it is read by."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from portal import campaigns, drafts, registry, windows, workflow
from portal.models import Filing
from portal.vocabulary import State
from tests.campaigning import DAY, KIND, campaign, duty, manager, nothing, now_due, pass_due
from tests.factories import COMMENT, KUIWEN, WEIFANG, act, bureau, draft, filer, filing, reviewer

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture
def due():
    """A due time in the future, at the last second of a day."""
    return windows.end_of(timezone.localdate() + 10 * DAY)


@pytest.fixture
def sent(due):
    """A draft of 潍坊 for a campaign with that due time."""
    of = now_due(campaign(), due_at=due)
    record = draft(KIND)
    assert record.campaign_id == of.pk
    return record


@pytest.mark.parametrize(
    ("after", "late"),
    [
        (-SECOND, False),
        (timedelta(0), False),
        (timedelta(microseconds=999_999), False),
        (SECOND, True),
    ],
)
def test_the_due_second_itself_is_on_time_to_its_end(sent, due, after, late):
    assert windows.is_late(sent, due + after) is late


@pytest.mark.parametrize(
    ("written", "late"),
    [("15:59:59.999999", False), ("16:00:00", True)],
)
def test_the_due_second_is_the_same_in_the_hours_of_greenwich(sent, written, late):
    now_due(
        sent.campaign, opens_at=windows.start_of(date(2021, 3, 17)), due_at=windows.end_of(date(2021, 6, 15))
    )
    record = Filing.objects.get(pk=sent.pk)

    assert windows.is_late(record, datetime.fromisoformat(f"2021-06-15T{written}+00:00")) is late


def test_an_installation_set_to_utc_says_and_judges_the_same():
    at = datetime(2021, 6, 15, 16, 0, 0, tzinfo=UTC)
    with override_settings(TIME_ZONE="UTC"), timezone.override(UTC):
        said = (
            windows.moment(windows.end_of(date(2021, 6, 15))),
            windows.is_over(windows.end_of(date(2021, 6, 15)), at),
        )

    assert said == ("2021-06-15 24:00", True)


def test_a_process_whose_clock_runs_in_utc_judges_the_same():
    script = (
        "import django, sys; django.setup()\n"
        "from datetime import date, datetime, UTC\n"
        "from portal import windows\n"
        "due = windows.end_of(date(2021, 6, 15))\n"
        "ats = [datetime(2021, 6, 15, 15, 59, 59, 999999, UTC), datetime(2021, 6, 15, 16, 0, 0, 0, UTC)]\n"
        "sys.stdout.buffer.write(repr([due.isoformat(), windows.moment(due), "
        "*(windows.is_over(due, at) for at in ats)]).encode())"
    )
    env = {**os.environ, "TZ": "UTC", "DJANGO_SETTINGS_MODULE": "portal.settings"}

    printed = subprocess.run(
        [sys.executable, "-c", script], cwd=settings.BASE_DIR, env=env, capture_output=True, check=True
    )

    assert printed.stdout.decode() == repr(["2021-06-15T23:59:59+08:00", "2021-06-15 24:00", False, True])


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2024, 12, 31, 15, 59, 59, tzinfo=UTC), "2024-12-31 24:00"),
        (datetime(2024, 12, 31, 16, 0, 0, tzinfo=UTC), "2025-01-01 00:00"),
        (datetime(2024, 12, 31, 9, 30, 59, tzinfo=UTC), "2024-12-31 17:30"),
    ],
)
def test_a_time_is_written_as_notices_write_it(at, said):
    assert windows.moment(at) == said


def test_an_extension_moves_the_due_time_of_its_bureau_alone(sent, due):
    until = due + 5 * DAY
    campaigns.extend(duty(sent.campaign), by=manager(), until=until, reason="台风影响，数据核实需要时间。")
    other = draft(KIND, place="3708")

    assert [windows.is_late(record, until) for record in (sent, other)] == [False, True]
    assert windows.is_late(sent, until + SECOND) is True


def test_what_is_late_is_stamped_when_it_is_submitted_and_stays_so(sent):
    pass_due(sent.campaign)

    record = act(sent, "submit", filer())
    campaigns.extend(duty(record.campaign), by=manager(), until=timezone.now() + DAY, reason="补办延期。")

    assert (record.is_late, record.versions.get().is_late) == (True, True)
    assert Filing.objects.get(pk=record.pk).is_late is True


def test_a_filing_on_time_returned_after_the_due_time_stays_on_time(sent):
    act(sent, "submit", filer())
    pass_due(sent.campaign)

    act(sent, "return", reviewer(), comment="请补充。")
    record = act(sent, "submit", filer())

    assert [version.is_late for version in record.versions.all()] == [False, False]
    assert record.is_late is False


def test_a_filing_on_time_returned_before_the_due_time_is_late_when_it_comes_back_after_it(sent):
    act(sent, "submit", filer())
    record = act(sent, "return", reviewer(), comment="请补充。")
    due = record.events.get(action="return").at.replace(microsecond=0)
    record.campaign = now_due(record.campaign, due_at=due)

    assert [windows.is_late(record, due), windows.is_late(record, due + SECOND)] == [False, True]


def test_what_was_late_once_is_not_made_good_by_a_later_return(sent):
    act(sent, "submit", filer())
    pass_due(sent.campaign)
    act(sent, "withdraw", filer())
    act(sent, "submit", filer())
    act(sent, "return", reviewer(), comment="请再补充。")

    record = act(sent, "submit", filer())

    assert [version.is_late for version in record.versions.order_by("number")] == [False, True, True]


def test_a_filing_withdrawn_after_the_due_time_is_late(sent):
    act(sent, "submit", filer())
    pass_due(sent.campaign)

    act(sent, "withdraw", filer())
    record = act(sent, "submit", filer())

    assert record.is_late is True


def test_a_filing_without_a_campaign_is_never_late():
    assert windows.is_late(draft(KIND), timezone.now() + 10_000 * DAY) is False


def test_a_new_filing_belongs_to_the_campaign_due_next_and_never_to_an_overdue_one():
    pass_due(campaign("演示已截止", due=1))
    later, sooner = campaign("演示较晚", due=20), campaign("演示较早", due=5)

    assert draft(KIND).campaign == sooner
    assert windows.open_campaigns(KIND, bureau(WEIFANG))[:2] == [sooner, later]


def test_the_extension_of_a_bureau_keeps_an_overdue_campaign_its_default():
    over = pass_due(campaign("演示延期", due=1))
    campaigns.extend(duty(over), by=manager(), until=timezone.now() + DAY, reason="数据核实。")

    assert draft(KIND).campaign == over
    assert draft(KIND, place="3708").campaign is None


def test_a_campaign_that_one_does_not_owe_or_that_is_not_open_cannot_be_chosen():
    ours = campaign(places=[WEIFANG])
    unopened = campaign("演示未开放", opens=1, due=5)
    closed = campaigns.close(campaign("演示已关闭"), by=manager())

    refused = []
    for place, of in (("3708", ours), (WEIFANG, unopened), (WEIFANG, closed)):
        with pytest.raises(workflow.Refused) as refusal:
            drafts.create(registry.get(KIND), by=filer(place), campaign=of)
        refused.append(str(refusal.value))

    assert refused == [
        f"“{of}”不收本单位的专项职业能力品牌，或尚未开放、已经关闭。" for of in (ours, unopened, closed)
    ]


def test_an_overdue_campaign_may_be_chosen_to_make_up_for_it():
    over = pass_due(campaign())

    record = drafts.create(registry.get(KIND), by=filer(), campaign=over)

    assert record.campaign == over


def test_a_county_files_for_the_campaign_of_its_city():
    of = campaign()

    assert draft(KIND, place=KUIWEN).campaign == of


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ({"opens_at": timezone.now() + DAY}, "现在还不能提交"),
        ({"closed_at": timezone.now()}, "已关闭，不再接收报送"),
    ],
    ids=["not open yet", "closed"],
)
def test_nothing_is_sent_outside_the_window_whoever_asks(moved, said):
    of = campaign()
    record = draft(KIND)
    now_due(of, **moved)

    with pytest.raises(workflow.Refused, match=said):
        act(record, "submit", filer())

    assert Filing.objects.get(pk=record.pk).state == State.DRAFT


def test_what_is_sent_back_after_its_campaign_was_closed_is_corrected_and_sent_again():
    of = campaign()
    record = filing(KIND, State.CITY_REVIEW)
    campaigns.close(of, by=manager())
    record = act(record, "return", reviewer(), comment=COMMENT)

    record = act(record, "submit", filer())

    assert (record.campaign, record.state, record.version) == (of, State.CITY_REVIEW, 2)


def test_a_zero_report_is_a_filing_in_its_campaign():
    record = nothing(campaign())

    assert (record.state, record.is_nothing, record.is_late, record.title) == (
        State.CITY_REVIEW,
        True,
        False,
        "零报送：演示任务",
    )


def test_nobody_sends_a_zero_report_beside_a_filing_or_for_another_bureau():
    of = campaign()
    filing(KIND, State.CITY_REVIEW)

    assert windows.why_not_nothing(of, bureau(WEIFANG)) == (
        "本单位已为“演示任务”填报 1 件，不能再作零报送；没有内容要报的，请先作废那些草稿。"
    )
    assert windows.why_not_nothing(of, bureau(KUIWEN)) == (
        "“演示任务”不收潍坊市奎文区人力资源和社会保障局的零报送，或尚未开放、已经关闭。"
    )
    assert windows.why_not_nothing(of, bureau("3708")) == ""
