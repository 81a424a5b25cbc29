"""What one request of each kind costs the server: a few asked one after the other, with nothing beside.

CPU of the web processes and of the database is counted over all of a kind, its wall time is the median.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from statistics import median

from benchmarks.load_http import Browser
from benchmarks.load_ledger import OK, Ledger
from benchmarks.load_writes import Writers
from benchmarks.measuring import Row, tell

WARM, TIMES, OFTEN = 6, 40, 400
QUICK = ("home", "again")  # too quick to be seen in forty
ACTS = ("new", "autosave", "submit", "accept", "approve", "publish")
WORDS = {
    "home": "public: home, kept finished",
    "list": "public: list with facets, made anew",
    "search": "public: search, made anew",
    "entry": "public: entry, made anew",
    "again": "public: conditional request, not modified",
    "download": "public: download of a small catalogue",
    "queue": "desk: queue",
    "filing": "desk: page of a filing",
    "edit": "desk: form",
    "lists": "desk: list of filings",
    "dashboard": "desk: dashboard",
    "numbers": "desk: numbers of the desk",
}


class Costs:
    """Measures kind after kind; ``used`` returns the CPU seconds of each part until now."""

    def __init__(self, plan: dict, ledger: Ledger, used: Callable[[], dict[str, float]]) -> None:
        self.plan, self.used = plan, used
        self.browser = Browser("127.0.0.1", plan["port"])
        self.writers = Writers(self.browser, ledger, plan["sessions"], None, [])
        self.writers.number = 1_000_000  # its keys in the ledger are not those of the client

    async def all(self) -> None:
        """Hand over what each kind of page costs, then each kind of write."""
        for kind in ("home", "list", "search", "entry", "download"):
            await self.pages(kind, [("", path) for path in self.plan["public"][kind]])
        await self.pages("again", [("", path) for path in self.plan["public"]["list"][:10]], again=True)
        for kind, pages in self.plan["desk"].items():
            await self.pages(kind, pages)
        sheets = [filer for filer in self.plan["measured_filers"]]
        for act in ACTS:
            sheets = await self.act(act, sheets)

    async def pages(self, kind: str, pages: list[tuple[str, str]], *, again: bool = False) -> None:
        """Measure one kind of page: ``pages`` are (who, address), a stranger has no name."""
        asked = deque(pages[:: max(1, len(pages) // (WARM + TIMES))])
        headers = {who: self.writers.headers(who) if who else {} for who, _ in asked}
        tags: dict[str, dict] = {}

        async def one() -> None:
            who, path = asked[0]
            asked.rotate(-1)
            answer = await self.browser.ask("GET", path, headers[who] | tags.get(path, {}))
            if answer.status not in (200, 304):
                raise SystemExit(f"{path} answered {answer.status}.")
            if again:
                tags[path] = {"If-None-Match": answer.headers.get("etag", "")}

        for _ in range(max(WARM, len(asked) if again else 0)):
            await one()
        await self.counted(WORDS[kind], [one] * (OFTEN if kind in QUICK else TIMES))

    async def act(self, act: str, sheets: list) -> list:
        """Measure one act on each of the filings, and return them as they are then."""

        async def one(on) -> None:
            told = self.writers.told(act, on)
            await self.writers.ledger.write(told)
            done = self.writers.learn(act, on, await self.writers.send(act, on, told))
            await self.writers.ledger.write({"key": told["key"], **done})
            if done["outcome"] != OK:
                raise SystemExit(f"{act} was refused: {done}")
            self.writers.number += 1

        await self.counted(f"write: {act}", [lambda on=on: one(on) for on in sheets])
        waiting = self.writers.queues
        found = [sheet for queue in waiting.values() for sheet in queue] or sheets
        for queue in waiting.values():
            queue.clear()
        return found

    async def counted(self, what: str, works: list) -> None:
        """Do the works one after the other and hand over what one of them costs."""
        before, walls = self.used(), []
        for work in works:
            begun = time.monotonic()
            await work()
            walls.append(time.monotonic() - begun)
        after = self.used()
        own, backend = ((after[part] - before[part]) / len(works) for part in ("web", "database"))
        tell(Row("cost", what, 0, "ours", own, backend, median(walls), 0, len(works)))


def measure(plan: dict, ledger: Ledger, used: Callable[[], dict[str, float]]) -> None:
    """Hand over a row for each kind of request."""
    asyncio.run(Costs(plan, ledger, used).all())
