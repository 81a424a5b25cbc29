"""The reader who comes every fifth of a second: how long the portal was away, how slow its slowest page."""

import http.client
import json
import time
from itertools import cycle
from pathlib import Path
from threading import Event, Thread

EVERY, PATIENCE = 0.2, 10
SLOW = 2.0  # seconds
PAGES = ("/", "/catalogue/skill-brands/", "/search/?q=%E5%89%AA%E7%BA%B8", "/map/", "/notices/", "/login/")


class Reader(Thread):
    """Asks for one page after the other; ``longest`` is the longest while without an answer (s).

    What was slow or missed is written to the file ``told``, with its time.
    """

    def __init__(self, port: int, told: Path) -> None:
        super().__init__(daemon=True)
        self.port, self.told, self.over = port, told, Event()
        self.longest = self.slowest = 0.0
        self.asked = self.missed = self.slow = 0

    def run(self) -> None:
        """Ask until it is over."""
        last = time.monotonic()
        for page in cycle(PAGES):
            if self.over.wait(EVERY):
                return
            begun = time.monotonic()
            is_there = answers(self.port, page)
            self.note(page, is_there, time.monotonic() - begun)
            if is_there:
                self.longest = max(self.longest, time.monotonic() - last - EVERY)
                last = time.monotonic()

    def note(self, page: str, is_there: bool, took: float) -> None:
        """Count an answer that came after ``took`` seconds, or did not; write down what somebody noticed."""
        self.asked += 1
        self.missed += not is_there
        self.slowest = max(self.slowest, took)
        self.slow += took >= SLOW
        if took >= SLOW or not is_there:
            line = {"at": time.time(), "page": page, "is_there": is_there, "took": took}
            with self.told.open("a", encoding="utf-8") as told:
                told.write(json.dumps(line) + "\n")

    def stop(self) -> None:
        """Ask no more."""
        self.over.set()
        self.join()


def answers(port: int, page: str) -> bool:
    """Return whether a page came whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", page)
        answer = connection.getresponse()
        return answer.status == 200 and bool(answer.read())
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
