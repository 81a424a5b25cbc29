"""Real races: threads with their own connections, let go at the same instant, round after round."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections


def race(rounds: Iterable[Any], *runners: Callable[[Any], Any]) -> list[tuple[Any, ...]]:
    """Let every runner do each round at the same instant; return what each returned or raised, per round."""
    tracks, barrier = list(rounds), Barrier(len(runners))
    with ThreadPoolExecutor(len(runners)) as pool:
        running = [pool.submit(_run, runner, tracks, barrier) for runner in runners]
        return list(zip(*(one.result() for one in running), strict=True))


def _run(runner: Callable[[Any], Any], tracks: list, barrier: Barrier) -> list[Any]:
    try:
        return [_outcome(runner, track, barrier) for track in tracks]
    except BaseException:
        barrier.abort()
        raise
    finally:
        connections.close_all()


def _outcome(runner: Callable[[Any], Any], track: Any, barrier: Barrier) -> Any:
    barrier.wait(timeout=300)
    try:
        return runner(track)
    except Exception as error:
        return error


def kinds(outcomes: Iterable[Any]) -> list[str]:
    """Return the sorted class names of the outcomes of one round, e.g. ``["Conflict", "Event"]``."""
    return sorted(type(outcome).__name__ for outcome in outcomes)
