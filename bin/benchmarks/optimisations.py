"""What every optimisation of a page brings: the same work with it and without it, side by side.

One that spares less than a tenth is not worth its lines and goes. What is held against the plain way as a
whole has its own program: lists, searches and numbers (``lists``), exports, imports, roll-ups, pages kept
finished (``serving``).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.signals import request_finished  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.db.models import Model, Q, QuerySet  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks import databases, measuring, pages  # noqa: E402
from benchmarks.measuring import Verdict, tell  # noqa: E402
from portal import addressing, asked, inbox, kept, planner, similar  # noqa: E402
from portal.models import EntryCount, Filing, User  # noqa: E402
from portal.population import people  # noqa: E402
from portal.templatetags import portal_address, portal_queue  # noqa: E402
from portal.vocabulary import IN_REVIEW, Role, State  # noqa: E402

TARGET = "gain"
LEAST = 0.1  # of the CPU that a work takes without it
TIMES = 10
LIST = "/catalogue/skill-brands/"
Work = Callable[[], str]


def public_list() -> Work:
    """The first page of a catalogue, made anew."""
    return _asking(Client(HTTP_HOST="localhost"), LIST)


def workbench() -> Work:
    """The queue of a reviewer of the province."""
    return _asking(pages.signed_in(pages.person(Role.REVIEWER, people.PROVINCE)), "/desk/")


def dashboard() -> Work:
    """The numbers of the province."""
    return _asking(pages.signed_in(pages.person(Role.REVIEWER, people.PROVINCE)), "/desk/dashboard/")


def review_page() -> Work:
    """A filing, opened from that queue."""
    ask = pages.review_page()
    return lambda: ask().split()[0]


def _asking(client: Client, url: str) -> Work:
    return lambda: str(client.get(url, follow=True).status_code)


@contextmanager
def no_statements() -> Iterator[None]:
    """Every question worked out each time it is asked."""
    with patch.object(asked, "_asked", lambda key, question, given: question(*given)):
        yield


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Everything about public content asked for by every page."""
    with patch.object(kept, "kept", lambda key, work_out, *given: work_out(*given)):
        yield


@contextmanager
def no_addresses() -> Iterator[None]:
    """Every address of a page and of a static file worked out each time."""
    plain = addressing.address.__wrapped__
    with ExitStack() as stack:
        for module in (portal_queue, portal_address, inbox):
            stack.enter_context(patch.object(module, "address", plain))
        stack.enter_context(patch.object(addressing.StaticFiles, "url", _looked_up))
        yield


def _looked_up(self: addressing.StaticFiles, name: str, force: bool = False) -> str:
    """Return the address of a static file as WhiteNoise' storage looks it up."""
    return super(addressing.StaticFiles, self).url(name, force)


@contextmanager
def plain_similar() -> Iterator[None]:
    """What waits with a similar name, asked for in one condition."""
    with patch.object(similar, "_under_review", _under_review):
        yield


def _under_review(filing: Filing, reader: User) -> list[tuple]:
    waits = Q(state__in=IN_REVIEW) | Q(state=State.APPROVED, entry=None)
    found = Filing.objects.visible_to(reader).filter(waits, kind=filing.kind, is_nothing=False)
    found = found.exclude(pk=filing.pk).exclude(amends_id=filing.pk).order_by("-arrived_at")
    rows: QuerySet = found.values_list("title", "pk", "state", *similar._PLACE)[: similar.CANDIDATES]
    return [(title, "", pk, state, *place) for title, pk, state, *place in rows]


@contextmanager
def new_connections() -> Iterator[None]:
    """A connection for every request."""

    def close(**said) -> None:
        connections.close_all()

    request_finished.connect(close)
    try:
        yield
    finally:
        request_finished.disconnect(close)


def without_index(model: type[Model], name: str) -> Callable:
    """Return what takes an index away and puts it back."""

    @contextmanager
    def away() -> Iterator[None]:
        index = next(index for index in model._meta.indexes if index.name == name)
        with connection.schema_editor() as editor:
            editor.remove_index(model, index)
        try:
            yield
        finally:
            with connection.schema_editor() as editor:
                editor.add_index(model, index)
            planner.refresh()  # what was known of the index went with it

    return away


@dataclass(frozen=True)
class Optimisation:
    """A name, the work that it is for, how it is taken away, and the only database that it is for, if any."""

    name: str
    work: Callable[[], Work]
    away: Callable
    vendor: str = ""


OPTIMISATIONS = [
    Optimisation("statements kept (asked.py), a filing", review_page, no_statements),
    Optimisation("statements kept (asked.py), a public list", public_list, no_statements),
    Optimisation("answers kept until content changes (kept.py), a filing", review_page, nothing_kept),
    Optimisation("answers kept until content changes (kept.py), the dashboard", dashboard, nothing_kept),
    Optimisation("addresses kept (addressing.py), the workbench", workbench, no_addresses),
    Optimisation("connections kept open, a public list", public_list, new_connections, "sqlite"),
    Optimisation("waiting names by index (similar.py), a filing", review_page, plain_similar),
    Optimisation(
        "index count_of_a_place, a public list", public_list, without_index(EntryCount, "count_of_a_place")
    ),
]
WITH, WITHOUT = "with it", "without it"
WORKS = {f"{one.name}: {way}": (one, way) for one in OPTIMISATIONS for way in (WITH, WITHOUT)}


def main() -> int:
    """Fill the databases, measure, hand over."""
    chosen = measuring.arguments("optimisations", sizes=(100_000,), quick=(1_000,), works=WORKS)
    if chosen.only:
        one, way = WORKS[chosen.only]
        with one.away() if way == WITHOUT else ExitStack():
            measuring.repeated(one.work(), TIMES)
        return 0
    call_command("collectstatic", interactive=False, verbosity=0)  # the pages name what they are served with
    for size in chosen.sizes:
        databases.use(f"pages{size}", lambda size=size: pages.fill(size))
        for one in OPTIMISATIONS:
            if one.vendor in ("", connection.vendor):
                compare(one, size, chosen.rounds)
    return 0


def compare(one: Optimisation, size: int, rounds: int) -> None:
    """Measure one, with and without, and say what it spares."""
    names = {f"{one.name}: {way}": way for way in (WITH, WITHOUT)}
    found = measuring.rounds(__file__, names, rounds, size=size)
    shown = {f"{one.name}: {WITH}": "ours", f"{one.name}: {WITHOUT}": WITHOUT}
    rows = measuring.hand_over(TARGET, one.name, size, found, shown)
    own, other = (rows[name].cpu for name in names)
    spared = 1 - own / other
    tell(Verdict(TARGET, one.name, f"{spared:.0%} spared", f"at least {LEAST:.0%}", spared >= LEAST))


if __name__ == "__main__":
    raise SystemExit(main())
