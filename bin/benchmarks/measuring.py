"""How a thing is measured: a process for each round, variants in turn, medians, equal answers first.

Counted is the CPU of the process and of its backend of the database, and the peak of its memory above what it
held when the work began. What was found is handed over as a ``Row``, what it means as a ``Verdict``; the door
collects both and writes them down (``doors/bench_pages.py``).
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from django.db import connection

from benchmarks.nursery import Nursery
from doors.bench_pages import exponent

__all__ = ["exponent"]  # by which power of the size a cost grows

TICKS = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1_000_000
#: Where the door wants the rows and verdicts, one JSON object a line.
RESULTS = "BENCH_RESULTS"
#: program → the process that its rounds are forked from
NURSERIES: dict[str, Nursery] = {}


@dataclass(frozen=True)
class Round:
    """What one run of one variant took: seconds, bytes, and the digest of its answer."""

    own: float
    backend: float
    wall: float
    peak: int
    above: int
    answer: str

    @property
    def cpu(self) -> float:
        """Seconds of CPU of the process and its backend together."""
        return self.own + self.backend


@dataclass(frozen=True)
class Row:
    """The medians of one variant of one operation at one size: seconds, bytes above the start, rounds.

    ``target`` is the number of the goal it serves (P1 … P14); ``variant`` is ``ours`` or what ours is held
    against (``stock``, ``floor``, …); ``note`` is said beside it.
    """

    target: str
    operation: str
    size: int
    variant: str
    own: float
    backend: float
    wall: float
    peak_above: int
    rounds: int
    note: str = ""

    @property
    def cpu(self) -> float:
        """Seconds of CPU of the process and its backend together."""
        return self.own + self.backend


@dataclass(frozen=True)
class Verdict:
    """One goal beside what was measured; ``why`` explains a miss and is shown for one only."""

    target: str
    claim: str
    measured: str
    goal: str
    met: bool
    why: str = ""


def arguments(name: str, *, sizes: tuple, quick: tuple, rounds: int = 5, works: Iterable[str] = ()):
    """Return what a program was asked: ``sizes``, ``rounds``, ``is_quick``; of a child ``only``, ``size``.

    ``quick`` are the sizes of a short try, which is one round; ``works`` names the variants. Call it first
    in ``main``: the process that the rounds are forked from is started here, before anything is read.
    """
    parser = argparse.ArgumentParser(prog=f"./bin/bench {name}")
    parser.add_argument("--sizes", type=lambda text: tuple(map(int, text.split(","))))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--quick", action="store_true", dest="is_quick")
    parser.add_argument("--only", choices=list(works), help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if not chosen.only:
        NURSERIES[name] = Nursery(sys.modules["__main__"].main)
    chosen.sizes = chosen.sizes or (quick if chosen.is_quick else sizes)
    chosen.rounds = chosen.rounds or (1 if chosen.is_quick else rounds)
    return chosen


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


def repeated(work: Callable[[], str], times: int) -> None:
    """Do ``work`` once unseen, then ``times`` over, and print the mean: for what takes milliseconds.

    The CPU of a backend is counted in hundredths of a second, so such a work has to be repeated to be seen.
    """
    connection.ensure_connection()
    answer = work()
    backend, before = _backend(), _own()
    Path("/proc/self/clear_refs").write_text("5")
    start, held, there = time.monotonic(), _memory("VmRSS"), _cpu_of(backend)
    for _ in range(times):
        if work() != answer:
            raise SystemExit("The answer differs from one time to the next.")
    own, wall, other = _own() - before, time.monotonic() - start, _cpu_of(backend) - there
    peak = _memory("VmHWM")
    print(json.dumps([own / times, other / times, wall / times, peak, peak - held, answer]))


def _own() -> float:
    """Return the CPU of this process and of the processes that it started and that have ended."""
    both = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


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


def rounds(
    program: str,
    variants: Iterable[str],
    number: int,
    *,
    size: int | None = None,
    fewer: Mapping[str, int] | None = None,
    warm: bool = False,
) -> dict[str, list[Round]]:
    """Return variant → its rounds, run in turn A B C A B C; stops when answers differ.

    ``fewer`` names variants that take minutes, with the rounds that they get; ``warm`` begins with a turn of
    all others that is only compared: not for a work that can be done once.
    """
    variants, most = list(variants), fewer or {}
    if warm:
        _agree({name: _round(program, name, size) for name in variants if name not in most})
    found: dict[str, list[Round]] = {variant: [] for variant in variants}
    for turn in range(number):
        for variant in variants:
            if turn < most.get(variant, number):
                found[variant].append(_round(program, variant, size))
        _agree({variant: own[-1] for variant, own in found.items()})
    return found


def _round(program: str, variant: str, size: int | None) -> Round:
    command = ["--only", variant] + ([] if size is None else ["--size", str(size)])
    return Round(*json.loads(NURSERIES[Path(program).stem].round(command)))


def _agree(last: dict[str, Round]) -> None:
    answers = {found.answer for found in last.values()}
    if len(answers) > 1:
        raise SystemExit(f"The answers differ: { ({name: found.answer for name, found in last.items()}) }")


def cpu(found: list[Round]) -> float:
    """Return the median of the CPU seconds of process and backend together."""
    return median(one.cpu for one in found)


def above(found: list[Round]) -> float:
    """Return the median of the peak of memory above the start, in bytes."""
    return median(one.above for one in found)


def row(target: str, operation: str, size: int, variant: str, found: list[Round], note: str = "") -> Row:
    """Return the medians of the rounds of one variant."""
    own, backend, wall = (median(getattr(one, part) for one in found) for part in ("own", "backend", "wall"))
    return Row(target, operation, size, variant, own, backend, wall, int(above(found)), len(found), note)


def hand_over(
    target: str, operation: str, size: int, found: dict[str, list[Round]], names: Mapping[str, str] = {}
) -> dict[str, Row]:
    """Hand over a row for each variant and return them; ``names``: what a variant is called in the table."""
    rows = {name: row(target, operation, size, names.get(name, name), own) for name, own in found.items()}
    for one in rows.values():
        tell(one)
    return rows


def tell(told: Row | Verdict) -> None:
    """Hand a row or a verdict over to the door, and print it."""
    print(_line(told) if isinstance(told, Row) else _sentence(told), flush=True)
    if path := os.environ.get(RESULTS):
        with Path(path).open("a", encoding="utf-8") as file:
            kind = type(told).__name__.lower()
            file.write(json.dumps({"is": kind} | asdict(told), ensure_ascii=False) + "\n")


def _line(told: Row) -> str:
    cpu = f"{told.own:9.4f} + {told.backend:8.4f}"
    memory = f"{told.peak_above / MEGABYTE:+7.1f} MB"
    what = f"{told.target} {told.operation}, {told.size}: {told.variant}"
    return f"{what:<60} {cpu} s CPU {told.wall:9.4f} s wall {memory} {told.rounds}× {told.note}".rstrip()


def _sentence(told: Verdict) -> str:
    verdict = "met" if told.met else f"MISSED ({told.why or 'not explained'})"
    return f"    {told.target} {told.claim}: {told.measured} (goal: {told.goal}): {verdict}"


def load() -> str:
    """Return the load of the machine."""
    return " ".join(f"{number:.2f}" for number in os.getloadavg())
