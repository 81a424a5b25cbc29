"""Where files of jobs lie: a disk, a full disk, a store that is no disk; the bell beside a silent broker."""

import os
import resource
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from celery import Celery
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import override_settings

from portal import jobs, queueing, stores, verify
from portal.celery import app as portal_app
from portal.models import Job, JobStatus
from tests.jobbing import all_files, lines, text_of

ROOM = 64 * 2**20


@pytest.fixture
def full_disk(tmp_path) -> Iterator[int]:
    """Keep uploads where there is no room for a file of so many bytes: a small file system, else a limit."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    if os.getuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0:
        with override_settings(MEDIA_ROOT=tmp_path):
            yield 2**20
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)
        return
    with override_settings(MEDIA_ROOT=tmp_path), files_no_longer_than(ROOM):
        yield ROOM + 1


@contextmanager
def files_no_longer_than(most: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def attempted(job: Job) -> Job:
    """Execute a job until it has ended, without the pauses between."""
    while (job := Job.objects.get(pk=job.pk)).is_waiting:
        Job.objects.filter(pk=job.pk).update(run_after=job.requested_at)
        jobs.execute(job.pk)
    return job


@pytest.mark.django_db
def test_a_full_disk_leaves_no_half_file_and_says_so_and_a_smaller_file_finds_room(full_disk):
    too_big = attempted(jobs.enqueue("fills", title="大", parameters={"bytes": full_disk}))
    assert (too_big.status, too_big.reason) == (JobStatus.FAILED, jobs.NO_ROOM)
    assert (all_files(), list(verify.faults())) == ([], [])

    small = attempted(lines("逐行"))

    assert (small.status, all_files()) == (JobStatus.DONE, [small.file])


@pytest.fixture
def no_disk(tmp_path):
    """Keep uploads in a store that knows no folders of this host."""
    bucket = {"BACKEND": "tests.jobbing.Bucket"}
    with override_settings(STORAGES=settings.STORAGES | {"default": bucket}, VAR=tmp_path):
        yield tmp_path


def test_what_is_no_disk_is_uploaded_to_and_nothing_stays_on_this_host(db, no_disk):
    job = attempted(lines("逐行"))

    with default_storage.open(job.file) as file:
        assert file.read().decode() == text_of("逐行")
    assert (job.size, job.sha256) == stores.measured(job.file)
    assert [path for path in no_disk.rglob("*") if path.is_file()] == []
    assert list(verify.faults()) == []


def test_what_a_killed_worker_left_elsewhere_is_tidied_in_the_store_and_on_this_host(db, no_disk):
    job = attempted(lines("逐行"))
    left = stores.place(job.pk, 5, "txt")
    left.write_text("half")
    uploaded = stores.publish(left).name
    stores.place(job.pk, 6, "txt").write_text("half")

    jobs.tidy()

    assert (default_storage.exists(uploaded), default_storage.exists(job.file)) == (False, True)
    assert [path for path in no_disk.rglob("*") if path.is_file()] == []


def test_a_published_file_is_found_under_its_name_alone(tmp_path):
    with override_settings(MEDIA_ROOT=tmp_path):
        path = stores.place(7, 3, ".xlsx")
        path.write_bytes(b"whole")

        stored = stores.publish(path)

    assert (stored.name, stored.size) == ("jobs/7/3.xlsx", 5)
    assert [file.name for file in (tmp_path / "jobs" / "7").iterdir()] == ["3.xlsx"]


@contextmanager
def calling(broker: str) -> Iterator[queueing.Bell]:
    """Let workers be called through ``broker``, with the settings of the portal."""
    app = Celery("calls", broker=broker, set_as_current=False)
    app.conf.update(broker_connection_timeout=settings.CELERY_BROKER_CONNECTION_TIMEOUT)
    app.set_default()
    try:
        yield queueing.Bell()
    finally:
        portal_app.set_default()


def timed(call) -> tuple[bool, float]:
    began = time.monotonic()
    return call(), time.monotonic() - began


def test_a_broker_that_says_nothing_holds_nobody_up():
    server = socket.create_server(("127.0.0.1", 0))
    with server, calling(f"amqp://127.0.0.1:{server.getsockname()[1]}") as bell:
        first, patience = timed(lambda: bell.call("portal.tasks.run_job", 1))
        second, at_once = timed(lambda: bell.call("portal.tasks.run_job", 2))

    assert (first, second) == (False, False)
    assert patience < queueing.PATIENCE + 5
    assert at_once < queueing.PATIENCE


def test_a_broker_that_is_not_there_is_not_asked_again_at_once():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with calling(f"amqp://127.0.0.1:{port}") as bell:
        assert (bell.call("portal.tasks.run_job", 1), bell._is_quiet()) == (False, True)


def test_a_broker_that_is_there_takes_every_call():
    with calling("memory://") as bell:
        assert [bell.call("portal.tasks.run_job", number) for number in range(3)] == [True, True, True]
