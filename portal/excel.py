"""Workbooks written from a declaration: the export of records and the template to fill in (``sheets``)."""

from collections.abc import Iterable
from typing import IO, Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.http import FileResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from portal import workbook
from portal.models import ChoiceListField, Filing, User
from portal.registry import RecordType
from portal.rules import is_required
from portal.sheets import CONTEXT, PUBLIC_CONTEXT, Column, Sheet, all_labels, cell_value, layout
from portal.snapshot import child_rows
from portal.vocabulary import BUSINESS_ROLES

WIDTHS = {models.TextField: 46, models.ManyToManyField: 28, models.ForeignKey: 24, ChoiceListField: 24}


def export_workbook(
    record_type: RecordType,
    queryset: models.QuerySet,
    *,
    columns: Iterable[str] | None = None,
    personal: bool = False,
    public: bool = False,
) -> IO[bytes]:
    """Return the records of ``queryset`` (of the type's model, in scope already) as an open workbook.

    ``columns`` picks fields; ``personal`` adds the personal ones; ``public`` leaves only what strangers may
    see, without child rows. The number of queries does not grow with the number of records.
    """
    sheets = _export_sheets(record_type, columns, personal, public)
    book, labels = Workbook(write_only=True), all_labels(sheets)
    written = [(sheet, _opened(book, sheet)) for sheet in sheets]
    for record in _loaded(queryset, sheets).iterator(chunk_size=2000):
        for sheet, target in written:
            for line in _lines(record, sheet, labels):
                target.append([workbook.cell(target, value) for value in line])
    return workbook.saved(book, record_type.label)


def _export_sheets(record_type: RecordType, columns, personal: bool, public: bool) -> list[Sheet]:
    main, *others = layout(record_type, personal=personal and not public)
    wanted = [*record_type.public] if public else list(columns or [column.name for column in main.columns])
    context = [Column(header, "", None) for header in (PUBLIC_CONTEXT if public else CONTEXT)]
    chosen = [column for column in main.columns if column.name in wanted]
    return [Sheet(main.title, "", chosen + context), *([] if public or columns else others)]


def _opened(book: Workbook, sheet: Sheet):
    target = book.create_sheet(sheet.title)
    _dress(target, sheet)
    target.append([workbook.cell(target, column.header, _header_style(column)) for column in sheet.columns])
    return target


def _loaded(queryset: models.QuerySet, sheets: list[Sheet]) -> models.QuerySet:
    main, *others = sheets
    fields = [column.field for column in main.columns if column.field and column.field.is_relation]
    single = [field.name for field in fields if not field.many_to_many]
    many = [field.name for field in fields if field.many_to_many]
    rows = [lookup for sheet in others for lookup in _row_lookups(sheet)]
    ordered = queryset if queryset.ordered else queryset.order_by("region_id", "organisation_id", "pk")
    loaded = ordered.select_related("organisation", "region__parent", "entry", *single)
    return loaded.prefetch_related(*many, *rows)


def _row_lookups(sheet: Sheet) -> list[str]:
    fields = [column.field for column in sheet.columns[1:] if column.field.is_relation]
    return [sheet.rows, *(f"{sheet.rows}__{field.name}" for field in fields)]


def _lines(record: Filing, sheet: Sheet, labels: dict) -> list[list]:
    if not sheet.rows:
        return [[_main_value(record, column, labels) for column in sheet.columns]]
    values = [column.field for column in sheet.columns[1:]]
    rows = child_rows(record, sheet.rows)
    return [[record.title, *(cell_value(row, field, labels) for field in values)] for row in rows]


def _main_value(record: Filing, column: Column, labels: dict) -> Any:
    if column.field is None:
        return (CONTEXT | PUBLIC_CONTEXT)[column.header](record)
    return cell_value(record, column.field, labels)


def _dress(target, sheet: Sheet) -> None:
    target.freeze_panes, target.print_title_rows = "B2", "1:1"
    target.page_setup.orientation, target.page_setup.paperSize = "landscape", 9
    target.sheet_properties.pageSetUpPr.fitToPage = True
    target.page_setup.fitToHeight = 0
    for number, column in enumerate(sheet.columns, 1):
        target.column_dimensions[get_column_letter(number)].width = _width(column)


def _width(column: Column) -> int:
    return max(WIDTHS.get(type(column.field), 16), 2 * len(column.header) + 4)


def _header_style(column: Column) -> str:
    if column.field is None:
        return "context"
    return "required" if is_required(column.field) else "optional"


def may_see_personal(user: User) -> bool:
    """Say whether exports for ``user`` hold names and numbers of persons: the business posts, nobody else."""
    return user.has_role(*BUSINESS_ROLES)


def export_response(user: User, record_type: RecordType, queryset: models.QuerySet) -> FileResponse:
    """Return what ``user`` may see of ``queryset`` as a download, and note who took how many records out."""
    visible = queryset.filter(pk__in=record_type.model.objects.visible_to(user).values("pk"))
    personal = bool(record_type.personal) and may_see_personal(user)
    _note_export(user, record_type, visible.count(), personal)
    file = export_workbook(record_type, visible, personal=personal)
    return download(file, f"{record_type.label}-{timezone.localdate()}.xlsx")


def download(file: IO[bytes], name: str) -> FileResponse:
    """Return an open workbook as an attachment called ``name`` (RFC 6266)."""
    return FileResponse(file, as_attachment=True, filename=name, content_type=workbook.CONTENT_TYPE)


def _note_export(user: User, record_type: RecordType, number: int, personal: bool) -> None:
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(record_type.model),
        object_repr=record_type.label,
        action_flag=CHANGE,
        change_message=f"导出{number}条{'，含个人信息' if personal else ''}",
    )
