"""R3 and R5 over ten years of every county: ours, one grouped query, a loop over objects; the whole workbook.

The rows are written straight to the tables. Every fourth city reports those of its counties once more in its
own return; they must not count twice.
"""

import hashlib
import json
import sys
import tempfile
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from benchmarks import databases, measuring  # noqa: E402
from benchmarks.measuring import Verdict, tell  # noqa: E402
from portal import guards, report_files, reports, targets  # noqa: E402
from portal.models import Event, Filing, FilingVersion, Organisation, PolicyTarget, Region, User  # noqa: E402
from portal.vocabulary import Kind, Level, State  # noqa: E402
from workforce.models import ProjectTrainingReturn, ProjectTrainingRow  # noqa: E402

SLUG, KIND = "project-training", "project-training-returns"
YEARS, YEAR = range(2016, 2026), 2024
CUTOFF = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = [f"演示{trade}培训" for trade in ("家政", "电焊", "养老", "月嫂", "柳编", "剪纸", "厨师", "电商")]
COUNTIES = 151  # all 136 and some zones
MERGING = 4  # every fourth city takes up the returns of its counties
LEAST_LOOP, MOST_QUERY = 10, 3
SLOW = 50_000
BULK = 5000


def fill(rows: int) -> int:
    """Write the returns of ten years with ``rows`` rows that count and return how many there are in all."""
    guards.remove(connection)
    with transaction.atomic():
        number = _fill(rows)
    guards.install(connection)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return number


def _fill(rows: int) -> int:
    by = User.objects.create_user("bench", must_change_password=False)
    bureaus = {o.region_id: o for o in Organisation.objects.filter(kind=Kind.HRSS_BUREAU)}
    below = Region.objects.filter(level__in=[Level.COUNTY, Level.ZONE]).select_related("parent")
    counties = list(below.order_by("level", "code")[:COUNTIES])
    cities = list(Region.objects.filter(level=Level.CITY).order_by("code"))
    each, number = rows // (len(counties) * len(YEARS)), 0
    for year in YEARS:
        made = {region.code: _returned(region, bureaus, by, year) for region in (*counties, *cities)}
        found = []
        for county in counties:
            own = [_row(made[county.code], county.code, year, n) for n in range(each)]
            found += own
            if cities.index(county.parent) % MERGING == 0:
                found += [_row(made[county.parent_id], county.code, year, n) for n in range(each)]
        ProjectTrainingRow.objects.bulk_create(found, batch_size=BULK)
        number += len(found)
    return number


def _returned(region: Region, bureaus: dict[str, Organisation], by: User, year: int) -> int:
    """Write one approved return without its rows."""
    at = datetime(year, 7, 1, tzinfo=UTC)
    record = ProjectTrainingReturn(
        organisation=bureaus[region.code],
        region=region,
        year=year,
        state=State.APPROVED,
        step=2,
        created_at=at - timedelta(days=9),
        created_by=by,
        submitted_at=at,
        submitted_by=by,
        decided_at=at,
        decided_by=by,
        filled_by="演示",
        contact_phone="0",
        filled_on=at.date(),
    )
    record.save()
    FilingVersion.objects.create(
        filing=record,
        number=1,
        snapshot={"title": record.title},
        sha256="0",
        submitted_at=at,
        submitted_by=by,
    )
    steps = (("submit", State.DRAFT, State.CITY_REVIEW), ("approve", State.CITY_REVIEW, State.APPROVED))
    Event.objects.bulk_create(
        Event(filing=record, number=n, version=1, action=a, source=s, target=t, by=by, by_name="演示", at=at)
        for n, (a, s, t) in enumerate(steps, 1)
    )
    return record.pk


def _row(filing: int, place: str, year: int, n: int) -> ProjectTrainingRow:
    month = 1 + n % 12
    is_planned = n % 5 == 0
    return ProjectTrainingRow(
        training_return_id=filing,
        organizer_region_id=place,
        project_name=f"{NAMES[n % len(NAMES)]}第{n // 3}期",
        target_scope="农村转移就业劳动者、登记失业人员",
        trainee_count=20 + n % 50,
        held_text=f"{year}年{month}月{'（计划）' if is_planned else ''}",
        remark="",
        held_from=date(year, month, 1),
        held_to=date(year, month, 28),
        precision="month",
        is_planned=is_planned,
    )


# -- R3: (city, rows, classes, trainees, planned, counties with a training) for each city, and for all


def r3_ours(year: str = "") -> list:
    """The numbers of the report."""
    content = reports.content(reports.ask(SLUG, CUTOFF, "37", {"year": year, "campaign": ""}))
    names = {region.name: region.code for region in Region.objects.filter(level=Level.CITY)}
    found = []
    for line in content.tables[2].lines():
        _, rows, classes, trainees, _, planned, counties = (getattr(c, "value", c) for c in line.cells[1:])
        found.append([names.get(line.cells[0], ""), rows, classes, trainees, planned, counties])
    return _answer(found)


STANDING = """
    standing AS (
        SELECT f.id, f.region_id, r.year
        FROM portal_filing f JOIN workforce_projecttrainingreturn r ON r.filing_ptr_id = f.id
        WHERE f.kind = 'project-training-returns' AND f.state = 'approved' AND NOT f.is_nothing
            AND f.id NOT IN (SELECT amends_id FROM portal_filing
                WHERE state = 'approved' AND amends_id IS NOT NULL)
    ),
    merged AS (
        SELECT DISTINCT s.year, t.organizer_region_id AS place
        FROM standing s JOIN workforce_projecttrainingrow t ON t.training_return_id = s.id
        WHERE length(s.region_id) = 4
    ),
    classes AS (
        SELECT s.id, substr(s.region_id, 1, 4) AS city, t.organizer_region_id AS place, t.project_name,
            count(*) AS n, sum(t.trainee_count) AS trainees,
            sum(CASE WHEN t.is_planned THEN 1 ELSE 0 END) AS planned
        FROM standing s JOIN workforce_projecttrainingrow t ON t.training_return_id = s.id
            LEFT JOIN merged m ON m.year = s.year AND m.place = s.region_id
        WHERE length(s.region_id) = 4 OR m.place IS NULL
        GROUP BY 1, 2, 3, 4
    )"""
NUMBERS = "city, place, sum(n), count(*), sum(trainees), sum(planned)"


def r3_query() -> list:
    """One grouping-sets query on PostgreSQL, one plain GROUP BY on SQLite, both written by hand."""
    sets = "GROUPING SETS ((city, place), (city), ())" if connection.vendor == "postgresql" else "city, place"
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {STANDING} SELECT {NUMBERS} FROM classes GROUP BY {sets}")
        groups = cursor.fetchall()
    zones = set(Region.objects.filter(level=Level.ZONE).values_list("code", flat=True))
    if connection.vendor != "postgresql":
        groups += _summed(groups)
    return _answer(
        [city or "", *map(int, numbers), len(_counties(groups, city or "", zones))]
        for city, place, *numbers in groups
        if place is None
    )


def _summed(groups: list[tuple]) -> list[tuple]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for city, _, *numbers in groups:
        for place in (city, ""):
            sums[place] = [old + new for old, new in zip(sums[place], numbers, strict=True)]
    return [(city, None, *numbers) for city, numbers in sums.items()]


def _counties(groups: list[tuple], city: str, zones: set[str]) -> set[str]:
    return {
        place for own, place, *_ in groups if place and place not in zones and (own or "").startswith(city)
    }


def r3_loop() -> list:
    """What one writes first: every return, every row of it, sums in dictionaries."""
    found = Filing.objects.filter(kind=KIND, state=State.APPROVED).select_related("projecttrainingreturn")
    returns = [filing for filing in found if not filing.amendments.filter(state=State.APPROVED).exists()]
    rows = [
        (filing, row)
        for filing in returns
        for row in filing.projecttrainingreturn.training_rows.select_related("organizer_region")
    ]
    merged = {
        (filing.projecttrainingreturn.year, row.organizer_region_id)
        for filing, row in rows
        if len(filing.region_id) == 4
    }
    cities: dict[str, dict] = defaultdict(lambda: {"rows": 0, "people": 0, "planned": 0, "names": set()})
    for filing, row in rows:
        year = filing.projecttrainingreturn.year
        if len(filing.region_id) > 4 and (year, filing.region_id) in merged:
            continue
        for city in (filing.region_id[:4], ""):
            sums = cities[city]
            sums["rows"] += 1
            sums["people"] += row.trainee_count
            sums["planned"] += bool(row.is_planned)
            sums["names"].add((year, row.organizer_region, row.project_name))
    return _answer([city, *_looped(sums)] for city, sums in cities.items())


def _looped(sums: dict) -> list[int]:
    places = {place for _, place, _ in sums["names"] if place.level == Level.COUNTY}
    return [sums["rows"], len(sums["names"]), sums["people"], sums["planned"], len(places)]


# -- R5: (county or city, classes held by the end of September) of one year


def r5_ours() -> list:
    """The counter of the target, as at the cut-off."""
    target = PolicyTarget.objects.get(pk="county-trainings")
    asked = targets.Asked(target=target, day=date(2025, 12, 31), year=YEAR, at=CUTOFF)
    count = targets.counters["county-trainings"].count(asked)
    return _answer([line.place, line.number] for line in count.lines if line.number)


HELD = """
    SELECT t.organizer_region_id, count(DISTINCT t.project_name)
    FROM standing s JOIN workforce_projecttrainingrow t ON t.training_return_id = s.id
    WHERE s.year = %s AND NOT t.is_planned AND t.held_from <= %s AND t.held_to >= %s
    GROUP BY """


def r5_query() -> list:
    """One grouped query, written by hand."""
    days = (YEAR, date(YEAR, 9, 30), date(YEAR, 1, 1))
    standing, _, _ = STANDING.partition("merged AS")
    sets = "GROUPING SETS ((t.organizer_region_id))" if connection.vendor == "postgresql" else "1"
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {standing.rstrip().rstrip(',')} {HELD} {sets}", days)
        return _answer(map(list, cursor.fetchall()))


def r5_loop() -> list:
    """What one writes first: every return of the year, every row of it."""
    names: dict[str, set[str]] = defaultdict(set)
    for filing in ProjectTrainingReturn.objects.filter(state=State.APPROVED, year=YEAR):
        if filing.amendments.filter(state=State.APPROVED).exists():
            continue
        for row in filing.training_rows.select_related("organizer_region"):
            begun = not row.is_planned and row.held_from <= date(YEAR, 9, 30)
            if begun and row.held_to >= date(YEAR, 1, 1):
                names[row.organizer_region.code].add(row.project_name)
    return _answer([place, len(found)] for place, found in names.items())


def workbook(year: str) -> list:
    """The whole workbook of R3, of one year or of all."""
    asked = reports.ask(SLUG, CUTOFF, "37", {"year": year, "campaign": ""})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r3.xlsx"
        lines = report_files.write(reports.content(asked), asked, "xlsx", path)
        return [lines, path.stat().st_size]


def _answer(lines) -> list:
    return sorted(lines)


VARIANTS = {
    "R3": {"R3 ours": r3_ours, "R3 one query": r3_query, "R3 loop": r3_loop},
    "R5": {"R5 ours": r5_ours, "R5 one query": r5_query, "R5 loop": r5_loop},
}
WORKBOOKS = {
    f"workbook of {YEAR}": lambda: workbook(str(YEAR)),
    "workbook of ten years": lambda: workbook(""),
}
NAMED = {"ours": "ours", "one query": "floor: one query", "loop": "stock: loop over objects"}
WORKS = {**VARIANTS["R3"], **VARIANTS["R5"], **WORKBOOKS}


def digest(work) -> str:
    """Return the digest of what ``work`` answers."""
    return hashlib.sha256(json.dumps(work()).encode()).hexdigest()[:16]


def main() -> int:
    """Fill the databases, measure, hand over."""
    chosen = measuring.arguments("roll_ups", sizes=(500_000,), quick=(5_000,), works=WORKS)
    if chosen.only:
        measuring.once(lambda: digest(WORKS[chosen.only]))
        return 0
    for size in chosen.sizes:
        databases.use(f"roll_ups{size}", lambda size=size: fill(size))
        for report in VARIANTS:
            compare(report, size, chosen.rounds)
        whole(size, chosen.rounds)
    return 0


def compare(report: str, size: int, rounds: int) -> None:
    """Measure ours beside one query and a loop."""
    names = {name: NAMED[name.removeprefix(report).strip()] for name in VARIANTS[report]}
    few = {name: 1 for name, shown in names.items() if "loop" in shown and size > SLOW}  # takes minutes
    found = measuring.rounds(__file__, names, rounds, size=size, fewer=few, warm=True)
    measuring.hand_over("P10", f"roll-up {report}", size, found, names)
    ours, query, loop = map(measuring.cpu, found.values())
    much, many = f"1/{loop / ours:.1f} of its CPU", f"{ours / query:.2f} × its CPU"
    against = f"roll-up {report} of {size} rows against"
    tell(Verdict("P10", f"{against} a loop", much, f"at most 1/{LEAST_LOOP}", loop >= LEAST_LOOP * ours))
    goal = f"at most {MOST_QUERY} ×"
    tell(Verdict("P10", f"{against} one query", many, goal, ours <= MOST_QUERY * query))


def whole(size: int, rounds: int) -> None:
    """Measure the workbooks; ten times the rows may not take half as much memory again."""
    found = {name: measuring.rounds(__file__, [name], rounds, size=size)[name] for name in WORKBOOKS}
    for name, own in found.items():
        tell(measuring.row("P10", f"R3, {name}", size, "ours", own))
    one, ten = map(measuring.above, found.values())
    claim, said = "memory of a workbook of ten times the rows", f"{(ten - one) / measuring.MEGABYTE:+.1f} MB"
    met = ten <= one + max(one / 2, 10 * measuring.MEGABYTE)
    tell(Verdict("P10", claim, said, "at most half as much again, or 10 MB", met))


if __name__ == "__main__":
    sys.exit(main())
