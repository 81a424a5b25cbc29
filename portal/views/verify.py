"""Whether a printed sheet is genuine, for anybody who holds it: a check code in, what is public out."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portal import authenticity, check_codes, limiter, text
from portal.models import FilingVersion
from portal.networks import address_of

# No code can be guessed; the brake keeps machines from asking all day. A whole office may share an address.
ASKED, ASKED_WITHIN = 120, 60
# A name could be tried out by whoever has the code, so that only a reader of the sheet gets far.
COMPARED, COMPARED_WITHIN = 5, 600
COMPARED_BY_ALL, COMPARED_BY_ALL_WITHIN = 30, 3600
LONGEST_NAME = 200


@login_not_required
@require_safe
@never_cache
def verify(request: HttpRequest) -> HttpResponse:
    """The form; with ``code`` the way to the page of that sheet."""
    typed = request.GET.get("code", "")
    if not typed.strip():
        return _page(request, {"code_missing": True} if "code" in request.GET else {})
    if not _may_ask(request):
        return _too_often(request)
    version = check_codes.find(typed)
    if version is None:
        return _unknown(request, typed)
    return redirect(reverse("verify-sheet", args=[check_codes.code_of(version)]))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def verify_sheet(request: HttpRequest, typed: str) -> HttpResponse:
    """What is public of the sheet with this code; POST compares a ``name`` and stores nothing."""
    if not _may_ask(request):
        return _too_often(request)
    version = check_codes.find(typed)
    if version is None:
        return _unknown(request, typed)
    said = authenticity.answer(version)
    code = check_codes.code_of(version)
    context = {"answer": said, "code": code, "typed": code}
    if request.method == "POST" and said.compares:
        context |= _compared(request, version)
    return _page(request, context, status=429 if context.get("is_worn") else 200)


def _compared(request: HttpRequest, version: FilingVersion) -> dict:
    """Return whether the typed name is that of the version, or that it was asked too often."""
    name, one = request.POST.get("name", "")[:LONGEST_NAME].strip(), str(version.pk)
    if not name:
        return {"name_missing": True}
    who = f"{one} {address_of(request)}"
    if not limiter.within("compare", who, most=COMPARED, seconds=COMPARED_WITHIN) or not limiter.within(
        "compare-all", one, most=COMPARED_BY_ALL, seconds=COMPARED_BY_ALL_WITHIN
    ):
        return {"name": name, "is_worn": True}
    return {"name": name, "matches": authenticity.is_name_of(version, name), "is_compared": True}


def _may_ask(request: HttpRequest) -> bool:
    return limiter.within("verify", address_of(request), most=ASKED, seconds=ASKED_WITHIN)


def _unknown(request: HttpRequest, typed: str) -> HttpResponse:
    """Answer a wrong code and what is no code alike."""
    return _page(
        request, {"typed": text.clean(typed[: check_codes.LONGEST_TYPED]), "is_unknown": True}, status=404
    )


def _too_often(request: HttpRequest) -> HttpResponse:
    response = _page(request, {"is_hasty": True}, status=429)
    response["Retry-After"] = str(ASKED_WITHIN)
    return response


def _page(request: HttpRequest, context: dict, status: int = 200) -> HttpResponse:
    response = render(request, "public/verify.html", {"nav": "verify", **context}, status=status)
    if context:
        response["X-Robots-Tag"] = "noindex, nofollow"  # the form may be found, no answer about a sheet
    return response
