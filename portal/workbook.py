"""Plumbing of openpyxl: cells that stay text, styles, and a file whose bytes depend on its content alone.

Leaf module: imports nothing of ours, so that every sheet the portal writes is safe and looks alike.
"""

import re
import shutil
import zipfile
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.writer.excel import ExcelWriter

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ALWAYS = datetime(2024, 1, 1)  # the same content gives the same bytes, whenever it is written
# What XML 1.0 cannot hold: no workbook can either.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Such text would become a formula when edited in Excel; the quote prefix keeps it text and is no part of it.
_LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

_LINE = Side(style="thin", color="B8C4CE")
_FRAME = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_TOP = Alignment(vertical="top", wrap_text=True)
_MIDDLE = Alignment(vertical="center", horizontal="center", wrap_text=True)
STYLES = {
    "required": (Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="1F4E79"), _MIDDLE),
    "optional": (Font(bold=True, color="1F2933"), PatternFill("solid", fgColor="D9E2EC"), _MIDDLE),
    "context": (Font(italic=True, color="52606D"), PatternFill("solid", fgColor="EEF1F4"), _MIDDLE),
    "sample": (Font(italic=True, color="52606D"), PatternFill(), _TOP),
    "data": (Font(), PatternFill(), _TOP),
}
TEXT, DAY, WHOLE = "@", "yyyy-mm-dd", "0"


def cell(sheet, value, style: str = "data") -> WriteOnlyCell:
    """Return a cell for ``sheet``: text stays text whatever it looks like, dates and numbers are such."""
    made = WriteOnlyCell(sheet, value=_UNWRITABLE.sub("", value) if isinstance(value, str) else value)
    made.font, made.fill, made.alignment = STYLES[style]
    made.border = _FRAME
    if isinstance(value, str):
        made.data_type, made.number_format = "s", TEXT
        made.quotePrefix = value.startswith(_LIKE_A_FORMULA)
    elif isinstance(value, date):
        made.number_format = DAY
    elif isinstance(value, int | Decimal):
        made.number_format = WHOLE if isinstance(value, int) else "General"
    return made


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
