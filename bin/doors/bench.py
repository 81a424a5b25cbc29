"""The door ``./bin/bench``: the measurements of ``bin/benchmarks`` on each database, apart from the tests."""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from doors import Closed, bench_pages, bench_reasons, machine, postgres
from doors.environment import PYTHON, ROOT, clean_environment, ensure, only_one

#: What a measurement writes is kept apart from the data of ./bin/up and of the tests.
VAR = Path(os.environ.get("PORTAL_VAR", ROOT / "var")) / "bench"
PROGRAMS = ROOT / "bin" / "benchmarks"
KEPT, PAGE = ROOT / "docs" / "benchmarks.json", ROOT / "docs" / "benchmarks.md"
SCALING = ROOT / "docs" / "scaling.md"  # has a table of costs between marks
DATABASES = ("sqlite", "postgresql")


def programs() -> list[str]:
    """Return the names of the programs, those that measure by themselves, in the order of the alphabet."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in PROGRAMS.glob("[a-z]*.py")}
    return sorted(name for name, text in texts.items() if "\ndef main() -> int:" in text)


def main(arguments: list[str]) -> int:
    """Run one measurement, or all; keep and render what was found; 1 when one broke off or missed a goal."""
    known = programs()
    chosen, others = _parser(known).parse_known_args(arguments)
    is_kept = chosen.write or not (chosen.quick or chosen.database or others)
    others += ["--quick"] if chosen.quick else []
    VAR.mkdir(parents=True, exist_ok=True)
    with only_one(VAR / "bench.lock"):
        ensure("dev")
        found = run([chosen.name] if chosen.name else known, chosen.database or DATABASES, others)
    if is_kept:
        keep(found)
    return summary(found, is_strict=not chosen.quick)


def _parser(known: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./bin/bench", add_help=False)
    parser.add_argument("name", nargs="?", type=lambda name: _known(name, known))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--database", action="append", choices=DATABASES)
    return parser


def _known(name: str, known: list[str]) -> str:
    if name not in known:
        raise Closed(
            f"Name what is to be measured: ./bin/bench {' | '.join(known)}",
            f"请写明要测量什么：{'、'.join(known)}，例如 ./bin/bench {known[0]}",
        )
    return name


def run(names: Iterable[str], databases: Iterable[str], arguments: list[str]) -> dict[str, dict]:
    """Return program → database → what was found; all programs on one database, then on the next."""
    found: dict[str, dict] = {name: {} for name in names}
    for database in databases:
        with opened(database) as (url, version):
            for name in found:
                print(f"\n== {name} on {database} {version}; load {machine.load()}", flush=True)
                found[name][database] = measure(name, url, arguments) | {"version": version}
    return found


def opened(database: str):
    """Return a context that gives the URL of a fresh database of this kind and its version."""
    shutil.rmtree(VAR / "audit", ignore_errors=True)  # the anchors of a database that is gone
    return {"sqlite": on_sqlite, "postgresql": on_postgresql}[database]()


@contextmanager
def on_sqlite():
    """Give the URL of a fresh SQLite file and the version of the library; removed at the end."""
    test = "import sqlite3; print(sqlite3.sqlite_version)"
    version = subprocess.run([PYTHON, "-c", test], capture_output=True, text=True).stdout.strip()
    remove_files()
    try:
        yield f"sqlite:///{VAR / 'portal.sqlite3'}", version
    finally:
        remove_files()


def remove_files() -> None:
    """Remove the SQLite files of a run."""
    for left in (path for path in VAR.glob("*.sqlite3*") if path.is_file()):
        left.unlink()


@contextmanager
def on_postgresql():
    """Give the URL of a private PostgreSQL and its version."""
    found = postgres.find_programs()
    run = subprocess.run([found / "postgres", "--version"], capture_output=True, text=True)
    with postgres.server(found, VAR, postgres.DURABLE) as url:
        yield url, run.stdout.split()[2]


def measure(name: str, url: str, arguments: list[str]) -> dict:
    """Run one program against the database at ``url``; return its rows, verdicts and circumstances."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        results = Path(folder) / "results.jsonl"
        results.touch()
        begun, before = datetime.now(UTC), machine.load()
        code = subprocess.run(
            [PYTHON, PROGRAMS / f"{name}.py", *arguments], cwd=ROOT, env=environment(url, results)
        ).returncode
        told = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    return {
        "rows": [one for one in told if one.pop("is") == "row"],
        "verdicts": [one for one in told if "claim" in one],
        "day": f"{begun:%Y-%m-%d}",
        "commit": machine.commit(ROOT),
        "machine": machine.facts(PYTHON),
        "load": {"before": before, "after": machine.load()},
        "code": code,
    }


def environment(url: str, results: Path, root: Path = ROOT) -> dict[str, str]:
    """Return what a program finds around it: its database, its files, nothing of a portal that runs here."""
    kept = {key: value for key, value in clean_environment().items() if not key.startswith("PORTAL_")}
    here = {"DATABASE_URL": url, "PORTAL_VAR": str(VAR), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    here["PORTAL_THROTTLE"] = "0"  # the load of a province comes from one address here
    path = {"PYTHONPATH": os.pathsep.join(map(str, (root, root / "bin")))}
    return kept | here | path | {"BENCH_RESULTS": str(results)}


def keep(found: dict[str, dict]) -> None:
    """Put what was found in the place of what was kept of the same programs, and render the page anew.

    What broke off is not kept: what stood there before is better.
    """
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for name, databases in found.items():
        whole = {database: one for database, one in databases.items() if one["code"] == 0}
        kept[name] = kept.get(name, {}) | whole
    KEPT.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(bench_pages.page(kept), encoding="utf-8")
    before = SCALING.read_text(encoding="utf-8")
    SCALING.write_text(bench_pages.with_costs(before, kept), encoding="utf-8")


def summary(found: dict[str, dict], *, is_strict: bool) -> int:
    """Say what broke off and which goals were missed; 1 when there is any, of the goals only if strict."""
    broken = [f"{name} on {d}" for name, own in found.items() for d, one in own.items() if one["code"]]
    missed = [
        f"{verdict['target']} {verdict['claim']}, {database}: {verdict['measured']} (goal: {verdict['goal']})"
        for own in found.values()
        for database, one in own.items()
        for verdict in one["verdicts"]
        if not verdict["met"]
    ]
    silent = [f"not explained in doors/bench_reasons.py: {one}" for one in bench_reasons.unexplained(found)]
    lines = [*(f"BROKE OFF: {one}" for one in broken), *(f"missed: {one}" for one in missed)]
    print("\n".join(["", *lines, *silent]))
    return 1 if broken or (missed and is_strict) else 0
