"""A job from the wish to the end: what is written, who is told, what is said when it does not work."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.test import override_settings
from django.utils import timezone

from portal import job_pages, jobs, leases, stores, verify
from portal.models import Job, JobStatus, Message, Report, User
from portal.workflow import Refused
from tests import factories
from tests.jobbing import all_files, lines, text_in, text_of

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(hours=1)


@pytest.fixture
def asker() -> User:
    return factories.reviewer("37")


def again(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def change(job: Job, **columns) -> None:
    """Let time pass: set columns of the row as they would be by then."""
    Job.objects.filter(pk=job.pk).update(**columns)


def taken(job: Job, **columns) -> leases.Lease:
    """Let a worker take the job and fall silent."""
    change(job, run_after=timezone.now() - LONG_AGO)
    lease = leases.take(job.pk)
    change(job, lease_until=timezone.now() - LONG_AGO, **columns)
    return lease


def told(user: User) -> list[tuple[str, str]]:
    return list(Message.objects.filter(user=user).order_by("pk").values_list("text", "address"))


def test_a_finished_job_has_its_file_whose_sum_and_size_it_knows(asker):
    job = lines("逐行", by=asker)

    assert jobs.execute(job.pk) == "done"

    job = again(job)
    assert (job.status, job.attempts, job.done, job.total) == (JobStatus.DONE, 1, 8, 8)
    assert (job.file, job.file_name) == (f"jobs/{job.pk}/1.txt", "逐行.txt")
    assert text_in(job) == text_of("逐行")
    assert (job.size, job.sha256) == stores.measured(job.file)
    assert told(asker) == [("“逐行”已生成，可以下载。", f"/desk/jobs/{job.pk}/")]
    assert list(verify.faults()) == []


def test_a_job_is_written_down_with_its_cause_or_not_at_all(asker):
    with pytest.raises(ValueError, match="cause"), transaction.atomic():
        lines("逐行", by=asker)
        raise ValueError("the cause came to nothing")

    assert Job.objects.count() == 0


def test_nobody_asks_for_what_nobody_runs():
    with pytest.raises(LookupError):
        jobs.enqueue("nothing", title="无")


@pytest.mark.parametrize("status", [JobStatus.RUNNING, JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_call_for_a_job_that_is_not_queued_does_nothing_and_says_so(asker, status):
    job = lines("逐行", by=asker)
    held = {"lease_until": timezone.now()} if status == JobStatus.RUNNING else {"finished_at": timezone.now()}
    change(job, status=status, reason="原因", **held)
    before = Job.objects.filter(pk=job.pk).values().get()

    assert jobs.execute(job.pk) == f"not taken: {status.value}"
    assert Job.objects.filter(pk=job.pk).values().get() == before


def test_a_call_for_a_job_there_is_not_says_so():
    assert jobs.execute(2**40) == "not taken: unknown"


def test_a_call_before_its_time_does_nothing(asker):
    job = lines("逐行", by=asker)
    change(job, run_after=timezone.now() + LONG_AGO)

    assert jobs.execute(job.pk) == "not taken: queued"


def raising(error: str, asker: User, times: int = 3) -> Job:
    return jobs.enqueue("raises", title="出错", by=asker, parameters={"error": error, "times": times})


def attempted(job: Job) -> list[str]:
    """Execute a job until it has ended, without the pauses between, and return what each run said."""
    outcomes = []
    while again(job).is_waiting:
        change(job, run_after=timezone.now() - LONG_AGO)
        outcomes.append(jobs.execute(job.pk))
    return outcomes


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("memory", jobs.NO_MEMORY),
        ("disk", jobs.NO_ROOM),
        ("wrapped", jobs.NO_ROOM),
        ("trouble", "还不能统计。"),
        ("value", "生成时出错，文件没有生成，已有的数据不受影响。请稍后重新生成；仍不行时请把作业编号"),
    ],
)
def test_a_job_that_fails_three_times_ends_with_a_sentence(asker, error, reason):
    job = raising(error, asker)

    assert attempted(job) == ["queued", "queued", "failed"]

    job = again(job)
    assert (job.status, job.attempts, job.file) == (JobStatus.FAILED, 3, "")
    assert job.reason.startswith(reason)
    assert told(asker) == [(f"“出错”没有完成：{job.reason}", f"/desk/jobs/{job.pk}/")]
    assert all_files() == []


def test_a_refusal_is_the_answer_and_not_tried_again(asker):
    job = raising("refused", asker)

    assert attempted(job) == ["failed"]
    assert again(job).reason == "没有这样的报表。"


def test_what_went_wrong_once_is_tried_again_later_and_says_so_meanwhile(asker):
    job = raising("value", asker, times=1)

    assert jobs.execute(job.pk) == "queued"

    job = again(job)
    assert (job.status, job.stage, job.reason) == (JobStatus.QUEUED, "第 1 次没有完成，将自动再试", "")
    assert job.run_after > timezone.now() + timedelta(seconds=5)
    assert told(asker) == []
    assert attempted(job) == ["done"]


def test_the_log_says_where_it_went_wrong(asker, caplog):
    job = raising("value", asker, times=1)

    jobs.execute(job.pk)

    (record,) = [record for record in caplog.records if record.name == "portal.jobs"]
    assert record.getMessage() == f"Job {job.pk} (raises), attempt 1"
    assert record.exc_info[2] is not None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OperationalError("database or disk is full"), jobs.NO_ROOM),
        (IntegrityError("x"), jobs.UNKNOWN.format(7)),
    ],
)
def test_a_database_without_room_is_told_from_its_other_troubles(error, reason):
    assert jobs.reason_of(error, 7) == reason


@override_settings(JOB_LIMIT=1800)
def test_a_job_over_its_time_is_told_how_long_that_is():
    from celery.exceptions import SoftTimeLimitExceeded

    reason = "超过 30 分钟仍未完成，已停止，文件没有生成。请缩小范围后重新生成。"
    assert jobs.reason_of(SoftTimeLimitExceeded(), 7) == reason


def test_a_queued_job_is_cancelled_at_once(asker):
    job = lines("逐行", by=asker)

    jobs.cancel(job, by=asker)

    assert (job.status, jobs.execute(job.pk)) == (JobStatus.CANCELLED, "not taken: cancelled")
    assert told(asker) == []


def test_a_running_job_stops_at_its_next_step(asker):
    """The heart learns of it when it beats; here the work tells it to."""

    @jobs.runner("cancelled on the way")
    def run(job, work):
        work.path("txt").write_text("half")
        jobs.cancel(again(job), by=asker)
        work._heart._beat()
        work.progress(1, 2)
        raise AssertionError("this was to stop")

    job = jobs.enqueue("cancelled on the way", title="长", by=asker)

    assert jobs.execute(job.pk) == "cancelled"
    assert (again(job).status, all_files()) == (JobStatus.CANCELLED, [])


def test_a_job_cancelled_in_its_last_moment_keeps_no_file(asker):
    @jobs.runner("cancelled at last")
    def run(job, work):
        path = work.path("txt")
        path.write_text("whole")
        jobs.cancel(again(job), by=asker)
        return jobs.Result(path, "长.txt")

    job = jobs.enqueue("cancelled at last", title="长", by=asker)

    assert jobs.execute(job.pk) == "cancelled"
    assert (again(job).status, all_files(), told(asker)) == (JobStatus.CANCELLED, [], [])


def test_others_do_not_cancel_it_but_the_administrator_does_and_who_asked_is_told(asker):
    job = lines("逐行", by=asker)

    with pytest.raises(Refused, match=jobs.NOT_YOURS):
        jobs.cancel(job, by=factories.approver())
    jobs.cancel(job, by=factories.sysadmin())

    assert again(job).status == JobStatus.CANCELLED
    assert told(asker) == [("“逐行”已由系统管理员取消。", f"/desk/jobs/{job.pk}/")]


def test_what_has_ended_is_not_cancelled(asker):
    job = lines("逐行", by=asker)
    stale = again(job)
    jobs.execute(job.pk)

    for row in (again(job), stale):
        with pytest.raises(Refused) as refused:
            jobs.cancel(row, by=asker)
        assert str(refused.value) == "“逐行”已经结束（已完成），不能取消。"


def test_a_running_job_is_asked_to_stop_once(asker):
    job = lines("逐行", by=asker)
    leases.take(job.pk)

    jobs.cancel(job, by=asker)

    assert (job.status, jobs.why_not_cancelled(job, asker)) == (JobStatus.RUNNING, "“逐行”已在取消，请稍候。")


def test_a_worker_whose_lease_was_taken_over_writes_nothing_and_takes_its_file_away(asker):
    @jobs.runner("overtaken")
    def run(job, work):
        path = work.path("txt")
        path.write_text("late")
        change(job, lease_until=timezone.now() - LONG_AGO)
        jobs.sweep()
        change(job, run_after=timezone.now() - LONG_AGO)
        assert leases.take(job.pk).token == 2
        return jobs.Result(path, "迟.txt", {"done": 99})

    job = jobs.enqueue("overtaken", title="迟", by=asker)

    assert jobs.execute(job.pk) == "lost"
    assert (again(job).status, again(job).token, again(job).done) == (JobStatus.RUNNING, 2, 0)
    assert (all_files(), told(asker)) == ([], [])


def test_a_silent_worker_loses_its_job_and_after_three_times_the_job_is_given_up(asker):
    job = lines("逐行", by=asker)
    ends = []
    for _ in range(3):
        stores.place(job.pk, taken(job).token, "txt").write_text("half")
        jobs.sweep()
        ends.append(again(job).status)

    assert (ends, again(job).reason) == (["queued", "queued", "failed"], jobs.INTERRUPTED)
    assert told(asker) == [(f"“逐行”没有完成：{jobs.INTERRUPTED}", f"/desk/jobs/{job.pk}/")]
    assert all_files() == []


def test_a_worker_that_is_not_silent_keeps_its_job(asker):
    job = lines("逐行", by=asker)
    leases.take(job.pk)

    jobs.sweep()

    assert again(job).status == JobStatus.RUNNING


def test_a_silent_worker_whose_job_was_to_be_cancelled_ends_it(asker):
    job = lines("逐行", by=asker)
    taken(job, cancel_requested_at=timezone.now())

    jobs.sweep()

    assert again(job).status == JobStatus.CANCELLED


def test_whoever_takes_a_job_next_removes_what_the_one_before_left(asker):
    job = lines("逐行", by=asker)
    left = stores.place(job.pk, taken(job).token, "txt")
    left.write_text("half")
    jobs.sweep()
    assert list(verify.faults()) == []

    jobs.execute(job.pk)

    assert all_files() == [f"jobs/{job.pk}/2.txt"]


def test_an_expired_file_is_removed_and_its_sum_stays(asker):
    job = lines("逐行", by=asker)
    jobs.execute(job.pk)
    change(job, expires_at=timezone.now() - LONG_AGO)

    jobs.sweep()

    job = again(job)
    assert (job.status, job.file, len(job.sha256)) == (JobStatus.DONE, "", 64)
    assert not (Path(settings.MEDIA_ROOT) / "jobs" / str(job.pk)).exists()
    assert list(verify.faults()) == []


def test_what_no_job_knows_is_a_fault_until_it_is_tidied_away(asker):
    job = lines("逐行", by=asker)
    jobs.execute(job.pk)
    stores.place(job.pk, 9, "txt").write_text("of nobody")
    stores.place(2**40, 1, "txt").write_text("of no job")

    assert list(verify.faults()) == [
        f"文件 jobs/{job.pk}/9.part.txt 不属于任何作业。",
        f"文件 jobs/{2**40}/1.part.txt 不属于任何作业。",
    ]
    jobs.tidy()
    assert (list(verify.faults()), all_files()) == ([], [f"jobs/{job.pk}/1.txt"])


def test_what_a_running_job_is_writing_is_no_fault_and_stays(asker):
    job = lines("逐行", by=asker)
    stores.place(job.pk, leases.take(job.pk).token, "txt").write_text("half")

    jobs.tidy()

    assert (list(verify.faults()), all_files()) == ([], [f"jobs/{job.pk}/1.part.txt"])


def test_a_file_that_is_missing_or_was_changed_is_a_fault(asker):
    changed, missing = lines("甲", by=asker), lines("乙", by=asker)
    for job in (changed, missing):
        jobs.execute(job.pk)
    (Path(settings.MEDIA_ROOT) / again(changed).file).write_text("x")
    (Path(settings.MEDIA_ROOT) / again(missing).file).unlink()

    assert list(verify.faults()) == [
        f"作业 {changed.pk}（lines）：文件 jobs/{changed.pk}/1.txt 的内容与生成时不一致。",
        f"作业 {missing.pk}（lines）：文件 jobs/{missing.pk}/1.txt 不存在。",
    ]


def test_the_facts_of_a_result_are_columns_of_its_own_row(asker):
    @jobs.runner("a report of a test")
    def run(job, work):
        assert isinstance(job, Report)
        path = work.path("xlsx")
        path.write_bytes(b"x")
        return jobs.Result(path, "表.xlsx", {"rows": 7, "expires_at": job.cutoff})

    facts = {"slug": "brands", "cutoff": timezone.now(), "region_id": "37", "format": "xlsx"}
    job = jobs.enqueue("a report of a test", title="表", by=asker, model=Report, **facts)

    assert jobs.execute(job.pk) == "done"
    report = Report.objects.get(pk=job.pk)
    assert (report.rows, report.expires_at, report.file_name) == (7, report.cutoff, "表.xlsx")


def test_the_rest_of_the_time_is_known_from_the_pace_so_far(asker):
    job = lines("逐行", by=asker)
    assert job_pages.remaining(job) is None
    leases.take(job.pk)
    assert job_pages.remaining(again(job)) is None

    change(job, started_at=timezone.now() - timedelta(seconds=30), done=25, total=100)

    assert job_pages.remaining(again(job)) == 90


def test_a_queued_job_knows_how_many_are_before_it(asker):
    found = [lines(str(number), by=asker) for number in range(3)]
    leases.take(found[0].pk)

    assert [job_pages.ahead(job) for job in found[1:]] == [0, 1]
