"""What lies between two days of one catalogue: 新增, 调整, 更名, 合并, 移出.

Pure reads of entries, successions and the versions that were published.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from portal import registry, text
from portal.models import CatalogueEntry, Edition, FilingVersion, Promotion, Succession
from portal.models.catalogue import EntryQuerySet
from portal.registry import RecordType
from portal.scope import within
from portal.vocabulary import BrandLevel, ChangeVerb, SuccessionKind

CHUNK = 500
LEVEL = "级别"
IN_ORDER = list(ChangeVerb.values)


@dataclass(frozen=True)
class Change:
    """One line of a difference.

    新增: ``after`` alone · 移出: ``before`` alone · 调整, 更名: both, of one code · 合并: ``before`` and the
    ``successor``, the entry in force at the end of the code it went into. ``lines`` are (label, words before,
    words after) of the public text that differs.
    """

    verb: str
    before: CatalogueEntry | None = None
    after: CatalogueEntry | None = None
    successor: CatalogueEntry | None = None
    lines: tuple[tuple[str, str, str], ...] = ()

    @property
    def label(self) -> str:
        """The word of the verb, e.g. 新增."""
        return str(ChangeVerb(self.verb).label)

    @property
    def entry(self) -> CatalogueEntry:
        """The entry the line is about: what came, or what was there before."""
        return self.before or self.after


@dataclass(frozen=True)
class Difference:
    """All changes of one catalogue from one day to a later one, in the order of verbs and codes."""

    kind: str
    region: str
    from_day: date
    to_day: date
    changes: list[Change] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Verb → how many, every verb named."""
        return dict.fromkeys(IN_ORDER, 0) | Counter(change.verb for change in self.changes)

    def of(self, verb: str) -> list[Change]:
        """Return the changes of one verb."""
        return [change for change in self.changes if change.verb == verb]


def catalogue_of(kind: str, region: str = "37") -> EntryQuerySet:
    """Return every entry that ever was in one catalogue: a type within a region."""
    return CatalogueEntry.objects.filter(within("region_id", region), kind=kind)


def difference(kind: str, region: str, from_day: date, to_day: date) -> Difference:
    """Return what changed in the catalogue between what was in force on two days, whichever comes first.

    What came and went in between is nothing, what was renamed twice is one 更名, what went into a project
    that went into another is one 合并 (动态发布, 鲁人社字〔2024〕95号 二（二）6). The number of
    queries does not depend on the number of entries.
    """
    first, last = sorted((from_day, to_day))
    entries = catalogue_of(kind, region).select_related("region").prefetch_related("promotions")
    gone = {e.code: e for e in entries.in_force(first).filter(valid_to__lte=last)}
    come = {e.code: e for e in entries.in_force(last).filter(valid_from__gt=first)}
    changes = [
        *(Change(ChangeVerb.ADDED, after=come[code]) for code in come.keys() - gone.keys()),
        *_changed(kind, [(gone[code], come[code]) for code in gone.keys() & come.keys()], first, last),
        *_left([gone[code] for code in gone.keys() - come.keys()], kind, last),
        *_promoted(kind, region, first, last),
    ]
    ordered = sorted(changes, key=lambda change: (IN_ORDER.index(change.verb), change.entry.code))
    return Difference(kind, region, first, last, ordered)


def between(earlier: Edition, later: Edition) -> Difference:
    """Return the difference between two editions of one catalogue."""
    return difference(later.kind, later.region_id, earlier.on, later.on)


def _changed(
    kind: str, pairs: list[tuple[CatalogueEntry, CatalogueEntry]], first: date, last: date
) -> Iterator[Change]:
    """Yield 更名 and 调整 of entries that were replaced under their code; the same text twice is neither."""
    words = public_words(registry.get(kind), [entry.filing_id for pair in pairs for entry in pair])
    for before, after in pairs:
        lines = _lines(words[before.filing_id], words[after.filing_id])
        lines += _level_line(level_on(before, first), level_on(after, last))
        if text.key(before.title) != text.key(after.title):
            yield Change(ChangeVerb.RENAMED, before, after, lines=lines)
        elif lines:
            yield Change(ChangeVerb.ADJUSTED, before, after, lines=lines)


def public_words(record_type: RecordType, filings: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return filing → label → words of the public fields as last submitted, in the order of the form."""
    numbers, found = list(filings), {}
    for start in range(0, len(numbers), CHUNK):
        versions = FilingVersion.objects.filter(filing_id__in=numbers[start : start + CHUNK])
        for version in versions.order_by("filing_id", "number"):
            found[version.filing_id] = _public(record_type, version.snapshot)
    return {number: found.get(number, {}) for number in numbers}


def _public(record_type: RecordType, snapshot: dict) -> dict[str, str]:
    items = (item for section in snapshot["sections"] for item in section["fields"])
    return {item["label"]: item["text"] for item in items if item["name"] in record_type.public}


def _lines(before: dict[str, str], after: dict[str, str]) -> tuple[tuple[str, str, str], ...]:
    pairs = ((label, before.get(label, ""), after.get(label, "")) for label in before | after)
    return tuple((label, was, now) for label, was, now in pairs if was != now)


def _left(entries: list[CatalogueEntry], kind: str, last: date) -> Iterator[Change]:
    """Yield 合并 for what lives on under another code on the day ``last``, 移出 for the rest."""
    ends = _heirs(kind, last) if entries else {}
    codes = {entry.code: _final(entry.code, ends) for entry in entries}
    alive = CatalogueEntry.objects.filter(kind=kind).in_force(last).select_related("region")
    wanted = sorted(set(codes.values()) - {""})
    heirs = {
        entry.code: entry
        for start in range(0, len(wanted), CHUNK)
        for entry in alive.filter(code__in=wanted[start : start + CHUNK])
    }
    for entry in entries:
        if successor := heirs.get(codes[entry.code]):
            yield Change(ChangeVerb.MERGED, before=entry, successor=successor)
        else:
            yield Change(ChangeVerb.REMOVED, before=entry)


def _heirs(kind: str, last: date) -> dict[str, str]:
    """Return code → the code it went into, for every merger up to ``last``."""
    merged = Succession.objects.filter(kind=SuccessionKind.MERGED, old__kind=kind, old__valid_to__lte=last)
    return dict(merged.values_list("old__code", "new__code"))


def _final(code: str, heirs: dict[str, str]) -> str:
    """Return the code at the end of the chain of mergers from ``code``; empty when it went into none."""
    seen = {code}
    while (code := heirs.get(code, "")) and code in heirs and code not in seen:
        seen.add(code)
    return code


def _promoted(kind: str, region: str, first: date, last: date) -> Iterator[Change]:
    """Yield 调整 for entries in force on both days that were given another level in between (择优选拔)."""
    if not registry.get(kind).levelled:
        return
    both = catalogue_of(kind, region).in_force(first).in_force(last)
    moved = both.filter(promotions__on__gt=first, promotions__on__lte=last).distinct()
    for entry in moved.select_related("region").prefetch_related("promotions"):
        if lines := _level_line(level_on(entry, first), level_on(entry, last)):
            yield Change(ChangeVerb.ADJUSTED, entry, entry, lines=lines)


def _level_line(was: str, now: str) -> tuple[tuple[str, str, str], ...]:
    words = dict(BrandLevel.choices)
    return ((LEVEL, str(words.get(was, "")), str(words.get(now, ""))),) if was != now else ()


def level_on(entry: CatalogueEntry, day: date) -> str:
    """Return the level an entry had on ``day``; prefetched ``promotions`` cost no query."""
    later: list[Promotion] = [one for one in entry.promotions.all() if one.on > day]
    return later[0].former if later else entry.level
