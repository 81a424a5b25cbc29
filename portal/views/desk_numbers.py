"""The numbers of the desks. Each view: scope, one read, answer; nothing is written."""

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal import dashboards, desk_behind, desk_numbers, desk_panels, exports, kept, registry
from portal.desk_numbers import Asked
from portal.reports import Number, Unknown
from portal.views.dashboard import listed, written

CELL = ("place", "own", "all", "desk", "band", "holder", "step")


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """What waits and how long the steps took, of the desk of the person or of one below."""
    with kept.one_reading():
        return _shown(request)


def _shown(request: HttpRequest) -> HttpResponse:
    asked = _asked(request)
    address = partial(_address, asked=asked, list_url=reverse("desk-numbers-behind"))
    shown = [] if asked.odd else desk_panels.panels_of(asked)
    context = {
        "nav": "dashboard",
        "asked": asked,
        "regions": {region.code: region.full_name for region in dashboards.regions(asked)},
        "types": {record_type.slug: str(record_type) for record_type in registry.all_types()},
        "presets": [] if asked.odd else _presets(asked),
        "is_empty": all(panel.is_empty for panel in shown),
        "panels": [written(panel, address) for panel in shown],
    }
    return render(request, "desk/numbers.html", context, status=422 if asked.odd else 200)


def _presets(asked: Asked) -> list[dict]:
    return [
        {
            "word": word,
            "url": asked.query(since=str(first), until=str(last)),
            "is_now": (first, last) == (asked.first, asked.last),
        }
        for word, (first, last) in desk_numbers.presets(timezone.localdate()).items()
    ]


@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """The same numbers as a workbook, a sheet for each table."""
    asked = _countable(request)
    data = desk_panels.workbook_of(asked, desk_panels.panels_of(asked))
    name = f"{desk_panels.TITLE}-{asked.region.name}-{asked.first}-{asked.last}.xlsx"
    return exports.download(data, name)


@require_safe
def behind(request: HttpRequest) -> HttpResponse:
    """What one number counts, page by page."""
    asked = _countable(request)
    cell = {name: request.GET[name][:40] for name in CELL if name in request.GET}
    try:
        found = desk_behind.behind(asked, request.user, cell)
    except Unknown as unknown:
        raise Http404(f"no such number: {unknown}") from None
    return listed(request, asked, found, cell, "desk/numbers_behind.html")


def _asked(request: HttpRequest) -> Asked:
    """Return what is asked; whoever reviews at no desk of the region finds no page."""
    asked = desk_numbers.read(request.GET, request.user)
    if asked is None:
        raise Http404("reads no numbers of this desk")
    return asked


def _countable(request: HttpRequest) -> Asked:
    asked = _asked(request)
    if asked.odd:
        raise Http404("nothing can be counted for these days")
    return asked


def _address(number: Number, asked: Asked, list_url: str) -> str:
    return list_url + asked.query(**number.cell)
