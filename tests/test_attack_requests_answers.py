"""What every address answers with, whatever its status, and what it leaves in the log (rows 14 and 32)."""

import re
from collections import Counter

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.models import Filing
from tests.attacking import figures
from tests.crawling import CANARY, plant, routes, urls
from tests.test_headers import ALWAYS
from tests.test_odd_requests import answered, is_asked, person_of_every_role

pytestmark = pytest.mark.django_db
#: No browser frames a page or runs a script of another site, or a file of somebody's takes part in nothing.
POLICIES = (
    {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"},
    {"default-src 'none'", "sandbox"},
)
SECRETS = {"phone": "13900003707", "identity": "370102199001011234", "password": "kanarie-Wachtwoord-1"}


@pytest.fixture(scope="module")
def planted(for_the_module) -> list[Filing]:
    """Plant filings and what is written about them, once for everybody who asks."""
    return plant()


@pytest.fixture(scope="module")
def addresses(planted) -> list[str]:
    """Give an address of every route but the way out."""
    return [url for name, route in routes() if is_asked(name) for url in urls(name, route, planted[::2])]


def missing(answer: HttpResponse) -> list[str]:
    """Return the headers an answer lacks, and the cookies that scripts or other sites could use."""
    wrong = [name for name, value in ALWAYS.items() if answer.headers.get(name) != value]
    directives = set(re.split(r";\s*", answer.headers.get("Content-Security-Policy", "")))
    wrong += [] if any(policy <= directives for policy in POLICIES) else ["Content-Security-Policy"]
    kept = [name for name, cookie in answer.cookies.items() if cookie.value and not is_kept(cookie)]
    return wrong + kept


def is_kept(cookie) -> bool:
    return bool(cookie["httponly"]) and cookie["samesite"] in ("Lax", "Strict")


@pytest.mark.parametrize("who", [None, person_of_every_role], ids=["stranger", "staff"])
def test_every_address_answers_with_the_headers_whatever_the_status(addresses, who):
    client = Client()
    if who:
        client.force_login(who())

    with figures() as counted:
        answers = [(url, a) for url in addresses for a in (client.get(url), client.post(url))]
        statuses = Counter(answered(answer) for _, answer in answers)
        wrong = {(url, a.status_code): lacking for url, a in answers if (lacking := missing(a))}
        counted.update({"cases": len(answers), "broken": len(wrong)})
        assert wrong == {}
        assert {200, 302, 404, 405} <= set(statuses)


def test_what_an_address_or_a_form_holds_of_a_person_is_in_no_line_of_the_log(addresses, capsys):
    client = Client(raise_request_exception=False)
    client.force_login(person_of_every_role())
    session = client.cookies["session"].value
    query = "&".join(f"{name}={value}" for name, value in SECRETS.items())

    with figures() as counted:
        for url in addresses:
            answered(client.get(f"{url}?q={CANARY}&{query}"))
            answered(client.post(url, SECRETS | {"comment": CANARY}))
        client.get(f"/no/such/{SECRETS['phone']}/page/")
        written = capsys.readouterr().err
        leaked = {secret for secret in (CANARY, session, *SECRETS.values()) if secret in written}
        counted.update({"cases": 2 * len(addresses), "leaked": len(leaked)})
        assert leaked == set()
        assert "/no/such/139****3707/page/" in written
