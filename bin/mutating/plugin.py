"""A plug-in of pytest: run the tests once to see what each touches, then those again for every fault.

Each fault lives in a forked process with a copy of the database and the files. It is noticed when a test
fails or takes far too long. What drives a browser or serves is left out. The process that forks makes the
database and runs no more: a fork has none of the threads that a test leaves behind, and would wait for them.
"""

import json
import os
import pickle
import random
import resource
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from django.conf import settings
from django.db import connections
from django.test import override_settings

from mutating.changes import Fault
from mutating.swaps import Target

NOTICED, MISSED, IMPOSSIBLE, LATE, UNTOUCHED = "noticed", "missed", "impossible", "late", "untouched"
#: Turns of a file that is named after the module, where others have one.
OWN = 12
#: So often the tests of a fault are run without it too, and have to pass.
CONTROLS = 0.05
#: A process that waits for ever uses no CPU: it is ended after so many times what it may use.
IDLE = 10
ENDED = {0: MISSED, 1: NOTICED, 2: IMPOSSIBLE}


class Plan:
    """What is asked for: modules, faults of each, seconds of tests for a fault, processes at once."""

    def __init__(self, said: dict):
        self.modules, self.sample = said["modules"], said["sample"]
        self.seconds, self.jobs = said["seconds"], said["jobs"]
        self.random, self.results = random.Random(said["seed"]), Path(said["results"])


PLAN = Plan(json.loads(os.environ["PORTAL_MUTATE"]))


def pytest_collection_modifyitems(config, items):
    """Leave out what drives a browser or serves."""
    out = [item for item in items if {"chromium", "live_server"} & set(item.fixturenames)]
    items[:] = [item for item in items if item not in set(out)]
    config.hook.pytest_deselected(items=out)


def pytest_runtestloop(session) -> bool:
    """Try every fault of the modules asked for."""
    from tests import retracing

    retracing.can_be_laid = lambda: False  # what was walked without the fault says nothing of it
    targets = [Target(name) for name in PLAN.modules]
    _make_the_database(session)
    touched = _watched(session, targets)
    with PLAN.results.open("w", encoding="utf-8") as results:
        for target in targets:
            for fault, verdict in _tried(target, touched[target.name], session):
                line = {"module": target.name, "function": fault.function, "line": fault.line}
                results.write(json.dumps(line | {"said": fault.said, "verdict": verdict}) + "\n")
                results.flush()
    return True


def _make_the_database(session) -> None:
    """Set one test up that uses the database, which outlives it; what ran would be remembered in caches."""
    from tests import dealing

    asking = filter(dealing.uses_the_database, session.items)
    if item := min(asking, key=lambda item: len(item.fixturenames), default=None):
        session.config.option.setuponly = True
        runtestprotocol(item, log=False, nextitem=session.items[-1])
        session.config.option.setuponly = False


def _watched(session, targets: list[Target]) -> dict[str, dict[int, list]]:
    """Return what ``_touched`` does, run by a process of its own."""
    with tempfile.TemporaryDirectory(prefix="portal-mutate-") as folder:
        answer = Path(folder) / "touched"
        if not (child := os.fork()):
            _answer(answer, session, targets)
        os.waitpid(child, 0)
        touched = pickle.loads(answer.read_bytes())
    if isinstance(touched, str):
        raise pytest.UsageError(touched)
    return touched


def _answer(answer: Path, session, targets: list[Target]) -> None:
    """Write down which tests touch what, or why that cannot be said, and end this process."""
    try:
        _keep_things_in(str(answer.parent))
        answer.write_bytes(pickle.dumps(_touched(session, targets)))
    except BaseException as fault:  # whatever it is, the process that waits is to say it
        answer.write_bytes(pickle.dumps(f"{fault!r}"))
    finally:
        os._exit(0)


def _touched(session, targets: list[Target]) -> dict[str, dict[int, list]]:
    """Run every test once; return by module which tests touch which line, in the order they are tried."""
    touched: dict[str, dict[int, list]] = {target.name: {} for target in targets}
    for number, item in enumerate(session.items):
        after = session.items[(number + 1) % len(session.items)]
        begun, lines = time.process_time(), _run_watched(item, after, targets)
        cost = (sum(map(len, lines.values())), time.process_time() - begun)
        for name, seen in lines.items():
            for line in seen:
                touched[name].setdefault(line, []).append((*cost, number))
    return {
        name: {line: _in_turns(name, tests, session.items) for line, tests in lines.items()}
        for name, lines in touched.items()
    }


def _in_turns(module: str, tests: list[tuple], items: list) -> list[tuple]:
    """Return tests so that each file has its turn, the narrowest first: each looks at something else.

    Those in files that are named after the module have ``OWN`` turns where the others have one.
    """
    before, turns, own = Counter(), [], f"test_{module.rpartition('.')[2]}"
    for test in sorted(tests):
        path = items[test[-1]].path
        before[path] += 1
        turns.append((before[path] / (OWN if path.name.startswith(own) else 1), *test))
    return [test for _, *test in sorted(turns)]


def _run_watched(item, after, targets: list[Target]) -> dict[str, set[int]]:
    if not targets:
        reports = runtestprotocol(item, log=False, nextitem=after)
        if failed := [report for report in reports if report.failed]:
            raise pytest.UsageError(f"{item.nodeid} fails without any fault: {failed[0].longrepr}")
        return {}
    with targets[0].watched() as seen:
        return _run_watched(item, after, targets[1:]) | {targets[0].name: seen}


def _tried(target: Target, touched: dict[int, list], session) -> Iterator[tuple[Fault, str]]:
    """Yield a sample of the faults of a module, each with its verdict."""
    running: dict[int, tuple[Fault | None, float]] = {}
    for fault in _sample(target.faults):
        if fault.line not in touched:
            yield fault, UNTOUCHED
            continue
        chosen, allowed = _within_seconds(touched[fault.line])
        for put_in in (fault, None) if PLAN.random.random() < CONTROLS else (fault,):
            while len(running) >= PLAN.jobs:
                yield from _ended(running)
            most = int(20 + 5 * allowed)
            child = _forked(target, put_in, [session.items[number] for number in chosen], most)
            running[child] = (put_in, time.monotonic() + IDLE * most)
    while running:
        yield from _ended(running)


def _sample(faults: list[Fault]) -> list[Fault]:
    if not PLAN.sample or len(faults) <= PLAN.sample:
        return faults
    return sorted(PLAN.random.sample(faults, PLAN.sample), key=lambda fault: (fault.line, fault.number))


def _within_seconds(tests: list[tuple]) -> tuple[list[int], float]:
    chosen, seconds = [], 0.0
    for _, took, number in tests:
        if chosen and seconds + took > PLAN.seconds:
            break
        chosen.append(number)
        seconds += took
    return chosen, seconds


def _ended(running: dict[int, tuple[Fault | None, float]]) -> Iterator[tuple[Fault, str]]:
    """Wait a moment; yield the faults whose process ended, or had to be ended."""
    time.sleep(0.02)
    for child, (fault, until) in list(running.items()):
        verdict = _verdict(child, until)
        if verdict:
            del running[child]
        if verdict and fault:
            yield fault, verdict
        elif verdict and verdict != MISSED:
            raise pytest.UsageError("The tests fail in a process of their own without any fault.")


def _verdict(child: int, until: float) -> str:
    """Return what became of a process, "" while it runs within its time."""
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        code = os.waitstatus_to_exitcode(status)
        return LATE if code == -signal.SIGXCPU else ENDED.get(code, NOTICED)
    if time.monotonic() <= until:
        return ""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return LATE


def _forked(target: Target, fault: Fault | None, items: list, most: int) -> int:
    """Run tests in a process of their own, with a fault, for ``most`` seconds of CPU; return its number."""
    if child := os.fork():
        return child
    code = 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
    try:
        code = _outcome(target, fault, items)
    finally:
        os._exit(code)


def _outcome(target: Target, fault: Fault | None, items: list) -> int:
    with tempfile.TemporaryDirectory(prefix="portal-mutate-") as folder:
        _keep_things_in(folder)
        try:
            if fault:
                target.put_in(fault)
        except (SyntaxError, ValueError):  # of what is no program, or holds on to other variables
            return 2
        following = [*items[1:], items[0]]
        return int(any(_fails(item, after) for item, after in zip(items, following, strict=True)))


def _fails(item, after) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=after))


def _keep_things_in(folder: str) -> None:
    """Give this process a database and files of its own in ``folder``, and let it print nothing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    own = connections.settings["default"]
    for path in Path(own["NAME"]).parent.glob(
        Path(own["NAME"]).name + "*"
    ):  # with what SQLite has yet to merge
        shutil.copy(path, folder)
    own["NAME"] = str(Path(folder) / Path(own["NAME"]).name)
    store, files = Path(settings.MEDIA_ROOT), Path(folder) / "media"
    override_settings(MEDIA_ROOT=shutil.copytree(store, files) if store.exists() else files).enable()
