"""What must always hold, checked against the whole database: one line per fault, read only.

Each invariant is a function of rows that yields sentences; ``faults`` feeds them chunk by chunk, with the
same few queries for each. The lines name a filing by number, never by its content.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator

from django.db import models
from django.utils import timezone

from portal import (
    access_archive,
    access_chain,
    counting,
    edition_files,
    editions,
    filing_counts,
    notify,
    resealing,
    selection,
)
from portal.models import (
    Attachment,
    CatalogueEntry,
    Event,
    Filing,
    FilingVersion,
    Membership,
    Message,
    Remark,
)
from portal.sealing import Unreadable
from portal.verify.consultation import of_consultations
from portal.verify.database import GUARDS, missing_guards, of_posts
from portal.verify.entries import of_catalogue, of_entry
from portal.verify.files import of_store
from portal.verify.filings import of_chain, of_content, of_decision, of_erased, of_state, of_versions, records
from portal.verify.historical import of_registrations
from portal.verify.imports import of_imports
from portal.verify.jobs import of_jobs
from portal.verify.notices import of_notices
from portal.verify.remarks import of_remarks
from portal.verify.reviews import of_reviews
from portal.vocabulary import Role, Topic

__all__ = ["GUARDS", "also", "counts", "faults", "nightly"]

CHUNK = 500
_CHECKS = (
    counting.faults,
    filing_counts.faults,
    of_catalogue,
    of_notices,
    of_consultations,
    of_reviews,
    selection.faults,
    editions.faults,
    edition_files.faults,
)
_others: list[Callable[[], Iterator[str]]] = []


def also(check: Callable[[], Iterator[str]]) -> Callable[[], Iterator[str]]:
    """Register a check of an app of record types: it yields one line for each of its faults."""
    _others.append(check)
    return check


def faults() -> Iterator[str]:
    """Yield one line for each fault in the database."""
    yield from missing_guards()
    yield from access_chain.faults()
    yield from access_archive.faults()
    yield from resealing.faults()
    for numbers in _chunks():
        yield from _faults_of(numbers)
    for check in (*_CHECKS, *_others):
        yield from _unless_locked(check)
    yield from of_posts(Membership.objects.current().select_related("organisation", "user"))
    yield from of_store()
    yield from of_jobs()
    yield from of_imports()
    yield from of_registrations()


def _unless_locked(check: Callable[[], Iterator[str]]) -> Iterator[str]:
    """Yield the faults a check finds until it meets what cannot be opened, which is a fault too."""
    try:
        yield from check()
    except Unreadable as locked:
        yield str(locked)


def counts() -> dict[str, int]:
    """Return how many rows of each kind there are to check, by their Chinese name."""
    tables = (Filing, Event, FilingVersion, CatalogueEntry, Membership, Attachment)
    return {str(table._meta.verbose_name): table.objects.count() for table in tables}


def nightly() -> int:
    """Check everything, tell the auditors when something is wrong, and return the number of faults."""
    found = list(faults())
    if found:
        auditors = Membership.objects.current().filter(role=Role.AUDITOR, user__is_active=True)
        sentence = (
            f"夜间核对发现 {len(found)} 处不符，数据没有改动；执行 manage.py verify 可列出全部。{found[0]}"
        )
        notify.deliver(
            Message(user_id=user, topic=Topic.OTHER, text=sentence[:400], created_at=timezone.now())
            for user in auditors.order_by("user_id").values_list("user_id", flat=True).distinct()
        )
    return len(found)


def _chunks() -> Iterator[list[int]]:
    last = 0
    while numbers := list(
        Filing.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        yield numbers
        last = numbers[-1]


def _faults_of(numbers: list[int]) -> Iterator[str]:
    """Look twice at what seems wrong: an act between two queries of the first look is no fault."""
    try:
        found = list(_look(numbers))
        if found:
            found = list(_look(sorted({number for number, _ in found})))
    except Unreadable as locked:
        found = [(number, f"填报 {number}：{locked}") for number in numbers if len(numbers) == 1]
        for number in numbers if len(numbers) > 1 else ():
            yield from _faults_of([number])
    yield from (line for _, line in found)


def _look(numbers: list[int]) -> Iterator[tuple[int, str]]:
    filings = list(_with_entries(numbers))
    events = _by_filing(Event.objects.filter(filing_id__in=numbers).order_by("number"))
    versions = _by_filing(FilingVersion.objects.filter(filing_id__in=numbers).order_by("number"))
    erased = set(
        Attachment.objects.filter(filing_id__in=numbers).exclude(erased_at=None).values_list("pk", flat=True)
    )
    remarks = _by_filing(Remark.objects.filter(filing_id__in=numbers).order_by("pk"))
    own_type = records(filings)
    for filing in filings:
        own = events[filing.pk], versions[filing.pk]
        found = [
            *of_chain(own[0]),
            *of_state(filing, own[0]),
            *of_versions(*own),
            *of_content(filing, own_type.get(filing.pk), own[1]),
            *of_erased(filing, own[1], erased),
            *of_decision(filing, own[0]),
            *of_entry(filing, own[0]),
            *of_remarks(filing, own[0], remarks[filing.pk]),
        ]
        yield from ((filing.pk, f"填报 {filing.pk}（{filing.kind}）：{text}") for text in found)


def _with_entries(numbers: list[int]) -> models.QuerySet:
    found = Filing.objects.filter(pk__in=numbers).select_related("entry__succession").order_by("pk")
    return found.prefetch_related("entry__promotions")


def _by_filing(rows: models.QuerySet) -> dict[int, list]:
    grouped = defaultdict(list)
    for row in rows:
        grouped[row.filing_id].append(row)
    return grouped
