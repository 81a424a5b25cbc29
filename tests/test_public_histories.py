"""Random histories of a catalogue: each day's pages and files equal a model of plain spans."""

import random
from datetime import date, timedelta

import pytest

from portal import differences
from portal.models import CatalogueEntry, Edition
from tests.timelines import (
    LIST,
    address,
    amended,
    day,
    edition,
    left,
    merged,
    names,
    published,
    reinstated,
    words,
)

pytestmark = pytest.mark.django_db
EDITIONS = f"{LIST}editions/"


class History:
    """A random history of one catalogue, and beside it a model of plain spans to compare with."""

    def __init__(self, seed: int):
        self.dice = random.Random(seed)
        self.now = day(1, 2)
        self.spans: list[dict] = []
        self.alive: dict[str, CatalogueEntry] = {}
        self.gone: dict[str, CatalogueEntry] = {}
        self.serial = 0

    def go_on(self, acts: int) -> None:
        for _ in range(acts):
            self.now += timedelta(days=self.dice.choice((0, 1, 1, 9)))
            able = ["publish"] + ["amend", "rename", "leave", "merge"] * (len(self.alive) > 1)
            getattr(self, self.dice.choice(able + ["reinstate"] * (2 * bool(self.gone))))()

    def publish(self) -> None:
        self._begin(published(self._name(), self.now, place=self.dice.choice(("3707", "3701"))))

    def amend(self) -> None:
        entry = self._any()
        self._end(entry)
        self._begin(amended(entry, self.now, summary=f"演示数据。{self.dice.random()}"))

    def rename(self) -> None:
        entry = self._any()
        self._end(entry)
        self._begin(amended(entry, self.now, name=self._name()))

    def leave(self) -> None:
        entry = self._any()
        left(entry, self.now)
        self._end(entry)
        self.gone[entry.code] = entry

    def merge(self) -> None:
        entry, into = self._any(), self._any()
        if entry.code != into.code:
            merged(entry, into, self.now)
            self._end(entry)

    def reinstate(self) -> None:
        code = self.dice.choice(sorted(self.gone))
        self._begin(reinstated(self.gone.pop(code), self.now))

    def _name(self) -> str:
        self.serial += 1
        return f"演示第{self.serial}号制作"

    def _any(self) -> CatalogueEntry:
        return self.alive[self.dice.choice(sorted(self.alive))]

    def _begin(self, entry: CatalogueEntry) -> None:
        self.alive[entry.code] = entry
        span = {"code": entry.code, "name": entry.title, "city": entry.region_id, "begin": self.now}
        self.spans.append({**span, "end": date.max})

    def _end(self, entry: CatalogueEntry) -> None:
        del self.alive[entry.code]
        span = next(s for s in reversed(self.spans) if s["code"] == entry.code)
        span["end"] = self.now

    def at(self, on: date, city: str = "") -> dict[str, str]:
        spans = [s for s in self.spans if s["begin"] <= on < s["end"] and s["city"].startswith(city)]
        return {s["code"]: s["name"] for s in sorted(spans, key=lambda s: s["code"])}


@pytest.mark.parametrize("seed", range(4))
def test_the_catalogue_of_each_day_is_that_of_a_plain_model(client, seed):
    history = History(seed)
    history.go_on(14)
    days = sorted({s[end] for s in history.spans for end in ("begin", "end")} - {date.max})
    probes = sorted({on + timedelta(days=n) for on in days for n in (-1, 0, 1)})

    found = {on: names(client, on) for on in probes}
    cities = {on: names(client, on, region="3707") for on in probes}
    listed = {on: client.get(address(on), {"city": "3701"}).context["page"].paginator.count for on in probes}

    assert found == {on: history.at(on) for on in probes}
    assert cities == {on: history.at(on, "3707") for on in probes}
    assert listed == {on: len(history.at(on, "3701")) for on in probes}
    agree_on_the_changes(client, days)


def agree_on_the_changes(client, days: list[date]) -> None:
    """Name the days editions and compare the numbers beside them with the differences themselves."""
    named = [edition(f"演示{on}版", on) for on in days[::3]]

    rows = client.get(EDITIONS).context["rows"]

    said = {r["edition"].on: words(r["changes"]) for r in rows}
    pairs = zip([None, *named], named, strict=False)
    assert said == {later.on: counted(earlier, later) for earlier, later in pairs}


def counted(earlier: Edition | None, later: Edition) -> dict[str, int]:
    if earlier is None:
        return {}
    found = differences.between(earlier, later)
    return {c.label: found.counts[c.verb] for c in found.changes}
