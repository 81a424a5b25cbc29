"""Two at once: workers at one job, an end and its cancelling, two sweepers; and the heart beside the work."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from portal import jobs, leases, report_runs
from portal.models import Job, JobStatus, Message
from tests import factories
from tests.jobbing import all_files, lines, until
from tests.races import kinds, race

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20


def asked(number: int) -> list[int]:
    return [lines(f"第 {one} 次").pk for one in range(number)]


def elsewhere(read):
    """Return what ``read`` finds on a connection of its own."""

    def look():
        try:
            return read()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(look).result()


def test_one_of_two_workers_takes_a_job():
    found = race(asked(ROUNDS), leases.take, leases.take)

    assert [kinds(outcomes) for outcomes in found] == [["Lease", "NoneType"]] * ROUNDS
    assert set(Job.objects.values_list("token", "attempts")) == {(1, 1)}


def test_both_take_it_when_each_looks_first_and_saves_then():
    """The control: without the compare-and-swap the race above is real."""
    both_have_looked = Barrier(2)

    def careless(pk: int) -> leases.Lease | None:
        job = Job.objects.get(pk=pk)
        both_have_looked.wait(timeout=300)
        if job.status != JobStatus.QUEUED:
            return None
        job.status, job.token, job.lease_until = JobStatus.RUNNING, job.token + 1, timezone.now()
        job.save()
        return leases.Lease(pk, job.token)

    found = race(asked(ROUNDS), careless, careless)

    assert [kinds(outcomes) for outcomes in found] == [["Lease", "Lease"]] * ROUNDS


def test_one_of_two_workers_does_a_job_and_the_other_says_that_it_did_not():
    numbers = asked(ROUNDS)

    found = race(numbers, jobs.execute, jobs.execute)

    ends = {tuple(sorted(outcomes)) for outcomes in found}
    assert ends <= {
        ("done", "not taken: done"),
        ("done", "not taken: running"),
        ("done", "not taken: queued"),
    }
    assert all_files() == sorted(f"jobs/{pk}/1.txt" for pk in numbers)


def test_a_job_is_done_or_cancelled_never_both():
    asker = factories.reviewer("37")
    numbers = [lines("逐行", by=asker).pk for _ in range(ROUNDS)]

    def cancel(pk: int) -> str:
        return jobs.cancel(Job.objects.get(pk=pk), by=asker).status

    race(numbers, jobs.execute, cancel)

    ends = {job.pk: (job.status, bool(job.file)) for job in Job.objects.all()}
    assert set(ends.values()) <= {(JobStatus.DONE, True), (JobStatus.CANCELLED, False)}
    done = [pk for pk, (status, _) in ends.items() if status == JobStatus.DONE]
    assert Message.objects.count() == len(done)
    assert all_files() == sorted(f"jobs/{pk}/1.txt" for pk in done)


def test_two_sweepers_give_a_job_up_once():
    asker = factories.reviewer("37")
    numbers = [lines("逐行", by=asker).pk for _ in range(ROUNDS)]
    for pk in numbers:
        leases.take(pk)
    Job.objects.update(attempts=jobs.MOST_ATTEMPTS, lease_until=timezone.now() - timedelta(hours=1))

    race(["once"], lambda _: jobs.sweep(), lambda _: jobs.sweep())

    assert set(Job.objects.values_list("status", flat=True)) == {JobStatus.FAILED}
    assert Message.objects.count() == ROUNDS


@override_settings(JOB_LEASE=2.0)
def test_progress_and_a_longer_lease_are_seen_while_the_work_reads_its_one_snapshot():
    seen = []

    @jobs.runner("reads")
    def run(job, work):
        first = Job.objects.get(pk=job.pk).lease_until
        row = Job.objects.filter(pk=job.pk, lease_until__gt=first).values_list("done", "total", "stage")
        with report_runs.one_snapshot():
            Job.objects.count()
            work.progress(3, 8, "汇总")
            seen.extend(until(lambda: elsewhere(lambda: list(row.all()))))
            assert Job.objects.get(pk=job.pk).done == 0

    job = jobs.enqueue("reads", title="读")

    assert jobs.execute(job.pk) == "done"
    assert seen == [(3, 8, "汇总")]


@override_settings(JOB_LEASE=2.0)
def test_the_heart_notices_that_the_job_was_cancelled():
    asker = factories.reviewer("37")

    @jobs.runner("goes on")
    def run(job, work):
        elsewhere(lambda: jobs.cancel(Job.objects.get(pk=job.pk), by=asker))
        until(lambda: work.progress(1, 2))

    job = jobs.enqueue("goes on", title="长", by=asker)

    assert jobs.execute(job.pk) == "cancelled"


@override_settings(JOB_LEASE=2.0)
def test_the_heart_notices_that_another_holds_the_job():
    @jobs.runner("overtaken on the way")
    def run(job, work):
        elsewhere(lambda: Job.objects.filter(pk=job.pk).update(token=7))
        until(lambda: work.progress(1, 2))

    job = jobs.enqueue("overtaken on the way", title="迟")

    assert (jobs.execute(job.pk), Job.objects.get(pk=job.pk).status) == ("lost", JobStatus.RUNNING)
