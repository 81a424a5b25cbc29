"""Real brokers for tests: stopped and started, with the calls of this process and real workers on them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from django.test import override_settings

from doors import brokers
from portal.settings import broker_options
from tests.jobbing import Workers, calls_by_the_settings, workers_in

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
def broker_of(kind: str, folder: Path) -> Iterator[Folder | brokers.Broker]:
    """Run a broker that this test alone uses, so that it may be stopped."""
    needs_broker(kind)
    if kind == "filesystem":
        yield Folder(folder)
        return
    with brokers.broker(kind, folder, ("portal",)) as one:
        yield one


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


@contextmanager
def workers_on(url: str, folder: Path, lease: float) -> Iterator[Workers]:
    """Give workers, not started yet, that are called through the broker at ``url``."""
    with workers_in(folder, lease) as workers, called_through(url):
        yield workers
