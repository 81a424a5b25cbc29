"""The dashboards of province, cities and counties. Each view: scope, one read, answer; nothing is written."""

from collections.abc import Callable
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal import behind_numbers, dashboards, exports, inbox, kept, panels, registry
from portal.dashboards import Asked, Dashboard
from portal.panels import Panel
from portal.reports import NUMBER, Cell, Line, Number, Unknown
from portal.views.desk import page_of

CELL = ("place", "own", "all", "kind", "state", "month", "act", "band", "desk", "handled", "campaign", "duty")


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """The panels of the region of the person, or of one below, at an instant."""
    with kept.one_reading():
        return _shown(request)


def _shown(request: HttpRequest) -> HttpResponse:
    asked = _asked(request)
    board = Dashboard(asked, request.user)
    is_empty = not asked.odd and board.is_empty
    shown = [] if asked.odd else panels.panels(board)
    if is_empty:
        shown = [panel for panel in shown if panel.slug in panels.OF_TASKS]
    address = partial(_address, asked=asked, list_url=reverse("dashboard-behind"))
    context = {
        "nav": "dashboard",
        "asked": asked,
        "regions": {region.code: region.full_name for region in dashboards.regions(asked)},
        "types": {record_type.slug: str(record_type) for record_type in registry.all_types()},
        "is_empty": is_empty,
        "panels": [written(panel, address) for panel in shown],
    }
    return render(request, "desk/dashboard.html", context, status=422 if asked.odd else 200)


@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """The same numbers as a workbook, a sheet for each panel."""
    asked = _countable(request)
    board = Dashboard(asked, request.user)
    data = panels.workbook_of(board, panels.panels(board))
    day = asked.at or f"{asked.cutoff.astimezone(dashboards.windows.SHANGHAI):%Y-%m-%d}"
    return exports.download(data, f"{panels.TITLE}-{asked.region.name}-{day[:10]}.xlsx")


@require_safe
def behind(request: HttpRequest) -> HttpResponse:
    """What one number counts, page by page."""
    asked = _countable(request)
    cell = {name: request.GET[name][:40] for name in CELL if name in request.GET}
    try:
        found = behind_numbers.behind(Dashboard(asked, request.user), cell)
    except Unknown as unknown:
        raise Http404(f"no such number: {unknown}") from None
    named = {name: word for name, word in cell.items() if name != "kind"}
    return listed(request, asked, found, named, "desk/dashboard_behind.html")


def listed(request: HttpRequest, asked, found, cell: dict[str, str], template: str) -> HttpResponse:
    """Return the page of what is behind a number; ``cell`` is its place beside what was ``asked``."""
    page = page_of(request, found.rows)
    lines = [labelled(line, found.headings) for line in found.lines(page)]
    context = {
        "nav": "dashboard",
        "asked": asked,
        "found": found,
        "page": page,
        "params": inbox.as_params(**asked.params.dict(), **cell),
        "headings": found.headings,
        "lines": lines,
        "numbers": {name for line in lines for name, said in line["cells"] if isinstance(said, int | float)},
    }
    return render(request, template, context)


def _asked(request: HttpRequest) -> Asked:
    """Return what is asked; whoever reads no numbers of the region finds no page."""
    asked = dashboards.read(request.GET, request.user)
    if asked is None:
        raise Http404("reads no numbers of this region")
    return asked


def _countable(request: HttpRequest) -> Asked:
    asked = _asked(request)
    if asked.odd:
        raise Http404("nothing can be counted for this instant")
    return asked


def written(panel: Panel, address: Callable[[Number], str]) -> dict:
    """Return a panel as the template writes it: the cells in words, each number with its address."""
    made = panel.table
    headings = [{"text": column.label, "is_number": column.holds == NUMBER} for column in made.columns]
    return {
        "panel": panel,
        "headings": headings,
        "rows": [_row(line, headings, address) for line in made.lines()],
    }


def _row(line: Line, headings: list[dict], address: Callable[[Number], str]) -> dict:
    first, *cells = (
        _cell(cell, heading["is_number"], address) for heading, cell in zip(headings, line.cells, strict=True)
    )
    return {"first": first, "cells": cells, "style": line.style}


def _cell(cell: Cell, is_number: bool, address: Callable[[Number], str]) -> dict:
    if not isinstance(cell, Number):
        return {"said": "" if cell is None else str(cell), "url": "", "is_number": is_number}
    url = address(cell) if cell.value else ""
    return {"said": str(cell.value), "url": url, "is_number": is_number}


def _address(number: Number, asked: Asked, list_url: str) -> str:
    """Return where a number leads: the list behind it, of a target its own page."""
    if "target" in number.cell:
        day = f"?on={dashboards.rollups.day_of(asked.cutoff)}" if asked.at else ""
        return reverse("desk-target", args=[number.cell["target"]]) + day
    return list_url + asked.query(**number.cell)


def labelled(line: dict, headings: tuple[str, ...]) -> dict:
    """Return a line of a list with the heading beside each of its cells."""
    return {**line, "cells": list(zip(headings[1:], line["cells"], strict=True))}
