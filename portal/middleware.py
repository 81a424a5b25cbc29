"""What happens around every request: its number, first passwords, private pages, no body for HEAD."""

import re
import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware, get_user
from django.contrib.auth.views import redirect_to_login
from django.http import FileResponse, HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from portal import access_log, asking, logs, networks, passwords, scope, targets

EXPIRED = "登录已过期，刚才的操作没有提交。请核对后重新提交。"
HELD = "登录已过期，刚才的操作没有提交，填写的内容已为您保留。登录后可以接着提交。"
OVER = {
    "old": "较长时间没有操作，登录已自动结束。已暂存的内容都在，请重新登录。",
    "changed": "您的岗位或单位有变动，登录已结束。请重新登录后继续。",
}
OF_ACCOUNTS = ("/login/", "/activate/", "/password/")  # what looks up a person before anybody is known
OF_A_FILING = re.compile(r"(/desk/filings/[0-9]+/)(edit/|check/|materials/)?")


def request_id(get_response):
    """Give the request a number that error pages and events show, and say where it came from."""

    def middleware(request):
        request.id = secrets.token_hex(8)
        access_log.begin(access_log.Origin(request.id, networks.address_of(request)))
        with logs.about(request.id):
            response = get_response(request)
        response["X-Request-ID"] = request.id
        return response

    return middleware


def nobody_asks_yet(get_response):
    """Let a request begin as a stranger's: pages are read as the public, anything else in nobody's name.

    What is sent piece by piece is made in the name of whoever asked for it.
    """

    def middleware(request):
        is_stranger = settings.SESSION_COOKIE_NAME not in request.COOKIES
        reads = request.method in ("GET", "HEAD", "OPTIONS") and not request.path_info.startswith(OF_ACCOUNTS)
        with asking.asking(asking.STRANGER if is_stranger and reads else asking.UNKNOWN):
            response = get_response(request)
            if response.streaming and not isinstance(response, FileResponse):
                _go_on_asking(response)
        return response

    return middleware


def _go_on_asking(response: HttpResponse) -> None:
    """Make and close what is streamed in the name of whoever asks now."""
    asker, closed = asking.current(), response.close
    response.streaming_content = asking.pieces(asker, response.streaming_content)

    def close() -> None:
        with asking.asking(asker):
            closed()

    response.close = close


def somebody_asks(get_response):
    """Tell the database what the person who is signed in may see, by the rule of the querysets."""

    def middleware(request):
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            asking.become(scope.asker(request.user))
        return get_response(request)

    return middleware


def head_makes_no_body(get_response):
    """Answer HEAD without making a body that is streamed (RFC 9110, 9.3.2).

    What an export reads and notes begins with its first piece, and nobody takes one. Files are closed.
    """

    def middleware(request):
        response = get_response(request)
        if request.method == "HEAD" and response.streaming:
            response.streaming_content = ()  # closing the answer still closes what was to be streamed
        return response

    return middleware


class SignInFirst(LoginRequiredMiddleware):
    """Lead strangers to the sign-in page, and back to a page: never to the address a form was sent to."""

    def process_view(self, request: HttpRequest, view_func, view_args, view_kwargs) -> HttpResponse | None:
        """Let the view of somebody signed in have the user himself, not what would look him up if asked.

        A page asks some thousand times of his posts; each would go through the stand-in.
        """
        refused = super().process_view(request, view_func, view_args, view_kwargs)
        if refused is None and getattr(view_func, "login_required", True):
            request.user = get_user(request)
        return refused

    def handle_no_permission(self, request: HttpRequest, view_func) -> HttpResponse:
        """Say of a form sent after the sign-in ran out that it was not taken, and lead to where it stood."""
        if request.method in ("GET", "HEAD", "OPTIONS"):
            if over := getattr(request, "sign_in_over", ""):
                messages.warning(request, OVER[over])
            return super().handle_no_permission(request, view_func)
        messages.warning(request, HELD if getattr(request, "form_is_held", False) else EXPIRED)
        field = self.get_redirect_field_name(view_func)
        return redirect_to_login(_page_of_the_form(request), self.get_login_url(view_func), field)


def _page_of_the_form(request: HttpRequest) -> str:
    """Return the address of the page a form stood on, the workbench when that was the answer to a form."""
    sent_from = request.META.get("HTTP_REFERER", "")
    if not url_has_allowed_host_and_scheme(sent_from, {request.get_host()}, request.is_secure()):
        return reverse("desk")
    page = urlsplit(sent_from)
    if of_a_filing := OF_A_FILING.match(page.path):
        return of_a_filing[0] + (f"?{page.query}" if of_a_filing[0] == page.path and page.query else "")
    return reverse("desk") if page.path == request.path else page._replace(scheme="", netloc="").geturl()


def change_first_password(get_response):
    """Lead a person whose password was set by somebody else, or is due, to the page where he sets his own."""

    def middleware(request):
        user = request.user
        allowed = {reverse("password-change"), reverse("logout")}
        if user.is_authenticated and passwords.is_due(user) and request.path not in allowed:
            return redirect("password-change")
        return get_response(request)

    return middleware


class PrivatePagesAreZipped(GZipMiddleware):
    """Compress what people who are signed in read; what strangers read is compressed where it is kept.

    Tokens of forms are masked anew in each page, and Django adds bytes by chance, so that the size of an
    answer tells nothing of what it holds (BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Return the answer, a whole page compressed."""
        is_page = response.get("Content-Type", "").startswith("text/html") and not response.streaming
        if not is_page or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return response
        return super().process_response(request, response)


def private_pages_are_not_stored(get_response):
    """Keep signed-in pages out of every cache, so that “back” after sign-out shows nothing."""

    def middleware(request):
        response = get_response(request)
        if request.user.is_authenticated:
            response["Cache-Control"] = "no-store"
        return response

    return middleware


def limits_are_read_once(get_response):
    """Let the rules read the limits of the notices once, however many filings a page looks at."""

    def middleware(request):
        with targets.read_once():
            return get_response(request)

    return middleware
