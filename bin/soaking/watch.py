"""The reader who comes every fifth of a second: how long the portal was away, how slow its slowest page."""

import http.client
import time
from itertools import cycle
from threading import Event, Thread

EVERY, PATIENCE = 0.2, 10
SLOW = 2.0  # seconds
PAGES = ("/", "/catalogue/skill-brands/", "/search/?q=%E5%89%AA%E7%BA%B8", "/map/", "/notices/", "/login/")


class Reader(Thread):
    """Asks for one page after the other; ``longest`` is the longest while without an answer (s)."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port, self.over = port, Event()
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
            self.note(is_there, time.monotonic() - begun)
            if is_there:
                self.longest = max(self.longest, time.monotonic() - last - EVERY)
                last = time.monotonic()

    def note(self, is_there: bool, took: float) -> None:
        """Count an answer that came after ``took`` seconds, or did not."""
        self.asked += 1
        self.missed += not is_there
        self.slowest = max(self.slowest, took)
        self.slow += took >= SLOW

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
