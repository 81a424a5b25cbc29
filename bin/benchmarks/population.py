"""A synthetic register of any size: filings with events and versions, entries with their search index.

Seeded: the same call makes the same rows, but for the instants, which lie before the present one. Written as
ready tuples (``loading``), whole: hashes, codes, counters and index are what the portal itself would have
left, so ``manage.py verify`` finds nothing. Every row is invented.
"""

from collections.abc import Mapping
from io import StringIO

from django.core.management import call_command, get_commands
from django.db import connection

from benchmarks import loading, words
from benchmarks.writer import Writer
from portal import registry
from portal.models import CatalogueEntry, Event, Filing, FilingVersion

#: How often each type of the catalogue comes; skill brands are the largest registry.
KINDS = {
    "skill-brands": 40,
    "building-units": 15,
    "labour-brands": 15,
    "handicraft-projects": 10,
    "exam-projects": 10,
    "exam-institutions": 8,
    "city-training-brands": 2,
}
#: What becomes of entries, and where open filings lie, in hundredths.
ENTRIES = {"published": 84, "amended": 8, "exited": 8}
ENDED = {"published": 88, "exited": 6, "rejected": 4, "cancelled": 2}
IN_WORK = {"draft": 25, "city": 25, "province": 30, "returned": 10, "approved": 10}


def fill_entries(
    number: int, *, kinds: Mapping[str, int] | None = None, is_searched: bool = True, has_history: bool = True
) -> None:
    """Bring the catalogue to ``number`` entries: in force, replaced by an amendment, or exited.

    ``kinds``: slug → weight; ``is_searched=False`` leaves the index of the search empty,
    ``has_history=False`` leaves events and versions out, for what reads neither: then ``verify`` would not
    agree. Does nothing where there are as many already.
    """
    missing = number - CatalogueEntry.objects.count()
    _fill(missing, ENTRIES, kinds or KINDS, is_searched, has_history)


def fill_filings(
    number: int,
    *,
    open_share: float = 0.05,
    open_count: int | None = None,
    kinds: Mapping[str, int] | None = None,
    is_searched: bool = False,
    has_history: bool = True,
) -> None:
    """Bring the desks to ``number`` filings, of which a share, or a count, is still in work.

    The others are published, exited, rejected or cancelled; the open ones lie with their filers (25 % drafts,
    10 % returned), the cities (25 %), the province (30 %) and its publisher (10 %).
    """
    missing = number - Filing.objects.count()
    still = min(missing, round(missing * open_share) if open_count is None else open_count)
    _fill(missing - still, ENDED, kinds or KINDS, is_searched, has_history)
    _fill(still, IN_WORK, kinds or KINDS, is_searched, has_history)


def _fill(
    number: int, stages: Mapping[str, int], kinds: Mapping[str, int], is_searched: bool, has_history: bool
) -> None:
    if number <= 0:
        return
    tables = [m._meta.db_table for m in (Filing, Event, FilingVersion, CatalogueEntry)]
    tables += ["portal_entrygrams"] if connection.vendor == "postgresql" else []
    tables += [registry.get(slug).model._meta.db_table for slug in kinds]
    with loading.bare(tables):
        Writer(kinds, is_searched, has_history, words.enough(number)).write(number, stages)
    _derive()


def _derive() -> None:
    """Let the portal make anew what it derives from these rows, the search index apart."""
    loading.go_on_counting([Filing, Event, FilingVersion, CatalogueEntry])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for name, app in get_commands().items():
        if name.startswith("rebuild_") and name != "rebuild_search" and app == "portal":
            call_command(name, verbosity=0, stdout=StringIO())
    CatalogueEntry.objects.filter(pk=1).update(publisher="演示")  # what watches public content has to see it
