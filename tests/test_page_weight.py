"""What a page weighs the first time, that nothing of it comes from elsewhere, and that it needs no script."""

import gzip
import re
from functools import cache
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from portal.models import Filing
from tests import factories
from tests.crawling import plant, routes, signed_in, urls

pytestmark = pytest.mark.django_db
MOST = 60 * 1024  # bytes of a page with its styles, scripts and icons, as they are sent
PEOPLE = {"filer": factories.filer, "province": lambda: factories.reviewer(factories.PROVINCE)}
# of ``/static/…`` in a page: pictures do not count
ASSET = re.compile(r"""(?:href|src)=["'](/static/[^"']+\.(?:css|js|svg))["']""")
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|link rel="(?:stylesheet|icon|preload)")[^>]*?
                        \s(?:src|href)=["'](?:https?:)?//""",
    re.VERBOSE,
)


@pytest.fixture(scope="module")
def planted(for_the_module) -> list[Filing]:
    """Plant one of everything that has a page."""
    return plant()


@cache
def packed(address: str) -> int:
    """Return the bytes of an asset as WhiteNoise and nginx send it."""
    found = finders.find(address.removeprefix("/static/"))
    return len(gzip.compress(Path(found).read_bytes(), 9))


def pages(role: str, planted: list[Filing]):
    """Yield (address, page, bytes on the wire) of every page of the resolver that opens for a role."""
    client = Client(headers={"accept-encoding": "gzip"})
    if role:
        client.cookies["session"] = signed_in(PEOPLE[role]())
    for name, route in routes():
        if name in ("logout", "stay") or name.startswith("admin:"):
            continue
        for url in urls(name, route, planted)[:1]:
            answer = client.get(url)
            if answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html"):
                is_zipped = answer.get("Content-Encoding") == "gzip"
                page = gzip.decompress(answer.content) if is_zipped else answer.content
                yield url, page.decode(), len(answer.content)


@pytest.mark.parametrize("role", ["", *PEOPLE])
def test_every_page_weighs_sixty_kilobytes_at_most_and_loads_nothing_from_elsewhere(role, planted):
    met = list(pages(role, planted))

    weights = {url: sent + sum(map(packed, set(ASSET.findall(page)))) for url, page, sent in met}
    assert len(met) > (20 if not role else 40)
    assert {url: weight for url, weight in weights.items() if weight > MOST} == {}
    assert [url for url, page, _ in met if LOADED.search(page)] == []
    assert [url for url, page, _ in met if "<form" in page and is_dead(page)] == []


def is_dead(page: str) -> bool:
    """Say whether a form of a page could not be sent without scripts: it has nothing that sends it."""
    forms = re.findall(r"<form([^>]*)>(.*?)</form>", page, re.DOTALL)
    shown = [(found, inner) for found, inner in forms if " hidden" not in found]
    return any(not sends(inner) and not is_sent_from_outside(found, page) for found, inner in shown)


def is_sent_from_outside(found: str, page: str) -> bool:
    """Say whether a button elsewhere names a form, of which the attributes are given."""
    name = re.search(r'\sid="([^"]+)"', found)
    return bool(name) and re.search(rf'<button[^>]*\sform="{name[1]}"', page) is not None


def sends(inner: str) -> bool:
    """Say whether a form holds a button that sends it."""
    return bool(re.search(r"<button(?![^>]*type=\"button\")|<input[^>]*type=\"submit\"", inner))


def test_a_private_page_comes_compressed_and_a_file_as_it_is(planted):
    client = Client(headers={"accept-encoding": "gzip"})
    client.cookies["session"] = signed_in(factories.filer())

    page = client.get(reverse("desk"))
    plain = Client().get(reverse("login"), headers={"accept-encoding": "gzip"})
    sheet = client.get(reverse("filing-template", args=["skill-brands"]))

    assert [answer.get("Content-Encoding") for answer in (page, plain, sheet)] == ["gzip", None, None]
    assert "工作台" in gzip.decompress(page.content).decode()


def test_two_answers_of_one_page_are_of_different_length_by_chance(planted):
    client = Client(headers={"accept-encoding": "gzip"})
    client.cookies["session"] = signed_in(factories.reviewer())

    lengths = {len(client.get(reverse("messages")).content) for _ in range(12)}

    assert len(lengths) > 1
