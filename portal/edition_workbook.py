"""The catalogue in force as the workbook a new edition is written in: the columns that its import reads.

Names and numbers of persons stay inside: their columns are there to be written in, and empty.
"""

from collections.abc import Iterator
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from portal import registry, workbook
from portal.differences import catalogue_of
from portal.importing.edition import CODE, VERB, VERBS, records_of, sheets_of
from portal.models import CatalogueEntry, Edition, Filing
from portal.rules import is_required
from portal.sheets import Column, Sheet, all_labels, cell_value
from portal.snapshot import child_rows, shown
from portal.workbook import Pen

WIDE, NARROW = 30, 14
LAST_LINE = 2000  # the list of 变化 reaches down to here


def template(edition: Edition) -> bytes:
    """Return what is in force today, one line a project, ready to be changed and taken in again."""
    record_type = registry.get(edition.kind)
    entries = list(catalogue_of(edition.kind, edition.region_id).in_force().order_by("code"))
    records, sheets = records_of(record_type, [e.filing_id for e in entries]), sheets_of(record_type)
    labels, book = all_labels(sheets), Workbook(write_only=True)
    for sheet in sheets:
        pen = _opened(book, sheet)
        for entry in entries:
            for line in _lines(entry, records[entry.filing_id], sheet, labels):
                pen.line(line)
    return workbook.saved(book, f"{record_type.label}目录")


def _opened(book: Workbook, sheet: Sheet) -> Pen:
    pen = Pen(book.create_sheet(sheet.title))
    pen.sheet.freeze_panes = "C2" if not sheet.rows else "B2"
    for number, column in enumerate(sheet.columns, 1):
        letter = get_column_letter(number)
        pen.sheet.column_dimensions[letter].width = WIDE if column.field is not None else NARROW
        if column.header == VERB:
            _offer_verbs(pen, letter)
    pen.sheet.append([pen.cell(column.header, _style(column)) for column in sheet.columns])
    return pen


def _offer_verbs(pen: Pen, letter: str) -> None:
    words = ",".join(VERBS)
    check = DataValidation("list", formula1=f'"{words}"', showErrorMessage=True, error="请从下拉列表中选择。")
    check.allow_blank = True
    check.add(f"{letter}2:{letter}{LAST_LINE}")
    pen.sheet.data_validations.append(check)


def _style(column: Column) -> str:
    if column.field is None:
        return "context"
    return "required" if is_required(column.field) else "optional"


def _lines(entry: CatalogueEntry, record: Filing, sheet: Sheet, labels: dict) -> Iterator[list]:
    if not sheet.rows:
        own = [_cell(record, column, labels) for column in sheet.columns if column.field]
        code, blank = [entry.code], [""] * sum(c.field is None and c.header != CODE for c in sheet.columns)
        yield [*code, *own, *blank]
        return
    fields, owner = [column.field for column in sheet.columns[1:]], sheet.columns[0].field.name
    for row in child_rows(record, sheet.rows):
        yield [shown(record, owner), *(cell_value(row, field, labels) for field in fields)]


def _cell(record: Filing, column: Column, labels: dict) -> Any:
    """Return what a cell holds; of a person nothing: those columns must be filled, so empty ones stay."""
    is_personal = column.name in record.record_type.personal
    return "" if is_personal else cell_value(record, column.field, labels)
