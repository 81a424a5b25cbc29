"""The client of a load, a process of its own: an open loop at fixed rates, latencies from the intended start.

What a slow server delays is not left out: the next request starts when it was meant to, and waits are counted
from then. Takes the plan as a JSON file, writes what it found as another. Standard library only, so that it
costs little of the machine that it shares with the portal.
"""

import asyncio
import json
import random
import resource
import sys
import time
from collections import Counter, deque
from pathlib import Path

from benchmarks.load_http import Browser
from benchmarks.load_ledger import Ledger
from benchmarks.load_writes import Sheet, Writers, import_file, report

LEAD = 0.25  # seconds before its time that a write is noted
GROUPS = ("desk", "public", "writes", "jobs")
#: How often in a hundred; what stands in braces comes from the plan.
PUBLIC = {"home": 12, "list": 34, "search": 14, "entry": 26, "again": 12, "download": 1, "catalogue": 1}
DESK = {"queue": 30, "filing": 32, "edit": 14, "lists": 14, "dashboard": 5, "numbers": 5}


class Load:
    """One run: the plan, the people, what was measured."""

    def __init__(self, plan: dict) -> None:
        self.plan, self.chance = plan, random.Random(plan["seed"])
        self.browser = Browser("127.0.0.1", plan["port"])
        self.taken: dict[str, list[float]] = {group: [] for group in GROUPS}
        self.errors: Counter = Counter()
        self.jobs = 0
        self.etags: deque = deque(maxlen=200)
        self.ledger = Ledger(Path(plan["ledger"]))
        self.writers = Writers(self.browser, self.ledger, plan["sessions"], self.chance, plan["filers"])
        for way in ("patience", "broken", "tabs"):
            setattr(self.writers, way, plan.get(way, 0))
        for name, sheets in plan["waiting"].items():
            self.writers.queues[name].extend(Sheet(**sheet) for sheet in sheets)

    async def run(self) -> None:
        """Keep all rates up until the time is over, then wait for what is under way."""
        begun = asyncio.get_running_loop().time() + 1
        rates, seconds = self.plan["rates"], self.plan["seconds"]
        async with asyncio.TaskGroup() as group:
            for name, one in (("desk", self.desk), ("public", self.public), ("writes", self.write)):
                group.create_task(self.keep_up(group, one, rates[name], begun, seconds))
            group.create_task(self.keep_up(group, self.job, 2 / 60, begun + 5, seconds - 5))

    async def keep_up(self, group, one, rate: float, begun: float, seconds: float) -> None:
        """Start ``one(at)`` at every instant of a rate, whatever became of the one before."""
        loop = asyncio.get_running_loop()
        for number in range(int(rate * seconds)):
            at = begun + number / rate
            await asyncio.sleep(max(0, at - LEAD - loop.time()))
            group.create_task(one(at))

    async def until(self, at: float) -> None:
        """Wait for an instant."""
        await asyncio.sleep(max(0, at - asyncio.get_running_loop().time()))

    def note(self, group: str, at: float, fault: str = "") -> None:
        """Note how long something took since it was meant to begin, and whether it went wrong."""
        self.taken[group].append(asyncio.get_running_loop().time() - at)
        if fault:
            self.errors[f"{group}: {fault}"] += 1

    async def get(self, group: str, at: float, path: str, headers: dict[str, str]) -> None:
        """Ask for a page at its time."""
        await self.until(at)
        try:
            answer = await self.browser.ask("GET", path, headers)
        except (OSError, TimeoutError, EOFError) as error:
            return self.note(group, at, f"{type(error).__name__} {path.partition('?')[0]}")
        if answer.status == 503:
            return self.note(group, at, "503, asked to come back")
        is_well = answer.status in (200, 304)
        self.note(group, at, "" if is_well else f"{answer.status} {path.partition('?')[0]}")
        if etag := answer.headers.get("etag"):
            self.etags.append((path, etag))
        return None

    async def public(self, at: float) -> None:
        """A stranger looks at something."""
        what = self.drawn(PUBLIC)
        if what == "again" and self.etags:
            path, etag = self.chance.choice(self.etags)
            return await self.get("public", at, path, {"If-None-Match": etag})
        pool = self.plan["public"].get(what) or self.plan["public"]["list"]
        favoured = pool[int(len(pool) * self.chance.random() ** 3)]  # what is known is asked for most
        return await self.get("public", at, favoured, {})

    async def desk(self, at: float) -> None:
        """Somebody at the workbench looks at something."""
        who, path = self.chance.choice(self.plan["desk"][self.drawn(DESK)])
        await self.get("desk", at, path, self.writers.headers(who))

    async def write(self, at: float) -> None:
        """Somebody writes."""
        try:
            act, on = self.writers.choose()
        except LookupError as nothing:
            return self.note("writes", at, str(nothing))
        is_well = await self.writers.write(act, on, lambda: self.until(at))
        return self.note("writes", at, "" if is_well else act)

    async def job(self, at: float) -> None:
        """Once a minute a roll-up, and once a small import."""
        await self.until(at)
        self.jobs += 1
        if self.jobs % 2 and self.plan["imports"]:
            one = self.plan["imports"].pop()
            content = Path(one["path"]).read_bytes()
            is_well = await import_file(self.writers, one["by"], "演示.xlsx", content, one["titles"])
        else:
            is_well = await report(self.writers, self.plan["reporter"], self.plan["day"])
        self.note("jobs", at, "" if is_well else "job")

    def drawn(self, weights: dict[str, int]) -> str:
        """Return one of the names as often as it weighs."""
        return self.chance.choices(list(weights), list(weights.values()))[0]


def main(plan: str, found: str) -> None:
    """Run the plan and write what was found."""
    load = Load(json.loads(Path(plan).read_text(encoding="utf-8")))
    begun = time.monotonic()
    asyncio.run(load.run())
    load.ledger.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "taken": load.taken,
        "errors": dict(load.errors),
        "lost": load.writers.lost,
        "seconds": time.monotonic() - begun,
        "cpu": used.ru_utime + used.ru_stime,
    }
    Path(found).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
