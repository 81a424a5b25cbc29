"""A large video through the real server: what the web process needs for it, in the kernel's own numbers."""

import http.client
import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from doors.up import commands
from portal.examples import FILES
from portal.models import Filing
from tests.factories import filer
from tests.programs import PATIENCE
from tests.test_materials import bare_draft

MEGABYTE = 2**20
TOKEN = "x" * 32
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="NO /proc: only Linux tells"),
]


def database_url() -> str:
    """Return the address of the database of this test, for another process."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    name = f"{given['USER']}:{given['PASSWORD']}@" if given["USER"] else "@"
    return f"postgres://{name}/{given['NAME']}?host={given['HOST']}&port={given['PORT']}"


@contextmanager
def server(folder: Path) -> Iterator[tuple[int, int]]:
    """Run the web server as ``bin/up`` does, on this test's database, with one worker; give port and worker.

    With two the small upload might load one of them with what an upload needs, and the large one the other.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {
        "DATABASE_URL": database_url(),
        "PORTAL_VAR": str(folder),
        "PORTAL_SECRET_KEY": settings.SECRET_KEY,
    }
    command = re.sub(r"--workers \d+", "--workers 1", commands(port)["web"])
    process = subprocess.Popen(
        [sys.executable, "-m", *command.split()],
        env={**os.environ, **given},
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_it_answers(port, process)
        yield port, worker_of(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def until_it_answers(port: int, process: subprocess.Popen) -> None:
    """Ask ten times a second, and know at once when the server has ended."""
    while True:
        with (
            suppress(ConnectionError),
            closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as asked,
        ):
            asked.request("GET", "/healthz")
            asked.getresponse().read()
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
            pytest.fail("the server did not start")


def worker_of(parent: int) -> int:
    """Return the process that answers: the youngest child of the server's main process."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return int(children[-1])


def kilobytes(pid: int, name: str) -> int:
    """Return what the kernel says of a process: ``VmRSS`` now, ``VmHWM`` at most."""
    return int(re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1])


def video(padding: int) -> Iterator[bytes]:
    """Yield a video of two minutes with ``padding`` bytes that belong to no picture."""
    yield (FILES / "video.mp4").read_bytes()
    yield struct.pack(">I4s", padding, b"free")
    for _ in range(padding // MEGABYTE - 1):
        yield bytes(MEGABYTE)
    yield bytes(MEGABYTE - 8)


def upload(port: int, filing: Filing, session: str, megabytes: int) -> tuple[int, bytes]:
    padding = megabytes * MEGABYTE
    length = (FILES / "video.mp4").stat().st_size + padding
    headers = {
        "Cookie": f"session={session}; csrftoken={TOKEN}",
        "X-CSRFToken": TOKEN,
        "X-File-Name": "v.mp4",
        "Content-Type": "application/octet-stream",
        "Content-Length": str(length),
    }
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as asked:
        with suppress(BrokenPipeError, ConnectionResetError):  # an answer that came early is still to be read
            asked.request("PUT", reverse("filing-upload", args=[filing.pk, "video"]), video(padding), headers)
        answer = asked.getresponse()
        return answer.status, answer.read()


def test_a_video_of_100_megabytes_costs_the_web_process_less_than_20(tmp_path):
    draft, client = bare_draft(), Client()
    client.force_login(filer())
    session = client.cookies["session"].value

    with server(tmp_path) as (port, worker):
        first = upload(port, draft, session, 1)
        before = kilobytes(worker, "VmRSS")
        assert before > 30 * 1024  # it is the process that has the portal loaded
        Path(f"/proc/{worker}/clear_refs").write_text("5")
        second = upload(port, draft, session, 100)
        grown = kilobytes(worker, "VmHWM") - before

    assert (first[0], second[0]) == (201, 201)
    assert [a.size // MEGABYTE for a in draft.attachments.order_by("pk")] == [1, 100]
    print(f"the web process grew by {grown} kB")
    assert grown < 20 * 1024
