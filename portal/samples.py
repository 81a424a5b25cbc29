"""填写示例: the example of a declaration laid out as the form it would be filed on. Reads no database."""

from dataclasses import dataclass
from typing import Any

from portal import wording
from portal.registry import RecordType, Slot

EMPTY = "（选填，示例没有填写）"
CITY = "潍坊市"  # where the examples play


@dataclass(frozen=True)
class Line:
    """One field of the form as the example fills it, with the clause that asks for it."""

    number: int
    label: str
    text: str
    hint: str
    clause: str


@dataclass(frozen=True)
class Table:
    """The child rows of one kind; ``rows`` are (label, words) cell by cell."""

    label: str
    columns: list[str]
    rows: list[list[tuple[str, str]]]


@dataclass(frozen=True)
class Sample:
    """A whole example: sections as (heading, lines), tables, and the files that go with it."""

    sections: list[tuple[str, list[Line]]]
    tables: list[Table]
    slots: list[Slot]


def sample(record_type: RecordType) -> Sample:
    """Return the example of ``record_type`` in the order of its form."""
    numbers = {name: number for number, name in enumerate(record_type.fields, 1)}
    sections = [
        (heading, [_line(record_type, name, numbers[name]) for name in names])
        for heading, names in record_type.sections.items()
    ]
    tables = [_table(record_type, name) for name in record_type.rows]
    return Sample(sections, tables, [slot for slot in record_type.slots.values() if slot.least])


def _line(record_type: RecordType, name: str, number: int) -> Line:
    column = record_type.field(name)
    said = wording.words(column, record_type.example.get(name)) or EMPTY
    return Line(
        number, str(column.verbose_name), said, str(column.help_text), record_type.clauses.get(name, "")
    )


def _table(record_type: RecordType, name: str) -> Table:
    model, sheet = record_type.row_model(name), record_type.sheet
    columns = (
        sheet.columns
        if sheet and sheet.rows == name
        else {str(model._meta.get_field(field).verbose_name): field for field in record_type.rows[name]}
    )
    rows = [
        [(label, _cell(model, field, row)) for label, field in columns.items()]
        for row in record_type.example.get(name, [])
    ]
    return Table(str(model._meta.verbose_name_plural), list(columns), rows)


def _cell(model: type, field: str, row: dict[str, Any]) -> str:
    return wording.words(model._meta.get_field(field), row.get(field)) if field else CITY
