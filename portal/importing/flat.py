"""Large flat sheets, line by line: which sheets of a file are meant, and the reader of their lines.

Nothing but the line in hand is kept: what a line means for what is stored already is ``sorting``'s to say.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

from django.db import models

from portal import text
from portal.importing.cells import Names, Unfit
from portal.importing.columns import EMPTY
from portal.importing.lines import (
    ChildLines,
    MainLines,
    is_whole_sheet,
    table_of,
    titled,
)
from portal.importing.reading import Draft, Reading
from portal.models import ChoiceListField, Organisation
from portal.registry import RecordType
from portal.sandbox import Table, flat
from portal.sheets import GUIDE, Column, Sheet, layout

# Part of every digest: another number where the same cells came to mean something else by a change of ours.
MEANING = 1
Line = tuple[int, list[str]]


@dataclass(frozen=True)
class Flat:
    """Which sheets of a file are read: that of the records, and those of child rows by related name."""

    heads: list[flat.Head]
    main: int
    children: dict[str, int]

    @property
    def extent(self) -> int:
        """About how many lines there are."""
        return sum(self.heads[place].extent for place in (self.main, *self.children.values()))

    @property
    def left(self) -> list[str]:
        """The names of the sheets that are not read and hold something."""
        read = {self.main, *self.children.values()}
        others = [head for place, head in enumerate(self.heads) if place not in read and head.lines]
        return [head.name for head in others if head.name != GUIDE]


def found_in(heads: list[flat.Head], record_type: RecordType, *, whole: bool) -> Flat | None:
    """Return which sheets are the type's own; None without any.

    ``whole``: only when one line names every column of the type, which no official form does.
    """
    tables = [head.table() for head in heads]
    table = table_of(layout(record_type)[0], tables)
    if table is None or (whole and not is_whole_sheet(record_type, [table])):
        return None
    return laid_out(heads, record_type, _place(table, tables))


def laid_out(heads: list[flat.Head], record_type: RecordType, place: int) -> Flat:
    """Return the sheets that are read where the records stand on that at ``place``: it and those of rows."""
    tables = [head.table() for head in heads]
    left = [table for number, table in enumerate(tables) if number != place]
    owned = {sheet.rows: titled(sheet, left) for sheet in layout(record_type)[1:]}
    return Flat(heads, place, {name: _place(table, tables) for name, table in owned.items() if table})


def _place(table: Table, tables: list[Table]) -> int:
    return next(number for number, other in enumerate(tables) if other is table)


class Stream:
    """A sheet of a large file in place of a ``Table``: its head at hand, its lines once."""

    def __init__(self, head: flat.Head, source: Iterator[Line]):
        self.name, self.source = head.name, source
        self.rows = head.table().rows
        self.merged = {
            (row, column): (top, left)
            for top, left, bottom, right in head.merged
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
            if (row, column) != (top, left)
        }
        self._origins = {origin: "" for origin in self.merged.values()}
        self._covered: dict[int, list[int]] = {}
        for row, column in self.merged:
            self._covered.setdefault(row, []).append(column)

    def text(self, row: int, column: int) -> str:
        """Return what shows at a place of the head."""
        row, column = self.merged.get((row, column), (row, column))
        inside = row < len(self.rows) and column < len(self.rows[row])
        return self.rows[row][column] if inside else ""

    def lines(self, first: int) -> Iterator[Line]:
        """Yield (row, what shows in its cells) from the row ``first`` on; empty lines are left out."""
        for row, cells in self.source:
            if self._origins:
                self._remember(row, cells)
                cells = self._filled(row, cells)
            if row >= first:
                yield row, cells

    def _remember(self, row: int, cells: list[str]) -> None:
        for column, said in enumerate(cells):
            if (row, column) in self._origins:
                self._origins[row, column] = said

    def _filled(self, row: int, cells: list[str]) -> list[str]:
        covered = self._covered.get(row, ())
        shown = [*cells, *[""] * (1 + max(covered, default=-1) - len(cells))]
        for column in covered:
            shown[column] = self._origins[self.merged[row, column]]
        return shown


class FlatLines(MainLines):
    """The sheet of the records, each line given to ``take`` as it stands."""

    def __init__(self, reading: Reading, sheet: Sheet, table: Stream, take: Callable[[int, list[str]], None]):
        super().__init__(reading, sheet, table, _names(reading.record_type, reading.organisation))
        self.take = take

    def line(self, row: int, cells: list[str]) -> None:
        self.take(row, cells)

    def remind(self) -> None:
        """Wait: the last lines taken are not read yet."""

    def remind_at_last(self) -> None:
        """Add what is to be minded of the sheet as a whole to the warnings."""
        super().remind()

    @cached_property
    def key_place(self) -> int:
        """Where among the readers that of the key stands."""
        key = self.key_column().name
        return next(n for n, (_, column, _) in enumerate(self.readers) if column.name == key)

    def title(self, cells: list[str]) -> str:
        """Return what a plain record of this line is called; empty when that cell is wrong."""
        place, _, read = self.readers[self.key_place]
        try:
            found = read(cells[place]) if place < len(cells) and cells[place] else EMPTY
        except Unfit:
            return ""
        return "" if found is EMPTY else text.clean(str(found)[:100])

    def digest(self, cells: list[str], rows: dict[str, list[dict]]) -> str:
        """Return the digest of a line with its child rows, and of what the names in it stand for now.

        Empty when it names something unknown.
        """
        width = len(cells)
        said = [cells[place] if place < width else "" for place, *_ in self.readers]
        try:
            named = [_keys(self.readers[n][2](said[n])) for n in self.relations if said[n]]
        except Unfit:
            return ""
        whole = "\x1f".join([*said, repr(named), repr(_plain_rows(rows)) if rows else ""])
        return blake2b(whole.encode("utf-8", "replace"), digest_size=16, key=self.meaning).hexdigest()

    @cached_property
    def relations(self) -> list[int]:
        """Where among the readers those of related objects stand."""
        return [n for n, (_, column, _) in enumerate(self.readers) if column.field.is_relation]

    @property
    def present(self) -> list[str]:
        """The fields that have a column."""
        return [column.name for _, column, _ in self.readers]

    @cached_property
    def meaning(self) -> bytes:
        """What the cells of this sheet mean, as far as the declaration says it, as a key of digests."""
        columns = [(c.name, type(c.field).__name__, _options(c.field)) for _, c, _ in self.readers]
        meant = repr((MEANING, self.reading.record_type.slug, columns, sorted(self.limits.items())))
        return blake2b(meant.encode(), digest_size=32).digest()


def _options(column: models.Field) -> list:
    options = column.options if isinstance(column, ChoiceListField) else column.choices or []
    return [(code, str(label)) for code, label in options]


def _keys(value: Any) -> Any:
    if isinstance(value, list):
        return [_keys(one) for one in value]
    return value.pk if isinstance(value, models.Model) else None if value is EMPTY else str(value)


def _plain_rows(rows: dict[str, list[dict]]) -> list:
    return [[name, [[f, _keys(v)] for row in found for f, v in row.items()]] for name, found in rows.items()]


class FlatChildLines(ChildLines):
    """A sheet of child rows read before the records they belong to.

    ``known_as`` returns what is equal for the names that mean one record.
    """

    def __init__(
        self, reading: Reading, sheet: Sheet, table: Stream, known_as: Callable[[str], tuple[bool, str]]
    ):
        super().__init__(reading, sheet, table, _names(reading.record_type, reading.organisation))
        self.known_as = known_as
        self.places: dict[tuple[bool, str], list[tuple[int, str]]] = {}
        self.is_read = self.read()

    def owner(self, row: int, column: Column, said: str) -> Draft:
        """Return the one whose rows they are; whether it is in the file is seen at its end."""
        key = self.known_as(said)
        self.places.setdefault(key, []).append((row, said))
        name = self.reading.record_type.key[0]
        return self.owners.setdefault(key, Draft(self.table.name, row + 1, values={name: said}))

    def rows_of(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of the record of this name, which is in the file."""
        key = self.known_as(name)
        self.places.pop(key, None)
        return self.owners[key].rows.get(self.sheet.rows, []) if key in self.owners else []

    def report_lost(self) -> None:
        """Report the rows whose record was not in the file."""
        for places in self.places.values():
            for row, said in places:
                self.owner_missing(row, self.sheet.columns[0], said)


def _names(record_type: RecordType, organisation: Organisation) -> Names:
    return Names(record_type.model(organisation=organisation, region=organisation.region))
