"""Records written out: lists in scope as a workbook, personal columns by permission, each download logged."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from io import BytesIO

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.http import FileResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from portal import access_log, spreadsheet, text
from portal.export_rows import Rows
from portal.models import ChoiceListField, Filing, User
from portal.reading import with_sent
from portal.registry import RecordType
from portal.rules import is_required
from portal.scope import files_for
from portal.sheets import CONTEXT, PUBLIC_CONTEXT, Column, Sheet, layout, sent_rows, sent_values
from portal.spreadsheet import DAY, GENERAL, TEXT, Page
from portal.vocabulary import BUSINESS_ROLES
from portal.workflow import Refused

CONTENT_TYPES = {
    "xlsx": spreadsheet.CONTENT_TYPE,
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
SENT_CONTEXT = ("填报单位", "所属区划")  # what never changes of a version that was submitted
LEAST_REASON, MOST_REASON = 2, 100
NO_REASON = f"内容含个人信息，请写明导出事由，{LEAST_REASON} 至 {MOST_REASON} 个字。"
WIDTHS = {models.TextField: 46, models.ManyToManyField: 28, models.ForeignKey: 24, ChoiceListField: 24}


def export_sheets(
    record_type: RecordType,
    *,
    columns: Iterable[str] | None = None,
    personal: bool = False,
    public: bool = False,
) -> list[Sheet]:
    """Return the sheets of an export: the records, then their child rows.

    ``columns`` picks fields; ``personal`` adds the personal ones; ``public`` leaves only what strangers may
    see, without child rows.
    """
    main, *others = layout(record_type, personal=personal and not public)
    wanted = [*record_type.public] if public else list(columns or [column.name for column in main.columns])
    context = [Column(header, "", None) for header in (PUBLIC_CONTEXT if public else CONTEXT)]
    chosen = [column for column in main.columns if column.name in wanted]
    return [Sheet(main.title, "", chosen + context), *([] if public or columns else others)]


def export_pages(rows: Rows) -> Iterator[Page]:
    """Yield the sheets of an export as tables; their lines are read while they are written."""
    for sheet in rows.sheets:
        yield _page(sheet, rows.lines(sheet))


def export_workbook(
    record_type: RecordType, queryset: models.QuerySet, *, reader: User | None = None, **options
) -> bytes:
    """Return a few records of ``queryset`` (of the type's model, in scope already) as a workbook.

    ``options`` are those of ``export_sheets``. For a ``reader`` the filings another bureau is changing are
    written as last submitted. The number of queries does not grow with the number of records.
    """
    rows = Rows(record_type, queryset, export_sheets(record_type, **options), reader)
    return spreadsheet.whole(record_type.label, export_pages(rows))


def sent_workbook(record_type: RecordType, filings: Iterable[tuple[Filing, dict]]) -> bytes:
    """Return submitted versions, (filing, snapshot) each, in the layout that the import reads back.

    Needs ``organisation`` and ``region__parent``; the same versions give the same bytes.
    """
    main, *others = layout(record_type)
    context, found = [Column(header, "", None) for header in SENT_CONTEXT], list(filings)
    sheets = [replace(main, columns=main.columns + context), *others]
    pages = [_page(sheet, [line for pair in found for line in _sent_lines(*pair, sheet)]) for sheet in sheets]
    return spreadsheet.whole(f"{record_type.label}汇总一览表", pages)


def _sent_lines(filing: Filing, sent: dict, sheet: Sheet) -> list[list]:
    if not sheet.rows:
        pairs = zip(sheet.columns, sent_values(sheet.columns, sent), strict=True)
        return [[value if column.field else CONTEXT[column.header](filing) for column, value in pairs]]
    owner = str(sent["values"].get(sheet.columns[0].field.name, ""))
    return [[owner, *line] for line in sent_rows(sheet, sent)]


def _page(sheet: Sheet, lines: Iterable[list]) -> Page:
    columns = [
        spreadsheet.Column(column.header, width(column), header_look(column), _holds(column.field))
        for column in sheet.columns
    ]
    return Page(sheet.title, columns, lines, frozen=1)


def width(column: Column) -> int:
    """Return how wide a column of a sheet of records is, in characters."""
    return max(WIDTHS.get(type(column.field), 16), 2 * len(column.header) + 4)


def header_look(column: Column) -> str:
    """Return the look of a header: compulsory, optional, or added for the reader."""
    if column.field is None:
        return "context"
    return "required" if is_required(column.field) else "optional"


def _holds(field: models.Field | None) -> str:
    """Keep what is typed below: eighteen digits stay a code, 2024-06-01 becomes a day."""
    if isinstance(field, models.CharField):
        return TEXT
    return DAY if isinstance(field, models.DateField) else GENERAL


def may_see_personal(user: User) -> bool:
    """Say whether exports for ``user`` hold names and numbers of persons: the business posts, nobody else."""
    return user.has_role(*BUSINESS_ROLES)


def takes_personal(user: User, record_type: RecordType) -> bool:
    """Say whether an export of this type for ``user`` holds personal columns, and so asks for a reason."""
    return bool(record_type.personal) and may_see_personal(user)


def export_response(
    user: User, record_type: RecordType, queryset: models.QuerySet, reason: str = ""
) -> StreamingHttpResponse:
    """Return what ``user`` may see of ``queryset`` as a download, and note who took how many records out.

    A zero report holds none of the columns and stays out. Raises ``Refused`` when it holds personal columns
    and no ``reason`` says what for (security.md 44, PIPL 6); the reason is kept with the note.
    """
    personal = takes_personal(user, record_type)
    why = f"，含个人信息，事由：{checked_reason(reason)}" if personal else ""
    visible = queryset.filter(
        pk__in=record_type.model.objects.visible_to(user).values("pk"), is_nothing=False
    )
    note = Note(user, record_type.model, record_type.label, why)
    if personal:
        note.phones = _phones(record_type, visible, user)
    rows = Rows(record_type, visible, export_sheets(record_type, personal=personal), user, note.begin)
    pieces = spreadsheet.stream(record_type.label, export_pages(rows))
    name = f"{record_type.label}-{timezone.localdate()}.xlsx"
    return streamed(note.kept(pieces, lambda: rows.written), name)


def checked_reason(reason: str) -> str:
    """Return a reason in one line without telephone numbers; raises ``Refused``."""
    said = access_log.covered(text.clean(reason))
    if not LEAST_REASON <= len(said) <= MOST_REASON:
        raise Refused(NO_REASON)
    return said


def _phones(record_type: RecordType, found: models.QuerySet, reader: User) -> Iterator[str]:
    """Yield the telephone numbers that ``reader`` takes out, for the access log: each as he reads it."""
    names = access_log.phone_fields(record_type)
    if not names:
        return
    rows = with_sent(found.order_by()).values_list("organisation_id", "sent", *names)
    for bureau, sent, *live in rows.iterator(chunk_size=1000):
        is_sent = sent and not files_for(reader, bureau)
        yield from access_log.phones_sent(record_type, sent) if is_sent else live


def public_response(
    record_type: RecordType, queryset: models.QuerySet, file_type: str
) -> StreamingHttpResponse:
    """Return published records as a download, ``xlsx`` or ``csv``, with what strangers may see of them."""
    rows = Rows(record_type, queryset, export_sheets(record_type, public=True))
    (page,) = export_pages(rows)
    pieces = {
        "xlsx": lambda: spreadsheet.stream(record_type.label, [page]),
        "csv": lambda: spreadsheet.commas(page.columns, page.lines),
    }
    return streamed(pieces[file_type](), f"{record_type.label}-{timezone.localdate()}.{file_type}")


class Note:
    """The line of the log about one export: written before the first record goes out, true at the end.

    ``about`` is the model of what was taken, ``what`` its name; ``further`` stands behind the number.
    """

    def __init__(self, user: User, about: type[models.Model], what: str, further: str = ""):
        self.user, self.about, self.what, self.further = user, about, what, further
        self.entry: LogEntry | None = None
        self.phones: Iterable[str] = ()  # the numbers that go out, read when that begins

    def begin(self, number: int) -> None:
        """Note that ``number`` records are being taken."""
        self.words = f"导出{number}条{self.further}"
        self.entry = LogEntry(
            user=self.user,
            content_type=ContentType.objects.get_for_model(self.about),
            object_repr=self.what,
            action_flag=CHANGE,
            change_message=self.words,
        )
        self.entry.phones = self.phones
        with transaction.atomic():
            self.entry.save()

    def kept(self, pieces: Iterator[bytes], written: Callable[[], int]) -> Iterator[bytes]:
        """Yield ``pieces``; of a download that broke off say how many records were ``written`` by then."""
        is_whole = False
        try:
            yield from pieces
            is_whole = True
        finally:
            if self.entry and not is_whole:
                self.entry.change_message = f"{self.words}；下载中断，已写出{written()}条"
                self.entry.save(update_fields=["change_message"])


def streamed(pieces: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """Return pieces of a file as they come as an attachment called ``name`` (RFC 6266).

    Its length is not known, so it goes out in chunks (RFC 9112 7.1). After a failure in the middle some
    servers close the connection, others end the answer as if it were whole (granian does): so it is the file
    that must not look whole. A workbook lacks its directory then, a CSV says so in its last line.
    """
    kind = CONTENT_TYPES[name.rpartition(".")[2]]
    headers = {"Content-Disposition": content_disposition_header(True, name)}
    return StreamingHttpResponse(pieces, content_type=kind, headers=headers)


def download(data: bytes, name: str) -> FileResponse:
    """Return a workbook that is made already as an attachment called ``name`` (RFC 6266)."""
    return FileResponse(
        BytesIO(data), as_attachment=True, filename=name, content_type=spreadsheet.CONTENT_TYPE
    )
