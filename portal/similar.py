"""Names that are nearly the same: of a filing against what is published or under review, and of a search.

Pure reads. Two names are compared without regions of Shandong and with little weight on words that many names
end in: what is left, the core, decides. Candidates come from the index of bigrams, never from a whole table.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse

from portal import search, text
from portal.models import CatalogueEntry, Filing, Region, User
from portal.vocabulary import IN_REVIEW, State

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
    """Compares names; knows the regions of the province, read once."""

    def __init__(self) -> None:
        names = Region.objects.values_list("name", "short_name")
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


def _kept(left: str, before: str) -> str:
    return left if len(left) >= SMALLEST else before


def _dice(one: str, other: str) -> float:
    """Return the share of characters and pairs that two words have in common."""
    these, those = _bag(one), _bag(other)
    both = these.total() + those.total()
    return 2 * (these & those).total() / both if both else 0.0


def _bag(word: str) -> Counter:
    return Counter(word) + Counter(map("".join, pairwise(word)))


def near_names(filing: Filing, reader: User) -> list[Near]:
    """Return the names nearly the same as ``filing``'s that ``reader`` may learn of, nearest first.

    What is published is everybody's to know; of what is not, each sees what he may see anyway. Advice alone:
    it refuses nothing. Three queries at any number of rows, none for a type without names or an empty name.
    """
    if not filing.record_type.is_catalogued or filing.is_nothing or len(plain(filing.title)) < SMALLEST:
        return []
    names = Names()
    published = _published(names, filing)
    return _nearest(names, filing.title, [*published, *_under_review(filing, reader)])


def _published(names: Names, filing: Filing) -> list[Near]:
    own = CatalogueEntry.objects.filter(filing_id__in=[filing.pk, filing.amends_id]).values("code")
    entries = CatalogueEntry.objects.in_force().filter(kind=filing.kind).exclude(code__in=own)
    found = candidates(entries, names.parts(filing.title)[0]).select_related("region__parent")
    return [_of_entry(entry) for entry in found[:CANDIDATES]]


def _of_entry(entry: CatalogueEntry) -> Near:
    url = reverse("catalogue-entry", args=[entry.kind, entry.code])
    return Near(entry.title, entry.region.full_name, "已公布", url)


def _under_review(filing: Filing, reader: User) -> list[Near]:
    # what is being corrected has a name that nobody has sent yet
    waiting = Q(state__in=IN_REVIEW) | Q(state=State.APPROVED, entry=None)
    found = (
        Filing.objects.visible_to(reader)
        .filter(waiting, kind=filing.kind, is_nothing=False)
        .exclude(pk__in=[filing.pk, filing.amends_id or 0])
        .exclude(amends_id__in=[filing.pk, filing.amends_id or 0])
    )
    found = found.select_related("region__parent").order_by("-arrived_at")[:CANDIDATES]
    return [
        Near(f.title, f.region.full_name, f.get_state_display(), reverse("filing", args=[f.pk]))
        for f in found
    ]


def _nearest(names: Names, name: str, others: Iterable[Near]) -> list[Near]:
    scored = [
        Near(o.title, o.place, o.standing, o.url, round(names.likeness(name, o.title), 3)) for o in others
    ]
    near = [other for other in scored if other.score >= NEAR]
    return sorted(near, key=lambda other: (-other.score, other.title, other.url))[:MOST]


def candidates(entries: QuerySet, core: str) -> QuerySet:
    """Return of ``entries`` those whose name shares a pair with ``core``, most pairs first."""
    pairs = list(dict.fromkeys("".join(pair) for pair in pairwise(core)))[:MOST_PAIRS] or [core]
    shared = sum(
        (
            Case(When(name_key__contains=pair, then=Value(1)), default=Value(0), output_field=IntegerField())
            for pair in pairs
        ),
        start=Value(0, output_field=IntegerField()),
    )
    found = entries.filter(search.sharing_pairs(pairs)).annotate(shared=shared).filter(shared__gt=0)
    return found.order_by("-shared", "-valid_from", "-pk")


def meant(q: str) -> list[CatalogueEntry]:
    """Return entries in force whose name nearly holds what was searched for (您是不是要找), nearest first.

    Two queries; nothing for a query too short to be nearly anything.
    """
    if len(plain(q)) < SMALLEST:
        return []
    names = Names()
    core = names.parts(q)[0]
    found = candidates(CatalogueEntry.objects.in_force(), core).select_related("region__parent")[:CANDIDATES]
    scored = [(_held(core, names.parts(entry.title)[1]), entry) for entry in found]
    near = [(score, _dice(plain(q), plain(entry.title)), entry) for score, entry in scored if score >= NEAR]
    return [entry for _, _, entry in sorted(near, key=lambda found: (-found[0], -found[1]))[:MOST]]


def _held(core: str, name: str) -> float:
    """Return the share of the characters and pairs of ``core`` that ``name`` holds."""
    wanted = _bag(core)
    return (wanted & _bag(name)).total() / wanted.total()
