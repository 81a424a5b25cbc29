"""The auditor's pages: the access log, one record, who saw a number, the chain, the register."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import access_chain, access_jobs, access_log, access_pages, exports, processing, spreadsheet
from portal.models import AccessAnchor, AccessArchive, AccessRecord, Act, ActResult

ANCHORS_SHOWN = 31
NO_NUMBER = "没有认出电话号码，没有查询。请输入一个完整的手机号或带区号的固定电话。"


def _require_auditor(request: HttpRequest) -> None:
    if not access_jobs.is_auditor(request.user):
        raise Http404("not an auditor")


@require_safe
def records(request: HttpRequest) -> HttpResponse:
    """The access log under conditions, a page by key."""
    _require_auditor(request)
    wish = access_pages.read_wish(request.GET)
    context = {
        "nav": "audit",
        "wish": wish,
        "found": (found := access_pages.page(wish)),
        "older": wish.query(before=found.older) if found.older else "",
        "newest": wish.query(before=None) if wish.before else "",
        "export": wish.query(before=None),
        "acts": Act.choices,
        "results": ActResult.choices,
    }
    return render(request, "desk/audit.html", context)


@require_safe
def record(request: HttpRequest, record: int) -> HttpResponse:
    """One record with its place in the chain and what else came with its request."""
    _require_auditor(request)
    row = get_object_or_404(AccessRecord.objects.select_related("seal"), pk=record)
    context = {
        "nav": "audit",
        "row": row,
        "seal": getattr(row, "seal", None),
        "details": access_pages.details(row),
        "beside": access_pages.beside(row),
    }
    return render(request, "desk/audit_record.html", context)


@require_safe
def processing_register(request: HttpRequest) -> HttpResponse:
    """What the portal does with personal data, line by line."""
    _require_auditor(request)
    context = {"nav": "audit", "register": processing.register()}
    return render(request, "desk/audit_processing.html", context)


@require_POST
def export(request: HttpRequest, file_type: str) -> HttpResponse:
    """The records of the conditions as a workbook or CSV; noted in the log it is taken from."""
    _require_auditor(request)
    if file_type == "json":
        raise Http404("no such file")
    wish, note = access_pages.read_wish(request.GET), exports.Note(request.user, AccessRecord, "访问记录")
    sheet = access_pages.sheet(wish, note.begin)
    pieces = (
        spreadsheet.stream("访问记录", [sheet])
        if file_type == "xlsx"
        else spreadsheet.commas(sheet.columns, sheet.lines)
    )
    return exports.streamed(pieces, f"访问记录-{timezone.localdate()}.{file_type}")


@require_http_methods(["GET", "HEAD", "POST"])
def who_saw(request: HttpRequest) -> HttpResponse:
    """Who saw or took out a telephone number; the question is asked by POST, so that no address holds it."""
    _require_auditor(request)
    typed, seen = request.POST.get("number", "")[:40], None
    if request.method == "POST":
        seen = access_pages.who_saw(typed)
        if seen is not None:
            access_log.record(Act.LOOK_UP, by=request.user, title="反查联系方式", phones=[typed])
    refusal = NO_NUMBER if request.method == "POST" and seen is None else ""
    context = {
        "nav": "audit",
        "typed": typed,
        "seen": seen,
        "refusal": refusal,
        "most": access_pages.MOST_SEEN,
    }
    return render(request, "desk/audit_phone.html", context, status=422 if refusal else 200)


@require_safe
def chain(request: HttpRequest) -> HttpResponse:
    """Where the chain ends, its anchors and archives, and the check that was asked for last."""
    _require_auditor(request)
    number, said = access_chain.end()
    context = {
        "nav": "audit",
        "number": number,
        "hash": said,
        "unsealed": access_chain.waiting(),
        "anchors": AccessAnchor.objects.order_by("-day")[:ANCHORS_SHOWN],
        "archives": AccessArchive.objects.order_by("-number"),
        "job": access_jobs.latest(),
    }
    return render(request, "desk/audit_chain.html", context)


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Ask for the check of the whole chain; its page tells how far it is."""
    _require_auditor(request)
    return redirect("job", access_jobs.ask(by=request.user).pk)


@require_safe
def anchors(request: HttpRequest) -> HttpResponse:
    """All anchors as a text, to be kept somewhere else."""
    _require_auditor(request)
    rows = AccessAnchor.objects.order_by("day").values_list("day", "number", "hash")
    lines = "".join(f"{day} {number} {said}\n" for day, number, said in rows)
    name = f'attachment; filename="anchors-{timezone.localdate()}.txt"'
    return HttpResponse(
        lines, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": name}
    )
