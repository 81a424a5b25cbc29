"""How far the policy targets are: what everybody reads, and what the province and the cities read beyond it.

Each view: scope, one read, answer. Nothing is written here; a target is changed in the administration.
"""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal import exports, gauges, progress, target_sheets, targets
from portal.browse import PROVINCE_CODE
from portal.gauges import Wish
from portal.models import TargetScope
from portal.progress import Progress, Unknown
from portal.views.desk import page_of
from portal.vocabulary import Level


@login_not_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The public gauges on a day."""
    wish, day = _asked(request)
    found = progress.overview(day)
    context = {"nav": "targets", **_overview(found, wish, "target")}
    return render(request, "public/targets.html", context)


@login_not_required
@require_safe
def target(request: HttpRequest, target: str) -> HttpResponse:
    """One public target: its sentence, the cities, the entries behind the number."""
    wish, day = _asked(request)
    found = _found(target, day, wish)
    context = {"nav": "targets", **_one(request, found, wish, "target")}
    return render(request, "public/target.html", context)


@require_safe
def desk_overview(request: HttpRequest) -> HttpResponse:
    """All gauges, and the cities beside each other."""
    root = _root(request)
    wish, day = _asked(request)
    found = progress.overview(day, public=False, root=root)
    cities = [city for city in targets.regions_on(day, Level.CITY) if city.code.startswith(root)]
    context = {
        "nav": "targets",
        **_overview(found, wish, "desk-target"),
        "headings": [{"label": one.target.label, "year": one.year if one.years else ""} for one in found],
        "matrix": gauges.matrix(found, cities),
    }
    return render(request, "desk/targets.html", context)


@require_safe
def desk_target(request: HttpRequest, target: str) -> HttpResponse:
    """One target with what is not public: counties, units, pairs over the limit."""
    root = _root(request)
    wish, day = _asked(request)
    found = _found(target, day, wish, public=False, root=root)
    scope = found.target.scope
    context = {
        "nav": "targets",
        **_one(request, found, wish, "desk-target"),
        "counties": gauges.by_county(found) if scope == TargetScope.COUNTY else [],
        "county_lines": _of_city(found, wish) if scope == TargetScope.COUNTY else [],
        "is_of_pairs": scope == TargetScope.PAIR,
        "crowded": gauges.crowded(found) if scope == TargetScope.PAIR else [],
    }
    return render(request, "desk/target.html", context)


@require_safe
def desk_download(request: HttpRequest) -> HttpResponse:
    """The progress as a workbook."""
    root = _root(request)
    _, day = _asked(request)
    data = target_sheets.workbook_of(progress.overview(day, public=False, root=root), day)
    return exports.download(data, f"{target_sheets.TITLE}-{day}.xlsx")


def _asked(request: HttpRequest):
    """Return the wish and its day; what cannot be counted is 404."""
    wish = gauges.read_wish(request.GET)
    try:
        return wish, wish.day
    except Unknown as unknown:
        raise Http404(f"unknown {unknown}") from None


def _root(request: HttpRequest) -> str:
    """Return the region whose numbers the person reads; whoever looks after none finds no page."""
    root = gauges.root_of(request.user)
    if not root:
        raise Http404("looks after no targets")
    return root


def _found(slug: str, day, wish: Wish, *, public: bool = True, root: str = PROVINCE_CODE) -> Progress:
    try:
        return progress.progress(slug, day, year=wish.year, public=public, root=root)
    except Unknown as unknown:
        raise Http404(f"unknown {unknown}") from None


def _overview(found: list[Progress], wish: Wish, route: str) -> dict:
    return {
        "wish": wish,
        "day": wish.day,
        "gauges": gauges.gauges(found, wish, route),
        "about": gauges.about(found),
    }


def _one(request: HttpRequest, found: Progress, wish: Wish, route: str) -> dict:
    """Return what the page of one target shows, public or not."""
    try:
        rows = gauges.behind(found, wish, request.user)
    except Unknown as unknown:
        raise Http404(f"unknown {unknown}") from None
    below = gauges.is_below(found)
    is_short = request.GET.get("short") == "1" and below is not None
    page = page_of(request, rows.filter(below) if is_short else rows)
    params = wish.params
    if is_short:
        params["short"] = "1"
    return {
        "found": found,
        "target": found.target,
        "wish": wish,
        "day": found.day,
        "gauge": gauges.gauge(found, wish, route),
        "about": gauges.about([found]),
        "places": gauges.places(found, wish),
        "counts": gauges.heading(found),
        "page": page,
        "params": params,
        "lines": gauges.lines(found, page),
        "amount": found.count.amount,
        "measure": gauges.measure(found),
        "dated": gauges.dated(found),
        "cited": gauges.cited(found.target),
        "has_below": below is not None,
        "is_short": is_short,
    }


def _of_city(found: Progress, wish: Wish) -> list:
    """Return the counties of the city asked for, zones and the city's own after them."""
    lines = [line for line in found.count.lines if wish.city and line.place.startswith(wish.city)]
    return sorted(lines, key=lambda line: (line.is_apart, line.place))
