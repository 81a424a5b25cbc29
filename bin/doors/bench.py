"""The door ``./bin/bench``: one measurement of ``bin/benchmarks`` on each database, apart from the tests."""

import os
import subprocess

from doors import Closed, postgres
from doors.environment import PYTHON, ROOT, clean_environment, ensure, only_one

#: What a measurement writes is kept apart from the data of ./bin/up and of the tests.
VAR = ROOT / "var" / "bench"
PROGRAMS = ROOT / "bin" / "benchmarks"


def main(arguments: list[str]) -> int:
    """Run the measurement that is named first on both databases, with the other arguments; 0 when it held."""
    known = sorted(path.stem for path in PROGRAMS.glob("[a-z]*.py"))
    if not arguments or arguments[0] not in known:
        named = "、".join(known)
        raise Closed(
            f"Name what is to be measured: ./bin/bench {' | '.join(known)}",
            f"请写明要测量什么：{named}，例如 ./bin/bench {known[0]}",
        )
    VAR.mkdir(parents=True, exist_ok=True)
    with only_one(VAR / "bench.lock"):
        ensure("dev")
        return max(on_sqlite(*arguments), on_postgresql(*arguments))


def on_sqlite(name: str, *arguments: str) -> int:
    """Measure on a fresh SQLite file."""
    file = VAR / "portal.sqlite3"
    for left in VAR.glob(f"{file.name}*"):
        left.unlink()
    return measure(name, f"sqlite:///{file}", *arguments)


def on_postgresql(name: str, *arguments: str) -> int:
    """Measure on a private PostgreSQL."""
    with postgres.server(postgres.find_programs(), VAR) as url:
        return measure(name, url, *arguments)


def measure(name: str, url: str, *arguments: str) -> int:
    """Run one program against the empty database at ``url``."""
    kept = {key: value for key, value in clean_environment().items() if not key.startswith("PORTAL_")}
    here = {"DATABASE_URL": url, "PORTAL_VAR": str(VAR), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    path = {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "bin")))}
    command = [PYTHON, PROGRAMS / f"{name}.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=kept | here | path).returncode
