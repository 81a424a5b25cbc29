"""How often somebody may ask for the same thing within a while, counted in the cache.

A brake against machines, no fence: each web process counts for itself, and the count goes with the cache.
"""

import hashlib

from django.core.cache import cache


def within(what: str, who: str, *, most: int, seconds: int) -> bool:
    """Count one more of ``what`` for ``who`` and say whether it is among the first ``most``.

    The count begins with the first and is forgotten ``seconds`` later.
    """
    key = f"limit-{what}-{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    if cache.add(key, 1, seconds):
        return most >= 1
    try:
        return cache.incr(key) <= most
    except ValueError:  # forgotten between the two
        return most >= 1
