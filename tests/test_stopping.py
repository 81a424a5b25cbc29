"""SIGTERM ends nothing that has begun: requests are answered, jobs are done. Real processes under load."""

import errno
import http.client
import os
import signal
import socket
from itertools import cycle
from threading import Event, Thread

import pytest

from portal.models import JobStatus
from tests.jobbing import lines, swept, text_in, text_of, until, workers_in
from tests.serving import PATIENCE, TOKEN, Server, servers

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 4


def is_open(server: Server) -> bool:
    """Say whether somebody takes connections."""
    with socket.socket() as there:
        return there.connect_ex(("127.0.0.1", server.port)) == 0


def test_a_request_under_way_is_answered_and_no_other_is_begun(tmp_path):
    body = f"csrfmiddlewaretoken={TOKEN}".encode()
    with servers(tmp_path, 1, lease=0.5) as (server,):
        there = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        there.putrequest("POST", "/logout/")
        there.putheader("Cookie", f"csrftoken={TOKEN}")
        there.putheader("Content-Type", "application/x-www-form-urlencoded")
        there.putheader("Content-Length", str(len(body)))
        there.endheaders(body[:5])
        assert server.ask("GET", "/healthz")[0] == 200  # asked later, so the first has arrived

        server.connection.close()
        server.process.terminate()
        until(lambda: not is_open(server))
        there.send(body[5:])

        assert there.getresponse().status == 302
        there.close()
        assert server.process.wait(PATIENCE) == 0


def nobody_took(error: Exception) -> bool:
    """Say whether a proxy asks the next server: a connection was refused, reset, or closed unanswered.

    So does nginx with what only reads (``proxy_next_upstream error timeout``, its default); what writes it
    hands on only where nobody took the connection.
    """
    if isinstance(error, http.client.RemoteDisconnected):
        return True
    return isinstance(error, OSError) and error.errno in (errno.ECONNREFUSED, errno.ECONNRESET)


class Balancer:
    """Asks one of several servers as a proxy would: the next one where nobody takes the connection."""

    def __init__(self, found: list[Server]):
        self.servers, self.done, self.failed, self.over = found, 0, [], Event()

    def ask(self, number: int) -> None:
        """Ask on and on until told to end; every request is a connection of its own."""
        for turn in cycle(range(number, number + len(self.servers))):
            if self.over.is_set():
                return
            self._once(turn)

    def _once(self, turn: int) -> None:
        for one in range(len(self.servers)):
            server = self.servers[(turn + one) % len(self.servers)]
            try:
                status = self._answer(server)
            except Exception as error:
                if nobody_took(error):
                    continue
                self.failed.append(repr(error))
                return
            self.done += 1
            if status != 200:
                self.failed.append(str(status))
            return
        self.failed.append("nobody")

    def _answer(self, server: Server) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        try:
            connection.request("GET", "/feeds/catalogue.atom")
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()


def test_no_request_fails_while_one_server_after_the_other_is_started_anew(tmp_path):
    with servers(tmp_path, 2, lease=0.5) as found:
        balancer = Balancer(found)
        clients = [Thread(target=balancer.ask, args=(number,)) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for number in range(2):
            before = balancer.done
            until(lambda before=before: balancer.done > before + 20)
            found[number].connection.close()
            found[number].process.send_signal(signal.SIGTERM)
            assert found[number].process.wait(PATIENCE) == 0
            found[number] = Server(tmp_path, 0.5)
            found[number].wait()
        before = balancer.done
        until(lambda: balancer.done > before + 20)
        balancer.over.set()
        for client in clients:
            client.join()

    assert balancer.failed == []


def test_a_worker_ends_the_job_it_has_begun(tmp_path):
    with workers_in(tmp_path, 30) as workers:
        job = lines("演示", waits=1)
        workers.start()
        worker = os.getpgid(workers.waiting(job))
        os.kill(worker, signal.SIGTERM)
        until(lambda: "Warm shutdown" in (tmp_path / "worker.log").read_text(errors="replace"))
        workers.let_go(job)

        (done,) = swept([job])

        assert (done.status, done.attempts, text_in(done)) == (JobStatus.DONE, 1, text_of("演示"))
