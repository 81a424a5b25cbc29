"""How a visitor wants to see the pages: 长者模式, 字号, colours, row height. Kept in cookies."""

from django.contrib.auth.decorators import login_not_required
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseForbidden,
    HttpResponseRedirect,
)
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.cookies import called
from portal.display import DENSITIES, DENSITY, ELDER, TEXT, TEXT_SIZES, THEME, THEMES

ALLOWED = {ELDER: {"on"}, THEME: set(THEMES), DENSITY: set(DENSITIES), TEXT: set(TEXT_SIZES) - {""}}
A_YEAR = 365 * 24 * 3600


# No token: the form stands on every public page, and a token would give each visitor his own cookie and page.
# Nothing on the server changes, and a form sent from another site is refused by its Origin.
@csrf_exempt
@login_not_required
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Store the preferences that were sent, drop those sent empty, and go back to the page they came from."""
    if not _from_this_site(request):
        return HttpResponseForbidden("请在本站页面上更改显示方式。", content_type="text/plain; charset=utf-8")
    response = HttpResponseRedirect(_local(request, request.POST.get("next", "")))
    for name, allowed in ALLOWED.items():
        if name in request.POST:
            _remember(response, name, request.POST[name], allowed, secure=request.is_secure())
    return response


def _remember(response: HttpResponse, name: str, value: str, allowed: set[str], *, secure: bool) -> None:
    cookie = called(name)
    if value in allowed:
        response.set_cookie(cookie, value, max_age=A_YEAR, samesite="Lax", httponly=True, secure=secure)
    else:
        response.delete_cookie(cookie, samesite="Lax")


def _from_this_site(request: HttpRequest) -> bool:
    origin, host = request.headers.get("Origin", ""), request.get_host()
    return origin in ("", f"http://{host}", f"https://{host}")


def _local(request: HttpRequest, target: str) -> str:
    """Return ``target`` when it is a path of this site, else the home page (browsers drop tabs)."""
    plain = target.startswith("/") and not any(c in target for c in "\\\t\r\n")
    safe = plain and url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    )
    return target if safe else "/"
