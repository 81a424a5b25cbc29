"""The door ``./bin/test``: the static checks, the whole suite on SQLite and on PostgreSQL, the count.

RabbitMQ and Redis run beside both where they are installed; one that is missing is said at both ends.
"""

import json
import os
import secrets
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from xml.etree import ElementTree

from doors import Closed, brokers, postgres
from doors.environment import PYTHON, ROOT, VENV, clean_environment, ensure, only_one

#: What the tests write is kept apart from the data of ./bin/up.
VAR = ROOT / "var" / "test"
SUITES = ("sqlite", "postgresql")
OUTCOMES = ("passed", "failed", "skipped")
#: Where a suite writes the SHA-256 of the reports it made of one random history.
DIGESTS = "reports.json"


@dataclass(frozen=True)
class Stage:
    """One line of the summary: what ran, what came of it, how long it took."""

    name: str
    seconds: float
    counts: Counter = field(default_factory=Counter)

    def __str__(self) -> str:
        return f"{self.name:<28} {in_words(self.counts):<44} {self.seconds:7.1f} s"


def main(arguments: list[str]) -> int:
    """Run every stage also after one has failed; 0 when nothing failed. ``arguments`` go to pytest."""
    began = time.monotonic()
    with only_one(VAR / "test.lock"), ExitStack() as running:
        ensure("dev")
        checked, (urls, not_started) = [*static_checks()], start_brokers(running)
        stages = [*checked, *not_started, *both(arguments, urls), *same_reports(VAR)]
    total = sum((stage.counts for stage in stages), Counter())
    print("\n" + "\n".join([*map(str, stages), *missed_brokers()]))
    print(f"{in_words(total)} in {time.monotonic() - began:.1f}s")
    return verdict(total)


def verdict(total: Counter) -> int:
    """Return 1 when something failed, or was skipped where PORTAL_REQUIRE_ALL=1 lets nothing be (.ci/run)."""
    skipped = total["skipped"] if os.environ.get("PORTAL_REQUIRE_ALL") == "1" else 0
    if skipped:
        print("Nothing may be skipped here, so this run has failed; the reasons stand above.")
    return 1 if total["failed"] or skipped else 0


def in_words(counts: Counter) -> str:
    """Return the counts as pytest words them, failures always named."""
    return ", ".join(f"{counts[word]} {word}" for word in OUTCOMES if counts[word] or word != "skipped")


def static_checks() -> Iterator[Stage]:
    """Check form, imports, migrations and the settings of a production server; each one counts as a test."""
    yield check("ruff check", ["-m", "ruff", "check"])
    yield check("ruff format", ["-m", "ruff", "format", "--check"])
    yield check("import contracts", [VENV / "bin" / "lint-imports", "--no-cache", "--no-logo"])
    yield check("migrations complete", ["manage.py", "makemigrations", "--check", "--dry-run"])
    deploy = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    yield check("production settings", deploy, **production())


def production() -> dict[str, str]:
    """Return the environment of a production server, without its secrets."""
    key = secrets.token_urlsafe(64)
    return {"PORTAL_SECRET_KEY": key, "PORTAL_HTTPS": "1", "PORTAL_ALLOWED_HOSTS": "portal.example"}


def isolated_environment(**extra: str) -> dict[str, str]:
    """Return an environment in which no setting of this shell reaches the tests but what they require."""
    ours = clean_environment()
    kept = {key: ours[key] for key in ours if not key.startswith(("PORTAL_", "DATABASE_", "CELERY_"))}
    required = {key: ours[key] for key in ours if key.startswith(("PORTAL_REQUIRE_", "PORTAL_TEST_WHOLE"))}
    here = {"PORTAL_VAR": str(VAR), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    return kept | required | here | extra


def check(name: str, command: list, **extra: str) -> Stage:
    """Run one Python command; exit code 0 is one passed."""
    print(f"\n== {name}")
    began = time.monotonic()
    run = subprocess.run([PYTHON, *command], cwd=ROOT, env=isolated_environment(**extra))
    counts = Counter(failed=1) if run.returncode else Counter(passed=1)
    return Stage(name, time.monotonic() - began, counts)


def missed_brokers() -> list[str]:
    """Return what is said aloud about each broker that is not installed."""
    return [kind.missed() for kind in brokers.KINDS.values() if not kind.is_there()]


def start_brokers(running: ExitStack) -> tuple[dict[str, dict[str, str]], list[Stage]]:
    """Start each broker that is installed, until ``running`` ends.

    Returns suite → what its environment says of them, and a failed stage for one that would not start.
    """
    urls, not_started = {slug: {} for slug in SUITES}, []
    for kind, made in brokers.KINDS.items():
        if not made.is_there():
            print(f"\n{made.missed()}", flush=True)
            continue
        try:
            one = running.enter_context(brokers.broker(kind, VAR, SUITES))
        except Closed as closed:
            print(f"\n== {made.name}\n{closed}", flush=True)
            not_started.append(Stage(made.name, 0, Counter(failed=1)))
            continue
        for slug, url in one.urls.items():
            urls[slug][f"PORTAL_TEST_{kind.upper()}_URL"] = url
    return urls, not_started


def both(arguments: list[str], urls: dict[str, dict[str, str]]) -> list[Stage]:
    """Run the two suites side by side, each with files of its own; the second is shown when both are done."""
    said = VAR / "postgresql.log"
    with ThreadPoolExecutor(1) as pool, said.open("w+", errors="replace") as output:
        second = pool.submit(postgresql, arguments, output, **urls["postgresql"])
        stages = [sqlite(arguments, **urls["sqlite"]), *second.result()]
        output.seek(0)
        print(output.read(), flush=True)
    return stages


def same_reports(folder: Path) -> list[Stage]:
    """Compare the reports that the two suites made: the same bytes on both databases, one test each.

    No stage when neither made any, for the arguments left those tests out; one that is missing has failed.
    """
    files = [folder / slug / DIGESTS for slug in SUITES]
    made = [json.loads(file.read_text()) if file.exists() else {} for file in files]
    kinds = sorted(set().union(*made))
    different = [kind for kind in kinds if len({digests.get(kind) for digests in made}) > 1]
    for kind in different:
        print(f"The report {kind} is not the same file on the two databases.")
    counts = Counter(passed=len(kinds) - len(different), failed=len(different))
    return [Stage("the same reports on both", 0, counts)] if kinds else []


def sqlite(arguments: list[str], **extra: str) -> Stage:
    """Run the suite on SQLite."""
    url = f"sqlite:///{VAR / 'sqlite' / 'portal.sqlite3'}"
    return suite("pytest on SQLite", "sqlite", url, arguments, **extra, **turn(0, arguments))


def postgresql(arguments: list[str], output: TextIO | None = None, **extra: str) -> list[Stage]:
    """Run the suite on a private PostgreSQL; a machine that cannot provide one fails this stage.

    When no ``arguments`` choose tests, what needs the roles of the database runs in a second suite.
    """
    name = "pytest on PostgreSQL"
    try:
        programs = postgres.find_programs()
        name = f"{name} {postgres.version(programs)}"
        with postgres.server(programs, VAR) as url:
            whole = suite(name, "postgresql", url, arguments, output, **extra, **turn(1, arguments))
            return [whole] if arguments else [whole, under_the_roles(url, output)]
    except Closed as closed:
        print(f"\n== {name}\n{closed}", file=output, flush=True)
        return [Stage(name, 0, Counter(failed=1))]


def turn(number: int, arguments: list[str]) -> dict[str, str]:
    """Return what tells a suite which of the tests are its own; all, where ``arguments`` choose some.

    What looks at pages, and sets of parameters, are dealt out between the two (``tests/dealing.py``).
    """
    is_dealt = not arguments and os.environ.get("PORTAL_TEST_WHOLE") != "1"
    return {"PORTAL_TEST_TURN": str(number)} if is_dealt else {}


def under_the_roles(url: str, output: TextIO | None) -> Stage:
    """Run the tests of row-level security, as requests that own nothing in the database."""
    return suite("pytest under the roles", "roles", url, ["-m", "fenced"], output, PORTAL_DATABASE_ROLES="1")


def suite(
    name: str, slug: str, url: str, arguments: list[str], output: TextIO | None = None, **extra: str
) -> Stage:
    """Run pytest against the database at ``url``, shown in ``output``; read the counts from its report.

    ``extra`` goes into its environment: where the brokers are.
    """
    print(f"\n== {name}", file=output, flush=True)
    report, began = VAR / f"{slug}.xml", time.monotonic()
    for left in (report, VAR / slug / DIGESTS):
        left.unlink(missing_ok=True)
    command = [PYTHON, "-m", "pytest", "-rs", f"--junitxml={report}", "-o", f"cache_dir={VAR / slug}-cache"]
    environment = isolated_environment(DATABASE_URL=url, PORTAL_VAR=str(VAR / slug), **extra)
    run = subprocess.run(
        [*command, *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output and subprocess.STDOUT
    )
    counts = read_counts(report)
    if run.returncode and not counts["failed"]:
        counts["failed"] += 1  # pytest itself gave up, or found no test at all
    return Stage(name, time.monotonic() - began, counts)


def read_counts(report: Path) -> Counter:
    """Return how many tests passed, failed and were skipped according to a JUnit report, if there is one."""
    if not report.exists():
        return Counter()
    total = Counter()
    for one in ElementTree.parse(report).getroot().iter("testsuite"):
        total += Counter({word: int(one.get(word, 0)) for word in ("tests", "failures", "errors", "skipped")})
    failed = total["failures"] + total["errors"]
    passed = total["tests"] - failed - total["skipped"]
    return Counter(passed=passed, failed=failed, skipped=total["skipped"])
