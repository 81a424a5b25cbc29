"""What README and ``docs/`` say is so: pictures, links, words, variables, commands with their options.

Here a command is read; that each is run somewhere stands in ``test_docs_run``.
"""

import re
import shlex
from importlib import import_module
from pathlib import Path

import click
import pytest
import yaml
from celery.bin.celery import celery
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, get_commands, load_command_class
from granian.cli import cli as granian

from doors import Closed, attack, bench, mutate, screenshots, soak
from portal.actions import ACTIONS
from portal.management.commands import architecture_diagram, workflow_diagram

ROOT = Path(settings.BASE_DIR)
PAGES = sorted([ROOT / "README.md", ROOT / "fixtures" / "README.md", *(ROOT / "docs").glob("**/*.md")])
DOORS = sorted(path for path in (ROOT / "bin").iterdir() if path.is_file())
WORDS = {path: path.read_text(encoding="utf-8") for path in PAGES}
by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def docs(name: str) -> str:
    """Return a page of ``docs/``."""
    return WORDS[ROOT / "docs" / name]


# -- pictures, links, words


@pytest.mark.parametrize(
    "picture", [architecture_diagram, workflow_diagram], ids=["architecture", "workflow"]
)
def test_a_picture_is_the_one_drawn_from_the_code(picture):
    name = picture.__name__.rpartition(".")[2].removesuffix("_diagram")
    page = docs(f"{name}.md")

    shown = re.search(rf"<!-- {name} -->\n```mermaid\n(.*?)```\n<!-- /{name} -->", page, re.DOTALL)

    assert shown[1] == picture.diagram()


@by_page
def test_what_a_page_links_to_is_there(page):
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", WORDS[page]) if "://" not in link]

    missing = [link for link in links if not leads_somewhere(page, *link.partition("#")[::2])]

    assert missing == []


def leads_somewhere(page: Path, path: str, heading: str) -> bool:
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not heading or heading in headings(target))


def headings(page: Path) -> set[str]:
    """Return the anchors of a page, as its headings give them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", words).lower().replace(" ", "-") for words in found}


@by_page
def test_every_file_a_page_names_is_there(page):
    named = re.findall(
        r"`((?:portal|brands|workforce|assessments|tests|bin|docs|deploy|fixtures|requirements)/[\w./-]+)`",
        WORDS[page],
    )
    made = {"deploy/portal.env", "deploy/tls", "deploy/tls/portal.crt"}  # by whoever installs it
    made |= {path for text in WORDS.values() for path in re.findall(r"\*\*`([^`]+)`\*\*, new", text)}

    assert [path for path in named if path not in made and not (ROOT / path).exists()] == []


def test_every_page_of_the_documentation_is_reached_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        near = [(page.parent / link.partition("#")[0]).resolve() for link in linked(page)]
        near += [below for place in near if place.is_dir() for below in place.glob("*.md")]
        waiting += [place for place in near if place in WORDS and place not in reached]

    assert set((ROOT / "docs").glob("**/*.md")) - reached == set()


def linked(page: Path) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", WORDS[page]) if "://" not in link]


def test_each_word_of_the_glossary_has_its_identifier_in_the_code():
    glossary = docs("domain.md").partition("## The words")[2]
    pairs = re.findall(r"^\| ([^|]+) \| `(\w+)` \|", glossary, re.MULTILINE)
    labels = {model.__name__: {str(model._meta.verbose_name)} for model in apps.get_models()}
    for action in ACTIONS:
        labels.setdefault(action.name, set()).add(str(action.label))

    wrong = [(said, name) for said, name in pairs if not set(said.split("、")) <= labels.get(name, {said})]

    assert len(pairs) > 30
    assert wrong == []
    assert [name for _, name in pairs if name not in labels and not named_in_code(name)] == []


def named_in_code(name: str) -> bool:
    sources = (path for path in (ROOT / "portal").glob("**/*.py") if "migrations" not in path.parts)
    return any(
        re.search(rf"^(?:class {name}\b|{name} =|    {name}\b.*=)", p.read_text(), re.M) for p in sources
    )


# -- variables


def variables() -> list[str]:
    """Return the variables of the table of settings, those of the site written out."""
    cells = re.findall(r"^\| (`[^|]+) \|", docs("settings.md"), re.MULTILINE)
    names = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    return [name.replace("…_", "PORTAL_SITE_") for name in names]


def test_the_table_of_settings_names_every_variable_that_is_read_and_no_other():
    sources = [path for path in (ROOT / "portal").glob("**/*.py") if "migrations" not in path.parts]
    pattern = r'(?:environ\.get|getenv|env_bool|env_list)\(\s*"((?:PORTAL|DATABASE|CELERY)_[A-Z0-9_]+)"'
    read = {name for path in sources for name in re.findall(pattern, path.read_text())}

    named = variables()

    assert len(named) == len(set(named))
    assert set(named) == read - {"PORTAL_TEST_SQLITE"}  # of the tests alone


def test_the_example_of_the_environment_has_no_variable_without_an_entry():
    lines = (ROOT / "deploy" / "portal.env.example").read_text().splitlines()

    given = {line.partition("=")[0] for line in lines if line.startswith("PORTAL_")}

    assert given - set(variables()) == set()


# -- commands

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SHELL = {"", "sh"}  # languages of a fence whose lines are typed into a shell
SHOWN = {"csv", "html", "json", "mermaid", "python", "text", "yaml"}  # of one that shows a file or an answer
BEGUN = re.compile(r"(?:[A-Z_]+=\S+ )*(?:docker compose |\S*python |manage\.py |\./bin/|granian |celery )")
OPTED = re.compile(r"[a-z][\w./-]*(?: \S+)* --?[a-z]")  # a word with an option behind it is a command as well
OTHERS = {"curl", "for", "done", "npx", "openssl", "pip", "pip-audit", "rsync", "uv"}  # none of ours
BESIDE = {"PORT", "PORTAL_TEST_WHOLE"}  # variables of ./bin/up and ./bin/test alone


def commands(text: str) -> list[str]:
    """Return what a page tells to run: the lines of its fences for a shell, commands in its text."""
    text = re.sub(r"\\\n\s*", "", text)
    typed = "".join(fence for language, fence in FENCE.findall(text) if language in SHELL)
    said = [" ".join(words.split()) for words in re.findall(r"`([^`]+)`", FENCE.sub("", text))]
    return [
        *filter(str.strip, typed.splitlines()),
        *(words for words in said if BEGUN.match(words) or OPTED.match(words)),
    ]


@by_page
def test_every_fence_of_a_page_is_known_to_be_for_a_shell_or_to_show_something(page):
    assert {language for language, _ in FENCE.findall(WORDS[page])} - SHELL - SHOWN == set()


@by_page
def test_every_command_of_a_page_is_one_there_is_with_its_options(page):
    assert [(line, fault) for line in commands(WORDS[page]) if (fault := amiss(line))] == []


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_every_command_a_door_explains_is_one_it_takes(door):
    lines = re.findall(r"^(?:\w+=\S+ )?\./bin/.*?(?= {2,}|$)", door.read_text(encoding="utf-8"), re.MULTILINE)

    assert lines
    assert [(line, fault) for line in lines if (fault := amiss(line))] == []


def amiss(line: str) -> str:
    """Return why a command cannot be run as it is written, empty when it can; nothing is run."""
    words = shlex.split(line.replace("[", "").replace("]", ""), comments=True)
    given = [words.pop(0).partition("=")[0] for word in list(words) if re.fullmatch("[A-Z_]+=.+", word)]
    if words[0] in OTHERS:
        return ""
    if unknown := set(given) - {*variables(), *BESIDE}:
        return f"no such variable: {unknown}"
    if words[0] in get_commands():  # as the text before it says: manage.py …
        return managed(*words)
    if "manage.py" in words:
        place = words.index("manage.py")
        inside = words[0] == "docker" and composed(words[1 : place - 1])
        return inside or managed(*words[place + 1 :])
    program, *rest = words
    if program.endswith("python"):
        return "" if import_module(rest[1]) else "no such module"
    if program.startswith("./bin/"):
        return entered(program.removeprefix("./bin/"), rest)
    checked = {"granian": served, "celery": worked, "docker": composed}.get(program)
    return checked(rest) if checked else f"what is {program}?"


def managed(name: str, *rest: str) -> str:
    """Let a management command read its arguments."""
    if name == "…":
        return ""
    if not (app := get_commands().get(name)):
        return f"no such command: {name}"
    if not rest:
        return ""  # it is named; how it is called stands elsewhere
    try:
        load_command_class(app, name).create_parser("manage.py", name).parse_args(list(rest))
    except CommandError as error:
        return str(error)
    return ""


def entered(name: str, rest: list[str]) -> str:
    """Let a program of ``bin/`` read its arguments; ``test`` gives them to pytest, ``up`` has none."""
    if not (ROOT / "bin" / name).stat().st_mode & 0o100:
        return "not executable"
    if name == "up":
        return f"up takes no {rest}" if rest else ""
    if name == "test" or rest == ["NAME"]:
        return ""
    known = {"bench": bench._parser(bench.programs()), "soak": soak._parser(), "attack": attack._parser()}
    known |= {"screenshots": screenshots._parser(), "mutate": mutate._parser()}
    try:
        known[name].parse_known_args(rest)
    except (SystemExit, Closed):
        return f"{name} does not take {rest}"
    return ""


def served(rest: list[str]) -> str:
    """Let granian read its arguments."""
    return parsed(granian, rest)


def worked(rest: list[str]) -> str:
    """Let celery and its command read their arguments."""
    place = next(number for number, word in enumerate(rest) if word in celery.commands)
    return parsed(celery, rest[:place]) or parsed(celery.commands[rest[place]], rest[place + 1 :])


def parsed(command: click.Command, rest: list[str]) -> str:
    try:
        command.make_parser(click.Context(command)).parse_args(list(rest))
    except click.ClickException as error:
        return error.format_message()
    return ""


def composed(rest: list[str]) -> str:
    """Look for the services that a line of ``docker compose`` names, and for its files."""
    services = set(yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"])
    files = {word for word in rest if word.startswith("deploy/")} - {"deploy/portal.env"}
    paths = [word for word in rest if word.startswith(("-", "deploy/", "."))]
    plain = [word.partition(":")[0] for word in rest if word not in (*paths, "compose", "…")]
    known = {"cp", "exec", "logs", "ps", "run", "stop", "up"}
    wrong = plain[:1] if plain[0] not in known else [name for name in plain[1:] if name not in services]
    missing = [path for path in files if not (ROOT / path).exists()]
    return f"not there: {wrong + missing}" if wrong or missing else ""


def test_every_command_of_the_portal_is_in_the_table_of_operations_and_no_other():
    own = {path.stem for path in (ROOT / "portal/management/commands").glob("[!_]*.py")}
    table = docs("operations.md").partition("## Commands")[2].partition("\n## ")[0]

    named = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)

    assert {name for cell in named for name in re.findall(r"`(\w+)`", cell)} == own


def test_every_program_of_bin_is_named_in_the_readme():
    readme = WORDS[ROOT / "README.md"]

    assert [path.name for path in DOORS if not re.search(rf"`(?:\./bin/)?{path.name}`", readme)] == []


# -- what changed


KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_the_changelog_begins_with_what_is_not_released_and_says_each_change_once_by_its_kind():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    kinds = [re.findall(r"^### (.+)$", release, re.MULTILINE) for release in releases]
    said = re.findall(r"^- (.+)$", text, re.MULTILINE)

    assert releases[0].startswith("Unreleased\n")
    assert kinds == [sorted(set(found), key=KINDS.index) for found in kinds]
    assert [line for line in said if said.count(line) > 1] == []
