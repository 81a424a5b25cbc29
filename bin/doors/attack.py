"""The door ``./bin/attack``: the tests that attack, for as long as wanted, with a figure for each stage."""

import argparse
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from doors import Closed, bench
from doors.environment import PYTHON, ROOT, clean_environment, ensure, only_one

#: What an attack writes is kept apart from the data of ./bin/up and of the tests.
VAR = Path(os.environ.get("PORTAL_VAR", ROOT / "var")) / "attack"
#: A stage is a file of tests that leaves figures behind.
STAGES = ("crawl", "workflow", "files", "requests", "scripts", "floods")
#: What a figure may not be anything but nought in.
NEVER = ("leaked", "5xx", "broken")


def main(arguments: list[str]) -> int:
    """Run the stages named on each database; 1 when a test failed or a figure says that something got in."""
    chosen = _parser().parse_args(arguments)
    bench.VAR.mkdir(parents=True, exist_ok=True)
    with only_one(VAR / "attack.lock"):
        ensure("dev")
        lines = [line for database in chosen.database or bench.DATABASES for line in _on(database, chosen)]
    print("\n" + "\n".join(line for line, _ in lines))
    return int(any(is_finding for _, is_finding in lines))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./bin/attack", add_help=False)
    parser.add_argument("stages", nargs="*", type=_known)
    parser.add_argument("--database", action="append", choices=bench.DATABASES)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    return parser


def _known(name: str) -> str:
    if name not in STAGES:
        raise Closed(
            f"Name stages: ./bin/attack {' | '.join(STAGES)}.",
            f"请写明要进行的攻击：{'、'.join(STAGES)}。",
        )
    return name


def _on(database: str, chosen: argparse.Namespace) -> list[tuple[str, bool]]:
    """Return for each stage its line and whether it found something."""
    with bench.opened(database) as (url, version):
        print(f"\n== {database} {version}, seed {chosen.seed}", flush=True)
        return [_stage(name, database, url, chosen) for name in chosen.stages or STAGES]


def _stage(name: str, database: str, url: str, chosen: argparse.Namespace) -> tuple[str, bool]:
    figures, began = VAR / "figures.jsonl", time.monotonic()
    figures.write_text("", encoding="utf-8")
    extra = {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_VAR": str(VAR / database),
        "PORTAL_ATTACK_MINUTES": str(chosen.minutes),
        "PORTAL_ATTACK_SEED": str(chosen.seed),
        "PORTAL_ATTACK_FIGURES": str(figures),
    }
    tests = sorted((ROOT / "tests").glob(f"test_attack_{name}*.py"))
    command = [PYTHON, "-m", "pytest", "-q", *tests]
    code = subprocess.run(command, cwd=ROOT, env=clean_environment(**extra)).returncode
    total = summed(figures.read_text(encoding="utf-8").splitlines())
    line = f"{database:<11} {name:<9} {in_words(total)}; {time.monotonic() - began:.0f} s"
    return line + ("; TESTS FAILED" if code else ""), is_finding(code, total)


def summed(lines: Iterable[str]) -> Counter:
    """Return the figures that the tests of a stage left, one JSON object a line, added up."""
    total = Counter(dict.fromkeys(("cases", "refused", *NEVER), 0))
    for line in lines:
        total.update(json.loads(line))
    return total


def in_words(total: Counter) -> str:
    """Return the figures of a stage as it is printed: what it did, and what got through."""
    return ", ".join(f"{name} {number:,}" for name, number in total.items())


def is_finding(code: int, total: Counter) -> bool:
    """Say whether a stage found something: a test failed, a figure is not nought, or nothing was done."""
    return bool(code) or not total["cases"] or any(total[name] for name in NEVER)
