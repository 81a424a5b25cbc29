"""The reader who comes every fifth of a second: how long the portal was away at the longest."""

import http.client
import time
from threading import Event, Thread

EVERY, PATIENCE = 0.2, 10


class Reader(Thread):
    """Asks for the first page all the time; ``longest`` is the longest while without an answer."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port, self.over, self.longest, self.asked, self.missed = port, Event(), 0.0, 0, 0

    def run(self) -> None:
        """Ask until it is over."""
        last = time.monotonic()
        while not self.over.wait(EVERY):
            self.asked += 1
            if answers(self.port):
                self.longest = max(self.longest, time.monotonic() - last - EVERY)
                last = time.monotonic()
            else:
                self.missed += 1

    def stop(self) -> None:
        """Ask no more."""
        self.over.set()
        self.join()


def answers(port: int) -> bool:
    """Return whether the first page came whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status == 200 and bool(answer.read())
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
