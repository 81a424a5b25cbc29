"""A report on paper, across the page: as Word document and as PDF, from plain data and nothing else.

Title, 填报单位, 统计截止 and the columns are header rows of each table, so that they stand on every page.
"""

from dataclasses import asdict, dataclass

from portal.documents.paper import LANDSCAPE_WIDTH
from portal.documents.pdf import compiled
from portal.documents.word import COMMON_PARTS, written

PARTS = {
    "[Content_Types].xml": "word/content_types.xml",
    "_rels/.rels": "word/package.rels",
    "word/document.xml": "report/document.xml",
    "word/_rels/document.xml.rels": "word/document.rels",
    "word/styles.xml": "word/styles.xml",
    "word/header.xml": "word/header.xml",
    **COMMON_PARTS,
    "docProps/core.xml": "report/core.xml",
}


@dataclass(frozen=True)
class PrintedTable:
    """One table: ``weights`` are the widths of its columns, ``sides`` where their cells stand.

    ``size`` is that of its type in points. ``rows`` are (style, texts); without one the table says
    ``nothing``. ``footer`` is the line to sign.
    """

    name: str
    columns: tuple[str, ...]
    size: float
    weights: tuple[int, ...]
    sides: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    nothing: str
    footer: str
    notes: tuple[str, ...]

    @property
    def half_points(self) -> int:
        """The size of its type as Word counts it."""
        return int(2 * self.size)

    @property
    def line_height(self) -> int:
        """The distance of its lines in twentieths of a point: a fifth more than the type.

        So close that sixteen cities and their sum stand on one page.
        """
        return int(24 * self.size)

    @property
    def widths(self) -> list[int]:
        """The widths of the columns in twentieths of a point."""
        return [LANDSCAPE_WIDTH * weight // sum(self.weights) for weight in self.weights]

    @property
    def heading_cells(self) -> list[tuple[int, str]]:
        """(width, column) of the heading."""
        return list(zip(self.widths, self.columns, strict=True))

    @property
    def body_cells(self) -> list[tuple[str, list[tuple[int, str, list[str]]]]]:
        """(style, its cells as (width, side, paragraphs)) of each line."""
        widths = self.widths
        return [
            (style, list(zip(widths, self.sides, [t.split("\n") for t in texts], strict=True)))
            for style, texts in self.rows
        ]


@dataclass(frozen=True)
class PrintedReport:
    """A report ready to print; ``facts`` stand left and right below the title, ``words`` below them.

    ``instant`` is the cut-off to its last digit.
    """

    title: str
    organisation: str
    facts: tuple[str, str]
    words: str
    instant: str
    tables: tuple[PrintedTable, ...]

    @property
    def header(self) -> tuple[str, ...]:
        """The lines of the page header: none, a report has no versions."""
        return ()


def report_docx(report: PrintedReport) -> bytes:
    """Return a report as a .docx with the official typefaces by name; the same report, the same bytes."""
    return written(PARTS, report)


def report_pdf(report: PrintedReport) -> bytes:
    """Return a tagged PDF (PDF/UA-1) of a report with its fonts inside; the same report, the same bytes."""
    return compiled("report.typ", asdict(report))
