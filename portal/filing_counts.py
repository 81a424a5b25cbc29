"""The derived data of filings (``models.filing_counts``): folded, made anew, held against what it follows.

Right while others write: who rebuilds a table of PostgreSQL waits for those who wrote to it and keeps it
until the end, so each change is either in what is read or comes after it; tables one by one, so that nobody
waits for him while he waits. SQLite has one writer.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from portal import filing_triggers

_CELL = "kind, region_id, word, month"
WORDS = {
    "portal_filingcount": "填报计数",
    "portal_filingroad": "办理用时",
    "portal_filingreviewer": "经手人",
    "portal_filingunpublished": "待公布",
}
_SAID = 5  # faults of a table that are listed


@transaction.atomic
def fold() -> None:
    """Sum the rows of each number that has several into one; what comes meanwhile waits for the next time.

    Only states and the acts of this month and the last are looked at: nothing is added to older months. On
    PostgreSQL one statement takes away and adds, so that two who fold at once count nothing twice.
    """
    today = timezone.localdate()
    months = ["", f"{today:%Y-%m}", f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FOLD, [months])
            return
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM portal_filingcount")
        (last,) = cursor.fetchone()
        cursor.execute(_SUM, [last, *months])
        cursor.execute(_FORGET, [last, *months, last])


_FOLD = f"""WITH many AS (SELECT {_CELL} FROM portal_filingcount WHERE month = ANY(%s)
        GROUP BY {_CELL} HAVING COUNT(*) > 1),
    gone AS (DELETE FROM portal_filingcount c USING many m WHERE c.kind = m.kind
        AND c.region_id = m.region_id AND c.word = m.word AND c.month = m.month RETURNING c.*)
    {filing_triggers.INTO["portal_filingcount"]} SELECT {_CELL}, SUM(number) FROM gone GROUP BY {_CELL}"""
_SUM = f"""{filing_triggers.INTO["portal_filingcount"]} SELECT {_CELL}, SUM(number) FROM portal_filingcount
    WHERE id <= %s AND month IN (%s, %s, %s) GROUP BY {_CELL} HAVING COUNT(*) > 1"""
_FORGET = f"""DELETE FROM portal_filingcount WHERE id <= %s AND month IN (%s, %s, %s)
    AND ({_CELL}) IN (SELECT {_CELL} FROM portal_filingcount WHERE id > %s)"""


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
    """Yield a line for each of the first rows that differ from a count of their own."""
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
