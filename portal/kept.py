"""What follows from public content alone: worked out once, and kept here until that content changes.

Every change of public content has its token (``public_changes``), which triggers leave in the transaction of
the change. What was worked out is kept under the token read before: it is of that content or newer, never
older. Inside a transaction nothing is kept, for one may change content without a new token.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection

from portal import public_changes

MOST = 600  # answers of one process; the one kept longest goes first
_kept: dict[Hashable, Any] = {}
_read: ContextVar[str | None] = ContextVar("the token of the content that a page shows", default=None)


@contextmanager
def one_reading() -> Iterator[None]:
    """Read the token once inside this block: for a page that changes nothing."""
    mark = _read.set(_token())
    try:
        yield
    finally:
        _read.reset(mark)


def token() -> str:
    """Return the token under which something can be kept now; empty where nothing can."""
    known = _read.get()
    return _token() if known is None else known


def _token() -> str:
    return "" if connection.in_atomic_block else public_changes.token(connection)


def kept(key: Hashable, work_out: Callable[..., Any], *given: Any) -> Any:
    """Return ``work_out(*given)``, worked out at most once while the public content stands.

    ``key`` and ``given`` say all else that it depends on, the day among it where days count; what is worked
    out is never None. Whoever gets it shares it with others and changes nothing of it.
    """
    if not (now := token()):  # nothing would tell that it changed
        return work_out(*given)
    place = (connection.settings_dict["NAME"], now, key, given)
    found = _kept.get(place)
    if found is None:
        found = _kept[place] = work_out(*given)
        while len(_kept) > MOST:
            _kept.pop(next(iter(_kept), None), None)
    return found
