"""What the public reads: catalogue lists, today or on a day, with facets and counts, and the search over all.

Pure reads of entries: a draft has none and cannot leak. A list costs equally many queries at any size.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Substr

from portal import lineages, rollups, scope, search, text
from portal.models import CatalogueEntry, Region
from portal.registry import RecordType
from portal.vocabulary import BrandLevel, Level

PROVINCE_CODE = lineages.PROVINCE_CODE
IN_FORCE, RECTIFYING, EXITED = "in_force", "rectifying", "exited"
STATUSES = {IN_FORCE: "现行有效", RECTIFYING: "限期整改", EXITED: "已退出"}
FIT = "fit"  # the order that asks for words: the name itself, its beginning, words in it, words in the text
SORTS = {
    FIT: ("按相关度", ("fit", "-valid_from", "-pk")),
    "new": ("最近公布在前", ("-valid_from", "-pk")),
    "code": ("按编号", ("code", "-pk")),
    "region": ("按地区", ("region_id", "-valid_from", "-pk")),
}
LONGEST_QUERY = 60  # characters; a name has at most 100 and nobody types more of it
MOST_WORDS = 6
_CODE = re.compile("[0-9A-Z]{2,8}")


class Unknown(ValueError):
    """A parameter names something that does not exist."""


def search_words(q: str) -> list[str]:
    """Return the words of a query as they are compared with ``CatalogueEntry.search_text``."""
    return text.fold(q[:LONGEST_QUERY]).split()[:MOST_WORDS]


def query_of(params) -> str:
    """Return the query of a request, clean and not too long; blanks and invisible characters are none."""
    q = text.clean(params.get("q", "")[:LONGEST_QUERY])
    return q if search_words(q) else ""


def matching(q: str) -> Q:
    """Return the condition that an entry holds every word of ``q``, one character or more each."""
    return search.holding(search_words(q))


def in_place(code: str) -> Q:
    """Return the condition that an entry belongs to a region; the province stands for itself alone."""
    return Q(region_id=code) if code == PROVINCE_CODE else scope.within("region_id", code)


@dataclass(frozen=True)
class Facet:
    """One list of choices beside the results: parameter, heading, column and the words of its values."""

    name: str
    label: str
    path: str
    words: dict[str, str]


def facets_of(record_type: RecordType, level_path: str = "level") -> list[Facet]:
    """Return the level of a levelled type and the choice fields its declaration names."""
    level = [Facet("level", "级别", level_path, dict(BrandLevel.choices))] if record_type.levelled else []
    child = f"filing__{record_type.model._meta.model_name}__"
    declared = [record_type.field(name) for name in record_type.facets]
    return level + [Facet(f.name, str(f.verbose_name), child + f.name, dict(f.choices)) for f in declared]


@dataclass(frozen=True)
class Wish:
    """What a visitor asked for; ``chosen`` maps a facet to its values, ``within`` names a city alone."""

    q: str = ""
    city: str = ""
    county: str = ""
    status: str = ""
    sort: str = ""
    table: bool = False
    within: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def region(self) -> str:
        """The narrowest place that was asked for."""
        return self.county or self.city

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parts of this wish as parameters, empty ones left out."""
        chosen = [(name, value) for name, values in self.chosen.items() for value in values]
        places = [("city", self.city), ("county", self.county), ("status", self.status)]
        shape = [("sort", self.sort), ("view", "table" if self.table else ""), ("region", self.within)]
        return [(name, value) for name, value in [("q", self.q), *places, *chosen, *shape] if value]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the search form carries along beside the words being typed."""
        return [pair for pair in self.pairs if pair[0] != "q"]

    def query(self, **changes) -> str:
        """Return the query string of this wish with some parts changed."""
        return "?" + urlencode(replace(self, **changes).pairs)

    def toggled(self, facet: str, value: str) -> dict[str, tuple[str, ...]]:
        """Return ``chosen`` with one value of a facet added, or taken out when it was there."""
        values = self.chosen.get(facet, ())
        changed = tuple(v for v in values if v != value) if value in values else (*values, value)
        return {**self.chosen, facet: changed}


def read_wish(record_type: RecordType, params) -> Wish:
    """Return the wish a query string expresses; raise ``Unknown`` for a choice that does not exist."""
    wish = Wish(
        q=query_of(params),
        city=params.get("city", ""),
        county=params.get("county", ""),
        status=params.get("status", ""),
        sort=params.get("sort", ""),
        table=params.get("view") == "table",
        chosen={f.name: _values(params, f) for f in facets_of(record_type) if params.get(f.name)},
    )
    if wish.status not in ("", *STATUSES) or wish.sort not in ("", *SORTS):
        raise Unknown("status or sort")
    return _in_its_city(wish)


def _values(params, facet: Facet) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(params.getlist(facet.name)))
    if set(values) - set(facet.words):
        raise Unknown(facet.name)
    return values


def _in_its_city(wish: Wish) -> Wish:
    """Refuse places that do not exist; a county alone brings its city with it."""
    wish = replace(wish, city=wish.city or wish.county[:4])
    levels = {wish.city: (Level.PROVINCE, Level.CITY), wish.county: (Level.COUNTY, Level.ZONE)}
    asked = {code: fit for code, fit in levels.items() if code}
    likely = [code for code in asked if _CODE.fullmatch(code)]
    found = dict(Region.objects.filter(code__in=likely).values_list("code", "level")) if likely else {}
    known = all(found.get(code) in fit for code, fit in asked.items())
    if not known or not wish.county.startswith(wish.city if wish.county else ""):
        raise Unknown("city or county")
    return wish


class Listing:
    """The entries of one catalogue under one wish, with counts that agree with it.

    On a ``day`` they are those in force then, at the level they had; nothing has exited on that day.
    """

    def __init__(self, record_type: RecordType, wish: Wish, day: date | None = None):
        self.record_type, self.wish, self.day = record_type, wish, day
        self.facets = facets_of(record_type, "level_then" if day else "level")
        self.words = search_words(wish.q)
        self.usual = FIT if self.words else "code" if day else "new"

    @property
    def conditions(self) -> dict[str, Q]:
        """Each part of the wish as a condition, by the name of the part."""
        wish, found = self.wish, {"status": Q()}
        if self.words:
            found["q"] = search.holding(self.words)
        if wish.region:
            found["place"] = in_place(wish.region)
        for facet in self.facets:
            if values := wish.chosen.get(facet.name):
                found[facet.name] = Q(**{f"{facet.path}__in": values})
        return found

    def entries(self, without: str = "") -> QuerySet:
        """Return the entries that fit all of the wish but the part called ``without``."""
        base = self._all() if without == "status" else self._with_status(self.wish.status)
        parts = [condition for name, condition in self.conditions.items() if name != without]
        return base.filter(*parts)

    def _all(self) -> QuerySet:
        """Return every entry this catalogue ever had; on a day each says the level it had then."""
        base = CatalogueEntry.objects.filter(kind=self.record_type.slug)
        base = base.filter(scope.within("region_id", self.wish.within)) if self.wish.within else base
        return base.annotate(level_then=rollups.level_on(self.day)) if self.day else base

    def _with_status(self, status: str, base: QuerySet | None = None) -> QuerySet:
        base = self._all() if base is None else base
        if status == EXITED:
            return base.exclude(exit_reason="")
        now = base.in_force(self.day)
        return now.filter(lineages.is_rectifying()) if status == RECTIFYING else now

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

    @cached_property
    def total(self) -> int:
        """How many entries of this catalogue are in force, whatever was asked for."""
        return self._with_status(IN_FORCE).count()

    def options(self, facet: Facet) -> list[dict]:
        """Return the choices of a facet with counts: what the list would hold with that choice alone."""
        counts = _tally(self.entries(without=facet.name), facet.path)
        return [
            {
                "word": word,
                "count": counts.get(value, 0),
                "is_chosen": value in self.wish.chosen.get(facet.name, ()),
                "query": self.wish.query(chosen=self.wish.toggled(facet.name, value)),
            }
            for value, word in facet.words.items()
        ]

    def status_options(self) -> list[dict]:
        """Return the statuses with counts; what is in force is chosen unless the visitor says otherwise."""
        entries = self.entries(without="status")
        counts = {status: self._with_status(status, entries).count() for status in STATUSES}
        now = self.wish.status or IN_FORCE
        return [
            {
                "word": word,
                "count": counts[value],
                "is_chosen": value == now,
                "query": self.wish.query(status="" if value == IN_FORCE else value),
            }
            for value, word in STATUSES.items()
        ]

    def cities(self) -> list[dict]:
        """Return the province and the cities with the count each would show."""
        counts = _tally(self.entries(without="place").annotate(city=Substr("region_id", 1, 4)), "city")
        regions = Region.objects.filter(level__in=(Level.PROVINCE, Level.CITY)).order_by("code")
        shown = [r for r in regions if r.code != PROVINCE_CODE or counts.get(PROVINCE_CODE)]
        return [self._place(r.code, r.name, counts.get(r.code, 0), city=r.code, county="") for r in shown]

    def counties(self) -> list[dict]:
        """Return the counties and zones of the chosen city with counts; nothing without a city."""
        if not self.wish.city or self.wish.city == PROVINCE_CODE:
            return []
        inside = self.entries(without="place").filter(scope.within("region_id", self.wish.city))
        counts = _tally(inside, "region_id")
        regions = Region.objects.current().under(self.wish.city).exclude(code=self.wish.city).order_by("code")
        return [self._place(r.code, r.name, counts.get(r.code, 0), county=r.code) for r in regions]

    def _place(self, code: str, word: str, count: int, **place: str) -> dict:
        is_chosen = code in (self.wish.city, self.wish.county)
        undo = {name: "" for name in ("county", "city") if name in place}
        return {
            "word": word,
            "count": count,
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
        ways = [(Listing(self.record_type, c["wish"], self.day).entries().count(), c) for c in conditions]
        count, best = max(ways, key=lambda way: way[0], default=(0, {}))
        return {**best, "text": f"去掉“{best['word']}”后有 {count} 个。"} if count else None


def _tally(entries: QuerySet, path: str) -> dict[str, int]:
    """Return how many entries hold each value of a column; one grouped query."""
    return dict(entries.order_by().values_list(path).annotate(n=Count("pk")))


def counts_by_kind_and_city() -> dict[str, dict[str, int]]:
    """Return slug → city code → entries in force, for the home page; one query."""
    city = Substr("region_id", 1, 4)
    rows = CatalogueEntry.objects.in_force().order_by().annotate(city=city).values_list("kind", "city")
    found: dict[str, dict[str, int]] = {}
    for kind, code, number in rows.annotate(n=Count("pk")):
        found.setdefault(kind, {})[code] = number
    return found


def provincial_by_kind() -> dict[str, int]:
    """Return slug → entries in force at provincial level; one query."""
    return _tally(CatalogueEntry.objects.in_force().filter(level=BrandLevel.PROVINCIAL), "kind")


def counts_for(q: str) -> dict[str, int]:
    """Return slug → entries in force that match ``q``; one query for the search over all catalogues."""
    return _tally(CatalogueEntry.objects.in_force().filter(matching(q)), "kind")
