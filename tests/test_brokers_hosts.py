"""Workers on several hosts, and a database that goes down under them: what PostgreSQL is there for."""

import os
import signal
from collections import Counter
from contextlib import ExitStack

import psycopg
import pytest
from django.db import connection

from portal.models import Job, JobStatus
from tests import factories
from tests.brokering import broker_of, called_through, workers_on
from tests.hosts import HERE, NAMES, Host, database_on_the_bridge, hosts, why_not
from tests.jobbing import lines, swept, until, workers_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.either]
LEASE = 4.0  # seconds


@pytest.fixture
def asker():
    """Who asks for the jobs."""
    return factories.reviewer("37")


@pytest.fixture
def three_hosts(tmp_path):
    """A worker on each of three hosts, over one RabbitMQ and the PostgreSQL of this run."""
    with ExitStack() as stack:
        stack.enter_context(hosts())
        broker = stack.enter_context(broker_of("amqp", tmp_path, address=HERE))
        database = stack.enter_context(database_on_the_bridge())
        stack.enter_context(workers_in(tmp_path, LEASE))
        stack.enter_context(called_through(broker.urls["portal"]))
        found = [Host(name, tmp_path / name, LEASE, database) for name in NAMES]
        for host in found:
            stack.callback(host.stop)
            host.begin("--concurrency", "1")
        yield found


def one_each(jobs: list[Job], workers: list[Host]) -> dict[str, int] | None:
    """Return host → the job that waits half-way there, once there is one on each."""
    found = {
        host.name: job.pk for host in workers for job in jobs if (host.folder / f"waits-{job.pk}-1").exists()
    }
    return found if len(found) == len(workers) else None


def spread_over_three_hosts(workers: list[Host], asker) -> None:
    """Give each host a job that waits, cut one host off, let the others go on."""
    waiting = [lines(f"分布{number}", by=asker, waits=1) for number in range(3)]
    where = until(lambda: one_each(waiting, workers))

    workers[0].cut_off()
    others = [lines(f"其余{number}", by=asker) for number in range(20)]
    for host in workers[1:]:
        host.let_go(Job(pk=where[host.name]))
    done = swept([*waiting, *others])

    assert Counter(job.status for job in done) == {JobStatus.DONE: 23}
    assert {job.pk: job.attempts for job in done if job.attempts > 1} == {where[workers[0].name]: 2}
    outcomes = [one for host in workers for one in host.outcomes() if one[1] == "done"]
    assert Counter(pk for pk, _, _ in outcomes) == Counter(job.pk for job in done)
    assert workers[0].outcomes() == []


def the_database_goes_down(workers, asker) -> None:
    """Kill a server process of PostgreSQL: it ends every connection and recovers, as after an abrupt end."""
    workers.begin("--concurrency", "1")
    job = lines("重启", by=asker, waits=1)
    workers.waiting(job)

    described = connection.settings_dict
    with psycopg.connect(
        host=described["HOST"], port=described["PORT"] or 5432, user=described["USER"], dbname="postgres"
    ) as victim:
        os.kill(victim.info.backend_pid, signal.SIGKILL)
    until(is_back)
    workers.let_go(job)
    (done,) = swept([job])

    assert (done.status, done.attempts <= 2) == (JobStatus.DONE, True)


def is_back() -> bool:
    """Tell whether the database takes connections again."""
    connection.close()
    try:
        connection.ensure_connection()
        return True
    except Exception:
        return False


if connection.vendor == "postgresql":  # SQLite is a file of one host, and has no server that could go down

    def test_three_hosts_share_the_work_and_one_that_is_cut_off_loses_none_of_it(request, asker, capsys):
        reason = why_not()
        if reason:
            with capsys.disabled():
                print(f"\n!! NO NETWORK NAMESPACES ({reason}): hosts not tested. / 未测试多台主机。")
            return
        spread_over_three_hosts(request.getfixturevalue("three_hosts"), asker)

    def test_a_job_is_done_although_the_database_goes_down_under_it(tmp_path, asker):
        with workers_on("filesystem://", tmp_path, LEASE) as workers:
            the_database_goes_down(workers, asker)
