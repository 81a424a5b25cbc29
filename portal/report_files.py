"""The file of a report: workbook, Word document or PDF. The same question gives the same bytes, for ever."""

from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path

from portal import text
from portal.documents.report import PrintedReport, PrintedTable, report_docx, report_pdf
from portal.report_tables import (
    NOTHING,
    SIGNATURES,
    Counted,
    counted,
    head,
    is_named,
    notes_of,
    printed,
    widths,
)
from portal.reports import DAY, NUMBER, PERCENT, Asked, Column, Content
from portal.workflow import Refused

FORMATS = {"xlsx": "Excel", "docx": "Word", "pdf": "PDF"}
MOST_ON_PAPER = 3000
SIZES = {12: 53, 10.5: 60, 9: 70}  # points → 字 on a line of 225 mm
SMALLEST, PADDING = 9, 1  # points, 字 a column
TOO_LONG = f"这份报表的行数超过{MOST_ON_PAPER}，请下载 Excel。"
Progress = Callable[[int, int, str], object]


def write(content: Content, asked: Asked, format: str, path: Path, progress: Progress | None = None) -> int:
    """Write a report in ``format``, a key of ``FORMATS``, to ``path``; return the number of its lines.

    ``progress(done, total, stage)`` is called now and then and may raise to stop. What has more than 3,000
    lines is refused on paper.
    """
    tell = progress or (lambda done, total, stage: None)
    tell(0, 0, "清点行数")
    if format == "xlsx":
        from portal import report_workbook  # xlsxwriter is loaded by who writes one

        return report_workbook.write(content, asked, path, tell)
    report, lines = _on_paper(content, asked)
    tell(0, lines, "排版")
    path.write_bytes({"docx": report_docx, "pdf": report_pdf}[format](report))
    tell(lines, lines, "排版")
    return lines


def _on_paper(content: Content, asked: Asked) -> tuple[PrintedReport, int]:
    tables = list(counted(content.tables, MOST_ON_PAPER + 1))
    lines = sum(table.number for table in tables)
    if lines > MOST_ON_PAPER:
        raise Refused(TOO_LONG)
    above = head(content, asked)
    shown = tuple(_printed_table(one, is_named(one.table, content)) for one in tables)
    return PrintedReport(above.title, above.bureau, above.facts, above.words, above.instant, shown), lines


def _printed_table(one: Counted, has_name: bool) -> PrintedTable:
    columns = one.table.columns
    size = next((size for size, room in SIZES.items() if _wanted(columns) <= room), SMALLEST)
    return PrintedTable(
        name=text.clean(one.table.name) if has_name else "",
        columns=tuple(text.clean(column.label) for column in columns),
        size=size,
        weights=tuple(round(10 * (width + PADDING)) for width in widths(columns, 0, _room(columns, size))),
        sides=tuple(_side(column) for column in columns),
        rows=tuple(
            (line.style, tuple(printed(*pair) for pair in zip(line.cells, columns, strict=True)))
            for line in one.lines()
        ),
        nothing=NOTHING,
        footer=SIGNATURES,
        notes=tuple(notes_of(one.table)),
    )


def _wanted(columns: Sequence[Column]) -> float:
    """Return how many 字 a line of the table needs with its paddings."""
    return sum(widths(columns, 0, inf)) + PADDING * len(columns)


def _room(columns: Sequence[Column], size: float) -> float:
    return SIZES[size] - PADDING * len(columns)


def _side(column: Column) -> str:
    return {NUMBER: "right", PERCENT: "right", DAY: "center"}.get(column.holds, "left")
