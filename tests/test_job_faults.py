"""What becomes of a job when its worker is killed, stopped or starved: real workers, really killed."""

import os
import signal
from collections import Counter
from datetime import date
from hashlib import sha256

import pytest
from django.db import transaction

from portal import jobs, report_runs, verify, windows
from portal.models import Job, JobStatus, Message, User
from portal.reports import Asked
from tests import factories
from tests.jobbing import Workers, all_files, lines, swept, text_in, text_of, until, workers_in

pytestmark = pytest.mark.django_db(transaction=True)
LEASE = 4.0  # seconds
POINTS = 20


@pytest.fixture
def workers(tmp_path):
    """Workers that are not started yet."""
    with workers_in(tmp_path, LEASE) as found:
        yield found


@pytest.fixture
def asker() -> User:
    """Who asks for the jobs, and is to be told of each once."""
    return factories.reviewer("37")


def notices() -> Counter:
    """Return how many notices there are of each job."""
    return Counter(Message.objects.values_list("address", flat=True))


def once_each(found: list[Job]) -> Counter:
    return Counter(jobs.ADDRESS.format(job.pk) for job in found)


def runs(workers: Workers) -> list[tuple[int, str]]:
    """Return what came of each time that a job was to be had."""
    return sorted((pk, end) for pk, end, _ in workers.outcomes() if not end.startswith("not taken"))


@pytest.mark.parametrize("whom", ["child", "group"])
def test_a_job_is_done_once_wherever_its_worker_is_killed(workers, asker, whom):
    """SIGKILL at twenty points from the first line of the engine to the last: one process, then all of it."""
    workers.start(1, pool=POINTS) if whom == "child" else workers.start(3)
    (quiet,) = swept([lines("逐行", by=asker, kill={"at": -1, "whom": whom})])
    (steps,) = until(lambda: [steps for _, end, steps in workers.outcomes() if end == JobStatus.DONE])
    points = [1 + point * (steps - 1) // (POINTS - 1) for point in range(POINTS)]

    done = swept([lines("逐行", by=asker, kill={"at": point, "whom": whom}) for point in points])

    assert [(workers.folder / f"killed-{job.pk}").exists() for job in done] == [True] * POINTS
    assert [(job.status, job.sha256) for job in done] == [(JobStatus.DONE, quiet.sha256)] * POINTS
    assert {text_in(job) for job in [quiet, *done]} == {text_of("逐行")}
    assert all_files() == sorted(job.file for job in [quiet, *done])
    assert notices() == once_each([quiet, *done])
    assert list(verify.faults()) == []


def test_a_report_is_the_same_bytes_wherever_its_worker_is_killed(workers, asker):
    workers.start(pool=6)
    ask = [
        Asked("brands", windows.start_of(date(2024, month, 1)), "37", {}) for month in (6, 7, 8, 9, 10, 11)
    ]
    path = workers.folder / "undisturbed.xlsx"

    asked = []
    for number, one in enumerate(ask):
        with transaction.atomic():
            asked.append(report_runs.request(one, "xlsx", by=asker))
            kill = {"at": 40 + 150 * number, "whom": "child"}
            Job.objects.filter(pk=asked[-1].pk).update(parameters={"kill": kill})
    done = swept(asked)

    assert [(workers.folder / f"killed-{job.pk}").exists() for job in done] == [True] * len(ask)
    for job, one in zip(done, ask, strict=True):
        report_runs.produce(one, "xlsx", path)
        assert (job.status, job.sha256) == (JobStatus.DONE, sha256(path.read_bytes()).hexdigest())
    assert (notices(), list(verify.faults())) == (once_each(done), [])


def test_a_worker_that_slept_beyond_its_lease_writes_nothing_unless_the_check_is_switched_off(workers, asker):
    workers.start(pool=4)
    asleep = [lines("逐行", by=asker, waits=1, unfenced=unfenced) for unfenced in (False, True)]
    sleepers = [workers.waiting(job) for job in asleep]
    for sleeper in sleepers:
        os.kill(sleeper, signal.SIGSTOP)

    fenced, unfenced = swept(asleep)
    assert (notices(), fenced.token, unfenced.token) == (once_each(asleep), 2, 2)
    for job, sleeper in zip(asleep, sleepers, strict=True):
        workers.let_go(job)
        os.kill(sleeper, signal.SIGCONT)
    found = until(lambda: len(taken := runs(workers)) == 4 and taken)

    assert found == sorted(
        [(fenced.pk, "done"), (fenced.pk, "lost"), (unfenced.pk, "done"), (unfenced.pk, "done")]
    )
    assert notices() == once_each([fenced, unfenced, unfenced])
    assert Job.objects.get(pk=fenced.pk).file == f"jobs/{fenced.pk}/2.txt"
    assert Job.objects.get(pk=unfenced.pk).file == f"jobs/{unfenced.pk}/1.txt"


def test_a_worker_that_starts_begins_with_what_one_before_it_left(workers, asker):
    workers.start()
    job = lines("逐行", by=asker, waits=1)
    workers.waiting(job)
    workers.stop()
    until(lambda: Job.objects.get(pk=job.pk).lease_until < jobs.clock())

    workers.start()
    until(lambda: Job.objects.get(pk=job.pk).status == JobStatus.DONE)

    assert all_files() == [f"jobs/{job.pk}/2.txt"]


def test_a_job_that_wants_too_much_memory_or_time_fails_with_that_reason(workers, asker):
    workers.start(pool=2, limit=3, memory=400)
    greedy = jobs.enqueue("hoards", title="过大", by=asker)
    slow = lines("过慢", by=asker, waits=3)

    failed = swept([greedy, slow])

    assert [(job.status, job.attempts) for job in failed] == [(JobStatus.FAILED, 3)] * 2
    assert [job.reason for job in failed] == [jobs.NO_MEMORY, jobs.TOO_LONG.format("3 秒")]
    assert (all_files(), notices()) == ([], once_each(failed))
