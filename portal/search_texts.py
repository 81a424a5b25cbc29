"""What the public search looks through of an entry: written with it, and anew when a place is renamed.

Derived from the filing, which nobody changes once it was published, and from the names of places, which are
corrected now and then. With ``publication`` the only writer of ``CatalogueEntry.search_text``.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db import transaction

from portal import registry, scope, search, snapshot, text
from portal.models import CatalogueEntry, Filing
from portal.registry import RecordType
from portal.vocabulary import Level

WHOLE = "37"
AT_ONCE = 500  # entries whose filings are in memory at once, written in one transaction


def search_text(record: Filing) -> str:
    """Return what the public search looks through: name, places and the public fields, folded."""
    region = record.region
    places = [region.name, region.parent.name if region.parent_id and region.level != Level.CITY else ""]
    fields = [snapshot.shown(record, name) for name in record.record_type.public]
    return text.fold("\n".join([record.title, *places, *fields]))


def records(record_type: RecordType, filings: Collection[int]) -> Sequence[Filing]:
    """Return filings of a type with all that is searched of them, in a fixed number of queries."""
    columns = [record_type.field(name) for name in record_type.public]
    one = [c.name for c in columns if c.is_relation and not c.many_to_many]
    many = [c.name for c in columns if c.many_to_many]
    found = record_type.model.objects.filter(pk__in=filings)
    return found.select_related("region__parent", *one).prefetch_related(*many)


def refresh(region: str = WHOLE) -> int:
    """Write the texts in a region and below anew with their keys; return how many were out of date.

    A part at a time, so that nobody who writes waits for all of it; done again it changes nothing.
    """
    inside = CatalogueEntry.objects.filter(scope.within("region_id", region)).order_by("pk")
    number, last = 0, 0
    while part := list(inside.filter(pk__gt=last)[:AT_ONCE]):
        number, last = number + _written(part), part[-1].pk
    return number


@transaction.atomic
def _written(part: Sequence[CatalogueEntry]) -> int:
    """Write what is out of date of these entries and return how many that are."""
    texts, stale = _texts(part), []
    for entry in part:
        if entry.search_text != texts[entry.filing_id]:
            entry.search_text = texts[entry.filing_id]
            stale.append(entry)
    CatalogueEntry.objects.bulk_update(stale, ["search_text"])
    search.index_anew([(one.pk, one.kind, one.name_key, one.search_text) for one in stale])
    return len(stale)


def _texts(part: Sequence[CatalogueEntry]) -> dict[int, str]:
    kinds: dict[str, list[int]] = defaultdict(list)
    for entry in part:
        kinds[entry.kind].append(entry.filing_id)
    found = (record for kind, filings in kinds.items() for record in records(registry.get(kind), filings))
    return {record.pk: search_text(record) for record in found}
