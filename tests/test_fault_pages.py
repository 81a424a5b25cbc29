"""The pages around a fault wear what the visitor chose, without asking anything but his cookies."""

import pytest
from django.db import OperationalError
from django.http import HttpResponseNotAllowed
from django.test import RequestFactory
from django.urls import get_resolver

from portal import shedding, throttling
from portal.views import errors

CHOSEN = {"elder": "on", "theme": "dark", "text": "large"}
WORN = '<html lang="zh-CN" data-elder data-theme="dark" data-text="large">'
PLAIN = '<html lang="zh-CN">'
NEVER = throttling.Limit(account=0, network=0)


def broken(fault: Exception):
    """Return the view of a fault, called while it is handled."""

    def page(request):
        try:
            raise fault
        except type(fault):
            return errors.server_error(request)

    return page


PAGES = {
    400: lambda request: errors.bad_request(request, ValueError()),
    405: errors.a_form_has_no_page(lambda request: HttpResponseNotAllowed(["POST"])),
    500: broken(ValueError()),
    503: broken(OperationalError()),
}


def asked(page, cookies: dict[str, str]):
    """Return what a visitor with these cookies is answered."""
    request = RequestFactory().get("/")
    request.COOKIES = cookies
    return page(request)


@pytest.mark.parametrize("status", PAGES)
def test_a_page_of_a_fault_wears_what_the_visitor_chose(status):
    answers = [asked(PAGES[status], cookies) for cookies in (CHOSEN, {}, {"elder": "<", "theme": '"'})]

    assert [answer.status_code for answer in answers] == [status] * 3
    pages = [answer.content.decode() for answer in answers]
    assert [[html in page for html in (WORN, PLAIN)] for page in pages] == [
        [True, False],
        [False, True],
        [False, True],
    ]
    assert ["/static/portal/modes.css" in page for page in pages] == [True] * 3


def test_who_is_asked_for_patience_reads_that_in_his_own_mode():
    pages = [asked(shedding.come_back, cookies).content.decode() for cookies in (CHOSEN, {})]

    assert [WORN in page for page in pages] == [True, False]


def test_who_asks_too_often_reads_that_in_his_own_mode(client, monkeypatch, settings):
    settings.THROTTLE = 1
    monkeypatch.setitem(throttling.LIMITS, "search", NEVER)
    client.cookies.load(CHOSEN)

    answer = client.get("/search/?q=风筝")

    assert (answer.status_code, WORN in answer.content.decode()) == (429, True)


def test_what_cannot_be_read_is_answered_by_our_page():
    assert get_resolver().resolve_error_handler(400) is errors.bad_request
