"""What happens around every request: its number, first passwords, private pages, limits read once."""

import secrets

from django.shortcuts import redirect
from django.urls import reverse

from portal import targets


def request_id(get_response):
    """Give the request a number that error pages and events show."""

    def middleware(request):
        request.id = secrets.token_hex(8)
        response = get_response(request)
        response["X-Request-ID"] = request.id
        return response

    return middleware


def change_first_password(get_response):
    """Lead a person whose password was set by an administrator to the page where he sets his own."""

    def middleware(request):
        user = request.user
        allowed = {reverse("password-change"), reverse("logout")}
        if user.is_authenticated and user.must_change_password and request.path not in allowed:
            return redirect("password-change")
        return get_response(request)

    return middleware


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
