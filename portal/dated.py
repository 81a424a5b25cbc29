"""The catalogue at a day as the public cites it and takes it away, and what each edition changed.

Pure reads. A day that bears the name of a published edition is that edition (目录版次), any other day is
“…当日的目录”.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from portal import asked, browse, differences, entries, registry, scope, snapshot, text
from portal.models import CatalogueEntry, Edition, Promotion, Region, Succession
from portal.registry import RecordType
from portal.vocabulary import ChangeVerb, SuccessionKind

CHUNK = 500


@dataclass(frozen=True)
class Dated:
    """One catalogue on one day: the province's or that of the city ``region``; ``edition`` if it is one."""

    record_type: RecordType
    day: date
    region: Region
    edition: Edition | None = None

    @property
    def place(self) -> str:
        """The name of the city whose catalogue it is, empty for the province's."""
        return "" if self.region.pk == browse.PROVINCE_CODE else self.region.name

    @property
    def within(self) -> str:
        """The code of that city, empty for the province."""
        return "" if self.region.pk == browse.PROVINCE_CODE else self.region.pk

    @property
    def name(self) -> str:
        """The name of the edition, or the day in words."""
        return self.edition.name if self.edition else f"{self.day}当日"

    @property
    def title(self) -> str:
        """What the page and the files are called."""
        whose = f"{self.place}{self.record_type.label}目录"
        return f"{whose} {self.name}" if self.edition else f"{self.name}的{whose}"

    def citation(self, address: str) -> str:
        """Return the line to cite it by: title, edition, document number, date, permanent address."""
        whose = f"《{self.place}{self.record_type.label}目录》"
        number = self.edition.document_number if self.edition else ""
        parts = [f"{whose}{self.name}", number, f"{self.day}" if self.edition else "", address]
        return "，".join(part for part in parts if part)

    def entries(self) -> QuerySet:
        """Return what was in force, by code; with what the rows of a file say."""
        listing = browse.Listing(self.record_type, browse.Wish(within=self.within), self.day)
        return listing.ordered()


def at(record_type: RecordType, day: date, region: Region) -> Dated:
    """Return the catalogue of ``region`` on ``day``, which has not to be in the future."""
    published = Edition.objects.published().filter(kind=record_type.slug, region=region, on=day)
    return Dated(record_type, day, region, published.first())


def lines(dated: Dated) -> Iterator[dict]:
    """Yield each entry as plain data, names as in the glossary; a fixed part is in memory at a time."""
    wanted = entries.columns_then(dated.record_type)
    chunk: list[CatalogueEntry] = []
    for entry in dated.entries().iterator(chunk_size=CHUNK):
        chunk.append(entry)
        if len(chunk) == CHUNK:
            yield from _lines(dated, chunk, wanted)
            chunk = []
    yield from _lines(dated, chunk, wanted)


def _lines(dated: Dated, chunk: list[CatalogueEntry], wanted: Iterable[str]) -> Iterator[dict]:
    found = entries.records(dated.record_type, chunk)
    for entry in chunk:
        record = found[entry.filing_id]
        yield {
            "code": entry.code,
            "name": entry.title,
            "level": entry.level_then,
            "region": {"code": entry.region_id, "name": entry.region.full_name},
            "document_number": entry.document_number,
            "publisher": entry.publisher,
            "valid_from": entry.valid_from.isoformat(),
            "fields": {name: snapshot.shown(record, name) for name in wanted},
        }


def editions(record_type: RecordType) -> QuerySet:
    """Return every published edition of a catalogue, of the province and of cities, newest first."""
    found = Edition.objects.published().filter(kind=record_type.slug)
    return found.select_related("region").order_by("-on", "region_id")


def of_province(record_type: RecordType, most: int = 20) -> list[Edition]:
    """Return the newest published editions of the province's catalogue, newest first."""

    def newest(kind: str, region: str) -> QuerySet:
        found = Edition.objects.published().filter(kind=kind, region=region).select_related("region")
        return found.order_by("-on", "region_id")[:most]

    return asked.rows((timezone.localdate(), most), newest, record_type.slug, browse.PROVINCE_CODE)


def sizes(shown: list[Edition]) -> dict[int, int]:
    """Return edition → how many entries it holds; one query for all of one catalogue."""
    if not shown:
        return {}
    counts = {f"n{e.pk}": Count("pk", filter=_held(e)) for e in shown}
    found = CatalogueEntry.objects.filter(kind=shown[0].kind).aggregate(**counts)
    return {e.pk: found[f"n{e.pk}"] for e in shown}


def _held(edition: Edition) -> Q:
    lasting = Q(valid_to=None) | Q(valid_to__gt=edition.on)
    return Q(valid_from__lte=edition.on) & lasting & scope.within("region_id", edition.region_id)


def earlier(edition: Edition, all_editions: Iterable[Edition]) -> Edition | None:
    """Return the edition of the same catalogue before ``edition``, None for the first."""
    before = [e for e in all_editions if e.region_id == edition.region_id and e.on < edition.on]
    return max(before, key=lambda e: e.on, default=None)


def changes(pairs: list[tuple[Edition, Edition]]) -> dict[int, dict[str, int]]:
    """Return later edition → verb → number of changes since the earlier one, as ``differences`` counts them.

    All pairs are of one catalogue. The number of queries does not depend on the number of pairs.
    """
    if not pairs:
        return {}
    kind = pairs[0][0].kind
    first, last = min(p[0].on for p in pairs), max(p[1].on for p in pairs)
    moved = CatalogueEntry.objects.filter(kind=kind, valid_from__lte=last).filter(
        Q(valid_from__gt=first) | Q(valid_to__gt=first, valid_to__lte=last)
    )
    found = list(moved.prefetch_related("promotions"))
    return _counted(kind, pairs, found)


def _counted(
    kind: str, pairs: list[tuple[Edition, Edition]], moved: list[CatalogueEntry]
) -> dict[int, dict[str, int]]:
    ends = _Ends(kind, moved, max(later.on for _, later in pairs))
    spans = {later.pk: _Span(earlier, later, moved) for earlier, later in pairs}
    replaced = {f for span in spans.values() for pair in span.kept for f in (e.filing_id for e in pair)}
    words = differences.public_words(registry.get(kind), replaced)
    risen = _risen(kind, pairs)
    return {pk: _tally(span, words, ends, risen) for pk, span in spans.items()}


class _Span:
    """What began and what ended between two editions of one catalogue."""

    def __init__(self, earlier: Edition, later: Edition, moved: Iterable[CatalogueEntry]):
        self.first, self.last, self.region = earlier.on, later.on, later.region_id
        inside = [e for e in moved if e.region_id.startswith(self.region)]
        gone = {e.code: e for e in inside if _in_force(e, self.first) and not _in_force(e, self.last)}
        come = {e.code: e for e in inside if _in_force(e, self.last) and not _in_force(e, self.first)}
        self.added = come.keys() - gone.keys()
        self.kept = [(gone[code], come[code]) for code in gone.keys() & come.keys()]
        self.left = gone.keys() - come.keys()


class _Ends:
    """Where codes that were merged live on, and which of those codes are in force on a day."""

    def __init__(self, kind: str, moved: list[CatalogueEntry], last: date):
        merged = Succession.objects.filter(kind=SuccessionKind.MERGED, old__kind=kind)
        found = merged.filter(old__valid_to__lte=last).values_list("old__code", "new__code", "old__valid_to")
        self.heirs = {old: (new, day) for old, new, day in found}
        heirs = CatalogueEntry.objects.filter(kind=kind, predecessions__kind=SuccessionKind.MERGED)
        codes = heirs.values("code")
        self.spans = list(CatalogueEntry.objects.filter(kind=kind, code__in=codes))

    def lives_on(self, code: str, day: date) -> bool:
        """Say whether what went in under ``code`` is in force under another code on ``day``."""
        seen, now = {code}, code
        while (step := self.heirs.get(now)) and step[1] <= day and step[0] not in seen:
            now = step[0]
            seen.add(now)
        return now != code and any(e.code == now and _in_force(e, day) for e in self.spans)


def _in_force(entry: CatalogueEntry, day: date) -> bool:
    return entry.valid_from <= day and (entry.valid_to is None or entry.valid_to > day)


def _risen(kind: str, pairs: list[tuple[Edition, Edition]]) -> list[CatalogueEntry]:
    """Return the entries whose level was changed at some time between the first and the last edition."""
    first, last = min(p[0].on for p in pairs), max(p[1].on for p in pairs)
    risen = Promotion.objects.filter(entry__kind=kind, on__gt=first, on__lte=last).values("entry")
    return list(CatalogueEntry.objects.filter(pk__in=risen).prefetch_related("promotions"))


def _tally(span: _Span, words: dict, ends: _Ends, risen: list[CatalogueEntry]) -> dict[str, int]:
    found = Counter({ChangeVerb.ADDED: len(span.added)})
    for before, after in span.kept:
        found[_kept(before, after, span, words)] += 1
    for code in span.left:
        found[ChangeVerb.MERGED if ends.lives_on(code, span.last) else ChangeVerb.REMOVED] += 1
    inside = (e for e in risen if e.region_id.startswith(span.region))
    stayed = (e for e in inside if _in_force(e, span.first) and _in_force(e, span.last))
    found[ChangeVerb.ADJUSTED] += sum(e.level_on(span.first) != e.level_on(span.last) for e in stayed)
    return {verb: found[verb] for verb in ChangeVerb.values if found[verb]}


def _kept(before: CatalogueEntry, after: CatalogueEntry, span: _Span, words: dict) -> str:
    """Return the verb of an entry replaced under its code, empty when nothing public differs."""
    if text.key(before.title) != text.key(after.title):
        return ChangeVerb.RENAMED
    same = words[before.filing_id] == words[after.filing_id]
    return "" if same and before.level_on(span.first) == after.level_on(span.last) else ChangeVerb.ADJUSTED


def in_words(counts: dict[str, int], *, every: bool = False) -> list[dict]:
    """Return the verbs with their numbers in the fixed order, those without any only when ``every``."""
    found = [(verb, counts.get(verb, 0)) for verb in ChangeVerb.values]
    return [{"word": str(ChangeVerb(verb).label), "count": n} for verb, n in found if n or every]
