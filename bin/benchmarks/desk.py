"""The queue of a provincial reviewer, the numbers of the desks, the dashboard, at up to a million filings.

Ours beside the plain way, which counts the filings and events themselves on every page; both give the same
answer. The page is the whole workbench, template included, as the test client of Django asks for it.
"""

import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db.models import Count  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import databases, measuring  # noqa: E402
from benchmarks.measuring import Verdict, tell  # noqa: E402
from portal import dashboards, desk_numbers, filing_triggers, population, queue, queue_facts, rollups, tallies  # noqa: E402
from portal.models import Copy, Event, Filing, User  # noqa: E402
from portal.population import people  # noqa: E402
from portal.vocabulary import Role  # noqa: E402

PROVINCE, TIMES, SLOW_TIMES = "37", 20, 3
FLAT = 0.1
#: The same instant in every process of a run.
NOW = datetime.fromisoformat(os.environ.setdefault("BENCH_NOW", timezone.now().isoformat()))
PERIOD = (NOW - timedelta(days=365)).date()


def reviewer() -> User:
    """Return the reviewer of the province as a request has him: without anything read."""
    return User.objects.get(username=people.name_of(Role.REVIEWER, PROVINCE))


def counts_ours() -> dict:
    """The numbers beside the tabs; what waits long is counted, and differs from one second to the next."""
    return queue.counts(reviewer()) | {"long": None}


def counts_plain() -> dict:
    """One count for each tab, over the filings and events themselves."""
    user = reviewer()
    seen = Filing.objects.visible_to(user)
    acts = Event.objects.filter(by=user, action__in=filing_triggers.REVIEW_ACTS).exclude(source="cancelled")
    copies = Copy.objects.filter(user=user)
    todo = queue_facts.with_arrival(seen.filter(queue_facts.waiting(user)), user)
    found = {
        "todo": todo,
        "done": seen.filter(pk__in=acts.values("filing")),
        "mine": seen.filter(submitted_by=user),
        "copies": seen.filter(pk__in=copies.values("filing")),
        "long": todo.filter(queue_facts.is_long(NOW)),
        "unread": seen.filter(pk__in=copies.filter(read_at=None).values("filing")),
    }
    numbers = {name: min(rows.count(), queue.MOST + 1) for name, rows in found.items()}
    return numbers | {"long": None}


def tab(name: str) -> list:
    """The first page of a tab, as it is read."""
    user = reviewer()
    wish = queue.read_wish({"tab": name}, user)
    first = queue.ordered(wish, user).values_list("pk", flat=True)[:20]
    return [filing.pk for filing in queue.shown(first, wish, user)]


def workbench() -> list:
    """The whole page."""
    client = Client()
    client.force_login(reviewer())
    answer = client.get("/desk/")
    return [answer.status_code, [row.pk for row in answer.context["rows"]]]


def _asked() -> desk_numbers.Asked:
    return desk_numbers.read({"since": str(PERIOD), "until": str(NOW.date())}, reviewer())


def _said(found: dict) -> list:
    return sorted([*map(str, key), value] for key, value in found.items())


def numbers_ours() -> list:
    """How many decisions of a year there are of each line and measure, their middle and their usual time."""
    asked = _asked()
    found = desk_numbers.measured(asked)
    rows = found.times
    return _said({row: [found.number(*row), found.part(*row, 50), found.part(*row, 90)] for row in rows})


def numbers_plain() -> list:
    """The same from the events of each filing decided."""
    asked = _asked()
    times: dict[tuple, list[int]] = {}
    decided = desk_numbers.decisions(asked)
    places = dict(decided.values_list("filing_id", "filing__region_id"))
    for filing, road in desk_numbers.roads(decided).items():
        for line in (dashboards.line_of(asked.region, places[filing]), desk_numbers.TOTAL):
            for measure in desk_numbers.MEASURES:
                if measure in road:
                    times.setdefault((line, measure), []).append(road[measure])
    return _said({row: _ranked(sorted(own)) for row, own in times.items()})


def _ranked(times: list[int]) -> list:
    return [len(times), *(desk_numbers.days(tallies.percentile(times, part)) for part in (50, 90))]


def board_ours() -> list:
    """What stands where, the acts of twelve months, the handling times of ninety days."""
    sight = tallies.Sight(NOW)
    handled = {(kind,): [len(own), sum(own)] for kind, own in tallies.handling(sight).items()}
    states, trend = tallies.by_state(sight), tallies.trend(sight)
    return [_said(states), _said(trend), _said(handled)]


def board_plain() -> list:
    """The same by grouped queries over the filings and events."""
    sight = tallies.Sight(NOW)
    sent = Filing.objects.filter(sight.inside(), submitted_at__isnull=False).order_by()
    rows = sent.values("kind", "region_id", "state").annotate(n=Count("*"))
    states = Counter({(one["kind"], one["region_id"], one["state"]): one["n"] for one in rows})
    months, trend = tallies.months(NOW), Counter()
    acts = Event.objects.filter(sight.inside("filing__"), action__in=tallies.ACTS, at__lte=NOW)
    for at, act in acts.filter(at__gte=tallies.start_of(months[0])).values_list("at", "action").iterator():
        trend[rollups.day_of(at).replace(day=1), act] += 1
    times: dict[tuple, list[int]] = {}
    for kind, lasted in tallies.handled(sight).values_list("filing__kind", "lasted").iterator():
        times.setdefault((kind,), []).append(lasted)
    handled = {kind: [len(own), sum(own)] for kind, own in times.items()}
    return [_said(states), _said(trend), _said(handled)]


WORKS: dict[str, Callable[[], object]] = {
    "counts ours": counts_ours,
    "counts plain": counts_plain,
    "to do": lambda: tab(queue.TO_DO),
    "done": lambda: tab(queue.DONE),
    "workbench": workbench,
    "numbers ours": numbers_ours,
    "numbers plain": numbers_plain,
    "board ours": board_ours,
    "board plain": board_plain,
}
PAIRS = {
    "counts": "counts of the tabs",
    "numbers": "numbers of the desks over a year",
    "board": "dashboard of the province",
}
NAMED = {"ours": "ours", "plain": "stock: counted each time"}
#: What the target asks to be flat, by the name of the work.
FLAT_WORKS = {
    "counts ours": PAIRS["counts"],
    "to do": "first page of what waits",
    "done": "first page of what I decided",
    "workbench": "the workbench as a page",
}
SLOW = {"counts plain", "numbers ours", "numbers plain", "board ours", "board plain"}


def digest(found: object) -> str:
    """Return the digest of an answer."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]


def work(name: str) -> None:
    """Do one variant in this process and print its round."""
    settings.ALLOWED_HOSTS = ["*"]
    if name == "workbench":
        setup_test_environment()
    measuring.repeated(lambda: digest(WORKS[name]()), SLOW_TIMES if name in SLOW else TIMES)


def main() -> int:
    """Fill the databases, measure, hand over."""
    chosen = measuring.arguments(
        "desk", sizes=(10_000, 100_000, 1_000_000), quick=(2_000, 8_000), works=WORKS
    )
    if chosen.only:
        work(chosen.only)
        return 0
    costs: dict[str, dict[int, float]] = {name: {} for name in FLAT_WORKS}
    for size in chosen.sizes:
        databases.use(f"filings{size}", lambda size=size: population.fill_filings(size), is_read_only=True)
        for name, operation in FLAT_WORKS.items():
            costs[name][size] = alone(name, operation, size, chosen.rounds)
        for name, operation in PAIRS.items():
            beside(name, operation, size, min(chosen.rounds, 3))
    judge(costs)
    return 0


def alone(name: str, operation: str, size: int, number: int) -> float:
    """Measure what has no plain way and return its CPU."""
    found = measuring.rounds(__file__, [name], number, size=size)[name]
    tell(measuring.row("P11", operation, size, "ours", found))
    return measuring.cpu(found)


def beside(name: str, operation: str, size: int, number: int) -> None:
    """Measure ours beside the plain way."""
    names = {f"{name} {variant}": word for variant, word in NAMED.items()}
    found = measuring.rounds(__file__, names, number, size=size)
    measuring.hand_over("P11", f"{operation}, both", size, found, names)


def judge(costs: dict[str, dict[int, float]]) -> None:
    """Say by which power of the number of filings each cost grows."""
    for name, points in costs.items():
        if len(points) > 1:
            slope = measuring.exponent({size: max(cost, 1e-4) for size, cost in points.items()})
            claim = f"{FLAT_WORKS[name]}, {min(points)} to {max(points)} filings"
            tell(Verdict("P11", claim, f"exponent {slope:.2f}", f"at most {FLAT}", slope <= FLAT))


if __name__ == "__main__":
    sys.exit(main())
