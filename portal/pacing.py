"""The time a sign-in takes: a try that is not even looked at answers as late as a wrong password does."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

MOST_WAITING = 1  # a web process has four threads, and a flood of tries may not hold those that serve others
_waiting = BoundedSemaphore(MOST_WAITING)
_took = [0.0]


@contextmanager
def a_check() -> Iterator[None]:
    """Measure how long a password takes to be checked."""
    begun = time.perf_counter()
    yield
    took = time.perf_counter() - begun
    _took[0] = took if not _took[0] else 0.7 * _took[0] + 0.3 * took


def wait_as_long_as_a_check() -> None:
    """Wait as long as the last checks took, unless too many are waiting already."""
    if _waiting.acquire(blocking=False):
        try:
            time.sleep(min(_took[0], 1.0))
        finally:
            _waiting.release()
