"""Runs in the child process of ``portal.sandbox``: a large workbook or CSV on stdin, its lines on stdout.

Started by path in an isolated interpreter; imports nothing of ours but its neighbours. ``heads`` answers with
the first lines of every visible sheet, ``rows 0,2`` streams all lines of these sheets.
"""

import csv
import io
import json
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

import child
from child import RefusedError
from flat_book import MOST_CHARACTERS, MOST_ROWS, TOO_LARGE, Enough, Workbook

MEMORY, CPU_SECONDS = 1024 * 2**20, 180
MOST_UNPACKED = 800 * 2**20
MOST_CELL = 4 * 32_767  # characters; a quarter of it is what Excel itself allows in a cell
MOST_SHEETS = 60
HEAD = 60  # lines: a header stands in one of the first twenty, the rest tells a form from a list
BLOCK = 2**18
CELL, ROW = "\x1f", "\x1e"


def heads(data: bytes, suffix: str) -> dict:
    """Return ``{"sheets": [{name, head, merged, extent}], "keywords"}`` of the visible sheets.

    ``head``: [number, cells] of the first lines; ``extent``: how many lines there are, as far as known;
    ``keywords``: what a workbook says of itself, there a template names its version.
    """
    if suffix == ".csv":
        found = _text_lines(data)
        first = [[number, cells] for number, cells in zip(range(HEAD), found, strict=False) if any(cells)]
        return {"sheets": [{"name": "表1", "head": first, "merged": [], "extent": data.count(b"\n")}]}
    book = Workbook(data)
    listed = [(name, path) for name, path in book.sheets if path]
    if len(listed) > MOST_SHEETS:
        raise RefusedError(TOO_LARGE)
    sheets: list[dict] = []
    for name, path in listed:
        sheets.append(_head(book, name, path))
        _refuse_too_much(sheets)
    return {"sheets": sheets, "keywords": book.keywords()}


def _head(book: Workbook, name: str, path: str) -> dict:
    found: list[list] = []

    def take(number: int, cells: list[str]) -> None:
        if number >= HEAD:
            raise Enough
        found.append([number, cells])

    extent = min(book.lines(path, take), MOST_ROWS)
    merged = [[t, le, b, min(r, child.MOST_COLUMNS - 1)] for t, le, b, r in book.merged(path)]
    return {"name": name, "head": found, "merged": merged, "extent": extent}


def _refuse_too_much(sheets: list[dict]) -> None:
    """Refuse heads that are no heads: whoever asked holds them all, and one text may stand in many cells."""
    texts = (text for sheet in sheets for _, cells in sheet["head"] for text in cells)
    merged = (one for sheet in sheets for one in sheet["merged"])
    covered = sum((min(b, MOST_ROWS) - t + 1) * (r - le + 1) for t, le, b, r in merged)
    if sum(map(len, texts)) > child.MOST_CHARACTERS or covered > child.MOST_COVERED:
        raise RefusedError(TOO_LARGE)


def _text_lines(data: bytes) -> Iterator[list[str]]:
    text = child._decoded(data)
    if not text.strip():
        raise RefusedError(child.EMPTY)
    first = next(line for line in text.splitlines() if line.strip())
    csv.field_size_limit(MOST_CELL)
    return csv.reader(io.StringIO(text, newline=""), delimiter=max(",\t;", key=first.count))


class _Sender:
    """Writes lines to stdout in blocks: length, then number and cells of each line.

    ``file_size`` in bytes: what gives far more text than that holds one text in many cells.
    """

    def __init__(self, out, file_size: int):
        self.out, self.sheet, self.lines, self.size = out, 0, [], 0
        self.most = min(MOST_CHARACTERS, child.MOST_CHARACTERS + child.MOST_RATIO * file_size)
        self.total = self.characters = 0

    def take(self, number: int, cells: list[str]) -> None:
        line = CELL.join([str(number), *cells])
        if line.count(CELL) != len(cells) or ROW in line:
            plain = [one.replace(CELL, "").replace(ROW, "") for one in cells]
            line = CELL.join([str(number), *plain])
        self.lines.append(line)
        self.size += len(line)
        self.total += 1
        if self.size > BLOCK:
            self.flush()

    def flush(self) -> None:
        self.characters += self.size
        if self.total > MOST_ROWS or self.characters > self.most:
            raise RefusedError(TOO_LARGE)
        if self.lines:
            self._write(ROW.join([str(self.sheet), *self.lines]))
            self.lines, self.size = [], 0

    def _write(self, text: str) -> None:
        block = text.encode("utf-8", "replace")
        self.out.write(struct.pack(">I", len(block)))
        self.out.write(block)

    def refuse(self, sentence: str) -> None:
        self._write(f"!{ROW}{sentence}")

    def end(self) -> None:
        self.out.write(struct.pack(">I", 0))
        self.out.flush()


def rows(data: bytes, suffix: str, wanted: list[int], sender: _Sender) -> None:
    """Send all lines of the ``wanted`` sheets, in that order."""
    if suffix == ".csv":
        for number, cells in enumerate(_text_lines(data)):
            if len(cells) > child.MOST_COLUMNS:
                raise RefusedError(TOO_LARGE)
            if any(cells):
                sender.take(number, cells)
        sender.flush()
        return
    book = Workbook(data)
    sheets = [path for _, path in book.sheets if path]
    for sender.sheet in wanted:
        book.lines(sheets[sender.sheet], sender.take)
        sender.flush()


def answered(work: Callable[[], dict | None]) -> dict | None:
    """Return what ``work`` returns, or the sentence why it cannot be done."""
    try:
        return work()
    except RefusedError as refusal:
        return {"refused": str(refusal)}
    except MemoryError:
        return {"refused": child.BOMB}
    except Exception:
        return {"refused": child.BROKEN}


def _heads(data: bytes, suffix: str) -> dict:
    child._refuse_by_signature(data, suffix)
    return heads(data, suffix)


def main(suffix: str, what: str, wanted: str = "") -> None:
    """Answer one request."""
    child.CPU_SECONDS, child.MOST_UNPACKED = CPU_SECONDS, MOST_UNPACKED
    child.confine(MEMORY)
    data, out = sys.stdin.buffer.read(), sys.stdout.buffer
    if what == "heads":
        out.write(json.dumps(answered(lambda: _heads(data, suffix)), ensure_ascii=False).encode())
        return
    out.write(b"{}\n")
    sender = _Sender(out, len(data))
    chosen = [int(number) for number in wanted.split(",") if number]
    if refused := answered(lambda: rows(data, suffix, chosen, sender)):
        sender.refuse(refused["refused"])
    sender.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
