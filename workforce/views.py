"""市级劳务品牌建设重点 at the workbench: a city fixes its own, its counties read, the province sees all.

Each view: scope, one domain call, answer.
"""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.models import CatalogueEntry, User
from portal.views.desk import READERS
from portal.views.review import conflict_page, number
from portal.vocabulary import Level
from portal.workflow import Conflict, Refused
from workforce import key_brands as domain
from workforce.models import KeyBrand


def _cities(user: User) -> list[str] | None:
    """Return the cities whose brands the person sees, None for all; without a post it is 404."""
    regions = [post.organisation.region for post in user.posts if post.role in READERS]
    if not regions:
        raise Http404("nobody's business")
    if any(region.level == Level.PROVINCE for region in regions):
        return None
    return sorted({region.city_code for region in regions})


def _year(value: str) -> int:
    """Return the year asked for, the present one when it is none there is."""
    known = domain.years()
    return next((year for year in known if str(year) == value), known[0])


@require_safe
def key_brands(request: HttpRequest) -> HttpResponse:
    """The brands of a year: of one's own city with what can be done, or of all cities."""
    return _page(request, _year(request.GET.get("year", "")))


def _page(request: HttpRequest, year: int, typed=None, refusal: str = "") -> HttpResponse:
    cities = _cities(request.user)
    rows = domain.overview(year, cities)
    own = [row["city"].pk for row in rows if domain.may_designate(request.user, row["city"].pk)]
    context = {
        "nav": "ledger",
        "year": year,
        "years": domain.years(),
        "rows": rows,
        "sees_all": cities is None,
        "outside": sum(row["number"] < domain.LEAST for row in rows),
        "own": own,
        "offered": [entry for city in own for entry in domain.open_to(city, year)],
        "is_full": bool(own) and all(row["number"] >= domain.MOST for row in rows),
        "least": domain.LEAST,
        "most": domain.MOST,
        "clause": domain.CLAUSE,
        "typed": typed or {},
        "refusal": refusal,
    }
    return render(request, "desk/key_brands.html", context, status=422 if refusal else 200)


@require_POST
def designate(request: HttpRequest) -> HttpResponse:
    """Give a brand one of its city's places."""
    _cities(request.user)
    year, entry = _year(request.POST.get("year", "")), _entry(request)
    try:
        if entry is None:
            raise Refused("请选择一个劳务品牌。")
        domain.designate(
            entry,
            year=year,
            by=request.user,
            document_number=request.POST.get("document_number", ""),
            request_id=request.id,
        )
    except Conflict as conflict:
        return conflict_page(request, conflict, {"文号": request.POST.get("document_number", "")})
    except Refused as refusal:
        return _page(request, year, request.POST, str(refusal))
    messages.success(request, f"《{entry.title}》已确定为{year}年市级劳务品牌建设重点，公开页立即显示。")
    return _back(year)


def _entry(request: HttpRequest) -> CatalogueEntry | None:
    """Return the brand that was chosen among those of the person's own cities, or None."""
    pk = number(request, "entry")
    found = CatalogueEntry.objects.filter(pk=pk, kind=domain.KIND).first() if pk else None
    return found if found and domain.may_designate(request.user, found.region_id[:4]) else None


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, key: int) -> HttpResponse:
    """Ask for the reason, then take a brand off its place."""
    held = get_object_or_404(KeyBrand.objects.standing().select_related("city"), pk=key)
    if not domain.may_designate(request.user, held.city_id):
        raise Http404("another city's brand")
    entry, reason, refusal = domain.newest_entry(held.code), request.POST.get("reason", ""), ""
    if request.method == "POST":
        try:
            domain.withdraw(held, by=request.user, reason=reason, request_id=request.id)
            messages.success(request, f"《{entry.title}》不再是{held.year}年市级劳务品牌建设重点。")
            return _back(held.year)
        except Conflict as conflict:
            return conflict_page(request, conflict, {"理由": reason})
        except Refused as refused:
            refusal = str(refused)
    context = {"nav": "ledger", "key": held, "entry": entry, "typed": reason, "refusal": refusal}
    return render(request, "desk/key_brand_withdraw.html", context, status=422 if refusal else 200)


def _back(year: int) -> HttpResponse:
    return redirect(f"{reverse('key-brands')}?year={year}")
