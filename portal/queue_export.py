"""The work queue as a workbook: all lines of one tab under its conditions, as its reader sees them.

Pure reads; a chunk of lines costs the same number of queries at any size.
"""

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone

from portal import inbox, publicity, queue
from portal.export_rows import CHUNK, keys_of
from portal.models import User
from portal.spreadsheet import Column, Page

WIDTHS = {
    "事项": 40,
    "类型": 24,
    "报送单位": 30,
    "到达时间": 20,
    "停留时长": 14,
    "截止日期": 14,
    "逾期": 16,
    "经办人": 14,
    "状态": 16,
    "说明": 40,
}


class Lines:
    """The lines of one wish; ``written`` counts those taken so far, ``begun`` is told how many there are."""

    def __init__(self, wish: queue.Wish, user: User, begun):
        self.wish, self.user, self.begun, self.written = wish, user, begun, 0

    def page(self) -> Page:
        """Return the table, whose lines are read while they are written."""
        columns = [Column(header, width) for header, width in WIDTHS.items()]
        return Page(queue.TABS[self.wish.tab], columns, self._lines(), frozen=1)

    def _lines(self) -> Iterator[list]:
        keys, now = keys_of(queue.ordered(self.wish, self.user)), timezone.now()
        self.begun(len(keys))
        for start in range(0, len(keys), CHUNK):
            yield from self._chunk(keys[start : start + CHUNK].tolist(), now)

    def _chunk(self, keys: list[int], now: datetime) -> Iterator[list]:
        found = queue.shown(keys, self.wish, self.user)
        waits = publicity.why_waiting_all(found) if self.wish.tab == queue.PUBLISH else {}
        for filing in found:
            self.written += 1
            row = inbox.row(filing, self.user, now)
            yield _cells(row, filing.record_type.label, waits.get(filing.pk, ""))


def _cells(row: inbox.Row, kind: str, waits: str) -> list:
    arrived = timezone.localtime(row.arrived_at)
    note = "；".join(part for part in (*row.marks, waits or row.note) if part)
    return [
        row.title,
        kind,
        row.bureau,
        arrived,
        row.stay,
        row.due,
        row.overdue,
        row.holder,
        row.word,
        note,
    ]
