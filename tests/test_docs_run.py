"""Every command that README and ``docs/`` tell is run: here as written, by a test named here, or not: why.

What is told and stands in none of the three tables fails, so does a line of a table that is told nowhere.
"""

import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import execute_from_command_line

from tests import assurance
from tests.test_docs import WORDS, commands, docs

pytestmark = pytest.mark.django_db
ROOT = Path(settings.BASE_DIR)

#: What ends by itself, needs nothing beside the database and leaves at most a file: run below.
HERE = (
    "manage.py appoint system_admin USERNAME FULL_NAME",
    "manage.py appoint security_admin USERNAME FULL_NAME",
    "manage.py appoint auditor USERNAME FULL_NAME",
    "manage.py architecture_diagram",
    "manage.py check",
    "manage.py load_reference",
    "manage.py purge",
    "manage.py purge --dry-run",
    "manage.py rebuild_counts",
    "manage.py rebuild_search",
    "manage.py rotate_field_keys",
    "manage.py sbom --requirements requirements/prod.txt --output sbom.json",
    "manage.py seal_log",
    'manage.py shell -v 0 -c "from django.conf import settings; print(settings.FIELD_KEYS[0])"',
    "manage.py verify",
    "manage.py verify_log",
    "manage.py workflow_diagram",
)
_HOW_TO = "how_to::what_the_pages_say_makes_a_record_type_with_rule_notice_report_and_page"
_BACKUP = "backups::what_was_backed_up_is_what_is_restored_and_nothing_else"
_ASVS = "asvs::the_page_is_the_one_drawn_from_the_requirements_and_begins_with_their_sums"
#: What a command begins with → the test that runs it, without its prefixes.
THERE = {
    "curl": "first_walk::an_example_of_the_interface_is_answered_as_the_guide_shows_it",
    "manage.py appoint": "appointing::the_first_holder_signs_in_changes_the_password_and_may_enter",
    "manage.py archive_log": "access_chain::what_is_older_goes_to_a_signed_file_and_the_chain_goes_on",
    "manage.py backup": _BACKUP,
    "manage.py database_roles": "fence::the_statements_for_an_administrator_are_those_that_make_the_roles",
    "manage.py demo": "demo::a_second_run_changes_nothing_and_says_so",
    "manage.py import_file": "import_command::the_command_reads_without_storing_and_stores_when_told",
    "manage.py makemigrations": _HOW_TO,
    "manage.py migrate": "migrating::two_that_begin_at_once_do_it_once",
    "manage.py prepare": "planner::whoever_installs_a_release_leaves_a_planner_that_knows_the_tables",
    "manage.py restore": _BACKUP,
    "manage.py roll_up": "roll_up::the_command_makes_the_file_and_says_what_is_in_it",
    "manage.py sbom": "parts::the_parts_are_the_pins_with_their_hashes_and_no_other",
    "manage.py seed_load": "seed_load::the_command_writes_as_many_filings_and_entries_as_asked_and_says_so",
    "python -m pytest tests/": _HOW_TO,
    "python -m ruff": _HOW_TO,
    "python -m tests.assurance": "assurance::the_page_is_the_one_drawn_from_the_rows",
    "python -m tests.asvs": _ASVS,
}
_NETWORK = "reaches a registry of packages or of advisories, or what was fetched from one"
_MACHINE = "is a program of the machine, not of the portal"
_SERVES = "runs until it is stopped; its own parser reads the arguments (test_docs)"
_LONG = "runs for minutes to hours; its own parser reads the arguments (test_docs); its parts have tests"
#: What a command begins with → why no test runs it as it is written.
NEVER = {
    "./bin/attack": _LONG,
    "./bin/bench": _LONG,
    "./bin/mutate": _LONG,
    "./bin/soak": _LONG,
    "./bin/test": "is what runs the tests",
    "./bin/up": "installs packages and serves; what it does and refuses are tests of test_doors",
    "celery": _SERVES,
    "docker compose": "needs Docker; services and files are looked up in deploy/compose.yaml (test_docs)",
    "for name in": _NETWORK,
    "granian": _SERVES,
    "done": _NETWORK,
    "manage.py check --deploy": "is run by ./bin/test itself, over the settings of a production server",
    "manage.py prepare --roles": "is prepare and database_roles one after the other, each run by itself",
    "npx": _NETWORK,
    "openssl": _MACHINE,
    "pip install": _NETWORK,
    "pip-audit": _NETWORK,
    "python -m pytest": "is what runs the tests",
    "rsync": _MACHINE,
    "uv pip": _NETWORK,
}


def told() -> set[str]:
    """Return every command of the pages without comment, variables and container; those of the table too."""
    table = docs("operations.md").partition("## Commands")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    named = [f"manage.py {name}" for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    found = {plain(line) for text in WORDS.values() for line in commands(text)}
    return {*named, *found} - {"manage.py …"}


def plain(line: str) -> str:
    """Return a command as the tables have it."""
    words = " ".join(re.sub(r"(^|\s)#\s.*", "", line).split())
    words = re.sub(r"^(?:[A-Z_]+=\S+ )+", "", words)
    words = re.sub(r"^\S*python\b", "python", words)
    if " manage.py " in words:
        words = f"manage.py {words.partition(' manage.py ')[2]}"
    return f"manage.py {words}" if words in ("prepare --roles", "check --deploy") else words


def place_of(command: str) -> str:
    """Return the longest line of the tables that a command begins with, empty when there is none."""
    if command in HERE:
        return command
    return max((key for key in {**THERE, **NEVER} if begins(command, key)), key=len, default="")


def begins(command: str, key: str) -> bool:
    return command == key or command.startswith(key if key.endswith("/") else f"{key} ")


def test_every_command_that_is_told_is_run_or_says_why_not_and_nothing_else_is_listed():
    found = {command: place_of(command) for command in told()}

    assert {command for command, place in found.items() if not place} == set()
    assert {*HERE, *THERE, *NEVER} - set(found.values()) == set()


@pytest.mark.parametrize("command", THERE)
def test_the_test_that_is_said_to_run_a_command_is_there(command):
    tests = assurance.tests_of({"tests": THERE[command]})

    assert [assurance.exists(test) for test in tests] == [True]


@pytest.mark.parametrize("command", HERE)
def test_a_command_runs_as_it_is_written(command, tmp_path, monkeypatch, capsys):
    (tmp_path / "requirements").symlink_to(ROOT / "requirements")
    monkeypatch.chdir(tmp_path)

    assert (code(command), capsys.readouterr().err.count("Error")) == (0, 0)


def code(command: str) -> int:
    """Run a command of ``manage.py`` in this process and return what it ends with."""
    try:
        execute_from_command_line(shlex.split(command))
    except SystemExit as ended:
        return ended.code
    return 0
