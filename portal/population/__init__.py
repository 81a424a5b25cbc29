"""A synthetic register of any size: filings with events and versions, entries with their search index.

Seeded: the same call makes the same rows, but for the instants, which lie before the present one. Written as
ready tuples (``loading``), whole: hashes, codes, counters and index are what the portal itself would have
left, so ``manage.py verify`` finds nothing. Every row is invented. For benchmarks only: what the portal does
in earnest goes through the workflow.
"""

from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any

from django.core.management import call_command, get_commands
from django.db import connection, transaction
from django.db.models import F

from portal import planner, registry
from portal.models import CatalogueEntry, Event, Filing, FilingVersion
from portal.population import loading, people, words
from portal.population.writer import Writer

MARK = "演示"
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
WITH_ENTRY, WITHOUT = {"published": 15, "exited": 1}, {"rejected": 2, "cancelled": 1}
ENTRY_SHARE, OPEN_SHARE = 0.47, 0.03  # of the filings and entries together
Stages = Sequence[tuple[int, Mapping[str, int]]]


@transaction.atomic
def add(rows: int, told: Callable[[int], None] = lambda done: None) -> None:
    """Add ``rows`` filings and entries together, all or none of them, their names beginning with 演示.

    About half are entries; a filing in twenty is still in work. ``told`` hears how many rows are written.
    """
    entries, still = int(rows * ENTRY_SHARE), int(rows * OPEN_SHARE)
    parts = [(entries, WITH_ENTRY), (rows - 2 * entries - still, WITHOUT), (still, IN_WORK)]
    _fill(parts, KINDS, mark=MARK, told=told)


def real_filings() -> int:
    """Return how many filings there are that neither the demonstration nor a population made."""
    real = Filing.objects.filter(is_demo=False).exclude(created_by__username__in=people.demonstrators())
    return real.exclude(created_by__username__startswith=f"{people.MARK}_").count()


def fill_entries(
    number: int, *, kinds: Mapping[str, int] | None = None, is_searched: bool = True, has_history: bool = True
) -> None:
    """Bring the catalogue to ``number`` entries: in force, replaced by an amendment, or exited.

    ``kinds``: slug → weight; ``is_searched=False`` leaves the index of the search empty,
    ``has_history=False`` leaves events and versions out, for what reads neither: then ``verify`` would not
    agree. Does nothing where there are as many already.
    """
    missing = number - CatalogueEntry.objects.count()
    _fill([(missing, ENTRIES)], kinds or KINDS, is_searched=is_searched, has_history=has_history)


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
    stages = [(missing - still, ENDED), (still, IN_WORK)]
    _fill(stages, kinds or KINDS, is_searched=is_searched, has_history=has_history)


def _fill(stages: Stages, kinds: Mapping[str, int], **how: Any) -> None:
    total = sum(number for number, _ in stages)
    if total <= 0:
        return
    tables = [m._meta.db_table for m in (Filing, Event, FilingVersion, CatalogueEntry)]
    tables += ["portal_entrygrams"] if connection.vendor == "postgresql" else []
    tables += [registry.get(slug).model._meta.db_table for slug in kinds]
    with loading.bare(tables):
        writer = Writer(kinds, bodies=words.enough(total), **how)
        for number, wanted in stages:
            writer.write(number, wanted)
    _derive()


def _derive() -> None:
    """Let the portal make anew what it derives from these rows, the search index apart."""
    loading.go_on_counting([Filing, Event, FilingVersion, CatalogueEntry])
    planner.refresh()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    for name, app in get_commands().items():
        if name.startswith("rebuild_") and name != "rebuild_search" and app == "portal":
            call_command(name, verbosity=0, stdout=StringIO())
    CatalogueEntry.objects.filter(pk=_first_entry()).update(publisher=F("publisher"))


def _first_entry() -> int | None:
    """Return the entry that is written once more as it is, for what watches public content to see it."""
    return CatalogueEntry.objects.order_by("pk").values_list("pk", flat=True).first()
