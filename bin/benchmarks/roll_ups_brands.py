"""R4 over a register of brands and units: ours, one grouped query for each of the two, a loop over objects.

Counted is every number by city: units, what they trained and placed in a year against the lines of the
notice, brands by level and their workers. Every unit has ten years of figures, written straight to its table.
"""

import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime

import django

django.setup()

from django.db import connection  # noqa: E402

from benchmarks import databases, measuring  # noqa: E402
from benchmarks.measuring import Verdict, tell  # noqa: E402
from portal import population, reports  # noqa: E402
from portal.models import CatalogueEntry, Region  # noqa: E402
from portal.vocabulary import Level  # noqa: E402

SLUG, UNITS, BRANDS = "labour-brands", "building-units", "labour-brands"
YEARS, YEAR = range(2016, 2026), 2024
CUTOFF, DAY = datetime(2026, 6, 1, tzinfo=UTC), date(2026, 6, 1)
ENOUGH = 500  # trained, and placed: 鲁就办〔2021〕22号 二（二）
LEAST_LOOP, MOST_QUERY = 10, 3
SLOW = 50_000
MOST_GROWTH = 10  # MB of memory more at the largest size than at the smallest
YEARLY, OF_BRANDS = 1, 3  # places of the tables in the report


def fill(size: int) -> None:
    """Write ``size`` entries, half of them units, with the figures of ten years."""
    population.fill_entries(size, kinds={UNITS: 1, BRANDS: 1}, is_searched=False, has_history=False)
    years = " UNION ALL ".join(f"SELECT {year} AS year" for year in YEARS)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO workforce_annualperformance (unit_id, year, trained_count, self_used_count,"
            " exported_count) SELECT u.filing_ptr_id, y.year, (u.filing_ptr_id * 37 + y.year) % 1000,"
            " (u.filing_ptr_id * 11 + y.year) % 600, (u.filing_ptr_id * 7) % 500"
            f" FROM workforce_buildingunit u CROSS JOIN ({years}) y"
        )


def ours() -> dict:
    """The numbers of the report by city."""
    asked = reports.ask(SLUG, CUTOFF, "37", {"year": str(YEAR)})
    tables = reports.content(asked).tables
    names = {region.name: region.code for region in Region.objects.filter(level=Level.CITY)}
    lines: dict[str, list] = defaultdict(list)
    for place in (YEARLY, OF_BRANDS):
        for line in tables[place].lines():
            city, *cells = (getattr(cell, "value", cell) for cell in line.cells)
            if city in names:
                lines[names[city]] += cells[:-1] if place == OF_BRANDS else cells
    return dict(lines)


IN_FORCE = """e.kind = %s AND e.valid_from <= %s AND e.published_at <= %s
    AND (e.valid_to IS NULL OR e.valid_to > %s OR e.ended_at > %s)"""
ONE_UNITS = f"""
    SELECT substr(e.region_id, 1, 4), count(*), count(a.id), sum(a.trained_count), sum(a.self_used_count),
        sum(a.exported_count), sum(a.self_used_count + a.exported_count),
        sum(CASE WHEN a.trained_count >= {ENOUGH} THEN 1 ELSE 0 END),
        sum(CASE WHEN a.self_used_count + a.exported_count >= {ENOUGH} THEN 1 ELSE 0 END),
        sum(CASE WHEN a.trained_count >= {ENOUGH} AND a.self_used_count + a.exported_count >= {ENOUGH}
            THEN 1 ELSE 0 END)
    FROM portal_catalogueentry e
        LEFT JOIN workforce_annualperformance a ON a.unit_id = e.filing_id AND a.year = {YEAR}
    WHERE {IN_FORCE} GROUP BY 1"""
ONE_BRANDS = f"""
    SELECT substr(e.region_id, 1, 4), sum(CASE WHEN e.level = 'provincial' THEN 1 ELSE 0 END),
        sum(CASE WHEN e.level = 'municipal' THEN 1 ELSE 0 END), count(*), sum(b.worker_count)
    FROM portal_catalogueentry e JOIN workforce_labourbrand b ON b.filing_ptr_id = e.filing_id
    WHERE {IN_FORCE} GROUP BY 1"""


def one_query() -> dict:
    """One grouped query for the units and one for the brands, written by hand."""
    lines: dict[str, list] = defaultdict(list)
    with connection.cursor() as cursor:
        for sql, kind in ((ONE_UNITS, UNITS), (ONE_BRANDS, BRANDS)):
            cursor.execute(sql, (kind, DAY, CUTOFF, DAY, CUTOFF))
            for city, *numbers in cursor.fetchall():
                lines[city] += map(int, numbers)
    return dict(lines)


def loop() -> dict:
    """What one writes first: every entry with its form, the figures of each unit."""
    sums: dict[str, Counter] = defaultdict(Counter)
    for entry in _in_force(UNITS).select_related("filing__buildingunit"):
        own = sums[entry.region_id[:4]]
        own["units"] += 1
        for figures in entry.filing.buildingunit.annual_performances.filter(year=YEAR):
            _add(own, figures)
    for entry in _in_force(BRANDS).select_related("filing__labourbrand"):
        own = sums[entry.region_id[:4]]
        own.update([entry.level, "brands"])
        own["workers"] += entry.filing.labourbrand.worker_count or 0
    names = ("units", "reported", "trained", "used", "exported", "placed", "enough trained", "enough placed")
    names += ("enough", "provincial", "municipal", "brands", "workers")
    return {city: [own[name] for name in names] for city, own in sums.items()}


def _in_force(kind: str):
    return CatalogueEntry.objects.filter(kind=kind).in_force(DAY, known=CUTOFF)


def _add(own: Counter, figures) -> None:
    trained, placed = figures.trained_count >= ENOUGH, figures.placed_count >= ENOUGH
    own["reported"] += 1
    own["trained"] += figures.trained_count
    own["used"] += figures.self_used_count
    own["exported"] += figures.exported_count
    own["placed"] += figures.placed_count
    own["enough trained"] += trained
    own["enough placed"] += placed
    own["enough"] += trained and placed


WORKS: dict[str, Callable[[], dict]] = {
    "ours": ours,
    "floor: two queries": one_query,
    "stock: loop over objects": loop,
}


def digest(name: str) -> str:
    """Return the digest of what a way answers."""
    said = json.dumps({city: list(map(int, cells)) for city, cells in WORKS[name]().items()}, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def main() -> int:
    """Fill the databases, measure, hand over."""
    sizes, quick = (10_000, 100_000, 1_000_000), (1_000,)
    chosen = measuring.arguments("roll_ups_brands", sizes=sizes, quick=quick, works=WORKS)
    if chosen.only:
        measuring.once(lambda: digest(chosen.only))
        return 0
    above = {}
    for size in chosen.sizes:
        databases.use(f"brands{size}", lambda size=size: fill(size), is_read_only=True)
        above[size] = compare(size, chosen.rounds)
    if len(above) > 1:
        constant(above)
    return 0


def constant(above: dict[int, float]) -> None:
    """Say whether memory stays what it is however many entries there are."""
    least, most = min(above), max(above)
    more = (above[most] - above[least]) / measuring.MEGABYTE
    claim = f"memory of roll-up R4 of {most} entries against {least}"
    goal = f"at most {MOST_GROWTH} MB more"
    tell(Verdict("P10", claim, f"{more:+.1f} MB", goal, more <= MOST_GROWTH))


def compare(size: int, rounds: int) -> float:
    """Measure ours beside two queries and a loop; return the memory of ours above the start, in bytes."""
    few = {"stock: loop over objects": 1} if size > SLOW else {}  # takes minutes
    found = measuring.rounds(__file__, WORKS, rounds, size=size, fewer=few, warm=True)
    measuring.hand_over("P10", "roll-up R4", size, found)
    mine, query, plain = map(measuring.cpu, found.values())
    against = f"roll-up R4 of {size} entries against"
    said, goal = f"1/{plain / mine:.1f} of its CPU", f"at most 1/{LEAST_LOOP}"
    tell(Verdict("P10", f"{against} a loop", said, goal, plain >= LEAST_LOOP * mine))
    said, goal = f"{mine / query:.2f} × their CPU", f"at most {MOST_QUERY} ×"
    tell(Verdict("P10", f"{against} two queries", said, goal, mine <= MOST_QUERY * query))
    return measuring.above(found["ours"])


if __name__ == "__main__":
    sys.exit(main())
