"""A form as it is printed, as plain data: what the Word and the PDF writer are given, and nothing else."""

from dataclasses import dataclass, replace

from portal.documents.check import Check

LONG = 40  # a value of more characters is prose: its paragraphs are indented
PADDING, MOST_WEIGHT = 3, 15
TEXT_WIDTH = 8845  # 156 mm in twentieths of a point (GB/T 9704-2012 5.2.1)
LANDSCAPE_WIDTH = 12757  # 225 mm, the page turned
# The columns of a form: label and value, or twice so where two rows share a line.
PAIR, TWO_PAIRS = (2041, 6804), (2041, 2381, 2041, 2382)


@dataclass(frozen=True)
class Row:
    """One labelled value; each paragraph begins on a line of its own.

    ``is_stacked``: label and value in one cell across the form; ``shares_line``: behind the row before it.
    """

    label: str
    paragraphs: tuple[str, ...]
    is_stacked: bool = False
    shares_line: bool = False

    @property
    def is_prose(self) -> bool:
        """Whether the value is running text, to be indented by two characters (GB/T 9704-2012 7.3.3)."""
        return len(self.paragraphs) > 1 or any(len(text) > LONG for text in self.paragraphs)


@dataclass(frozen=True)
class Section:
    """Rows that belong together, below a heading if there is one."""

    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Cell:
    """One cell of a line: ``span`` columns of together ``width``; a label, a value or one above the other."""

    width: int
    span: int
    label: str = ""
    paragraphs: tuple[str, ...] = ()
    is_prose: bool = False
    kind: str = "value"


@dataclass(frozen=True)
class Grid:
    """The frame of a form: the widths of its columns and its lines of cells."""

    widths: tuple[int, ...]
    lines: tuple[tuple[Cell, ...], ...]


def grid(sections: tuple[Section, ...]) -> Grid:
    """Return the frame of some sections, in twentieths of a point."""
    shares = any(row.shares_line for section in sections for row in section.rows)
    widths = TWO_PAIRS if shares else PAIR
    lines: list[tuple[Cell, ...]] = []
    for section in sections:
        if section.heading:
            lines.append((_across(widths, label=section.heading, kind="heading"),))
        lines += [_line(rows, widths) for rows in _by_line(section.rows)]
    return Grid(widths, tuple(lines))


def _by_line(rows: tuple[Row, ...]) -> list[list[Row]]:
    lines: list[list[Row]] = []
    for row in rows:
        joins = row.shares_line and lines and len(lines[-1]) == 1 and not lines[-1][0].is_stacked
        lines[-1].append(row) if joins else lines.append([row])
    return lines


def _line(rows: list[Row], widths: tuple[int, ...]) -> tuple[Cell, ...]:
    if rows[0].is_stacked:
        return (_across(widths, **_content(rows[0]), label=rows[0].label, kind="stacked"),)
    if len(rows) == 1:
        label = Cell(widths[0], 1, label=rows[0].label, kind="label")
        return (label, Cell(sum(widths[1:]), len(widths) - 1, **_content(rows[0])))
    pairs = zip(rows, widths[::2], widths[1::2], strict=True)
    return tuple(
        cell
        for row, label, value in pairs
        for cell in (Cell(label, 1, label=row.label, kind="label"), Cell(value, 1, **_content(row)))
    )


def _across(widths: tuple[int, ...], **content) -> Cell:
    return Cell(sum(widths), len(widths), **content)


def _content(row: Row) -> dict:
    return {"paragraphs": row.paragraphs, "is_prose": row.is_prose}


def _weights(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> list[int]:
    found = zip(columns, *rows, strict=True)
    return [min(max(map(len, column)) + PADDING, MOST_WEIGHT) for column in found]


@dataclass(frozen=True)
class SubTable:
    """A list below the form, such as the yearly figures of a unit."""

    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def weights(self) -> list[int]:
        """The widths of the columns in relation to each other, by their longest text."""
        return _weights(self.columns, self.rows)

    @property
    def widths(self) -> list[int]:
        """The widths of the columns in twentieths of a point."""
        total = sum(self.weights)
        return [TEXT_WIDTH * weight // total for weight in self.weights]

    @property
    def heading_cells(self) -> list[tuple[int, str]]:
        """(width, column) of the heading."""
        return list(zip(self.widths, self.columns, strict=True))

    @property
    def body_cells(self) -> list[list[tuple[int, str]]]:
        """(width, text) of each row."""
        return [list(zip(self.widths, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Statement:
    """The lines of a statistical sheet, printed across a page that is turned.

    ``total`` is the line of 合计, empty in a blank form; ``footer`` are (label, words) below the table.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...]
    footer: tuple[tuple[str, str], ...]
    number_column: int

    @property
    def weights(self) -> list[int]:
        """The widths of the columns in relation to each other, by their longest text."""
        return _weights(self.columns, self.rows)

    @property
    def widths(self) -> list[int]:
        """The widths of the columns in twentieths of a point."""
        return [LANDSCAPE_WIDTH * weight // sum(self.weights) for weight in self.weights]

    @property
    def heading_cells(self) -> list[tuple[int, str]]:
        """(width, column) of the heading."""
        return list(zip(self.widths, self.columns, strict=True))

    @property
    def body_cells(self) -> list[list[tuple[int, str, bool]]]:
        """(width, text, whether it is a number) of each line, 合计 last."""
        widths, lines = self.widths, [*self.rows, *([self.total] if self.total else [])]
        places = range(len(self.columns))
        return [[(widths[p], line[p], p == self.number_column) for p in places] for line in lines]


@dataclass(frozen=True)
class PrintedForm:
    """A form ready to print.

    ``title`` and ``notes`` are whole lines; ``marks`` stand in the page header, outside the form itself:
    which version this is, or that it is a draft. ``check`` of a submitted version stands there too, so that
    the form stays as the notice has it. ``appendix`` is handed in with the form, below it. Without
    ``organisation_label`` no line of its own names the bureau. A statistical sheet is all in ``statement``,
    ``name`` is what its workbook calls the page.
    """

    title: tuple[str, ...]
    organisation_label: str
    organisation: str
    sections: tuple[Section, ...]
    tables: tuple[SubTable, ...] = ()
    notes: tuple[str, ...] = ()
    annex: str = ""
    marks: tuple[str, ...] = ()
    appendix: Section | None = None
    statement: Statement | None = None
    name: str = ""
    check: Check | None = None

    def without(self, labels: set[str]) -> "PrintedForm":
        """Return the form without the rows and signatures of these labels."""
        kept = [replace(s, rows=tuple(r for r in s.rows if r.label not in labels)) for s in self.sections]
        lines = self.statement
        if lines:
            lines = replace(lines, footer=tuple(pair for pair in lines.footer if pair[0] not in labels))
        return replace(self, sections=tuple(section for section in kept if section.rows), statement=lines)

    @property
    def is_across(self) -> bool:
        """Whether the page is turned."""
        return self.statement is not None

    @property
    def header(self) -> tuple[str, ...]:
        """The lines of the page header; two across the page, three upright, as many as the margin holds."""
        if not self.check:
            return self.marks
        marks, lines = "　".join(self.marks), self.check.lines
        return (marks, "，".join(lines)) if self.is_across else (marks, *lines)

    @property
    def grids(self) -> list[Grid]:
        """The frames: the form itself, then the appendix, whose heading stands above its frame."""
        below = [grid((Section("", self.appendix.rows),))] if self.appendix else []
        return [*([] if self.statement else [grid(self.sections)]), *below]
