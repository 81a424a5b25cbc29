"""What the public reads: catalogue lists, today or on a day, with facets and counts, and the search over all.

Pure reads of entries: a draft has none and cannot leak. What is in force today costs equally many queries and
as much time at any size; ``counting``, ``shelves`` and ``hits`` say how.
"""

from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cached_property

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal import counting, hits, lineages, numbers, registry, rollups, scope, search, shelves, wishes
from portal.hits import Hit
from portal.models import CatalogueEntry
from portal.numbers import counts_by_kind_and_city, provincial_by_kind
from portal.registry import RecordType
from portal.shelves import Shelf, Words
from portal.wishes import (
    EXITED,
    FIT,
    IN_FORCE,
    LONGEST_QUERY,
    MOST_WORDS,
    PROVINCE_CODE,
    RECTIFYING,
    SORTS,
    STATUSES,
    Facet,
    Unknown,
    Wish,
    facets_of,
    in_place,
    query_of,
    read_wish,
    search_words,
)

__all__ = [
    "EXITED",
    "FIT",
    "IN_FORCE",
    "LONGEST_QUERY",
    "MOST_WORDS",
    "PROVINCE_CODE",
    "RECTIFYING",
    "SORTS",
    "STATUSES",
    "Facet",
    "Listing",
    "TooFar",
    "Unknown",
    "Wish",
    "counts_by_kind_and_city",
    "counts_for",
    "facets_of",
    "in_place",
    "provincial_by_kind",
    "query_of",
    "read_wish",
    "search_words",
]

STANDINGS = (counting.OPEN, counting.EXITED)
FARTHEST = 100_000  # entries from the nearer end of a list up to which its pages are turned to
A_PAGE = 20  # hits of a common word that are met when nothing but their number is asked for


class TooFar(ValueError):
    """A page so deep in a list that nobody turns to it."""


class Listing:
    """The entries of one catalogue under one wish, with counts that agree with it.

    On a ``day`` they are those in force then, at the level they had; nothing has exited on that day. Today's
    pages and numbers cost the same however much the catalogue holds; those of a day that is past do not.
    """

    def __init__(self, record_type: RecordType, wish: Wish, day: date | None = None):
        self.record_type, self.wish, self.day = record_type, wish, day
        self.kind, self.today = record_type.slug, timezone.localdate()
        self.facets = facets_of(record_type)
        self.words = search_words(wish.q)
        self.usual = FIT if self.words else "code" if day else "new"
        self._cubes: dict[str, numbers.Cube] = {}
        self._tallies: dict[str, numbers.Rows | numbers.Cube | None] = {}

    # -- which entries

    @property
    def conditions(self) -> list[Q]:
        """What is asked for beside the status, as conditions of a query."""
        wish, found = self.wish, []
        if self.words:
            found.append(search.holding(self.words))
        if wish.region:
            found.append(in_place(wish.region))
        level = "level_then" if self.day else "level"
        found += [Q(**{f"{level}__in": values}) for values in [wish.chosen.get("level")] if values]
        if self._facets_chosen:
            found.append(Q(facets__in=self._all_facets))
        return found

    def entries(self) -> QuerySet:
        """Return the entries that fit the wish, as a query whatever they are."""
        return self._with_status(self.wish.status).filter(*self.conditions)

    def _all(self) -> QuerySet:
        """Return every entry this catalogue ever had; on a day each says the level it had then."""
        base = CatalogueEntry.objects.filter(kind=self.kind)
        base = base.filter(scope.within("region_id", self.wish.within)) if self.wish.within else base
        return base.annotate(level_then=rollups.level_on(self.day)) if self.day else base

    def _with_status(self, status: str) -> QuerySet:
        base = self._all()
        if status == EXITED:
            return base.exclude(exit_reason="")
        if self.day or self._ends_later:
            base = base.in_force(self.day)
        else:
            base = base.filter(valid_to=None, valid_from__lte=self.today)
        return base.filter(code__in=self._rectifying) if status == RECTIFYING else base

    @cached_property
    def _rectifying(self) -> list[str]:
        return lineages.rectifying_codes(self.kind)

    @cached_property
    def _odd(self) -> list[tuple]:
        return counting.odd(self.today, self.kind)

    @property
    def _ends_later(self) -> bool:
        """Whether an entry has an end that is still to come: no act enters one."""
        return any(number > 0 for *_, number in self._odd)

    @cached_property
    def all_hits(self) -> list[Hit] | None:
        """All entries of the catalogue that hold the words; None when they are too many to be read."""
        cube = self._cube(counting.OPEN)
        return hits.all_of(self.shelf, Words(self.words), cube.cells("").total())

    @property
    def shelf(self) -> Shelf:
        """What is asked for beside the words, as an index is asked."""
        standing = counting.EXITED if self.wish.status == EXITED else counting.OPEN
        levels = self.wish.chosen.get("level") or None
        facets = self._all_facets if self._facets_chosen or levels else None
        return Shelf(self.kind, self.today, standing, self.wish.region, levels, facets)

    @property
    def _facets_chosen(self) -> bool:
        return any(values for name, values in self.wish.chosen.items() if name != "level")

    @cached_property
    def _all_facets(self) -> tuple[str, ...]:
        """The combinations of facets there are that fit the wish."""
        known = {facets for standing in STANDINGS for _, facets in self._cube(standing).cells("")}
        known |= {facets for _, facets in self._on_day.cells("")} if self.day else set()
        return tuple(sorted(f for f in known if self._fits(("", f), without="level")))

    # -- how many

    def _cube(self, standing: str) -> numbers.Cube:
        if standing not in self._cubes:
            odd = [row[1:] for row in self._odd] if standing == counting.OPEN else []
            self._cubes[standing] = numbers.Cube(self.kind, standing, numbers.Rows(odd))
        return self._cubes[standing]

    @cached_property
    def _on_day(self) -> numbers.Rows:
        base = self._with_status(IN_FORCE)
        if self.words:
            base = base.filter(search.holding(self.words))
        return numbers.of_entries(base, "level_then" if self.day else "level")

    def tally(self, status: str) -> numbers.Rows | numbers.Cube | None:
        """Return the numbers of a status under the words of the wish; None when they are not known."""
        if status not in self._tallies:
            self._tallies[status] = self._tally(status)
        return self._tallies[status]

    def _tally(self, status: str) -> numbers.Rows | numbers.Cube | None:
        if self.day or self.wish.within:
            return self._on_day
        if status == RECTIFYING:
            return self._put_right
        if not self.words:
            return self._cube(counting.EXITED if status == EXITED else counting.OPEN)
        if self.all_hits is None:
            return None
        return numbers.of_hits(hit for hit in self.all_hits if self._stands(hit, status))

    @cached_property
    def _put_right(self) -> numbers.Rows:
        if not self._rectifying:
            return numbers.Rows([])
        found = self._with_status(RECTIFYING).filter(*(Q(search_text__contains=word) for word in self.words))
        return numbers.of_entries(found)

    def _stands(self, hit: Hit, status: str) -> bool:
        if status == EXITED:
            return bool(hit.exit_reason)
        return hit.is_in_force(self.today) and (status != RECTIFYING or hit.code in self._rectifying)

    def _fits(self, cell: counting.Cell, without: str = "") -> bool:
        """Say whether level and facets fit what was chosen, one facet left out."""
        chosen = self.wish.chosen.items()
        said = {"level": cell[0], **counting.values_in(cell[1])}
        return all(said.get(name, "") in values for name, values in chosen if values and name != without)

    def _fitting(self, found: numbers.Rows | numbers.Cube) -> list[counting.Cell] | None:
        """Return the cells that fit what was chosen, None when nothing was."""
        if not any(self.wish.chosen.values()):
            return None
        return [cell for cell in found.cells("") if self._fits(cell)]

    @property
    def status(self) -> str:
        """The status that is shown."""
        return self.wish.status or IN_FORCE

    @cached_property
    def total(self) -> int:
        """How many entries of this catalogue are in force, whatever was asked for."""
        if self.day or self.wish.within:
            return self._with_status(IN_FORCE).count()
        return self._cube(counting.OPEN).cells("").total()

    @cached_property
    def count(self) -> int:
        """How many entries fit the wish, ``AtLeast`` so many for a common word."""
        if (known := self._known(self.status)) is None:
            return self.entries().count() if self.is_plain else hits.known(self._met(A_PAGE), A_PAGE)
        return known

    def _known(self, status: str) -> int | None:
        found = self.tally(status)
        if found is None:
            return None
        return sum(number for cell, number in found.cells(self.wish.region).items() if self._fits(cell))

    # -- pages

    @property
    def is_plain(self) -> bool:
        """Whether no index has the order: of a past day, of few entries, or when a clock was put back."""
        return bool(self.day or self.wish.within or self.status == RECTIFYING or self._ends_later)

    def page(self, start: int, number: int) -> tuple[list[CatalogueEntry], int]:
        """Return the entries from place ``start`` on and how many there are, ``AtLeast`` for a common word.

        Raises ``TooFar`` for a place that is not turned to.
        """
        if self.is_plain:
            found = self.ordered()[start : start + number] if start < self.count else []
            return list(found), self.count
        if self.words:
            return self._found(start, number)
        if min(start, self.count - start) > FARTHEST:
            raise TooFar
        found = shelves.page(self.shelf, self.sort, start, number, self.count)
        return shelves.loaded(found), self.count

    def _found(self, start: int, number: int) -> tuple[list[CatalogueEntry], int]:
        if self.all_hits is None:
            return self._common(start, number)
        shelf = self.shelf
        mine = [hit for hit in self.all_hits if hits.is_on(hit, shelf)]
        shown = hits.ordered(mine, self.sort, self.words)[start : start + number]
        return shelves.loaded([hit.pk for hit in shown]), len(mine)

    def _common(self, start: int, number: int) -> tuple[list[CatalogueEntry], int]:
        if start + number > hits.MOST:
            raise TooFar
        met = self._met(start + number)
        shown = [hit.pk for hit in met[start : start + number]]
        return shelves.loaded(shown), hits.known(met, start + number)

    def _met(self, number: int) -> list[Hit]:
        """Return the first hits of a common word, one more than ``number`` where there are."""
        size = self._cube(counting.OPEN).cells("").total()
        return hits.first(self.shelf, self.sort, self.words, number + 1, size)

    def ordered(self) -> QuerySet:
        """Return the entries in the order of the wish, with what a line of the list shows."""
        found = self.entries().select_related("region__parent")
        if self.sort == FIT:
            found = search.ranked(found, self.words)
        return found.order_by(*SORTS[self.sort][1])

    @property
    def sort(self) -> str:
        """The order in which the list is shown; without words nothing fits better than another."""
        asked = self.wish.sort or self.usual
        return self.usual if asked == FIT and not self.words else asked

    def sorts(self) -> list[dict]:
        """Return the orders that can be chosen, with the query of each."""
        return [
            {"word": word, "is_chosen": name == self.sort, "query": self.wish.query(sort=name)}
            for name, (word, _) in SORTS.items()
            if name != FIT or self.words
        ]

    def options(self, facet: Facet) -> list[dict]:
        """Return the choices of a facet with counts: what the list would hold with that choice alone.

        The counts are None when they are not known.
        """
        found, counts = self.tally(self.status), Counter()
        for cell, number in found.cells(self.wish.region).items() if found else ():
            if self._fits(cell, without=facet.name):
                counts[{"level": cell[0], **counting.values_in(cell[1])}.get(facet.name, "")] += number
        return [
            {
                "word": word,
                "count": counts[value] if found else None,
                "is_chosen": value in self.wish.chosen.get(facet.name, ()),
                "query": self.wish.query(chosen=self.wish.toggled(facet.name, value)),
            }
            for value, word in facet.words.items()
        ]

    def status_options(self) -> list[dict]:
        """Return the statuses with counts; what is in force is chosen unless the visitor says otherwise."""
        return [
            {
                "word": word,
                "count": self._known(value),
                "is_chosen": value == self.status,
                "query": self.wish.query(status="" if value == IN_FORCE else value),
            }
            for value, word in STATUSES.items()
        ]

    def cities(self) -> list[dict]:
        """Return the province and the cities with the count each would show."""
        found = self.tally(self.status)
        counts = found.places("", self._fitting(found)) if found else None
        named = wishes.cities()
        shown = [row for row in named if row[0] != PROVINCE_CODE or counts is None or counts[PROVINCE_CODE]]
        return [self._place(code, name, counts, city=code, county="") for code, name in shown]

    def counties(self) -> list[dict]:
        """Return the counties and zones of the chosen city with counts; nothing without a city."""
        if not self.wish.city or self.wish.city == PROVINCE_CODE:
            return []
        found = self.tally(self.status)
        counts = found.places(self.wish.city, self._fitting(found)) if found else None
        named = wishes.counties(self.wish.city, self.today)
        return [self._place(code, name, counts, county=code) for code, name in named]

    def _place(self, code: str, word: str, counts: Counter | None, **place: str) -> dict:
        is_chosen = code in (self.wish.city, self.wish.county)
        undo = {name: "" for name in ("county", "city") if name in place}
        return {
            "word": word,
            "count": None if counts is None else counts[code],
            "is_chosen": is_chosen,
            "query": self.wish.query(**(undo if is_chosen else place)),
        }

    def removable(self, region_name: str = "") -> list[dict]:
        """Return the conditions in force as words, each with the wish and the query that leave it out."""
        wish = self.wish
        found = [(f"关键词：{wish.q}", {"q": ""})] if wish.q else []
        if wish.region:
            found.append((f"地区：{region_name}", {"county": ""} if wish.county else {"city": ""}))
        for facet in self.facets:
            for value in wish.chosen.get(facet.name, ()):
                word = f"{facet.label}：{facet.words[value]}"
                found.append((word, {"chosen": wish.toggled(facet.name, value)}))
        if wish.status in (EXITED, RECTIFYING):
            found.append((f"状态：{STATUSES[wish.status]}", {"status": ""}))
        return [
            {"word": word, "wish": replace(wish, **left), "query": wish.query(**left)} for word, left in found
        ]

    def way_out(self, conditions: list[dict]) -> dict | None:
        """Return the one condition whose removal shows most, with ``text`` for the page, or None."""
        ways = [(Listing(self.record_type, c["wish"], self.day).count, c) for c in conditions]
        count, best = max(ways, key=lambda way: way[0], default=(0, {}))
        said = hits.in_words(count, self.record_type.unit)
        return {**best, "text": f"去掉“{best['word']}”后有 {said}。"} if count else None


def counts_for(q: str) -> dict[str, int]:
    """Return slug → entries in force that match ``q``, ``AtLeast`` so many for a common word; no zeros."""
    kinds = (kind for kind in registry.all_types() if kind.public)
    found = {kind.slug: Listing(kind, Wish(q=q)).count for kind in kinds}
    return {slug: count for slug, count in found.items() if count}
