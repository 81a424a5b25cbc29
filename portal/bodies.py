"""The body of a request before anybody reads it: how long it says it is, and letting one pass by."""

import sys

from django.http import HttpRequest

FORM = 2 * 2**20  # of a form without a file
ENVELOPE = 64 * 1024  # what a form adds around its file
CHUNK, DISCARDED = 64 * 1024, 2**20


def length(request: HttpRequest) -> int:
    """Return the length of the body as it was announced; where nothing is announced, nothing is read."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    try:
        return max(int(announced), 0)
    except ValueError:  # no number, or one of thousands of digits
        return sys.maxsize if announced.isdigit() else 0


def discard(request: HttpRequest) -> None:
    """Let the body pass by without keeping it: a sender cut off in the middle never sees the answer."""
    for _ in range(DISCARDED // CHUNK):
        if not request.read(CHUNK):
            return
