"""What a broker may do to the jobs: go away under load, come back empty, be asked by two beats. Real ones."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from portal.models import Job, JobStatus
from tests import factories
from tests.brokering import KINDS, broker_of, workers_on
from tests.jobbing import lines, until

pytestmark = pytest.mark.django_db(transaction=True)
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
    """Workers that are called through it and swept by the beat beside them."""
    with workers_on(broker.urls["portal"], tmp_path, LEASE) as found:
        found.begin("--concurrency", "2", "--beat", "--schedule", str(tmp_path / "beat"))
        yield found


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
