"""The workbook to fill in, written from a declaration (``sheets``); what is exported: ``exports``."""

import hashlib
from collections.abc import Iterable
from datetime import date
from itertools import zip_longest
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Protection
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from portal import exports, registry, text, workbook
from portal.models import ChoiceListField
from portal.registry import RecordType
from portal.rules import is_required
from portal.sheets import BETWEEN, GUIDE, SAMPLE, Column, Sheet, all_labels, layout
from portal.snapshot import NONE
from portal.workbook import Pen

A4 = 9
YES_NO = ["是", "否"]
LISTS = "选项"
LAST_LINE = 2001  # template: the drop-downs and checks reach down to here
LAST_COLUMN = 16_384
# What may still be done on a protected sheet; Excel sorts and deletes only where every cell is unlocked.
LEFT_OPEN = ("formatCells", "formatColumns", "formatRows", "insertRows", "deleteRows", "sort", "autoFilter")
MOST = 2_147_483_647
OTHER_TYPE = "这份表是“{}”的模板，您选的是“{}”；请核对类型。"
OUTDATED = "这份表用的是旧版模板，栏目与现行模板一致，可以照常导入；下拉列表可能已经过时，下次请下载新模板。"
OUTDATED_WITH = "这份表用的是旧版模板，缺少现行模板的“{}”；缺的栏目按没有填写读取，要填请下载新模板。"


def _opened(book: Workbook, sheet: Sheet, notes: dict[str, str]) -> Pen:
    """Add an empty sheet with its header to ``book``; ``notes``: header → the note on its cell."""
    pen = Pen(book.create_sheet(sheet.title))
    _dress(pen.sheet, sheet)
    _unlock(pen.sheet, len(sheet.columns))  # columns are written with the first line
    header = [pen.cell(column.header, _header_style(column)) for column in sheet.columns]
    for cell in header:
        if note := notes.get(cell.value):
            cell.comment = Comment(note, "填报说明", width=280, height=40 + 20 * (len(note) // 18))
    pen.sheet.append(header)
    return pen


def _dress(target, sheet: Sheet) -> None:
    target.freeze_panes, target.print_title_rows, target.print_title_cols = "B2", "1:1", "A:A"
    target.page_setup.orientation, target.page_setup.paperSize = "landscape", A4
    for number, column in enumerate(sheet.columns, 1):
        dimension = target.column_dimensions[get_column_letter(number)]
        dimension.width = exports.width(column)
        dimension.number_format = _cell_format(column.field)


def _cell_format(field: models.Field | None) -> str:
    """Keep what is typed below: eighteen digits stay a code, 2024-06-01 becomes a day."""
    if isinstance(field, models.CharField):
        return workbook.TEXT
    return workbook.DAY if isinstance(field, models.DateField) else "General"


def _header_style(column: Column) -> str:
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
    _write_guide(book, record_type, sheets)
    _write_lists(book, lists)
    book.properties.keywords = template_version(record_type)
    return workbook.saved(book, f"{record_type.label}填报模板")


def template_version(record_type: RecordType) -> str:
    """Return a word that changes exactly when the columns of the type's sheets do."""
    columns = "\n".join(column.header for sheet in layout(record_type) for column in sheet.columns)
    return f"{record_type.slug}-{hashlib.sha256(columns.encode()).hexdigest()[:8]}"


def version_warnings(record_type: RecordType, keywords: str, headers: Iterable[str]) -> list[str]:
    """Return what to mind of a file by the template it was made from: none when that is today's, or unknown.

    ``keywords`` is what the file says of itself, ``headers`` are the column names found in it.
    """
    slug, _, mark = keywords.strip().rpartition("-")
    if not (slug and mark) or f"{slug}-{mark}" == template_version(record_type):
        return []
    if slug != record_type.slug:
        other = next((one for one in registry.all_types() if one.slug == slug), None)
        return [OTHER_TYPE.format(other.label, record_type.label)] if other else []
    return [_changes(record_type, {text.key(header) for header in headers})]


def _changes(record_type: RecordType, found: set[str]) -> str:
    """Return the sentence that tells an outdated template from today's."""
    today = [column.header for sheet in layout(record_type) for column in sheet.columns]
    new = [header for header in dict.fromkeys(today) if text.key(header) not in found]
    return OUTDATED_WITH.format("、".join(new)) if new else OUTDATED


def _unlock(target, columns: int) -> None:
    """Protect header and samples against a slip, without a password; every other cell may be filled in."""
    target.protection.sheet = True
    for act in LEFT_OPEN:
        setattr(target.protection, act, False)
    for number in range(1, columns + 2):
        target.column_dimensions[get_column_letter(number)].protection = Protection(locked=False)
    rest = target.column_dimensions[get_column_letter(columns + 1)]
    rest.min, rest.max = columns + 1, LAST_COLUMN


def _write_guide(book: Workbook, record_type: RecordType, sheets: list[Sheet]) -> None:
    """Add the sheet that says how to fill in the others; an import passes over it."""
    pen = Pen(book.create_sheet(GUIDE))
    pen.sheet.protection.sheet = True
    for letter, wide in zip("ABCD", (24, 24, 10, 78), strict=True):
        pen.sheet.column_dimensions[letter].width = wide
    workbook.print_across(pen.sheet)
    for sentence in _guidance(record_type, sheets):
        pen.line([sentence])
    pen.line([])
    pen.line(["工作表", "栏目", "要求", "怎么填"], "required")
    for sheet in sheets:
        notes = _notes(record_type, sheet)
        for column in sheet.columns:
            demand, _, rest = notes[column.header].partition("。\n")
            has_demand = demand in ("必填", "选填")
            told = [demand, rest] if has_demand else ["必填", notes[column.header]]
            pen.line([sheet.title, f"“{column.header}”", *told])


def _guidance(record_type: RecordType, sheets: list[Sheet]) -> list[str]:
    others = "、".join(f"“{sheet.title}”" for sheet in sheets[1:])
    key = str(record_type.field(record_type.key[0]).verbose_name)
    lines = [
        f"{record_type.label}填报模板，版本 {template_version(record_type)}",
        f"一行填一份，从示例行的下一行填起。以“{SAMPLE}”开头的行是示例，不会导入。",
        "表头和示例行已锁定，请不要改名、增加或删去栏目；其余各行可以填写、插入、删除和排序。",
        "深色表头是必填，浅色是选填。点开表头右上角的批注看这一栏怎么填、依据哪一条。",
        f"有下拉列表的请从列表中选；可填多项的用“{BETWEEN}”分开。列表是下载时现行的目录。",
        f"{others}每行第一栏写“{key}”，与前一张表一致；同一份可以有多行。" if others else "",
        f"本单位已有同一“{key}”的草稿时，按这份表更新；已提交或已公布的不动，在预览里列出。",
        "填好后在工作台“导入”上传：先给您看，确认后才写入。有一处错误就整份不导入，可以下载错误回执，在原表上改。",
    ]
    return [line for line in lines if line]


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
