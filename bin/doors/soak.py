"""The door ``./bin/soak``: a load with blows on each database, and guards taken out as a control."""

import argparse
import subprocess
import tempfile
from pathlib import Path

from doors import bench, controls
from doors.environment import PYTHON, ROOT, ensure, only_one


def main(arguments: list[str]) -> int:
    """Return 0 when nothing was lost on any database; with a guard taken out, when that was noticed."""
    chosen, others = _parser().parse_known_args(arguments)
    bench.VAR.mkdir(parents=True, exist_ok=True)
    with only_one(bench.VAR / "bench.lock"):
        ensure("dev")
        codes = [_soaked(database, chosen.without, others) for database in chosen.database or bench.DATABASES]
    return any(codes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./bin/soak", add_help=False)
    parser.add_argument("--database", action="append", choices=bench.DATABASES)
    parser.add_argument("--without", choices=sorted(controls.GUARDS))
    return parser


def _soaked(database: str, without: str | None, others: list[str]) -> bool:
    """Run the program on one database; return whether it ended as it must not."""
    print(f"\n== {database}{f', without {without}' if without else ''}", flush=True)
    with bench.opened(database) as (url, _), tempfile.TemporaryDirectory(prefix="portal-soak-") as folder:
        root = controls.without(without, Path(folder) / "portal") if without else ROOT
        results = Path(folder) / "results.jsonl"
        results.touch()
        command = [PYTHON, root / "bin" / "soaking" / "soak.py", *others]
        code = subprocess.run(command, cwd=root, env=bench.environment(url, results, root)).returncode
    if not without:
        return bool(code)
    print(f"without {without}: {'faults were found, as must be' if code == FOUND else 'NOT NOTICED'}")
    return code != FOUND


#: How the program ends when the ledger and the database disagree.
FOUND = 3
