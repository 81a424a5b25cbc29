"""The door ``./bin/mutate``: faults put into what decides, one at a time, and how many the tests notice."""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from doors import Closed, bench
from doors.environment import PYTHON, ROOT, clean_environment, ensure, only_one

VAR = Path(os.environ.get("PORTAL_VAR", ROOT / "var")) / "mutate"
#: What can be asked for: modules, and the tests that are run against them.
PARTS = {
    "workflow": (
        "portal.workflow",
        "workflow* every_act batches* drafts_and_rules guards circulation consultation* verify* versions "
        "appointing recalled_returns queue_acts remark* submitting reopening decision_pages access_log "
        "deadlines deliveries publishing_pages filing_conflicts histories races prepared* "
        "historical_acts periodic* catalogue",
    ),
    "scope": ("portal.scope", "scope read_only fence filing_lists"),
    "imports": (
        "portal.imports portal.import_plans portal.import_writing",
        "import* admin_imports editions_import statement_import",
    ),
    "exports": (
        "portal.exports portal.export_rows",
        "export* excel package package_pages package_reading queue_copies public_downloads filing_lists "
        "city_training access_pages admin_desk",
    ),
}
#: The share of the faults that has to be noticed.
GOAL = 0.85


def main(arguments: list[str]) -> int:
    """Try the faults of the parts named; 1 when the tests noticed less than 85 % of those of a part."""
    chosen = _parser().parse_args(arguments)
    bench.VAR.mkdir(parents=True, exist_ok=True)
    VAR.mkdir(parents=True, exist_ok=True)
    with only_one(VAR / "mutate.lock"):
        ensure("dev")
        scores = [_part(name, chosen) for name in chosen.parts or PARTS]
    return int(min(scores) < GOAL)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./bin/mutate", add_help=False)
    parser.add_argument("parts", nargs="*", type=_known)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    return parser


def _known(name: str) -> str:
    if name not in PARTS:
        raise Closed(
            f"Name parts: ./bin/mutate {' | '.join(PARTS)}.",
            f"请写明要检验的部分：{'、'.join(PARTS)}。",
        )
    return name


def _part(name: str, chosen: argparse.Namespace) -> float:
    """Try the faults of one part; print what was missed and the figures; return the share noticed."""
    modules, patterns = (said.split() for said in PARTS[name])
    tests = sorted({path for one in patterns for path in (ROOT / "tests").glob(f"test_{one}.py")})
    results = VAR / f"{name}.jsonl"
    plan = {key: getattr(chosen, key) for key in ("sample", "seconds", "jobs", "seed")}
    plan |= {"modules": modules, "results": str(results)}
    with tempfile.TemporaryDirectory(prefix="portal-mutate-") as folder:
        command = [PYTHON, "-m", "pytest", "-q", "-s", "-p", "mutating.plugin", *tests]
        subprocess.run(command, cwd=ROOT, env=environment(plan, Path(folder)), check=True)
    return told(name, [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()])


def environment(plan: dict, folder: Path) -> dict[str, str]:
    """Return what pytest finds around it: what is asked of the plug-in, and SQLite in ``folder``."""
    said = {"PORTAL_MUTATE": json.dumps(plan), "PORTAL_VAR": str(folder)}
    path = os.pathsep.join(map(str, (ROOT, ROOT / "bin")))
    return clean_environment(**said, PYTHONPATH=path, DJANGO_SETTINGS_MODULE="portal.settings")


def told(name: str, tried: list[dict]) -> float:
    """Print what the tests missed and the figures of a part; return the share they noticed."""
    for one in tried:
        if one["verdict"] in ("missed", "untouched"):
            print(f"{one['module']}:{one['line']} {one['function']}: {one['said']} ({one['verdict']})")
    verdicts = Counter(one["verdict"] for one in tried)
    noticed = verdicts["noticed"] + verdicts["late"]
    share = noticed / max(1, verdicts.total() - verdicts["impossible"])
    print(f"{name}: {share:.1%} noticed; {', '.join(f'{key} {n}' for key, n in sorted(verdicts.items()))}\n")
    return share
