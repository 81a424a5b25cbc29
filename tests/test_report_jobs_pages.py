"""The page of a job, its file and the download centre: how far, what became of it, who sees it."""

import hashlib
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal import job_pages, jobs, windows
from portal.models import Job, JobStatus, Message, Report
from tests import factories, report_desk
from tests.campaigning import get, post, said
from tests.factories import KUIWEN, PROVINCE, WEIFANG
from tests.report_desk import SLUG, made, reader, requested

pytestmark = pytest.mark.django_db
CUTOFF = datetime(2024, 6, 15, 23, 59, 59, tzinfo=windows.SHANGHAI)
GONE = "文件已过保留期，已删除"


@pytest.fixture(autouse=True)
def kind():
    """Give a report of the tests' own."""
    with report_desk.registered():
        yield


def put(report: Report, **columns) -> Report:
    """Let a job stand as time and workers would leave it."""
    Report.objects.filter(pk=report.pk).update(**columns)
    return Report.objects.get(pk=report.pk)


def running(report: Report, **columns) -> Report:
    now = timezone.now()
    held = {"status": JobStatus.RUNNING, "lease_until": now + timedelta(seconds=30), "started_at": now}
    return put(report, **{**held, **columns})


def ended(report: Report, status: str, **columns) -> Report:
    return put(report, status=status, finished_at=timezone.now(), lease_until=None, **columns)


def words(answer) -> str:
    return answer.content.decode()


def test_a_queued_job_says_how_many_stand_before_it_and_that_one_may_leave(client):
    for day in (1, 2):
        requested(CUTOFF - timedelta(days=day))

    page = words(get(client, reader(), "job", requested(CUTOFF).pk))

    assert "排队中，前面还有 2 项" in page and "可以离开本页，完成后通知您" in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert "取消生成" in page and "重新生成" not in page


def test_a_running_job_shows_its_bar_its_step_and_the_time_that_is_left(client):
    since = timezone.now() - timedelta(seconds=40)
    report = running(requested(CUTOFF), done=400, total=1200, stage="写入各市明细", started_at=since)

    page = words(get(client, reader(), "job", report.pk))

    assert 'aria-valuenow="33"' in page and '<rect width="33%"' in page
    assert "400 / 1200 行 · 33%" in page and "写入各市明细" in page
    assert "还需约 80 秒" in page or "还需约 8" in page


def test_a_finished_job_says_all_that_its_file_can_be_checked_by(client):
    report = made(CUTOFF)

    answer = get(client, reader(), "job", report.pk)
    page = words(answer)

    assert report.status == JobStatus.DONE
    for fact in (report.sha256, job_pages.measured(report.size), "2024-06-15 24:00", "全省", str(reader())):
        assert fact in page
    assert f"{windows.moment(report.expires_at)}，到期删除" in page
    assert "refresh" not in page and "取消生成" not in page


def test_the_file_that_is_downloaded_is_the_one_whose_digest_stands_there(client):
    report = made(CUTOFF)

    answer = get(client, reader(), "job-file", report.pk)
    content = b"".join(answer.streaming_content)

    assert (hashlib.sha256(content).hexdigest(), len(content)) == (report.sha256, report.size)
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_an_expired_file_is_not_found_and_is_made_again_by_the_same_conditions(client):
    report = made(CUTOFF, region=WEIFANG, by=reader(WEIFANG))
    put(report, file="")

    answers = [get(client, reader(WEIFANG), name, report.pk) for name in ("job-file", "job")]
    again = post(client, reader(WEIFANG), "job-again", report.pk)

    assert [answer.status_code for answer in answers] == [404, 200]
    assert all(GONE in words(answer) and "重新生成" in words(answer) for answer in answers)
    fresh = Report.objects.exclude(pk=report.pk).get()
    jobs.execute(fresh.pk)
    assert again.url == reverse("job", args=[fresh.pk])
    assert Report.objects.get(pk=fresh.pk).sha256 == report.sha256


def test_a_file_that_is_missing_from_the_store_is_not_found(client):
    report = put(made(CUTOFF), file="jobs/999/9.xlsx")

    assert get(client, reader(), "job-file", report.pk).status_code == 404


def test_a_failed_job_says_why_and_offers_another_try(client):
    report = ended(requested(CUTOFF), JobStatus.FAILED, reason="存放文件的磁盘已满。请联系系统管理员。")

    page = words(get(client, reader(), "job", report.pk))

    assert "存放文件的磁盘已满" in page and "重新生成" in page
    assert get(client, reader(), "job-file", report.pk).status_code == 404


def test_who_asked_cancels_and_nobody_else(client):
    report = requested(CUTOFF, by=factories.filer(PROVINCE))

    other = post(client, reader(), "job-cancel", report.pk)
    before = report_desk.standing(report.pk)
    own = post(client, factories.filer(PROVINCE), "job-cancel", report.pk)

    assert (before, report_desk.standing(report.pk)) == (JobStatus.QUEUED, JobStatus.CANCELLED)
    assert said(own)[-1] == "已取消，没有生成文件。" and len(said(other)) == 1
    assert "取消生成" not in words(get(client, reader(), "job", report.pk))


def test_a_running_job_is_asked_to_stop(client):
    report = running(requested(CUTOFF))

    answer = post(client, reader(), "job-cancel", report.pk)

    assert said(answer) == ["已要求取消，正在停下来，不会生成文件。"]
    assert "正在取消" in words(get(client, reader(), "job", report.pk))


def test_looking_changes_nothing(client):
    report = requested(CUTOFF)

    statuses = [get(client, reader(), name, report.pk).status_code for name in ("job-cancel", "job-again")]

    assert (statuses, report_desk.standing(report.pk)) == ([405, 405], JobStatus.QUEUED)


def answered(client, user, name: str, pk: int) -> int:
    """Return the status of an answer that was read to its end: a download holds its file open until then."""
    answer = get(client, user, name, pk)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer.status_code


SEEN = {
    "the province": (lambda: reader(PROVINCE), {"37", "3707", "370705", "3701"}),
    "the city": (lambda: reader(WEIFANG), {"3707", "370705"}),
    "the county": (lambda: factories.filer(KUIWEN), {"370705"}),
    "another city": (lambda: reader("3701"), {"3701"}),
    "the auditor": (factories.auditor, {"37", "3707", "370705", "3701"}),
    "somebody without a post": (factories.stranger, set()),
    "the system administrator": (factories.sysadmin, set()),
}


@pytest.mark.parametrize(("who", "regions"), SEEN.values(), ids=SEEN)
def test_a_report_is_seen_by_those_whose_posts_cover_its_region(client, who, regions):
    found = {
        place: made(CUTOFF, region=place, by=reader(PROVINCE)).pk
        for place in ("37", "3707", "370705", "3701")
    }
    user, names = who(), ("job", "job-file")

    opened = {
        place
        for place, pk in found.items()
        if [answered(client, user, name, pk) for name in names] == [200] * 2
    }
    acts = ("job-cancel", "job-again")
    closed = {
        p for p, pk in found.items() if [post(client, user, n, pk).status_code for n in acts] == [404, 404]
    }

    assert opened == regions
    assert closed == set(found) - regions


def test_another_job_is_seen_by_who_asked_for_it_alone(client):
    own = Job.objects.create(kind="other", title="演示其他作业", requested_by=reader(WEIFANG))

    answers = [get(client, user, "job", own.pk).status_code for user in (reader(WEIFANG), reader(PROVINCE))]
    listed = [
        get(client, user, "downloads").context["page"].paginator.count for user in (reader(WEIFANG), reader())
    ]

    assert (answers, listed) == ([200, 404], [1, 0])


def test_the_download_centre_lists_the_newest_first_and_narrows_by_tab_status_and_kind(client):
    first = made(CUTOFF, by=factories.filer(PROVINCE))
    second = requested(CUTOFF)
    third = put(made(CUTOFF - timedelta(days=1)), file="")

    def listed(**params) -> list[int]:
        return [line["job"].pk for line in get(client, reader(), "downloads", **params).context["lines"]]

    assert listed() == [third.pk, second.pk, first.pk]
    assert listed(tab="mine") == [third.pk, second.pk]
    assert [listed(status=status) for status in ("queued", "done", "expired", "failed")] == [
        [second.pk],
        [first.pk],
        [third.pk],
        [],
    ]
    assert (listed(kind=SLUG), listed(kind="brands"), listed(status="odd", kind="odd")) == (
        listed(),
        [],
        listed(),
    )


def test_an_empty_download_centre_leads_on(client):
    empty = words(get(client, reader(), "downloads"))
    requested(CUTOFF)
    narrowed = words(get(client, reader(), "downloads", status="failed"))

    assert "还没有文件" in empty and "没有符合条件的文件" in narrowed


def test_the_download_centre_costs_the_same_queries_at_any_size(client):
    cost = []
    for number in (1, 3, 18):
        for day in range(number):
            requested(CUTOFF - timedelta(days=30 * number + day))
        get(client, reader(), "downloads")
        with CaptureQueriesContext(connection) as captured:
            get(client, reader(), "downloads")
        cost.append(len(captured))

    assert cost == [cost[0]] * 3


def test_the_page_of_a_job_costs_the_same_queries_however_many_wait(client):
    cost = []
    for number in (1, 3, 18):
        for day in range(number):
            report = requested(CUTOFF - timedelta(days=30 * number + day))
        get(client, reader(), "job", report.pk)
        with CaptureQueriesContext(connection) as captured:
            get(client, reader(), "job", report.pk)
        cost.append(len(captured))

    assert cost == [cost[0]] * 3


def test_the_notice_that_a_report_is_ready_leads_to_it(client):
    report = made(CUTOFF)

    page = words(get(client, reader(), "messages"))

    message = Message.objects.get(user=reader())
    assert message.address and f'href="{message.address}"' in page
    assert client.get(message.address).context["job"].pk == report.pk


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0, "约 1 秒"), (89, "约 89 秒"), (90, "约 2 分钟"), (600, "约 10 分钟")],
)
def test_the_time_that_is_left_is_said_as_people_say_it(seconds, words):
    assert job_pages.in_words(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 字节"), (1023, "1023 字节"), (1536, "1.5 KB"), (5 * 2**30, "5.0 GB")]
)
def test_a_size_is_said_in_the_unit_that_fits(size, words):
    assert job_pages.measured(size) == words
