"""Proving again who one is: confirmation, the form that waited, the second step, other sign-ins."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal import held_forms, second_factor, sessions
from portal.account_forms import WRONG_CODE, ProofForm

NEW_SALT = "new_salt"


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the password or a code before a sensitive act, then lead on to it."""
    onward = _onward(request)
    form = ProofForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        sessions.confirm(request)
        return HttpResponseRedirect(onward)
    has_factor = second_factor.is_set_up(request.user)
    context = {"form": form, "next": onward, "has_factor": has_factor}
    return render(request, "desk/confirm.html", context, status=422 if form.errors else 200)


def _onward(request: HttpRequest) -> str:
    """Return the local address that was asked for, else the workbench."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    is_local = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return asked if is_local else reverse("desk")


@require_http_methods(["GET", "HEAD", "POST"])
def held_form(request: HttpRequest) -> HttpResponse:
    """Show the form that waited; POST sends it on to where it was meant to go, or forgets it."""
    held = held_forms.of(request.user)
    if held is None:
        return redirect("desk")
    if request.method == "POST":
        held_forms.drop(request.user)
        if "drop" in request.POST:
            messages.success(request, "留存的内容已删除，没有提交。")
            return redirect("desk")
        # 307: the browser sends the same form to the address it was meant for (RFC 9110, 15.4.8).
        return HttpResponse(status=307, headers={"Location": held.path})
    context = {"held": held, "fields": held_forms.fields(held), "texts": held_forms.texts(held)}
    return render(request, "desk/held_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def stay(request: HttpRequest) -> JsonResponse:
    """Tell a page how many seconds are left; POST is somebody who says that he is still there.

    With whose sign-in it is and its token: a page that was open before it has an older one.
    """
    if request.method == "POST":
        request.session[sessions.SEEN] = 0
        sessions.touch(request)
    told = {"left": sessions.left(request), "person": request.user.pk, "token": get_token(request)}
    return JsonResponse(told)


@require_http_methods(["GET", "HEAD"])
def security(request: HttpRequest) -> HttpResponse:
    """What keeps the account: password, second step, other sign-ins."""
    user = request.user
    context = {
        "has_factor": second_factor.is_set_up(user),
        "is_wanted": second_factor.is_wanted(user),
        "codes_left": second_factor.left(user),
        "idle": sessions.idle_of(user) // 60,
        "absolute": sessions.ABSOLUTE // 3600,
    }
    return render(request, "desk/security.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Set up the authenticator: a picture and a key, then a code of it; the recovery codes are told once.

    What was signed in elsewhere before had no second step, so it is over (ASVS 5.0, 7.4.3).
    """
    user = request.user
    salt = request.session.get(NEW_SALT) or second_factor.new_salt()
    request.session[NEW_SALT] = salt
    error = ""
    if request.method == "POST":
        if codes := second_factor.set_up(user, salt, request.POST.get("code", "")):
            del request.session[NEW_SALT]
            request.session["second_step"] = True
            sessions.end_others(request)
            return render(request, "desk/recovery_codes.html", {"codes": codes})
        error = WRONG_CODE
    context = {
        "picture": second_factor.picture(user, salt),
        "key": second_factor.typed_key(user, salt),
        "is_wanted": second_factor.is_wanted(user),
        "has_factor": second_factor.is_set_up(user),
        "error": error,
    }
    return render(request, "desk/second_factor.html", context, status=422 if error else 200)


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End every other sign-in of the person."""
    sessions.end_others(request)
    messages.success(request, "其他设备和浏览器上的登录都已结束，这里的登录不受影响。")
    return redirect("security")
