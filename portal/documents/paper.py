"""A form as it is printed, as plain data: what the Word and the PDF writer are given, and nothing else."""

from dataclasses import dataclass

LONG = 40  # a value of more characters is prose: its paragraphs are indented
PADDING, MOST_WEIGHT = 3, 15
TEXT_WIDTH = 8845  # 156 mm in twentieths of a point (GB/T 9704-2012 5.2.1)


@dataclass(frozen=True)
class Row:
    """One labelled value; each paragraph begins on a line of its own."""

    label: str
    paragraphs: tuple[str, ...]

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
class SubTable:
    """A list below the form, such as the yearly figures of a unit."""

    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def weights(self) -> list[int]:
        """The widths of the columns in relation to each other, by their longest text."""
        columns = zip(self.columns, *self.rows, strict=True)
        return [min(max(map(len, column)) + PADDING, MOST_WEIGHT) for column in columns]

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
class PrintedForm:
    """A form ready to print.

    ``title`` and ``notes`` are whole lines; ``marks`` stand in the page header, outside the form itself:
    which version this is, or that it is a draft.
    """

    title: tuple[str, ...]
    organisation_label: str
    organisation: str
    sections: tuple[Section, ...]
    tables: tuple[SubTable, ...] = ()
    notes: tuple[str, ...] = ()
    annex: str = ""
    marks: tuple[str, ...] = ()
