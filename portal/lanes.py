"""Two lanes through a web process: who works waits for whoever works, the public passes by.

What somebody who is signed in asks for, and every form, may have to wait for the one writer of SQLite or for
a lock, with a thread each. A few of them are let in at once, the others wait for their turn before they ask
the database for anything; pages for everybody keep the threads that are left. Each process counts for itself.
"""

from threading import Semaphore

from django.conf import settings
from django.http import HttpRequest

from portal import shedding

#: So many work at once in a process: Python computes on one core, the others wait for the database.
AT_ONCE = 4
PATIENCE = 10.0  # seconds until somebody who waits is asked to come back


def one_lane_is_the_publics(get_response):
    """Let a few of those who work in at once; 503 for whoever waited beyond his patience; a middleware."""
    turns = Semaphore(AT_ONCE)

    def middleware(request):
        if is_of_the_public(request):
            return get_response(request)
        if not turns.acquire(timeout=PATIENCE):
            return shedding.come_back(request)
        try:
            return get_response(request)
        finally:
            turns.release()

    return middleware


def is_of_the_public(request: HttpRequest) -> bool:
    """Say whether a request is one for a page as everybody sees it."""
    return request.method in ("GET", "HEAD") and settings.SESSION_COOKIE_NAME not in request.COOKIES
