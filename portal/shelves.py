"""One page of a list by the index that has its order; where words are asked for, of what holds them.

A shelf is what of a catalogue is asked for; its conditions stand in every index of ``CatalogueEntry`` that
has an order, so that a row is read only when it is shown. Few entries are gathered and sorted, many are
walked along the index until the page is full: neither grows with the catalogue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import QuerySet

from portal import asked
from portal.models import CatalogueEntry
from portal.models.counts import EXITED

FEW = 2000  # entries that are gathered and sorted at once; a walk to the first page of more is as short
# order → how the database says it, and the index of what is in force that has it
ORDERS = {
    "new": ("valid_from DESC, id DESC", "entry_by_day"),
    "code": ("code, id DESC", "entry_by_code"),
    "region": ("region_id, valid_from DESC, id DESC", "entry_by_region"),
}
_BACK = {"valid_from DESC": "valid_from", "id DESC": "id", "code": "code DESC", "region_id": "region_id DESC"}
COLUMNS = "id, region_id, level, facets, valid_from, valid_to, exit_reason, code, name_key"
_HOLDS = {"sqlite": "instr({}, %s) {}", "postgresql": "strpos({}, %s) {}"}


@dataclass(frozen=True)
class Shelf:
    """What of a catalogue is asked for; ``None`` for levels or facets means that any will do."""

    kind: str
    day: date
    standing: str
    place: str = ""
    levels: tuple[str, ...] | None = None
    facets: tuple[str, ...] | None = None

    def where(self) -> tuple[str, list]:
        """Return the condition and its values."""
        parts, values = ["kind = %s"], [self.kind]
        if self.standing == EXITED:
            parts.append("NOT (exit_reason = '')")
        else:
            parts.append("valid_to IS NULL AND valid_from <= %s")
            values.append(self.day)
        if self.place:
            is_city = len(self.place) == len("3701")
            parts.append("region_id >= %s AND region_id < %s" if is_city else "region_id = %s")
            values += [self.place, f"{self.place}ZZ"] if is_city else [self.place]
        for column, chosen in (("level", self.levels), ("facets", self.facets)):
            if chosen is not None:
                parts.append(f"{column} IN ({', '.join(['%s'] * len(chosen))})" if chosen else "1 = 0")
                values += chosen
        return " AND ".join(parts), values

    def source(self, order: str, *, is_small: bool = False) -> str:
        """Return the table, for SQLite with the index that it would not always find by itself."""
        if connection.vendor != "sqlite":
            return "portal_catalogueentry"
        index = ORDERS[order][1]
        if self.standing == EXITED:
            index = "entry_exited"
        elif is_small and self.facets is not None:
            index = "entry_by_facets"
        elif self.place and (is_small or (order == "new" and len(self.place) > len("3701"))):
            index = "entry_by_region"  # of one county it has the order by day too
        return f"portal_catalogueentry INDEXED BY {index}"


@dataclass(frozen=True)
class Words:
    """Folded words that an entry holds: in its text, and with ``is_named`` in its name, or at its head."""

    words: Sequence[str]
    is_named: bool = False
    is_head: bool = False

    def where(self) -> tuple[str, list]:
        """Return the condition and its values; a name is compared without blanks."""
        holds = _HOLDS[connection.vendor]
        parts, values = [holds.format("search_text", "> 0") for _ in self.words], list(self.words)
        if self.is_named or self.is_head:
            parts += [holds.format("name_key", "> 0") for _ in self.words]
            values += self.words
        if self.is_head:
            parts.append(holds.format("name_key", "= 1"))
            values.append(self.words[0])
        return " AND ".join(parts), values


def page(shelf: Shelf, order: str, start: int, number: int, size: int) -> list[int]:
    """Return the ids of the entries from place ``start`` on, of ``size`` that there are."""
    number = min(number, size - start)
    if number <= 0:
        return []
    if size <= FEW:
        return _gathered(shelf, order)[start : start + number]
    if start > size // 2:  # the other end is nearer
        return _walked(shelf, order, size - start - number, number, is_back=True)[::-1]
    return _walked(shelf, order, start, number)


def loaded(pks: Sequence[int]) -> list[CatalogueEntry]:
    """Return the entries with these ids, in this order, with their places."""
    found = {entry.pk: entry for entry in asked.rows(len(pks), _with_places, *pks)} if pks else {}
    return [found[pk] for pk in pks if pk in found]


def _with_places(*pks: int) -> QuerySet:
    return CatalogueEntry.objects.filter(pk__in=pks).select_related("region__parent")


def _gathered(shelf: Shelf, order: str) -> list[int]:
    """Return all ids of a shelf that holds few, by the index that finds them best, sorted afterwards."""
    condition, values = shelf.where()
    sql = f"SELECT id FROM {shelf.source(order, is_small=True)} WHERE {condition} ORDER BY {ORDERS[order][0]}"
    return [pk for (pk,) in rows(sql, values)]


def _walked(shelf: Shelf, order: str, start: int, number: int, *, is_back: bool = False) -> list[int]:
    condition, values = shelf.where()
    ordered = ORDERS[order][0]
    if is_back:
        ordered = ", ".join(_BACK[part] for part in ordered.split(", "))
    sql = f"SELECT id FROM {shelf.source(order)} WHERE {condition} ORDER BY {ordered} LIMIT %s OFFSET %s"
    return [pk for (pk,) in rows(sql, [*values, number, start])]


def holding(shelf: Shelf, order: str, words: Words, number: int, reach: int) -> list[tuple]:
    """Return the first ``number`` entries that hold ``words`` among the first ``reach`` of the shelf."""
    (condition, values), (said, sayings) = shelf.where(), words.where()
    ordered = ORDERS[order][0]
    sql = f"""SELECT {COLUMNS} FROM (
        SELECT {COLUMNS}, search_text FROM {shelf.source(order)} WHERE {condition} ORDER BY {ordered} LIMIT %s
        ) AS near WHERE {said} LIMIT %s"""
    return rows(sql, [*values, reach, *sayings, number])


def by_code(shelf: Shelf, words: Words, after: str, number: int) -> list[int]:
    """Return the ids of the first ``number`` entries of a shelf behind a code; with ``words``, if any."""
    (condition, values), (said, sayings) = shelf.where(), words.where() if words.words else ("1 = 1", [])
    sql = f"""SELECT id FROM {shelf.source("code")} WHERE {condition} AND code > %s AND {said}
        ORDER BY code, id LIMIT %s"""
    return [pk for (pk,) in rows(sql, [*values, after, *sayings, number])]


def share(shelf: Shelf, words: Words, near: int) -> int:
    """Return how many of the newest ``near`` entries of a shelf hold ``words``."""
    (condition, values), (said, sayings) = shelf.where(), words.where()
    sql = f"""SELECT count(*) FROM (
        SELECT search_text, name_key FROM {shelf.source("new")} WHERE {condition}
        ORDER BY {ORDERS["new"][0]} LIMIT %s) AS near WHERE {said}"""
    return rows(sql, [*values, near, *sayings])[0][0]


def named(shelf: Shelf, words: Words, number: int) -> list[tuple]:
    """Return the newest ``number`` entries of a shelf whose name is exactly the words."""
    (condition, values), (said, sayings) = shelf.where(), words.where()
    sql = f"""SELECT {COLUMNS} FROM portal_catalogueentry WHERE name_key = %s AND {condition} AND {said}
        ORDER BY {ORDERS["new"][0]} LIMIT %s"""
    return rows(sql, ["".join(words.words), *values, *sayings, number])


def among(pks: Sequence[int], words: Words) -> list[tuple]:
    """Return those of some entries, of any standing, that hold ``words``."""
    if not pks:
        return []
    said, sayings = words.where()
    marks = ", ".join(["%s"] * len(pks))
    return rows(
        f"SELECT {COLUMNS} FROM portal_catalogueentry WHERE id IN ({marks}) AND {said}", [*pks, *sayings]
    )


def looked_up(shelf: Shelf, order: str, words: Words, number: int, found: str, key: object) -> list[tuple]:
    """Return the first ``number`` entries of a shelf that hold ``words``, of all that a lookup ``found``."""
    (condition, values), (said, sayings) = shelf.where(), words.where()
    sql = f"""SELECT {COLUMNS} FROM portal_catalogueentry
        WHERE id IN ({found}) AND {condition} AND {said} ORDER BY {ORDERS[order][0]} LIMIT %s"""
    return rows(sql, [key, *values, *sayings, number])


def rows(sql: str, values: Sequence) -> list[tuple]:
    """Return the rows of one query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
