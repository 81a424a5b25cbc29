"""Going somewhere at once: the page of the command palette, its answer for the script, what was opened."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal import palette
from portal.context_processors import desk


@require_safe
def go(request: HttpRequest) -> HttpResponse:
    """Pages and filings that are called so, and without words what was opened last and every page."""
    words = palette.asked(request.GET)
    groups = {
        "最近打开": [] if words else palette.opened(request),
        "填报": palette.filings(words, request.user),
        "页面": palette.pages(words, desk(request)),
    }
    groups = {name: lines for name, lines in groups.items() if lines}
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"groups": [_told(name, lines) for name, lines in groups.items()]})
    return render(request, "desk/go.html", {"nav": "go", "q": words, "groups": groups})


def _told(name: str, lines: list[palette.Line]) -> dict:
    told = [{"title": line.title, "note": line.note, "url": line.url} for line in lines]
    return {"name": name, "lines": told}


def remembered(view: Callable) -> Callable:
    """Return the view of a filing's page that also lets the browser remember that it was opened."""

    @wraps(view)
    def noted(request: HttpRequest, pk: int) -> HttpResponse:
        answer = view(request, pk)
        if request.method == "GET" and answer.status_code == 200:
            palette.note_opened(request, answer, pk)
        return answer

    return noted
