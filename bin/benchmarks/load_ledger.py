"""The ledger of a load: what was about to be written, and what the server answered, each line on the disk.

A line before and a line after every write, so that what the portal acknowledged can be held against what it
kept. ``faults`` compares; it is given plain facts and asks no database.
"""

import asyncio
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"


class Ledger:
    """Writes lines; ``write`` returns once its line is on the disk, those that wait share one flush."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("ab", buffering=0)
        self.waiting: list[tuple[bytes, asyncio.Future]] = []
        self.flushing: asyncio.Task | None = None

    async def write(self, line: Mapping) -> None:
        """Append a line and wait until it is safe."""
        done = asyncio.get_running_loop().create_future()
        self.waiting.append((json.dumps(line, ensure_ascii=False).encode() + b"\n", done))
        if self.flushing is None:
            self.flushing = asyncio.create_task(self._flush())
        await done

    def close(self) -> None:
        """Give the file back; nothing may wait any more."""
        self.file.close()

    async def _flush(self) -> None:
        while self.waiting:
            taken, self.waiting = self.waiting, []
            self.file.write(b"".join(line for line, _ in taken))
            await asyncio.to_thread(os.fsync, self.file.fileno())
            for _, done in taken:
                done.set_result(None)
        self.flushing = None


@dataclass
class Entry:
    """One write: ``kind``, what it was about, and the outcome; unknown until an answer was noted.

    ``token`` is the text of an autosave, the type of what is begun, the names that an import brings;
    ``revision`` is what the page showed on which it was written.
    ``begun`` and ``ended`` are the places in the ledger of the line before it and of the line after it.
    """

    key: str
    kind: str
    by: str
    filing: int | None = None
    token: str = ""
    outcome: str = UNKNOWN
    made: list = field(default_factory=list)
    revision: int | None = None
    begun: int = field(default=0, compare=False)
    ended: int = field(default=0, compare=False)


def read(path: Path) -> list[Entry]:
    """Return the writes of a ledger in the order in which they were begun."""
    found: dict[str, Entry] = {}
    for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        told = json.loads(line)
        if told["key"] in found:
            entry = found[told["key"]]
            entry.outcome, entry.made = told["outcome"], told.get("made", [])
            entry.filing, entry.ended = told.get("filing", entry.filing), place
        else:
            about = (told["kind"], told["by"], told.get("filing"), told.get("token", ""))
            found[told["key"]] = Entry(told["key"], *about, revision=told.get("revision"), begun=place)
    return list(found.values())


@dataclass(frozen=True)
class Kept:
    """What the database holds of the filings that a load could touch.

    ``begun``     filing → who began it while the load ran      ``texts``   filing → text that was stored last
    ``writes``    filing → how often it was written             ``acts``    (filing, act, who) of each event
    ``imported``  name → how many filings bear it               ``reports`` jobs that ended well
    ``given_up``  job → why it ended after its last attempt: who asked reads it and asks anew
    """

    begun: Mapping[int, str]
    texts: Mapping[int, str]
    writes: Mapping[int, int]
    acts: list[tuple[int, str, str]]
    imported: Mapping[str, int]
    reports: set[int]
    given_up: Mapping[int, str] = field(default_factory=dict)


ACTS = ("submit", "accept", "approve", "return", "publish")


def faults(entries: list[Entry], kept: Kept) -> Iterator[str]:
    """Yield each way in which ledger and database disagree: lost, done twice, refused and yet done."""
    yield from _begun(entries, kept)
    yield from _acts(entries, kept)
    yield from _texts(entries, kept)
    yield from _overwritten(entries)
    yield from _imported(entries, kept)
    for entry in _of(entries, OK, ("report",)):
        lost = set(entry.made) - kept.reports - kept.given_up.keys()
        yield from (f"{entry.key}: report {job} was never made" for job in sorted(lost))


def _of(entries: Iterable[Entry], outcome: str, kinds: Iterable[str]) -> list[Entry]:
    return [entry for entry in entries if entry.outcome == outcome and entry.kind in kinds]


def _begun(entries: list[Entry], kept: Kept) -> Iterator[str]:
    told: dict[int | None, list[Entry]] = defaultdict(list)
    for entry in _of(entries, OK, ("new",)):
        told[entry.filing].append(entry)
    touched = _touched(entries)
    for filing, (first, *others) in told.items():
        if filing not in kept.begun:
            yield f"draft {filing} was begun and is lost"
        if any(not _may_be_given_out(again, first, touched) for again in others):
            yield f"draft {filing} was given out {1 + len(others)} times"
    spare = Counter(entry.by for entry in _of(entries, UNKNOWN, ("new",)))
    for filing, by in kept.begun.items():
        if filing not in told:
            spare[by] -= 1
            if spare[by] < 0:
                yield f"draft {filing} of {by} was begun by nobody"


def _touched(entries: list[Entry]) -> dict[int | None, int]:
    """Return filing → the place of the first answer that acknowledged a write on it."""
    written = _of(entries, OK, (*ACTS, "autosave"))
    return {entry.filing: entry.ended for entry in sorted(written, key=lambda entry: -entry.ended)}


def _may_be_given_out(again: Entry, first: Entry, touched: Mapping[int | None, int]) -> bool:
    """Whoever begins a type twice gets the draft he left untouched: it was written by nobody until then."""
    is_same = (again.by, again.token) == (first.by, first.token)
    return is_same and again.begun < touched.get(again.filing, again.begun + 1)


def _acts(entries: list[Entry], kept: Kept) -> Iterator[str]:
    """Every act that was acknowledged is there once; one that was not is there at most when unanswered."""
    told = Counter((entry.filing, entry.kind, entry.by) for entry in _of(entries, OK, ACTS))
    open_ = Counter((entry.filing, entry.kind, entry.by) for entry in _of(entries, UNKNOWN, ACTS))
    found = Counter(kept.acts)
    for act in sorted(told.keys() | found.keys()):
        if found[act] < told[act]:
            yield f"{act[1]} of filing {act[0]} by {act[2]} was acknowledged and is lost"
        if found[act] > told[act] + open_[act]:
            yield f"{act[1]} of filing {act[0]} by {act[2]} is there and was not acknowledged"


def _texts(entries: list[Entry], kept: Kept) -> Iterator[str]:
    """The text is the last that was acknowledged, or one that got no answer; each write counted once."""
    own: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.filing is not None and entry.kind in (*ACTS, "autosave"):
            own[entry.filing].append(entry)
    for filing, written in sorted(own.items()):
        saved = [entry.token for entry in written if entry.kind == "autosave" and entry.outcome == OK]
        unsure = {entry.token for entry in written if entry.kind == "autosave" and entry.outcome == UNKNOWN}
        if saved and kept.texts.get(filing) not in unsure | {saved[-1]}:
            yield f"filing {filing} holds {kept.texts.get(filing)!r} and not {saved[-1]!r}"
        least = sum(entry.outcome == OK for entry in written)
        most = least + sum(entry.outcome == UNKNOWN for entry in written)
        if not least <= kept.writes.get(filing, 0) <= most:
            yield f"filing {filing} was written {kept.writes.get(filing, 0)} times, acknowledged {least}"


def _overwritten(entries: list[Entry]) -> Iterator[str]:
    """Of two texts that were typed into the same page one is taken at most, else one is overwritten."""
    saved = _of(entries, OK, ("autosave",))
    taken = Counter((entry.filing, entry.revision) for entry in saved if entry.revision is not None)
    for (filing, revision), times in sorted(taken.items()):
        if times > 1:
            yield f"filing {filing} took {times} texts that were typed into revision {revision}"


def _imported(entries: list[Entry], kept: Kept) -> Iterator[str]:
    for entry in entries:
        if entry.kind != "import":
            continue
        numbers = {kept.imported.get(name, 0) for name in entry.token.split()}
        wanted = {OK: [{1}], REFUSED: [{0}], UNKNOWN: [{0}, {1}]}[entry.outcome]
        if numbers not in wanted:
            yield f"{entry.key}: import {entry.outcome}, its rows are there {sorted(numbers)} times"
