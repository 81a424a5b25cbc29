"""Reading a file of any size into a plan: flat sheets line by line, official forms by their own readers.

Writes nothing but the plan. The same for web, command and jobs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import BinaryIO

from portal import importing, sandbox
from portal.annexes import CellError
from portal.import_plans import Row, Writer
from portal.importing import values
from portal.importing.flat import Flat, FlatChildLines, FlatLines, Line, Stream, found_in
from portal.importing.lines import HEADER_WITHIN, NOT_OURS
from portal.importing.reading import Reading
from portal.importing.sorting import Sorter
from portal.models import Organisation, RowOutcome, User
from portal.registry import RecordType
from portal.sandbox import Unreadable, flat
from portal.sheets import layout

Progress = Callable[[int, int, str], None]
LONGEST_FORM = 5000  # lines of a file that may be an official form or a statistical sheet
OFTEN = 500  # lines between two calls of progress
STAGE = "读取"


def unheard(done: int, total: int, stage: str = "") -> None:
    """Take progress that nobody watches."""


@dataclass(frozen=True)
class Source:
    """A file to be read: its content, what its sender calls it, for which type, bureau and person."""

    content: BinaryIO
    name: str
    size: int
    record_type: RecordType
    organisation: Organisation
    by: User

    @property
    def suffix(self) -> str:
        """The kind of file by its name."""
        return PurePath(self.name).suffix.lower()


@dataclass
class Result:
    """What reading a file gave beside its plan: for which bureau, what to mind, the facts of the plan."""

    organisation: Organisation
    warnings: list[str] = field(default_factory=list)
    facts: Row = field(default_factory=dict)


def read_into(plan: Writer, source: Source, progress: Progress = unheard) -> Result:
    """Read a file into ``plan``; whatever is wrong stands there with its place, all of it at once."""
    done = _read_or_refused(plan, source, progress)
    done.facts["meaning"] = values.meaning(source.record_type)
    return done


def _read_or_refused(plan: Writer, source: Source, progress: Progress) -> Result:
    try:
        heads = _heads(source)
        done = _read(plan, source, heads, progress)
    except Unreadable as unreadable:
        return _refused(plan, source, str(unreadable))
    done.warnings[:0] = _of_the_template(source.record_type, heads)
    return done


def _read(plan: Writer, source: Source, heads: list[flat.Head], progress: Progress) -> Result:
    if found := _flat_sheets(source, heads):
        return _read_flat(plan, source, found, progress)
    if any(head.lines for head in heads) and not _has_forms(source.record_type):
        return _refused(plan, source, importing.NOT_A_SHEET.format(label=source.record_type.label))
    return _read_forms(plan, source)


def _heads(source: Source) -> list[flat.Head]:
    is_sheet = source.suffix in flat.SUFFIXES and source.size
    return flat.read_heads(source.content, source.suffix) if is_sheet else []


def _flat_sheets(source: Source, heads: list[flat.Head]) -> Flat | None:
    """Return the flat sheets of a file, None when it may be one of the official forms: these are short."""
    is_short = source.size <= sandbox.MOST_BYTES and sum(head.extent for head in heads) <= LONGEST_FORM
    return found_in(heads, source.record_type, whole=is_short and _has_forms(source.record_type))


def _of_the_template(record_type: RecordType, heads: list[flat.Head]) -> list[str]:
    """Return what to mind of a file made from another template than today's."""
    from portal import excel  # openpyxl is loaded by who reads a file

    headers = [cell for head in heads for _, cells in head.lines[:HEADER_WITHIN] for cell in cells]
    return excel.version_warnings(record_type, heads[0].keywords, headers) if heads else []


def _has_forms(record_type: RecordType) -> bool:
    return bool(record_type.paper or record_type.sheet)


def _refused(plan: Writer, source: Source, sentence: str) -> Result:
    _put_error(plan, CellError("", 0, "", source.name, sentence))
    return Result(source.organisation)


def _put_error(plan: Writer, error: CellError) -> None:
    told = [error.sheet, error.row, error.column, error.value, error.message]
    plan.add(RowOutcome.FAULTY, {"r": error.row, "s": error.sheet, "t": "", "e": [told]})


# --- Official forms -----------------------------------------------------------------------------------------


def _read_forms(plan: Writer, source: Source) -> Result:
    """Read a form by the readers of small files: each record is new, or something is wrong with it."""
    source.content.seek(0)
    upload = source.content.read(sandbox.MOST_BYTES + 1)
    reading = importing.read_file(upload, source.name, source.record_type, source.by)
    for error in reading.errors:
        _put_error(plan, error)
    named: values.Named = {}
    for draft in reading.records:
        plan.add(RowOutcome.NEW, _form_row(reading, draft, named))
    sheet = reading.records[0].sheet if reading.records else ""
    facts = _facts(named) | {"sheet": sheet, "columns": reading.columns}
    return Result(reading.organisation or source.organisation, reading.warnings, facts)


def _form_row(reading: Reading, draft, named: values.Named) -> Row:
    kind = reading.record_type
    rows = {
        name: [values.packed(kind.row_model(name), row, named) for row in made]
        for name, made in draft.rows.items()
    }
    said = values.packed(kind.model, draft.values, named)
    return {"r": draft.row, "s": draft.sheet, "t": draft.title, "v": said, "c": rows}


def _facts(named: values.Named) -> Row:
    return {"named": {model._meta.label: sorted(keys) for model, keys in named.items()}}


# --- Flat sheets --------------------------------------------------------------------------------------------


class _Feed:
    """The lines of several sheets, in the order in which they were asked for."""

    def __init__(self, lines: Iterator[tuple[int, int, list[str]]], extent: int, progress: Progress):
        self.lines, self.extent, self.progress = lines, extent, progress
        self.ahead, self.done = next(lines, None), 0

    def of(self, sheet: int) -> Iterator[Line]:
        """Yield the lines of a sheet; what is left of those before it is passed over."""
        while self.ahead and self.ahead[0] != sheet:
            self._advance()
        while self.ahead and self.ahead[0] == sheet:
            _, number, cells = self.ahead
            yield number, cells
            self._advance()

    def _advance(self) -> None:
        self.ahead = next(self.lines, None)
        self.done += 1
        if self.done % OFTEN == 0:
            self.progress(self.done, max(self.extent, self.done), STAGE)


def _read_flat(plan: Writer, source: Source, found: Flat, progress: Progress) -> Result:
    reading = Reading(source.record_type, source.organisation)
    sorter = Sorter(reading, plan)
    main, *others = layout(source.record_type)
    order = [*found.children.values(), found.main]
    feed = _Feed(flat.read_lines(source.content, source.suffix, order), found.extent, progress)
    for sheet in others:
        if (place := found.children.get(sheet.rows)) is not None:
            child = FlatChildLines(
                reading, sheet, Stream(found.heads[place], feed.of(place)), sorter.known_as
            )
            sorter.children += [child] if child.is_read else []
    sorter.lines = FlatLines(reading, main, Stream(found.heads[found.main], feed.of(found.main)), sorter.take)
    if sorter.lines.read():
        sorter.flush()
        sorter.lines.remind_at_last()
    return _result(plan, source, found, reading, sorter)


def _result(plan: Writer, source: Source, found: Flat, reading: Reading, sorter: Sorter) -> Result:
    for child in sorter.children:
        child.report_lost()
    if not sorter.done and not reading.errors:
        return _refused(plan, source, importing.NO_RECORDS)
    for error in sorted(reading.errors, key=lambda error: (error.sheet, error.row)):
        _put_error(plan, error)
    warnings = [*reading.warnings, *(NOT_OURS.format(name) for name in found.left)]
    facts = _facts(sorter.named) | {"sheet": found.heads[found.main].name, "columns": reading.columns}
    return Result(source.organisation, warnings, facts)
