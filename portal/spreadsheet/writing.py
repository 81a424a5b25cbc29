"""A workbook piece by piece: lines in, bytes of an .xlsx out, no more than a few lines in memory."""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import BinaryIO, NamedTuple

from portal.spreadsheet.cells import CELLS, is_plain, letters_of, other, text
from portal.spreadsheet.looks import TEXT, ways_of
from portal.spreadsheet.parts import AFTER_ROWS, Column, Sheet, around, before_rows, free_title

MOST_ROWS = 1_048_576  # of a sheet
MOST_BYTES = 2_000_000_000  # of a sheet unpacked: more needs zip64, which not every reader of sheets knows
LEVEL = 4  # of the compression: a third of the time of the usual 6 for a file 7 % larger
PIECE = 1 << 16  # bytes that are written, and sent, at once


class Styled(NamedTuple):
    """A line in another look than that of data, such as a sum."""

    look: str
    values: Sequence


@dataclass(frozen=True)
class Page:
    """One table: what stands ``above`` its header, the header, its lines; None leaves a cell out.

    ``lines`` are taken once, as they are written. The header stays on screen and is printed on each page, and
    so are the first ``frozen`` columns.
    """

    title: str
    columns: Sequence[Column]
    lines: Iterable[Sequence | Styled]
    above: Sequence[Styled] = ()
    frozen: int = 0


def columns(widths: dict[str, float], look: str = "required") -> list[Column]:
    """Return columns from header → width."""
    return [Column(header, width, look) for header, width in widths.items()]


def stream(
    title: str, pages: Iterable[Page], most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES
) -> Iterator[bytes]:
    """Yield a workbook called ``title`` piece by piece; a sheet that is full goes on in a further one.

    Before the last piece it is no readable file: whoever gets a part has nothing that looks whole.
    """
    sink, sheets = _Sink(), []
    with zipfile.ZipFile(sink, "w") as archive:
        for page in pages:
            yield from _sheets(archive, sink, page, sheets, (most_rows, most_bytes))
        for name, words in around(title, sheets).items():
            archive.writestr(_member(name), words)
    yield sink.taken()


def whole(title: str, pages: Iterable[Page]) -> bytes:
    """Return a small workbook as the bytes of a file."""
    return b"".join(stream(title, pages))


class _Sink:
    """Where the zip is written to: gives out what came in, and cannot go back."""

    def __init__(self):
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, piece: bytes) -> int:
        """Take a piece."""
        self._pieces.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Keep everything until it is taken."""

    def taken(self) -> bytes:
        """Return what came in since the last time."""
        found, self._pieces, self.size = b"".join(self._pieces), [], 0
        return found


def _sheets(archive, sink: _Sink, page: Page, sheets: list[Sheet], most: tuple[int, int]) -> Iterator[bytes]:
    lines, above, goes_on = iter(page.lines), page.above, True
    while goes_on:
        title = free_title(page.title, [sheet.title for sheet in sheets])
        sheets.append(Sheet(title, len(above) + 1, page.frozen))
        with archive.open(_member(f"xl/worksheets/sheet{len(sheets)}.xml"), "w") as file:
            file.write(before_rows(page.columns, sheets[-1], is_first=len(sheets) == 1).encode())
            rows = _Rows(file, page.columns, *most)
            yield from rows.written(sink, above, lines)
            file.write(AFTER_ROWS.encode())
        goes_on, above = bool(rows.left), ()
        lines = chain(rows.left, lines)


class _Rows:
    """The rows of one sheet; ``left`` holds the first line that found no room in it."""

    def __init__(self, file: BinaryIO, columns: Sequence[Column], most_rows: int, most_bytes: int):
        self.file, self.columns = file, columns
        self.most_rows, self.most_bytes = most_rows, most_bytes
        self.left: list[Sequence] = []
        self.row = self.bytes = 0

    def written(self, sink: _Sink, above: Iterable[Styled], lines: Iterable[Sequence]) -> Iterator[bytes]:
        """Write the header and the lines, and yield what comes out of the zip meanwhile."""
        held = [*(self._xml(line) for line in above), self._header()]
        self._flush(held)
        yield sink.taken()
        held, size = [], 0
        for line in lines:
            if self.row >= self.most_rows or self.bytes >= self.most_bytes:
                self.left = [line]
                break
            held.append(xml := self._xml(line))
            size += len(xml)
            if size >= PIECE:
                self._flush(held)
                held, size = [], 0
                if sink.size >= PIECE:
                    yield sink.taken()
        self._flush(held)

    def _flush(self, held: list[str]) -> None:
        data = "".join(held).encode()
        self.bytes += len(data)
        self.file.write(data)

    def _header(self) -> str:
        self.row += 1
        places = enumerate(self.columns, 1)
        cells = [text(f"{letters_of(n)}{self.row}", c.header, ways_of(c.look)) for n, c in places]
        return f'<row r="{self.row}">{"".join(cells)}</row>'

    def _xml(self, line: Sequence | Styled) -> str:
        """Return a line as XML; the one loop that every cell of an export goes through."""
        look, values = line if type(line) is Styled else ("data", line)
        self.row = row = self.row + 1
        ways, parts = ways_of(look), [f'<row r="{row}">']
        plain = f'{row}" s="{ways[TEXT]}" t="inlineStr"><is><t>'
        for letter, value in zip(_letters(len(values)), values, strict=True):
            if type(value) is str:
                is_short = is_plain(value)
                parts.append(
                    f'<c r="{letter}{plain}{value}</t></is></c>'
                    if is_short
                    else text(f"{letter}{row}", value, ways)
                )
            elif value is not None:
                parts.append(CELLS.get(type(value), other)(f"{letter}{row}", value, ways))
        parts.append("</row>")
        return "".join(parts)


@cache
def _letters(number: int) -> list[str]:
    return [letters_of(place) for place in range(1, number + 1)]


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type, info._compresslevel = zipfile.ZIP_DEFLATED, LEVEL
    return info
