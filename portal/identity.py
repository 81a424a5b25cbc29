"""What the sign-in of a request must satisfy before a view runs: time, place, posts, second step, proof.

Costs a stranger nothing, and somebody signed in no query but the one for his posts, which every page of the
workbench asks anyway.
"""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from portal import access_log, held_forms, networks, second_factor, sessions
from portal.models import Act, ActResult
from portal.vocabulary import ADMIN_ROLES

# Acts that are confirmed by the password or a code when the last proof is ten minutes old (ASVS 5.0, 7.5.3):
# what becomes public, what gives rights, what takes personal data along. Route → the methods that are such.
SENSITIVE = {
    "publish": ("POST",),
    "exit": ("POST",),
    "reinstate": ("POST",),
    "edition-act": ("POST",),
    "notice-publish": ("POST",),
    "notice-withdraw": ("POST",),
    "round-confer": ("POST",),
    "key-brand-designate": ("POST",),
    "key-brand-withdraw": ("POST",),
    "history-act": ("POST",),
    "campaign-package": ("POST",),
    "desk-export": ("GET", "POST"),
    "filing-export": ("GET", "POST"),
    "audit-export": ("GET", "POST"),
    "second-factor": ("GET", "POST"),
    "sessions-end": ("POST",),
    "message-preferences": ("POST",),  # the mail address, which links for a new password go to (7.5.1)
    "admin:portal_user_add": ("POST",),
    "admin:portal_user_change": ("POST",),
    "admin:portal_user_changelist": ("POST",),
    "admin:portal_membership_add": ("POST",),
    "admin:portal_membership_change": ("POST",),
    "admin:portal_resetrequest_changelist": ("POST",),
}
# Routes of which some acts alone are such: the field that names the act, and those acts.
PARTLY = {"batch-do": ("action", ("publish",)), "review-act": ("action", ("remove",))}
FREE = ("login", "logout", "password-change", "second-factor", "preferences", "healthz", "readyz")
UNATTENDED = ("/presence/", "/stay/")  # what a page asks by itself is no sign of a person


def sign_in_holds(get_response):
    """End a sign-in that is over, keep what was sent with it, and note of any other that it is in use."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.sign_in_over = ""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            if why := sessions.why_over(request):
                request.form_is_held = why == sessions.OLD and held_forms.hold(request, request.user)
                sessions.end(request)
                request.sign_in_over = why
            elif _is_attended(request):
                sessions.touch(request)
        return get_response(request)

    return middleware


def _is_attended(request: HttpRequest) -> bool:
    by_itself = request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "empty"
    return not by_itself and not request.path.endswith(UNATTENDED)


def from_allowed_networks(get_response):
    """Let administrators in from their networks alone, and nobody else to their pages.

    Who was signed in and refused is recorded; a stranger's refusal is a line of the log of requests, so that
    nobody fills the access log from outside.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.ADMIN_NETWORKS and not networks.is_allowed(request):
            is_page_of_theirs = request.path.startswith("/admin/")
            is_theirs = request.user.is_authenticated and request.user.has_role(*ADMIN_ROLES)
            if request.user.is_authenticated and (is_page_of_theirs or is_theirs):
                _record_network(request)
            if is_page_of_theirs:
                raise PermissionDenied
            if is_theirs:
                sessions.end(request)
        return get_response(request)

    return middleware


def _record_network(request: HttpRequest) -> None:
    access_log.record(
        Act.ACCESS,
        by=request.user,
        result=ActResult.REFUSED,
        kind="network",
        title=f"{request.method} {request.path}",
        details={"said": "不在管理人员的网段"},
    )


class ConfirmAgain:
    """Ask for the password or a code before a sensitive act, for the second step where posts demand one."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Only views are looked at."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        """Return the way to what must be done first, nothing where the view may run."""
        route = request.resolver_match.view_name
        if not request.user.is_authenticated or (route in FREE and route not in SENSITIVE):
            return None
        if route not in ("second-factor", "confirm") and _lacks_second_step(request):
            return redirect("second-factor")
        if _is_sensitive(request, route) and not sessions.is_confirmed(request):
            return _to_be_confirmed(request)
        return None


def _is_sensitive(request: HttpRequest, route: str) -> bool:
    """Say whether a request asks for a sensitive act."""
    if route in PARTLY:
        field, acts = PARTLY[route]
        return request.POST.get(field) in acts
    is_export = route.startswith("admin:") and route.endswith("_export")
    return is_export or request.method in SENSITIVE.get(route, ())


def _lacks_second_step(request: HttpRequest) -> bool:
    """Say whether the posts demand an authenticator that is not there; looked up once a sign-in."""
    if not settings.MFA_REQUIRED or request.session.get("second_step"):
        return False
    return second_factor.is_wanted(request.user)


def _to_be_confirmed(request: HttpRequest) -> HttpResponse:
    """Keep the form and lead to the page that asks; a script is told in words."""
    is_held = held_forms.hold(request, request.user, empty=True)
    back = reverse("held-form") if is_held else _place_of(request)
    where = f"{reverse('confirm')}?{urlencode({'next': back})}"
    if "application/json" in request.headers.get("Accept", ""):
        said = "这项操作要先确认身份，内容已保留，请刷新本页后确认。"
        return JsonResponse({"message": said, "url": where}, status=401)
    if request.FILES:
        messages.warning(request, "随表单上传的文件没有保留，确认身份后请重新选择。")
    return redirect(where)


def _place_of(request: HttpRequest) -> str:
    return request.get_full_path() if request.method == "GET" else reverse("desk")
