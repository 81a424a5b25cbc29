"""How many bytes a route takes, and the middleware that refuses more by the announced length, unread.

OWASP ASVS 5.0, 5.2.1. It comes before all that reads forms, which the check of their tokens does before
anybody asks who is signed in. A request that announces no length has no body for Django, so that what is sent
in pieces of unknown number is never read. The proxy holds to the same figures (``deploy/nginx.conf``).
"""

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from portal import archives, bodies, edition_files, historical, registry
from portal.sandbox import flat

#: Forms with rows, and the form that was held for its sender: as much as Django reads of fields.
GRIDS = ("filing-edit", "filing-autosave", "held-form")
#: Files. The views of these routes ask who is signed in, look at the length before anything is read and say
#: in words what is too large; a slot of a draft may take less than the largest one.
UPLOADS = {
    "filing-archive": archives.MOST_BYTES,
    "filing-import": flat.MOST_BYTES,
    "history-list": flat.MOST_BYTES + historical.MOST_BYTES,
    "edition-import": settings.UPLOAD_LIMIT,
    "edition-attach": edition_files.MOST_BYTES,
}
SLOT = "filing-upload"
SAID = "提交的内容太大，没有读取，也没有保存。请分几次提交；文件请在上传材料或导入的页面上传。"


def most(route: str) -> int:
    """Return the most bytes that a body sent to a route may have."""
    if route == SLOT:
        return _largest_slot() + bodies.ENVELOPE
    if route in UPLOADS:
        return UPLOADS[route] + bodies.ENVELOPE
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE if route in GRIDS else bodies.FORM


def is_too_long(request: HttpRequest, route: str) -> bool:
    """Say whether a request announces more than the route takes."""
    return bodies.length(request) > most(route)


def too_long_is_refused(get_response):
    """Answer 413 before anything reads a body that is too long for its route; a middleware."""

    def middleware(request):
        return _refusal(request) if _is_refused(request) else get_response(request)

    return middleware


def _is_refused(request: HttpRequest) -> bool:
    if bodies.length(request) <= bodies.FORM:  # every route takes that, and hardly anybody sends more
        return False
    route = _route(request)
    return route != SLOT and route not in UPLOADS and is_too_long(request, route)


def _route(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""


@cache
def _largest_slot() -> int:
    return max(slot.most_bytes for kind in registry.all_types() for slot in kind.all_slots.values())


def _refusal(request: HttpRequest) -> HttpResponse:
    """Return 413 (RFC 9110, 15.5.14) in words, to scripts as JSON; nothing is looked up for it."""
    if request.method == "PUT" or "application/json" in request.headers.get("Accept", ""):
        answer = JsonResponse({"message": SAID}, status=413)
    else:
        answer = HttpResponse(_page(), status=413)
    answer["Cache-Control"], answer.began_nothing = "no-store", True
    return answer


@cache
def _page() -> str:
    """Return the page for people; made once."""
    return render_to_string("413.html", {"said": SAID})
