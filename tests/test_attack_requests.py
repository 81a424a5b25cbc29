"""Requests no browser sends: odd values in every parameter, foreign hosts, ways back (rows 36, 50).

The parameters are read from the code itself, so that a new one is asked the day it is written.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from portal.models import Filing
from tests import attacking, factories
from tests.crawling import plant, routes, urls
from tests.test_odd_requests import NAMES, is_asked, person_of_every_role

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
#: As they stand in an address, so that bytes which are no text can be among them.
VALUES = [
    *("", "%00", "a%00b", "%FF%FE", "%ED%A0%80", "%C0%AF", "%", "%zz", "%E2%80%AE", "%EF%BB%BF",
    "%0D%0ASet-Cookie:a=1"),
    *("0", "-1", "-0", "1.5", "1e309", "NaN", "Infinity", "0x10", "1_000", "+1", " 1", "1%0A",
    "9" * 30, "9" * 4400),
    *("9223372036854775807", "9223372036854775808", "2147483648", "%D9%A3%D9%A4", "%EF%BC%91", "%C2%B2"),
    *("0000-00-00", "9999-12-31", "10000-01-01", "2024-02-30", "2024-W01-1", "0001-01-01",
    "-2024-01-01", "2024-1-1"),
    *("0001-01-01T00:00", "9999-12-31T23:59", "2024-06-01T25:61", "2024-06-01 00:00+99:99"),
    *("null", "None", "true", "[]", "{}", "%5B%22a%22%5D", "{{7*7}}", "${7*7}", "../../etc/passwd",
    "..%5C..%5C", "/", "//"),
    *("'", "%22", "';--", "1 OR 1=1", "%25", "_", "%5C", "*", "(", "[", "?", "(?P<", "a" * 10_000,
    "%E5%B1%B1" * 3000),
    *("-state", "state,-state", "organisation__region__password", "pk", "?", "37", "3707'", "370799",
    "9", "99999999"),
    *("%F0%9F%98%80", "%E0%BF%80%E0%BF%80", "a%CC%81" * 50, "%E2%80%8B", "<script>alert(1)</script>",
    "%3Cimg src=x%3E"),
]  # fmt: skip


@cache
def parameters() -> tuple[str, ...]:
    """Return every name that the code takes from an address or a form, and those that tests have found."""
    found = set(NAMES.split())
    for path in sorted((settings.BASE_DIR / "portal").rglob("*.py")):
        found |= set(_taken(ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(sorted(found))


def _taken(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        where = node.func if isinstance(node, ast.Call) else node
        key = node.args[:1] if isinstance(node, ast.Call) else [getattr(node, "slice", None)]
        is_dotted = isinstance(where, (ast.Attribute, ast.Subscript))
        of = ast.unparse(where.value) if is_dotted else ""
        if of.endswith((".GET", ".POST", "params", "asked", "query")) and _is_text(key and key[0]):
            yield key[0].value
        if isinstance(node, ast.Assign) and "Field(" in ast.unparse(node.value)[:60]:
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _is_text(node) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.fixture(scope="module")
def planted(for_the_module) -> list[Filing]:
    """Plant filings and what is written about them, once for everybody who asks."""
    return plant()


@pytest.fixture(scope="module")
def addresses(planted) -> list[str]:
    """Give an address of every route but the way out and the administration of all types but one."""
    named = [(n, r) for n, r in routes() if is_asked(n)]
    return [url for name, route in named for url in urls(name, route, planted[::2])]


def odd_query(chance) -> str:
    """Return one to four parameters with odd values, some twice, some as arrays."""
    names = [chance.choice(parameters()) for _ in range(chance.randint(1, 3))]
    names += [
        names[0] * chance.randint(0, 1) or "x",
        chance.choice(["[]", "[0]", "[a]", ".x", ""]).join([names[0], ""]),
    ]
    return "&".join(f"{quote(name)}={chance.choice(VALUES)}" for name in names)


def answered(client: Client, method: str, url: str, query: str) -> int:
    """Return the status of an answer that was read to its end; what a form did is undone."""
    with transaction.atomic():
        if method == "get":
            response = client.get(f"{url}?{query}")
        elif method == "post":
            response = client.post(url, query, content_type=FORM)
        else:
            response = client.post(url, query.encode("latin-1"), content_type=method)
        if response.streaming:
            b"".join(response.streaming_content)
        transaction.set_rollback(True)
    return response.status_code


BODIES = [
    "application/json",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain",
    "",
    "x" * 300,
]


@pytest.mark.parametrize("who", [None, person_of_every_role], ids=["stranger", "staff"])
def test_no_value_of_any_parameter_is_a_fault(addresses, who):
    chance, faults = attacking.chance("values", bool(who)), []
    client = Client(raise_request_exception=False)
    if who:
        client.force_login(who())

    with attacking.figures() as counted:
        for _ in attacking.rounds():
            for url in chance.sample(addresses, len(addresses) if attacking.IS_LONG else 60):
                method, query = (
                    chance.choice(["get", "get", "post", chance.choice(BODIES)]),
                    odd_query(chance),
                )
                status = answered(client, method, url, query)
                counted.update({"cases": 1, "refused": status in (400, 403, 404, 405, 409, 413, 422)})
                faults += [(method, url, query[:300])] * (status >= 500)
        counted["5xx"] = len(faults)

    assert faults == []


HOSTILE = [
    "https://evil.example/", "//evil.example/", "///evil.example", "////evil.example", "http:evil.example",
    "http:/evil.example", "https:///evil.example", "\\\\evil.example", "/\\evil.example", "\\/evil.example",
    "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "\t//evil.example", " //evil.example",
    "\x00//evil.example", "/\x0b/evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>1</script>", "vbscript:x", "//evil.example\\@testserver/",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/", "http://evil.example#testserver", "//evil%E3%80%82example",
    "/%09/evil.example",
    "/%5Cevil.example", "/desk/\r\nLocation: https://evil.example", "ftp://evil.example", "//[::1]/",
    "http://[evil",
    "//testserver:80@evil.example", "/.//evil.example", "/..//evil.example",
]  # fmt: skip


def is_local(location: str) -> bool:
    """Say whether a browser that follows ``location`` stays here: it drops tabs and line ends,
    \\ is / to it."""
    as_read = re.sub(r"[\t\r\n]", "", location.strip("\x00\x0b\x0c\x1f ")).replace("\\", "/")
    return as_read.startswith("/") and not as_read.startswith("//") and not urlsplit(as_read).netloc


@pytest.mark.parametrize("onward", HOSTILE)
def test_no_way_back_leads_to_another_site(client, onward):
    person = factories.filer()
    told = {"username": person.username, "password": factories.PASSWORD, "next": onward}

    answers = [client.post("/login/", told), client.get(f"/login/?next={quote(onward)}")]
    answers.append(client.post("/preferences/", {"elder": "on", "next": onward}))
    answers.append(client.post("/desk/confirm/", {"password": factories.PASSWORD, "next": onward}))
    answers.append(client.post(f"/desk/confirm/?next={quote(onward)}", {"password": factories.PASSWORD}))
    answers.append(client.post("/desk/views/", {"name": "演示", "from": onward}, headers={"referer": onward}))
    answers.append(client.post(f"/logout/?next={quote(onward)}", {"next": onward}))

    led = [answer["Location"] for answer in answers if answer.status_code in (301, 302, 303, 307, 308)]
    assert len(led) >= 4
    assert [place for place in led if not is_local(place)] == []
    assert "Set-Cookie: a" not in "".join(led)


@pytest.mark.parametrize(
    "location", ["//a", "/\t/a", "\\\\a", "/\\a", "https://a/", "javascript:1", "\x00//a"]
)
def test_control_a_way_to_another_site_would_be_seen(location):
    assert not is_local(location)


HOSTS = [
    "evil.example",
    "testserver.evil.example",
    "testserver@evil.example",
    "testserver, evil.example",
    "testserver#",
    "testserver/evil",
    "[::1",
    "testserver:80:80",
    "a" * 300,
    "127.0.0.1.evil.example",
]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_not_ours_is_refused_and_never_repeated(client, host, settings):
    settings.ALLOWED_HOSTS = ["testserver"]

    plain = client.get("/", HTTP_HOST=host)
    posed = client.get(
        "/catalogue/", HTTP_X_FORWARDED_HOST="evil.example", HTTP_FORWARDED="host=evil.example"
    )

    assert plain.status_code == 400
    assert "evil" not in plain.content.decode() + posed.content.decode() + str(posed.headers)
    assert posed.status_code == 200


OVERRIDES = [{f"X-{word}": "DELETE"} for word in ("HTTP-Method-Override", "HTTP-Method", "Method-Override")]


@pytest.mark.parametrize("headers", [*OVERRIDES, {"X-HTTP-Method-Override": "POST"}], ids=str)
def test_a_header_or_a_field_does_not_turn_one_method_into_another(planted, headers):
    client = Client()
    client.force_login(factories.filer())
    page = reverse("filing", args=[planted[0].pk])

    assert client.get(page, headers=headers).status_code == 200
    assert client.get(f"{page}?_method=POST&_method=DELETE", headers=headers).status_code == 200
    assert client.get(reverse("filing-act", args=[planted[0].pk]), headers=headers).status_code == 405
    assert client.post(page, {"_method": "DELETE"}, headers=headers).status_code == 405
