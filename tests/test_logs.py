"""A fault of ours is written down where whoever runs the portal finds it, and says nothing of anybody."""

import json
import logging
import os
import re
import sys
from datetime import datetime

import pytest
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.test import Client, override_settings
from django.urls import path

from portal import urls
from portal.logs import FewOfAFlood, Formatter, Json, about, clean

handler500 = "portal.views.errors.server_error"


@login_not_required
def broken(request):
    """Break as a view of ours might."""
    raise LookupError("a fault planted by the test")


@login_not_required
def missing(request):
    """Say that there is nothing here, which leads to the 404 page."""
    raise Http404


def handler404(request, exception):
    """Break while the page of another error is made."""
    raise LookupError("a fault planted by the test")


urlpatterns = [path("missing/", missing), path("broken/", broken), *urls.urlpatterns]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/broken/", "/missing/"])
@override_settings(ROOT_URLCONF=__name__, DEBUG=False)
def test_a_fault_in_a_page_leaves_its_traceback_and_the_number_of_the_request(capsys, address):
    answer = Client(raise_request_exception=False).get(f"{address}?q=13800000000")

    assert answer.status_code == 500
    written = capsys.readouterr().err.splitlines()
    assert written[0].endswith(
        f"ERROR [{answer['X-Request-ID']}] django.request: Internal Server Error: {address}"
    )
    assert written[1] == "Traceback (most recent call last):"
    assert written[-1] == "LookupError: a fault planted by the test"
    assert [line for line in written if " ERROR " in line] == written[:1]
    assert answer["X-Request-ID"] in answer.content.decode()


@pytest.mark.parametrize("name", ["django.request", "django.security.csrf", "celery.worker", "portal", ""])
def test_a_warning_is_written_once_whoever_gives_it(capsys, name):
    logging.getLogger(name).warning("one line")

    assert [line.rpartition(" ")[0].split(" ", 2)[2] for line in capsys.readouterr().err.splitlines()] == [
        f"WARNING [-] {name or 'root'}: one"
    ]


def test_of_answers_that_a_flood_gets_one_line_a_second_is_written(monkeypatch):
    clock, sieve, written = [1000.0], FewOfAFlood(), []
    monkeypatch.setattr("portal.logs.time.monotonic", lambda: clock[0])
    for number in range(9):
        for status in (429, 503, 403):
            record = logging.makeLogRecord({"status_code": status})
            written += [(number, status)] if sieve.filter(record) else []
        clock[0] += 0.25

    assert [line for line in written if line[1] != 403] == [
        (number, status) for number in (0, 4, 8) for status in (429, 503)
    ]
    assert [number for number, status in written if status == 403] == list(range(9))
    assert sieve.filter(logging.makeLogRecord({}))


def test_the_row_that_a_database_refuses_is_left_out():
    row = "DETAIL:  Failing row contains (7, 演示联系人,\n\n00000000000)."

    try:
        try:
            raise ValueError(f"null value in column\n{row}")
        except ValueError as inner:
            raise RuntimeError(f"null value in column\n{row}") from inner
    except RuntimeError:
        text = Formatter().formatException(sys.exc_info())

    assert "00000000000" not in text
    assert text.count("DETAIL: left out") == 2
    assert "The above exception was the direct cause" in text


HOSTILE = "演示\r\n2026-01-01 00:00:00,000 ERROR [-] portal: forged\x1b[2J\u202e\x00"


def written_by(formatter: Formatter, message: str, *arguments, exc_info=None) -> str:
    record = logging.LogRecord("portal", logging.ERROR, "", 1, message, arguments, exc_info)
    return formatter.format(record)


@pytest.mark.parametrize("formatter", [Formatter(), Json()], ids=["text", "json"])
def test_what_somebody_sends_makes_no_line_of_its_own_and_steers_no_terminal(formatter):
    text = written_by(formatter, "asked for %s", HOSTILE)

    assert len(text.splitlines()) == 1
    assert [character for character in text if not character.isprintable()] == []


@pytest.mark.parametrize("formatter", [Formatter(), Json()], ids=["text", "json"])
def test_what_stands_in_an_error_begins_no_line_that_looks_like_another_entry(formatter):
    try:
        raise LookupError(HOSTILE.replace("\r", ""))
    except LookupError:
        text = written_by(formatter, "a fault", exc_info=sys.exc_info())

    assert [line for line in text.splitlines()[1:] if line[:1].isdigit() or line[:1] == "{"] == []
    assert "\x1b" not in text


def test_a_line_of_text_begins_with_its_time_and_the_offset_of_the_clock():
    record = logging.LogRecord("portal", logging.WARNING, "", 0, "one line", (), None)
    record.created = 1_792_800_000.25

    date, time, rest = Formatter().format(record).split(" ", 2)

    assert datetime.fromisoformat(f"{date} {time}").timestamp() == record.created
    assert (bool(re.search(r"[+-]\d\d:\d\d$", time)), rest) == (True, "WARNING [-] portal: one line")


def test_a_line_of_json_says_when_how_bad_whose_and_what():
    with about("0123456789abcdef"):
        said = json.loads(written_by(Json(), "two\nlines, %s", "甲"))

    at, process = said.pop("at"), said.pop("process")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", at) and process == os.getpid()
    assert said == {
        "level": "ERROR",
        "request": "0123456789abcdef",
        "logger": "portal",
        "message": "two\\nlines, 甲",
    }


@login_not_required
def telling(request):
    """Write a line and break, with all that a request may hold in both."""
    logging.getLogger("portal").warning("POST %s %s", request.POST.dict(), request.headers)
    raise LookupError(f"no row for {request.POST.dict()} {request.COOKIES}")


urlpatterns.insert(0, path("telling/", telling))
CANARIES = {"password": "kanarie-Wachtwoord-1", "csrfmiddlewaretoken": "kanarie" * 9, "phone": "13800138000"}


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["line", "json"])
@override_settings(ROOT_URLCONF=__name__, DEBUG=False)
def test_no_password_token_session_or_whole_number_of_a_request_is_written(capsys, monkeypatch, form):
    if form == "json":
        (handler,) = logging.getLogger().handlers[:1]
        monkeypatch.setattr(handler, "formatter", Json())
    client = Client(raise_request_exception=False, headers={"authorization": "Bearer kanarie-bearer"})
    client.cookies["session"] = "kanarie-session"
    identity = "370102199001011234"

    answer = client.post("/telling/", CANARIES | {"identity": identity})

    written = capsys.readouterr().err
    secrets = {*CANARIES.values(), identity, "kanarie-session", "kanarie-bearer", settings.SECRET_KEY}
    assert {secret for secret in secrets if secret in written} == set()
    assert "138****8000" in written
    assert written.count(answer["X-Request-ID"]) >= 2


def test_the_secrets_of_the_installation_are_left_out_wherever_they_stand():
    assert settings.SECRET_KEY not in clean(f"odd {settings.SECRET_KEY}")
    assert clean("amqp: password=hunter2hunter2 was refused") == "amqp: password=*** was refused"
