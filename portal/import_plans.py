"""The plan of an import: what each row of a file means, in blocks that are paged without reading them all.

A row is a dict of JSON. Blocks hold the rows of one outcome in their order, compressed; the index at the end
says where each block lies.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO

from portal.models import RowOutcome

BLOCK = 200  # rows
LEVEL = 1
IN_MEMORY = 2**20
_TAIL = struct.Struct(">Q")

Row = dict[str, Any]


@dataclass(frozen=True)
class Block:
    """Where the rows of a block lie, and how many there are."""

    offset: int
    length: int
    rows: int


class Writer:
    """A plan being written; ``counts`` is how many rows there are of each outcome."""

    def __init__(self):
        self.file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 -- closed by whoever stores it
        self.counts: dict[str, int] = dict.fromkeys(RowOutcome.values, 0)
        self._waiting: dict[str, list[Row]] = {name: [] for name in RowOutcome.values}
        self._blocks: dict[str, list[tuple[int, int, int]]] = {name: [] for name in RowOutcome.values}

    def add(self, outcome: str, row: Row) -> None:
        """Add a row behind those of its outcome."""
        self.counts[outcome] += 1
        waiting = self._waiting[outcome]
        waiting.append(row)
        if len(waiting) == BLOCK:
            self._flush(outcome)

    def _flush(self, outcome: str) -> None:
        waiting = self._waiting[outcome]
        if waiting:
            place = self.file.tell()
            length = self.file.write(_packed(waiting))
            self._blocks[outcome].append((place, length, len(waiting)))
            waiting.clear()

    def finish(self, facts: Row) -> BinaryIO:
        """Write what is left, the index and ``facts``; return the file, placed at its beginning."""
        for outcome in self._waiting:
            self._flush(outcome)
        place = self.file.tell()
        self.file.write(_packed({"blocks": self._blocks, "facts": facts}))
        self.file.write(_TAIL.pack(place))
        self.file.seek(0)
        return self.file


def _packed(data: Any) -> bytes:
    return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), LEVEL)


class Plan:
    """A stored plan, open for reading."""

    def __init__(self, file: BinaryIO):
        self.file = file
        end = file.seek(-_TAIL.size, 2)
        (place,) = _TAIL.unpack(file.read(_TAIL.size))
        file.seek(place)
        index = json.loads(zlib.decompress(file.read(end - place)))
        self.blocks = {name: [Block(*one) for one in found] for name, found in index["blocks"].items()}
        self.facts: Row = index["facts"]

    def rows(self, outcome: str) -> Iterator[Row]:
        """Yield all rows of an outcome."""
        for block in self.blocks[outcome]:
            yield from self._read(block)

    def page(self, outcome: str, first: int, size: int) -> list[Row]:
        """Return ``size`` rows of an outcome from ``first``, counted from 0; reads only their blocks."""
        found: list[Row] = []
        before = 0
        for block in self.blocks[outcome]:
            if before + block.rows > first and len(found) < size:
                start = max(0, first - before)
                found += self._read(block)[start : start + size - len(found)]
            before += block.rows
        return found

    def _read(self, block: Block) -> list[Row]:
        self.file.seek(block.offset)
        return json.loads(zlib.decompress(self.file.read(block.length)))
