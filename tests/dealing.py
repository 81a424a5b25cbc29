"""Which tests a run of the suite has, where it is one of two runs side by side or lacks roles of its own.

``./bin/test`` gives each database its turn: every test runs on both, but where it has several sets of
parameters, one database has one half of them and the other the rest; what really commits (races, browsers,
killed processes) is dealt out from four sets on. PORTAL_TEST_WHOLE=1 deals nothing out.
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
#: Of so many sets of parameters each database has a half; of those that commit.
SEVERAL, MANY = 2, 4


def left_out(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the tests that another run has.

    Those marked ``fenced`` where one login does everything; on the second database what uses none; and on
    either every other set of many parameters.
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


def of_the_other(together: list[Item], turn: str) -> list[Item]:
    """Return those of the tests of one function that fall to the other database, half of them if so many."""
    if len(together) < (MANY if commits(together[0]) else SEVERAL):
        return []
    shuffled = sorted(together, key=lambda item: zlib.crc32(item.nodeid.encode()))
    return shuffled[1 - int(turn) :: 2]
