"""Many filings at the price of one: a walked history multiplied in bulk, under the database's guards."""

import json
from collections.abc import Sequence
from copy import copy

from django.db import connection, models
from django.db.models import OuterRef, Subquery

from portal.models import CatalogueEntry, CodeCounter, Event, Filing, FilingVersion, canonical
from portal.registry import RecordType
from portal.snapshot import digest
from portal.vocabulary import DECIDED, State
from tests import factories

MANY = 100  # rows; a plan made for fewer is good enough for these
KEPT = ("version", "explanation", "holder_id", "submitted_at", "submitted_by_id", "accepted_at", "arrived_at")


def many_filings(
    number: int, record_type: RecordType | str, state: str = State.DRAFT, *, place: str = factories.WEIFANG
) -> list[Filing]:
    """Return ``number`` filings in ``state``: the first walked, the others copy it under other titles."""
    original = factories.filing(record_type, state, place=place)
    return [original, *multiply(original, number - 1)]


def many_entries(
    number: int, record_type: RecordType | str, *, place: str = factories.WEIFANG
) -> list[CatalogueEntry]:
    """Return ``number`` entries in force; the filings behind them are copies of one walked history."""
    first = factories.entry(record_type, place=place)
    return [first, *multiply_entry(first, number - 1)]


def multiply_entry(first: CatalogueEntry, number: int) -> list[CatalogueEntry]:
    """Return ``number`` entries like ``first``, each with a filing of its own and the next free code."""
    prefix = first.code.rsplit("-", 1)[0]
    counter = CodeCounter.objects.get(prefix=prefix)
    entries = CatalogueEntry.objects.bulk_create(
        _other(first, filing_id=filing.pk, title=filing.title, code=f"{prefix}-{serial:04d}")
        for serial, filing in enumerate(multiply(first.filing.record, number), counter.last + 1)
    )
    CodeCounter.objects.filter(prefix=prefix).update(last=counter.last + number)
    let_the_planner_count(number)
    return entries


def multiply(original: Filing, number: int, changes: Sequence[dict] = ()) -> list[Filing]:
    """Return ``number`` copies of ``original`` with the same fields, rows, versions and events.

    ``changes`` are columns of ``Filing`` for each copy, such as a title of its own.
    """
    fields = {
        f.attname: getattr(original, f.attname) for f in Filing._meta.concrete_fields if not f.primary_key
    }
    fresh = {"state": State.DRAFT, "step": 0, "decided_at": None, "decided_by_id": None}
    start = Filing.objects.filter(kind=original.kind, organisation=original.organisation_id).count()
    copies = Filing.objects.bulk_create(
        Filing(**{**fields, **fresh, "title": f"{original.title}第{start + place}份"[:100], **change})
        for place, change in enumerate(changes or [{}] * number)
    )
    _copy_children(original, copies)
    _copy_history(original, copies)
    let_the_planner_count(number)
    return list(Filing.objects.filter(pk__in=[copy.pk for copy in copies]).order_by("pk"))


def let_the_planner_count(number: int = MANY) -> None:
    """Have PostgreSQL count what stands in its tables after ``number`` rows were added.

    Nothing is committed, so nobody else counts for it, and its plans for empty tables take minutes.
    """
    if connection.vendor == "postgresql" and number >= MANY:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _copy_children(original: Filing, copies: list[Filing]) -> None:
    model = type(original)
    names = [f.column for f in model._meta.local_concrete_fields if not f.primary_key]
    own, quoted = connection.ops.quote_name(model._meta.pk.column), map(connection.ops.quote_name, names)
    columns = "".join(f", {name}" for name in quoted)
    table = model._meta.db_table
    sql = f"INSERT INTO {table} ({own}{columns}) SELECT %s{columns} FROM {table} WHERE {own} = %s"
    with connection.cursor() as cursor:
        cursor.executemany(sql, [(copy.pk, original.pk) for copy in copies])
    if "name" in original.record_type.fields:
        title = Filing.objects.filter(pk=OuterRef("pk")).values("title")
        model.objects.filter(pk__in=[copy.pk for copy in copies]).update(name=Subquery(title))
    through = [column.remote_field.through for column in model._meta.local_many_to_many]
    for related in [*through, *(original.record_type.row_model(name) for name in original.record_type.rows)]:
        _copy_rows(related, model, original, copies)


def _copy_rows(
    related: type[models.Model], model: type[models.Model], original: Filing, copies: list[Filing]
) -> None:
    link = next(f for f in related._meta.concrete_fields if f.related_model is model)
    rows = list(related.objects.filter(**{link.name: original.pk}))
    related.objects.bulk_create(_other(row, **{link.attname: copy.pk}) for copy in copies for row in rows)


def _copy_history(original: Filing, copies: list[Filing]) -> None:
    taken = [(version, canonical(version.snapshot).decode()) for version in original.versions.all()]
    FilingVersion.objects.bulk_create(
        _renamed(version, words, original, copy) for copy in copies for version, words in taken
    )
    events = list(original.events.order_by("number"))
    Event.objects.bulk_create(event for copy in copies for event in _chain(events, copy))
    everyone = Filing.objects.filter(pk__in=[copy.pk for copy in copies])
    everyone.update(**{name: getattr(original, name) for name in KEPT})
    for event in events:
        final = event.target in DECIDED
        everyone.update(
            state=event.target,
            step=event.number,
            decided_at=event.at if final else None,
            decided_by=original.decided_by_id if final else None,
        )


def _renamed(version: FilingVersion, words: str, original: Filing, copy: Filing) -> FilingVersion:
    taken = json.loads(words.replace(original.title, copy.title))
    return _other(version, filing_id=copy.pk, snapshot=taken, sha256=digest(taken))


def _chain(events: list[Event], filing: Filing) -> list[Event]:
    chain: list[Event] = []
    for event in events:
        link = _other(event, filing_id=filing.pk, previous_hash=chain[-1].hash if chain else "")
        link.hash = link.digest()
        chain.append(link)
    return chain


def _other(row: models.Model, **changes) -> models.Model:
    twin = copy(row)
    twin.pk, twin._state = None, copy(row._state)
    twin._state.adding = True
    twin._state.fields_cache = {}
    for name, value in changes.items():
        setattr(twin, name, value)
    return twin
