"""Public pages answered from finished bytes: what is kept, under what, and what never is."""

import gzip
import time
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from portal import finished_pages, registry, throttling
from portal.finished_pages import ROUTES, Content, Lease, Page, Shelf
from tests import crawling, factories
from tests.public import Links, address, leave
from tests.serving import Portal

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)
LIST = "/catalogue/skill-brands/"
OURS = {"x-request-id"}


@pytest.fixture
def portal():
    with override_settings(PAGES_LEASE=3600):
        return Portal()


def test_the_second_asker_gets_the_same_bytes_without_django(portal):
    entry = factories.entry("skill-brands")

    (status, first, page), (_, second, again) = portal.get(address(entry)), portal.get(address(entry))

    assert (status, again, portal.asked) == (200, page, 1)
    assert {name for name in first if first[name] != second[name]} == OURS
    assert first["cache-control"] == "public, max-age=0, must-revalidate"
    assert first["vary"] == "Accept-Encoding, Cookie"
    assert "nonce" not in first["content-security-policy"]


def test_who_has_the_page_is_told_so(portal):
    _, headers, _ = portal.get(LIST)

    for known in (headers["etag"], f"W/{headers['etag']}", f'"other", {headers["etag"]}'):
        status, answered, body = portal.get(LIST, HTTP_IF_NONE_MATCH=known)
        assert (status, body, answered["etag"], portal.asked) == (304, b"", headers["etag"], 1)
    status, _, body = portal.get(LIST, HTTP_IF_NONE_MATCH='"other"')
    assert (status, bool(body)) == (200, True)


def test_a_page_first_asked_for_with_a_known_validator_is_kept_whole():
    etag = Portal().get(LIST)[1]["etag"]
    portal = Portal()

    assert [portal.get(LIST, HTTP_IF_NONE_MATCH=etag)[0], portal.get(LIST)[0]] == [304, 200]


def test_head_gets_the_headers_alone(portal):
    status, headers, body = portal.get(LIST, "HEAD")
    _, of_get, page = portal.get(LIST)

    assert (status, body, headers["content-length"]) == (200, b"", str(len(page)))
    assert {name for name in headers if headers[name] != of_get[name]} == OURS
    assert portal.get(f"{LIST}?page=9", "HEAD")[::2] == (404, b"")


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_head_of_a_download_reads_nothing_of_what_it_would_hold(portal, suffix):
    factories.entry("building-units")
    url = reverse("catalogue-download", args=["building-units", suffix])
    table = registry.get("building-units").model._meta.db_table

    with CaptureQueriesContext(connection) as asked:
        status, headers, body = portal.get(url, "HEAD")
    with CaptureQueriesContext(connection) as asked_by_get:
        _, of_get, data = portal.get(url)

    assert (status, body, bool(data)) == (200, b"", True)
    assert {name for name in of_get if headers.get(name) != of_get[name]} == OURS
    assert [any(table in query["sql"] for query in each) for each in (asked, asked_by_get)] == [False, True]


def test_compressed_bytes_have_a_validator_of_their_own(portal):
    _, plain, page = portal.get(LIST)
    _, packed, body = portal.get(LIST, HTTP_ACCEPT_ENCODING="br, gzip;q=0.8")
    _, refused, _ = portal.get(LIST, HTTP_ACCEPT_ENCODING="gzip;q=0")

    assert (gzip.decompress(body), packed["content-encoding"]) == (page, "gzip")
    assert packed["content-length"] == str(len(body))
    assert plain["etag"] == refused["etag"] != packed["etag"]
    assert portal.get(LIST, HTTP_ACCEPT_ENCODING="gzip", HTTP_IF_NONE_MATCH=plain["etag"])[0] == 200


@pytest.mark.parametrize("cookie", ["session=x", "csrftoken=x", "messages=x"])
def test_who_is_known_gets_his_own_page(portal, cookie):
    portal.get(LIST)

    _, headers, _ = portal.get(LIST, HTTP_COOKIE=cookie)

    assert (portal.asked, headers.get("cache-control")) == (2, None)


def test_each_preference_has_its_own_page_and_strange_cookies_none(portal):
    plain = portal.get(LIST)[2]
    elder, dark = (portal.get(LIST, HTTP_COOKIE=said)[2] for said in ("elder=on", "theme=dark"))

    assert len({plain, elder, dark}) == 3
    assert portal.get(LIST, HTTP_COOKIE="elder=<script>; strange=1")[2] == plain
    assert portal.get(LIST, HTTP_COOKIE="elder=on")[2] == elder
    assert portal.asked == 3


@committed
def test_a_page_is_made_anew_when_its_content_changed():
    portal = Portal()
    portal.application._lease.seconds = 0
    entry = factories.entry("skill-brands")
    before = portal.get(address(entry))[2]

    leave(entry)

    after = portal.get(address(entry))[2]
    assert (before == after, portal.asked) == (False, 2)


def test_a_page_is_made_anew_the_next_day(portal, monkeypatch):
    portal.get(LIST)
    now = time.time()
    monkeypatch.setattr(finished_pages.time, "time", lambda: now + 86_400)

    with monkeypatch.context() as patch:
        day = finished_pages.timezone.localdate()
        patch.setattr(finished_pages.timezone, "localdate", lambda: day.fromordinal(day.toordinal() + 1))
        portal.get(LIST)
    monkeypatch.undo()
    portal.get(LIST)

    assert portal.asked == 3


@pytest.mark.parametrize(
    "url",
    [
        "/verify/",
        "/login/",
        "/desk/",
        "/healthz",
        "/preferences/",
        "/catalogue/skill-brands/?page=01",
        "/catalogue/skill-brands/?utm_source=x",
        "/catalogue/skill-brands/?q=" + "x" * 600,
        "/catalogue/skill-brands/?" + "&".join(["q=a"] * 20),
        "/Catalogue/skill-brands/",
        "/catalogue/skill-brands",
        "/catalogue/skill-brands/download.xlsx",
        "/search/?in=skill-brands&q=x",
    ],
)
def test_django_answers_each_time(portal, url):
    first = portal.get(url)[0]

    assert (portal.get(url)[0], portal.asked) == (first, 2)


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": "evil.example"},
        {"HTTP_AUTHORIZATION": "Basic x"},
        {"SCRIPT_NAME": "/below"},
        {"HTTP_IF_MODIFIED_SINCE": "Sat, 01 Jan 2000 00:00:00 GMT"},
    ],
)
def test_what_a_header_could_change_is_not_kept(portal, headers):
    portal.get(LIST, **headers)
    portal.get(LIST, **headers)

    assert (portal.asked, portal.get(LIST)[0]) == (2, 200)


def test_a_host_gets_its_own_addresses(portal):
    entry = factories.entry("skill-brands")
    with override_settings(ALLOWED_HOSTS=["testserver", "other.test"]):
        pages = {host: portal.get(address(entry), HTTP_HOST=host)[2] for host in ("testserver", "other.test")}

    assert [host in page.decode() for host, page in pages.items()] == [True, True]
    assert "other.test" not in pages["testserver"].decode()


def test_headers_of_proxies_change_nothing(portal):
    page = portal.get(LIST)[2]
    strange = {
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_X_ORIGINAL_URL": "/admin/",
        "HTTP_ACCEPT_LANGUAGE": "en",
    }

    assert portal.get(LIST, **strange)[2] == page
    assert portal.asked == 1
    assert Portal().get(LIST, **strange)[2] == page


def test_what_the_listed_pages_link_to_is_kept(portal):
    """A parameter that a page learns has to be known here."""
    factories.entry("skill-brands")
    pages = [
        "/",
        LIST,
        "/notices/",
        "/targets/",
        "/reference/",
        "/reference/ich/",
        f"{LIST}editions/",
        "/map/",
    ]
    links = {link for page in pages for link in Links(portal.get(page)[2].decode()).found}
    listed = [link.partition("#")[0] for link in links if link.startswith("/") and _route(link) in ROUTES]
    for link in listed:
        portal.get(link)
    asked = portal.asked

    kept = {link for link in listed if portal.get(link)[0] != 200 or portal.asked == asked}

    assert set(listed) - kept == set()


def _route(link: str) -> str:
    path = link.partition("?")[0].partition("#")[0]
    return "" if path.startswith("/static/") else resolve(path).view_name


def test_every_listed_route_is_there():
    assert {name for name, _ in crawling.routes()} & ROUTES == ROUTES


DAY = 1
NOW = Content({"": "t", "skill-brands": "b"})


def page_of(size: int, parts=None) -> Page:
    return Page([], b"x" * size, "x", parts, (DAY, NOW.of(parts)))


def kept(shelf: Shelf, path: str, now: Content = NOW, day: int = DAY) -> bool:
    return shelf.find(day, now, path, ("",)) is not None


def test_the_least_asked_for_page_goes_first():
    shelf = Shelf(20_000)
    for path in "abc":
        shelf.put(path, ("",), page_of(4_000))
    kept(shelf, "a")

    shelf.put("d", ("",), page_of(4_000))

    assert [path for path in "abcd" if kept(shelf, path)] == ["a", "c", "d"]
    assert shelf.held == 3 * 6_000


def test_one_path_displaces_only_its_own_variants():
    shelf = Shelf(10**9)
    shelf.put("/b", ("",), page_of(1))
    for number in range(finished_pages.MOST_VARIANTS + 5):
        shelf.put("/a", (str(number),), page_of(1))

    found = [n for n in range(finished_pages.MOST_VARIANTS + 5) if shelf.find(DAY, NOW, "/a", (str(n),))]

    assert (len(found), found[0], kept(shelf, "/b")) == (finished_pages.MOST_VARIANTS, 5, True)


@pytest.mark.parametrize(
    ("parts", "now", "day", "is_kept"),
    [
        (None, NOW, DAY, True),
        (None, NOW, DAY + 1, False),
        (None, Content(NOW.tokens | {"labour-brands": "new"}), DAY, False),
        (frozenset({"", "skill-brands"}), Content(NOW.tokens | {"labour-brands": "new"}), DAY, True),
        (frozenset({"", "skill-brands"}), Content(NOW.tokens | {"skill-brands": "new"}), DAY, False),
        (frozenset({"", "skill-brands"}), Content(NOW.tokens | {"": "new"}), DAY, False),
        (frozenset({"", "links"}), Content(NOW.tokens | {"links": "first"}), DAY, False),
    ],
)
def test_a_page_is_kept_while_the_parts_it_shows_stand(parts, now, day, is_kept):
    shelf = Shelf(10**6)
    shelf.put("/a", ("",), page_of(1, parts))

    assert kept(shelf, "/a", now, day) is is_kept
    assert kept(shelf, "/a") is is_kept
    assert shelf.held == (page_of(1).size if is_kept else 0)


def test_compressed_bytes_count_while_their_page_is_kept():
    shelf, page = Shelf(10**6), page_of(5_000)
    shelf.put("/a", ("",), page)

    packed = shelf.zip(page)

    assert shelf.held == page_of(5_000).size + len(packed)
    assert (kept(shelf, "/a", day=DAY + 1), shelf.held) == (False, 0)


def test_an_answer_that_sets_a_cookie_is_made_for_each_asker(portal):
    django = portal._django

    def with_cookie(environ, start_response):
        answer = django(environ, start_response)
        answer.set_cookie("who", "me")
        return answer

    portal._django = with_cookie

    assert [portal.get(LIST)[0] for _ in range(2)] == [200, 200]
    assert portal.asked == 2


def test_a_form_that_changed_nothing_public_waits_for_nobody():
    lease = Lease(3600)

    assert lease.settle(lease.content()) is None


def test_a_form_that_is_refused_before_any_view_asks_for_nothing_afterwards(
    portal, monkeypatch, django_assert_num_queries
):
    cache.clear()
    low = {kind: replace(limit, network=0) for kind, limit in throttling.LIMITS.items()}
    monkeypatch.setattr(throttling, "LIMITS", low)
    portal.application._lease.content()

    with override_settings(THROTTLE=1), django_assert_num_queries(0):
        assert portal.get("/login/", "POST")[0] == 429


@committed
def test_a_change_waits_until_every_lease_is_over(monkeypatch):
    waited, clock = [], [1000.0]
    monkeypatch.setattr(finished_pages.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(
        finished_pages.time, "sleep", lambda s: (waited.append(s), clock.append(clock.pop() + s))
    )
    lease = Lease(0.25)
    before = lease.content()
    factories.entry("skill-brands")

    lease.settle(before)

    assert waited == [0.25]


def test_a_process_without_its_database_keeps_nothing(portal, monkeypatch):
    portal.get(LIST)
    portal.application._lease._until = 0.0

    def broken(connection):
        raise finished_pages.Error("gone")

    monkeypatch.setattr(finished_pages.public_changes, "tokens", broken)
    portal.get(LIST)
    portal.get(LIST)

    assert portal.asked == 3
