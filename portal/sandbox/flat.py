"""Large flat files, read line by line: the child parses and streams, nothing is held here but a block."""

import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from portal import sandbox
from portal.sandbox import ChildGone, Table, Unreadable

CHILD = Path(__file__).with_name("flat_child.py")
SUFFIXES = (".xlsx", ".csv")
MOST_BYTES = 30 * 2**20
MOST_SECONDS = 240
MOST_BLOCK = 64 * 2**20
CELL, ROW, REFUSED = "\x1f", "\x1e", "!"


@dataclass(frozen=True)
class Head:
    """A visible sheet: its name, its first lines as (number from 0, cells), its merged ranges.

    ``extent`` is how many lines it says it has, for the progress alone; ``keywords`` what the file says of
    itself in its properties.
    """

    name: str
    lines: list[tuple[int, list[str]]]
    merged: list[tuple[int, int, int, int]]
    extent: int = 0
    keywords: str = ""

    def table(self) -> Table:
        """Return the head as a table, without what is merged."""
        rows: list[list[str]] = [[] for _ in range(1 + max((number for number, _ in self.lines), default=-1))]
        for number, cells in self.lines:
            rows[number] = cells
        return Table(self.name, rows)


def read_heads(content: BinaryIO, suffix: str) -> list[Head]:
    """Return the heads of the visible sheets of a file. Raises ``Unreadable`` whatever is wrong with it."""
    content.seek(0)
    try:
        answer, _ = sandbox.converse(CHILD, suffix, "heads", content=content, seconds=MOST_SECONDS)
    except ChildGone:
        raise Unreadable(sandbox.GAVE_UP) from None
    except OSError:
        raise Unreadable(sandbox.BUSY) from None
    if "refused" in answer:
        raise Unreadable(answer["refused"])
    return [_head(one, answer.get("keywords", "")) for one in answer["sheets"]]


def _head(raw: dict, keywords: str) -> Head:
    return Head(
        raw["name"],
        [(number, cells) for number, cells in raw["head"]],
        [*map(tuple, raw["merged"])],
        raw["extent"],
        keywords,
    )


def read_lines(content: BinaryIO, suffix: str, sheets: list[int]) -> Iterator[tuple[int, int, list[str]]]:
    """Yield (sheet, line from 0, cells) of these sheets, in their order; empty lines are left out.

    ``sheets`` are places in what ``read_heads`` returned of the same bytes. Raises ``Unreadable``.
    """
    content.seek(0)
    wanted = ",".join(map(str, sheets))
    try:
        with sandbox.stream(CHILD, suffix, "rows", wanted, content=content) as (_, rest):
            while block := _block(rest):
                yield from _lines(block)
    except (ChildGone, struct.error, subprocess.TimeoutExpired):
        raise Unreadable(sandbox.GAVE_UP) from None
    except OSError:
        raise Unreadable(sandbox.BUSY) from None


def _block(rest) -> str:
    (size,) = struct.unpack(">I", _exactly(rest, 4))
    if size > MOST_BLOCK:
        raise ChildGone
    return _exactly(rest, size).decode() if size else ""


def _exactly(rest, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = rest.read(size - len(found))
        if not piece:
            raise ChildGone
        found += piece
    return found


def _lines(block: str) -> Iterator[tuple[int, int, list[str]]]:
    sheet, *lines = block.split(ROW)
    if sheet == REFUSED:
        raise Unreadable(lines[0])
    place = int(sheet)
    for line in lines:
        number, *cells = line.split(CELL)
        yield place, int(number), cells
