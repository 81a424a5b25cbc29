"""What every answer carries, whatever its status: policy, types, frames, caches, cookies."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.identity import entered, try_in

pytestmark = pytest.mark.django_db
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
DIRECTIVES = {
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}
ASKED = {
    200: lambda browser: browser.get(reverse("security")),
    302: lambda browser: browser.get("/admin/password_change/"),
    400: lambda browser: browser.get("/desk/", headers={"host": "evil.example"}),
    403: lambda browser: browser.get("/admin/login/"),
    404: lambda browser: browser.get("/desk/filings/999999/"),
    405: lambda browser: browser.get(reverse("sessions-end")),
    422: lambda browser: browser.post(reverse("confirm"), {"password": "wrong"}),
}


@pytest.mark.parametrize("status", ASKED)
def test_every_answer_carries_the_headers(status):
    browser = entered(factories.filer())
    if status == 302:
        browser = entered(factories.sysadmin())

    answer = ASKED[status](browser)

    directives = set(re.split(r";\s*", answer["Content-Security-Policy"]))
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert DIRECTIVES - directives == set()
    assert "unsafe" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize("status", [200, 403, 404, 405, 422])
def test_no_answer_to_somebody_signed_in_is_stored_anywhere(status):
    answer = ASKED[status](entered(factories.filer()))

    assert answer["Cache-Control"] == "no-store"


def test_the_cookies_are_read_by_no_script_and_sent_to_no_other_site():
    browser = Client()
    browser.get(reverse("login"))

    try_in(browser, factories.filer().username)

    cookies = {name: (bool(c["httponly"]), c["samesite"], c["domain"]) for name, c in browser.cookies.items()}
    assert cookies == {
        "csrftoken": (True, "Lax", ""),
        "session": (True, "Lax", ""),
        "device": (True, "Strict", ""),
    }
