"""Floods beside people at work: wrong sign-ins by the hundred, and fifty who write at the same time."""

import http.client
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import count
from pathlib import Path
from threading import Event
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connections

from doors.environment import clean_environment
from portal import drafts
from portal.models import Filing
from portal.vocabulary import State
from tests.attacking import IS_LONG, figures
from tests.copies import many_filings
from tests.crawling import signed_in
from tests.factories import filer, reviewer
from tests.jobbing import database_url
from tests.serving import PATIENCE, TOKEN, Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.either]
SECONDS = 60.0 if IS_LONG else 1.0
A_SECOND, ATTACKERS = 300, 60  # wrong sign-ins in all, and the connections they come over
PEOPLE = 20 if IS_LONG else 4
WRITERS = 50
PAGES = ("/desk/", "/", "/catalogue/skill-brands/", "/desk/messages/")


def test_people_work_on_while_wrong_sign_ins_flood_in(tmp_path):
    sessions = [signed_in(filer(name=f"flooded {n}")) for n in range(PEOPLE)]
    victim = reviewer().username
    collected(tmp_path)
    server = Server(tmp_path, 0.25, workers=2, threads=4)
    try:
        server.wait()
        for session in sessions[:4]:  # no process begins with the flood
            for page in PAGES:
                server.ask("GET", page, session)
            server.connection.close()
        with figures() as counted, ThreadPoolExecutor(ATTACKERS + PEOPLE) as pool:
            begun, over, waits = time.monotonic(), Event(), [[] for _ in sessions]
            tries = [pool.submit(attack, server.port, n, victim, begun, waits) for n in range(ATTACKERS)]
            people = [pool.submit(work, server.port, *one, over) for one in zip(sessions, waits, strict=True)]
            wait(tries)
            over.set()
            tried = sum((one.result() for one in tries), Counter())
            assert [one.result() for one in people] == [{200}] * PEOPLE
            waited = sorted(late for one in waits for late in one)
            counted.update(report(tried, waited))
    finally:
        server.stop()

    assert (set(tried) - {429}, counted["5xx"]) == ({200}, 0)


def collected(folder: Path) -> None:
    """Collect the static files of a server that keeps its things in ``folder``."""
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    environment = clean_environment(PORTAL_VAR=str(folder), DATABASE_URL=database_url())
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True)


def attack(port: int, number: int, victim: str, begun: float, waits: list[list[float]]) -> Counter:
    """Send this attacker's share of wrong sign-ins, late ones at once, and count the answers by status.

    However slow the machine is, the flood lasts until everybody at work has opened two pages.
    """
    found, there = Counter(), connected(port)
    for turn in count():
        due = begun + (number + turn * ATTACKERS) / A_SECOND
        gone = max(due, time.monotonic()) - begun
        if gone > PATIENCE or (gone > SECONDS and min(map(len, waits)) > 1):
            there.close()
            return found
        time.sleep(max(0.0, due - time.monotonic()))
        name = victim if turn % 2 else f"nobody {number} {turn}"
        form = {"username": name, "password": f"Wrong-{turn}-wrong", "csrfmiddlewaretoken": TOKEN}
        found[asked(there, "POST", "/login/", {"Cookie": f"csrftoken={TOKEN}"}, form)] += 1


def work(port: int, session: str, waits: list[float], over: Event) -> set[int]:
    """Open pages as somebody signed in, one a second, until it is over; return every status.

    What each page took goes to ``waits``, in seconds.
    """
    statuses, there = set(), connected(port)
    for turn in count():
        begun = time.monotonic()
        statuses.add(asked(there, "GET", PAGES[turn % len(PAGES)], {"Cookie": f"session={session}"}))
        waits.append(time.monotonic() - begun)
        if over.wait(max(0.0, 1.0 - waits[-1]) if IS_LONG else 0.1):
            there.close()
            return statuses


def report(tried: Counter, waited: list[float]) -> dict[str, int]:
    """Return the figures of a flood."""
    late = waited[int(len(waited) * 0.95)]
    return {
        "cases": tried.total(),
        "refused": tried[429],
        "5xx": sum(number for status, number in tried.items() if status >= 500),
        "pages of people": len(waited),
        "their p95 in ms": round(late * 1000),
    }


def connected(port: int) -> http.client.HTTPConnection:
    """Return a connection with the server."""
    return http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)


def asked(there: http.client.HTTPConnection, method: str, url: str, headers: dict, form=None) -> int:
    """Ask, read the answer to its end and return its status."""
    body = None
    if form is not None:
        body, headers = urlencode(form), headers | {"Content-Type": "application/x-www-form-urlencoded"}
    there.request(method, url, body, headers)
    answer = there.getresponse()
    answer.read()
    return answer.status


def test_fifty_who_write_at_the_same_time_all_come_through():
    records = [filing.pk for filing in many_filings(WRITERS, "skill-brands", State.DRAFT)]
    by, over = filer(), Event()

    with figures() as counted, ThreadPoolExecutor(WRITERS) as pool:
        running = [pool.submit(write, pk, by, over) for pk in records]
        over.wait(SECONDS)
        over.set()
        written = [one.result() for one in running]
        counted["cases"] = sum(written)

    revisions = dict(Filing.objects.filter(pk__in=records).values_list("pk", "revision"))
    assert ([revisions[pk] for pk in records], min(written) > 0) == (written, True)


def write(pk: int, by, over: Event) -> int:
    """Save a draft again and again until it is over; return how often."""
    try:
        for turn in count(1):
            record = Filing.objects.get(pk=pk).record
            drafts.save(record, by=by, revision=turn - 1, values={"explanation": f"演示 {turn}"})
            if over.is_set():
                return turn
    finally:
        connections.close_all()
