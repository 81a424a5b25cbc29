"""Which sheet of a file holds past results, though its name may be the only column of the type.

It is taken for the type's own when it has that column, by which no other type is named too, and no column of
another sheet.
"""

from collections.abc import Iterator
from itertools import islice

from portal import registry, text
from portal.importing.flat import Flat, Stream, found_in, laid_out
from portal.importing.lines import HEADER_WITHIN, header_row
from portal.registry import RecordType
from portal.sandbox import Table, Unreadable, flat
from portal.sheets import Sheet, layout

NO_NAME = "没有认出“{label}”的表头：须有“{name}”这一列，其余各列见下载的模板。"
FOREIGN = "“{word}”是“{other}”的列"
NAMED_ALIKE = "“{word}”也是“{other}”的名称"
NOT_ALONE = "没有认出“{label}”的表头：{why}；请再写上{columns}等任一列，或使用下载的模板填写。"
MOST_NAMED = 3


def found_among(heads: list[flat.Head], record_type: RecordType) -> Flat:
    """Return which sheets of a file are read. Raises ``Unreadable``, which says what columns it needs."""
    if found := found_in(heads, record_type, whole=False):
        return found
    tables = [head.table() for head in heads]
    for place, table in enumerate(tables):
        if header_of(record_type, table) is not None:
            return laid_out(heads, record_type, place)
    raise Unreadable(_why_not(record_type, tables))


def header_of(record_type: RecordType, table: Table | Stream) -> int | None:
    """Return the line of the header, None without one."""
    found = header_row(layout(record_type)[0], table)
    if found is not None or _named_alike(record_type):
        return found
    return next(
        (row for row, line in _with_name(record_type, table) if not _foreign(record_type, line)), None
    )


def _with_name(record_type: RecordType, table: Table | Stream) -> Iterator[tuple[int, list[str]]]:
    """Yield the first lines that have the column of the name."""
    name = text.key(_name(record_type))
    for row, line in enumerate(table.rows[:HEADER_WITHIN]):
        if name in map(text.key, line):
            yield row, line


def _name(record_type: RecordType) -> str:
    return str(record_type.field(record_type.key[0]).verbose_name)


def _named_alike(record_type: RecordType) -> str:
    """Return what another type is called that is named by the same column, empty without one."""
    others = (one for one in registry.all_types() if one is not record_type)
    return next((one.label for one in others if _name(one) == _name(record_type)), "")


def _foreign(record_type: RecordType, line: list[str]) -> str:
    """Return the sentence that a header belongs to another sheet, empty when none does."""
    main, *children = layout(record_type)
    sheets = [*children, *(sheet for one in registry.all_types() for sheet in layout(one))]
    for word in line:
        if word.strip() and not main.column(word) and (other := _sheet_with(word, sheets)):
            return FOREIGN.format(word=text.clean(word), other=other)
    return ""


def _sheet_with(header: str, sheets: list[Sheet]) -> str:
    return next((sheet.title for sheet in sheets if sheet.column(header)), "")


def _why_not(record_type: RecordType, tables: list[Table]) -> str:
    """Return the sentence what columns the file needs."""
    name, label = _name(record_type), record_type.label
    line = next((line for table in tables for _, line in _with_name(record_type, table)), None)
    if line is None:
        return NO_NAME.format(label=label, name=name)
    alike = _named_alike(record_type)
    why = NAMED_ALIKE.format(word=name, other=alike) if alike else _foreign(record_type, line)
    others = (one.header for one in layout(record_type)[0].columns if one.header != name)
    columns = "".join(f"“{header}”" for header in islice(others, MOST_NAMED))
    return NOT_ALONE.format(label=label, why=why, columns=columns)
