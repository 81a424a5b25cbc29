"""Publication: an approved filing becomes an entry, one alone or many together, by the same rules.

With ``catalogue``, which offers it, the only writer of entries.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction

from portal import counting, search, search_texts, text
from portal.models import CatalogueEntry, CodeCounter, Edition, Event, Filing, Succession, User
from portal.publishable import (
    checked_day,
    checked_number,
    fixed_since,
    hold_editions,
    latest,
    level_of,
    refuse_fixed,
    why_unpublishable,
    why_unpublishable_all,
)
from portal.registry import RecordType
from portal.vocabulary import Role, SuccessionKind
from portal.workflow import (
    AT_ONCE,
    OUT_OF_SCOPE,
    TWICE,
    Asked,
    Conflict,
    Outcome,
    Refused,
    overtaken_by,
    record_all,
    swap,
)


@dataclass(frozen=True)
class _Terms:
    """What is said of all that is published together."""

    by: User
    number: str
    day: date
    level: str = ""
    request_id: str = ""
    is_for_new: bool = False  # the level: what replaces an entry keeps that of the entry


@dataclass(frozen=True)
class _Known:
    """What the rules ask of all the filings, read at once."""

    fixed: list[Edition]
    in_force: dict[int, CatalogueEntry]
    records: dict[int, Filing]


@dataclass(frozen=True)
class _Ready:
    """A filing that may be published: its record, and the entry it replaces or takes up again."""

    record: Filing
    replaced: CatalogueEntry | None
    level: str


@transaction.atomic
def publish(
    filing: Filing,
    *,
    by: User,
    document_number: str,
    on: date | None = None,
    level: str = "",
    request_id: str = "",
    edition: Edition | None = None,
) -> CatalogueEntry:
    """Put an approved filing into the catalogue from the day ``on`` (today unless told) and return its entry.

    An amendment takes over the code and ends the entry it replaces; a reinstatement takes up the code of the
    entry that exited. Raises ``Filing.DoesNotExist`` out of scope, ``Refused`` with the reason, ``Conflict``
    when another act came first.
    """
    current = _held([filing.pk], by).get(filing.pk)
    if current is None:
        raise Filing.DoesNotExist
    if reason := why_unpublishable(current, by, edition):
        raise Refused(reason)
    terms = _Terms(by, checked_number(document_number), checked_day(on), level, request_id)
    ready = _ready(current, _known([current], terms.day), terms)
    return _entered([ready], terms)[0][0]


def publish_all(
    asked: Sequence[Asked],
    *,
    by: User,
    document_number: str,
    on: date | None = None,
    level: str = "",
    request_id: str = "",
) -> list[Outcome]:
    """Publish many filings with one document and day, each by the rules of ``publish``; one outcome for each.

    ``level`` is for what is new in a levelled catalogue. Up to ``AT_ONCE`` filings share a transaction, whose
    queries do not grow with new entries of a type; each amendment or reinstatement costs about ten more.
    Raises ``Refused`` when the number or the day is wrong, for then nothing can be published.
    """
    terms = _Terms(by, checked_number(document_number), checked_day(on), level, request_id, is_for_new=True)
    parts = [asked[i : i + AT_ONCE] for i in range(0, len(asked), AT_ONCE)]
    return [outcome for part in parts for outcome in _part(part, terms)]


def _part(asked: Sequence[Asked], terms: _Terms) -> list[Outcome]:
    try:
        with transaction.atomic():
            return _together(asked, terms)
    except (
        Conflict,
        Refused,
    ) as obstacle:  # one could not be stored: each by itself, so that it stops no other
        if len(asked) == 1:
            return [Outcome(asked[0], obstacle=obstacle)]
        return [outcome for one in asked for outcome in _part([one], terms)]


def _together(asked: Sequence[Asked], terms: _Terms) -> list[Outcome]:
    found = _held([one.pk for one in asked], terms.by)
    late, reasons = overtaken_by(asked, found), why_unpublishable_all(found.values(), terms.by)
    known = _known(found.values(), terms.day)
    ready: dict[int, _Ready] = {}
    obstacles: dict[int, Exception] = {}
    for place, one in enumerate(asked):
        try:
            if one.pk in ready or one.pk not in found:
                raise Refused(TWICE if one.pk in ready else OUT_OF_SCOPE)
            if one in late:
                raise late[one]
            if reasons[one.pk]:
                raise Refused(reasons[one.pk])
            ready[one.pk] = _ready(found[one.pk], known, terms)
        except (Refused, Conflict) as obstacle:
            obstacles[place] = obstacle
    events = {event.filing_id: event for _, event in _entered(list(ready.values()), terms)}
    return [
        Outcome(one, None if place in obstacles else events[one.pk], obstacles.get(place))
        for place, one in enumerate(asked)
    ]


def _held(pks: Collection[int], by: User) -> dict[int, Filing]:
    """Return the filings in the scope of ``by`` as they are once they and their editions are held.

    Editions first, as their own publication locks: then no cycle can come about.
    """
    visible = Filing.objects.visible_to(by).filter(pk__in=pks).order_by("pk")
    hold_editions(visible.values_list("kind", "region_id"))
    list(visible.select_for_update(of=("self",)).values_list("pk"))
    found = visible.select_related("organisation__region", "region__parent", "amends")
    return {filing.pk: filing for filing in found}


def _known(filings: Collection[Filing], day: date) -> _Known:
    amended = [filing.amends_id for filing in filings if filing.amends_id]
    in_force = CatalogueEntry.objects.in_force().filter(filing__in=amended) if amended else ()
    return _Known(
        fixed_since(day, [filing.kind for filing in filings]),
        {entry.filing_id: entry for entry in in_force},
        _records(filings),
    )


def _records(filings: Collection[Filing]) -> dict[int, Filing]:
    """Return filing → its record with what its entry tells of it; the queries grow with the types alone."""
    kinds: dict[str, list[Filing]] = defaultdict(list)
    for filing in filings:
        if filing.is_publishable:
            kinds[filing.kind].append(filing)
    found = (search_texts.records(own[0].record_type, [one.pk for one in own]) for own in kinds.values())
    return {record.pk: record for own in found for record in own}


def _ready(filing: Filing, known: _Known, terms: _Terms) -> _Ready:
    """Return a publishable filing with what it replaces; ``Refused`` when day or level do not fit."""
    refuse_fixed(known.fixed, filing.kind, filing.region_id)
    replaced = _replaced(filing, known, terms.day)
    level = "" if replaced and terms.is_for_new else terms.level
    return _Ready(known.records[filing.pk], replaced, level_of(filing.record_type, level, replaced))


def _replaced(filing: Filing, known: _Known, day: date) -> CatalogueEntry | None:
    """Return the entry that a filing replaces or, when it was begun after the exit, takes up again."""
    if not filing.amends_id:
        return None
    entry = known.in_force.get(filing.amends_id) or _reinstated(filing)
    if entry is None:
        raise Refused("原条目已退出或已被替换，这份变更不能公布。")
    earliest = entry.valid_to or latest(entry)
    if day < earliest:
        raise Refused(f"日期不能早于原条目的{'退出' if entry.valid_to else '公布'}日期（{earliest}）。")
    return entry


def _reinstated(filing: Filing) -> CatalogueEntry | None:
    """Return the exited entry that ends its lineage, if the filing was begun after the exit."""
    entry = CatalogueEntry.objects.filter(filing_id=filing.amends_id).exclude(exit_reason="").first()
    left = filing.amends.events.filter(action="exit").order_by("-number").first()
    if entry is None or left is None or filing.created_at < left.at:
        return None
    newest = CatalogueEntry.objects.filter(code=entry.code).order_by("-valid_from", "-pk").first()
    return entry if newest.pk == entry.pk else None


def _entered(ready: Sequence[_Ready], terms: _Terms) -> list[tuple[CatalogueEntry, Event]]:
    """Enter what is ready and return each entry with its event: all of them or none."""
    if not ready:
        return []
    said = {"comment": f"{terms.number} {terms.day}", "request_id": terms.request_id}
    events = record_all([one.record for one in ready], "publish", by=terms.by, **said)
    for one, event in zip(ready, events, strict=True):
        if one.replaced:
            _take_place(one, terms.day, event)
    entries = _stored(ready, terms, events)
    search.index((entry.pk, entry.kind, entry.name_key, entry.search_text) for entry in entries)
    for one, entry in zip(ready, entries, strict=True):
        if one.replaced and not one.replaced.is_exited and one.replaced.name_key != entry.name_key:
            Succession.objects.create(old=one.replaced, new=entry, kind=SuccessionKind.RENAMED)
    return list(zip(entries, events, strict=True))


def _take_place(one: _Ready, day: date, event: Event) -> None:
    """End the entry that is replaced and let the filing hold the name in its stead."""
    if not one.replaced.is_exited:
        end(one.replaced, day, event)
    swap(Filing.objects.filter(pk=one.record.pk), holds_name=True)


def end(entry: CatalogueEntry, day: date, event: Event, **exit_facts: str) -> None:
    """Close the span at the instant of ``event``: at no instant is there neither an entry nor its successor.

    ``Conflict`` when it was closed or promoted since. Filing first, as every act locks.
    """
    Filing.objects.filter(pk=entry.filing_id).update(holds_name=False)
    as_read = CatalogueEntry.objects.filter(pk=entry.pk, valid_to=None, level=entry.level)
    if not as_read.update(valid_to=day, ended_at=event.at, **exit_facts):
        raise Conflict(entry.filing)


def _stored(ready: Sequence[_Ready], terms: _Terms, events: Sequence[Event]) -> list[CatalogueEntry]:
    """Return the new entries; a code in force twice means that somebody was quicker."""
    codes = next_codes([(one.record.record_type, one.record.region_id) for one in ready if not one.replaced])
    made = [
        _entry(one, one.replaced.code if one.replaced else next(codes), terms, event)
        for one, event in zip(ready, events, strict=True)
    ]
    try:
        with transaction.atomic():
            return CatalogueEntry.objects.bulk_create(made)
    except IntegrityError:
        raise Conflict(Filing.objects.get(pk=ready[0].record.pk)) from None


def _entry(one: _Ready, code: str, terms: _Terms, event: Event) -> CatalogueEntry:
    record = one.record
    return CatalogueEntry(
        filing_id=record.pk,
        kind=record.kind,
        code=code,
        title=record.title,
        region_id=record.region_id,
        level=one.level,
        document_number=terms.number,
        publisher=_publisher(terms.by, record),
        valid_from=terms.day,
        published_at=event.at,
        published_by=terms.by,
        search_text=search_texts.search_text(record),
        name_key=text.key(record.title)[:100],
        facets=counting.facets_of(record),
    )


def _publisher(by: User, filing: Filing) -> str:
    posts = (post for post in by.posts if post.role == Role.PUBLISHER)
    return next(p.organisation.name for p in posts if filing.region_id.startswith(p.organisation.region_id))


def next_codes(wanted: Sequence[tuple[RecordType, str]]) -> Iterable[str]:
    """Return the next public codes for (type, region), e.g. ``SB-3707-0003``: type, city, serial.

    Needs a transaction; a counter is held until its end, those of several cities in one order.
    """
    prefixes = [f"{record_type.code}-{region_code[:4].ljust(4, '0')}" for record_type, region_code in wanted]
    counters = _taken(Counter(prefixes)) if prefixes else {}
    for prefix in prefixes:
        counters[prefix].last += 1
        yield str(counters[prefix])


def _taken(numbers: Mapping[str, int]) -> dict[str, CodeCounter]:
    """Take as many serials of each counter as are wanted and return the counters as they were before."""
    prefixes = sorted(numbers)
    CodeCounter.objects.bulk_create(list(map(CodeCounter, prefixes)), ignore_conflicts=True)
    held = list(CodeCounter.objects.select_for_update().filter(prefix__in=prefixes).order_by("prefix"))
    for counter in held:
        counter.last += numbers[counter.prefix]
    CodeCounter.objects.bulk_update(held, ["last"])
    return {c.prefix: CodeCounter(c.prefix, c.last - numbers[c.prefix]) for c in held}
