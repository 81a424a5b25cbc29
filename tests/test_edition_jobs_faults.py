"""Long acts of an edition on real connections and in real workers: asked for twice, cancelled, killed."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection, connections
from django.urls import reverse

from portal import edition_changes, edition_jobs, editions, jobs, verify
from portal.models import CatalogueEntry, Edition, Event, Job, JobStatus, Message, Region
from portal.vocabulary import Level
from tests import copies, editing
from tests.acting import probe
from tests.factories import PROVINCE, filer, person, publisher, reviewer
from tests.factories import entry as published
from tests.jobbing import swept, until, workers_in
from tests.races import kinds, race

pytestmark = pytest.mark.django_db(transaction=True)

KIND = "handicraft-projects"
JANUARY, MAY = date(2024, 1, 1), date(2024, 5, 1)
LEAVING, POINTS, LEASE = 3, 12, 4.0


def in_cities(number: int) -> list[Edition]:
    """Return approved editions of so many cities; each lets three of its four projects leave."""
    cities = Region.objects.filter(level=Level.CITY).order_by("code")[:number]
    return [_in_a_city(city.code) for city in cities]


def _in_a_city(place: str) -> Edition:
    stays = published(KIND, place=place, on=JANUARY)
    gone = copies.multiply_entry(stays, LEAVING)
    edition = editing.prepared(KIND, by=filer(place), on=MAY)
    for entry in gone:
        edition_changes.take_out(edition, entry, by=filer(place), reason="演示数据。不再开班。")
    editions.propose(edition, by=filer(place))
    return editions.approve(edition, by=reviewer(place))


def asked(edition: Edition, by=None, **more) -> Job:
    """Ask for the publication."""
    return edition_jobs.ask(edition, "publish", by=by or publisher(), facts={}, **more)


def happened(edition: Edition) -> tuple[bool, int]:
    """Return whether an edition is published, and how many projects left with it."""
    edition.refresh_from_db()
    left = CatalogueEntry.objects.filter(region=edition.region_id).exclude(exit_reason="")
    return edition.published_at is not None, left.count()


def notices(found: list[Edition]) -> Counter:
    """Return how often who asked was told of each edition."""
    addresses = {reverse("edition", args=[edition.pk]) for edition in found}
    told = Message.objects.filter(address__in=addresses, user=publisher(), text__contains="已发布")
    return Counter(told.values_list("address", flat=True))


def test_of_two_who_ask_at_once_one_gets_the_job():
    made, second = in_cities(5), person("publisher", PROVINCE, name="second publisher")

    outcomes = race(made, lambda one: asked(one), lambda one: asked(one, second))

    assert Counter(map(tuple, map(kinds, outcomes))) == {("Job", "Refused"): len(made)}
    assert Job.objects.count() == len(made)


def elsewhere(do) -> None:
    """Do something as another request does, on a connection of its own."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: (do(), connections.close_all())).result()


def test_an_act_cancelled_before_its_commit_leaves_nothing_and_may_be_asked_for_again():
    (edition,) = in_cities(1)
    job, by = asked(edition), publisher()
    # SQLite lets nobody write beside an act: there a cancelling comes before it or after it.
    at = LEAVING - 1 if connection.vendor == "postgresql" else 0

    with probe(lambda job: elsewhere(lambda: jobs.cancel(job, by=by)), at=at):
        end = jobs.execute(job.pk)

    assert (end, Job.objects.get().status, happened(edition)) == ("cancelled", "cancelled", (False, 0))
    assert jobs.execute(asked(edition).pk) == "done"
    assert happened(edition) == (True, LEAVING)


def test_an_act_happens_once_and_whole_wherever_its_worker_is_killed(tmp_path):
    """SIGKILL at so many points from the first line of the engine to the last."""
    quiet, *made = in_cities(POINTS + 1)
    with workers_in(tmp_path, LEASE) as workers:
        workers.start(1, pool=POINTS)
        swept([asked(quiet, kill={"at": -1, "whom": "child"})])
        (steps,) = until(lambda: [steps for _, end, steps in workers.outcomes() if end == JobStatus.DONE])
        points = [1 + point * (steps - 1) // (POINTS - 1) for point in range(POINTS)]
        found = [
            asked(edition, kill={"at": at, "whom": "child"}) for edition, at in zip(made, points, strict=True)
        ]
        until(lambda: all((tmp_path / f"killed-{job.pk}").exists() for job in found))
        is_done = {job.pk: Job.objects.get(pk=job.pk).status == JobStatus.DONE for job in found}
        after_the_kill = {(is_done[job.pk], *happened(one)) for job, one in zip(found, made, strict=True)}
        done = swept(found)

    assert after_the_kill == {(False, False, 0), (True, True, LEAVING)}
    assert [job.status for job in done] == [JobStatus.DONE] * POINTS
    assert [happened(edition) for edition in [quiet, *made]] == [(True, LEAVING)] * (POINTS + 1)
    assert Event.objects.filter(action="exit").count() == LEAVING * (POINTS + 1)
    assert set(notices([quiet, *made]).values()) == {1}
    assert [*editions.faults(), *verify.faults()] == []


def test_control_the_same_kill_shows_a_second_try_where_the_act_and_the_end_are_two_transactions(tmp_path):
    """Done as most systems do, act and then mark the job: the second try finds it done by somebody."""
    (edition,) = in_cities(1)
    job = asked(edition)

    def twice(job: Job, work: jobs.Work) -> None:
        editions.publish(edition, by=publisher())
        if job.attempts == 1:
            raise ConnectionError("killed in between")

    jobs.runner(edition_jobs.JOB)(twice)
    try:
        ends = [jobs.execute(job.pk)]
        Job.objects.filter(pk=job.pk).update(run_after=job.requested_at)
        ends.append(jobs.execute(job.pk))
    finally:
        jobs.runner(edition_jobs.JOB)(edition_jobs.run)

    assert (ends, happened(edition)) == (["queued", "failed"], (True, LEAVING))


def test_an_act_that_is_longer_than_a_lease_is_not_lost(settings):
    """On PostgreSQL the heart beats beside it; on SQLite nothing gets through, and nobody takes the job."""
    (edition,) = in_cities(1)
    job, settings.JOB_LEASE = asked(edition), 2.0

    with probe(outlasts, at=1):
        end = jobs.execute(job.pk)

    assert (end, happened(edition)) == ("done", (True, LEAVING))


def outlasts(job: Job) -> None:
    """Wait until the lease with which the job was begun has ended."""
    begun = job.lease_until
    until(lambda: jobs.clock() > begun)
