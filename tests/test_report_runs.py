"""Asking for a report and making it: who may, once for a double click, of one settled instant."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from portal import jobs, report_runs, reports
from portal.models import Frequency, JobStatus, Message, Report, ReportSchedule
from portal.vocabulary import Kind
from portal.windows import SHANGHAI
from portal.workflow import Refused
from tests import factories

CUTOFF = datetime(2024, 6, 15, 23, 59, 59, tzinfo=SHANGHAI)
PATIENCE = 30


def a_question(region: str = "37", cutoff: datetime = CUTOFF, **params: str) -> reports.Asked:
    return reports.ask("brands", cutoff, region, params)


@pytest.mark.django_db
def test_a_request_is_a_job_that_waits():
    reviewer = factories.reviewer("37")

    report = report_runs.request(a_question(), "xlsx", by=reviewer)

    stored = Report.objects.get()
    assert (stored.pk, stored.status, stored.requested_by) == (report.pk, JobStatus.QUEUED, reviewer)
    assert (stored.slug, stored.cutoff, stored.region_id, stored.format) == ("brands", CUTOFF, "37", "xlsx")
    assert report_runs.asked_of(stored) == a_question()
    assert stored.title == f"{reports.get('brands').title} 截至 2024-06-15 24:00"


@pytest.mark.django_db
def test_a_double_click_is_one_report():
    reviewer = factories.reviewer("37")
    first = report_runs.request(a_question(), "xlsx", by=reviewer)

    again = report_runs.request(a_question(cutoff=CUTOFF.astimezone(UTC)), "xlsx", by=reviewer)
    others = [
        report_runs.request(a_question(), "pdf", by=reviewer),
        report_runs.request(a_question("3707"), "xlsx", by=reviewer),
        report_runs.request(a_question(level="provincial"), "xlsx", by=reviewer),
        report_runs.request(a_question(), "xlsx", by=factories.approver()),
    ]

    assert again.pk == first.pk
    assert len({first.pk, *(other.pk for other in others)}) == 5


@pytest.mark.django_db
def test_what_has_ended_or_is_being_cancelled_is_made_anew():
    reviewer = factories.reviewer("37")
    first = report_runs.request(a_question(), "xlsx", by=reviewer)

    jobs.cancel(first, by=reviewer)

    assert report_runs.request(a_question(), "xlsx", by=reviewer).pk != first.pk


@pytest.mark.django_db
def test_a_post_reads_its_region_and_below():
    people = {
        "province": factories.reviewer("37"),
        "city": factories.reviewer("3707"),
        "county": factories.filer("370705"),
        "joint": factories.joint("3707"),
        "union": factories.joint("37", Kind.TRADE_UNION),
        "auditor": factories.auditor(),
        "administrator": factories.sysadmin(),
        "stranger": factories.stranger(),
    }

    allowed = {
        name: "".join(
            str(int(report_runs.may_read(user, place))) for place in ("37", "3707", "370705", "3701")
        )
        for name, user in people.items()
    }

    assert allowed == {
        "province": "1111",
        "city": "0110",
        "county": "0010",
        "joint": "0110",
        "union": "1111",
        "auditor": "1111",
        "administrator": "0000",
        "stranger": "0000",
    }


@pytest.mark.django_db
def test_what_may_not_be_asked_is_refused_and_leaves_no_row():
    city = factories.reviewer("3707")
    soon = timezone.now() + timedelta(minutes=1)

    for question, format, error, sentence in [
        (a_question("37"), "xlsx", Refused, "您的岗位看不到这个范围的报表"),
        (a_question("3701"), "xlsx", Refused, "您的岗位看不到这个范围的报表"),
        (a_question("3707"), "csv", Refused, "报表只能生成 Excel、Word 或 PDF。"),
        (reports.Asked("brands", soon, "3707"), "xlsx", Refused, "统计截止时间还没有到"),
        (reports.Asked("nix", CUTOFF, "3707"), "xlsx", reports.Unknown, "nix"),
        (reports.Asked("brands", CUTOFF, "3799"), "xlsx", reports.Unknown, "3799"),
    ]:
        with pytest.raises(error, match=sentence):
            report_runs.request(question, format, by=city)

    assert Report.objects.count() == 0


@pytest.mark.django_db
def test_a_schedule_asks_in_its_own_right():
    by, facts = factories.reviewer("3707"), {"frequency": Frequency.MONTHLY, "region_id": "37"}
    schedule = ReportSchedule.objects.create(slug="brands", created_by=by, **facts)

    report = report_runs.request(a_question(), "xlsx", by=None, schedule=schedule, period="2024-05")

    assert (report.schedule, report.period, report.requested_by) == (schedule, "2024-05", None)


@pytest.mark.django_db
def test_a_run_stores_file_name_lines_and_how_long_it_is_kept(settings):
    settings.REPORT_DAYS = 3
    report = report_runs.request(a_question("3707"), "xlsx", by=factories.reviewer())

    outcome = jobs.execute(report.pk)

    report.refresh_from_db()
    assert (outcome, report.rows > 0, report.done, report.total) == ("done", True, report.rows, report.rows)
    assert report.file_name == f"{reports.get('brands').title} 潍坊市 截至 2024-06-15 24：00.xlsx"
    kept = report.expires_at - report.finished_at
    assert timedelta(days=3) - timedelta(minutes=1) < kept < timedelta(days=3, minutes=1)
    jobs.stores.clear(report.pk, report.token)


@pytest.mark.django_db
def test_a_report_of_all_kinds_can_be_made_of_nothing(tmp_path):
    for kind in reports.all_kinds():
        for format in ("xlsx", "docx", "pdf"):
            asked = reports.ask(kind.slug, CUTOFF, "370705", {})

            report_runs.produce(asked, format, tmp_path / f"{kind.slug}.{format}")

    assert len(list(tmp_path.iterdir())) == 24


@contextmanager
def elsewhere(act, inside=transaction.atomic):
    """Run ``act`` in a thread with a connection of its own, ``inside`` what ends with the block."""
    begun, end, trouble = threading.Event(), threading.Event(), []

    def run():
        try:
            with inside():
                act()
                begun.set()
                end.wait(PATIENCE)
        except Exception as error:
            trouble.append(error)
        finally:
            begun.set()
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait(PATIENCE)
    try:
        yield
    finally:
        end.set()
        thread.join(PATIENCE)
        assert trouble == []


def write_a_message(user) -> None:
    Message.objects.create(user=user, text="演示", created_at=timezone.now())


def impatient() -> None:
    """Let this connection wait for no writer."""
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA busy_timeout = 0")


@pytest.mark.django_db(transaction=True)
def test_a_cut_off_is_settled_when_what_began_before_it_has_ended():
    user = factories.filer()
    impatient()

    with elsewhere(lambda: write_a_message(user)):
        meanwhile = report_runs._is_settled(timezone.now())
    afterwards = report_runs._is_settled(timezone.now())
    connection.close()

    assert (meanwhile, afterwards) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_a_report_under_way_holds_up_no_other():
    impatient()

    def read():
        assert Message.objects.count() == 0

    with elsewhere(read, report_runs.one_snapshot):
        settled = report_runs._is_settled(timezone.now())
    connection.close()

    assert settled


@pytest.mark.django_db(transaction=True)
def test_a_cut_off_that_does_not_settle_is_told_after_its_time():
    user = factories.filer()
    impatient()

    with (
        elsewhere(lambda: write_a_message(user)),
        pytest.raises(report_runs.Unsettled, match="一分钟内没有结束"),
    ):
        report_runs.settle(timezone.now() - timedelta(seconds=1), patience=0.2)
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_sees_one_instant_and_holds_up_no_writer():
    user = factories.filer()

    with report_runs.one_snapshot():
        before = Message.objects.count()
        with elsewhere(lambda: write_a_message(user)):
            pass
        during = Message.objects.count()

    assert (before, during, Message.objects.count()) == (0, 0, 1)
    with transaction.atomic():
        write_a_message(user)


@pytest.mark.django_db
def test_inside_a_transaction_its_own_writes_are_seen():
    write_a_message(factories.filer())

    with report_runs.one_snapshot():
        report_runs.settle(timezone.now())
        seen = Message.objects.count()

    assert seen == 1
