"""What only returns have: the merging of county returns, the rows of an earlier year, the update."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal import drafts, merging
from portal.models import Filing
from portal.views.filing import number, own
from portal.views.review import in_scope
from portal.workflow import Conflict, Refused

CHANGED = "这份草稿刚刚有改动，没有{}。请核对下面的最新内容后再办理。"


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """The counties of the city with what they reported and what merging changes; POST does it."""
    record = own(request, pk)
    if not merging.is_merged(record):
        raise Http404
    if not record.is_editable:
        return redirect("filing", pk)
    if request.method == "POST":
        return _merge(request, record)
    return _merge_page(request, record)


def _merge(request: HttpRequest, record: Filing) -> HttpResponse:
    before = record.record_type.sheet.rows
    try:
        merging.merge(record, by=request.user, revision=number(request, "revision"))
    except Conflict:
        return _merge_page(request, own(request, record.pk), CHANGED.format("汇总"), status=409)
    except Refused as refused:
        return _merge_page(request, own(request, record.pk), str(refused), status=422)
    count = getattr(record, before).count()
    messages.success(request, f"已汇总同意的县级报表，现在共 {count} 行。请核对后提交。")
    return redirect("filing-edit", record.pk)


def _merge_page(request: HttpRequest, record: Filing, refusal: str = "", status: int = 200) -> HttpResponse:
    found = merging.parts(record, by=request.user) if record.title else []
    rows = merging.merged(record, found) if record.title else []
    total = record.record_type.sheet.total
    context = {
        "nav": "file",
        "record": record,
        "type": record.record_type,
        "standing": f"{record.get_state_display()} · 第 {record.version} 版",
        "parts": found,
        "counts": {word: sum(part.standing == word for part in found) for word in _WORDS},
        "open": sum(part.is_open for part in found),
        "rows": len(rows),
        "sum": sum(row[total] or 0 for row in rows),
        "now": getattr(record, record.record_type.sheet.rows).count(),
        "refusal": refusal or ("" if record.title else _untitled(record)),
    }
    return render(request, "desk/merge.html", context, status=status)


_WORDS = [merging.MISSING, merging.WAITING, merging.RETURNED, merging.OPEN, merging.DONE, merging.NOTHING]


def _untitled(record: Filing) -> str:
    key = record.record_type.field(record.record_type.key[0])
    return merging.NO_TITLE.format(key.verbose_name)


@require_POST
def start_from_earlier(request: HttpRequest, pk: int) -> HttpResponse:
    """Fill an empty draft with the rows of the latest earlier return."""
    record = own(request, pk)
    try:
        source = merging.start_from_earlier(record, by=request.user, revision=number(request, "revision"))
    except Conflict:
        messages.warning(request, CHANGED.format("提取"))
    except Refused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"已提取《{source}》的各行，请改成本期的人数和时间。")
    return redirect("filing-edit", pk)


@require_POST
def update(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the update of an approved return and lead to its form."""
    found = in_scope(request, pk)
    try:
        return redirect("filing-edit", drafts.update(found, by=request.user).pk)
    except Refused as refused:
        messages.warning(request, str(refused))
        return redirect("filing", pk)
