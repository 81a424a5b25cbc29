"""A database that is away or has no room is said to be so, a fault in a statement to be a fault."""

import sqlite3
from contextlib import closing

import django
import psycopg
import pytest
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, connection
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import path, reverse

from portal import urls
from portal.models import HeldForm
from portal.views import errors
from tests import factories
from tests.identity import age, entered

pytestmark = pytest.mark.django_db(transaction=True)
handler500 = "portal.views.errors.server_error"


@login_not_required
def away(request: HttpRequest):
    """Ask a database that ends the connection, or whose one writer does not give way."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        cursor.execute("PRAGMA busy_timeout = 1")
        with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            cursor.execute("BEGIN IMMEDIATE")


@login_not_required
def wrong(request: HttpRequest):
    """Ask for what no database has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")


urlpatterns = [path("away/", away), path("wrong/", wrong), *urls.urlpatterns]


def asked(address: str, method: str = "get"):
    with override_settings(ROOT_URLCONF=__name__, DEBUG=False):
        answer = getattr(Client(raise_request_exception=False), method)(address)
    connection.close()
    return answer


def test_a_database_that_is_away_is_no_fault_of_the_portal(caplog):
    answer = asked("/away/")

    page, (line,) = answer.content.decode(), caplog.records
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert [said in page for said in errors.AWAY.values()] == [True, True]
    assert (line.msg, line.exc_info) == ("The database is away: %s", None)


def test_whoever_sent_a_form_is_told_to_look_whether_it_was_stored():
    pages = [asked("/away/", method).content.decode() for method in ("get", "post")]

    assert [errors.AWAY_FOR_A_FORM["after"] in page for page in pages] == [False, True]


def test_a_fault_in_a_statement_stays_a_fault(capsys):
    answer = asked("/wrong/")

    assert (answer.status_code, "Traceback" in capsys.readouterr().err) == (500, True)


NO_ROOM = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: no space left' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER no_room BEFORE INSERT ON portal_heldform FOR EACH ROW EXECUTE FUNCTION no_room();
"""


@pytest.fixture
def no_room():
    """Bound the database of SQLite; let PostgreSQL say what it says where a file cannot grow."""
    is_sqlite = connection.vendor == "sqlite"
    yield _bound if is_sqlite else lambda: connection.cursor().execute(NO_ROOM)
    if is_sqlite:
        connection.close()  # it is the connection that is bounded
    else:
        connection.cursor().execute("DROP FUNCTION no_room CASCADE")


def _bound() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        (pages,) = cursor.execute("PRAGMA page_count").fetchone()
        assert cursor.execute(f"PRAGMA max_page_count = {pages}").fetchone() == (pages,)


def test_a_form_that_finds_no_room_is_told_what_helps_and_leaves_nothing_while_pages_go_on(no_room, caplog):
    browser = entered(factories.filer())
    browser.raise_request_exception = False
    age(browser, seen_at=3600)
    typed = {"note": "很长的内容" * 100_000}
    no_room()

    answer = browser.post(reverse("filing-edit", args=[1]), typed)

    page = answer.content.decode()
    assert (answer.status_code, [said in page for said in errors.FULL.values()]) == (503, [True, True])
    assert "The database has no room: %s" in [line.msg for line in caplog.records]
    assert (HeldForm.objects.count(), Client().get("/").status_code) == (0, 200)
    assert Client().get("/readyz").status_code == 200


def test_control_with_room_the_same_form_is_kept():
    browser = entered(factories.filer())
    age(browser, seen_at=3600)

    answer = browser.post(reverse("filing-edit", args=[1]), {"note": "很长的内容" * 100_000})

    assert (answer.status_code, HeldForm.objects.count()) == (302, 1)


def caused(fault: Exception, by: Exception) -> Exception:
    fault.__cause__ = by
    return fault


def answered(code: str) -> Exception:
    """Return what PostgreSQL says with a SQLSTATE, as Django raises it."""
    cause = psycopg.errors.lookup(code)()
    return caused(getattr(django.db, type(cause).__mro__[1].__name__)(), cause)


OURS = [
    *(None, LookupError(), DatabaseError(), InternalError()),
    *(caused(InterfaceError(), sqlite3.InterfaceError()), answered("25P02"), answered("57014")),
]


@pytest.mark.parametrize("fault", OURS)
def test_what_does_not_say_that_the_database_is_away_is_ours(fault):
    assert not errors.is_away(fault)


def by_sqlite(code: int) -> Exception:
    """Return what SQLite says with a code, as Django raises it."""
    cause = sqlite3.OperationalError()
    cause.sqlite_errorcode = code
    return caused(OperationalError(), cause)


@pytest.mark.parametrize(
    ("fault", "is_full"),
    [
        (by_sqlite(sqlite3.SQLITE_FULL), True),
        (by_sqlite(sqlite3.SQLITE_IOERR_WRITE), True),
        (by_sqlite(sqlite3.SQLITE_BUSY), False),
        (by_sqlite(sqlite3.SQLITE_CORRUPT), False),
        (answered("53100"), True),
        (answered("58030"), True),
        (answered("53300"), False),
        (OperationalError("no answer"), False),
    ],
)
def test_a_disk_that_is_full_or_does_not_write_is_told_from_a_database_that_is_away(fault, is_full):
    assert errors.is_full(fault) == is_full


@pytest.mark.parametrize("code", ["08006", "53300", "57P01", "25P03"])
def test_a_server_that_goes_or_gives_up_is_away(code):
    assert errors.is_away(answered(code))


@pytest.mark.parametrize("fault", [OperationalError("no answer"), InterfaceError("connection closed")])
def test_a_connection_that_was_not_made_or_is_gone_is_the_databases(fault):
    assert errors.is_away(fault)
