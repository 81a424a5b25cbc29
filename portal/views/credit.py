"""信用档案 at the workbench: search, the records of one code, recording and lifting. Never public.

Each view: scope, one domain call, answer. Who may do what is asked of ``credit``.
"""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import credit, inbox, registry, text
from portal.models import CatalogueEntry, CreditRecord
from portal.views.desk import page_of
from portal.views.once import once
from portal.views.publishing import day
from portal.workflow import Refused

FORM = ["GET", "HEAD", "POST"]


@require_safe
def credit_list(request: HttpRequest) -> HttpResponse:
    """Entries by name or code; without a word those that have records."""
    if not credit.may_read(request.user):
        raise Http404("reads no credit records")
    q = text.clean(request.GET.get("q", "")[: inbox.LONGEST_QUERY])
    page = page_of(request, credit.found(request.user, q))
    context = {
        "nav": "credit",
        "q": q,
        "params": inbox.as_params(q=q),
        "page": page,
        "rows": [{"entry": entry, "type": registry.get(entry.kind)} for entry in page],
    }
    return render(request, "desk/credit.html", context)


def _entry(request: HttpRequest, code: str) -> CatalogueEntry:
    """Return the newest entry of a code the person may read the records of, else 404."""
    found = credit.visible_entries(request.user).filter(code=code).select_related("filing", "region__parent")
    entry = found.order_by("-valid_from", "-pk").first()
    if entry is None:
        raise Http404("no such entry in scope")
    return entry


@require_http_methods(FORM)
@once
def credit_entry(request: HttpRequest, code: str) -> HttpResponse:
    """The records of one entry, and the form for another one."""
    entry, refusal = _entry(request, code), ""
    if request.method == "POST":
        try:
            _record(request, entry)
        except Refused as error:
            refusal = str(error)
        else:
            messages.success(request, "已登记信用记录。")
            return redirect("credit-entry", code)
    return _page(request, entry, refusal)


def _record(request: HttpRequest, entry: CatalogueEntry) -> CreditRecord:
    return credit.record(
        entry,
        by=request.user,
        reason=request.POST.get("reason", ""),
        said=request.POST.get("said", ""),
        on=day(request.POST.get("on", "")),
        document_number=request.POST.get("document_number", ""),
    )


def _page(request: HttpRequest, entry: CatalogueEntry, refusal: str = "", lifting: int = 0) -> HttpResponse:
    context = {
        "nav": "credit",
        "entry": entry,
        "type": registry.get(entry.kind),
        "records": list(credit.of_code(entry.code)),
        "records_it": credit.may_record(request.user, entry.region_id),
        "reasons": credit.REASONS,
        "clause": credit.CLAUSE,
        "today": timezone.localdate(),
        "typed": request.POST,
        "refusal": refusal,
        "lifting": lifting,
    }
    return render(request, "desk/credit_entry.html", context, status=422 if refusal else 200)


@require_POST
def lift(request: HttpRequest, record: int) -> HttpResponse:
    """Lift one record with the reason."""
    held = get_object_or_404(
        CreditRecord, code__in=credit.visible_entries(request.user).values("code"), pk=record
    )
    try:
        credit.lift(held, by=request.user, reason=request.POST.get("lifting_reason", ""))
    except Refused as refusal:
        return _page(request, _entry(request, held.code), str(refusal), held.pk)
    messages.success(request, "已解除这条信用记录，记录和解除理由都保留可查。")
    return redirect("credit-entry", held.code)
