"""A session that cannot be written just now does not undo what a request did; one that is over stays over."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from portal.models import Filing
from portal.session_store import SessionStore
from tests import factories
from tests.identity import age, entered

pytestmark = pytest.mark.django_db


class Away:
    """Stands in for a database that goes away when the session is written; counts how often."""

    def __init__(self, is_meant: Callable[[str], bool] = lambda sql: not sql.startswith("SELECT")):
        self.times, self.is_meant = 0, is_meant

    def __call__(self, execute, sql, params, many, context):
        if "django_session" in sql and self.is_meant(sql):
            self.times += 1
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)


def test_what_was_done_is_answered_though_the_session_could_not_be_written():
    browser = entered(factories.filer())
    age(browser, seen_at=900)  # so that it is written by the next request

    with connection.execute_wrapper(away := Away()):
        answer = browser.post("/desk/new/skill-brands/", {})

    led_to = reverse("filing-edit", args=[Filing.objects.get().pk])
    assert (answer.status_code, answer["Location"], away.times) == (302, led_to, 1)


def test_who_is_told_that_he_signed_in_is_signed_in():
    person, browser = factories.filer(), Client(raise_request_exception=False)
    away = Away(lambda sql: sql.startswith("UPDATE"))  # its name is written, its contents are not

    with connection.execute_wrapper(away):
        answer = browser.post("/login/", {"username": person.username, "password": factories.PASSWORD})

    assert (answer.status_code, away.times) == (503, 1)


def test_a_session_that_is_over_is_not_written_again():
    session = SessionStore()
    session.create()
    again = SessionStore(session.session_key)
    again["seen_at"] = 1
    session.delete()

    with pytest.raises(UpdateError):
        again.save()
