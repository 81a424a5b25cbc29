"""Real brokers for tests: stopped and started, with the calls of this process and real workers on them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from doors import brokers
from doors.environment import clean_environment, tied_to_this_process
from portal.settings import broker_options
from tests.jobbing import Workers, calls_by_the_settings, database_url, workers_in

#: What each database is run with: the folder out of the box, a server in earnest.
KINDS = ["filesystem"] if connection.vendor == "sqlite" else ["amqp", "redis"]


class Folder:
    """The broker of one machine, a folder: while it is stopped something else lies in its place."""

    def __init__(self, folder: Path):
        self.queue, self.urls = folder / "queue", {"portal": "filesystem://"}

    def stop(self) -> None:
        """Take the folder away."""
        self.queue.rename(self.queue.with_name("away"))
        self.queue.touch()

    def start(self) -> None:
        """Put it back with all that was in it."""
        self.queue.unlink()
        self.queue.with_name("away").rename(self.queue)


def needs_broker(kind: str) -> None:
    """Skip aloud where the broker is not installed; fail where everything is demanded."""
    made = brokers.KINDS.get(kind)
    if made and not made.is_there():
        (pytest.fail if os.environ.get("PORTAL_REQUIRE_ALL") == "1" else pytest.skip)(made.missed())


@contextmanager
def broker_of(kind: str, folder: Path, address: str = "127.0.0.1") -> Iterator[Folder | brokers.Broker]:
    """Run a broker that this test alone uses, so that it may be stopped; a server listens at ``address``."""
    needs_broker(kind)
    if kind == "filesystem":
        yield Folder(folder)
        return
    with brokers.broker(kind, folder, ("portal",), address) as one:
        yield one


@contextmanager
def url_of(kind: str, folder: Path) -> Iterator[str]:
    """Give the address of the broker that ./bin/test runs beside the suites, else of one of our own."""
    if given := os.environ.get(f"PORTAL_TEST_{kind.upper()}_URL"):
        yield given
        return
    with broker_of(kind, folder) as one:
        yield one.urls["portal"]


@contextmanager
def called_through(url: str) -> Iterator[None]:
    """Let this process, and what it starts, call workers through the broker at ``url``."""
    told: dict[str, object] = {"CELERY_BROKER_URL": url}
    if not url.startswith("filesystem"):
        told["CELERY_BROKER_TRANSPORT_OPTIONS"] = broker_options(url)
    if url.startswith("amqp"):
        told["CELERY_TASK_DEFAULT_QUEUE_TYPE"] = "quorum"
    with pytest.MonkeyPatch.context() as patch, override_settings(**told), calls_by_the_settings():
        patch.setenv("CELERY_BROKER_URL", url)
        yield


class Staff(Workers):
    """Workers that are told options of Celery, started by ``prefix``, on the database at ``database``."""

    def __init__(self, folder: Path, lease: float, database: str = "", prefix: tuple[str, ...] = ()):
        super().__init__(folder, lease)
        self.database, self.prefix = database or database_url(), prefix

    def begin(self, *options: str) -> None:
        """Start one, and another whenever it ends."""
        self.nursery = self.run("tests.nursery", "1", *options, log="worker")

    def run(self, module: str, *arguments: str, log: str) -> subprocess.Popen:
        """Start a module of Python that ends with this process; what it says is in ``<log>.log``."""
        private = {"PORTAL_VAR": self.folder, "PORTAL_JOB_LEASE": self.lease, "DATABASE_URL": self.database}
        environment = clean_environment(**{name: str(value) for name, value in private.items()})
        path = f"{settings.BASE_DIR}{os.pathsep}{settings.BASE_DIR / 'bin'}"
        with self.log(log).open("ab") as said:
            return subprocess.Popen(
                [*self.prefix, sys.executable, "-m", module, *arguments],
                cwd=settings.BASE_DIR,
                env=environment | {"PYTHONPATH": path},
                stdout=said,
                stderr=said,
                preexec_fn=tied_to_this_process(signal.SIGTERM),
            )

    def log(self, name: str) -> Path:
        """Return where a process writes what it has to say."""
        return self.folder / f"{name}.log"


@contextmanager
def workers_on(url: str, folder: Path, lease: float) -> Iterator[Staff]:
    """Give workers, not started yet, that are called through the broker at ``url``."""
    with workers_in(folder, lease), called_through(url):
        staff = Staff(folder, lease)
        try:
            yield staff
        finally:
            staff.stop()
