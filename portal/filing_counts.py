"""The derived data of filings (``models.filing_counts``): folded, made anew, held against what it follows.

Right while others write: who rebuilds a table of PostgreSQL waits for those who wrote to it and keeps it
until the end, so each change is either in what is read or comes after it; tables one by one, so that nobody
waits for him while he waits. SQLite has one writer.
"""

from collections.abc import Iterator

from django.db import connection, transaction

from portal import filing_triggers

FULL = 2000  # rows of changes from which folding is worth it
_CELL = "kind, region_id, word, month"
WORDS = {
    "portal_filingcount": "填报计数",
    "portal_filingroad": "办理用时",
    "portal_filingreviewer": "经手人",
    "portal_filingunpublished": "待公布",
}
_SAID = 5  # faults of a table that are listed


def fold() -> int:
    """Sum the changes of each number into one row; return how many rows that saved. For a task."""
    with transaction.atomic(), connection.cursor() as cursor:
        before = _rows(cursor)
        if connection.vendor == "postgresql":
            cursor.execute(f"WITH gone AS (DELETE FROM portal_filingcount RETURNING *) {_folded('gone')}")
        else:
            cursor.execute("SELECT COALESCE(MAX(id), 0) FROM portal_filingcount")
            (last,) = cursor.fetchone()
            cursor.execute(_folded("portal_filingcount"))
            cursor.execute("DELETE FROM portal_filingcount WHERE id <= %s", [last])
        return before - _rows(cursor)


def _rows(cursor) -> int:
    cursor.execute("SELECT COUNT(*) FROM portal_filingcount")
    return cursor.fetchone()[0]


def _folded(table: str) -> str:
    summed = f"SELECT {_CELL}, SUM(number) FROM {table} GROUP BY {_CELL} HAVING SUM(number) <> 0"
    return f"{filing_triggers.INTO['portal_filingcount']} {summed}"


def rebuild() -> dict[str, int]:
    """Make all of it anew from filings, events and entries; return word → how many rows there are."""
    return {word: _rebuild(table) for table, word in WORDS.items()}


@transaction.atomic
def _rebuild(table: str) -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"DELETE FROM {table}")
        cursor.execute(f"{filing_triggers.INTO[table]} {filing_triggers.wanted(connection.vendor)[table]}")
        return cursor.rowcount


def faults() -> Iterator[str]:
    """Yield one line for each trigger that is missing and for what differs from a count of its own."""
    with connection.cursor() as cursor:
        cursor.execute(filing_triggers.PRESENT[connection.vendor])
        present = {name for (name,) in cursor.fetchall()}
    for name in sorted(filing_triggers.names(connection.vendor) - present):
        yield f"数据库缺少触发器 {name}。"
    for table, word in WORDS.items():
        yield from _differing(table, word)


def _differing(table: str, word: str) -> Iterator[str]:
    """Compare a table in one statement, which sees one instant of both sides."""
    sides = filing_triggers.HELD[table], filing_triggers.wanted(connection.vendor)[table]
    held, wanted = (f"SELECT * FROM ({side}) side" for side in sides)
    differ = f"""SELECT * FROM (SELECT 1 AS lacks, w.* FROM ({wanted} EXCEPT {held}) w
        UNION ALL SELECT 0, h.* FROM ({held} EXCEPT {wanted}) h) found"""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({differ}) counted")
        (number,) = cursor.fetchone()
        if not number:
            return
        cursor.execute(f"{differ} LIMIT {_SAID}")
        rows = cursor.fetchall()
    for lacks, *row in rows:
        said = "、".join(map(str, row))
        yield f"{word}与重新统计不符（{'缺少' if lacks else '多出'}）：{said}。"
    if number > _SAID:
        yield f"{word}共有 {number} 处与重新统计不符；执行 manage.py rebuild_counts 可以重建。"
