"""A mixed load on the portal as ``bin/up`` runs it, and the proof that nothing of it was lost.

50 requests a second signed in, 100 in public, 20 writes, a roll-up and an import a minute, on a register of a
province; the client (``load_client``) keeps a ledger that is held against the database at the end.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import quantiles

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks import databases, load_costs, load_facts, load_ledger, measuring  # noqa: E402
from benchmarks.load_ledger import Ledger  # noqa: E402
from benchmarks.measuring import Row, Verdict, tell  # noqa: E402
from doors import brokers, heed, interrupt, up  # noqa: E402
from portal import population, verify  # noqa: E402
from portal.population import writer  # noqa: E402

RATES = {"desk": 50.0, "public": 100.0, "writes": 20.0}
SHARES = [0.3, 1.0]  # of the rates: what two cores carry, and the hour of a deadline in the province
ENTRIES, FILINGS, OPEN = 20_000, 22_000, 2_000
MOST_P95, MOST_P99 = 0.5, 2.0
FOLDER = settings.VAR / "load"
SETTLE = 60  # seconds that jobs may take after the last request


def main() -> int:
    """Fill, start, load, stop, compare, hand over: for each share of the rates."""
    chosen = _asked()
    call_command("collectstatic", interactive=False, verbosity=0)
    FOLDER.mkdir(exist_ok=True)
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)  # files of other programs, which verify would find
    for number, (share, minutes) in enumerate(zip(chosen.shares, chosen.minutes, strict=True)):
        databases.use("load_quick" if chosen.is_quick else "load", lambda: fill(is_quick=chosen.is_quick))
        _stage(60 * minutes, {name: rate * share for name, rate in RATES.items()}, has_costs=number == 0)
    return 0


def _stage(seconds: float, rates: dict[str, float], *, has_costs: bool) -> None:
    """Load a fresh copy for a while; ``has_costs``: before, ask every question once with nothing beside."""
    shutil.rmtree(settings.ACCESS_LOG_FOLDER, ignore_errors=True)  # the anchors of another copy
    port = brokers.free_port()
    plan = load_facts.plan(port, seconds, rates, FOLDER, random.Random(writer.SEED))
    Path(plan["ledger"]).unlink(missing_ok=True)
    before = load_facts.Before.now()
    found, used = _run(plan, port, has_costs=has_costs)
    _hand_over(found, used, plan)
    _judge(found, used, plan, before)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./bin/bench load")
    parser.add_argument("--minutes", type=_numbers, help="one number, or one for each share")
    parser.add_argument(
        "--share", type=_numbers, dest="shares", help="of the rates, one stage after the other"
    )
    parser.add_argument("--quick", action="store_true", dest="is_quick")
    chosen, _ = parser.parse_known_args()
    chosen.shares = chosen.shares or ([0.2] if chosen.is_quick else SHARES)
    minutes = chosen.minutes or [0.1 if chosen.is_quick else 10]
    chosen.minutes = minutes if len(minutes) > 1 else minutes * len(chosen.shares)
    return chosen


def _numbers(said: str) -> list[float]:
    return [float(part) for part in said.split(",")]


def fill(*, is_quick: bool) -> None:
    """Fill an empty database with what a load works on."""
    part = 20 if is_quick else 1
    population.fill_entries(ENTRIES // part)
    population.fill_filings(FILINGS // part, open_count=OPEN // part)


def _run(plan: dict, port: int, *, has_costs: bool) -> tuple[dict, dict[str, float]]:
    """Start every part, run the client, stop; return what it found and the CPU seconds of each part."""
    (FOLDER / "plan.json").write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")
    os.environ["PORTAL_TRUSTED_PROXIES"] = "127.0.0.1"  # the client says when it asked, as a proxy does
    children, server = [], postmaster()
    connection.close()
    try:
        for name, command in up.commands(port).items():
            children.append(up.start(name, command))
        up.wait_until_it_answers(port, children)
        if has_costs:
            ledger = Ledger(Path(plan["ledger"]))
            load_costs.measure(plan, ledger, lambda: _used(children, server))
            ledger.close()
        before = _used(children, server)
        client = [sys.executable, "-m", "benchmarks.load_client", FOLDER / "plan.json", FOLDER / "found.json"]
        subprocess.run(client, check=True)
        used = {name: after - before[name] for name, after in _used(children, server).items()}
        wait_for_jobs(SETTLE)
    finally:
        up.stop(children)
        heed(interrupt)
    return json.loads((FOLDER / "found.json").read_text(encoding="utf-8")), used


def wait_for_jobs(seconds: float) -> None:
    """Let what was asked for be made before the parts are stopped; give up after ``seconds``."""
    deadline = time.monotonic() + seconds
    while load_facts.unfinished() and time.monotonic() < deadline:
        time.sleep(0.5)
    connection.close()


def _used(children: list, server: int) -> dict[str, float]:
    """Return the CPU seconds of web, worker and database until now, with those of processes that ended."""
    groups = {child.process.pid: child.name for child in children}
    found = dict.fromkeys([*groups.values(), "database"], 0.0)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parent, group, ticks = int(fields[1]), int(fields[2]), sum(map(int, fields[11:15]))
        if group in groups:
            found[groups[group]] += ticks / measuring.TICKS
        elif server and server in (parent, int(stat.parent.name)):
            found["database"] += ticks / measuring.TICKS
    return found


def postmaster() -> int:
    """Return the main process of the PostgreSQL server, 0 for SQLite."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def _hand_over(found: dict, used: dict[str, float], plan: dict) -> None:
    """Hand over a row for each group, its wall being the median, and one for the CPU of each part."""
    for group, taken in found["taken"].items():
        if len(taken) > 1:
            cuts = quantiles(taken, n=100)
            parts = [f"p{p} {1000 * cuts[p - 1]:.0f} ms" for p in (50, 95, 99)]
            rate = len(taken) / plan["seconds"]
            note = f"{', '.join(parts)}, most {1000 * max(taken):.0f} ms; {rate:.1f} a second"
            tell(Row("load", group, len(taken), "ours", 0, 0, cuts[49], 0, 1, note))
    requests = sum(map(len, found["taken"].values()))
    for part, seconds in (used | {"client": found["cpu"]}).items():
        note = f"{seconds:.0f} s in {found['seconds']:.0f} s: {seconds / found['seconds']:.0%} of a core"
        tell(Row("load", f"CPU of {part} a request", requests, "ours", seconds / requests, 0, 0, 0, 1, note))


def _judge(found: dict, used: dict[str, float], plan: dict, before) -> None:
    """Hand over what became of each promise; what was slow, with where the cores went."""
    shares = [f"{part} {100 * used[part] / found['seconds']:.0f} %" for part in used]
    busy = f"of {100 * os.cpu_count()} % of CPU {', '.join(shares)} while the load of the machine was "
    busy += measuring.load()
    what = f"{plan['seconds'] / 60:.1f} min of {sum(plan['rates'].values()):.0f} requests a second"
    for group in RATES:
        cuts = quantiles(found["taken"][group], n=100)
        _tell(f"{what}, {group}: p95", f"{cuts[94]:.3f} s", f"< {MOST_P95} s", cuts[94] < MOST_P95, busy)
        _tell(f"{what}, {group}: p99", f"{cuts[98]:.3f} s", f"< {MOST_P99:.0f} s", cuts[98] < MOST_P99, busy)
    errors = found["errors"]
    worst = ", ".join(f"{said} ({times})" for said, times in sorted(errors.items(), key=lambda p: -p[1])[:5])
    _tell(f"{what}: answers 4xx, 5xx or none", str(sum(errors.values())), "0", not errors, worst)
    entries = load_ledger.read(FOLDER / "ledger.jsonl")
    sums = {outcome: sum(e.outcome == outcome for e in entries) for outcome in ("ok", "refused", "unknown")}
    kept = load_facts.kept(entries, before)
    faults = list(load_ledger.faults(entries, kept))
    said = f"{sums['ok']} acknowledged, {sums['refused']} refused, {sums['unknown']} unanswered; "
    said += f"{len(kept.given_up)} reports given up, {len(faults)} faults"
    why = "; ".join([*faults, *kept.given_up.values()][:5])
    _tell(f"{what}: ledger against database", said, "0 faults", not faults, why)
    whole = list(verify.faults())
    _tell(f"{what}: manage.py verify", f"{len(whole)} faults", "0", not whole, "; ".join(whole[:5]))


def _tell(claim: str, measured: str, goal: str, met: bool, why: str = "") -> None:
    tell(Verdict("load", claim, measured, goal, met, why))


if __name__ == "__main__":
    sys.exit(main())
