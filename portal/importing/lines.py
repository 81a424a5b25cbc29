"""Reading sheets: one record a line, columns found by their headers, child rows on sheets of their own."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import models

from portal import text
from portal.annexes import CellError
from portal.forms import form_class
from portal.importing.cells import Names, Unfit
from portal.importing.columns import EMPTY, Read, reader
from portal.importing.reading import Draft, Reading
from portal.registry import RecordType
from portal.row_forms import row_set_class
from portal.rules import MOST_ROWS, is_required
from portal.sandbox import Table
from portal.sheets import GUIDE, SAMPLE, Column, Sheet, is_context, layout

HEADER_WITHIN = 20  # the header stands in one of the first lines, below titles
BUREAU, REGION = "填报单位", "所属区划"
NOT_OURS = "工作表“{}”不是本类型的表，没有读取。"
TOO_MANY = "“{}”在本表最多{}行，从这一行起没有读取；请核对是否重复。"
NOTE_BEGINS = ("注：", "注:", "备注：", "备注:", "填表人", "合计")


def read_lines(reading: Reading, tables: list[Table]) -> bool:
    """Add the records of the sheets to ``reading``; return False when no sheet has the type's header."""
    main, *others = layout(reading.record_type)
    table = table_of(main, tables)
    if table is None:
        return False
    names = Names(
        reading.record_type.model(organisation=reading.organisation, region=reading.organisation.region)
    )
    MainLines(reading, main, table, names).read()
    left = [other for other in tables if other is not table]
    for sheet in others:
        if own := titled(sheet, left):
            ChildLines(reading, sheet, own, names).read()
            left.remove(own)
    reading.warnings += [
        NOT_OURS.format(other.name) for other in left if any(other.rows) and other.name != GUIDE
    ]
    return True


def is_whole_sheet(record_type: RecordType, tables: list[Table]) -> bool:
    """Say whether one line names every column of the type's sheet: an annex never has them in one line."""
    wanted = {text.key(column.header) for column in layout(record_type)[0].columns}
    lines = (row for table in tables for row in table.rows[:HEADER_WITHIN])
    return any(wanted <= {text.key(cell) for cell in row} for row in lines)


def table_of(main: Sheet, tables: list[Table]) -> Table | None:
    """Return the table that has the header of ``main``, the one of its title first."""
    with_header = [table for table in tables if header_row(main, table) is not None]
    return titled(main, with_header) or next(iter(with_header), None)


def titled(sheet: Sheet, tables: list[Table]) -> Table | None:
    """Return the table called as the sheet is."""
    return next((table for table in tables if text.key(table.name) == text.key(sheet.title)), None)


def header_row(sheet: Sheet, table: Table) -> int | None:
    """Return the line that names most columns, two at least or the only one."""
    found = {
        row: sum(1 for header in table.rows[row] if header.strip() and sheet.column(header))
        for row in range(min(HEADER_WITHIN, len(table.rows)))
    }
    best = max(found, key=lambda row: (found[row], -row), default=None)
    return best if best is not None and found[best] >= min(2, len(sheet.columns)) else None


class _Lines(ABC):
    """One sheet being read: what its columns are, and one dict of values a line."""

    def __init__(self, reading: Reading, sheet: Sheet, table: Table, names: Names):
        self.reading, self.sheet, self.table, self.names = reading, sheet, table, names
        self.fields: dict[str, Any] = {}
        self.limits: dict[str, int] = {}
        self.empty: Counter[str] = Counter()
        self.places: dict[str, int | None] = {}

    def read(self) -> bool:
        """Read the header, then every line below it; return whether the lines could be read."""
        header = self.header()
        if header is None:
            self.error(0, "", "", f"工作表“{self.table.name}”没有认出表头，请使用下载的模板。")
            return False
        self.headers = [self.table.text(header, c).strip() for c in range(len(self.table.rows[header]))]
        known = [(place, self.sheet.column(word)) for place, word in enumerate(self.headers)]
        self.columns = [(place, column) for place, column in known if column]
        self.reading.columns[self.table.name] = {column.header: place for place, column in self.columns}
        if not self.check_headers(header):
            return False
        self.readers = self.made_readers()
        for row, cells in self.table.lines(header + 1):
            if not self._is_to_skip(row, cells):
                self.line(row, cells)
        return True

    def header(self) -> int | None:
        """Return the line of the header, None without one."""
        return header_row(self.sheet, self.table)

    def made_readers(self) -> list[tuple[int, Column, Read]]:
        """Return (place, column, what reads its cells) of the columns that are read."""
        return [(place, c, self.reader(c)) for place, c in self.columns if c.field is not None]

    def reader(self, column: Column) -> Read:
        """Return what reads the cells of a column; the first column of child rows is read by ``owner``."""
        if not column.name:
            return text.clean
        return reader(column.field, self.fields[column.name], self.names, self.limits.get(column.name))

    def check_headers(self, header: int) -> bool:
        """Report columns that are missing, unknown or there twice; return whether the lines can be read."""
        columns = [column.header for _, column in self.columns]
        twice = [word for word, times in Counter(columns).items() if times > 1]
        for word in twice:
            self.error(header, word, word, f"“{word}”有两列，请删去一列。")
        first = self.key_column()
        if first.header not in columns:
            self.error(header, first.header, "", f"没有找到“{first.header}”这一列，请使用下载的模板。")
        for word in self.headers:
            if word and not self.is_known(word):
                self.reading.warnings.append(f"“{word}”这一列不是本表的内容，没有读取。")
        return not twice and first.header in columns

    def is_known(self, header: str) -> bool:
        """Say whether a header is one that is read, or passed over without a word."""
        return bool(self.sheet.column(header)) or is_context(header)

    @abstractmethod
    def key_column(self) -> Column:
        """The column without which a line means nothing."""

    @abstractmethod
    def line(self, row: int, cells: list[str]) -> None:
        """Read one line of data."""

    def values(self, row: int, cells: list[str]) -> Iterator[tuple[Column, str, Any]]:
        """Yield (column, text, value) of a line; ``EMPTY`` of an empty cell.

        None, and an error in the reading, of one that is wrong.
        """
        width = len(cells)
        for place, column, read in self.readers:
            said = cells[place] if place < width else ""
            if not said:
                yield column, said, EMPTY
                continue
            try:
                yield column, said, read(said)
            except Unfit as unfit:
                self.error(row, column.header, said if unfit.said is None else unfit.said, str(unfit))
                yield column, said, None

    def context(self, cells: list[str], header: str) -> str:
        """Return the text under a header that an export adds for the reader, empty when it is not there."""
        place = self.place(header)
        return text.clean(cells[place]) if place is not None and place < len(cells) else ""

    def place(self, header: str) -> int | None:
        """Return where the column of a header stands, forgiving blanks and full-width characters, or None."""
        if header not in self.places:
            wanted = text.key(header)
            found = (place for place, word in enumerate(self.headers) if text.key(word) == wanted)
            self.places[header] = next(found, None)
        return self.places[header]

    def error(self, row: int, column: str, said: str, message: str) -> None:
        """Add an error at a line, counted from 0 here and from 1 for people."""
        self.reading.errors.append(CellError(self.table.name, row + 1, column, text.clean(said), message))

    def _is_to_skip(self, row: int, cells: list[str]) -> bool:
        """Skip empty lines, sample lines and the notes below the table."""
        shown = cells[: len(self.headers)]
        first = next((said.strip() for said in shown if said and not said.isspace()), "")
        return not first or first.startswith(SAMPLE) or self._is_note(row, first, shown)

    def _is_note(self, row: int, first: str, shown: list[str]) -> bool:
        """Say whether a line is a note: one cell alone that begins like one, or one over several columns."""
        if not self.table.merged and not first.startswith(NOTE_BEGINS):
            return False
        filled = [place for place, said in enumerate(shown) if said and not said.isspace()]
        origins = {self.table.merged.get((row, place), (row, place)) for place in filled}
        return len(origins) == 1 and (len(filled) > 1 or first.startswith(NOTE_BEGINS))


class MainLines(_Lines):
    """The sheet of the records."""

    def __init__(self, *args):
        super().__init__(*args)
        self.fields = form_class(self.reading.record_type).base_fields
        self.limits = self.reading.record_type.limits
        self.key_name = self.reading.record_type.key[0]

    def key_column(self) -> Column:
        return next(column for column in self.sheet.columns if column.name == self.key_name)

    def line(self, row: int, cells: list[str]) -> None:
        self.check_bureau(row, cells)
        self.reading.records.append(self.draft(row, cells))

    def draft(self, row: int, cells: list[str]) -> Draft:
        """Return the record of a line."""
        draft = Draft(self.table.name, row + 1)
        for column, _, found in self.values(row, cells):
            if found is EMPTY:
                self.leave_empty(row, column, draft)
            elif found is not None:
                draft.values[column.name] = found
        return draft

    def leave_empty(self, row: int, column: Column, draft: Draft) -> None:
        """Take an empty cell: the name may not be, of what else is missing the filer is reminded."""
        if column.name == self.key_name:
            self.error(row, column.header, "", f"“{column.header}”没有填写。")
        elif column.field.many_to_many and column.field.blank:
            draft.values[column.name] = []
        elif is_required(column.field):
            self.empty[column.header] += 1

    def check_bureau(self, row: int, cells: list[str]) -> None:
        """Report a line that names another bureau or another place."""
        if self.place(BUREAU) is None and self.place(REGION) is None:
            return
        bureau = self.reading.organisation
        named, region = self.context(cells, BUREAU), self.context(cells, REGION)
        if named and text.key(named) not in {text.key(bureau.name), text.key(bureau.short_name)}:
            message = f"填报单位写的是“{named}”，与您的单位“{bureau.name}”不一致。"
            self.error(row, BUREAU, named, message)
        own = {text.key(bureau.region.full_name), text.key(bureau.region.name)}
        if region and text.key(region) not in own:
            message = f"所属区划写的是“{region}”，与您的单位所在的“{bureau.region.full_name}”不一致。"
            self.error(row, REGION, region, message)

    def read(self) -> bool:
        """Read the sheet, then say what is to be minded of it as a whole."""
        if read := super().read():
            self.remind()
        return read

    def remind(self) -> None:
        """Add what is to be minded of the sheet as a whole to the warnings."""
        read = {column.header for _, column in self.columns}
        lacking = [c.header for c in self.sheet.columns if is_required(c.field) and c.header not in read]
        for header in lacking:
            self.reading.warnings.append(f"没有“{header}”这一列，导入后须补填才能提交。")
        for header, times in self.empty.items():
            self.reading.warnings.append(f"“{header}”有{times}行没有填写，导入后须补填才能提交。")


class ChildLines(_Lines):
    """A sheet of child rows; the first column names the record each belongs to."""

    def __init__(self, *args):
        super().__init__(*args)
        record_type, name = self.reading.record_type, self.sheet.rows
        self.fields = row_set_class(record_type, name).form.base_fields
        self.model = record_type.row_model(name)
        key = record_type.key[0]
        self.owners = {text.key(str(d.values[key])): d for d in self.reading.records if key in d.values}
        self.seen: set[tuple] = set()
        self.full: set[int] = set()

    def key_column(self) -> Column:
        return self.sheet.columns[0]

    def line(self, row: int, cells: list[str]) -> None:
        values, complete, owner = {}, True, None
        for column, said, found in self.values(row, cells):
            if not column.name:
                owner = self.owner(row, column, said)
            elif found is EMPTY:
                complete &= self._may_be_empty(row, column)
                values[column.name] = column.field.get_default()
            else:
                values[column.name] = found
                complete &= found is not None
        if owner and complete and self._is_first(row, owner, values):
            self._add(row, owner, values)

    def _add(self, row: int, owner: Draft, values: dict[str, Any]) -> None:
        """Give a record its row; the first one too many is an error, those behind it are passed over."""
        rows = owner.rows.setdefault(self.sheet.rows, [])
        if len(rows) < MOST_ROWS:
            rows.append(values)
        elif id(owner) not in self.full:
            self.full.add(id(owner))
            name = self._name(owner)
            self.error(row, self.sheet.columns[0].header, name, TOO_MANY.format(name, MOST_ROWS))

    def _name(self, owner: Draft) -> str:
        return str(owner.values.get(self.reading.record_type.key[0], ""))

    def owner(self, row: int, column: Column, said: str) -> Draft | None:
        """Return the record a line belongs to; None, and an error in the reading, when there is none."""
        found = self.owners.get(text.key(said))
        if found is None:
            self.owner_missing(row, column, said)
        return found

    def owner_missing(self, row: int, column: Column, said: str) -> None:
        """Report a line whose record is not in the file."""
        self.error(row, column.header, said, f"前一张表中没有“{text.clean(said)}”，请写成一致的名称。")

    def _may_be_empty(self, row: int, column: Column) -> bool:
        if self.fields[column.name].required:
            self.error(row, column.header, "", f"“{column.header}”没有填写。")
        return not self.fields[column.name].required

    def _is_first(self, row: int, owner: Draft, values: dict[str, Any]) -> bool:
        """Refuse a second row of which the database would hold one, in the constraint's own words."""
        for constraint in self.model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint):
                own = [values[name] for name in constraint.fields if name in values]
                mark = (constraint.name, id(owner), *own)
                if mark in self.seen:
                    header = self.sheet.columns[0].header
                    self.error(row, header, self._name(owner), constraint.get_violation_error_message())
                    return False
                self.seen.add(mark)
        return True
