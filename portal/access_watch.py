"""The middleware that records what the answer to somebody signed in was: refused, taken out, shown in full.

An answer that says nothing of anybody costs nothing: no row, no query. What cannot be recorded is not sent.
"""

from dataclasses import replace
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse

from portal import access_log
from portal.models import Act, ActResult

REFUSED = (403, 404)
SAID_WRONG = (409, 413, 422)  # pages that say what is wrong with a form show what they showed before
# Their own note says what was taken out, and how much of it.
NOTED = ("desk-export", "filing-export", "campaign-package", "audit-export")


def watch(get_response):
    """Say in whose name the acts of a request are done, and record what its answer was."""

    def middleware(request):
        access_log.begin(replace(access_log.origin(), user=request.user))
        response = get_response(request)
        user = request.user  # after the view: who signed out is not there any more
        if user.is_authenticated and request.method != "HEAD":
            _record(request, response)
        return response

    return middleware


def _record(request: HttpRequest, response: HttpResponse) -> None:
    shown = getattr(request, "shows_numbers", None)
    if response.status_code in REFUSED:
        if refused := _refused(request):
            access_log.record(Act.ACCESS, result=ActResult.REFUSED, details=_details(response), **refused)
    elif response.status_code >= 400 and response.status_code not in SAID_WRONG:
        return
    elif response.has_header("Content-Disposition"):
        if not _is_noted(request):
            _record_download(request, response, shown)
    elif shown and shown["phones"]:
        access_log.record(Act.VIEW, details=_details(response), **shown)


def _refused(request: HttpRequest) -> dict | None:
    """Return what was asked for and refused; an address that leads nowhere at all is no refusal."""
    found = request.resolver_match
    if found is None:
        return None
    return {
        "kind": found.view_name or "",
        "key": _key(found.kwargs),
        "title": f"{request.method} {request.path}",
    }


def _is_noted(request: HttpRequest) -> bool:
    found = request.resolver_match
    name = found.view_name if found else ""
    return name in NOTED or (name.startswith("admin:") and request.method == "POST")


def _record_download(request: HttpRequest, response: HttpResponse, shown: dict | None) -> None:
    """Record a file that goes out; of one that is fetched in parts its beginning alone.

    The name of one that was marked may be personal data: the mark says what it is.
    """
    span = response.headers.get("Content-Range", "bytes 0-")
    if not span.startswith("bytes 0-"):
        return
    found, name = request.resolver_match, _file_name(response)
    told = shown or {"kind": found.view_name, "key": _key(found.kwargs), "title": name}
    details = _details(response) | ({} if shown else {"file": name}) | {"page": request.path}
    access_log.record(Act.DOWNLOAD, details=details, **told)


def _key(values: dict) -> str:
    return " ".join(str(value) for value in values.values())


def _file_name(response: HttpResponse) -> str:
    """Return the name of a file as it is offered, RFC 6266."""
    said = response.headers["Content-Disposition"].rpartition("=")[2]
    return unquote(said.removeprefix("utf-8''").strip('"'))


def _details(response: HttpResponse) -> dict:
    return {"status": response.status_code}
