"""The index of bigrams behind the public search: FTS5 on SQLite, GIN over an array on PostgreSQL.

One row of keys (``text.grams``) per catalogue entry, written with it. Trigrams of either database fail below
three characters. A word of one or two characters is a key itself; a longer one is found through its pairs
and then compared as it stands, for pairs may lie apart. The keys of a name stand beside those of the text, so
that what is called so is found among all that only mentions it.
"""

from collections.abc import Iterable, Sequence

from django.db import connection, models, transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from portal import text
from portal.models import CatalogueEntry

BATCH = 1000  # entries whose keys are in memory at once
EXACT = 2  # characters up to which a word is one key
IN_ITS_NAME, AT_ITS_HEAD = "n", "h"  # begin the keys of a name, and those of how it begins
_INSERT = {
    "sqlite": "INSERT INTO portal_entrygrams (rowid, grams) VALUES (%s, %s)",
    "postgresql": "INSERT INTO portal_entrygrams (entry_id, grams) VALUES (%s, %s)",
}
_FORGET = {
    "sqlite": "DELETE FROM portal_entrygrams WHERE rowid = %s",
    "postgresql": "DELETE FROM portal_entrygrams WHERE entry_id = %s",
}
_FIND = {
    "sqlite": "SELECT rowid FROM portal_entrygrams WHERE portal_entrygrams MATCH %s",
    "postgresql": "SELECT entry_id FROM portal_entrygrams WHERE grams {} %s::text[]",
}
_ALL, _ANY = {"sqlite": " AND ", "postgresql": "@>"}, {"sqlite": " OR ", "postgresql": "&&"}
# How well a name fits, best first; the words in the text alone come last.
IS_NAME, BEGINS_NAME, IN_NAME, IN_TEXT = range(4)


def index(rows: Iterable[tuple[int, str, str, str]]) -> None:
    """Add (entry id, kind, ``name_key``, ``search_text``) to the index; in the transaction of the entries."""
    keys = ((pk, sorted(keys_of(kind, name, words))) for pk, kind, name, words in rows)
    if connection.vendor == "sqlite":
        keys = ((pk, " ".join(found)) for pk, found in keys)
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT[connection.vendor], list(keys))


def index_anew(rows: Sequence[tuple[int, str, str, str]]) -> None:
    """Let these rows take the place of what the index has of their entries; in the transaction of these."""
    with connection.cursor() as cursor:
        cursor.executemany(_FORGET[connection.vendor], [(pk,) for pk, *_ in rows])
    index(rows)


def keys_of(kind: str, name_key: str, search_text: str) -> set[str]:
    """Return all keys of an entry: of its text, its kind and its name."""
    return text.grams(search_text) | keys_beside(kind, name_key)


def keys_beside(kind: str, name_key: str) -> set[str]:
    """Return the keys of the kind, of the name, and of how the name begins.

    No two sorts of keys can be taken for one another: those of a text are hexadecimal.
    """
    found = {_of_kind(kind), *(f"{IN_ITS_NAME}{key}" for key in text.grams(name_key))}
    heads = (key for key in text.grams(name_key[:EXACT]) if _is_head(key, name_key))
    return found | {f"{AT_ITS_HEAD}{key}" for key in heads}


def _is_head(key: str, name_key: str) -> bool:
    return key.split("z")[0] == f"{ord(name_key[0]):x}"


def _of_kind(kind: str) -> str:
    return f"k{kind.replace('-', '')}"


def of_words(kind: str, words: Iterable[str], where: str = "") -> list[str]:
    """Return the keys all of which an entry of ``kind`` has that holds ``words`` in its text or ``where``."""
    found = set().union(*(_keys(word) for word in words))
    return [_of_kind(kind), *sorted(f"{where}{key}" for key in found)]


def head_of(kind: str, word: str) -> list[str]:
    """Return the keys all of which an entry of ``kind`` has whose name begins with ``word``."""
    return of_words(kind, [word[:EXACT]], AT_ITS_HEAD)


def having(keys: list[str], most: int) -> list[int]:
    """Return the entries that have all ``keys``, ``most`` of them at most."""
    sql, wanted = lookup(keys)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT %s", [wanted, most])
        return [pk for (pk,) in cursor.fetchall()]


def lookup(keys: list[str]) -> tuple[str, list[str] | str]:
    """Return the query for the ids of the entries that have all ``keys``, and its one value."""
    wanted = keys if connection.vendor == "postgresql" else _ALL["sqlite"].join(f'"{key}"' for key in keys)
    return _FIND[connection.vendor].format(_ALL["postgresql"]), wanted


def holding(words: Iterable[str]) -> Q:
    """Return the condition that ``search_text`` holds each of the folded ``words``; none without a word."""
    condition, words = Q(), list(words)
    if keys := set().union(*(_keys(word) for word in words)):
        condition &= _indexed(keys, _ALL)
    for word in words:
        if len(word) > EXACT:
            condition &= Q(search_text__contains=word)
    return condition


def any_of_pairs(pairs: Iterable[str]) -> str:
    """Return what the index is asked for to find names with one of the folded ``pairs`` at least."""
    keys = sorted({f"{IN_ITS_NAME}{key}" for pair in pairs for key in _keys(pair)})
    return _needed(keys, _ANY)


def sharing(sought: str) -> Q:
    """Return the condition that a name is among those ``sought``, as ``any_of_pairs`` says it."""
    return Q(pk__in=RawSQL(_FIND[connection.vendor].format(_ANY[connection.vendor]), [sought]))


def _keys(word: str) -> set[str]:
    """Return the keys a word is found through: its pairs, which imply its characters."""
    keys = text.grams(word)
    return keys if len(word) == 1 else {key for key in keys if "z" in key}


def _indexed(keys: set[str], join: dict[str, str]) -> Q:
    needed = _needed(sorted(keys), join)
    return Q(pk__in=RawSQL(_FIND[connection.vendor].format(join[connection.vendor]), [needed]))


def _needed(keys: list[str], join: dict[str, str]) -> str:
    """Return ``keys`` as the index takes them: letters and digits, of which an array needs no quotes."""
    if connection.vendor == "postgresql":
        return f"{{{','.join(keys)}}}"
    return join["sqlite"].join(f'"{key}"' for key in keys)


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


def _after(pk: int) -> list[tuple[int, str, str, str]]:
    found = CatalogueEntry.objects.filter(pk__gt=pk).order_by("pk")
    return list(found.values_list("pk", "kind", "name_key", "search_text")[:BATCH])
