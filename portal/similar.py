"""Names that are nearly the same: of a filing against what is published or under review, and of a search.

Pure reads. Two names are compared without regions of Shandong and with little weight on words that many names
end in: what is left, the core, decides. Candidates come from the index of bigrams, never from a whole table.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import add

from django.db import connection
from django.db.models import IntegerField, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils import timezone

from portal import asked, kept, search, text
from portal.models import CatalogueEntry, Filing, FilingUnpublished, Region, User
from portal.vocabulary import IN_REVIEW, Level, State

# Measured on pairs of real names (tests/test_similar.py): the same thing scores 0.6 and more, different
# things of one trade 0.46 and less.
NEAR = 0.55
MOST = 5
CANDIDATES = 200
MOST_PAIRS = 12  # of a long name, so that no search costs more than this many comparisons a row
CORE_WEIGHT = 0.8
SMALLEST = 2  # characters a core needs to say anything
# Words many names share: what is left when they are taken out tells one name from another.
GENERIC = [
    "专项职业能力",
    "职业技能",
    "传统技艺",
    "制作技艺",
    "烧制技艺",
    "劳务品牌",
    "技能品牌",
    "培训项目",
    "考核项目",
    "品牌",
    "技艺",
    "技能",
    "制作",
    "加工",
    "种植",
    "栽培",
    "养殖",
    "培训",
    "项目",
    "基础",
    "传统",
    "特色",
    "中式",
    "有限公司",
    "演示",
]
# Parts of the province that are no division of today.
PARTS = ["山东", "齐鲁", "胶东", "鲁西南", "鲁西", "鲁南", "鲁中", "沂蒙"]
# Short names of counties that are things as well.
THINGS = {"牡丹", "天桥"}
_PLACE = ("region__level", "region__name", "region__parent__name")
# The same on both, unlike LIKE, which takes its word in another spelling than it is given.
_HOLDS = {
    "sqlite": "CASE WHEN instr(portal_catalogueentry.name_key, %s) > 0 THEN 1 ELSE 0 END",
    "postgresql": "CASE WHEN strpos(portal_catalogueentry.name_key, %s) > 0 THEN 1 ELSE 0 END",
}
_GENERIC = re.compile("|".join(sorted(GENERIC, key=len, reverse=True)))


@dataclass(frozen=True)
class Near:
    """A name that is nearly the same: whose it is, how it stands, and its page if the reader may open it."""

    title: str
    place: str
    standing: str
    url: str = ""
    score: float = 0.0

    @property
    def rest(self) -> str:
        """What stands behind the name: its place and standing."""
        return f"（{self.place}，{self.standing}）"

    @property
    def words(self) -> str:
        """The name with its place and standing, as both desks read it."""
        return f"{self.title}{self.rest}"


def plain(name: str) -> str:
    """Return a name as it is compared: NFKC, case folded, letters and digits only."""
    return "".join(c for c in text.key(name) if c.isalnum())


class Names:
    """Compares names; knows the regions of the province by their ``names``, long and short."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        places = {place for pair in names for place in pair if len(place) >= SMALLEST} - THINGS
        ordered = sorted([*map(plain, places), *PARTS], key=len, reverse=True)
        self._places = re.compile("|".join(map(re.escape, ordered)))

    def parts(self, name: str) -> tuple[str, str]:
        """Return the core of a name and the name without regions; a part that would be empty stays whole."""
        whole = plain(name)
        without = _kept(self._places.sub("", whole), whole)
        return _kept(_GENERIC.sub("", without), without), without

    def likeness(self, one: str, other: str) -> float:
        """Return how alike two names are, 0 to 1; symmetric."""
        (core, without), (other_core, other_without) = self.parts(one), self.parts(other)
        return CORE_WEIGHT * _dice(core, other_core) + (1 - CORE_WEIGHT) * _dice(without, other_without)


def known_names() -> Names:
    """Return ``Names`` that know the regions as they are now; one query, worked out when they change."""
    return kept.kept("names of regions", _names_now)


def _names_now() -> Names:
    return _names(tuple(asked.rows((), _regions)))


def _regions() -> QuerySet:
    return Region.objects.order_by("code").values_list("name", "short_name")


_names = lru_cache(2)(Names)


def _kept(left: str, before: str) -> str:
    return left if len(left) >= SMALLEST else before


def _dice(one: str, other: str) -> float:
    """Return the share of characters and pairs that two words have in common."""
    these, those = _bag(one), _bag(other)
    both = len(these) + len(those)
    return 2 * len(these & those) / both if both else 0.0


def _bag(word: str) -> frozenset:
    """Return the characters and pairs of a word; what it has again stands there with its number."""
    parts = [*word, *map(add, word, word[1:])]
    found = set(parts)
    if len(found) < len(parts):
        found.update((part, number) for part, times in Counter(parts).items() for number in range(1, times))
    return frozenset(found)


def near_names(filing: Filing, reader: User) -> list[Near]:
    """Return the names nearly the same as ``filing``'s that ``reader`` may learn of, nearest first.

    What is published is everybody's to know; of what is not, each sees what he may see anyway. Advice alone:
    it refuses nothing. Three queries at any number of rows, none for a type without names or an empty name.
    """
    if not filing.record_type.is_catalogued or filing.is_nothing or len(plain(filing.title)) < SMALLEST:
        return []
    names = known_names()
    told = filing.title, filing.kind, filing.pk, filing.amends_id, timezone.localdate()
    published = kept.kept(("published", *told), lambda: _nearest(names, filing, _published(names, filing)))
    near = [*published, *_nearest(names, filing, _under_review(filing, reader))]
    return sorted(near, key=lambda other: (-other.score, other.title, other.url))[:MOST]


def _nearest(names: Names, filing: Filing, found: Iterable[tuple]) -> list[Near]:
    scored = [(round(names.likeness(filing.title, title), 3), title, rest) for title, *rest in found]
    near = [_near(title, score, *rest) for score, title, rest in scored if score >= NEAR]
    return sorted(near, key=lambda other: (-other.score, other.title, other.url))[:MOST]


def _near(
    title: str, score: float, kind: str, key: str | int, state: str, level: str, place: str, parent: str
) -> Near:
    """Return a name as it is told of: an entry has the ``kind`` its page is found by, a filing has none."""
    below_city = level in (Level.COUNTY, Level.ZONE)
    url = reverse("catalogue-entry", args=[kind, key]) if kind else reverse("filing", args=[key])
    standing = State(state).label if state else "已公布"
    return Near(title, f"{parent or ''}{place}" if below_city else place, standing, url, score)


def _published(names: Names, filing: Filing) -> list[tuple]:
    pairs, kind = _pairs(names.parts(filing.title)[0]), filing.kind

    def published(sought: str, filing: int, amends: int, *pairs: str) -> QuerySet:
        own = CatalogueEntry.objects.filter(filing_id__in=[filing, amends]).values("code")
        entries = CatalogueEntry.objects.in_force().filter(kind=kind).exclude(code__in=own)
        return _sharing(entries, sought, pairs).values_list("title", "kind", "code", *_PLACE)[:CANDIDATES]

    key = kind, len(pairs), timezone.localdate()
    found = asked.rows(
        key, published, search.any_of_pairs(pairs), filing.pk or 0, filing.amends_id or 0, *pairs
    )
    return [(title, kind, code, "", *place) for title, kind, code, *place in found]


def _under_review(filing: Filing, reader: User) -> list[tuple]:
    kind = filing.kind

    def waiting(reader: User, filing: int, amends: int) -> QuerySet:
        # what is being corrected has a name that nobody has sent yet
        seen = Filing.objects.visible_to(reader).filter(kind=kind, is_nothing=False)
        seen = seen.exclude(pk__in=[filing, amends]).exclude(amends_id__in=[filing, amends])
        passed = seen.filter(pk__in=FilingUnpublished.objects.filter(kind=kind).values("filing_id"))
        parts = [_newest(seen.filter(state=state)) for state in sorted(IN_REVIEW)]
        found = Filing.objects.filter(pk__in=_newest(passed).union(*parts, all=True))
        return found.order_by("-arrived_at").values_list("title", "pk", "state", *_PLACE)[:CANDIDATES]

    key = asked.whose(reader), kind
    found = asked.rows(key, waiting, reader, filing.pk or 0, filing.amends_id or 0)
    return [(title, "", pk, state, *place) for title, pk, state, *place in found]


def _newest(found: QuerySet) -> QuerySet:
    """Return the keys of the newest of ``found``, to be united: SQLite takes no limit within a union."""
    return Filing.objects.filter(pk__in=found.order_by("-arrived_at").values("pk")[:CANDIDATES]).values("pk")


def candidates(entries: QuerySet, core: str) -> QuerySet:
    """Return of ``entries`` those whose name shares a pair with ``core``, most pairs first."""
    pairs = _pairs(core)
    return _sharing(entries, search.any_of_pairs(pairs), pairs)


def _pairs(core: str) -> list[str]:
    return list(dict.fromkeys("".join(pair) for pair in pairwise(core)))[:MOST_PAIRS] or [core]


def _sharing(entries: QuerySet, sought: str, pairs: Sequence[str]) -> QuerySet:
    """Return what ``candidates`` does; ``sought`` is what the index is asked for."""
    counted = RawSQL(" + ".join([_HOLDS[connection.vendor]] * len(pairs)), pairs, IntegerField())
    found = entries.filter(search.sharing(sought)).annotate(shared=counted).filter(shared__gt=0)
    return found.order_by("-shared", "-valid_from", "-pk")


def meant(q: str) -> list[CatalogueEntry]:
    """Return entries in force whose name nearly holds what was searched for (您是不是要找), nearest first.

    Two queries; nothing for a query too short to be nearly anything.
    """
    if len(plain(q)) < SMALLEST:
        return []
    names = known_names()
    core = names.parts(q)[0]
    found = candidates(CatalogueEntry.objects.in_force(), core).select_related("region__parent")[:CANDIDATES]
    scored = [(_held(core, names.parts(entry.title)[1]), entry) for entry in found]
    near = [(score, _dice(plain(q), plain(entry.title)), entry) for score, entry in scored if score >= NEAR]
    return [entry for _, _, entry in sorted(near, key=lambda found: (-found[0], -found[1]))[:MOST]]


def _held(core: str, name: str) -> float:
    """Return the share of the characters and pairs of ``core`` that ``name`` holds."""
    wanted = _bag(core)
    return len(wanted & _bag(name)) / len(wanted)
