"""How many entries of a catalogue stand where: from the counts that are kept, or from entries at hand.

Both answer alike: ``cells`` of a place, and ``places`` by number. What is in force depends on the day: the
few entries that begin or end after it are put right here.
"""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, QuerySet
from django.utils import timezone

from portal import counting
from portal.counting import CITY, Cell
from portal.hits import Hit, is_inside
from portal.vocabulary import BrandLevel


class Rows:
    """Numbers of (region, level, facets, number)."""

    def __init__(self, rows: Iterable[tuple[str, str, str, int]]):
        self.rows = list(rows)

    def cells(self, place: str) -> Counter[Cell]:
        """Return level and facets → number of entries in ``place``, everywhere when it is empty."""
        found: Counter[Cell] = Counter()
        for region, level, facets, number in self.rows:
            if is_inside(region, place):
                found[level, facets] += number
        return found

    def places(self, city: str = "", fits: Iterable[Cell] | None = None) -> Counter[str]:
        """Return city → number, or inside ``city`` county → number; of the cells ``fits``, if given."""
        found: Counter[str] = Counter()
        wanted = None if fits is None else set(fits)
        for region, level, facets, number in self.rows:
            if is_inside(region, city) and (wanted is None or (level, facets) in wanted):
                found[region if city else region[:CITY]] += number
        return found


class Cube:
    """Numbers of all entries of a kind that are in force today, or that have exited, as they are kept."""

    def __init__(self, kind: str, standing: str, odd: Rows):
        self.kind, self.standing, self.odd = kind, standing, odd
        self._known: dict[str, Counter[Cell]] = {}

    def cells(self, place: str) -> Counter[Cell]:
        """Return level and facets → number of entries in ``place``, everywhere when it is empty."""
        if place not in self._known:
            found = counting.cells(self.kind, self.standing, place)
            found.update(self.odd.cells(place))
            self._known[place] = found
        return self._known[place]

    def places(self, city: str = "", fits: Iterable[Cell] | None = None) -> Counter[str]:
        """Return city → number, or inside ``city`` county → number; of the cells ``fits``, if given."""
        wanted = None if fits is None else list(fits)
        found = counting.places(self.kind, self.standing, city, wanted)
        found.update(self.odd.places(city, wanted))
        return found


def of_hits(hits: Iterable[Hit]) -> Rows:
    """Return the numbers of entries that were found."""
    return Rows((hit.region, hit.level, hit.facets, 1) for hit in hits)


def of_entries(entries: QuerySet, level: str = "level") -> Rows:
    """Return the numbers of entries as the database groups them; one query that reads them all."""
    grouped = entries.order_by().values_list("region_id", level, "facets").annotate(n=Count("pk"))
    return Rows(grouped)


def counts_by_kind_and_city() -> dict[str, dict[str, int]]:
    """Return slug → city code → entries in force, for the home page; two queries."""
    found = counting.by_kind_and_city()
    for kind, region, _, _, number in counting.odd(timezone.localdate()):
        found.setdefault(kind, Counter())[region[:CITY]] += number
    return {
        kind: {code: n for code, n in cities.items() if n}
        for kind, cities in found.items()
        if any(cities.values())
    }


def by_city(kind: str, level: str = "") -> Counter[str]:
    """Return city or province → entries in force today of a catalogue, of one level if told; ≤ 3 queries."""
    later = Rows(found[1:] for found in counting.odd(timezone.localdate(), kind))
    cube = Cube(kind, counting.OPEN, later)
    return cube.places(fits=[cell for cell in cube.cells("") if cell[0] == level] if level else None)


def provincial_by_kind() -> dict[str, int]:
    """Return slug → entries in force at provincial level; two queries."""
    found = counting.by_kind(BrandLevel.PROVINCIAL)
    for kind, _, level, _, number in counting.odd(timezone.localdate()):
        found[kind] += number if level == BrandLevel.PROVINCIAL else 0
    return {kind: number for kind, number in found.items() if number}
