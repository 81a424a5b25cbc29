"""What costs much, how often one account or one network may ask for it, and the middleware that holds to it.

OWASP ASVS 5.0, 2.4.1. It comes before the view and before the body is read. Somebody signed in counts by
his account alone, and who signs in from a browser he has signed in with before by that, so that no bureau is
shut out by what others behind its address do; strangers share their network.
"""

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from portal import attempts, display, limiter
from portal.networks import network_of


@dataclass(frozen=True)
class Limit:
    """How many requests of a kind one account, and all strangers of one network, may send in ``seconds``."""

    account: int
    network: int
    seconds: int = 60


LIMITS = {
    "enter": Limit(account=6, network=12, seconds=2),  # a name and a password, or a code
    "search": Limit(account=60, network=300),
    "data": Limit(account=600, network=600),
    "take": Limit(account=60, network=300),  # a file made on demand: export, print, template
    "fetch": Limit(account=600, network=600),  # a file that is stored; a video is fetched in many parts
    "send": Limit(account=120, network=30),  # a file that is read: upload, import
}
SMALL = 16 * 1024  # bytes: more than a name and a password take
READING, SENDING = ("GET", "HEAD", "POST"), ("POST", "PUT")
# Every route that takes a file in or gives one out stands here; a test asks the list of routes.
_KINDS = {
    ("search", READING): "search go audit-phone",
    ("take", READING): """
        catalogue-download edition-download notice-download desk-export filing-export audit-export
        audit-anchors campaign-board dashboard-download desk-numbers-download desk-targets-download
        report-behind-download round-ranking import-receipt history-receipt history-template filing-template
        edition-template filing-print circulation-print form-blank""",
    ("take", SENDING): "campaign-package report-make job-again audit-check",
    ("fetch", READING): """
        edition-file edition-document history-document attachment attachment-display job-file""",
    ("send", SENDING): """
        filing-import import-confirm filing-upload filing-archive edition-import edition-attach
        history-list""",
}
# Sign-ins are counted before anything is asked for, and once more by `attempts`, which knows the names.
DOORS = ("login", "login-code")
ROUTES = {route: (kind, methods) for (kind, methods), names in _KINDS.items() for route in names.split()}


class Throttle:
    """Answer 429 before a view runs that was asked for too often."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer who tries the door too often at once; all else waits until its view is known."""
        tries = settings.THROTTLE and request.method == "POST" and request.path in _doors()
        if tries and not _may_try(request):
            return _too_often(request, "enter")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        """Return the answer to whoever asks too often, nothing to all others."""
        kind = kind_of(request.resolver_match.view_name, request.method)
        if not kind or not settings.THROTTLE or _is_within(kind, request):
            return None
        return _too_often(request, kind)


def kind_of(route: str, method: str) -> str:
    """Return the kind of request that a route is asked with, "" for what costs no more than a page."""
    if route.startswith("api:"):
        return "data"
    if route.startswith("admin:") and route.endswith(("_export", "_import")):
        return ("take" if route.endswith("_export") else "send") if method == "POST" else ""
    kind, methods = ROUTES.get(route, ("", ()))
    return kind if method in methods else ""


def _is_within(kind: str, request: HttpRequest) -> bool:
    limit = LIMITS[kind]
    if request.user.is_authenticated:
        return _is_let_through(kind, f"account {request.user.pk}", limit.account)
    return _is_let_through(kind, f"network {network_of(request)}", limit.network)


def _may_try(request: HttpRequest) -> bool:
    """Count a try at the door by its browser, where somebody has signed in with that, else by its network."""
    limit = LIMITS["enter"]
    if device := attempts.device(request):
        return _is_let_through("enter", f"device {device}", limit.account)
    return _is_let_through("enter", f"network {network_of(request)}", limit.network)


def _is_let_through(kind: str, who: str, most: int) -> bool:
    most, seconds = int(most * settings.THROTTLE), LIMITS[kind].seconds
    return limiter.within(kind, who, most=most, seconds=seconds)


@cache
def _doors() -> tuple[str, ...]:
    return tuple(reverse(name) for name in DOORS)


def _too_often(request: HttpRequest, kind: str) -> HttpResponse:
    """Return 429 (RFC 6585, 4) in words, to programs as JSON; nothing is looked up for it."""
    seconds = LIMITS[kind].seconds
    if kind == "enter":
        request.read(SMALL)  # left unread it ends the connection, and the answer might not arrive
    said = f"短时间内请求次数较多，这一次没有办理。请 {seconds} 秒后再试。"
    if kind == "data":
        answer = JsonResponse({"error": {"status": 429, "message": said, "fields": []}}, status=429)
    elif request.method == "PUT" or "application/json" in request.headers.get("Accept", ""):
        answer = JsonResponse({"message": said}, status=429)
    else:
        answer = HttpResponse(_page(said, display.worn(request)), status=429)
    answer["Retry-After"], answer["Cache-Control"] = str(seconds), "no-store"
    answer.began_nothing = True
    return answer


@cache
def _page(said: str, worn: display.Worn) -> str:
    """Return the page for people as it is ``worn``; made once, for it is asked for by the hundred."""
    return render_to_string("429.html", {"said": said, **worn._asdict()})
