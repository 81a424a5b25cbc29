"""The pages for what is not there or no page, for a form whose token is refused, and for a fault of ours.

The last needs nothing but its template, so that it shows whatever broke.
"""

import re
import sqlite3
import sys
import unicodedata
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, InternalError, OperationalError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseServerError,
    RawPostDataException,
)
from django.shortcuts import render
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.log import log_response

from portal import bodies, display, given_back, registry, text
from portal.converters import CodeConverter
from portal.models import CatalogueEntry
from portal.sealing import Unreadable

_CODE = re.compile(rf"(?<![0-9A-Z]){CodeConverter.regex}(?![0-9A-Z])")
_CATALOGUE = re.compile("/catalogue/([^/]{1,40})/")
RETRY_AFTER = 5  # seconds
AWAY = {
    "sentence": "系统暂时连不上数据库，请过几秒再试一次。",
    "after": "已保存的内容都在。",
}
AWAY_FOR_A_FORM = AWAY | {
    "after": "刚才提交的内容不一定已经保存：请先打开原来的页面核对，没有保存的再提交一次。",
}
FULL = {
    "sentence": "系统的存储空间已满，或者存储设备读写出错，这一步没有办理。",
    "after": "已保存的内容都在。请联系系统管理员清理磁盘空间；之后先核对刚才的内容，没有保存的再提交一次。",
}
MOST_WORDS = 60  # characters of an address that are offered to the search


@login_not_required
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the 404 page with what may have been meant: the code elsewhere, its catalogue, a search.

    It knows published entries alone, so it says nothing of what exists behind a sign-in.
    """
    path = unicodedata.normalize("NFKC", text.clean(request.path))
    code, catalogue = _CODE.search(path.upper()), _CATALOGUE.match(path.lower())
    context = {
        "entries": _published(code[0]) if code else [],
        "catalogue": _public_type(catalogue[1]) if catalogue else None,
        "words": "" if code else _words(path),
    }
    return render(request, "404.html", context, status=404)


def _published(code: str) -> list[dict]:
    """Return the newest published entry of a code, whatever catalogue it is in."""
    found = CatalogueEntry.objects.public().filter(code=code).order_by("-valid_from", "-pk")[:1]
    return [{"entry": entry, "type": registry.get(entry.kind)} for entry in found]


def _public_type(slug: str) -> registry.RecordType | None:
    found = [t for t in registry.all_types() if t.public and t.slug == slug.replace("_", "-")]
    return next(iter(found), None)


def _words(path: str) -> str:
    """Return Chinese words of an address, to be searched for."""
    last = path.rstrip("/").rpartition("/")[2]
    return last[:MOST_WORDS] if re.search("[\u4e00-\u9fff]", last) else ""


@login_not_required
def token_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the 403 page of a form whose token does not hold, with what was typed into it.

    Only what came from a page of this site is given back: nobody else may lay words into ours.
    """
    is_ours = _came_from_here(request)
    context = {"typed": _typed(request) if is_ours else [], "back": _page_before(request)}
    return render(request, "403_csrf.html", context, status=403)


def _came_from_here(request: HttpRequest) -> bool:
    return request.headers.get("Origin", "") == f"{request.scheme}://{request.get_host()}"


def _page_before(request: HttpRequest) -> str:
    """Return the address here of the page that bore the form, if the browser says it."""
    before = urlsplit(request.headers.get("Referer", ""))
    if (before.scheme, before.netloc) != (request.scheme, request.get_host()):
        return ""
    page = before._replace(scheme="", netloc="", fragment="").geturl()
    return page if url_has_allowed_host_and_scheme(page, None) else ""


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Return label and words of all that was filled in, passwords and files not; none of a form too long."""
    if bodies.length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return []
    try:
        sent = [(name, value) for name, values in request.POST.lists() for value in values]
    except (OSError, RawPostDataException, SuspiciousOperation):  # cut off, or too large to be read
        return []
    return given_back.pairs(sent)


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the 400 page: what was asked for cannot be read."""
    page = loader.get_template("400.html").render(display.worn(request)._asdict())
    return HttpResponseBadRequest(page)


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """Return the 500 page with the number of the request, which the log holds too.

    The fault is logged here, once: Django itself passes over one that comes while an error page is made.
    A lost key, a full disk and a database that is away are said in a sentence (503): nothing is broken.
    """
    fault = sys.exception()
    if isinstance(fault, Unreadable):
        return _not_now(request, {"sentence": str(fault)}, "Sealed data cannot be read: %s", fault)
    if is_full(fault):
        return _not_now(request, FULL, "The database has no room: %s", fault)
    if is_away(fault):
        said = AWAY if request.method in ("GET", "HEAD") else AWAY_FOR_A_FORM
        return _not_now(request, said, "The database is away: %s", fault)
    shown = {"request_id": getattr(request, "id", ""), **display.worn(request)._asdict()}
    page = loader.get_template("500.html").render(shown)
    answer = HttpResponseServerError(page)
    log_response(
        "%s: %s", answer.reason_phrase, request.path, response=answer, request=request, exception=fault
    )
    return answer


def _not_now(request: HttpRequest, said: dict[str, str], logged: str, fault: Exception) -> HttpResponse:
    page = loader.get_template("503.html").render({**said, **display.worn(request)._asdict()})
    answer = HttpResponse(page, status=503, headers={"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"})
    log_response(logged, fault, response=answer, request=request)
    return answer


def is_full(fault: BaseException | None) -> bool:
    """Say whether the disk under the database is full or does not write: by SQLite's code, by SQLSTATE."""
    cause = getattr(fault, "__cause__", None)
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0)
        return code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)  # above it stand extended codes
    return getattr(cause, "sqlstate", None) in ("53100", "58030")


def is_away(fault: BaseException | None) -> bool:
    """Say whether a fault is that of a database which is restarting or busy, not one of ours.

    By SQLSTATE (PostgreSQL, appendix A): 08 connection, 53 resources, 57P shut down or starting, 25P03 a
    transaction given up; none where nobody answered. Of SQLite it is the lock that did not come.
    """
    cause = getattr(fault, "__cause__", None)
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    if isinstance(fault, OperationalError | InternalError):
        unsaid = "08" if isinstance(fault, OperationalError) else ""
        return (getattr(cause, "sqlstate", None) or unsaid).startswith(("08", "53", "57P", "25P03"))
    return isinstance(fault, InterfaceError)


def a_form_has_no_page(get_response):
    """Answer with a page, not with nothing, where somebody opens the address of a form; a middleware."""

    def middleware(request):
        response = get_response(request)
        if response.status_code != 405 or response.content or request.method != "GET":
            return response
        page = loader.get_template("405.html").render(display.worn(request)._asdict())
        return HttpResponse(page, status=405, headers={"Allow": response["Allow"]})

    return middleware
