"""Which tests a run of the suite has, where it is one of two runs side by side or lacks roles of its own.

``./bin/test`` gives each database its turn. Rules, workflow, sums and what really commits (races, killed
processes) run on both; of several sets of parameters PostgreSQL, where a test takes longer, has a third and
SQLite the rest (from four sets on, where they commit); and what looks at pages, by Django's client or in a
browser, or is marked ``either``, is dealt out test by test in the same way. PORTAL_TEST_WHOLE=1 deals nothing
out.
"""

import os
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.conf import settings
from pytest import Item

# Who asks for one of these, or bears the mark, uses the database.
OF_THE_DATABASE = {"db", "transactional_db", "live_server", "for_the_module", "django_db_setup"}
# Who asks for one of these commits.
COMMITTING = {"transactional_db", "live_server"}
# Who asks for one of these, or whose module drives clients of its own, looks at pages.
OF_PAGES = {"client", "chromium"}
#: From so many sets of parameters on a test is dealt out; one that commits; one of pages.
SEVERAL, MANY, ANY = 2, 4, 1
#: PostgreSQL has one of so many.
SHARE = 3


def left_out(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the tests that another run has.

    Those marked ``fenced`` where one login does everything; on the second database what uses none; and on
    either what is dealt out to the other.
    """
    turn, sets = os.environ.get("PORTAL_TEST_TURN", ""), defaultdict(list)
    for item in items:
        if item.get_closest_marker("fenced"):
            if settings.DATABASES["default"]["ENGINE"] != "portal.fenced":
                yield item
        elif turn and uses_the_database(item):
            sets[item.nodeid.partition("[")[0]].append(item)
        elif turn == "1":
            yield item
    for together in sets.values():
        yield from of_the_other(together, turn)


def uses_the_database(item: Item) -> bool:
    """Say whether a test asks for the database."""
    return bool(item.get_closest_marker("django_db") or OF_THE_DATABASE & set(item.fixturenames))


def commits(item: Item) -> bool:
    """Say whether a test really commits, so that another process or connection sees it."""
    marker = item.get_closest_marker("django_db")
    return bool((marker and marker.kwargs.get("transaction")) or COMMITTING & set(item.fixturenames))


def looks_at_pages(item: Item) -> bool:
    """Say whether a test asks for pages, by Django's client or in a browser."""
    return bool(OF_PAGES & set(item.fixturenames)) or hasattr(item.module, "Client")


def least(item: Item) -> int:
    """Return from how many sets of parameters on a test is dealt out."""
    if "chromium" in item.fixturenames or item.get_closest_marker("either"):
        return ANY
    if commits(item):
        return MANY
    return ANY if looks_at_pages(item) else SEVERAL


def of_the_other(together: list[Item], turn: str) -> list[Item]:
    """Return those of the tests of one function that fall to the other database, where it is dealt out."""
    if len(together) < least(together[0]):
        return []
    shuffled = sorted(together, key=lambda item: (zlib.crc32(item.nodeid.encode()), item.nodeid))
    first = 0 if len(together) > 1 else zlib.crc32(together[0].nodeid.encode()) % SHARE
    return [item for number, item in enumerate(shuffled, first) if (number % SHARE == 0) == (turn == "0")]
