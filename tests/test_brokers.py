"""What a broker may do to the jobs: go away under load, come back empty, be asked by two beats. Real ones."""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from doors import brokers
from portal import schedules
from portal.models import Job, JobStatus, Report, ReportSchedule
from tests import factories
from tests.brokering import KINDS, broker_of, url_of, workers_on
from tests.jobbing import lines, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.either]
JOBS = 200
LEASE = 4.0  # seconds
QUICK = 3.0  # seconds that a person may wait for the answer


@pytest.fixture(params=KINDS)
def broker(request, tmp_path):
    """A broker of this test alone."""
    with broker_of(request.param, tmp_path) as one:
        yield one


@pytest.fixture
def workers(broker, tmp_path):
    """Workers that are not started yet and are called through it."""
    with workers_on(broker.urls["portal"], tmp_path, LEASE) as found:
        yield found


@pytest.mark.parametrize("kind", brokers.KINDS)
def test_a_job_is_done_through_every_broker_and_no_call_is_left_in_the_queue(kind, tmp_path):
    with url_of(kind, tmp_path) as url, workers_on(url, tmp_path, LEASE) as workers:
        workers.begin("--concurrency", "1")
        job = lines("一次", by=None)
        until(lambda: done() == 1)
        with current_app.connection_for_read() as connected:
            declared = connected.default_channel.queue_declare
            until(lambda: declared("portal", passive=kind == "amqp").message_count == 0)

    job.refresh_from_db()
    assert (job.status, job.attempts) == (JobStatus.DONE, 1)


def asked_in_a_thread(number: int, by) -> float:
    """Ask for a job as a request does, and return how long that took."""
    began = time.monotonic()
    try:
        lines(f"第{number}号", by=by)
        return time.monotonic() - began
    finally:
        connection.close()


def done() -> int:
    return Job.objects.filter(status=JobStatus.DONE).count()


def finished(workers) -> Counter | None:
    """Return how often each job was done, once every worker has said what came of its last one."""
    found = [pk for pk, outcome, _ in workers.outcomes() if outcome == "done"]
    return Counter(found) if len(found) > JOBS else None


def test_what_is_asked_for_while_the_broker_is_away_waits_and_is_done_by_itself_later(
    broker, workers, client
):
    asker = factories.reviewer("37")
    workers.begin("--concurrency", "2", "--beat", "--schedule", str(workers.folder / "beat"))
    lines("先行", by=asker)
    until(lambda: done() == 1)
    client.force_login(asker)

    with ThreadPoolExecutor(4) as requests:
        took = [requests.submit(asked_in_a_thread, number, asker) for number in range(JOBS // 4)]
        until(lambda: done() > 10)
        broker.stop()
        took += [requests.submit(asked_in_a_thread, n, asker) for n in range(JOBS // 4, JOBS)]
    page = client.get(f"/desk/jobs/{Job.objects.order_by('pk').last().pk}/").content.decode()
    waited = Job.objects.filter(status=JobStatus.QUEUED).count()
    broker.start()
    until(lambda: done() == JOBS + 1)

    assert "排队中" in page
    assert waited >= JOBS // 2
    assert max(one.result() for one in took) < QUICK
    assert until(lambda: finished(workers)) == Counter(Job.objects.values_list("pk", flat=True))


def rung(workers, beat: str, *, since: str = "") -> int:
    """Return how often a beat has rung for the schedules, since the last time it said ``since``."""
    said = workers.log(beat).read_text()
    return said[said.rfind(since) if since else 0 :].count("Sending due task run-schedules")


@pytest.mark.parametrize("broker", KINDS[:1], indirect=True)
def test_two_beats_make_one_report_and_go_on_when_the_broker_was_away(broker, workers):
    made = schedules.create(by=factories.reviewer("37"), slug="brands", region="37", frequency="monthly")
    ReportSchedule.objects.filter(pk=made.pk).update(since=timezone.now() - timedelta(days=40))
    workers.begin("--concurrency", "2")

    with two_beats(workers) as beats:
        until(lambda: Report.objects.filter(status=JobStatus.DONE).exists())
        until(lambda: all(rung(workers, beat) > 1 for beat in beats))  # one without a connection waits for it
        broker.stop()
        before = [rung(workers, beat) for beat in beats]
        until(lambda: all(rung(workers, beat) > n + 2 for beat, n in zip(beats, before, strict=True)))
        broker.start()
        Report.objects.update(period="earlier")  # so there is one to ask for again
        until(lambda: Report.objects.filter(status=JobStatus.DONE).count() == 2)
        until(lambda: all(rung(workers, beat, since="Message Error") > 4 for beat in beats))

    assert Report.objects.count() == 2
    assert [process.returncode for process in beats.values()] == [-signal.SIGKILL, -signal.SIGKILL]


@contextmanager
def two_beats(workers) -> Iterator[dict[str, subprocess.Popen]]:
    """Run two beats side by side that ring every second, and give name → process."""
    beats = {}
    for name in ("first", "second"):
        schedule = str(workers.folder / f"schedule-{name}")
        options = ["--schedule", schedule, "--pidfile", "", "--loglevel", "INFO"]
        beats[name] = workers.run("celery", "--app", "tests.quick_beat", "beat", *options, log=name)
    try:
        yield beats
    finally:
        for process in beats.values():
            process.kill()
            process.wait()
