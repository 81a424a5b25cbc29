"""Load held, nothing lost: the mixed load while parts are killed; then the ledger is compared.

Ends with 0 when every acknowledged write is there exactly once and nothing is half-written, with 3 when not,
with 4 when it proved too little: too few acknowledged writes or blows, or the portal away for too long.
With ``--calm`` no blow falls, and every page that is asked for meanwhile has to be there within two seconds.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks import databases, load, load_facts, load_ledger  # noqa: E402
from doors import brokers, heed, interrupt, up  # noqa: E402
from portal import verify  # noqa: E402
from soaking.blows import Blows, Portal  # noqa: E402
from soaking.watch import SLOW, Reader  # noqa: E402

RATES = {"desk": 6.0, "public": 12.0, "writes": 12.0}  # a second: 180 people who do something every 6 s
PATIENCE = 60  # seconds in which a client asks again for what got no answer
BROKEN = 0.02  # the share of writes that are done and whose answer is lost, so that they are asked for again
TABS = 0.02  # the share of texts beside which another one is sent from the same page at once
MINUTES, ACKNOWLEDGED, BLOWS = 30.0, 20_000, 100
MOST_AWAY = 5.0  # seconds
IMPORTED_ROWS = 10_000  # of each file, one every other minute
WHOLE, FAULTS, TOO_SHORT = 0, 3, 4
FOLDER = settings.VAR / "soak"


def main() -> int:
    """Fill, start, load and strike, stop, start again, compare."""
    chosen = _asked()
    print(f"seed {chosen.seed}", flush=True)
    databases.use("load", lambda: load.fill(is_quick=False))
    call_command("collectstatic", interactive=False, verbosity=0)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    plan = _plan(chosen)
    before, postmaster = load_facts.Before.now(), load.postmaster()
    connection.close()
    blows, reader = _run(plan, chosen, postmaster)
    _start_again(chosen.port)
    return _judged(plan, before, blows, reader, chosen)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./bin/soak")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--calm", action="store_true", dest="is_calm")
    chosen = parser.parse_args()
    chosen.port = brokers.free_port()
    return chosen


def _plan(chosen: argparse.Namespace) -> dict:
    seconds = 60 * chosen.minutes
    made = load_facts.plan(
        chosen.port, seconds, RATES, FOLDER, random.Random(chosen.seed), rows=IMPORTED_ROWS
    )
    return made | {"patience": PATIENCE, "broken": BROKEN, "tabs": TABS}


def _run(plan: dict, chosen: argparse.Namespace, postmaster: int) -> tuple[Blows, Reader]:
    """Run the client while blows fall and a reader watches."""
    (FOLDER / "plan.json").write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")
    os.environ["PORTAL_TRUSTED_PROXIES"] = "127.0.0.1"  # the client says when it asked, as a proxy does
    portal = Portal(chosen.port)
    blows = Blows(portal, random.Random(chosen.seed), postmaster, FOLDER / "blows.jsonl")
    reader = Reader(chosen.port, FOLDER / "missed.jsonl")
    try:
        reader.start()
        if not chosen.is_calm:
            blows.start()
        client = [sys.executable, "-m", "benchmarks.load_client", FOLDER / "plan.json", FOLDER / "found.json"]
        subprocess.run(client, check=True)
    finally:
        blows.stop()
        reader.stop()
        portal.stop()
        heed(interrupt)
    return blows, reader


def _start_again(port: int) -> None:
    """Start the portal as an operator would, and let it finish what was under way."""
    call_command("prepare", verbosity=0)
    connection.close()
    children = [up.start(name, command) for name, command in up.commands(port).items()]
    try:
        up.wait_until_it_answers(port, children)
        load.wait_for_jobs(180)
    finally:
        up.stop(children)
        heed(interrupt)


def _judged(plan: dict, before, blows: Blows, reader: Reader, chosen: argparse.Namespace) -> int:
    """Print what was found and return how the run ends."""
    entries = load_ledger.read(Path(plan["ledger"]))
    number = {what: sum(e.outcome == what for e in entries) for what in ("ok", "refused", "unknown")}
    kept = load_facts.kept(entries, before)
    faults = [*load_ledger.faults(entries, kept), *verify.faults()]
    struck = ", ".join(f"{name} {times}" for name, times in sorted(blows.struck.items()))
    lost = json.loads((FOLDER / "found.json").read_text(encoding="utf-8"))["lost"]
    print(f"acknowledged {number['ok']}, refused {number['refused']}, without an answer {number['unknown']}")
    print(f"answers lost on their way {lost}, asked for again")
    print(f"blows {blows.struck.total()}: {struck}")
    print(f"jobs done {len(kept.reports)}, given up after three attempts and said so {len(kept.given_up)}")
    print(f"pages asked for {reader.asked}, missed {reader.missed}, longest away {reader.longest:.1f} s")
    print(f"slowest page {reader.slowest:.2f} s, {reader.slow} of them slower than {SLOW:.0f} s")
    print(f"faults {len(faults)}", *faults[:20], sep="\n  ")
    if faults:
        return FAULTS
    is_held = _always_there(reader) if chosen.is_calm else _struck_enough(blows, reader)
    return WHOLE if is_held and number["ok"] >= ACKNOWLEDGED else TOO_SHORT


def _always_there(reader: Reader) -> bool:
    return not reader.missed and not reader.slow


def _struck_enough(blows: Blows, reader: Reader) -> bool:
    return blows.struck.total() >= BLOWS and reader.longest <= MOST_AWAY


if __name__ == "__main__":
    sys.exit(main())
