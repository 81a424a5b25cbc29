"""A few of those who work are let in at once, the others wait; pages for everybody pass them by."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from threading import Event

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from portal import lanes, shedding
from tests.job_kinds import until

LONG = 60  # seconds
ask = RequestFactory()


def signed_in() -> HttpRequest:
    """Return what somebody who is signed in asks for."""
    request = ask.get("/desk/")
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "x"
    return request


WORK = {"a form": lambda: ask.post("/verify/"), "a page behind the sign-in": signed_in}


class Desk:
    """What lies behind the lanes: whoever works stays until ``over``."""

    def __init__(self):
        self.inside, self.over, self.lane = Queue(), Event(), lanes.Lane()
        self.asked = lanes.one_lane_is_the_publics(self._answer, self.lane)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if not lanes.is_of_the_public(request):
            self.inside.put(request)
            self.over.wait(LONG)
        return HttpResponse()


@pytest.mark.parametrize("work", WORK)
def test_while_as_many_work_as_may_the_next_waits_and_the_public_is_answered(work, monkeypatch):
    desk = Desk()
    with ThreadPoolExecutor(lanes.AT_ONCE) as pool:
        working = [pool.submit(desk.asked, WORK[work]()) for _ in range(lanes.AT_ONCE)]
        [desk.inside.get(timeout=LONG) for _ in working]
        monkeypatch.setattr(lanes, "PATIENCE", 0.01)

        refused, public = desk.asked(WORK[work]()), desk.asked(ask.get("/"))
        desk.over.set()

    assert [refused.status_code, public.status_code, desk.inside.qsize()] == [503, 200, 0]
    assert refused["Retry-After"] == str(shedding.RETRY_AFTER)
    assert [one.result().status_code for one in working] == [200] * lanes.AT_ONCE
    assert desk.asked(WORK[work]()).status_code == 200


def test_who_waits_is_let_in_when_another_is_done():
    desk = Desk()
    with ThreadPoolExecutor(lanes.AT_ONCE + 1) as pool:
        working = [pool.submit(desk.asked, ask.post("/verify/")) for _ in range(lanes.AT_ONCE + 1)]
        [desk.inside.get(timeout=LONG) for _ in range(lanes.AT_ONCE)]
        desk.over.set()

    assert [one.result().status_code for one in working] == [200] * (lanes.AT_ONCE + 1)


def test_nobody_who_comes_later_is_let_in_before_who_waits(monkeypatch):
    lane = lanes.Lane()
    assert [lane.enter() for _ in range(lanes.AT_ONCE)] == [True] * lanes.AT_ONCE
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lane.enter)
        until(lambda: len(lane.waiting) == 1)
        monkeypatch.setattr(lanes, "PATIENCE", 0.01)

        lane.leave()

        assert [lane.enter(), first.result(LONG)] == [False, True]


def test_a_turn_that_comes_at_the_last_moment_is_taken_and_not_lost():
    lane, late = lanes.Lane(), Event()
    late.set()

    assert (lane._came_after_all(late), lane.free) == (True, lanes.AT_ONCE)


@contextmanager
def everybody_goes_home(desk: Desk):
    """Let whoever is inside go on, whatever a test finds."""
    try:
        yield
    finally:
        desk.over.set()


def test_where_nothing_moves_only_some_wait_and_the_next_is_told_at_once(monkeypatch):
    monkeypatch.setattr(lanes, "STILL", 0.0)
    monkeypatch.setattr(lanes, "PATIENCE", 5 * LONG)  # nobody who waits is told to come back
    desk = Desk()
    with ThreadPoolExecutor(lanes.AT_ONCE + lanes.WAITING + 1) as pool, everybody_goes_home(desk):
        for _ in range(lanes.AT_ONCE):
            pool.submit(desk.asked, ask.post("/verify/"))
            desk.inside.get(timeout=LONG)
        waiting = [pool.submit(desk.asked, ask.post("/verify/")) for _ in range(lanes.WAITING)]
        until(lambda: len(desk.lane.waiting) == lanes.WAITING)

        at_once = pool.submit(desk.asked, ask.post("/verify/")).result(LONG)

    assert at_once.status_code == 503
    assert [one.result().status_code for one in waiting] == [200] * lanes.WAITING


def test_where_it_moves_all_wait(monkeypatch):
    monkeypatch.setattr(lanes, "STILL", LONG)
    desk, others = Desk(), lanes.WAITING + 1
    with ThreadPoolExecutor(lanes.AT_ONCE + others) as pool, everybody_goes_home(desk):
        asked = [pool.submit(desk.asked, ask.post("/verify/")) for _ in range(lanes.AT_ONCE + others)]
        until(lambda: len(desk.lane.waiting) == others)

    assert [one.result().status_code for one in asked] == [200] * len(asked)


def test_a_fault_gives_the_turn_back(monkeypatch):
    monkeypatch.setattr(lanes, "PATIENCE", 0.01)

    def broken(request):
        raise ZeroDivisionError

    asked = lanes.one_lane_is_the_publics(broken)
    for _ in range(lanes.AT_ONCE + 1):
        with pytest.raises(ZeroDivisionError):
            asked(ask.post("/verify/"))
