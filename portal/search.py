"""The index of bigrams behind the public search: FTS5 on SQLite, GIN over an array on PostgreSQL.

One row of keys (``text.grams``) per catalogue entry, written with it. The index only proposes: whoever uses
it compares the words themselves as well. Trigrams of either database fail below three characters.
"""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from portal import text
from portal.models import CatalogueEntry

_INSERT = {
    "sqlite": "INSERT INTO portal_entrygrams (rowid, grams) VALUES (%s, %s)",
    "postgresql": "INSERT INTO portal_entrygrams (entry_id, grams) VALUES (%s, %s)",
}
_FIND = {
    "sqlite": "SELECT rowid FROM portal_entrygrams WHERE portal_entrygrams MATCH %s",
    "postgresql": "SELECT entry_id FROM portal_entrygrams WHERE grams @> %s::text[]",
}


def index(rows: Iterable[tuple[int, str]]) -> None:
    """Add (entry id, ``search_text``) pairs to the index; in the transaction that makes the entries."""
    keys = ((pk, sorted(text.grams(words))) for pk, words in rows)
    if connection.vendor == "sqlite":
        keys = ((pk, " ".join(found)) for pk, found in keys)
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT[connection.vendor], list(keys))


def holding(words: Iterable[str]) -> Q:
    """Return the condition that ``search_text`` holds each of the folded ``words``; none without a word."""
    condition, words = Q(), list(words)
    wanted = sorted(set().union(*(text.grams(word) for word in words)))
    if wanted:
        needed = wanted if connection.vendor == "postgresql" else " AND ".join(f'"{key}"' for key in wanted)
        condition &= Q(pk__in=RawSQL(_FIND[connection.vendor], [needed]))
    for word in words:
        condition &= Q(search_text__contains=word)
    return condition


def rebuild() -> int:
    """Make the index anew from all entries and return how many there are."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM portal_entrygrams")
    pairs = list(CatalogueEntry.objects.order_by("pk").values_list("pk", "search_text"))
    index(pairs)
    return len(pairs)
