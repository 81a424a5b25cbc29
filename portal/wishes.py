"""What a visitor asks of a catalogue: words, place, status, order and choices, read from an address.

Whatever is not offered is ``Unknown``; an address and its wish say the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from portal import asked, scope, text
from portal.models import Region
from portal.registry import RecordType
from portal.vocabulary import BrandLevel, Level

PROVINCE_CODE = "37"
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


def in_place(code: str) -> Q:
    """Return the condition that an entry belongs to a region; the province stands for itself alone."""
    return Q(region_id=code) if code == PROVINCE_CODE else scope.within("region_id", code)


@dataclass(frozen=True)
class Facet:
    """One list of choices beside the results: parameter, heading and the words of its values."""

    name: str
    label: str
    words: dict[str, str]


def facets_of(record_type: RecordType) -> list[Facet]:
    """Return the level of a levelled type and the choice fields its declaration names."""
    level = [Facet("level", "级别", dict(BrandLevel.choices))] if record_type.levelled else []
    declared = [record_type.field(name) for name in record_type.facets]
    return level + [Facet(f.name, str(f.verbose_name), dict(f.choices)) for f in declared]


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


def _levels(*codes: str) -> QuerySet:
    return Region.objects.filter(code__in=codes).values_list("code", "level")


def _in_its_city(wish: Wish) -> Wish:
    """Refuse places that do not exist; a county alone brings its city with it."""
    wish = replace(wish, city=wish.city or wish.county[:4])
    levels = {wish.city: (Level.PROVINCE, Level.CITY), wish.county: (Level.COUNTY, Level.ZONE)}
    wanted = {code: fit for code, fit in levels.items() if code}
    likely = [code for code in wanted if _CODE.fullmatch(code)]
    found = dict(asked.rows(len(likely), _levels, *likely)) if likely else {}
    known = all(found.get(code) in fit for code, fit in wanted.items())
    if not known or not wish.county.startswith(wish.city if wish.county else ""):
        raise Unknown("city or county")
    return wish


def cities() -> list[tuple[str, str]]:
    """Return code and name of the province and of every city that can be chosen, by code."""
    return asked.rows((), _cities)


def _cities() -> QuerySet:
    found = Region.objects.filter(level__in=(Level.PROVINCE, Level.CITY))
    return found.order_by("code").values_list("code", "name")


def counties(city: str, day: date) -> list[tuple[str, str]]:
    """Return code and name of what lies in a city on ``day``, the present one, by code."""

    def inside() -> QuerySet:
        found = Region.objects.current().under(city).exclude(code=city)
        return found.order_by("code").values_list("code", "name")

    return asked.rows((city, day), inside)
