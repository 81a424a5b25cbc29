"""Plumbing of openpyxl: cells that stay text, styles, and a file whose bytes depend on its content alone.

For what needs drop-downs, notes or the paper of a notice; a table of any length is ``portal.spreadsheet``,
whose cells these look like.
"""

import shutil
import zipfile
from collections.abc import Iterable
from copy import copy
from datetime import date, datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.writer.excel import ExcelWriter

from portal.spreadsheet import is_like_a_formula, writable
from portal.spreadsheet.looks import FRAME, LOOKS

A4 = 9
ALWAYS = datetime(2024, 1, 1)  # the same content gives the same bytes, whenever it is written
_LINE = Side(style="thin", color=FRAME)
_FRAME = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_TOP = Alignment(vertical="top", wrap_text=True)
_MIDDLE = Alignment(vertical="center", horizontal="center", wrap_text=True)
STYLES = {
    name: (
        Font(bold=look.bold, italic=look.italic, color=look.color or None),
        PatternFill("solid", fgColor=look.fill) if look.fill else PatternFill(),
        _MIDDLE if look.centred else _TOP,
    )
    for name, look in LOOKS.items()
}
TEXT, DAY, WHOLE = "@", "yyyy-mm-dd", "0"


class Pen:
    """Writes the cells of one sheet, working out each style once: they cost most of the time."""

    def __init__(self, sheet):
        self.sheet = sheet
        self._ways: dict[tuple, Any] = {}

    def line(self, values: Iterable, style: str = "data") -> None:
        """Append a line of values; None leaves its cell out."""
        self.sheet.append([None if value is None else self.cell(value, style) for value in values])

    def cell(self, value, style: str = "data") -> WriteOnlyCell:
        """Return a cell: text stays text whatever it looks like, dates and numbers are such."""
        made = WriteOnlyCell(self.sheet, value=writable(value) if isinstance(value, str) else value)
        way = (style, *_format(value))
        if way not in self._ways:
            made.font, made.fill, made.alignment = STYLES[style]
            made.border, (made.number_format, made.quotePrefix) = _FRAME, _format(value)
            self._ways[way] = made._style
        made._style = copy(self._ways[way])
        if isinstance(value, str):
            made.data_type = "s"
        return made


def print_across(sheet) -> None:
    """Print a sheet on A4 across, as wide as the paper."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    fit_to_width(sheet)


def fit_to_width(sheet) -> None:
    """Print a sheet as wide as the paper, on as many pages as it takes."""
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0


def put(cell, value) -> None:
    """Set the value of a cell of an ordinary sheet: text stays text whatever it looks like."""
    cell.value = writable(value) if isinstance(value, str) else value
    cell.number_format, cell.quotePrefix = _format(value)
    if isinstance(value, str):
        cell.data_type = "s"


def _format(value) -> tuple[str, bool]:
    if isinstance(value, str):
        return TEXT, is_like_a_formula(value)
    if isinstance(value, date):
        return DAY, False
    return WHOLE if isinstance(value, int) else "General", False


class _Archive(zipfile.ZipFile):
    """A zip whose members all bear the same date."""

    def writestr(self, name, data, *args, **kwargs) -> None:
        super().writestr(_member(name), data)

    def write(self, filename, arcname) -> None:
        with open(filename, "rb") as source, self.open(_member(arcname), "w") as target:
            shutil.copyfileobj(source, target)


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def saved(book: Workbook, title: str) -> bytes:
    """Return ``book`` as the bytes of a file."""
    book.properties.title, book.properties.creator = title, ""
    book.properties.created = book.properties.modified = ALWAYS
    file = BytesIO()
    ExcelWriter(book, _Archive(file, "w")).save()
    return file.getvalue()
