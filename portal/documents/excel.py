"""The statistical sheet of a notice as a workbook, laid out to be printed; the import reads it back."""

import io

from openpyxl import Workbook
from openpyxl.drawing.image import Image
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.xdr import XDRPositiveSize2D
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

from portal import workbook
from portal.documents.paper import PrintedForm

A4 = 9
_LINE = Side(style="thin", color="000000")
_FRAME = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_TITLE, _LABEL = Font(name="方正小标宋简体", size=18), Font(name="黑体", size=12)
_WORDS = Font(name="仿宋_GB2312", size=12)
_CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
_LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)
_RIGHT = Alignment(horizontal="right", vertical="center")
CHARACTERS = 120  # the width of a landscape page
GAP = "　" * 4
TITLE_HEIGHT = 34
EMU, PIXEL = 12_700, 9_525  # of a point; of a pixel, in which a column of w characters is 7w + 5 wide
QR = (TITLE_HEIGHT - 1) * EMU


def form_xlsx(form: PrintedForm) -> bytes:
    """Return a form that is a statement as .xlsx; the same form gives the same bytes."""
    book = Workbook()
    page = book.active
    page.title = form.name[:31]
    _Page(page, form).write()
    return workbook.saved(book, form.name)


class _Page:
    """The one sheet while it is written, line after line."""

    def __init__(self, page, form: PrintedForm):
        self.page, self.form, self.lines = page, form, form.statement
        self.last = len(self.lines.columns)
        self.row = 0

    def write(self) -> None:
        """Write title, header, lines, sum, signatures and notes, and set the page up."""
        self._across("".join(self.form.title), _TITLE, _CENTRE, TITLE_HEIGHT)
        self._line(self.lines.columns, _LABEL)
        for row in [*self.lines.rows, *([self.lines.total] if self.lines.total else [])]:
            self._line(row, _WORDS)
        if self.lines.footer:
            self._across(GAP.join(f"{label}：{said}" for label, said in self.lines.footer), _WORDS, _LEFT, 24)
        for note in self.form.notes:
            self._across(note, _WORDS, _LEFT, 20)
        self._set_up()
        self._add_qr()

    def _across(self, words: str, font: Font, alignment: Alignment, height: int) -> None:
        self.row += 1
        self._put(1, words, font, alignment)
        self.page.merge_cells(start_row=self.row, end_row=self.row, start_column=1, end_column=self.last)
        self.page.row_dimensions[self.row].height = height

    def _line(self, words: tuple[str, ...], font: Font) -> None:
        self.row += 1
        for place, said in enumerate(words):
            is_number = place == self.lines.number_column and said.isdigit()
            cell = self._put(
                place + 1, int(said) if is_number else said, font, _RIGHT if is_number else _CENTRE
            )
            cell.border = _FRAME

    def _put(self, place: int, value: str | int, font: Font, alignment: Alignment):
        cell = self.page.cell(self.row, place)
        workbook.put(cell, value)
        cell.font, cell.alignment = font, alignment
        return cell

    def _set_up(self) -> None:
        page = self.page
        for place, weight in enumerate(self.lines.weights, 1):
            page.column_dimensions[get_column_letter(place)].width = round(
                CHARACTERS * weight / sum(self.lines.weights), 1
            )
        page.page_setup.orientation, page.page_setup.paperSize = "landscape", A4
        page.sheet_properties.pageSetUpPr.fitToPage = True
        page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
        page.print_title_rows, page.freeze_panes = "1:2", "A3"
        page.oddFooter.center.text = "— &P —"
        page.oddHeader.right.text = "　".join(self.form.header).replace("&", "&&")

    def _add_qr(self) -> None:
        """Lay the QR code over the right end of the title: it takes no line of its own."""
        if not self.form.check or not (png := self.form.check.png):
            return
        width = round(7 * self.page.column_dimensions[get_column_letter(self.last)].width + 5) * PIXEL
        corner = AnchorMarker(col=self.last - 1, colOff=max(0, width - QR), row=0, rowOff=EMU // 2)
        picture = Image(io.BytesIO(png))
        picture.anchor = OneCellAnchor(_from=corner, ext=XDRPositiveSize2D(QR, QR))
        self.page.add_image(picture)
