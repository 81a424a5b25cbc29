"""What every answer carries, whatever its status: policy, types, frames, caches, cookies."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.identity import entered, try_in

pytestmark = pytest.mark.django_db
NEW = "Correct horse 7 battery"
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


def test_over_https_every_cookie_of_ours_has_a_prefix_and_is_read_again(settings):
    settings.HTTPS = settings.SESSION_COOKIE_SECURE = True
    filing, browser = factories.submitted("skill-brands"), Client()
    changed = {"old_password": factories.PASSWORD, "new_password1": NEW, "new_password2": NEW}

    browser.post("/preferences/", {"elder": "on", "theme": "dark"}, secure=True)
    try_in(browser, factories.reviewer().username, secure=True)
    browser.get(reverse("filing", args=[filing.pk]), secure=True)
    browser.post(reverse("password-change"), changed, secure=True)
    kept = {name: (c["path"], bool(c["secure"]), c["domain"]) for name, c in browser.cookies.items()}
    desk = browser.get(reverse("desk"), secure=True)

    assert {name: facts for name, facts in kept.items() if name not in ("session", "csrftoken")} == {
        "__Host-elder": ("/", True, ""),
        "__Host-theme": ("/", True, ""),
        "__Host-messages": ("/", True, ""),
        "__Secure-device": ("/login/", True, ""),
        "__Secure-opened": ("/desk/", True, ""),
    }
    assert (desk.context["elder"], desk.context["theme"]) == (True, "dark")
    assert [line.title for line in desk.context["opened"]] == [filing.title]
    assert "密码已更改" in str(*desk.context["messages"])


def test_over_https_session_and_token_are_bound_to_this_host_and_https_to_all_of_the_domain(tmp_path):
    prefixes = [f"{cookie}_COOKIE_{what}" for what in ("NAME", "SECURE") for cookie in ("SESSION", "CSRF")]
    asked = [*prefixes, "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS"]
    code = f"import json; from portal import settings; print(json.dumps([*map(vars(settings).get, {asked})]))"
    environment = os.environ | {"PORTAL_HTTPS": "1", "PORTAL_VAR": str(tmp_path)}

    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)

    assert json.loads(said.stdout) == ["__Host-session", "__Host-csrftoken", True, True, 31_536_000, True]
