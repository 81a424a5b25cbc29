"""The portal behind WSGI for tests: in this process, or as real server processes on the test database."""

import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from doors.brokers import free_port
from doors.environment import clean_environment, tied_to_this_process
from portal.finished_pages import FinishedPages
from tests.job_kinds import until
from tests.jobbing import database_url

PATIENCE = 120  # seconds that a slow machine may take
TOKEN = "t" * 32


@contextmanager
def connection_kept() -> Iterator[None]:
    """Keep the connection of the test, which Django's handler would close after a request."""
    signals = (request_started, request_finished)
    for signal_ in signals:
        signal_.disconnect(close_old_connections)
    yield
    for signal_ in signals:
        signal_.connect(close_old_connections)


class Portal:
    """Django's application with finished pages before it; counts what Django was asked."""

    def __init__(self):
        self.asked = 0
        self._django = WSGIHandler()
        self.application = FinishedPages(self._counted)

    def _counted(self, environ, start_response):
        self.asked += 1
        return self._django(environ, start_response)

    def _answered(self, environ, start_response) -> bytes:
        answer = self.application(environ, start_response)
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        return body

    def get(self, url: str, method: str = "GET", **headers: str) -> tuple[int, dict, bytes]:
        """Return status, headers and body of an answer; ``headers`` are those of WSGI."""
        path, _, query = url.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": "testserver",
        }
        setup_testing_defaults(environ)
        environ |= headers
        begun: list = []
        with connection_kept():
            body = self._answered(environ, lambda status, headers, *rest: begun.append((status, headers)))
        ((status, pairs),) = begun
        return int(status.split()[0]), {name.lower(): value for name, value in pairs}, body


class Server:
    """A process that serves the portal, and one connection to it."""

    def __init__(self, folder: Path, lease: float, workers: int = 1, threads: int = 2):
        self.port, self.connection = free_port(), None
        size = f"--workers {workers} --blocking-threads {threads}"
        command = f"granian --interface wsgi --no-ws {size} --host 127.0.0.1"
        private = {"PORTAL_VAR": folder, "DATABASE_URL": database_url(), "PORTAL_PAGES_LEASE": lease}
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command.split(), "--port", str(self.port), "portal.wsgi:application"],
            cwd=settings.BASE_DIR,
            env=clean_environment(
                PORTAL_SECRET_KEY=settings.SECRET_KEY, **{k: str(v) for k, v in private.items()}
            ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=tied_to_this_process(signal.SIGTERM),
        )

    def wait(self) -> None:
        """Return when it serves."""
        until(self._listens)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def _listens(self) -> bool:
        assert self.process.poll() is None
        with socket.socket() as there:
            return there.connect_ex(("127.0.0.1", self.port)) == 0

    def ask(self, method: str, url: str, session: str = "", data: dict | None = None) -> tuple[int, str]:
        """Return status and body of an answer."""
        headers = {"Cookie": f"session={session}; csrftoken={TOKEN}"} if session else {}
        if data is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = None if data is None else urlencode(data | {"csrfmiddlewaretoken": TOKEN})
        self.connection.request(method, url, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def stop(self) -> None:
        """End it."""
        if self.connection:
            self.connection.close()
        self.process.terminate()
        self.process.wait(PATIENCE)


@contextmanager
def servers(folder: Path, number: int, lease: float) -> Iterator[list[Server]]:
    """Run ``number`` processes that each trust what they know for ``lease`` seconds."""
    found: list[Server] = []
    try:
        for _ in range(number):
            found.append(Server(folder, lease))
        for server in found:
            server.wait()
        yield found
    finally:
        for server in found:
            server.stop()
