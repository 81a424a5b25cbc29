"""Importing at the workbench: send a file, look at what it would do, confirm it or give it up.

Each view: scope, one call of ``imports``, answer. The road is the same for the Word form of a notice, its
sheet and a template of many lines; whatever goes wrong, the file that was sent is kept until it is given up.
"""

from io import BytesIO
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import (
    access_log,
    bodies,
    body_limits,
    documents,
    drafts,
    exports,
    import_pages,
    imports,
    receipt_jobs,
    receipts,
    registry,
)
from portal.imports import EMPTY
from portal.models import Import, Job, RowOutcome, User
from portal.registry import RecordType
from portal.sandbox import flat
from portal.views import upload
from portal.views.upload import NO_FILE
from portal.workflow import Refused

TOO_BIG = f"文件超过 {flat.MOST_BYTES // 2**20} MB，没有读取；请分成几个文件后再上传。"
NO_TYPE = "请选择要导入的类型。"
NO_FAULTS = "这份文件没有错误，不需要错误回执。"
DONE = "已导入 {} 件草稿，补填和核对后提交。"
GIVEN_UP = "已放弃导入“{}”，没有写入任何数据，上传的文件已删除。"


@csrf_exempt  # the length is looked at before the body is read; ``_begin`` checks the token
def begin(request: HttpRequest) -> HttpResponse:
    """Choose type and file; below, the last imports of one's bureaus."""
    if body_limits.is_too_long(request, "filing-import"):
        bodies.discard(request)
        return _form(request, _offered(request.user), refusal=TOO_BIG, status=413)
    return _begin(request)


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def _begin(request: HttpRequest) -> HttpResponse:
    offered = _offered(request.user)
    if request.method != "POST":
        return _form(request, offered, chosen=offered.get(request.GET.get("type", "")))
    chosen, sent = offered.get(request.POST.get("type", "")), request.FILES.get("file")
    if refusal := _fault(chosen, sent):
        return _form(request, offered, chosen=chosen, refusal=refusal, status=422)
    try:
        imported = imports.receive(sent, upload.name_of(sent), chosen, by=request.user)
    except Refused as refused:
        return _form(request, offered, chosen=chosen, refusal=str(refused), status=422)
    return redirect("import", imported.pk)


def _offered(user: User) -> dict[str, RecordType]:
    offered = {t.slug: t for t in registry.all_types() if drafts.filing_organisations(user, t)}
    if not offered:
        raise Http404
    return offered


def _fault(chosen: RecordType | None, sent) -> str:
    if chosen is None:
        return NO_TYPE
    return NO_FILE if sent is None else "" if sent.size else EMPTY


def _form(
    request: HttpRequest, offered: dict[str, RecordType], *, status: int = 200, **shown: Any
) -> HttpResponse:
    context = {
        "nav": "file",
        "offered": list(offered.values()),
        "limit": flat.MOST_BYTES // 2**20,
        "latest": import_pages.latest(request.user),
        **shown,
    }
    return render(request, "desk/import.html", context, status=status)


def _in_scope(request: HttpRequest, pk: int) -> Import:
    return get_object_or_404(import_pages.in_scope(request.user), pk=pk)


@require_safe
def page(request: HttpRequest, imported: int) -> HttpResponse:
    """One import: how far it is, what it would do, or what became of it."""
    return _page(request, _in_scope(request, imported))


def _page(request: HttpRequest, found: Import, *, refusal: str = "", status: int = 200) -> HttpResponse:
    context = {
        "nav": "file",
        "imported": found,
        "type": found.record_type,
        "refusal": refusal,
        "twin": imports.twin(found),
        **import_pages.standing(found),
    }
    if found.is_under_way:
        context |= import_pages.under_way(found)
    elif found.plan:
        context |= _rows(request, found)
    return render(request, "desk/import_page.html", context, status=status)


def _rows(request: HttpRequest, found: Import) -> dict[str, Any]:
    context = {
        "why_not": imports.why_not_confirmed(found),
        "faulty": import_pages.counted(found, RowOutcome.FAULTY),
        "written": import_pages.written(found),
        "receipt_takes_a_job": import_pages.takes_a_job(found),
    }
    if import_pages.is_shown_whole(found):
        rows = import_pages.whole_rows(found)
        _mark(request, found, import_pages.phones(found, rows))
        return context | {"whole": import_pages.whole(found, rows)}
    outcome = import_pages.outcome_of(found, request.GET.get("outcome", ""))
    pager, listed = import_pages.paged(found, outcome, request.GET.get("page", ""))
    columns = import_pages.headings(found.record_type, outcome)
    _mark(request, found, import_pages.phones(found, listed.rows, columns=columns))
    lines = import_pages.lines(found.record_type, listed)
    return context | {
        "tabs": import_pages.tabs(found, outcome),
        "outcome": outcome,
        "page": pager,
        "params": request.GET,
        "headings": columns.values(),
        "loose": import_pages.loose_faults(listed),
        "rows": import_pages.with_filings(found, lines) if found.committed_at else lines,
    }


def _mark(request: HttpRequest, found: Import, phones: list[str]) -> None:
    """Say whose numbers the preview shows; a file is named by its type, its own name may hold one."""
    access_log.mark(request, found, f"导入预览：{found.record_type}", phones)


@require_POST
def confirm(request: HttpRequest, imported: int) -> HttpResponse:
    """Write what the preview showed, all of it or nothing; the second of two clicks finds it done."""
    found = _in_scope(request, imported)
    try:
        done = imports.confirm(found, by=request.user)
    except Refused as refused:
        found = _in_scope(request, imported)
        if found.committed_at is None and not found.is_under_way:
            return _page(request, found, refusal=str(refused), status=409)
        return _leave(found)
    if isinstance(done, Job):
        return redirect("import", found.pk)
    messages.success(request, DONE.format(import_pages.written(done)))
    return _leave(done)


def _leave(done: Import) -> HttpResponse:
    """Lead to the one draft that was made, else to the page that lists them."""
    draft = import_pages.only_draft(done)
    return redirect("filing-edit", draft) if draft else redirect("import", done.pk)


@require_POST
def abandon(request: HttpRequest, imported: int) -> HttpResponse:
    """Give a file up: nothing of it was written, nothing is kept."""
    found = _in_scope(request, imported)
    try:
        imports.abandon(found, by=request.user)
    except Refused as refused:
        return _page(request, _in_scope(request, imported), refusal=str(refused), status=409)
    messages.success(request, GIVEN_UP.format(found.file_name))
    return redirect("filing-import")


@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest, imported: int) -> HttpResponse:
    """The file with its errors marked; of a large one by a job, which takes a form of its own to ask for."""
    found = _in_scope(request, imported)
    if not import_pages.counted(found, RowOutcome.FAULTY):
        raise Http404(NO_FAULTS)
    if import_pages.takes_a_job(found):
        if request.method != "POST":
            return redirect("import", found.pk)
        return redirect("job", receipt_jobs.ask(found, by=request.user).pk)
    try:
        made = receipt_jobs.make(found)
    except Refused as refused:
        return _page(request, found, refusal=str(refused), status=409)
    access_log.mark(request, found, f"{receipts.NAME}：{found.record_type}", receipts.phones(BytesIO(made)))
    return exports.download(made, receipts.name_of(found.file_name))


@require_safe
def template(request: HttpRequest, record_type: RecordType) -> HttpResponse:
    """The empty workbook of a type this person may file: the sheet of the notice where it has one."""
    if not drafts.filing_organisations(request.user, record_type):
        raise Http404
    if record_type.sheet:
        blank = documents.form_xlsx(documents.blank_form(record_type))
        return exports.download(blank, f"{record_type.label}.xlsx")
    from portal import excel  # openpyxl is loaded by who writes one

    return exports.download(excel.template_workbook(record_type), f"{record_type.label}-模板.xlsx")
