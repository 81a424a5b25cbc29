"""The workbench: lists of all filings by type, messages. Each view reads in scope, shapes, renders."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal import drafts, exports, historical, ledger, reading, registry
from portal.registry import RecordType
from portal.vocabulary import BUSINESS_ROLES, Role
from portal.workflow import Refused

PER_PAGE = 20
READERS = (*BUSINESS_ROLES, Role.JOINT_REVIEWER, Role.AUDITOR)
WEEKDAYS = "一二三四五六日"


def page_of(request: HttpRequest, found):
    """Return the page asked for; what is no number is the first page, what is past the end the last."""
    return Paginator(found, PER_PAGE).get_page(request.GET.get("page", "")[:9])


@require_safe
def filing_lists(request: HttpRequest) -> HttpResponse:
    """Lead to the list of the first type."""
    return redirect("filing-list", next(registry.all_types()))


@require_safe
def filing_list(request: HttpRequest, record_type: RecordType) -> HttpResponse:
    """All filings of one type in scope, filtered and sorted."""
    where = ledger.places(request.user, request.GET)
    wish = ledger.read_wish(record_type, request.GET, where)
    page = page_of(request, ledger.filings(record_type, request.user, wish))
    context = {
        "nav": "ledger",
        "type": record_type,
        "types": list(registry.all_types()),
        "wish": wish,
        "where": where,
        "standings": ledger.standings(record_type),
        "campaigns": ledger.campaigns(record_type, request.user),
        "page": page,
        "headings": ledger.headings(record_type, wish),
        "rows": ledger.rows(record_type, page, request.user),
        "asks_reason": exports.takes_personal(request.user, record_type),
        "fileable": bool(drafts.filing_organisations(request.user, record_type)),
        "registers": historical.bureau_of(request.user, historical.CONFIRM) is not None,
        "pages": record_type.pages if request.user.has_role(*READERS) else {},
    }
    return render(request, "desk/list.html", context)


@require_POST
def filing_export(request: HttpRequest, record_type: RecordType) -> HttpResponse:
    """The list as a workbook under the same conditions; what another bureau is still changing is left out."""
    wish = ledger.read_wish(record_type, request.GET, ledger.places(request.user, request.GET))
    found = ledger.filings(record_type, request.user, wish)
    settled = reading.without_unsent(found, request.user)
    records = record_type.model.objects.filter(pk__in=settled.order_by().values("pk"))
    reason = request.POST.get("reason", "")
    try:
        return exports.export_response(request.user, record_type, records, reason)
    except Refused as refusal:
        context = {"nav": "ledger", "type": record_type, "wish": wish, "refusal": refusal, "typed": reason}
        return render(request, "desk/export.html", context, status=422)
