"""Paging by key: a page begins after the last line of the one before, so that a deep page costs as a first.

The cursor is opaque and carries only the key of that line; nothing follows from it but where to go on.
"""

import base64
import binascii
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from portal.api.answers import Unreadable

MOST_NUMBER = 2**63 - 1


def after(rows: QuerySet, cursor: str, column: str, *, descending: bool = False) -> QuerySet:
    """Return ``rows`` in the order of (``column``, id) from behind the line of ``cursor``; of text or the id.

    Raises ``Unreadable`` when no page of ours gave that cursor.
    """
    sign, compare = ("-", "lt") if descending else ("", "gt")
    ordered = rows.order_by(f"{sign}{column}", f"{sign}pk")
    if not cursor:
        return ordered
    value, pk = _read(cursor)
    behind = Q(**{f"pk__{compare}": pk})
    if column == "pk":
        return ordered.filter(behind)
    # The first condition follows from the second; a database begins there only when it is told.
    begun = Q(**{f"{column}__{compare}e": value})
    return ordered.filter(begun, Q(**{f"{column}__{compare}": value}) | Q(behind, **{column: value}))


def value_of(cursor: str) -> str:
    """Return the key a page begins behind, empty for the first; raises as ``after``."""
    return _read(cursor)[0] if cursor else ""


def _read(cursor: str) -> tuple[str, int]:
    try:
        value, _, pk = base64.urlsafe_b64decode(cursor.encode("ascii")).decode().rpartition("|")
        number = int(pk)
    except (ValueError, binascii.Error):
        value, number = "", -1
    if not value.isascii() or not value.isprintable() or not value or not 0 < number <= MOST_NUMBER:
        raise Unreadable("cursor 不是本接口给出的位置，请从第一页重新开始。")
    return value, number


def page(request: HttpRequest, rows: QuerySet, limit: int, column: str) -> tuple[list, str | None]:
    """Return the lines of one page and the address of the next one, None behind the last."""
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    key = base64.urlsafe_b64encode(f"{getattr(last, column)}|{last.pk}".encode()).decode()
    kept = [(name, value) for name in request.GET for value in request.GET.getlist(name) if name != "cursor"]
    return found[:limit], request.build_absolute_uri(f"{request.path}?{urlencode([*kept, ('cursor', key)])}")
