"""How a thing is measured: a process for each round, variants in turn, medians, equal answers first.

Counted is the CPU of the process and of its backend of the database, and the peak of its memory above what it
held when the work began.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Round:
    """What one run of one variant took: seconds, bytes, and the digest of its answer."""

    own: float
    backend: float
    wall: float
    peak: int
    above: int
    answer: str


def once(work: Callable[[], str]) -> None:
    """Do ``work`` in this process, on a connection that is open, and print the round as JSON."""
    connection.ensure_connection()
    backend = _backend()
    Path("/proc/self/clear_refs").write_text("5")
    start, held, before = time.monotonic(), _memory("VmRSS"), _own()
    there = _cpu_of(backend)
    answer = work()
    own, wall, other = _own() - before, time.monotonic() - start, _cpu_of(backend) - there
    peak = _memory("VmHWM")
    print(json.dumps([own, other, wall, peak, peak - held, answer]))


def _own() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _backend() -> int | None:
    return connection.connection.info.backend_pid if connection.vendor == "postgresql" else None


def _cpu_of(process: int | None) -> float:
    if process is None:
        return 0.0
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def rounds(program: str, variants: Iterable[str], number: int) -> dict[str, list[Round]]:
    """Return variant → its rounds, run in turn A B C A B C; stops when answers differ."""
    variants = list(variants)
    found: dict[str, list[Round]] = {variant: [] for variant in variants}
    for _ in range(number):
        for variant in variants:
            found[variant].append(_round(program, variant))
        _agree({variant: own[-1] for variant, own in found.items()})
    return found


def _round(program: str, variant: str) -> Round:
    run = subprocess.run([sys.executable, program, "--only", variant], stdout=subprocess.PIPE, check=True)
    return Round(*json.loads(run.stdout.splitlines()[-1]))


def _agree(first: dict[str, Round]) -> None:
    answers = {found.answer for found in first.values()}
    if len(answers) != 1:
        raise SystemExit(f"The answers differ: { ({name: found.answer for name, found in first.items()}) }")


def cpu(found: list[Round]) -> float:
    """Return the median of the CPU seconds of process and backend together."""
    return median(one.own + one.backend for one in found)


def line(name: str, found: list[Round]) -> str:
    """Return a line of the table: medians of CPU, wall time and memory."""
    own, backend = (median(getattr(one, part) for one in found) for part in ("own", "backend"))
    peak, above = (median(getattr(one, part) for one in found) / MEGABYTE for part in ("peak", "above"))
    wall = median(one.wall for one in found)
    return f"{name:<34} {own:7.3f} + {backend:6.3f}   {wall:8.3f}   {peak:6.0f}   {above:+7.1f}"


HEADING = f"{'variant':<34} {'CPU process + backend, s':<18}   {'wall, s':>6}   {'peak MB':>7}   {'of it':>6}"


def load() -> str:
    """Return the load of the machine."""
    return " ".join(f"{number:.2f}" for number in os.getloadavg())
