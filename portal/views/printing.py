"""Official forms on paper: a filing in any of its versions, its 流转单, and the blank form of a type."""

import re
from io import BytesIO

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal import access_log, circulation, documents, exports, reading, spreadsheet
from portal.documents import PrintedForm
from portal.models import Filing, FilingVersion
from portal.registry import RecordType
from portal.views import addresses
from portal.views.review import in_scope

CONTENT_TYPES = {
    "pdf": "application/pdf",
    "xlsx": spreadsheet.CONTENT_TYPE,
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@require_safe
def filing_print(request: HttpRequest, pk: int, suffix: str) -> HttpResponse:
    """A filing as its official form; other bureaus' unsent text is never printed."""
    found = in_scope(request, pk)
    version = _version(request, found)
    title = version.snapshot["title"] if version else str(found)
    ending = f"第{version.number}版" if version else "未提交"
    form = documents.printed_form(
        found, version=version.number if version else None, base=addresses.base(request)
    )
    if not exports.may_see_personal(request.user):
        form = _impersonal(form, found.record_type)
    else:
        access_log.mark_record(request, found, version.snapshot if version else None)
    return _download(form, suffix, f"{title}-{ending}")


def _impersonal(form: PrintedForm, record_type: RecordType) -> PrintedForm:
    """Return the form without the rows that hold a person's name or number (PIPL 51)."""
    return form.without({str(record_type.field(name).verbose_name) for name in record_type.personal})


def _version(request: HttpRequest, found: Filing) -> FilingVersion | None:
    """Return the version to print, None for the live text of one's own bureau."""
    asked = request.GET.get("version", "")
    if not asked:
        return reading.version_for(found, request.user)
    if not re.fullmatch("[0-9]{1,9}", asked, re.ASCII):
        raise Http404("no version number")
    return get_object_or_404(found.versions, number=asked)


@require_safe
def form_blank(request: HttpRequest, record_type: RecordType, suffix: str) -> HttpResponse:
    """The empty form of a type, to be filled in with a pen or in Word."""
    return _download(documents.blank_form(record_type), suffix, f"{record_type.label}-空白表")


@require_safe
def circulation_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Who did what with a filing and when, as far as its reader may know."""
    found = in_scope(request, pk)
    sheet = circulation.read(found, request.user, base=addresses.base(request))
    return render(request, "desk/circulation.html", {"nav": "desk", "filing": found, "sheet": sheet})


@require_safe
def circulation_print(request: HttpRequest, pk: int, suffix: str) -> HttpResponse:
    """The same as a document."""
    if suffix == "xlsx":
        raise Http404("no workbook")
    sheet = circulation.read(in_scope(request, pk), request.user, base=addresses.base(request))
    write = {"pdf": documents.circulation_pdf, "docx": documents.circulation_docx}[suffix]
    return _sent(write(sheet.printed()), suffix, f"{sheet.title}-流转单")


def _download(form, suffix: str, name: str) -> FileResponse:
    """Send a form; a workbook is made of a statistical sheet alone."""
    if suffix == "xlsx" and form.statement is None:
        raise Http404("only a statistical sheet is a workbook")
    write = {"pdf": documents.form_pdf, "docx": documents.form_docx, "xlsx": documents.form_xlsx}[suffix]
    return _sent(write(form), suffix, name)


def _sent(content: bytes, suffix: str, name: str) -> FileResponse:
    """Send a document: a PDF opens in the browser, a Word file or a workbook is saved."""
    return FileResponse(
        BytesIO(content),
        as_attachment=suffix != "pdf",
        filename=f"{name}.{suffix}",
        content_type=CONTENT_TYPES[suffix],
    )
