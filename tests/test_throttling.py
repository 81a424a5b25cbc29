"""What costs much is answered so often and no oftener, and nobody is shut out by others."""

import re
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.test import Client, override_settings

from portal import lanes, throttling
from tests import factories
from tests.crawling import routes
from tests.identity import entered

pytestmark = pytest.mark.django_db
MOST = 3
GIVES_OR_TAKES_FILES = re.compile(
    r"download|export|import|\.xlsx|\.txt|<paper:|/file|file/?$|document/$|attach|archive|receipt|package|print|materials/<|search"
)
# Pages that only have such a word in their address: they cost what a page costs.
PAGES = {
    "downloads", "import", "import-abandon", "attachment-remove", "attachment-restore", "filing-lists",
    "filing-list", "notice-print", "robots", "sitemap", "sitemap-section",
}  # fmt: skip


@pytest.fixture(autouse=True)
def low_limits(monkeypatch):
    """Let three requests of a kind through, six from a network, and begin to count anew."""
    low = {kind: replace(limit, account=MOST, network=2 * MOST) for kind, limit in throttling.LIMITS.items()}
    monkeypatch.setattr(throttling, "LIMITS", low)
    cache.clear()
    with override_settings(THROTTLE=1):
        yield
    cache.clear()


def asked(
    browser: Client, times: int, address: str = "/search/?q=", method: str = "get", **more
) -> list[int]:
    """Ask several times, each time for something else, and return the statuses."""
    return [getattr(browser, method)(f"{address}{turn}", **more).status_code for turn in range(times)]


def test_every_route_that_takes_or_gives_files_has_its_limit():
    open_routes = {
        name
        for name, route in routes()
        if not name.startswith(("admin:", "api"))
        and GIVES_OR_TAKES_FILES.search(route)
        and not any(throttling.kind_of(name, method) for method in ("GET", "POST"))
    }

    assert open_routes - PAGES == set()


def test_every_route_with_a_limit_exists():
    assert set(throttling.ROUTES) - {name for name, _ in routes()} == set()


def test_the_interface_and_the_files_of_the_administration_have_limits():
    names = [name for name, _ in routes()]

    assert {throttling.kind_of(n, "GET") for n in names if n.startswith("api:")} == {"data"}
    assert {throttling.kind_of(n, "POST") for n in names if re.search("admin:.*_export$", n)} == {"take"}
    assert {throttling.kind_of(n, "POST") for n in names if re.search("admin:.*_import$", n)} == {"send"}


def test_somebody_signed_in_is_told_to_wait_in_words():
    browser = entered(factories.filer())

    statuses = asked(browser, MOST)
    hasty = browser.get("/search/?q=演示")

    assert (statuses, hasty.status_code, hasty["Retry-After"]) == ([200] * MOST, 429, "60")
    assert (hasty["Cache-Control"], "default-src 'self'" in hasty["Content-Security-Policy"]) == (
        "no-store",
        True,
    )
    assert "<h1>请稍后再试</h1>" in hasty.content.decode()


def test_a_bureau_behind_one_address_is_not_shut_out_by_anybody_there():
    browsers = [entered(factories.filer(region)) for region in ("3707", "3701", "3702")]

    strangers = asked(Client(), 2 * MOST + 1)
    colleagues = [asked(browser, MOST) for browser in browsers]
    elsewhere = asked(Client(REMOTE_ADDR="203.0.113.9"), 1)

    assert strangers == [200] * 2 * MOST + [429]
    assert (colleagues, elsewhere) == ([[200] * MOST] * 3, [200])


def test_an_upload_is_refused_before_its_body_is_read():
    browser = entered(factories.filer())
    address = f"/desk/filings/{factories.filing('skill-brands').pk}/archive/"
    sent = {"data": b"x" * 1000, "content_type": "application/octet-stream"}

    statuses = [browser.put(address, **sent).status_code for _ in range(MOST)]
    hasty = browser.put(address, **sent)

    assert (set(statuses), hasty.status_code) == ({422}, 429)
    assert hasty.json() == {"message": "短时间内请求次数较多，这一次没有办理。请 60 秒后再试。"}
    assert hasty.wsgi_request._read_started is False


def test_a_flood_of_sign_ins_is_told_to_wait_before_the_database_is_asked_and_a_known_browser_comes_in(
    django_assert_num_queries,
):
    known, person = Client(), factories.filer().username
    form = {"username": person, "password": factories.PASSWORD}
    assert known.post("/login/", form).status_code == 302
    known.cookies.pop("session")

    wrong = [Client().post("/login/", form | {"password": "wrong"}).status_code for _ in range(2 * MOST)]
    with django_assert_num_queries(0):
        hasty = Client().post("/login/", form)
    forged = Client()
    forged.cookies["device"] = known.cookies["device"].value[:-1] + "?"

    assert (wrong, hasty.status_code) == ([200] * (2 * MOST - 1) + [429], 429)
    assert hasty.wsgi_request._read_started  # what is left unread ends the connection
    assert forged.post("/login/", form).status_code == 429
    assert known.post("/login/", form).status_code == 302


def test_who_signs_in_too_often_is_told_so_without_waiting_for_a_turn(monkeypatch):
    monkeypatch.setattr(lanes, "AT_ONCE", 0)
    monkeypatch.setattr(lanes, "PATIENCE", 0.01)

    statuses = [Client().post("/login/", {}).status_code for _ in range(2 * MOST + 1)]

    assert statuses == [503] * (2 * MOST) + [429]


def test_looking_at_a_page_with_a_form_costs_nothing_and_other_kinds_count_apart():
    browser = entered(factories.filer())
    asked(browser, MOST + 1)

    assert [browser.get("/desk/import/").status_code for _ in range(MOST + 1)] == [200] * (MOST + 1)
    assert browser.get("/desk/forms/skill-brands/template.xlsx").status_code == 200


def test_the_interface_answers_programs_in_their_own_words():
    hasty = [Client().get(f"/api/v1/catalogues?n={turn}") for turn in range(2 * MOST + 1)][-1]

    assert (hasty.status_code, hasty["Retry-After"], hasty.json()["error"]["status"]) == (429, "60", 429)


@pytest.mark.parametrize(("times", "statuses"), [(0, [200] * 9), (2, [200] * 6 + [429] * 3)])
def test_one_setting_raises_the_limits_or_takes_them_off(settings, times, statuses):
    settings.THROTTLE = times

    assert asked(entered(factories.filer()), 9) == statuses
