"""Counters of this process in the text format of Prometheus. No request waits for them, nobody shares them.

Each process counts for itself and says so by its label; whoever reads sums them up.
"""

import os
import socket
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock

#: Seconds; the pass marks of the pages (half a second, two seconds) are among them.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
#: First part of a path → class of the routes below it; what is none of these is a public page.
CLASSES = {
    "desk": "desk",
    "admin": "admin",
    "api": "api",
    "static": "static",
    "login": "sign-in",
    "logout": "sign-in",
    "healthz": "health",
    "readyz": "health",
    "metrics": "health",
}
METHODS = ("GET", "HEAD", "POST")

Labels = tuple[tuple[str, str], ...]


class Counters:
    """What was counted since this process began."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.seconds: Counter[str] = Counter()
        self.buckets: Counter[tuple[str, int]] = Counter()
        self.refused_sign_ins = 0
        self.violations: Counter[str] = Counter()

    def request(self, path: str, method: str, status: str, seconds: float) -> None:
        """Count one answer."""
        its = CLASSES.get(path.split("/", 2)[1] if path.startswith("/") else "", "public")
        verb = method if method in METHODS else "other"
        with self._lock:
            self.requests[its, verb, status] += 1
            self.seconds[its] += seconds
            self.buckets[its, bisect_left(BUCKETS, seconds)] += 1

    def refused_sign_in(self, **kwargs) -> None:
        """Count a sign-in that was refused; fits the signal that Django sends."""
        with self._lock:
            self.refused_sign_ins += 1

    def violation(self, directive: str) -> None:
        """Count one report of a browser that the content security policy kept something out."""
        with self._lock:
            self.violations[directive] += 1

    def lines(self) -> Iterator[str]:
        """Yield what was counted, as lines of the text format."""
        with self._lock:
            requests, seconds, buckets = Counter(self.requests), Counter(self.seconds), Counter(self.buckets)
            refused, violations = self.refused_sign_ins, Counter(self.violations)
        own = {"process": process()}
        yield from head("portal_requests_total", "counter", "Answers by class of route, method and status.")
        for (its, method, status), number in sorted(requests.items()):
            labels = {"class": its, "method": method, "status": status}
            yield sample("portal_requests_total", number, labels | own)
        yield from head("portal_request_seconds", "histogram", "Seconds until an answer begins.")
        for its in sorted(seconds):
            yield from _histogram(its, seconds[its], buckets, own)
        yield from head("portal_sign_ins_refused_total", "counter", "Sign-ins that were refused.")
        yield sample("portal_sign_ins_refused_total", refused, own)
        yield from head("portal_policy_violations_total", "counter", "What browsers reported, by directive.")
        for directive, number in sorted(violations.items()):
            yield sample("portal_policy_violations_total", number, {"directive": directive} | own)


def _histogram(its: str, seconds: float, buckets: Mapping[tuple[str, int], int], own: dict) -> Iterator[str]:
    so_far, name = 0, "portal_request_seconds"
    for number, end in enumerate((*map(str, BUCKETS), "+Inf")):
        so_far += buckets.get((its, number), 0)
        yield sample(f"{name}_bucket", so_far, {"class": its, "le": end} | own)
    yield sample(f"{name}_sum", round(seconds, 6), {"class": its} | own)
    yield sample(f"{name}_count", so_far, {"class": its} | own)


def process() -> str:
    """Return the name of this process among all that serve the portal."""
    return f"{socket.gethostname()}:{os.getpid()}"


def head(name: str, kind: str, told: str) -> Iterator[str]:
    """Yield the two lines before the samples of a metric."""
    yield f"# HELP {name} {told}"
    yield f"# TYPE {name} {kind}"


def sample(name: str, value: float, labels: Mapping[str, str] | None = None) -> str:
    """Return one line; quotes, backslashes and line ends in a label are escaped."""
    said = ",".join(f'{key}="{_escaped(text)}"' for key, text in (labels or {}).items())
    return f"{name}{{{said}}} {value}" if said else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


counters = Counters()


class Measured:
    """A WSGI application around all others: counts each answer, those out of memory too."""

    def __init__(self, application: Callable, into: Counters = counters):
        self._application, self._into = application, into

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        began, said = time.perf_counter(), ["500"]

        def begun(status: str, headers: list, *rest):
            said[0] = status[:3]
            return start_response(status, headers, *rest)

        try:
            return self._application(environ, begun)
        finally:
            took = time.perf_counter() - began
            self._into.request(environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"], said[0], took)
