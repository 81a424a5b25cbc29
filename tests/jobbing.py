"""Real workers for tests: processes on the database of the run, with a private broker and store."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

from celery import Celery
from django.conf import settings
from django.core.files.storage import InMemoryStorage, Storage
from django.db import connection
from django.test import override_settings

from doors.environment import clean_environment, tied_to_this_process
from portal import jobs
from portal.celery import app as portal_app
from portal.models import WAITING, Job, User
from tests.job_kinds import OUTCOMES, text_of, until


def database_url() -> str:
    """Return the address of the database of this run."""
    described = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(str(described['NAME']))}"
    person = f"{quote(described['USER'])}:{quote(described['PASSWORD'])}" if described["USER"] else ""
    query = urlencode({"host": described["HOST"], "port": described["PORT"]})
    return f"postgres://{person}@/{quote(described['NAME'])}?{query}"


class Bucket(Storage):
    """A store without folders of this host, as an object store is."""

    def __init__(self) -> None:
        kept = InMemoryStorage()
        self._open, self._save, self.delete = kept._open, kept._save, kept.delete
        self.exists, self.listdir = kept.exists, kept.listdir


class Workers:
    """A nursery of workers, each a group of processes; all that is theirs lies in ``folder``."""

    def __init__(self, folder: Path, lease: float):
        self.folder, self.lease = folder, lease
        self.nursery: subprocess.Popen | None = None

    def start(self, number: int = 1, *, pool: int = 1, **knobs: float) -> None:
        """Start workers with ``pool`` processes each, and another whenever one is killed.

        ``knobs`` are settings of jobs: ``limit``, ``memory``.
        """
        knobs["lease"] = self.lease
        private = {f"PORTAL_JOB_{knob.upper()}": value for knob, value in knobs.items()}
        private |= {"PORTAL_VAR": self.folder, "DATABASE_URL": database_url()}
        environment = clean_environment(**{name: str(value) for name, value in private.items()})
        path = f"{settings.BASE_DIR}{os.pathsep}{settings.BASE_DIR / 'bin'}"
        with (self.folder / "worker.log").open("ab") as log:
            self.nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.nursery", str(number), "--concurrency", str(pool)],
                cwd=settings.BASE_DIR,
                env=environment | {"PYTHONPATH": path},
                stdout=log,
                stderr=log,
                preexec_fn=tied_to_this_process(signal.SIGTERM),
            )

    def stop(self) -> None:
        """Kill the worker and do not start another."""
        if self.nursery:
            self.nursery.terminate()
            self.nursery.wait()
            self.nursery = None

    def outcomes(self) -> list[tuple[int, str, int]]:
        """Return what came of the jobs that were called for: number, outcome, counted steps."""
        path = self.folder / OUTCOMES
        lines = path.read_text().splitlines() if path.exists() else []
        return [(int(pk), outcome, int(steps)) for pk, outcome, steps in (line.split(";") for line in lines)]

    def waiting(self, job: Job, attempt: int = 1) -> int:
        """Return the process that waits half-way through a job, once it does."""
        marker = self.folder / f"waits-{job.pk}-{attempt}"
        return int(until(lambda: marker.exists() and marker.read_text()))

    def let_go(self, job: Job, attempt: int = 1) -> None:
        """Let what waits half-way through a job go on."""
        (self.folder / f"go-{job.pk}-{attempt}").touch()


@contextmanager
def workers_in(folder: Path, lease: float) -> Iterator[Workers]:
    """Give workers that are not started yet; the calls and the store of this process are theirs meanwhile."""
    found = Workers(folder, lease)
    queue = {name: str(folder / "queue" / name) for name in ("messages", "processed", "control")}
    for name in queue.values():
        Path(name).mkdir(parents=True)
    options = {"data_folder_in": queue["messages"], "data_folder_out": queue["messages"]}
    options |= {"processed_folder": queue["processed"], "control_folder": queue["control"]}
    private = override_settings(
        VAR=folder, MEDIA_ROOT=folder / "media", JOB_LEASE=lease, CELERY_BROKER_TRANSPORT_OPTIONS=options
    )
    with private, calls_by_the_settings():
        try:
            yield found
        finally:
            found.stop()


@contextmanager
def calls_by_the_settings() -> Iterator[None]:
    """Let this process call workers through the broker that the settings name now."""
    app = Celery("calls", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.set_default()
    try:
        yield
    finally:
        portal_app.set_default()
        app.close()


def lines(title: str, *, by: User | None = None, **parameters) -> Job:
    """Ask for a file of lines."""
    return jobs.enqueue("lines", title=title, by=by, parameters=parameters)


def swept(asked: Iterable[Job]) -> list[Job]:
    """Sweep as beat does until none of the jobs waits any more, and return them as they are then."""
    numbers = [job.pk for job in asked]
    until(lambda: jobs.sweep() or not Job.objects.filter(pk__in=numbers, status__in=WAITING).exists())
    return list(Job.objects.filter(pk__in=numbers).order_by("pk"))


def text_in(job: Job) -> str:
    """Return what the file of a finished job holds."""
    return (Path(settings.MEDIA_ROOT) / job.file).read_text()


def all_files() -> list[str]:
    """Return the names of all that lies in the store of jobs."""
    root = Path(settings.MEDIA_ROOT)
    return sorted(str(path.relative_to(root)) for path in (root / "jobs").rglob("*") if path.is_file())


__all__ = ["Workers", "all_files", "lines", "swept", "text_in", "text_of", "until", "workers_in"]
