"""A database of its own that is restarted while real web processes serve it, and what is laid into it.

``python -m tests.restarting lay NUMBER`` makes the tables and filings that wait for approval; ``… tell`` says
how they stand. Both run in a process of their own, on the database of ``DATABASE_URL``.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import django

from doors import postgres
from doors.environment import clean_environment, tied_to_this_process

ROOT = Path(__file__).resolve().parent.parent
PATIENCE, TOKEN = 120, "t" * 32
#: What was acknowledged must be there after the crash of the server: it is written, to memory of the machine.
KEEPS = ("fsync=off", "shared_buffers=64MB", "jit=off")
COMMENT = "同意（演示）。"


class Place:
    """Where a database lies and the portal that serves it; ``restart`` breaks off whatever is under way."""

    def __init__(self, folder: Path, url: str):
        self.folder, self.url, self.server = folder, url, None

    def told(self, *words: str) -> dict:
        """Run this module with ``words`` on the database and return what it prints at the end."""
        command = [sys.executable, "-m", "tests.restarting", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout.splitlines()[-1])

    def environment(self) -> dict[str, str]:
        """Return the environment of a process that works with this database."""
        private = {"PORTAL_VAR": str(self.folder), "DATABASE_URL": self.url, "PORTAL_THROTTLE": "0"}
        return clean_environment(
            DJANGO_SETTINGS_MODULE="portal.settings", PYTHONPATH=f"{ROOT}:{ROOT / 'bin'}", **private
        )

    def serve(self, port: int) -> None:
        """Start the web process and wait until it answers."""
        command = "granian --interface wsgi --no-ws --workers 1 --blocking-threads 2 --host 127.0.0.1"
        words = [sys.executable, "-m", *command.split(), "--port", str(port), "portal.wsgi:application"]
        self.port = port
        self.server = subprocess.Popen(
            words,
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=tied_to_this_process(signal.SIGKILL),
        )

    def kill(self) -> None:
        """Kill the web processes, all at once."""
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait(PATIENCE)

    def restart(self) -> None:
        """SQLite lives in the web process: kill that in the middle and start it anew."""
        self.kill()
        self.serve(self.port)

    def ask(self, method: str, url: str, session: str, data: dict | None = None) -> int:
        """Return the status of an answer, 0 when none came."""
        headers = {"Cookie": f"session={session}; csrftoken={TOKEN}"}
        body = None if data is None else urlencode(data | {"csrfmiddlewaretoken": TOKEN})
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, url, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


class Cluster(Place):
    """A PostgreSQL of its own."""

    def __init__(self, folder: Path, data: Path, socket: str):
        super().__init__(folder, f"postgres://portal@localhost:5432/portal?host={socket}")
        self.data, self.socket, self.user = data, socket, postgres.server_user()
        self.programs = postgres.within_reach(postgres.find_programs(), data.parent)
        self.log = (folder / "postgres.log").open("wb")
        postgres.create(self.programs, data, self.user, self.log)
        self.start()

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self.process = postgres.start(self.programs, self.data, self.socket, self.user, self.log, KEEPS)
        postgres.wait_until_ready(self.process, self.data / "postmaster.pid", Path(self.log.name))

    def restart(self) -> None:
        """Do as ``pg_ctl -m immediate restart``: no connection is ended in order, and it recovers."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(PATIENCE)
        self.start()


@contextmanager
def place(folder: Path, vendor: str) -> Iterator[Place]:
    """Give a database of ``vendor`` that no other test knows, and stop all of it at the end."""
    user = postgres.server_user()
    with postgres.private_folder(folder, user) as home, TemporaryDirectory(prefix="portal-") as socket:
        os.chown(socket, user.pw_uid, user.pw_gid)
        is_server = vendor == "postgresql"
        url = f"sqlite:///{folder}/portal.sqlite3"
        found = Cluster(folder, home / "data", socket) if is_server else Place(folder, url)
        try:
            yield found
        finally:
            if found.server:
                found.kill()
            if is_server:
                postgres.stop(found.process)
                found.log.close()


def lay(number: int) -> dict:
    """Make the tables and so many filings that wait for the approval of the province."""
    from django.core.management import call_command
    from django.test import Client

    from tests.copies import many_filings
    from tests.factories import approver

    call_command("migrate", verbosity=0)
    call_command("load_reference", verbosity=0)
    filings = many_filings(number, "skill-brands", "province_review")
    client = Client()
    client.force_login(approver())
    forms = {f.pk: {"action": "approve", "version": f.version, "step": f.step} for f in filings}
    return {"session": client.cookies["session"].value, "forms": forms}


def tell() -> dict:
    """Return the states with their numbers of approvals, how many filings, what the nightly check finds."""
    from portal import verify
    from portal.models import Filing

    found = Filing.objects.filter(entry=None)  # what the filings refer to was published before
    stand = {(filing.state, filing.events.filter(action="approve").count()) for filing in found}
    faults = [str(fault) for fault in verify.faults()]
    return {"stand": sorted(stand), "number": len(found), "faults": faults}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(lay(int(sys.argv[2])) if sys.argv[1] == "lay" else tell()))
