"""Files of an edition at the workbench: the sheet it is made from, and the document that announces it.

What is too large is refused before anything looks at it; nothing of a sheet is kept between its preview and
its confirmation.
"""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import (
    access_log,
    bodies,
    body_limits,
    edition_files,
    edition_jobs,
    edition_pages,
    edition_policy,
    exports,
    registry,
    sandbox,
)
from portal.importing.edition import EditionReading, read_edition
from portal.models import Edition
from portal.views import upload
from portal.views.editions import answer, in_scope, page, why_not_prepared
from portal.workflow import Refused

WHOLE, PART = "whole", "part"


def _editable(request: HttpRequest, pk: int) -> Edition:
    found = in_scope(request, pk)
    if edition_policy.bureau_of(found, request.user) is None:
        raise Http404("not an edition of his bureau")
    return found


@require_safe
def template(request: HttpRequest, edition: int) -> HttpResponse:
    """The catalogue in force in the columns of the import, without names and numbers of persons."""
    from portal import edition_workbook  # openpyxl is loaded by who writes one

    found = _editable(request, edition)
    record_type = registry.get(found.kind)
    name = f"{record_type.label}目录-{timezone.localdate()}.xlsx"
    return exports.download(edition_workbook.template(found), name)


@csrf_exempt  # the length is looked at before the body is read; ``_take_in`` checks the token
def take_in(request: HttpRequest, edition: int) -> HttpResponse:
    """Upload a sheet, look at what it changes, confirm."""
    if body_limits.is_too_long(request, "edition-import"):
        bodies.discard(request)
        return _page(request, _editable(request, edition), refusal=sandbox.TOO_BIG, status=413)
    return _take_in(request, edition)


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def _take_in(request: HttpRequest, edition: int) -> HttpResponse:
    found = _editable(request, edition)
    if why := why_not_prepared(found):
        messages.warning(request, why)
        return redirect("edition", found.pk)
    if request.method != "POST":
        return _page(request, found)
    sent = upload.sent(request)
    if refusal := upload.why_unreadable(sent, request):
        return _page(request, found, refusal=refusal, status=422)
    return _read(request, found, sent)


def _read(request: HttpRequest, found: Edition, sent: upload.Upload) -> HttpResponse:
    typed = {"whole": request.POST.get("missing", WHOLE) != PART, "reason": request.POST.get("reason", "")}
    reading, refusal = read_edition(sent.data, sent.name, found, request.user, **typed), ""
    if "confirm" in request.POST and not reading.errors:
        try:
            sheet = edition_jobs.Sheet(sent.name, counts=reading.counts, data=sent.data, **typed)
            taken = edition_jobs.take(found, sheet, reading, by=request.user)
            return answer(request, taken, edition_jobs.TAKE)
        except Refused as refused:
            refusal = str(refused)
    status = 422 if reading.errors or refusal else 200
    return _page(request, found, upload=sent, reading=reading, refusal=refusal, status=status)


def _page(
    request: HttpRequest,
    found: Edition,
    *,
    reading: EditionReading | None = None,
    status: int = 200,
    **shown,
) -> HttpResponse:
    context = {
        "nav": "editions",
        "edition": found,
        "type": registry.get(found.kind),
        "limit": settings.UPLOAD_LIMIT // 2**20,
        "reading": reading,
        "counts": edition_pages.in_words(reading.counts) if reading else [],
        "former": found.changes.count(),
        "missing": request.POST.get("missing", WHOLE),
        "reason": request.POST.get("reason", ""),
        **shown,
    }
    if reading:
        _mark(request, found, reading)
    return render(request, "desk/edition_import.html", context, status=status)


def _mark(request: HttpRequest, found: Edition, reading: EditionReading) -> None:
    """Say which numbers of persons stand in the comparison: those in the catalogue and those sent."""
    access_log.mark(request, found, f"导入预览：{found}", edition_pages.phones(found.kind, reading.lines))


@csrf_exempt  # the length is looked at before the body is read; ``_attach`` checks the token
def attach(request: HttpRequest, edition: int) -> HttpResponse:
    """Take in the document the edition is announced by."""
    if body_limits.is_too_long(request, "edition-attach"):
        bodies.discard(request)
        return page(request, in_scope(request, edition), edition_files.TOO_BIG, status=413)
    return _attach(request, edition)


@csrf_protect
@require_POST
def _attach(request: HttpRequest, edition: int) -> HttpResponse:
    found, sent = in_scope(request, edition), request.FILES.get("file")
    if edition_files.why_not_attached(found, request.user) is None:
        raise Http404("not his to attach")
    if sent is None:
        return page(request, found, upload.NO_FILE)
    try:
        edition_jobs.demand_idle(found)
        edition_files.attach(found, sent.file, sent.name, by=request.user)
    except Refused as refusal:
        return page(request, found, refusal)
    messages.success(request, f"发布文件已上传到“{found}”。")
    return redirect("edition", found.pk)
