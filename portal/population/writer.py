"""Writes synthetic filings chunk by chunk: which type and place, what became of it, all its rows."""

import hashlib
import itertools
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db import connection, transaction

from portal import registry, search, text
from portal.models import CatalogueEntry, CodeCounter, Event, Filing, FilingVersion
from portal.population import chronicle, loading, people, words
from portal.population.chronicle import DAY, FIRST, LAST, PACE, Chronicle, Story, day_of, stamp
from portal.population.loading import Table
from portal.population.people import PROVINCE, Place
from portal.registry import RecordType
from portal.vocabulary import BrandLevel, ExitReason, Role

SEED, CHUNK = 7, 2_000
RECENT = 60  # days in which what is still in work moved last
REASONS = [ExitReason.BELOW_FIGURES.value, ExitReason.VOLUNTARY.value, ExitReason.DISSOLVED.value]
LEVELS = [BrandLevel.MUNICIPAL.value] * 3 + [BrandLevel.PROVINCIAL.value]
FILING = words.listed(
    "id kind organisation_id region_id title state version step revision holds_name amends_id holder_id"
    " is_demo created_at created_by_id updated_at arrived_at submitted_at submitted_by_id accepted_at"
    " decided_at decided_by_id"
)
ENTRY = words.listed(
    "id filing_id kind code title region_id level document_number publisher valid_from valid_to published_at"
    " published_by_id ended_at exit_reason exit_document_number search_text name_key facets"
)
VERSION = words.listed("id filing_id number snapshot sha256 submitted_at submitted_by_id")


@dataclass(frozen=True)
class Subject:
    """What a filing is about: its type, where it comes from, what it says and under which name."""

    kind: RecordType
    place: Place
    body: words.Body
    title: str


@dataclass(frozen=True)
class Span:
    """When something was in force, by days, and how that ended; ``until`` is 0 while it is."""

    since: int
    until: int = 0
    exit_reason: str = ""


@dataclass
class Chunk:
    """Rows by table, without the columns that keep their default."""

    filings: list[tuple] = field(default_factory=list)
    records: dict[str, list[tuple]] = field(default_factory=lambda: defaultdict(list))
    events: list[tuple] = field(default_factory=list)
    versions: list[tuple] = field(default_factory=list)
    entries: list[tuple] = field(default_factory=list)
    grams: list[tuple] = field(default_factory=list)

    def store(self) -> None:
        """Write all of it."""
        loading.fill(Table(Filing, *FILING), self.filings)
        for slug, rows in self.records.items():
            kind = registry.get(slug)
            names = [column.attname for column in words.columns(kind)]
            loading.fill(Table(kind.model, "filing_ptr_id", "name", *names), rows)
        loading.fill(Table(FilingVersion, *VERSION), self.versions)
        loading.fill(Table(Event, *chronicle.EVENT), self.events)
        loading.fill(Table(CatalogueEntry, *ENTRY), self.entries)
        key = "entry_id" if connection.vendor == "postgresql" else "rowid"
        loading.write("portal_entrygrams", [key, "grams"], self.grams)


class Writer:
    """Makes filings of some types; what it is asked for first has the first numbers."""

    def __init__(
        self,
        kinds: Mapping[str, int],
        *,
        bodies: int,
        is_searched: bool = True,
        has_history: bool = True,
        mark: str = "",
        told: Callable[[int], None] = lambda rows: None,
    ) -> None:
        """Have ``bodies`` texts of each type; ``mark`` begins each name, ``told`` hears of each chunk."""
        self.mark, self.told, self.rows = mark, told, 0
        self.cast, self.is_searched, self.has_history = people.cast(), is_searched, has_history
        self.chronicle, self.now = Chronicle(self.cast), int(time.time())
        self.types = {slug: registry.get(slug) for slug in kinds}
        self.bodies = {slug: words.bodies(slug, bodies, SEED) for slug in kinds}
        self.first = loading.next_id(Filing)
        self.chance = random.Random(f"{SEED} {self.first}")
        self.kinds = _spread(kinds, self.chance)
        self.filings, self.entries, self.events, self.versions = (
            loading.next_id(model) for model in (Filing, CatalogueEntry, Event, FilingVersion)
        )
        self.serials = Counter(dict(CodeCounter.objects.values_list("prefix", "last")))
        self.names: Counter = Counter()
        self.keys = {place.code: text.grams(place.words) for place in self.cast.places}
        some_file_more = (1 / (1 + number % 12) for number in range(len(self.cast.places)))
        self.weights = list(itertools.accumulate(some_file_more))
        self.join = _array if connection.vendor == "postgresql" else " ".join

    def write(self, number: int, stages: Mapping[str, int]) -> None:
        """Write ``number`` filings whose stages come as often as they weigh."""
        wanted, end = _spread(stages, self.chance), self.filings + number
        while self.filings < end:
            chunk, last = Chunk(), min(self.filings + CHUNK, end)
            while self.filings < last:
                self._add(chunk, next(wanted), last - self.filings)
            with transaction.atomic():
                chunk.store()
            self.rows += len(chunk.filings) + len(chunk.entries)
            self.told(self.rows)
        rows = [CodeCounter(prefix, serial) for prefix, serial in self.serials.items()]
        kept = {"unique_fields": ["prefix"], "update_fields": ["last"], "update_conflicts": True}
        CodeCounter.objects.bulk_create(rows, **kept)

    def _add(self, chunk: Chunk, stage: str, room: int) -> None:
        subject = self._subject()
        if stage == "amended" and room > 1:
            self._amended(chunk, subject)
        elif stage in ("published", "amended"):
            self._published(chunk, subject, Span(self.chance.randint(FIRST, LAST)))
        elif stage == "exited":
            since = self.chance.randint(FIRST, LAST - 300)
            until = self.chance.randint(since + 200, LAST)
            self._published(chunk, subject, Span(since, until, self.chance.choice(REASONS)))
        else:
            self._unpublished(chunk, subject, stage)

    def _subject(self) -> Subject:
        kind = self.types[next(self.kinds)]
        place = self.chance.choices(self.cast.places, cum_weights=self.weights)[0]
        self.names[kind.slug, place.code] += 1
        number = self.names[kind.slug, place.code] + self.first
        title = words.title(f"{self.mark}{place.short}", number)
        if self.filings % words.RARE_EVERY == 0:
            title = f"{self.mark}{place.short}{words.RARE[3]}{number}号"
        return Subject(kind, place, self.chance.choice(self.bodies[kind.slug]), title)

    def _amended(self, chunk: Chunk, subject: Subject) -> None:
        """Add an entry and the one that replaced it under the same code."""
        since = self.chance.randint(FIRST, LAST - 300)
        until = self.chance.randint(since + 200, LAST)
        before = self.filings
        code = self._published(chunk, subject, Span(since, until))
        self._published(chunk, subject, Span(until), code=code, amends=before)

    def _published(
        self, chunk: Chunk, subject: Subject, span: Span, *, code: str = "", amends: int | None = None
    ) -> str:
        """Add a filing with its entry and return the code."""
        acts = self._road("published", subject, chronicle.instant(span.since))
        said = {"publish": f"{number_of(span.since)} {day_of(span.since)}"}
        if span.exit_reason:
            acts.append(("exit", chronicle.instant(span.until)))
            said["exit"] = f"{number_of(span.until)} {day_of(span.until)}"
        filing = self.filings
        story = self._filed(chunk, subject, acts, said, holds_name=not span.until, amends=amends)
        code = code or self._code(subject)
        self._entered(chunk, subject, span, story, filing, code)
        return code

    def _unpublished(self, chunk: Chunk, subject: Subject, stage: str) -> None:
        recently = self.now - self.chance.randint(3600, RECENT * DAY)
        is_over = stage in ("rejected", "cancelled")
        ends = chronicle.instant(self.chance.randint(FIRST, LAST)) if is_over else recently
        self._filed(chunk, subject, self._road(stage, subject, ends), {})

    def _road(self, stage: str, subject: Subject, end: int) -> list[tuple[str, int]]:
        return chronicle.paced(chronicle.road(stage, chronicle.is_city(subject.kind), self.chance), end)

    def _filed(
        self,
        chunk: Chunk,
        subject: Subject,
        acts: list[tuple[str, int]],
        said: Mapping[str, str],
        *,
        holds_name: bool = True,
        amends: int | None = None,
    ) -> Story:
        """Add a filing with its record, events and versions."""
        place, kind, title = subject.place, subject.kind, subject.title
        begun = (acts[0][1] if acts else self.now - self.chance.randint(0, RECENT * DAY)) - PACE * DAY
        whose = chronicle.is_city(kind)
        story = self.chronicle.told(self.filings, self.events, acts, place, whose, begun, said)
        steps, filer = len(story.events), story.filer.pk
        where = (self.filings, kind.slug, place.bureau, place.code, title, story.state, story.version)
        ties = (steps, steps, holds_name, amends, story.holder, True)
        begun_by, sent_by = (stamp(story.created), filer), filer if story.submitted else None
        moved = (stamp(story.last), stamp(story.arrived), stamp(story.submitted), sent_by)
        decided = (stamp(story.accepted), stamp(story.decided), story.decider)
        chunk.filings.append((*where, *ties, *begun_by, *moved, *decided))
        chunk.records[kind.slug].append((self.filings, title, *subject.body.columns))
        if self.has_history:
            chunk.events += story.events
            self._submitted(chunk, subject, story)
        self.filings += 1
        return story

    def _submitted(self, chunk: Chunk, subject: Subject, story: Story) -> None:
        """Add each version as it was submitted: its digest is of the clear text, what is stored is sealed."""
        said, kept = (_filled(body, subject) for body in (subject.body.snapshot, subject.body.stored))
        self.events += len(story.events)
        for number, at in story.versions:
            clear, stored = (_numbered(whole, number) for whole in (said, kept))
            digest = hashlib.sha256(clear.encode()).hexdigest()
            row = (self.versions, self.filings, number, stored, digest, stamp(at), story.filer.pk)
            chunk.versions.append(row)
            self.versions += 1

    def _code(self, subject: Subject) -> str:
        prefix = f"{subject.kind.code}-{subject.place.code[:4]}"
        self.serials[prefix] += 1
        return f"{prefix}-{self.serials[prefix]:04d}"

    def _entered(
        self, chunk: Chunk, subject: Subject, span: Span, story: Story, filing: int, code: str
    ) -> None:
        """Add the entry, and its keys to the index of the search."""
        place, kind, title = subject.place, subject.kind, subject.title
        by = self.cast.of(Role.PUBLISHER, place.code[:4] if chronicle.is_city(kind) else PROVINCE)
        level = self.chance.choice(LEVELS) if kind.levelled else ""
        since, until = chronicle.instant(span.since), chronicle.instant(span.until) if span.until else None
        said = f"{title} {place.words}{subject.body.searched.replace(words.TITLE, title)}"
        what = (self.entries, filing, kind.slug, code, title, place.code, level)
        told = (number_of(span.since), by.bureau_name, day_of(span.since))
        begun = (day_of(span.until) if span.until else None, stamp(since), by.pk)
        ended = (stamp(until), span.exit_reason, number_of(span.until) if span.exit_reason else "")
        chunk.entries.append((*what, *told, *begun, *ended, said, text.key(title), subject.body.facets))
        if self.is_searched:
            keys = subject.body.keys | self.keys[place.code] | text.grams(title)
            keys |= search.keys_beside(kind.slug, text.key(title))
            chunk.grams.append((self.entries, self.join(keys)))
        self.entries += 1


def _filled(said: str, subject: Subject) -> str:
    """Return the snapshot of a body with the name and the place of a filing in it."""
    said = said.replace(words.TITLE, subject.title).replace(words.BUREAU, subject.place.bureau_name)
    return said.replace(words.PLACE, subject.place.code)


def _numbered(said: str, number: int) -> str:
    """Return the snapshot of a first version as that of a later one."""
    return said if number == 1 else said.replace('"version":1}', f'"version":{number}}}')


def _array(keys: Iterable[str]) -> str:
    return "{" + ",".join(keys) + "}"


def number_of(day: int) -> str:
    """Return the document of a day."""
    return f"演示文〔{day_of(day)[:4]}〕{day % 400 + 1}号"


def _spread(weights: Mapping[str, int], chance: random.Random) -> Iterator[str]:
    """Yield the names for ever, each as often as its weight says, mixed."""
    names = [name for name, weight in weights.items() for _ in range(weight)]
    while True:
        chance.shuffle(names)
        yield from list(names)
