"""流转单 on paper, across the page: as Word document and as PDF, from plain data and nothing else."""

from dataclasses import asdict, dataclass

from portal.documents.check import Check
from portal.documents.paper import LANDSCAPE_WIDTH
from portal.documents.pdf import compiled
from portal.documents.word import COMMON_PARTS, written

PARTS = {
    "[Content_Types].xml": "word/content_types.xml",
    "_rels/.rels": "word/package.rels",
    "word/document.xml": "circulation/document.xml",
    "word/_rels/document.xml.rels": "word/document.rels",
    "word/styles.xml": "word/styles.xml",
    "word/header.xml": "word/header.xml",
    **COMMON_PARTS,
}
TITLE = "流转单"
COLUMNS = ("序号", "版本", "环节", "单位", "姓名", "岗位", "意见", "时间")
WEIGHTS = (6, 6, 10, 15, 8, 6, 32, 17)


@dataclass(frozen=True)
class PrintedCirculation:
    """A 流转单 ready to print: ``facts`` are (label, words) above the table, ``rows`` its cells as text."""

    facts: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]
    organisation: str
    marks: tuple[str, ...] = ()
    check: Check | None = None
    title: tuple[str, ...] = (TITLE,)
    is_across: bool = True

    @property
    def header(self) -> tuple[str, ...]:
        """The lines of the page header."""
        checked = ("，".join(self.check.lines),) if self.check else ()
        return (*filter(None, ["　".join(self.marks)]), *checked)

    @property
    def widths(self) -> list[int]:
        """The widths of the columns in twentieths of a point."""
        return [LANDSCAPE_WIDTH * weight // sum(WEIGHTS) for weight in WEIGHTS]

    @property
    def heading_cells(self) -> list[tuple[int, str]]:
        """(width, column) of the heading."""
        return list(zip(self.widths, COLUMNS, strict=True))

    @property
    def body_cells(self) -> list[list[tuple[int, list[str], bool]]]:
        """(width, paragraphs, whether it is prose) of each line."""
        widths = self.widths
        return [
            [
                (w, cell.split("\n"), column == "意见")
                for w, cell, column in zip(widths, row, COLUMNS, strict=True)
            ]
            for row in self.rows
        ]


def circulation_docx(sheet: PrintedCirculation) -> bytes:
    """Return a 流转单 as a .docx with the official typefaces by name; the same sheet, the same bytes."""
    return written(PARTS, sheet, sheet.check)


def circulation_pdf(sheet: PrintedCirculation) -> bytes:
    """Return a tagged PDF (PDF/UA-1) of a 流转单 with its fonts inside; the same sheet, the same bytes."""
    qr = sheet.check.svg if sheet.check else ""
    head = {"header": sheet.header, "qr": qr, "columns": COLUMNS, "weights": WEIGHTS}
    return compiled("circulation.typ", {**asdict(sheet), **head})
