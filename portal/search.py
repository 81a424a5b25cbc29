"""The index of bigrams behind the public search: FTS5 on SQLite, GIN over an array on PostgreSQL.

One row of keys (``text.grams``) per catalogue entry, written with it. Trigrams of either database fail below
three characters. A word of one or two characters is a key itself; a longer one is found through its pairs
and then compared as it stands, for pairs may lie apart.
"""

from collections.abc import Iterable

from django.db import connection, models, transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from portal import text
from portal.models import CatalogueEntry

BATCH = 1000  # entries whose keys are in memory at once
EXACT = 2  # characters up to which a word is one key
_INSERT = {
    "sqlite": "INSERT INTO portal_entrygrams (rowid, grams) VALUES (%s, %s)",
    "postgresql": "INSERT INTO portal_entrygrams (entry_id, grams) VALUES (%s, %s)",
}
_FIND = {
    "sqlite": "SELECT rowid FROM portal_entrygrams WHERE portal_entrygrams MATCH %s",
    "postgresql": "SELECT entry_id FROM portal_entrygrams WHERE grams {} %s::text[]",
}
_ALL, _ANY = {"sqlite": " AND ", "postgresql": "@>"}, {"sqlite": " OR ", "postgresql": "&&"}
# How well a name fits, best first; the words in the text alone come last.
IS_NAME, BEGINS_NAME, IN_NAME, IN_TEXT = range(4)


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
    if keys := set().union(*(_keys(word) for word in words)):
        condition &= _indexed(keys, _ALL)
    for word in words:
        if len(word) > EXACT:
            condition &= Q(search_text__contains=word)
    return condition


def sharing_pairs(pairs: Iterable[str]) -> Q:
    """Return the condition that ``search_text`` holds one of the folded ``pairs`` of characters at least."""
    return _indexed(set().union(*(_keys(pair) for pair in pairs)), _ANY)


def _keys(word: str) -> set[str]:
    """Return the keys a word is found through: its pairs, which imply its characters."""
    keys = text.grams(word)
    return keys if len(word) == 1 else {key for key in keys if "z" in key}


def _indexed(keys: set[str], join: dict[str, str]) -> Q:
    how, wanted = join[connection.vendor], sorted(keys)
    needed = wanted if connection.vendor == "postgresql" else how.join(f'"{key}"' for key in wanted)
    return Q(pk__in=RawSQL(_FIND[connection.vendor].format(how), [needed]))


def ranked(entries: QuerySet, words: list[str]) -> QuerySet:
    """Return ``entries`` with ``fit``: the name itself, its beginning, words in the name, words in the text.

    ``words`` are folded; the name is compared without blanks, as ``CatalogueEntry.name_key`` keeps it.
    """
    in_name = Q(*(Q(name_key__contains=word) for word in words))
    fit = Case(
        When(name_key="".join(words), then=Value(IS_NAME)),
        When(in_name & Q(name_key__startswith=words[0]), then=Value(BEGINS_NAME)),
        When(in_name, then=Value(IN_NAME)),
        default=Value(IN_TEXT),
        output_field=models.IntegerField(),
    )
    return entries.annotate(fit=fit)


@transaction.atomic
def rebuild() -> int:
    """Make the index anew from all entries and return how many there are; memory does not grow with them."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM portal_entrygrams")
    number, last = 0, 0
    while rows := _after(last):
        index(rows)
        number, last = number + len(rows), rows[-1][0]
    return number


def _after(pk: int) -> list[tuple[int, str]]:
    pairs = CatalogueEntry.objects.filter(pk__gt=pk).order_by("pk").values_list("pk", "search_text")
    return list(pairs[:BATCH])
