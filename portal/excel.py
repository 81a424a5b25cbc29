"""Workbooks written from a declaration: the export of records and the template to fill in (``sheets``)."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import zip_longest
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.http import FileResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from portal import workbook
from portal.models import ChoiceListField, Filing, User
from portal.reading import sent_to, with_sent
from portal.registry import RecordType
from portal.rules import is_required
from portal.sheets import (
    BETWEEN,
    CONTEXT,
    PUBLIC_CONTEXT,
    SAMPLE,
    Column,
    Sheet,
    all_labels,
    cell_value,
    layout,
    sent_rows,
    sent_values,
)
from portal.snapshot import NONE, child_rows, shown
from portal.vocabulary import BUSINESS_ROLES
from portal.workbook import Pen

A4 = 9
SENT_CONTEXT = ("填报单位", "所属区划")  # what never changes of a version that was submitted
YES_NO = ["是", "否"]
LISTS = "选项"
LAST_LINE = 501  # template: the drop-downs and checks reach down to here
MOST = 2_147_483_647
WIDTHS = {models.TextField: 46, models.ManyToManyField: 28, models.ForeignKey: 24, ChoiceListField: 24}


def export_workbook(
    record_type: RecordType,
    queryset: models.QuerySet,
    *,
    columns: Iterable[str] | None = None,
    personal: bool = False,
    public: bool = False,
    reader: User | None = None,
) -> bytes:
    """Return the records of ``queryset`` (of the type's model, in scope already) as a workbook.

    ``columns`` picks fields; ``personal`` adds the personal ones; ``public`` leaves only what strangers may
    see, without child rows. For a ``reader`` the filings another bureau is changing are written as last
    submitted. The number of queries does not grow with the number of records.
    """
    sheets = _export_sheets(record_type, columns, personal, public)
    book, labels = Workbook(write_only=True), all_labels(sheets)
    written = [(sheet, _opened(book, sheet)) for sheet in sheets]
    for record in _loaded(queryset, sheets).iterator(chunk_size=2000):
        sent = sent_to(record, reader) if reader else None
        for sheet, pen in written:
            for line in _sent_lines(record, sheet, sent) if sent else _lines(record, sheet, labels):
                pen.line(line)
    return workbook.saved(book, record_type.label)


def _export_sheets(record_type: RecordType, columns, personal: bool, public: bool) -> list[Sheet]:
    main, *others = layout(record_type, personal=personal and not public)
    wanted = [*record_type.public] if public else list(columns or [column.name for column in main.columns])
    context = [Column(header, "", None) for header in (PUBLIC_CONTEXT if public else CONTEXT)]
    chosen = [column for column in main.columns if column.name in wanted]
    return [Sheet(main.title, "", chosen + context), *([] if public or columns else others)]


def sent_workbook(record_type: RecordType, filings: Iterable[tuple[Filing, dict]]) -> bytes:
    """Return submitted versions, (filing, snapshot) each, in the layout that the import reads back.

    Needs ``organisation`` and ``region__parent``; the same versions give the same bytes.
    """
    main, *others = layout(record_type)
    context = [Column(header, "", None) for header in SENT_CONTEXT]
    book, sheets = Workbook(write_only=True), [replace(main, columns=main.columns + context), *others]
    written = [(sheet, _opened(book, sheet)) for sheet in sheets]
    for _, pen in written:
        workbook.fit_to_width(pen.sheet)
    for filing, sent in filings:
        for sheet, pen in written:
            for line in _sent_lines(filing, sheet, sent):
                pen.line(line)
    return workbook.saved(book, f"{record_type.label}汇总一览表")


def _opened(book: Workbook, sheet: Sheet, notes: dict[str, str] | None = None) -> Pen:
    pen = Pen(book.create_sheet(sheet.title))
    _dress(pen.sheet, sheet)
    header = [pen.cell(column.header, _header_style(column)) for column in sheet.columns]
    for cell in header:
        if note := (notes or {}).get(cell.value):
            cell.comment = Comment(note, "填报说明", width=280, height=40 + 20 * (len(note) // 18))
    pen.sheet.append(header)
    return pen


def _loaded(queryset: models.QuerySet, sheets: list[Sheet]) -> models.QuerySet:
    main, *others = sheets
    fields = [column.field for column in main.columns if column.field and column.field.is_relation]
    single = [field.name for field in fields if not field.many_to_many]
    many = [field.name for field in fields if field.many_to_many]
    rows = [lookup for sheet in others for lookup in _row_lookups(sheet)]
    ordered = queryset if queryset.ordered else queryset.order_by("region_id", "organisation_id", "pk")
    loaded = with_sent(ordered).select_related("organisation", "region__parent", "entry", *single)
    return loaded.prefetch_related(*many, *rows)


def _row_lookups(sheet: Sheet) -> list[str]:
    fields = [column.field for column in sheet.columns[1:] if column.field.is_relation]
    return [sheet.rows, *(f"{sheet.rows}__{field.name}" for field in fields)]


def _lines(record: Filing, sheet: Sheet, labels: dict) -> list[list]:
    if not sheet.rows:
        own = [column.field and cell_value(record, column.field, labels) for column in sheet.columns]
        return [_with_context(record, sheet, own)]
    fields = [column.field for column in sheet.columns[1:]]
    rows, owner = child_rows(record, sheet.rows), shown(record, sheet.columns[0].field.name)
    return [[owner, *(cell_value(row, field, labels) for field in fields)] for row in rows]


def _sent_lines(record: Filing, sheet: Sheet, sent: dict) -> list[list]:
    if not sheet.rows:
        return [_with_context(record, sheet, sent_values(sheet.columns, sent))]
    owner = str(sent["values"].get(sheet.columns[0].field.name, ""))
    return [[owner, *line] for line in sent_rows(sheet, sent)]


def _with_context(record: Filing, sheet: Sheet, values: list) -> list:
    known = CONTEXT | PUBLIC_CONTEXT
    pairs = zip(sheet.columns, values, strict=True)
    return [value if column.field else known[column.header](record) for column, value in pairs]


def _dress(target, sheet: Sheet) -> None:
    target.freeze_panes, target.print_title_rows, target.print_title_cols = "B2", "1:1", "A:A"
    target.page_setup.orientation, target.page_setup.paperSize = "landscape", A4
    for number, column in enumerate(sheet.columns, 1):
        dimension = target.column_dimensions[get_column_letter(number)]
        dimension.width = _width(column)
        dimension.number_format = _cell_format(column.field)


def _width(column: Column) -> int:
    return max(WIDTHS.get(type(column.field), 16), 2 * len(column.header) + 4)


def _cell_format(field: models.Field | None) -> str:
    """Keep what is typed below: eighteen digits stay a code, 2024-06-01 becomes a day."""
    if isinstance(field, models.CharField):
        return workbook.TEXT
    return workbook.DAY if isinstance(field, models.DateField) else "General"


def _header_style(column: Column) -> str:
    if column.field is None:
        return "context"
    return "required" if is_required(column.field) else "optional"


def template_workbook(record_type: RecordType) -> bytes:
    """Return the workbook to fill in: below each header a note, a check or drop-down, a sample line.

    The drop-downs hold what is in force now: the same catalogue gives the same bytes. The version of the
    layout stands in the keywords of the file.
    """
    sheets, book = layout(record_type), Workbook(write_only=True)
    lists = _lists(sheets)
    for sheet in sheets:
        pen = _opened(book, sheet, _notes(record_type, sheet))
        for line in _samples(record_type, sheet):
            pen.line(line, "sample")
        _check_cells(pen.sheet, sheet, lists, _names(record_type, sheets[0]))
    _write_lists(book, lists)
    book.properties.keywords = template_version(record_type)
    return workbook.saved(book, f"{record_type.label}填报模板")


def template_version(record_type: RecordType) -> str:
    """Return a word that changes exactly when the columns of the type's sheets do."""
    columns = "\n".join(column.header for sheet in layout(record_type) for column in sheet.columns)
    return f"{record_type.slug}-{hashlib.sha256(columns.encode()).hexdigest()[:8]}"


def _notes(record_type: RecordType, sheet: Sheet) -> dict[str, str]:
    return {column.header: _note(record_type, sheet, column) for column in sheet.columns}


def _note(record_type: RecordType, sheet: Sheet, column: Column) -> str:
    if not column.name:
        return f"填写“{column.header}”，与前一张表中的写法一致；同一{column.header}可以有多行。"
    limit = record_type.limits.get(column.name) if not sheet.rows else None
    clause = record_type.clauses.get(sheet.rows or column.name, record_type.basis)
    parts = [
        "必填。" if is_required(column.field) else "选填。",
        str(column.field.help_text),
        f"不超过{limit}字。" if limit else "",
        f"可填多项，用“{BETWEEN}”分开。" if _takes_several(column.field) else "",
        f"以“{SAMPLE}”开头的行是示例，不会导入。" if column.name == record_type.key[0] else "",
        f"依据：{clause}",
    ]
    return "\n".join(part for part in parts if part)


def _takes_several(field: models.Field) -> bool:
    return field.many_to_many or isinstance(field, ChoiceListField)


def _samples(record_type: RecordType, sheet: Sheet) -> list[list]:
    example = record_type.example
    lines = [example] if not sheet.rows else example.get(sheet.rows, [])
    name = SAMPLE + str(example.get(record_type.key[0], ""))
    return [
        [
            name if column.name in ("", record_type.key[0]) else _sample(column.field, line.get(column.name))
            for column in sheet.columns
        ]
        for line in lines
    ]


def _sample(field: models.Field, value: Any) -> Any:
    if isinstance(field, models.BooleanField):
        return "是" if value else "否"
    if isinstance(field, ChoiceListField):
        return BETWEEN.join(field.labels(value))
    if field.is_relation:
        return BETWEEN.join([value] if isinstance(value, str) else value or []) or NONE
    if isinstance(field, models.DateField) and value:
        return date.fromisoformat(value)
    return dict(field.choices or {}).get(value, "" if value is None else value)


def _lists(sheets: list[Sheet]) -> dict[str, list[str]]:
    labels = all_labels(sheets)
    columns = [
        (_list_name(sheet, column), column) for sheet in sheets for column in sheet.columns if column.name
    ]
    words = {name: _words(column.field, labels) for name, column in columns}
    return {name: found for name, found in words.items() if found}


def _list_name(sheet: Sheet, column: Column) -> str:
    return f"list_{sheet.rows}_{column.name}"


def _write_lists(book: Workbook, lists: dict[str, list[str]]) -> None:
    pen = Pen(book.create_sheet(LISTS))
    pen.sheet.sheet_state = "veryHidden"
    for place, (name, words) in enumerate(lists.items(), 1):
        reference = _reference(LISTS, place, 1, len(words))
        book.defined_names[name] = DefinedName(name, attr_text=reference)
    for line in zip_longest(*lists.values()):
        pen.line(line)


def _names(record_type: RecordType, main: Sheet) -> str:
    names = [column.name for column in main.columns]
    return _reference(main.title, names.index(record_type.key[0]) + 1, 2, LAST_LINE)


def _reference(title: str, column: int, first: int, last: int) -> str:
    letter = get_column_letter(column)
    return f"'{title}'!${letter}${first}:${letter}${last}"


def _check_cells(target, sheet: Sheet, lists: dict[str, list[str]], names: str) -> None:
    for number, column in enumerate(sheet.columns, 1):
        name, letter = _list_name(sheet, column), get_column_letter(number)
        list_of = names if not column.name else name if name in lists else ""
        if check := _check(column.field, list_of):
            check.allow_blank, check.errorTitle = True, "请检查"
            check.add(f"{letter}2:{letter}{LAST_LINE}")
            target.data_validations.append(check)


def _check(field: models.Field, list_of: str) -> DataValidation | None:
    if list_of:
        strict = not _takes_several(field)
        return DataValidation("list", formula1=list_of, showErrorMessage=strict, error="请从下拉列表中选择。")
    if isinstance(field, models.DateField):
        return _between("date", "DATE(1900,1,1)", "DATE(2100,12,31)", "请填写日期，如 2024-06-01。")
    if isinstance(field, models.IntegerField):
        least, most = _bounds(field)
        return _between("whole", str(least), str(most), f"请填写{least}至{most}之间的整数。")
    if isinstance(field, models.CharField):
        return _between("textLength", "0", str(field.max_length), f"不超过{field.max_length}个字符。")
    return None


def _between(kind: str, least: str, most: str, sentence: str) -> DataValidation:
    return DataValidation(kind, operator="between", formula1=least, formula2=most, error=sentence)


def _words(field: models.Field, labels: dict) -> list[str]:
    if field.is_relation:
        words = list(labels[field.related_model].values())
        return [*words, NONE] if words and not is_required(field) else words
    if isinstance(field, models.BooleanField):
        return YES_NO
    options = field.options if isinstance(field, ChoiceListField) else field.choices or []
    return [str(label) for _, label in options]


def _bounds(field: models.Field) -> tuple[int, int]:
    least = [v.limit_value for v in field.validators if isinstance(v, MinValueValidator)]
    most = [v.limit_value for v in field.validators if isinstance(v, MaxValueValidator)]
    return max(0, *least), min(MOST, *most)


def may_see_personal(user: User) -> bool:
    """Say whether exports for ``user`` hold names and numbers of persons: the business posts, nobody else."""
    return user.has_role(*BUSINESS_ROLES)


def export_response(user: User, record_type: RecordType, queryset: models.QuerySet) -> FileResponse:
    """Return what ``user`` may see of ``queryset`` as a download, and note who took how many records out.

    A zero report holds none of the columns and stays out.
    """
    visible = queryset.filter(
        pk__in=record_type.model.objects.visible_to(user).values("pk"), is_nothing=False
    )
    personal = bool(record_type.personal) and may_see_personal(user)
    _note_export(user, record_type, visible.count(), personal)
    data = export_workbook(record_type, visible, personal=personal, reader=user)
    return download(data, f"{record_type.label}-{timezone.localdate()}.xlsx")


def download(data: bytes, name: str) -> FileResponse:
    """Return a workbook as an attachment called ``name`` (RFC 6266)."""
    return FileResponse(BytesIO(data), as_attachment=True, filename=name, content_type=workbook.CONTENT_TYPE)


def _note_export(user: User, record_type: RecordType, number: int, personal: bool) -> None:
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(record_type.model),
        object_repr=record_type.label,
        action_flag=CHANGE,
        change_message=f"导出{number}条{'，含个人信息' if personal else ''}",
    )
