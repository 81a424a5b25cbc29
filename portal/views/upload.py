"""Importing an official form or sheet: choose, look at what was read, confirm. Nothing is kept in between."""

import base64
import binascii
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from portal import documents, drafts, excel, exports, importing, registry, sandbox
from portal.models import Filing, User
from portal.registry import RecordType
from portal.wording import words
from portal.workflow import Refused

ENVELOPE = 64 * 1024  # what a form adds around its file
CHUNK, DISCARDED = 64 * 1024, 64 * 2**20
CARRIED = 700 * 1024  # a file up to here travels in the preview page and need not be chosen twice
TWO_CLICKS = timedelta(minutes=1)
SHOWN_WHOLE = 5  # so many records are shown with every field, more as a table
NO_TYPE = "请选择要导入的类型。"
NO_FILE = "请选择要导入的文件。"
EMPTY = "这个文件是空的，没有读取；请核对后重新选择。"
AGAIN = "没有收到刚才的文件，没有导入；请重新选择文件。"


@dataclass(frozen=True)
class Upload:
    """A file as it was sent, now or with the preview."""

    name: str
    data: bytes

    @property
    def carried(self) -> str:
        """The content as the preview page carries it; empty when it is too large for that.

        It needs no signature: confirming reads it anew, exactly as if it had been uploaded then.
        """
        return base64.b64encode(self.data).decode() if len(self.data) <= CARRIED else ""


@csrf_exempt  # the length is looked at before the body is read; ``_import`` checks the token
def import_file(request: HttpRequest) -> HttpResponse:
    """Upload, preview and confirmation; what is too large is refused before anything looks at it."""
    if length(request) > settings.UPLOAD_LIMIT + ENVELOPE:
        discard(request)
        return _page(request, _offered(request.user), refusal=sandbox.TOO_BIG, status=413)
    return _import(request)


def discard(request: HttpRequest) -> None:
    """Let the body pass by without keeping it: a sender cut off in the middle never sees the answer."""
    for _ in range(DISCARDED // CHUNK):
        if not request.read(CHUNK):
            return


def length(request: HttpRequest) -> int:
    """Return the length of the body as the browser announced it."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    return int(announced[:18]) if announced.isascii() and announced.isdigit() else 0


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def _import(request: HttpRequest) -> HttpResponse:
    offered = _offered(request.user)
    if request.method != "POST":
        return _page(request, offered, chosen=offered.get(request.GET.get("type", "")))
    chosen = offered.get(request.POST.get("type", ""))
    upload = sent(request)
    if refusal := _fault(chosen, upload, request):
        return _page(request, offered, chosen=chosen, refusal=refusal, status=422)
    return _read(request, offered, chosen, upload)


def _offered(user: User) -> dict[str, RecordType]:
    offered = {t.slug: t for t in registry.all_types() if drafts.filing_organisations(user, t)}
    if not offered:
        raise Http404
    return offered


def sent(request: HttpRequest) -> Upload | None:
    """Return the file of a form, chosen now or carried along from the preview; None when there is none."""
    if chosen := request.FILES.get("file"):
        name = PurePath(chosen.name).name[:120]
        return Upload(name, chosen.read() if chosen.size <= settings.UPLOAD_LIMIT else b"")
    try:
        data = base64.b64decode(request.POST.get("content", ""), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Upload(request.POST.get("name", "")[:120], data) if data else None


def _fault(chosen: RecordType | None, upload: Upload | None, request: HttpRequest) -> str:
    """Return why this cannot be read at all, empty when it can."""
    return NO_TYPE if chosen is None else why_unreadable(upload, request)


def why_unreadable(upload: Upload | None, request: HttpRequest) -> str:
    """Return why a file cannot be read, empty when there is something in it to be read."""
    if upload is None:
        return AGAIN if "confirm" in request.POST else NO_FILE
    if upload.data:
        return ""
    return sandbox.TOO_BIG if request.FILES["file"].size else EMPTY


def _read(
    request: HttpRequest, offered: dict[str, RecordType], chosen: RecordType, upload: Upload
) -> HttpResponse:
    reading, refusal = importing.read_file(upload.data, upload.name, chosen, request.user), ""
    if "confirm" in request.POST:
        try:
            filings = _just_imported(reading, request.user) or importing.commit(reading, request.user)
            return _imported(request, chosen, filings)
        except Refused as refused:
            refusal = str(refused)
    context = {"upload": upload, "reading": reading, **preview(reading)}
    status = 422 if reading.errors or refusal else 200
    return _page(request, offered, chosen=chosen, refusal=refusal, status=status, **context)


def _just_imported(reading: importing.Reading, user: User) -> list[Filing]:
    """Return the drafts that the first of two clicks on 确认导入 made of this file, else nothing."""
    titles = {record.title for record in reading.records}
    mine = Filing.objects.editable_by(user).filter(created_by=user, kind=reading.record_type.slug)
    recent = mine.filter(title__in=titles, revision=0, created_at__gte=timezone.now() - TWO_CLICKS)
    drafts_made = list(recent.order_by("pk"))
    return drafts_made if reading.errors and {filing.title for filing in drafts_made} == titles else []


def _imported(request: HttpRequest, chosen: RecordType, filings: list) -> HttpResponse:
    messages.success(request, f"已导入 {len(filings)} 份草稿，补填和核对后提交。")
    if len(filings) == 1:
        return redirect("filing-edit", filings[0].pk)
    return redirect("filing-list", chosen)


def _page(
    request: HttpRequest, offered: dict[str, RecordType], *, status: int = 200, **shown: Any
) -> HttpResponse:
    context = {
        "nav": "file",
        "offered": list(offered.values()),
        "limit": settings.UPLOAD_LIMIT // 2**20,
        **shown,
    }
    return render(request, "desk/import.html", context, status=status)


@require_safe
def template(request: HttpRequest, record_type: RecordType) -> HttpResponse:
    """The empty workbook of a type this person may file: the sheet of the notice where it has one."""
    if not drafts.filing_organisations(request.user, record_type):
        raise Http404
    if record_type.sheet:
        blank = documents.form_xlsx(documents.blank_form(record_type))
        return exports.download(blank, f"{record_type.label}.xlsx")
    return exports.download(excel.template_workbook(record_type), f"{record_type.label}-模板.xlsx")


def preview(reading: importing.Reading) -> dict[str, Any]:
    """Return what was read as the page shows it: records with every field, or many of them as a table."""
    record_type = reading.record_type
    if len(reading.records) <= SHOWN_WHOLE:
        return {"whole": [_whole(record_type, record) for record in reading.records]}
    headings = [str(record_type.field(name).verbose_name) for name in record_type.columns]
    faults = {(fault.sheet, fault.row, fault.column): fault for fault in reading.errors}
    rows = [_row(record_type, record, headings, faults) for record in reading.records]
    return {"headings": headings, "rows": sorted(rows, key=lambda row: not row["faulty"])}


def _whole(record_type: RecordType, record) -> dict[str, Any]:
    names = [name for name in record_type.fields if name in record.values]
    lines = [
        {
            "label": str(record_type.field(name).verbose_name),
            "text": words(record_type.field(name), record.values[name]),
        }
        for name in names
    ]
    for name, rows in record.rows.items():
        model = record_type.row_model(name)
        label = str(model._meta.verbose_name_plural)
        lines += [{"label": label, "text": _row_text(model, row)} for row in rows]
    return {
        "title": record.title or record_type.label,
        "place": f"{record.sheet} 第 {record.row} 行",
        "lines": lines,
    }


def _row_text(model, row: dict) -> str:
    return " · ".join(words(model._meta.get_field(name), value) for name, value in row.items())


def _row(record_type: RecordType, record, headings: list[str], faults: dict) -> dict[str, Any]:
    cells = []
    for name, heading in zip(record_type.columns, headings, strict=True):
        fault = faults.get((record.sheet, record.row, heading))
        text = fault.value if fault else words(record_type.field(name), record.values.get(name))
        cells.append({"label": heading, "text": text, "fault": fault.message if fault else ""})
    return {"number": record.row, "cells": cells, "faulty": any(cell["fault"] for cell in cells)}
