"""The writers of a load: filers, city desks, the province; each write is noted in the ledger twice.

A filing is in one hand at a time; what an answer says of it decides where it goes on. Standard library only.
"""

import asyncio
import json
import random
from collections import deque
from dataclasses import dataclass, field

from benchmarks.load_http import Answer, Browser, form, upload
from benchmarks.load_ledger import OK, REFUSED, UNKNOWN, Ledger

KIND = "handicraft-projects"
#: What is written, how often in a hundred.
MIX = {
    "autosave": 55,
    "new": 12,
    "submit": 10,
    "accept": 9,
    "approve": 8,
    "return": 2,
    "publish": 0.2,  # two or three a minute: each makes the public pages be made anew
}
CSRF = "a" * 32
FORM = {
    "catalogue_class": "山东手造",
    "source_kind": "craft_revival",
    "source_item": "",
    "target_groups": ["rural_workers"],
    "delivery_mode": "project_based",
    "hours": "48",
    "provider": "演示工艺美术学校",
    "textbook": "演示教材",
    "exam_project": "",
    "external_reference": "",
}
MOST_SAVES = 6  # a draft that was stored so often is submitted next


@dataclass
class Sheet:
    """A filing as the client knows it."""

    pk: int
    city: str
    filer: str
    revision: int = 0
    version: int = 1
    step: int = 0
    saves: int = 0
    is_new: bool = False
    kind: str = KIND


@dataclass
class Writers:
    """Everybody who writes: who files where, the filings by what can be done to them next."""

    browser: Browser
    ledger: Ledger
    sessions: dict[str, str]
    chance: random.Random
    filers: list[str] = field(default_factory=list)
    queues: dict[str, deque] = field(default_factory=lambda: {name: deque() for name in MIX})
    number: int = 0
    patience: float = 0  # seconds in which what got no answer is asked for again, as somebody would
    broken: float = 0  # the share of writes whose first answer is lost on its way, though they were done
    lost: int = 0
    tabs: float = 0  # the share of texts beside which another one is sent from the same page at once

    def headers(self, who: str) -> dict[str, str]:
        """Return what the browser of a person sends along."""
        return {"Cookie": f"session={self.sessions[who]}; csrftoken={CSRF}", "X-CSRFToken": CSRF}

    def choose(self) -> tuple[str, Sheet | str]:
        """Return what is written next, and on what; the filing, or the filer, is taken until it is done."""
        wanted = self.chance.choices(list(MIX), list(MIX.values()))[0]
        if wanted == "new" and self.filers:
            return "new", self.filers.pop(self.chance.randrange(len(self.filers)))
        wanted = "autosave" if wanted == "new" else wanted
        queue = self.queues["approve" if wanted == "return" else wanted]
        if not queue:
            others = {name: queue for name, queue in self.queues.items() if name != "publish"}
            wanted, queue = max(others.items(), key=lambda pair: len(pair[1]))
        if queue:
            return wanted, queue.popleft()
        if self.filers:
            return "new", self.filers.pop()
        raise LookupError("everything that could be written is under way or got no answer")

    async def write(self, act: str, on: Sheet | str, intended) -> bool:
        """Note, wait until it is time, write, note; return whether it was answered without a fault."""
        if act == "autosave" and self.tabs and self.chance.random() < self.tabs:
            return await self.from_two_tabs(on, intended)
        told = await self.announced(act, on)
        await intended()
        answer, is_first = await self.answered(lambda: self.send(act, on, told))
        if answer is None:
            await self.ledger.write({"key": told["key"], "outcome": UNKNOWN})
            return False
        done = self.learn(act, on, answer)
        if done["outcome"] == REFUSED and not is_first:  # the one without an answer may have done it
            done["outcome"] = UNKNOWN
        await self.ledger.write({"key": told["key"], **done})
        return answer.status < 500

    async def announced(self, act: str, on: Sheet | str) -> dict:
        """Return the line of what is about to be written, once it is noted."""
        self.number += 1
        told = self.told(act, on)
        await self.ledger.write(told)
        return told

    async def from_two_tabs(self, on: Sheet, intended) -> bool:
        """Send two texts that were typed into the same page of a draft; one of them has to be refused."""
        both = [await self.announced("autosave", on) for _ in range(2)]
        await intended()
        asked = (self.answered(lambda told=told: self.send("autosave", on, told)) for told in both)
        stored, is_well = [], True
        for told, (answer, is_first) in zip(both, await asyncio.gather(*asked), strict=True):
            outcome = OK if answer and answer.status == 200 else REFUSED if answer and is_first else UNKNOWN
            stored += [answer] if outcome == OK else []
            is_well = is_well and answer is not None and answer.status < 500
            await self.ledger.write({"key": told["key"], "outcome": outcome})
        if stored:
            self.onward("autosave", on, stored[0])
        return is_well

    async def answered(self, ask) -> tuple[Answer | None, bool]:
        """Return the answer, None for none, and whether nothing had to be asked again."""
        clock = asyncio.get_running_loop().time
        until, is_first = clock() + self.patience, True
        is_lost = self.broken and self.chance.random() < self.broken
        while True:
            try:
                answer = await ask()
                if is_first and is_lost:
                    self.lost += 1
                elif answer.status < 500 or clock() >= until:
                    return answer, is_first
            except (OSError, TimeoutError, EOFError):
                if clock() >= until:
                    return None, False
            is_first = False
            await asyncio.sleep(0.5)

    def told(self, act: str, on: Sheet | str) -> dict:
        """Return the line of what is about to be written."""
        key = f"{act}-{self.number}"
        if isinstance(on, str):
            return {"key": key, "kind": act, "by": on, "token": KIND}
        token = f"记{self.number}" if act == "autosave" else ""
        about = {"by": self.hand(act, on), "filing": on.pk, "token": token, "revision": on.revision}
        return {"key": key, "kind": act, **about}

    def hand(self, act: str, on: Sheet) -> str:
        """Return who does an act: the filer, his city's desk or its publisher, the province's for its own."""
        if act in ("autosave", "submit"):
            return on.filer
        where = on.city if on.kind == KIND else "37"
        if act == "publish":
            return f"bench_publisher_{where}"
        is_decided_above = on.kind != KIND and act == "approve"
        return f"bench_{'approver' if is_decided_above else 'reviewer'}_{where}"

    async def send(self, act: str, on: Sheet | str, told: dict) -> Answer:
        """Ask the portal."""
        if isinstance(on, str):
            return await self.post(on, f"/desk/new/{KIND}/", {})
        if act == "autosave":
            typed = {"name": f"演示手造{on.pk}号培训", "summary": told["token"], "revision": on.revision}
            return await self.post(told["by"], f"/desk/filings/{on.pk}/autosave/", FORM | typed)
        if act == "publish":
            facts = {"step": on.step, "document_number": "演示文〔2026〕1号", "level": "municipal"}
            return await self.post(told["by"], f"/desk/filings/{on.pk}/publish/", facts)
        facts = {"action": act, "version": on.version, "step": on.step, "comment": "", "reason": []}
        if act == "return":
            facts |= {"comment": "请补充。", "reason": ["incomplete"]}
        return await self.post(told["by"], f"/desk/filings/{on.pk}/act/", facts)

    async def post(self, who: str, path: str, values: dict) -> Answer:
        """Send a form as a person."""
        kind, body = form(values)
        return await self.browser.ask("POST", path, self.headers(who) | {"Content-Type": kind}, body)

    def learn(self, act: str, on: Sheet | str, answer: Answer) -> dict:
        """Take the filing to where the answer leads, and return what the ledger is told."""
        if answer.where.startswith("/login/"):
            raise SystemExit(f"{act} led to {answer.where}: nobody is signed in any more")
        if act == "new":
            self.filers.append(on) if answer.status != 302 else None
            if answer.status != 302:
                return {"outcome": REFUSED, "status": answer.status}
            pk = int(answer.where.split("/")[3])
            self.queues["autosave"].append(Sheet(pk, on.rpartition("_")[2][:4], on, is_new=True))
            return {"outcome": OK, "filing": pk}
        is_done = answer.status == (200 if act == "autosave" else 302)
        if answer.status == 503:  # asked to come back, as somebody would
            self.queues["approve" if act == "return" else act].append(on)
        if not is_done:
            return {"outcome": REFUSED, "status": answer.status, "said": answer.content.decode()[:200]}
        self.onward(act, on, answer)
        return {"outcome": OK}

    def onward(self, act: str, on: Sheet, answer: Answer) -> None:
        """Put a filing where its next act waits; a filer is free again once his draft has a name."""
        if act == "autosave":
            on.revision, on.saves = json.loads(answer.content)["revision"], on.saves + 1
            if on.is_new and on.saves == 1:
                self.filers.append(on.filer)
                on.is_new = False  # it begins anew when it is returned, and he is free already
            self.queues["submit" if on.saves >= MOST_SAVES else "autosave"].append(on)
            return
        on.step, on.revision = on.step + 1, on.revision + 1
        on.version += act == "return"
        if act == "return":
            on.saves = 0
            if on.kind != KIND:  # the client knows the form of one type
                return
        following = {"submit": "accept", "accept": "approve", "approve": "publish", "return": "autosave"}
        if act in following:
            self.queues[following[act]].append(on)


async def import_file(writers: Writers, who: str, name: str, content: bytes, titles: list[str]) -> bool:
    """Import a small file in two steps, as one line of the ledger; return whether nothing broke."""
    writers.number += 1
    key = f"import-{writers.number}"
    await writers.ledger.write({"key": key, "kind": "import", "by": who, "token": " ".join(titles)})
    kind, body = upload({"type": KIND}, name, content)
    headers = writers.headers(who) | {"Content-Type": kind}
    try:
        sent = await writers.browser.ask("POST", "/desk/import/", headers, body)
        answer = await writers.post(who, f"{sent.where}confirm/", {}) if sent.status == 302 else sent
    except (OSError, TimeoutError, EOFError):
        await writers.ledger.write({"key": key, "outcome": UNKNOWN})
        return False
    outcome = OK if answer.status == 302 else REFUSED
    await writers.ledger.write({"key": key, "outcome": outcome, "status": answer.status})
    return answer.status < 500


async def report(writers: Writers, who: str, day: str) -> bool:
    """Ask for the file of a roll-up; return whether it was taken."""
    writers.number += 1
    key = f"report-{writers.number}"
    await writers.ledger.write({"key": key, "kind": "report", "by": who})
    try:
        asked = {"format": "xlsx", "cutoff": day, "region": "37"}
        answer = await writers.post(who, "/desk/reports/brands/make/", asked)
    except (OSError, TimeoutError, EOFError):
        await writers.ledger.write({"key": key, "outcome": UNKNOWN})
        return False
    parts = answer.where.split("/")
    made = [int(parts[3])] if answer.status == 302 and parts[2] == "jobs" else []
    outcome = {"outcome": OK if made else REFUSED, "made": made, "status": answer.status}
    await writers.ledger.write({"key": key, **outcome})
    return answer.status < 500
