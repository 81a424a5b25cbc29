"""Random histories of catalogue entries, and a model in plain Python of what each of their acts should do.

A history is a list of acts on two lineages, each on a day of its own choosing; an act that makes no sense on
its day is refused, and the model says so beforehand. The filings behind the entries walked the workflow once
and were multiplied (``copies``), so that a thousand histories are cheap.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from portal import catalogue, workflow
from portal.models import CatalogueEntry, Filing
from portal.vocabulary import BrandLevel, ExitReason
from tests import copies, factories

KIND = "labour-brands"
FIRST, SPAN = date(2024, 5, 1), 10
DAYS = [FIRST + timedelta(days=n) for n in range(-1, SPAN + 6)]
VERBS = ("amend", "rename", "exit", "reinstate", "merge", "promote", "demote", "begin")
FOLLOWS = {"exit": "reinstate", "reinstate": "amend", "promote": "demote", "merge": "begin"}  # often
DOCUMENT = "演示文〔2024〕8号"
RENAMED, MERGED = "renamed", "merged"


@dataclass(frozen=True)
class Act:
    """One act of a history: on which of the two lineages, when, and the title a new entry would have."""

    verb: str
    which: int
    on: date
    title: str = ""


@dataclass
class Span:
    """An entry as the model sees it."""

    title: str
    begin: date
    level: str
    end: date | None = None
    is_exit: bool = False
    is_merged: bool = False
    rises: list[tuple[date, str]] = field(default_factory=list)  # day, level before it

    def holds(self, day: date) -> bool:
        """Say whether the entry is in the catalogue of a day."""
        return self.begin <= day and (self.end is None or day < self.end)

    def level_on(self, day: date) -> str:
        """Return the level of a day."""
        return next((former for on, former in self.rises if day < on), self.level)

    @property
    def latest(self) -> date:
        """The last day on which something happened to it."""
        return max([self.begin, *(on for on, _ in self.rises)])


@dataclass
class Model:
    """Two lineages and what became of their entries; ``act`` says whether an act is taken."""

    spans: tuple[list[Span], list[Span]] = field(default_factory=lambda: ([], []))
    successions: list[tuple[str, str, str]] = field(default_factory=list)
    begun: list[tuple[Act, Span]] = field(default_factory=list)

    def act(self, act: Act) -> bool:
        """Do ``act`` and say whether it was allowed."""
        own = self.spans[act.which]
        last = own[-1] if own else None
        return getattr(self, f"_{act.verb}")(act, own, last)

    def _publish(self, act: Act, own: list[Span], last: Span | None) -> bool:
        own.append(Span(act.title, act.on, BrandLevel.MUNICIPAL))
        return True

    def _amend(self, act: Act, own: list[Span], last: Span) -> bool:
        if last.end or act.on < last.latest:
            return False
        last.end = act.on
        own.append(Span(act.title, act.on, last.level))
        if last.title != act.title:
            self.successions.append((last.title, act.title, RENAMED))
        return True

    _rename = _amend

    def _exit(self, act: Act, own: list[Span], last: Span) -> bool:
        if last.end or act.on < last.latest:
            return False
        last.end, last.is_exit = act.on, True
        return True

    def _reinstate(self, act: Act, own: list[Span], last: Span) -> bool:
        if not last.is_exit or last.is_merged or act.on < last.end:
            return False
        own.append(Span(act.title, act.on, last.level))
        return True

    def _merge(self, act: Act, own: list[Span], last: Span) -> bool:
        other = self.spans[1 - act.which]
        there = other[-1].end is None and any(span.holds(act.on) for span in other)
        if not there or not self._exit(act, own, last):
            return False
        last.is_merged = True
        self.successions.append((last.title, other[-1].title, MERGED))
        return True

    def _promote(self, act: Act, own: list[Span], last: Span, level: str = BrandLevel.PROVINCIAL) -> bool:
        if last.end or last.level == level or act.on < last.latest:
            return False
        last.rises.append((act.on, last.level))
        last.level = level
        return True

    def _demote(self, act: Act, own: list[Span], last: Span) -> bool:
        return self._promote(act, own, last, BrandLevel.MUNICIPAL)

    def _begin(self, act: Act, own: list[Span], last: Span) -> bool:
        """A filing is begun now and published after all else: only if nothing came in between."""
        if not last.end:
            self.begun.append((act, last))
        return not last.end

    def finish(self) -> Iterator[bool]:
        """Publish what was begun."""
        for act, amended in self.begun:
            own = self.spans[act.which]
            yield own[-1] is amended and self._amend(act, own, amended)

    def on(self, day: date) -> set[tuple[int, str, str]]:
        """Return (lineage, title, level) of each entry in the catalogue of a day."""
        found = ((n, span) for n, own in enumerate(self.spans) for span in own if span.holds(day))
        return {(n, span.title, span.level_on(day)) for n, span in found}


def drawn(number: int) -> list[Act]:
    """Return the history of that number: an entry is published, then two or three acts happen to it.

    Where one of them concerns a second entry, that is published too.
    """
    chance = random.Random(f"history {number}")
    names, acts = [f"演示第{number}号甲", f"演示第{number}号乙"], []
    for place in range(chance.randint(2, 3)):
        follows = FOLLOWS.get(acts[-1].verb) if acts and chance.random() < 0.5 else None
        verb = follows or chance.choice(VERBS)
        which = acts[-1].which if follows else int(chance.random() < 0.15)
        on = acts[-1].on + timedelta(days=chance.randrange(-1, 4)) if follows else _day(chance, SPAN)
        if verb == "rename":
            names[which] = f"演示第{number}号更名{place}"
        acts.append(Act(verb, which, on, names[which]))
    second = any(act.which or act.verb == "merge" for act in acts)
    firsts = [f"演示第{number}号甲", f"演示第{number}号乙"][: 1 + second]
    return [*(Act("publish", n, _day(chance, 4), name) for n, name in enumerate(firsts)), *acts]


def _day(chance: random.Random, span: int) -> date:
    return FIRST + timedelta(days=chance.randrange(span))


class Lived:
    """A history as the portal lives it: ``taken`` says of each act whether it was let through."""

    def __init__(self, acts: list[Act], filings: dict[str, list[Filing]]):
        self.acts, self.filings = acts, filings
        self.codes: dict[int, str] = {}
        self.begun: list[tuple[Act, Filing]] = []
        self.by = factories.publisher()
        self.taken = [self._tried(act) for act in acts]
        self.finished = [self._published(filing, act.on) for act, filing in self.begun]

    def _tried(self, act: Act) -> bool:
        try:
            return getattr(self, f"_{act.verb}", self._renewed)(act)
        except workflow.Refused:
            return False

    def _last(self, act: Act) -> CatalogueEntry:
        lineage = CatalogueEntry.objects.filter(code=self.codes[act.which]).select_related("filing")
        return lineage.order_by("-valid_from", "-pk").first()

    def _publish(self, act: Act) -> bool:
        self.codes[act.which] = self._entered(self.filings[act.title].pop(), act.on).code
        return True

    def _entered(self, filing: Filing, on: date) -> CatalogueEntry:
        return catalogue.publish(filing, by=self.by, document_number=DOCUMENT, on=on)

    def _published(self, filing: Filing, on: date) -> bool:
        try:
            return bool(self._entered(filing, on))
        except workflow.Refused:
            return False

    def _renewed(self, act: Act) -> bool:
        """Amend or rename: an approved filing that was begun while the entry was in force replaces it."""
        filing = self._begun(act)
        return bool(filing) and bool(self._entered(filing, act.on))

    def _begun(self, act: Act) -> Filing | None:
        last = self._last(act)
        return None if last.valid_to else self._filing(act, last)

    def _filing(self, act: Act, last: CatalogueEntry) -> Filing:
        filing = self.filings[act.title].pop()
        begun = {"amends_id": last.filing_id, "holds_name": False, "created_at": timezone.now()}
        Filing.objects.filter(pk=filing.pk).update(**begun)
        return filing

    def _begin(self, act: Act) -> bool:
        if filing := self._begun(act):
            self.begun.append((act, filing))
        return bool(filing)

    def _reinstate(self, act: Act) -> bool:
        last = self._last(act)
        if catalogue.why_not_reinstated(last, self.by):
            return False
        return bool(self._entered(self._filing(act, last), act.on))

    def _exit(self, act: Act) -> bool:
        leaving = {"reason": ExitReason.VOLUNTARY, "document_number": DOCUMENT, "on": act.on}
        return bool(catalogue.exit(self._last(act), by=self.by, **leaving))

    def _merge(self, act: Act) -> bool:
        into = self._last(Act("merge", 1 - act.which, act.on))
        return bool(catalogue.merge(self._last(act), into, by=self.by, document_number=DOCUMENT, on=act.on))

    def _promote(self, act: Act, level: str = BrandLevel.PROVINCIAL) -> bool:
        rise = {"level": level, "document_number": DOCUMENT, "on": act.on}
        return bool(catalogue.promote(self._last(act), by=self.by, **rise))

    def _demote(self, act: Act) -> bool:
        return self._promote(act, BrandLevel.MUNICIPAL)


def approved_filings(histories: list[list[Act]]) -> dict[str, list[Filing]]:
    """Return title → approved filings, as many as the histories may publish: copies of one that walked."""
    publishing = {"publish", "amend", "rename", "reinstate", "begin"}
    asked = [act.title for acts in histories for act in acts if act.verb in publishing]
    first = factories.approved(KIND)
    held: set[str] = set()
    changes = [{"title": title, "holds_name": not (title in held or held.add(title))} for title in asked]
    filings = copies.multiply(first, len(changes), changes)
    # what does not hold its name is an amendment, here of one that is never published, until it is begun
    waiting = [filing.pk for filing in filings if not filing.holds_name]
    Filing.objects.filter(pk__in=waiting).update(amends_id=first.pk)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # nothing is committed, so nobody else counts the rows for the planner
    named: dict[str, list[Filing]] = {}
    for filing in filings:
        named.setdefault(filing.title, []).insert(0, filing)
    return named
