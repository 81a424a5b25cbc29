"""A server that is asked for more than it can do: who waited too long is told so, nobody else is."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import shedding
from portal.models import Filing
from tests.factories import draft, filer, sign_in
from tests.serving import Portal

pytestmark = pytest.mark.django_db
PROXY, NOW = "127.0.0.1", 1_800_000_000.0
ODD = [
    "",
    "t=",
    "t=abc",
    "t=1.2",
    "t=-5.000",
    "t=9" * 20,
    "1700000000.123",
    "t=１７.000",
    "t=1.000 ",
    "t=1.000,t=2.000",
]


@pytest.fixture(autouse=True)
def declared(settings, monkeypatch):
    """Declare the proxy, know no request from before, and let the clock stand, for a machine may be slow."""
    settings.TRUSTED_PROXIES = [PROXY]
    monkeypatch.setattr(shedding, "turns", shedding.Turns())
    monkeypatch.setattr(shedding, "time", SimpleNamespace(time=lambda: NOW, monotonic=lambda: 0.0))


def after(seconds: float) -> dict[str, str]:
    """Return the headers of a request that the proxy got ``seconds`` ago."""
    return {"X-Request-Start": f"t={NOW - seconds:.3f}"}


def asked(client, *ages: float, **extra) -> list[int]:
    """Return the status of the public home for requests that waited so long."""
    return [client.get("/", headers=after(age), **extra).status_code for age in ages]


def test_a_page_is_not_made_for_somebody_who_has_waited_three_seconds(client):
    assert asked(client, 0, 2, 4, 0) == [200, 200, 503, 200]


def test_what_is_said_asks_for_patience_and_has_the_headers_of_any_page(client):
    usual = client.get("/", headers=after(0))

    answer = client.get("/", headers=after(60))

    assert shedding.SAID in answer.content.decode()
    assert (answer["Retry-After"], answer["Cache-Control"]) == ("5", "no-store")
    for name in ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy"):
        assert answer[name] == usual[name]


def test_a_form_has_more_patience_and_one_that_is_too_late_changes_nothing(client):
    user = filer()
    record = draft("skill-brands", by=user)
    before = Filing.objects.filter(pk=record.pk).values().get()
    sign_in(client, user)
    address = reverse("filing-edit", args=[record.pk])
    asked(client, 0)

    late = client.post(address, {"name": "晚了"}, headers=after(11))
    assert (late.status_code, shedding.SAID_OF_A_FORM in late.content.decode()) == (503, True)
    assert Filing.objects.filter(pk=record.pk).values().get() == before

    assert client.post(address, {"name": "还来得及"}, headers=after(9)).status_code != 503


def test_a_form_that_is_too_late_does_not_ask_whether_it_changed_public_pages(django_assert_num_queries):
    with override_settings(PAGES_LEASE=3600):
        portal = Portal()
    waited = [{"REMOTE_ADDR": PROXY, "HTTP_X_REQUEST_START": f"t={NOW - age:.3f}"} for age in (0, 11)]
    portal.get("/", **waited[0])

    with django_assert_num_queries(0):
        late, *_ = portal.get("/login/", "POST", **waited[1])
    with CaptureQueriesContext(connection) as asked_in_time:
        in_time, *_ = portal.get("/login/", "POST", **waited[0])

    assert (late, in_time, bool(asked_in_time)) == (503, 403, True)


def test_nobody_else_is_believed(client, settings):
    settings.TRUSTED_PROXIES = ["192.0.2.1"]

    assert asked(client, 0, 60) == [200, 200]


@pytest.mark.parametrize("stamp", ODD)
def test_an_odd_stamp_is_no_stamp(client, stamp):
    asked(client, 0)

    assert client.get("/", headers={"X-Request-Start": stamp}).status_code == 200


@pytest.mark.parametrize("difference", [-3600, -7, 7, 3600])
def test_clocks_that_differ_shed_nobody_and_who_waited_is_still_found(client, difference):
    assert asked(client, *(difference + age for age in (0, 1, 2, 5, 0))) == [200, 200, 200, 503, 200]


def test_when_all_are_late_for_ten_seconds_after_a_jump_a_clock_was_moved():
    turns = shedding.Turns()

    late = [turns.is_late(age, at, 3) for age, at in [(0, 0), (60, 1), (60, 9), (60, 11), (61, 12), (65, 13)]]

    assert late == [False, True, True, True, False, True]


@pytest.mark.parametrize(("moved", "quiet"), [(4, 2), (20, 30), (60, 59), (60, 3600)])
def test_a_clock_that_was_moved_while_nobody_asked_is_found_within_two_minutes(moved, quiet):
    turns = shedding.Turns()
    turns.is_late(0, 0, 3)

    late = [turns.is_late(moved, quiet + second, 3) for second in range(300)]

    assert late == [True] * 121 + [False] * 179


@pytest.mark.parametrize("gap", [4, 12, 60])
def test_a_backlog_is_shed_whose_requests_have_aged_with_the_time_that_passed(gap):
    turns = shedding.Turns()
    turns.is_late(0, 0, 3)

    seconds = range(gap, gap + 60)  # the first after a standstill, and a minute in which all are late

    assert [turns.is_late(gap, at, 3) for at in seconds] == [True] * 60


def test_two_clocks_that_part_slowly_shed_nobody():
    turns = shedding.Turns()

    assert {turns.is_late(at * 0.0004, at, 3) for at in range(0, 6 * 3600, 10)} == {False}


def test_forms_that_are_still_in_time_do_not_hide_that_a_clock_was_moved():
    turns = shedding.Turns()
    turns.is_late(0, 0, shedding.PATIENCE)

    pages = []
    for second in range(1, 15):
        assert turns.is_late(5, second, shedding.PATIENCE_OF_A_FORM) is False
        pages.append(turns.is_late(5, second + 0.5, shedding.PATIENCE))

    assert pages == [True] * 10 + [False] * 4


def test_while_some_are_in_time_who_is_late_is_shed_however_long_it_lasts():
    turns = shedding.Turns()

    late = [turns.is_late(age, at, 3) for at in range(3600) for age in (2, 5)]

    assert late[:2] == [False, False]  # nobody was quicker before
    assert turns.is_late(0, 3600, 3) is False
    assert [turns.is_late(age, 3601 + at, 3) for at in range(3600) for age in (2, 5)] == [False, True] * 3600
