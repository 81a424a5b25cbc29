"""Requests whose turn comes too late: told so before any work is done, so that those behind them are in time.

A server that is asked for more than it can do answers everybody late otherwise, most of them after they have
gone. The declared proxy says when a request arrived (``X-Request-Start: t=1700000000.123``, seconds as nginx
writes ``$msec``); where nobody says it, nothing is shed.
"""

import math
import re
import time
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from portal import display
from portal.networks import is_from_a_proxy

#: Seconds that who reads a page waits for his turn, and who sends a form: that cost somebody work.
PATIENCE, PATIENCE_OF_A_FORM = 3.0, 10.0
RETRY_AFTER = 5  # seconds
#: A queue makes nobody older than the time that passed: who is older by so many seconds more shows a clock
#: that was moved, if for ``ALL_LATE`` seconds after him none was in time.
JUMP, ALL_LATE = 2.0, 10.0
LONGEST = 120.0  # seconds that no queue lasts: nobody in time for longer means that a clock was moved
DRIFT = 0.0005  # two clocks part by so many seconds in a second at most (adjtimex(2): 500 ppm)
SAID = "现在访问的人太多，还没有轮到您。请过几秒再试一次。"
SAID_OF_A_FORM = "现在访问的人太多，还没有轮到您。请过几秒按“刷新”，浏览器会把刚才填写的内容再提交一次。"
_STAMP = re.compile(r"t=([0-9]{1,12}\.[0-9]{3})", re.ASCII)


class Turns:
    """Who came too late: a stamp is compared with the youngest one seen, for two clocks may differ."""

    def __init__(self) -> None:
        self.youngest, self.jumped = math.inf, math.inf
        self.age, self.at = math.inf, -math.inf
        self.late_since = math.inf

    def is_late(self, age: float, at: float, patience: float) -> bool:
        """Say whether a request of such an ``age`` waited beyond ``patience``; all in seconds."""
        passed = at - self.at
        if age - self.age > passed + JUMP:
            self.jumped = min(self.jumped, at)
        if at - self.jumped > ALL_LATE or at - self.late_since > LONGEST:
            self.youngest = math.inf
        self.age, self.at = age, at
        self.youngest = min(self.youngest + passed * DRIFT, age)
        waited = age - self.youngest
        if waited <= PATIENCE:  # forms that are waited for longer say nothing of the clocks
            self.jumped = self.late_since = math.inf
        self.late_since = min(self.late_since, at if waited > PATIENCE else math.inf)
        return waited > patience


turns = Turns()


def too_late_is_said_so(get_response):
    """Answer 503 where a request waited beyond its patience; a middleware."""

    def middleware(request):
        return come_back(request) if is_too_late(request) else get_response(request)

    return middleware


def is_too_late(request: HttpRequest) -> bool:
    """Say whether a declared proxy got this request longer ago than its patience."""
    stamp = _STAMP.fullmatch(request.META.get("HTTP_X_REQUEST_START", ""))
    if not stamp or not is_from_a_proxy(request):
        return False
    patience = PATIENCE if _reads(request) else PATIENCE_OF_A_FORM
    return turns.is_late(time.time() - float(stamp[1]), time.monotonic(), patience)


def _reads(request: HttpRequest) -> bool:
    return request.method in ("GET", "HEAD")


def come_back(request: HttpRequest) -> HttpResponse:
    """Return the page that asks for patience: nothing was done."""
    said = SAID if _reads(request) else SAID_OF_A_FORM
    page = _page(said, display.worn(request))
    headers = {"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"}
    answer = HttpResponse(page, status=503, headers=headers)
    answer.began_nothing = True
    return answer


@cache
def _page(said: str, worn: display.Worn) -> str:
    """Return the page around ``said`` as it is ``worn``; made once, for it is asked for by the hundred."""
    return render_to_string("503.html", {"sentence": said, **worn._asdict()})
