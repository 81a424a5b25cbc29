"""What a search finds in one catalogue: all of it when it is little, else page by page, the best fit first.

A rare word is looked up in the index of bigrams: all that holds it is read at once, with exact numbers. A
common one is not, for that would cost what the catalogue holds: its entries are met soon enough along the
order of the list. No number is claimed of it but how many were met.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from portal import search, shelves
from portal.models.counts import EXITED
from portal.shelves import Shelf, Words

MOST = 1000  # hits up to which all are read
NEAR = 1000  # newest entries that tell a common word from a rare one, where the index cannot stop early
SURELY = 4  # times as many as are read at once, lest chance call a word common
REACH = 50_000  # entries of a shelf looked through for one page of a common word


@dataclass(frozen=True, slots=True)
class Hit:
    """What a list needs to know of an entry that was found."""

    pk: int
    region: str
    level: str
    facets: str
    valid_from: date
    valid_to: date | None
    exit_reason: str
    code: str
    name_key: str

    def is_in_force(self, day: date) -> bool:
        """Say whether it is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or self.valid_to > day)


ORDERS: dict[str, Callable[[Hit], tuple]] = {
    "new": lambda hit: (-hit.valid_from.toordinal(), -hit.pk),
    "code": lambda hit: (hit.code, -hit.pk),
    "region": lambda hit: (hit.region, -hit.valid_from.toordinal(), -hit.pk),
}


class AtLeast(int):
    """A number of which only this much is known: there may be more."""


def known(met: Sequence, number: int) -> int:
    """Return how many hits there are when more than ``number`` were asked for: all, or at least so many."""
    return AtLeast(len(met)) if len(met) > number else len(met)


def in_words(count: int, unit: str = "个") -> str:
    """Return a number of entries in words, honest about one that is not known to its end."""
    return f"{count // 10 * 10} {unit}以上" if isinstance(count, AtLeast) else f"{count} {unit}"


def total(counts: Iterable[int]) -> int:
    """Return the sum of several numbers, ``AtLeast`` when one of them is."""
    counts = list(counts)
    whole = sum(counts)
    return AtLeast(whole) if any(isinstance(count, AtLeast) for count in counts) else whole


def fit(hit: Hit, words: Sequence[str]) -> int:
    """Return how well a name fits, as ``search.ranked`` says it in a query."""
    if hit.name_key == "".join(words):
        return search.IS_NAME
    if not all(word in hit.name_key for word in words):
        return search.IN_TEXT
    return search.BEGINS_NAME if hit.name_key.startswith(words[0]) else search.IN_NAME


def ordered(hits: Sequence[Hit], order: str, words: Sequence[str]) -> list[Hit]:
    """Return hits in one of the orders, ``fit`` included."""
    if order != "fit":
        return sorted(hits, key=ORDERS[order])
    return sorted(hits, key=lambda hit: (fit(hit, words), *ORDERS["new"](hit)))


def all_of(shelf: Shelf, words: Words, size: int) -> list[Hit] | None:
    """Return every entry of the kind of ``shelf`` that holds ``words``, of any standing and place.

    None when there are more than ``MOST``; ``size`` is how many entries that catalogue holds.
    """
    if connection.vendor == "postgresql" and size > MOST and _is_common(shelf, words, size):
        return None
    found = search.having(_keys(shelf.kind, words), MOST + 1)
    return None if len(found) > MOST else _read(shelves.among(found, words))


def _is_common(shelf: Shelf, words: Words, size: int) -> bool:
    """Say whether the newest entries make it likely that a word is held by more than is read at once.

    An index of lists reads a list to its end before it gives the first entry, so it is not asked then.
    """
    whole = Shelf(shelf.kind, shelf.day, shelf.standing)
    return shelves.share(whole, words, NEAR) * size > MOST * NEAR * SURELY


def _keys(kind: str, words: Words) -> list[str]:
    if words.is_head:
        return sorted(
            {*search.head_of(kind, words.words[0]), *search.of_words(kind, words.words, search.IN_ITS_NAME)}
        )
    return search.of_words(kind, words.words, search.IN_ITS_NAME if words.is_named else "")


def _read(rows: Sequence[tuple]) -> list[Hit]:
    return [Hit(*row) for row in rows]


def first(shelf: Shelf, order: str, words: Sequence[str], number: int, size: int) -> list[Hit]:
    """Return the first ``number`` hits of a common word on a shelf, ``size`` being what the catalogue holds.

    Fewer are all there are.
    """
    found = _by_name(shelf, words, number, size) if order == "fit" else []
    if len(found) < number:
        known, order = {hit.pk for hit in found}, "new" if order == "fit" else order
        met = _walked(shelf, order, Words(words), number, size)
        found += [hit for hit in met if hit.pk not in known]
    return found[:number]


def _by_name(shelf: Shelf, words: Sequence[str], number: int, size: int) -> list[Hit]:
    """Return those that hold the words in their name, the best fit first: all of them, or the first."""
    named, headed = Words(words, is_named=True), Words(words, is_head=True)
    if (all_named := all_of(shelf, named, size)) is not None:
        return ordered([hit for hit in all_named if is_on(hit, shelf)], "fit", words)
    found = {hit.pk: hit for hit in _read(shelves.named(shelf, Words(words), number))}
    all_headed = all_of(shelf, headed, size)
    if all_headed is None:
        found |= {hit.pk: hit for hit in _walked(shelf, "new", headed, number, size)}
    else:
        found |= {hit.pk: hit for hit in all_headed if is_on(hit, shelf)}
    if len(found) < number:
        found |= {hit.pk: hit for hit in _walked(shelf, "new", named, number, size)}
    return ordered(list(found.values()), "fit", words)


def _walked(shelf: Shelf, order: str, words: Words, number: int, size: int) -> list[Hit]:
    """Return the first hits along the order; where they lie too far apart, all of them are looked up."""
    found = shelves.holding(shelf, order, words, number, REACH)
    if len(found) < number and size > REACH:
        keys = _keys(shelf.kind, words)
        found = shelves.looked_up(shelf, order, words, number, *search.lookup(keys))
    return _read(found)


def is_on(hit: Hit, shelf: Shelf) -> bool:
    """Say whether a hit stands on a shelf."""
    stands = bool(hit.exit_reason) if shelf.standing == EXITED else hit.is_in_force(shelf.day)
    return (
        stands
        and is_inside(hit.region, shelf.place)
        and (shelf.levels is None or hit.level in shelf.levels)
        and (shelf.facets is None or hit.facets in shelf.facets)
    )


def is_inside(region: str, place: str) -> bool:
    """Say whether a region lies in a place; the province stands for itself alone, empty is everywhere."""
    return region == place if len(place) == len("37") else region.startswith(place)


def by_code(
    shelf: Shelf, words: Sequence[str], found: Sequence[Hit] | None, after: str, number: int
) -> list[int]:
    """Return the ids of the first ``number`` entries of a shelf, that hold the words, behind a code.

    ``found`` is ``all_of`` the words; without words it is not looked at.
    """
    if words and found is not None:
        fit = sorted((hit.code, hit.pk) for hit in found if hit.code > after and is_on(hit, shelf))
        return [pk for _, pk in fit[:number]]
    return shelves.by_code(shelf, Words(words), after, number)
