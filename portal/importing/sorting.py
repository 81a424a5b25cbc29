"""What each row of a file means for what its bureau holds: 新增, 更新, 相同, left alone, or wrong.

Rows are sorted a thousand at a time, with the same few queries for each thousand. A digest of the cells
spares reading a row whose filing nobody wrote since it was imported; any other is compared by its values.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from portal import locks
from portal.annexes import CellError
from portal.import_plans import Row, Writer
from portal.importing import values
from portal.importing.flat import FlatChildLines, FlatLines
from portal.importing.held import Held, Known
from portal.importing.reading import Draft, Reading
from portal.models import Filing, ImportedRow, RowOutcome
from portal.refusals import Refused
from portal.registry import RecordType
from portal.snapshot import shown

BATCH = 1000
TWICE = "文件里有同名的两份，请删去一份，或换一个名称。"
SEVERAL = "本单位有几份名称相近的填报（{}），请写成其中一份的名称。"


@dataclass
class _Line:
    """One line on its way through a batch."""

    row: int
    cells: list[str]
    title: str = ""
    draft: Draft | None = None
    found: Known | None = None
    errors: list[CellError] = field(default_factory=list)
    rows: dict[str, list[dict]] = field(default_factory=dict)
    digest: str = ""
    is_settled: bool = False


class Sorter:
    """Sorts the lines of a flat sheet, all of the bureau of ``reading``, into a plan."""

    def __init__(self, reading: Reading, plan: Writer):
        self.reading, self.plan = reading, plan
        self.bureau = reading.organisation.pk
        self.type: RecordType = reading.record_type
        self.is_plain = self.type.model.heading is Filing.heading
        self.children: list[FlatChildLines] = []
        self.waiting: list[_Line] = []
        self.held = Held(self.type.slug)
        self.met: set[tuple[bool, str]] = set()
        self.named: values.Named = {}
        self.lines: FlatLines
        self.done = 0

    def take(self, row: int, cells: list[str]) -> None:
        """Take a line."""
        self.waiting.append(_Line(row, cells))
        if len(self.waiting) == BATCH:
            self.flush()

    def flush(self) -> None:
        """Sort the lines that wait."""
        for line in self.waiting:
            self._begin(line)
        self._find()
        for line in self.waiting:
            if not line.is_settled:
                self._read(line)
        records = self._records()
        for line in self.waiting:
            self._put(line, records.get(line.found.pk) if line.found else None)
        self.done += len(self.waiting)
        self.waiting.clear()

    # -- what it is called, what is known by that

    def _begin(self, line: _Line) -> None:
        """Find out what a line is called; that takes reading it where a type says so."""
        with self._telling(line):
            self.lines.check_bureau(line.row, line.cells)
        if self.is_plain:
            line.title = self.lines.title(line.cells)
        else:
            self._read(line)
        if line.title and self.children:
            line.rows = {one.sheet.rows: one.rows_of(self._name(line)) for one in self.children}

    @contextmanager
    def _telling(self, line: _Line) -> Iterator[None]:
        """Collect what is found wrong with this line alone."""
        others, self.reading.errors = self.reading.errors, line.errors
        try:
            yield
        finally:
            self.reading.errors = others

    def _name(self, line: _Line) -> str:
        """Return what the child rows of a line name it by."""
        place = next(p for p, c, _ in self.lines.readers if c.name == self.type.key[0])
        return line.cells[place] if place < len(line.cells) else ""

    def _find(self) -> None:
        """Find what is held under the titles; settle what is left alone, or the same by its digest."""
        named = [line for line in self.waiting if line.title and not line.errors]
        held = self.held.find(self.bureau, [line.title for line in named])
        cached = _cached([found.pk for found in held.values()])
        for line in named:
            line.found = held.get(line.title)
            self._settle(line, cached)

    def _settle(self, line: _Line, cached: dict[int, tuple[str, int]]) -> None:
        key = self.known_as(line.title)
        if wrong := TWICE if key in self.met else self._unclear(line):
            self._refuse(line, wrong)
        self.met.add(key)
        if line.found and not line.errors:
            if line.found.pk in cached and self.is_plain:
                line.digest = self._digest(line)
            is_same = cached.get(line.found.pk) == (line.digest, line.found.revision)
            line.is_settled = not line.found.is_editable or (bool(line.digest) and is_same)

    def known_as(self, name: str) -> tuple[bool, str]:
        """Return what is equal for the names of the file that mean one filing."""
        return self.held.known_as(self.bureau, name)

    def _unclear(self, line: _Line) -> str:
        """Return the sentence that a name reads like several that are held and is none of them."""
        if line.found is None or line.found.title == line.title:
            return ""
        alike = self.held.alike(self.bureau, line.title)
        return SEVERAL.format("、".join(alike)) if len(alike) > 1 else ""

    def _refuse(self, line: _Line, sentence: str) -> None:
        """Say what is wrong with the name of a line."""
        with self._telling(line):
            self.lines.error(line.row, self.lines.key_column().header, line.title, sentence)

    def _digest(self, line: _Line) -> str:
        return self.lines.digest(line.cells, line.rows)

    # -- its values

    def _read(self, line: _Line) -> None:
        """Read the cells of a line, once."""
        if line.draft is not None:
            return
        with self._telling(line):
            line.draft = self.lines.draft(line.row, line.cells)
        if not self.is_plain:
            line.title = "" if line.errors else values.title(self.type, line.draft)

    def _records(self) -> dict[int, Filing]:
        """Return the drafts that are to be compared, with all they hold."""
        unsure = [line for line in self.waiting if line.found and not line.is_settled and not line.errors]
        related = [f.name for f in self.type.model._meta.many_to_many if f.name in self.type.fields]
        found = self.type.model.objects.select_related("organisation__region", "region")
        rows = [one.sheet.rows for one in self.children]
        return found.prefetch_related(*related, *rows).in_bulk([line.found.pk for line in unsure])

    # -- into the plan

    def _put(self, line: _Line, record: Filing | None) -> None:
        if not line.errors and record:
            self._compare(line, record)
        elif line.errors:
            self._put_faulty(line)
        elif line.found:
            outcome = RowOutcome.SAME if line.found.is_editable else RowOutcome.LEFT
            self.plan.add(outcome, self._row(line))
        else:
            self._put_new(line)

    def _row(self, line: _Line, **more: Any) -> Row:
        """Return what every row has: its place and title, and what it is known as."""
        row: Row = {"r": line.row + 1, "t": line.title}
        if line.found:
            row |= {"f": line.found.pk, "n": line.found.revision}
            row |= {"m": line.found.note} if line.found.note else {}
        return row | more

    def _put_faulty(self, line: _Line) -> None:
        said = line.draft.values if line.draft else {}
        errors = [[e.sheet, e.row, e.column, e.value, e.message] for e in line.errors]
        self.plan.add(RowOutcome.FAULTY, self._row(line, e=errors, v=self._packed(said)))

    def _put_new(self, line: _Line) -> None:
        rows = {name: made for name, made in line.rows.items() if made}
        more = {"c": self._packed_rows(rows)} if rows else {}
        if self.is_plain:
            more["d"] = line.digest or self._digest(line)
        self.plan.add(RowOutcome.NEW, self._row(line, v=self._packed(line.draft.values), **more))

    def _compare(self, line: _Line, record: Filing) -> None:
        """Put a row whose draft may be changed: as changed, as the same, or as wrong where it is locked."""
        said = values.wanted(self.type, line.draft.values, self.lines.present)
        changed = values.differing(record, said, line.draft.values)
        rows = {name: made for name, made in line.rows.items() if values.rows_differ(record, name, made)}
        digest = line.digest or (self._digest(line) if self.is_plain else "")
        if not changed and not rows:
            self.plan.add(RowOutcome.SAME, self._row(line, d=digest))
        elif refusal := _refusal(record, [*changed, *rows]):
            self._refuse(line, refusal)
            self._put_faulty(line)
        else:
            before = {name: shown(record, name) for name in changed}
            more = {"c": self._packed_rows(rows)} if rows else {}
            row = self._row(line, v=self._packed(changed), b=before, d=digest, **more)
            self.plan.add(RowOutcome.CHANGED, row)

    def _packed(self, said: dict[str, Any]) -> dict[str, Any]:
        return values.packed(self.type.model, said, self.named)

    def _packed_rows(self, rows: dict[str, list[dict]]) -> dict[str, list[dict]]:
        return {
            name: [values.packed(self.type.row_model(name), row, self.named) for row in made]
            for name, made in rows.items()
        }


def _cached(filings: list[int]) -> dict[int, tuple[str, int]]:
    rows = ImportedRow.objects.filter(filing__in=filings)
    return {
        pk: (digest, revision) for pk, digest, revision in rows.values_list("filing", "digest", "revision")
    }


def _refusal(record: Filing, changed: list[str]) -> str:
    """Return why these names of a returned draft may not change, empty when they may."""
    try:
        locks.openable(record, changed)
    except Refused as refused:
        return str(refused)
    return ""
