"""A report as a workbook, streamed: its lines are never in memory together, however many they are.

Text stays text whatever it looks like, and nothing in the file says when it was made.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import cache
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from portal import workbook
from portal.report_tables import (
    NOTHING,
    SIGNATURES,
    Head,
    SheetNames,
    counted,
    head,
    is_named,
    notes_of,
    plain,
    widths,
)
from portal.reports import DAY, NUMBER, PERCENT, TEXT, Asked, Cell, Content, Line, Table

MOST_ROWS = 1_048_576  # of a sheet
TOLD_EVERY = 200  # lines
SCRATCH, YOUNG = "scratch", 60  # seconds in which a folder is not taken for an abandoned one
QUOTED = "quoted"

PAGE_WIDTH, MOST_WIDTH = 53, 80  # 字: on a line of 225 mm in 12 points, in 8 points after fitting
LINE_HEIGHT, TITLE_HEIGHT, TALLEST = 18, 28, 409  # points; no row of Excel is taller
MARGINS = {"top": 1.1, "bottom": 1.02, "left": 1.46, "right": 1.38}  # inches: GB/T 9704-2012, the page turned
FOOTER = "&C第 &P 页　共 &N 页"
_WORDS = {"font_name": "仿宋_GB2312", "font_size": 12, "valign": "vcenter", "text_wrap": True}
_LABEL = {**_WORDS, "font_name": "黑体"}
STYLES = {
    "title": {**_WORDS, "font_name": "方正小标宋简体", "font_size": 18, "align": "center"},
    "name": {**_LABEL, "align": "center"},
    "fact": _WORDS,
    "right": {**_WORDS, "align": "right"},
    "heading": {**_LABEL, "border": 1, "align": "center"},
    "plain": {**_WORDS, "border": 1},
    "subtotal": {**_LABEL, "border": 1},
    "total": {**_LABEL, "border": 1, "bg_color": "#EEF1F4"},
}
HOLDS = {
    TEXT: {"num_format": "@", "align": "left"},
    QUOTED: {"num_format": "@", "align": "left", "quote_prefix": True},
    NUMBER: {"num_format": "0", "align": "right"},
    PERCENT: {"num_format": '0"%"', "align": "right"},
    DAY: {"num_format": workbook.DAY, "align": "center"},
}


def write(
    content: Content, asked: Asked, path: Path, tell: Callable[[int, int, str], object], most: int = MOST_ROWS
) -> int:
    """Write a report to ``path`` and return the number of its lines; ``tell(done, total, stage)`` meanwhile.

    What exceeds ``most`` rows of a sheet goes on in further ones.
    """
    tables, above = list(counted(content.tables)), head(content, asked)
    total = sum(table.number for table in tables)
    with _opened(path, above, most) as book:
        done = 0
        for one in tables:
            sheets, stage = (
                Sheets(book, one.table, is_named=is_named(one.table, content)),
                f"写入“{one.table.name[:40]}”",
            )
            for line in one.lines():
                sheets.line(line)
                done += 1
                if done % TOLD_EVERY == 0:
                    tell(done, total, stage)
            sheets.close()
        tell(done, total, "写入文件")
    return done


@contextmanager
def _opened(path: Path, above: Head, most: int) -> Iterator["_Book"]:
    """Give a workbook that becomes the file at the end; after a failure nothing of it is left."""
    with _scratch() as folder:
        book = _Book(path, folder, above, most)
        try:
            yield book
            book.save()
        except BaseException:
            book.abandon()
            path.unlink(missing_ok=True)
            raise


@contextmanager
def _scratch() -> Iterator[Path]:
    """Give an empty folder of this process; what killed processes left of theirs is removed.

    A folder is locked while its process lives.
    """
    root = settings.VAR / SCRATCH
    root.mkdir(exist_ok=True)
    for folder in root.iterdir():
        _remove_abandoned(folder)
    with TemporaryDirectory(dir=root) as name, _locked(Path(name)):
        yield Path(name)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which the kernel lets go with the process; ``OSError`` if it is held."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _remove_abandoned(folder: Path) -> None:
    with suppress(OSError):
        if time.time() - folder.stat().st_mtime > YOUNG:
            with _locked(folder):
                shutil.rmtree(folder)


class _Book(Workbook):
    """The workbook while it is written, with its formats worked out once."""

    def __init__(self, path: Path, scratch: Path, above: Head, most: int):
        super().__init__(str(path), {"constant_memory": True, "tmpdir": str(scratch)})
        self.above, self.most, self.names, self.form = above, most, SheetNames(), cache(self._form)
        self.use_zip64()
        self.set_properties(
            {
                "title": above.title,
                "subject": above.facts[1],
                "author": above.bureau,
                "comments": f"统计截止：{above.instant}　{above.words}",
                "created": workbook.ALWAYS,
            }
        )

    def _form(self, style: str, holds: str = ""):
        return self.add_format(STYLES[style] | HOLDS.get(holds, {}))

    def save(self) -> None:
        """Write the file; a full disk is told as such."""
        try:
            self.close()
        except FileCreateError as error:
            raise error.args[0] from None

    def abandon(self) -> None:
        """Close what is open, so that nothing is written any more."""
        self.fileclosed = True
        for page in self.worksheets():
            with suppress(OSError):
                page._opt_close()


class _Page(Worksheet):
    """A sheet on which text is never mark-up.

    In its constant memory the library would write a text of <r>…</r> into the file as it stands.
    """

    def _xml_rich_inline_string(self, string: str, attributes=()) -> None:
        self._xml_inline_string(string, True, attributes)

    def forget(self, row: int) -> None:
        """Drop the height of a row that is on the disk already; the library would keep it to the end."""
        self.row_info.pop(row, None)
        self.row_sizes.pop(row, None)


class Sheets:
    """The sheet of one table; what exceeds the rows of one goes on in further ones, headed alike."""

    def __init__(self, book: _Book, table: Table, *, is_named: bool):
        self.book, self.table, self.above, self.is_named = book, table, book.above, is_named
        self.widths = widths(table.columns, PAGE_WIDTH, MOST_WIDTH)
        self.last = len(table.columns) - 1
        self.foot = [SIGNATURES, *notes_of(table)]
        self.forms = {style: self._forms(style) for style in ("plain", "subtotal", "total")}
        self._open()

    def _forms(self, style: str) -> list[dict[str, Any]]:
        """Return for each column how its text, quoted text, numbers and days are written."""
        return [
            {
                TEXT: self.book.form(style, TEXT),
                QUOTED: self.book.form(style, QUOTED),
                NUMBER: self.book.form(style, PERCENT if column.holds == PERCENT else NUMBER),
                DAY: self.book.form(style, DAY),
            }
            for column in self.table.columns
        ]

    def _open(self) -> None:
        self.page = self.book.add_worksheet(self.book.names.free(self.table.name), worksheet_class=_Page)
        self.row = self.lines = 0
        _set_up(self.page, self.widths)
        self._head()
        self.page.freeze_panes(self.row, 0)
        self.page.repeat_rows(0, self.row - 1)

    def _head(self) -> None:
        self._across(self.above.title, "title", TITLE_HEIGHT)
        if self.is_named:
            self._across(self.table.name, "name")
        self._facts()
        self._across(self.above.words, "fact")
        labels = [column.label for column in self.table.columns]
        self.page.set_row(self.row, _height(max(map(_lines, labels, self.widths))))
        for place, label in enumerate(labels):
            self.page.write_string(self.row, place, workbook.writable(label), self.book.form("heading"))
        self.row += 1

    def _facts(self) -> None:
        """Write 填报单位 to the left and 统计截止 to the right, below each other where there is no room."""
        left, right = self.above.facts
        middle = _middle(self.widths, _size(left) + 1, _size(right) + 1)
        if middle == 0:
            self._across(left, "fact")
            self._across(right, "fact")
            return
        self._merged(0, middle - 1, left, "fact")
        self._merged(middle, self.last, right, "right")
        self.row += 1

    def line(self, line: Line) -> None:
        """Write one line."""
        if self.row + len(self.foot) >= self.book.most:
            self._open()
        forms, tallest = self.forms[line.style], 1
        for place, (cell, ways) in enumerate(zip(line.cells, forms, strict=True)):
            tallest = max(tallest, self._cell(place, cell, ways))
        if tallest > 1:
            self.page.set_row(self.row, _height(tallest))
        self.page.forget(self.row - 1)
        self.row += 1
        self.lines += 1

    def _cell(self, place: int, cell: Cell, forms: dict[str, Any]) -> int:
        """Write one cell and return how many lines it takes."""
        value = plain(cell)
        if isinstance(value, str):
            words = workbook.writable(value)
            is_quoted = workbook.is_like_a_formula(words)
            self.page.write_string(self.row, place, words, forms[QUOTED if is_quoted else TEXT])
            return _lines(words, self.widths[place])
        if isinstance(value, date):
            self.page.write_datetime(self.row, place, value, forms[DAY])
        elif value is None:
            self.page.write_blank(self.row, place, None, forms[TEXT])
        else:
            self.page.write_number(self.row, place, value, forms[NUMBER])
        return 1

    def close(self) -> None:
        """Write what stands below the last line."""
        if not self.lines:
            self._across(NOTHING, "heading")
        for words in self.foot:
            self._across(words, "fact")

    def _across(self, words: str, style: str, height: int = LINE_HEIGHT) -> None:
        room = sum(self.widths) * LINE_HEIGHT / height
        self.page.set_row(self.row, _height(_lines(words, room), height))
        self._merged(0, self.last, words, style)
        self.row += 1

    def _merged(self, first: int, last: int, words: str, style: str) -> None:
        words = workbook.writable(words)
        form = self.book.form(style, QUOTED if workbook.is_like_a_formula(words) else "")
        if first < last:
            self.page.merge_range(self.row, first, self.row, last, "", form)
        self.page.write_string(self.row, first, words, form)


def _set_up(page: Worksheet, widths: list[float]) -> None:
    for place, width in enumerate(widths):
        page.set_column(place, place, round(2.3 * width + 1, 2))  # a 字 of 12 points, in Excel's measure
    page.set_landscape()
    page.set_paper(workbook.A4)
    page.fit_to_pages(1, 0)
    page.center_horizontally()
    page.set_margins(**MARGINS)
    page.set_footer(FOOTER)
    page.set_default_row(LINE_HEIGHT + 6)


def _middle(widths: list[float], left: float, right: float) -> int:
    """Return the column the right half begins with, so that the halves hold so many 字; 0 without room."""
    places = range(len(widths) - 1, 0, -1)
    return next((p for p in places if sum(widths[p:]) >= right and sum(widths[:p]) >= left), 0)


def _lines(words: str, room: float) -> int:
    """Return how many lines some words take where ``room`` 字 stand on one."""
    if len(words) < room and "\n" not in words:
        return 1
    return sum(max(1, ceil(_size(part) / max(1, room - 1))) for part in words.split("\n"))


def _size(words: str) -> float:
    """Return the width of some words in 字: what is not Chinese is about half as wide."""
    return sum(1 if character > "\u2e7f" else 0.55 for character in words)


def _height(lines: int, of_one: int = LINE_HEIGHT) -> int:
    return min(TALLEST, of_one * lines + 6)
