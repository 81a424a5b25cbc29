"""Records written out: lists in scope as a workbook, personal columns by permission, each download logged."""

from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.http import FileResponse
from django.utils import timezone
from openpyxl import Workbook

from portal import spreadsheet, workbook
from portal.excel import opened
from portal.models import Filing, User
from portal.reading import sent_to, with_sent
from portal.registry import RecordType
from portal.sheets import (
    CONTEXT,
    PUBLIC_CONTEXT,
    Column,
    Sheet,
    all_labels,
    cell_value,
    layout,
    sent_rows,
    sent_values,
)
from portal.snapshot import child_rows, shown
from portal.vocabulary import BUSINESS_ROLES

SENT_CONTEXT = ("填报单位", "所属区划")  # what never changes of a version that was submitted


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
    written = [(sheet, opened(book, sheet)) for sheet in sheets]
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
    written = [(sheet, opened(book, sheet)) for sheet in sheets]
    for _, pen in written:
        workbook.fit_to_width(pen.sheet)
    for filing, sent in filings:
        for sheet, pen in written:
            for line in _sent_lines(filing, sheet, sent):
                pen.line(line)
    return workbook.saved(book, f"{record_type.label}汇总一览表")


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
    return FileResponse(BytesIO(data), as_attachment=True, filename=name, content_type=spreadsheet.CONTENT_TYPE)


def _note_export(user: User, record_type: RecordType, number: int, personal: bool) -> None:
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(record_type.model),
        object_repr=record_type.label,
        action_flag=CHANGE,
        change_message=f"导出{number}条{'，含个人信息' if personal else ''}",
    )
