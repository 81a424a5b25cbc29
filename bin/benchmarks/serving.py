"""A public list page through the real server: finished bytes, uncached, the plain way, constant bytes.

Every variant is served by granian with one worker; a client asks over two connections that stay open. Counted
is the CPU of the worker and of its backends of the database for one answer, and the time on the wall.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Thread
from urllib.parse import quote

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks import databases, lists, measuring  # noqa: E402
from benchmarks.measuring import TICKS, Round, Verdict, tell  # noqa: E402
from doors.brokers import free_port  # noqa: E402

LIST = "/catalogue/skill-brands/"
PLAIN = "benchmarks.plain_serving"
LEAST_UNCACHED, LEAST_FINISHED, LEAST_OF_CONSTANT = 50, 1000, 0.7
#: variant → application, environment, requests of a round
SERVED = {
    "ours": ("portal.wsgi:application", {}, 8000),
    "ours, 304": ("portal.wsgi:application", {}, 8000),
    "ours, uncached": ("portal.wsgi:application", {"PORTAL_PAGES_MEMORY": "0"}, 60),
    "stock": (f"{PLAIN}:stock", {"BENCH_PLAIN": "1"}, 6),
    "floor": (f"{PLAIN}:constant", {}, 8000),
}
QUICKLY = 10  # a short try asks a tenth as often


@dataclass
class Server:
    """A server with one worker, and the page it gives."""

    port: int
    worker: int
    etag: str
    length: int


@contextmanager
def served(application: str, environment: dict[str, str]):
    """Run granian and give its worker when it has answered once."""
    port = free_port()
    command = "granian --interface wsgi --no-ws --workers 1 --blocking-threads 4 --host 127.0.0.1"
    process = subprocess.Popen(
        [sys.executable, "-m", *command.split(), "--port", str(port), application],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        answer, page = _first(port)
        (worker,) = _children(process.pid)
        yield Server(port, worker, answer.headers.get("ETag", ""), len(page))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _first(port: int):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            one = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            one.request("GET", LIST)
            answer = one.getresponse()
            page = answer.read()
        except OSError:
            time.sleep(0.1)
            continue
        if answer.status != 200:
            raise SystemExit(f"{LIST} answered {answer.status}.")
        return answer, page
    raise SystemExit("The server did not answer within 120 seconds.")


def fetch(port: int, url: str) -> bytes:
    """Return a page, whatever its status."""
    one = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    one.request("GET", quote(url, safe="/?=&"))
    return one.getresponse().read()


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def _backends() -> list[int]:
    if connection.vendor == "sqlite":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def ask(server: Server, number: int, known: str) -> None:
    """Ask ``number`` times over one connection."""
    headers = f"If-None-Match: {known}\r\n" if known else ""
    request = f"GET {LIST} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{headers}\r\n".encode()
    wanted, buffer = (b"HTTP/1.1 304" if known else b"HTTP/1.1 200"), bytearray(1 << 20)
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        for _ in range(number):
            line.sendall(request)
            got = line.recv_into(buffer)
            while (end := buffer.find(b"\r\n\r\n", 0, got)) < 0:
                got += line.recv_into(memoryview(buffer)[got:])
            if not buffer.startswith(wanted):
                raise SystemExit(f"Answered {bytes(buffer[:12])!r}.")
            left = end + 4 + (0 if known else server.length) - got
            while left > 0:
                left -= line.recv_into(buffer, left)


def measure(variant: str, number: int) -> Round:
    """Return what one answer took in a round of ``number``, the server warm."""
    application, environment, _ = SERVED[variant]
    with served(application, environment) as server:
        known = server.etag if variant.endswith("304") else ""
        ask(server, max(2, number // 20), known)
        backends = _backends()
        own, there, start = _cpu([server.worker]), _cpu(backends), time.monotonic()
        threads = [Thread(target=ask, args=(server, number // 2, known)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall = time.monotonic() - start
        spent = (_cpu([server.worker]) - own, _cpu(backends) - there, wall)
        memory = resident(server.worker)
    asked = 2 * (number // 2)
    return Round(*(one / asked for one in spent), memory, memory, "")


def resident(pid: int) -> int:
    """Return the memory a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def unshared(pid: int) -> int:
    """Return the memory that would be free if a process ended: what it shares with none."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def compare(size: int, rounds: int, is_quick: bool) -> None:
    """Measure every variant in turn, and hold them against each other."""
    found: dict[str, list[Round]] = {name: [] for name in SERVED}
    with served(*SERVED["ours"][:2]) as server:
        os.environ["BENCH_BODY"] = str(server.length)
    for _ in range(rounds):
        for name, (_, _, number) in SERVED.items():
            found[name].append(measure(name, max(2, number // QUICKLY) if is_quick else number))
    for name, own in found.items():
        rate = f"{1 / median(one.wall for one in own):.0f} answers/s"
        tell(measuring.row("P8", "public list page through the server", size, name, own, rate))
    judge(size, {name: max(measuring.cpu(own), 1 / TICKS / SERVED[name][2]) for name, own in found.items()})


def judge(size: int, cpu: dict[str, float]) -> None:
    """Tell which goals were reached, by the CPU of server and database for one answer."""
    for claim, name, least in (
        ("uncached", "ours, uncached", LEAST_UNCACHED),
        ("finished bytes", "ours", LEAST_FINISHED),
    ):
        times = cpu["stock"] / cpu[name]
        said = f"{times:,.0f} × the answers of a CPU second"
        tell(
            Verdict(
                "P8", f"{claim}, {size} entries, against stock", said, f"at least {least} ×", times >= least
            )
        )
    for name in ("ours", "ours, 304"):
        share = cpu["floor"] / cpu[name]
        claim = f"{'304' if '304' in name else 'finished bytes'} against constant bytes of the same server"
        goal = f"at least {LEAST_OF_CONSTANT} ×"
        tell(Verdict("P8", claim, f"{share:.2f} × the answers", goal, share >= LEAST_OF_CONSTANT))


def main() -> int:
    """Fill the databases, measure, hand over."""
    chosen = measuring.arguments("serving", sizes=(100_000,), quick=(1_000,), works=SERVED)
    call_command("collectstatic", interactive=False, verbosity=0)
    for size in chosen.sizes:
        databases.use(f"lists{size}", lambda size=size: lists.fill(size), is_read_only=True)
        compare(size, chosen.rounds, chosen.is_quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
