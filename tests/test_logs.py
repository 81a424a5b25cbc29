"""A fault of ours is written down where whoever runs the portal finds it, and says nothing of anybody."""

import logging
import sys

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.test import Client, override_settings
from django.urls import path

from portal import urls
from portal.logs import Formatter

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
