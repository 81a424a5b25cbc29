"""Who asks the database, as the database itself is told: a role of its own and what the asker may see.

One value a thread of control; the backend ``portal.fenced`` says it to PostgreSQL before a statement whenever
the connection was last told anything else. So nothing has to be taken back at the end of a request: what
another request was, this one is not. Whoever was not stated at all asks as the login itself, and the login of
the web processes may nothing. Source: security.md 15 and 16, "closed by default".
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

APP, OPEN_TO_ALL, JOBS = "portal_app", "portal_public", "portal_jobs"
ROLES = (APP, OPEN_TO_ALL, JOBS)


@dataclass(frozen=True)
class Asker:
    """A role, and what it sees.

    ``regions``  whose submitted filings
    ``bureaus``  whose drafts, as ``id@region``
    ``desks``    the bureaus whose sheets and objections, by their numbers
    ``person``   whose inbox, as a number; empty for who has none
    """

    role: str = "none"
    regions: tuple[str, ...] = ()
    bureaus: tuple[str, ...] = ()
    desks: tuple[str, ...] = ()
    person: str = ""
    is_house: bool = False

    def statements(self) -> tuple[str, ...]:
        """Return what tells a connection of PostgreSQL; SET alone takes no snapshot of the data."""
        told = {"regions": self.regions, "bureaus": self.bureaus, "desks": self.desks}
        told |= {"person": filter(None, [self.person]), "house": ["yes"] if self.is_house else []}
        said = ((name, ",".join(map(_plain, values))) for name, values in told.items())
        return (f"SET ROLE {_plain(self.role)}", *(f"SET portal.{name} = '{value}'" for name, value in said))


def _plain(word: str) -> str:
    """Return a word that stands in a statement as it is; ``ValueError`` for anything that could say more."""
    if not word.replace("@", "").replace("_", "").isalnum() or not word.isascii():
        raise ValueError(f"{word!r} cannot be told to the database")
    return word


LOGIN = Asker()
STRANGER = Asker(OPEN_TO_ALL)
UNKNOWN = Asker(APP)  # whoever is signing in, or sends a form without having signed in

_asker: ContextVar[Asker] = ContextVar("asker", default=LOGIN)


def current() -> Asker:
    """Return who asks now."""
    return _asker.get()


@contextmanager
def asking(asker: Asker) -> Iterator[None]:
    """Let ``asker`` ask meanwhile, and afterwards whoever did before."""
    before = _asker.set(asker)
    try:
        yield
    finally:
        _asker.reset(before)


def become(asker: Asker) -> None:
    """Let ``asker`` ask from here to the end of the request; outside of one nothing changes."""
    if current() != LOGIN:
        _asker.set(asker)


@contextmanager
def for_the_house() -> Iterator[None]:
    """Look past the scope of the person, for a rule that holds across bureaus; a test lists who does."""
    asker = current()
    with asking(asker if asker == LOGIN else replace(asker, role=APP, is_house=True)):
        yield


def pieces(asker: Asker, of: Iterable) -> Iterator:
    """Yield what an answer is sent in, each piece made while ``asker`` asks."""
    source = iter(of)
    while True:
        with asking(asker):
            try:
                piece = next(source)
            except StopIteration:
                return
        yield piece
