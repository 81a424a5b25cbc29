"""Requests no browser sends: odd values in every parameter of every page (row 36, fault F21).

The parameters are read from the code itself, so that a new one is asked the day it is written.
"""

import ast
from collections.abc import Iterator
from functools import cache
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from portal.models import Filing
from tests import attacking
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
