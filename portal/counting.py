"""The numbers beside the catalogues: read from counts that triggers keep, never from the entries.

A cell is a level and the facets of an entry. Numbers are kept for every place (the whole, each city, each
county) and cell, and for every place over all cells, so that their size grows with places and choices and not
with entries. What changed since the last ``fold`` is added when it is read, in the same statement: at no
instant is a change counted twice or not at all.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from django.db import connection, transaction

from portal import registry
from portal.models import Filing
from portal.models.counts import EVERY, EXITED, OPEN

__all__ = [
    "EXITED",
    "OPEN",
    "by_kind_and_city",
    "cells",
    "facets_of",
    "fold",
    "places",
    "rebuild",
    "recount",
    "values_in",
]

Cell = tuple[str, str]  # level, facets
CITY = 4  # characters of the code of a city
_PLACE = "CASE WHEN n = 0 THEN '' WHEN n = 1 THEN substr(place, 1, 4) ELSE place END"
_ROLLED = """
    SELECT kind, standing, {place} AS place,
        CASE WHEN every = 1 THEN '*' ELSE level END AS level,
        CASE WHEN every = 1 THEN '*' ELSE facets END AS facets, sum(number) AS number
    FROM {changes} CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2) AS depth
        CROSS JOIN (SELECT 0 AS every UNION ALL SELECT 1) AS width
    WHERE n < 2 OR length(place) > 4
    GROUP BY 1, 2, 3, 4, 5"""
_ADDED = (
    "INSERT INTO portal_entrycount (kind, standing, place, level, facets, number) {rolled} "
    "ON CONFLICT (kind, standing, place, level, facets) "
    "DO UPDATE SET number = portal_entrycount.number + excluded.number"
)
_NOW = """(
    SELECT kind, CASE WHEN valid_to IS NULL THEN 'open' ELSE 'exited' END AS standing,
        region_id AS place, level, facets, count(*) AS number
    FROM portal_catalogueentry WHERE valid_to IS NULL OR exit_reason <> '' GROUP BY 1, 2, 3, 4, 5
) AS now"""


def facets_of(record: Filing) -> str:
    """Return what ``CatalogueEntry.facets`` holds: the choices that the declaration names, in its order."""
    return "&".join(f"{name}={getattr(record, name) or ''}" for name in record.record_type.facets)


def values_in(facets: str) -> dict[str, str]:
    """Return facet → value of what ``facets_of`` gave."""
    return dict(part.split("=", 1) for part in facets.split("&") if part)


def cells(kind: str, standing: str, place: str) -> Counter[Cell]:
    """Return cell → number of entries in ``place``: empty for the whole, a city, the province, a county."""
    inside, bounds = _inside(place)
    sql = f"""SELECT level, facets, sum(number) FROM (
        SELECT level, facets, number FROM portal_entrycount
        WHERE kind = %s AND standing = %s AND place = %s AND level <> '{EVERY}'
        UNION ALL SELECT level, facets, number FROM portal_entrychange
        WHERE kind = %s AND standing = %s{inside}) AS known GROUP BY level, facets"""
    rows = _rows(sql, [kind, standing, place, kind, standing, *bounds])
    return Counter({(level, facets): int(number) for level, facets, number in rows if number})


def _inside(place: str) -> tuple[str, list[str]]:
    if not place:
        return "", []
    if len(place) < CITY:
        return " AND place = %s", [place]
    return " AND place >= %s AND place < %s", [place, f"{place}ZZ"]


def places(kind: str, standing: str, city: str = "", fits: Iterable[Cell] | None = None) -> Counter[str]:
    """Return place → number of entries: the cities and the province, or inside ``city`` its counties.

    Only those of the cells ``fits``, where there are any given.
    """
    shape, bounds = _shape(city)
    chosen, values = _chosen(fits)
    own = "place" if city else "substr(place, 1, 4)"
    sql = f"""SELECT place, sum(number) FROM (
        SELECT place, number FROM portal_entrycount WHERE kind = %s AND standing = %s AND {shape} AND {chosen}
        UNION ALL SELECT {own}, number FROM portal_entrychange
        WHERE kind = %s AND standing = %s{_inside(city)[0]}{f" AND {chosen}" if fits is not None else ""}
        ) AS known GROUP BY place"""
    changed = [kind, standing, *_inside(city)[1], *(values if fits is not None else ())]
    rows = _rows(sql, [kind, standing, *bounds, *values, *changed])
    return Counter({place: int(number) for place, number in rows if number})


def _shape(city: str) -> tuple[str, list[str]]:
    """Return the condition for the rows of cities, or for those of the counties of one."""
    if city:
        return "place > %s AND place < %s", [city, f"{city}ZZ"]
    return f"place <> '' AND length(place) <= {CITY}", []


def _chosen(fits: Iterable[Cell] | None) -> tuple[str, list[str]]:
    if fits is None:
        return f"level = '{EVERY}'", []
    wanted = sorted(fits)
    pairs = ", ".join(["(%s, %s)"] * len(wanted))
    values = [part for cell in wanted for part in cell]
    return (f"(level, facets) IN (VALUES {pairs})" if wanted else "1 = 0"), values


def odd(day: date, kind: str = "") -> list[tuple[str, str, str, str, int]]:
    """Return what makes the entries without an end differ from those in force on ``day``, the present one.

    (kind, region, level, facets, −1) for each that begins later, and +1 for each that ends later. No act
    enters such a day; a clock that was put back does.
    """
    of_kind, values = (" AND kind = %s", [kind]) if kind else ("", [])
    sql = f"""SELECT kind, region_id, level, facets, -1 FROM {_by("entry_by_day" if kind else "entry_newest")}
        WHERE valid_to IS NULL AND valid_from > %s{of_kind}
        UNION ALL SELECT kind, region_id, level, facets, 1 FROM {_by("entry_ended")}
        WHERE valid_to > %s AND valid_from <= %s{of_kind}"""
    return _rows(sql, [day, *values, day, day, *values])


def _by(index: str) -> str:
    """Return the entries by an index, which SQLite has to be told of: it knows no numbers of days to come."""
    return "portal_catalogueentry" + (f" INDEXED BY {index}" if connection.vendor == "sqlite" else "")


def by_kind_and_city(standing: str = OPEN) -> dict[str, Counter[str]]:
    """Return slug → city or province → number of entries, of all catalogues; one query."""
    shape, _ = _shape("")
    sql = f"""SELECT kind, place, sum(number) FROM (
        SELECT kind, place, number FROM portal_entrycount
        WHERE standing = %s AND level = '{EVERY}' AND {shape}
        UNION ALL SELECT kind, substr(place, 1, 4), number FROM portal_entrychange WHERE standing = %s
        ) AS known GROUP BY kind, place"""
    found: dict[str, Counter[str]] = {}
    for kind, place, number in _rows(sql, [standing, standing]):
        if number:
            found.setdefault(kind, Counter())[place] = int(number)
    return found


def by_kind(level: str, standing: str = OPEN) -> Counter[str]:
    """Return slug → number of entries of one level, of all catalogues; one query."""
    sql = """SELECT kind, sum(number) FROM (
        SELECT kind, number FROM portal_entrycount WHERE standing = %s AND level = %s AND place = ''
        UNION ALL SELECT kind, number FROM portal_entrychange WHERE standing = %s AND level = %s
        ) AS known GROUP BY kind"""
    return Counter({kind: int(number) for kind, number in _rows(sql, [standing, level] * 2) if number})


def _rows(sql: str, values: list) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


@transaction.atomic
def fold() -> None:
    """Add what changed to the numbers and forget the changes; what is being written waits for the next time.

    On PostgreSQL one statement takes the changes away and adds them, so that none is lost between; whoever
    folds at the same time waits, for two that write many numbers in different order would block each other.
    """
    if connection.vendor == "postgresql":
        _run("LOCK TABLE portal_entrycount IN SHARE ROW EXCLUSIVE MODE")
        gone = "WITH gone AS (DELETE FROM portal_entrychange RETURNING *) "
        _run(gone + _added("gone"))
    else:  # whoever writes holds the whole database
        _run(_added("portal_entrychange"))
        _run("DELETE FROM portal_entrychange")
    _run("DELETE FROM portal_entrycount WHERE number = 0")


@transaction.atomic
def rebuild() -> int:
    """Count all entries anew, their facets read from the records; return how many numbers there are.

    No entry changes meanwhile.
    """
    if connection.vendor == "postgresql":
        _run("LOCK TABLE portal_catalogueentry, portal_entrycount IN SHARE ROW EXCLUSIVE MODE")
    refresh_facets()
    return recount()


@transaction.atomic
def recount() -> int:
    """Count all entries anew by the facets beside them; return how many numbers there are.

    No entry changes meanwhile.
    """
    if connection.vendor == "postgresql":
        _run("LOCK TABLE portal_catalogueentry, portal_entrycount IN SHARE ROW EXCLUSIVE MODE")
    _run("DELETE FROM portal_entrychange")
    _run("DELETE FROM portal_entrycount")
    _run(_added(_NOW))
    ((number,),) = _rows("SELECT count(*) FROM portal_entrycount", [])
    return number


def _added(changes: str) -> str:
    return _ADDED.format(rolled=_ROLLED.format(place=_PLACE, changes=changes))


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def refresh_facets() -> None:
    """Write beside each entry what its record says; entries that agree are not touched."""
    for kind, (table, key, words) in _facet_columns():
        _run(
            f"UPDATE portal_catalogueentry SET facets = found.words "
            f"FROM (SELECT {key} AS id, {words} AS words FROM {table} AS record) AS found "
            f"WHERE kind = '{kind}' AND found.id = filing_id AND facets <> found.words"
        )


def faults() -> list[str]:
    """Return one line for each number that differs from a count of entries, and for facets out of step."""
    lines = [f"目录 {kind} 有 {number} 个条目的筛选项与填报不符。" for kind, number in _out_of_step()]
    sql = """SELECT kind, standing, place, level, facets, sum(number) FROM (
        SELECT kind, standing, place, level, facets, number FROM portal_entrycount
        UNION ALL {} UNION ALL SELECT kind, standing, place, level, facets, -number FROM ({}) AS there
        ) AS beside GROUP BY 1, 2, 3, 4, 5 HAVING sum(number) <> 0 ORDER BY 1, 2, 3, 4, 5"""
    rolled = [_ROLLED.format(place=_PLACE, changes=of) for of in ("portal_entrychange", _NOW)]
    rolled[0] = f"SELECT * FROM ({rolled[0]}) AS changed"
    for kind, standing, place, level, facets, number in _rows(sql.format(*rolled), []):
        lines.append(f"目录计数 {kind} {standing} {place or '全部'} {level} {facets} 相差 {int(number):+d}。")
    return lines


def _out_of_step() -> list[tuple[str, int]]:
    found = []
    for kind, (table, key, words) in _facet_columns():
        sql = (
            f"SELECT count(*) FROM portal_catalogueentry AS entry JOIN {table} AS record "
            f"ON record.{key} = entry.filing_id WHERE entry.kind = %s AND entry.facets <> {words}"
        )
        ((number,),) = _rows(sql, [kind])
        found += [(kind, number)] if number else []
    return found


def _facet_columns() -> Iterable[tuple[str, tuple[str, str, str]]]:
    """Yield each kind with facets: its table, the key of it, and the expression of ``facets_of``."""
    for record_type in registry.all_types():
        columns = [
            (name, record_type.field(name).column) for name in record_type.facets if record_type.public
        ]
        if columns:
            words = " || '&' || ".join(
                f"'{name}=' || COALESCE(record.{column}, '')" for name, column in columns
            )
            options = record_type.model._meta
            yield record_type.slug, (options.db_table, options.pk.column, words)
