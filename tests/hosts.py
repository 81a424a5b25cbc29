"""Hosts of one machine: network namespaces on one bridge, a worker in each. Needs root and its networks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from doors.brokers import free_port
from tests.brokering import Staff

#: Of this process alone: another suite may have its hosts on the same machine.
NAMES = [f"p{os.getpid()}{letter}" for letter in "abc"]
BRIDGE = f"p{os.getpid()}"
NETWORK = f"10.213.{os.getpid() % 250}"
HERE = f"{NETWORK}.1"


def ip(*words: object) -> None:
    """Run ``ip``; raises where the kernel refuses."""
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True, text=True)


def why_not() -> str:
    """Return why there can be no hosts here, empty when there can."""
    if not shutil.which("ip"):
        return "ip: not found"
    try:
        ip("netns", "add", NAMES[0])
        ip("link", "add", BRIDGE, "type", "bridge")
    except subprocess.CalledProcessError as error:
        return error.stderr.strip()
    finally:
        _take_down()
    return ""


@contextmanager
def hosts() -> Iterator[None]:
    """Make a namespace of each of ``NAMES``, joined by a bridge at which this process is ``HERE``."""
    try:
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("address", "add", f"{HERE}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for number, name in enumerate(NAMES, 10):
            _join(name, f"{NETWORK}.{number}/24")
        yield
    finally:
        _take_down()


def _join(name: str, address: str) -> None:
    ip("netns", "add", name)
    ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
    ip("link", "set", name, "master", BRIDGE, "up")
    ip("-n", name, "link", "set", "lo", "up")
    ip("-n", name, "address", "add", address, "dev", "eth0")
    ip("-n", name, "link", "set", "eth0", "up")


def _take_down() -> None:
    for words in [*(("netns", "delete", name) for name in NAMES), ("link", "delete", BRIDGE)]:
        with suppress(subprocess.CalledProcessError):
            ip(*words)


class Host(Staff):
    """A worker in the namespace ``name``; it reaches the database and the broker over the bridge alone."""

    def __init__(self, name: str, folder: Path, lease: float, database: str):
        super().__init__(folder, lease, database, ("ip", "netns", "exec", name))
        self.name = name
        folder.mkdir()

    def cut_off(self) -> None:
        """Pull its cable."""
        ip("link", "set", self.name, "down")


@contextmanager
def database_on_the_bridge() -> Iterator[str]:
    """Give the address at which hosts reach the database of this run, which itself opens no port."""
    described, port = connection.settings_dict, free_port(HERE)
    command = [sys.executable, "-m", "tests.relay", HERE, str(port), _place_of(described)]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE) as relay:
        try:
            assert relay.stdout.readline() == b"ready\n"
            yield f"postgres://{quote(described['USER'])}@{HERE}:{port}/{quote(described['NAME'])}"
        finally:
            relay.kill()


def _place_of(described: dict) -> str:
    port = described["PORT"] or "5432"
    if described["HOST"].startswith("/"):
        return f"{described['HOST']}/.s.PGSQL.{port}"
    return f"{described['HOST'] or '127.0.0.1'}:{port}"
