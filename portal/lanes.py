"""Two lanes through a web process: who works waits for whoever works, the public passes by.

What somebody who is signed in asks for, and every form, may have to wait for the one writer of SQLite or for
a lock, with a thread each. A few of them are let in at once, the others wait for their turn before they ask
the database for anything; pages for everybody keep the threads that are left. Where nothing moves, those who
wait would take them all, so that no more may wait. Each process counts for itself.
"""

import time
from threading import Lock, Semaphore

from django.conf import settings
from django.http import HttpRequest

from portal import shedding

#: So many work at once in a process: Python computes on one core, the others wait for the database.
AT_ONCE = 4
PATIENCE = 10.0  # seconds until somebody who waits is asked to come back
#: Where nobody got in or out for so many seconds, so many may wait: half of the fewest threads of a process.
STILL, WAITING = 1.0, 8


class Lane:
    """Lets ``AT_ONCE`` in; whoever comes while nothing moves and enough wait is not let in."""

    def __init__(self) -> None:
        self.turns, self.lock = Semaphore(AT_ONCE), Lock()
        self.waiting, self.moved = 0, time.monotonic()

    def enter(self) -> bool:
        """Say whether the turn came; a wait of ``PATIENCE`` at most."""
        if self.turns.acquire(blocking=False) or self._wait():
            self.moved = time.monotonic()
            return True
        return False

    def leave(self) -> None:
        """Give the turn back."""
        self.moved = time.monotonic()
        self.turns.release()

    def _wait(self) -> bool:
        with self.lock:
            if self.waiting >= WAITING and time.monotonic() - self.moved > STILL:
                return False
            self.waiting += 1
        try:
            return self.turns.acquire(timeout=PATIENCE)
        finally:
            with self.lock:
                self.waiting -= 1


def one_lane_is_the_publics(get_response, lane: Lane | None = None):
    """Let a few of those who work in at once; 503 for whoever waited beyond his patience; a middleware."""
    lane = lane or Lane()

    def middleware(request):
        if is_of_the_public(request):
            return get_response(request)
        if not lane.enter():
            return shedding.come_back(request)
        try:
            return get_response(request)
        finally:
            lane.leave()

    return middleware


def is_of_the_public(request: HttpRequest) -> bool:
    """Say whether a request is one for a page as everybody sees it."""
    return request.method in ("GET", "HEAD") and settings.SESSION_COOKIE_NAME not in request.COOKIES
