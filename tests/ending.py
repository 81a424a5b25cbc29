"""Filings whose time has come, for tests: pasts that were walked and then moved back by years."""

from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from portal import catalogue, terms
from portal.models import Attachment, CatalogueEntry, Filing, FilingVersion, Objection
from portal.vocabulary import ExitReason
from tests import factories

NAME, PHONE = "金丝雀联系人", "13900003707"
SAID = {"contact_name": NAME, "contact_phone": PHONE}
CANARIES = (NAME, PHONE)
LONG = timedelta(days=366 * 20)


def aged(record: Filing) -> Filing:
    """Return a filing as if all of it had happened long ago."""
    times = ("updated_at", "arrived_at", "submitted_at", "decided_at")
    Filing.objects.filter(pk=record.pk).update(**{name: F(name) - LONG for name in times})
    CatalogueEntry.objects.filter(filing=record.pk).update(ended_at=F("ended_at") - LONG)
    return factories.registry.get(record.kind).model.objects.get(pk=record.pk)


def day_of(name: str, *, late: int) -> datetime:
    """Return noon of the day on which the term of what ended today runs out, and ``late`` days after it."""
    begun, years = timezone.localdate(), terms.table()[name].years
    day = begun if years == 0 else begun.replace(day=min(begun.day, 28), year=begun.year + years)
    moved = datetime(day.year, day.month, day.day, 12, tzinfo=timezone.get_current_timezone())
    return moved + timedelta(days=begun.day - day.day + late)


def said() -> str:
    """Return all that the models say of persons: rows, versions, files, objections."""
    kinds = [kind for kind in factories.registry.all_types() if kind.personal]
    rows = [list(kind.model.objects.values_list("pk", *kind.personal)) for kind in kinds]
    versions = list(FilingVersion.objects.values_list("snapshot", flat=True))
    objections = list(Objection.objects.values_list("objector", "contact", "text"))
    return f"{rows}{versions}{list(Attachment.objects.values_list('name', flat=True))}{objections}"


def canaries() -> int:
    """Return how often one of the canaries still stands somewhere."""
    text = said()
    return sum(text.count(word) for word in CANARIES)


def exited(record: Filing) -> Filing:
    """Return a published filing whose entry left the catalogue today."""
    facts = {"reason": ExitReason.VOLUNTARY, "document_number": factories.DOCUMENT}
    catalogue.exit(record.entry, by=factories.publisher(), **facts)
    return record


def told(found: dict) -> dict:
    """Return the classes of which something was erased, with their numbers."""
    return {name: dict(counted) for name, counted in found.items() if counted}
