"""Two lanes through a web process: who works waits for whoever works, the public passes by.

What somebody who is signed in asks for, and every form, may have to wait for the one writer of SQLite or for
a lock, with a thread each. A few of them are let in at once, the others wait for their turn before they ask
the database for anything; pages for everybody keep the threads that are left. Where nothing moves, those who
wait would take them all, so that no more may wait. Each process counts for itself.
"""

import time
from collections import deque
from threading import Event, Lock

from django.conf import settings
from django.http import HttpRequest

from portal import shedding

#: So many work at once in a process: Python computes on one core, the others wait for the database.
AT_ONCE = 4
PATIENCE = 10.0  # seconds until somebody who waits is asked to come back
#: Where nobody got in or out for so many seconds, so many may wait: half of the fewest threads of a process.
STILL, WAITING = 1.0, 8


class Lane:
    """Lets ``AT_ONCE`` in, the others in the order in which they came.

    Whoever comes while nothing moves and enough wait is not let in. No turn is free while anybody waits.
    """

    def __init__(self) -> None:
        self.lock, self.free = Lock(), AT_ONCE
        self.waiting: deque[Event] = deque()
        self.moved = time.monotonic()

    def enter(self) -> bool:
        """Say whether the turn came; a wait of ``PATIENCE`` at most."""
        with self.lock:
            if self.free:
                self.free -= 1
                self.moved = time.monotonic()
                return True
            if len(self.waiting) >= WAITING and time.monotonic() - self.moved > STILL:
                return False
            turn = Event()
            self.waiting.append(turn)
        return turn.wait(PATIENCE) or self._came_after_all(turn)

    def leave(self) -> None:
        """Hand the turn to whoever has waited longest."""
        with self.lock:
            self.moved = time.monotonic()
            if self.waiting:
                self.waiting.popleft().set()
            else:
                self.free += 1

    def _came_after_all(self, turn: Event) -> bool:
        with self.lock:
            if not turn.is_set():
                self.waiting.remove(turn)
            return turn.is_set()


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
