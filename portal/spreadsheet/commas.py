"""The same tables as CSV: UTF-8 with a byte order mark (RFC 4180), no cell that a spreadsheet would run."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from portal.spreadsheet.cells import without_control_characters
from portal.spreadsheet.parts import Column

BOM = "\ufeff"  # without it a spreadsheet takes UTF-8 for GBK
# A cell that begins so would be run as a formula by the spreadsheet that opens the CSV.
RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BROKEN = "（导出中断，本文件不完整，请重新下载）"
TOGETHER = 200  # lines that are sent at once


def plain(cell: str) -> str:
    """Return a cell that no spreadsheet runs: one that looks like a formula gets an apostrophe before it."""
    return f"'{cell}" if cell.startswith(RUN) else cell


def commas(columns: Iterable[Column], lines: Iterable[Iterable]) -> Iterator[bytes]:
    """Yield a table as CSV piece by piece, the header first.

    A part of such a file looks like the whole, and not every server tells its reader of a failure in the
    middle: then the last line says so.
    """
    held = _Held()
    write = csv.writer(held).writerow
    write([plain(column.header) for column in columns])
    yield (BOM + held.taken()).encode()
    try:
        for number, line in enumerate(lines, 1):
            write([_cell(value) for value in line])
            if number % TOGETHER == 0:
                yield held.taken().encode()
        yield held.taken().encode()
    except Exception:
        write([BROKEN])
        yield held.taken().encode()
        raise


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return plain(without_control_characters(value))
    return "" if value is None else str(value)  # a number below zero is no formula


class _Held(list):
    """What ``csv.writer`` writes to."""

    write = list.append

    def taken(self) -> str:
        """Return what was written since the last time."""
        found = "".join(self)
        self.clear()
        return found
