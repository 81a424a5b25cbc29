"""Finished bytes of public pages, answered in front of Django while what they show has not changed.

An answer to somebody unknown (GET and HEAD, no session, no token of a form) is kept under what it depends
on: scheme, host, path, query, the display preferences, the day in Asia/Shanghai, and the tokens of those
parts of the public content that it shows (``page_parts``), which triggers change in the transaction that
changes the content (``public_changes``). Nothing else gets in: an answer with a cookie, an error or a
redirect is not kept, a query with a parameter that no page knows is Django's own to answer, and the number
of the request is made for each answer.

Why no page is ever stale. A process trusts the tokens it last read, all of them by one query, for
``PAGES_LEASE`` seconds, counted from before it asked, by a clock that nobody sets. Whoever changes public
content is answered only when all those leases are over: after a form was handled ``Lease.settle`` asks for
the tokens, and when any is another than before waits until those it finds have been known here for a lease.
No process can then trust an older one, for it would have to have read it before the change was committed. So
all who ask after the requester was answered get the new page, of every process on every host; while the act
is still running both pages are right. A page that tells of a job waits likewise. A page is kept under the
tokens known before it was made: its content is of these tokens or newer, never older. Which parts it depends
on follows from what was found when it was made; nothing comes onto it later without one of them changing.

A process whose database does not answer knows no tokens and keeps nothing. Whoever is in between (browser,
proxy) may store a page but has to ask before each use; that question is answered with 304, out of memory too.
"""

import hashlib
import secrets
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.handlers.wsgi import get_path_info
from django.db import Error, connection
from django.http import parse_cookie
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone

from portal import asking, display, page_parts, public_changes, registry
from portal.cookies import NOTICES, called
from portal.page_parts import EVERYTHING, Parts

#: Routes whose pages are the same for everybody unknown; each reads only tables that are watched.
ROUTES = frozenset(
    {
        "home",
        "catalogue",
        "catalogue-list",
        "catalogue-entry",
        "catalogue-editions",
        "catalogue-compare",
        "catalogue-edition",
        "genealogy",
        "map",
        "search",
        "notices",
        "notice",
        "targets",
        "target",
        "reference",
        "reference-list",
        "reference-item",
        "interface",
        "feed",
        "feed-type",
        "feed-notices",
        "sitemap",
        "sitemap-section",
        "robots",
    }
)
#: Parameters of these pages; the facets of the catalogues and lists come from their declarations.
PARAMETERS = frozenset(
    {"q", "page", "p", "city", "county", "region", "status", "sort", "view", "map", "in", "of", "version"}
    | {"from", "to", "on", "year", "short", "kind", "catalogue"}
)
PREFERENCES = {
    display.ELDER: {"on"},
    display.THEME: set(display.THEMES),
    display.DENSITY: set(display.DENSITIES),
    display.TEXT: set(display.TEXT_SIZES),
}
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
FOLLOWED = "/desk/jobs/"  # what a worker did shows here first
LONGEST, MOST_PARAMETERS = 500, 12
MOST_VARIANTS = 100  # of one path: whoever makes up queries displaces his own
OVERHEAD = 2_000  # bytes that a page takes beside its body
CACHED = "public, max-age=0, must-revalidate"
OWN_HEADERS = {"x-request-id", "etag", "content-length", "vary", "cache-control"}

Key = tuple[str, ...]
Answer = Iterable[bytes]


class Content:
    """The public content as its tokens stand: part → token, nothing when they are not known."""

    def __init__(self, tokens: dict[str, str]):
        self.tokens = tokens
        self._known: dict[Parts | None, str] = {}

    def of(self, parts: Parts | None) -> str:
        """Return one token of some parts, or of everything."""
        if parts not in self._known:
            names = sorted(self.tokens if parts is EVERYTHING else parts)
            self._known[parts] = "|".join(f"{name}:{self.tokens.get(name, '')}" for name in names)
        return self._known[parts]


class Lease:
    """The tokens this process trusts, asked for anew when ``seconds`` have passed."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self._lock = Lock()
        self._content, self._since, self._until = Content({}), time.monotonic(), 0.0

    def content(self) -> Content:
        """Return the tokens of the public content, at most ``seconds`` old."""
        if time.monotonic() < self._until:
            return self._content
        with self._lock:
            if time.monotonic() >= self._until:
                self._ask()
            return self._content

    def settle(self, before: Content | None = None) -> None:
        """Return when no process trusts older tokens than those that stand, at once when ``before`` do."""
        with self._lock:
            self._ask()
            now = self._content.tokens
            if before and before.tokens and now == before.tokens:
                return
            over = self._since + self.seconds if now else time.monotonic() + self.seconds
        while (left := over - time.monotonic()) > 0:
            time.sleep(left)

    def _ask(self) -> None:
        asked = time.monotonic()
        try:
            with asking.asking(asking.STRANGER):
                found = public_changes.tokens(connection)
        except Error:
            found = {}
        if found != self._content.tokens:
            self._content, self._since = Content(found), time.monotonic()
        self._until = asked + self.seconds if found else 0.0


Of = tuple[int, str]  # a day, and the token of what a page depends on


@dataclass
class Page:
    """The bytes of one answer; the compressed ones are made when somebody first asks for them.

    ``of`` is what it was made under, by the tokens of its ``parts``.
    """

    headers: list[tuple[str, str]]
    body: bytes
    etag: str
    parts: Parts | None = EVERYTHING
    of: Of = (0, "")
    zipped: bytes = b""
    is_kept: bool = False

    @property
    def size(self) -> int:
        """The memory it takes."""
        return len(self.body) + len(self.zipped) + OVERHEAD


@dataclass
class Shelf:
    """The pages that were made, at most ``most`` bytes; the least asked for go first."""

    most: int
    held: int = 0
    _lock: Lock = field(default_factory=Lock)
    _paths: OrderedDict[str, OrderedDict[Key, Page]] = field(default_factory=OrderedDict)

    def find(self, day: int, content: Content, path: str, key: Key) -> Page | None:
        """Return the page that is kept, if it was made on ``day`` of what it shows now; else it goes."""
        with self._lock:
            variants = self._paths.get(path)
            page = variants.get(key) if variants else None
            if page is None:
                return None
            if page.of != (day, content.of(page.parts)):
                self._drop(path, key)
                return None
            self._paths.move_to_end(path)
            variants.move_to_end(key)
            return page

    def put(self, path: str, key: Key, page: Page) -> None:
        """Keep a page."""
        with self._lock:
            if key in self._paths.setdefault(path, OrderedDict()):
                self._drop(path, key)
            variants = self._paths.setdefault(path, OrderedDict())
            self.held += page.size
            page.is_kept, variants[key] = True, page
            if len(variants) > MOST_VARIANTS:
                self._drop(path, next(iter(variants)))
            while self.held > self.most:
                first = next(iter(self._paths))
                self._drop(first, next(iter(self._paths[first])))

    def zip(self, page: Page) -> bytes:
        """Return the compressed bytes of a page, and keep them."""
        if not page.zipped:
            packer = zlib.compressobj(6, zlib.DEFLATED, 31)  # gzip, without a time: the same bytes each time
            packed = packer.compress(page.body) + packer.flush()
            with self._lock:
                self.held += (len(packed) - len(page.zipped)) if page.is_kept else 0
                page.zipped = packed
        return page.zipped

    def _drop(self, path: str, key: Key) -> None:
        variants = self._paths[path]
        gone = variants.pop(key)
        gone.is_kept = False
        self.held -= gone.size
        if not variants:
            del self._paths[path]


@dataclass(frozen=True)
class _Order:
    """A page that is to be made: its key and route, and the day and content known before."""

    key: Key
    route: ResolverMatch
    day: int
    content: Content


class FinishedPages:
    """A WSGI application around Django's."""

    def __init__(self, application: Callable):
        self._application = application
        self._lease = Lease(settings.PAGES_LEASE)
        self._shelf = Shelf(settings.PAGES_MEMORY)
        self._day = (0.0, 0.0)
        self._proxy = (getattr(settings, "SECURE_PROXY_SSL_HEADER", None) or ("",))[0]

    def __call__(self, environ: dict, start_response: Callable) -> Answer:
        key = self._key(environ)
        if key is None:
            return self._through(environ, start_response)
        content, day = self._lease.content(), self._today()
        page = self._shelf.find(day, content, environ["PATH_INFO"], key) if content.tokens else None
        if page is None:
            route = _listed(environ) if content.tokens else None
            if route is None:
                return self._application(environ, start_response)
            return self._made(environ, start_response, _Order(key, route, day, content))
        return self._answer(page, environ, start_response)

    def _key(self, environ: dict) -> Key | None:
        """Return what an answer depends on beside its path, None where it depends on more or is not kept."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not environ.get("HTTP_HOST"):
            return None
        if environ.get("SCRIPT_NAME") or "HTTP_AUTHORIZATION" in environ:
            return None
        if "HTTP_IF_MODIFIED_SINCE" in environ and "HTTP_IF_NONE_MATCH" not in environ:
            return None
        cookies = environ.get("HTTP_COOKIE")
        preferences = _preferences(cookies) if cookies else ""
        if preferences is None:
            return None
        scheme = environ["wsgi.url_scheme"] + environ.get(self._proxy, "")
        return (scheme, environ["HTTP_HOST"], environ.get("QUERY_STRING", ""), preferences)

    def _today(self) -> int:
        """Return a number that changes at midnight as Django knows it, whichever way the clock was set."""
        now, (begin, end) = time.time(), self._day
        if not begin <= now < end:
            midnight = datetime.combine(timezone.localdate(), datetime.min.time())
            begin, end = (timezone.make_aware(midnight + timedelta(days=days)).timestamp() for days in (0, 1))
            self._day = (begin, end)
        return int(begin)

    def _through(self, environ: dict, start_response: Callable) -> Answer:
        """Let Django answer; what may have changed public content is answered when that shows everywhere.

        An answer that ``began_nothing`` was given before any view.
        """
        changes, follows = environ["REQUEST_METHOD"] not in SAFE, environ["PATH_INFO"].startswith(FOLLOWED)
        before = self._lease.content() if changes else None
        answer = self._application(environ, start_response)
        if (changes or follows) and not getattr(answer, "began_nothing", False):
            self._lease.settle(before)
        return answer

    def _made(self, environ: dict, start_response: Callable, order: "_Order") -> Answer:
        """Let Django make the page whole, keep it where that is allowed, and answer."""
        asked = {name: value for name, value in environ.items() if name != "HTTP_IF_NONE_MATCH"}
        begun: list = []
        answer = self._application(asked | {"REQUEST_METHOD": "GET"}, lambda *said: begun.append(said))
        if not _may_be_kept(answer):
            start_response(*begun[0][:2])
            return answer if environ["REQUEST_METHOD"] == "GET" else _without_body(answer)
        page = _page(begun[0][1], answer.content)
        page.parts = page_parts.of_page(order.route, answer)
        page.of = (order.day, order.content.of(page.parts))
        answer.close()
        self._shelf.put(environ["PATH_INFO"], order.key, page)
        return self._answer(page, environ, start_response)

    def _answer(self, page: Page, environ: dict, start_response: Callable) -> Answer:
        is_zipped = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "") and _takes_gzip(environ)
        etag = f'"{page.etag}-gzip"' if is_zipped else f'"{page.etag}"'
        number = ("X-Request-ID", secrets.token_hex(8))
        if (known := environ.get("HTTP_IF_NONE_MATCH")) and _matches(known, etag):
            start_response("304 Not Modified", [*_FRESH, ("ETag", etag), number])
            return [b""]
        body = self._shelf.zip(page) if is_zipped else page.body
        headers = [*page.headers, ("ETag", etag), ("Content-Length", str(len(body))), number]
        if is_zipped:
            headers.append(("Content-Encoding", "gzip"))
        start_response("200 OK", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


_FRESH = [("Cache-Control", CACHED), ("Vary", "Accept-Encoding, Cookie")]


def _preferences(header: str) -> str | None:
    """Return the preferences a page shows, in one word; None where a cookie tells who is asking."""
    cookies = parse_cookie(header)
    private = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, called(NOTICES))
    if any(name in cookies for name in private):
        return None
    said = {name: cookies.get(called(name), "") for name in PREFERENCES}
    chosen = [value if value in PREFERENCES[name] else "" for name, value in said.items()]
    return "|".join(chosen) if any(chosen) else ""


def _listed(environ: dict) -> ResolverMatch | None:
    """Return the listed route whose page is asked for, with parameters that there are; None for all else."""
    query = environ.get("QUERY_STRING", "")
    if len(query) + len(environ["PATH_INFO"]) + len(environ["HTTP_HOST"]) > LONGEST:
        return None
    try:
        names = {name for name, _ in parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)}
        route = resolve(get_path_info(environ))
    except (Resolver404, ValueError):
        return None
    return route if route.view_name in ROUTES and names <= parameters() else None


def parameters() -> frozenset[str]:
    """Return the names of all parameters the pages know."""
    of_types = {name for record_type in registry.all_types() for name in ("level", *record_type.facets)}
    return PARAMETERS | of_types | {name for listed in registry.reference_lists() for name in listed.facets}


def _may_be_kept(answer) -> bool:
    """Tell whether an answer of Django is a whole page for everybody."""
    forbidden = ("no-store", "private", "no-cache")
    return (
        answer.status_code == 200
        and not answer.streaming
        and not answer.cookies
        and not any(word in answer.get("Cache-Control", "") for word in forbidden)
    )


def _without_body(answer) -> Answer:
    answer.close()
    return [b""]


def _page(headers: list[tuple[str, str]], body: bytes) -> Page:
    kept = [pair for pair in headers if pair[0].lower() not in OWN_HEADERS]
    return Page([*kept, *_FRESH], body, hashlib.sha256(body).hexdigest()[:32])


def _takes_gzip(environ: dict) -> bool:
    """Tell whether the client takes gzip; ``gzip;q=0`` refuses it (RFC 9110, 12.5.3)."""
    offers = environ["HTTP_ACCEPT_ENCODING"].replace(" ", "").split(",")
    return any(offer == "gzip" or (offer.startswith("gzip;q=") and offer[7:].strip("0.")) for offer in offers)


def _matches(known: str, etag: str) -> bool:
    """Compare weakly, as is due for GET (RFC 9110, 13.1.2)."""
    return known == etag or etag in [one.strip().removeprefix("W/") for one in known[:LONGEST].split(",")]
