"""The blows that fall on a running portal: parts killed and frozen, in an order that a seed gives."""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread

from doors import up

FROZEN = 40  # seconds, longer than a lease
APART = 6.0  # seconds between two blows on the web server: it takes more for a fault of its own


class Portal:
    """All parts of a portal, each started again as soon as it has ended."""

    def __init__(self, port: int) -> None:
        self.port, self.lock, self.over = port, Lock(), Event()
        self.children = [up.start(name, command) for name, command in up.commands(port).items()]
        up.wait_until_it_answers(port, self.children)
        self.thread = Thread(target=self._keep, daemon=True)
        self.thread.start()

    def leader(self, name: str) -> int:
        """Return the process that leads a part: its group bears the same number."""
        with self.lock:
            return next(child.process.pid for child in self.children if child.name == name)

    def stop(self) -> None:
        """Stop keeping, then stop every part as ``bin/up`` does."""
        self.over.set()
        self.thread.join()
        up.stop(self.children)

    def _keep(self) -> None:
        while not self.over.wait(0.1):
            with self.lock:
                self.children = [self._whole(child) for child in self.children]

    def _whole(self, child: up.Child) -> up.Child:
        if child.process.poll() is None:
            return child
        up.stop_group(child)
        return up.start(child.name, up.commands(self.port)[child.name])


class Blows(Thread):
    """Strikes at random while it runs; ``struck`` counts what fell, the file holds each with its time."""

    def __init__(self, portal: Portal, chance: random.Random, postmaster: int, told: Path) -> None:
        super().__init__(daemon=True)
        self.portal, self.chance, self.postmaster, self.told = portal, chance, postmaster, told
        self.struck: Counter[str] = Counter()
        self.over = Event()
        self.web = 0.0

    def run(self) -> None:
        """Strike every five to fifteen seconds until it is over."""
        blows = self.all()
        with self.told.open("a", encoding="utf-8") as told:
            while not self.over.wait(self.chance.uniform(5, 15)):
                name = self.chance.choice(sorted(blows))
                with suppress(ProcessLookupError, FileNotFoundError, IndexError):  # it was just ending
                    blows[name]()
                    self.struck[name] += 1
                    told.write(json.dumps({"at": time.time(), "blow": name}) + "\n")
                    told.flush()

    def stop(self) -> None:
        """Let no other blow fall."""
        self.over.set()
        if self.ident:
            self.join()

    def all(self) -> dict[str, Callable[[], None]]:
        """Return what can be done here; a server of the database is there for one kind of it."""
        found = {
            "web process killed": self.kill_web_process,
            "web server killed": self.kill_web,
            "worker process killed": self.kill_worker_process,
            "worker killed": lambda: os.killpg(self.portal.leader("worker"), signal.SIGKILL),
            "worker frozen": self.freeze,
        }
        return found | ({"database process killed": self.kill_backend} if self.postmaster else {})

    def kill_web_process(self) -> None:
        """Kill one of the processes that answer."""
        self._wait_for_web()
        os.kill(self.chance.choice(list(children_of(self.portal.leader("web")))), signal.SIGKILL)

    def kill_web(self) -> None:
        """Kill the web server with all its processes."""
        self._wait_for_web()
        os.killpg(self.portal.leader("web"), signal.SIGKILL)

    def kill_worker_process(self) -> None:
        """Kill one of the processes that work."""
        os.kill(self.chance.choice(list(children_of(self.portal.leader("worker")))), signal.SIGKILL)

    def freeze(self) -> None:
        """Halt the worker for longer than its leases last and let it go on; other blows fall meanwhile."""
        leader = self.portal.leader("worker")
        os.killpg(leader, signal.SIGSTOP)
        Thread(target=self._let_go, args=(leader,), daemon=True).start()

    def _let_go(self, leader: int) -> None:
        self.over.wait(FROZEN)
        with suppress(ProcessLookupError):  # another blow killed it as it stood
            os.killpg(leader, signal.SIGCONT)

    def kill_backend(self) -> None:
        """Kill a process of the database server, which ends all others and recovers from its journal."""
        os.kill(self.chance.choice(list(backends(self.postmaster))), signal.SIGKILL)

    def _wait_for_web(self) -> None:
        """Let the web server come up from the blow before: what never stands cannot fall."""
        self.over.wait(max(0.0, self.web + APART - time.monotonic()))
        while not up.answers(self.portal.port) and not self.over.wait(0.5):
            pass
        self.web = time.monotonic()


def children_of(parent: int) -> Iterator[int]:
    """Yield the processes that a process started."""
    for thread in Path(f"/proc/{parent}/task").glob("*/children"):
        yield from map(int, thread.read_text().split())


def backends(postmaster: int) -> Iterator[int]:
    """Yield the processes of a PostgreSQL server that serve a client."""
    for child in children_of(postmaster):
        if b"portal" in Path(f"/proc/{child}/cmdline").read_bytes():
            yield child
