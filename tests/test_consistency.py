"""Prose and habits that can be checked are checked: the diagram, the migrations, the writers of the state."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader

ROOT = Path(settings.BASE_DIR)
SOURCES = sorted(
    path
    for folder in ("portal", "assessments", "brands", "workforce", "tests", "bin")
    for path in ROOT.glob(f"{folder}/**/*.py")
    if "migrations" not in path.parts
)
PRODUCT = [
    p for p in SOURCES if p.relative_to(ROOT).parts[0] not in ("tests", "bin") and "migrations" not in p.parts
]
TEMPLATES = sorted((ROOT / "templates").glob("**/*.html"))
BOTH_SIDES = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_holds_both_sides_of_a_change_that_was_put_together():
    written = [*SOURCES, *TEMPLATES, *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    written += [path for path in ROOT.glob("portal/static/portal/**/*") if path.suffix in (".css", ".js")]

    assert [name(path) for path in written if BOTH_SIDES.search(path.read_text(encoding="utf-8"))] == []


def test_the_short_way_of_the_migrations_leads_where_the_long_one_does():
    long, short = (MigrationLoader(None, replace_migrations=whole) for whole in (False, True))

    found = MigrationAutodetector(long.project_state(), short.project_state()).changes(short.graph)

    assert (found, short.replacements != {}) == ({}, True)


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_only_the_workflow_writes_a_state():
    writers = {
        name(path) for path in PRODUCT for node in ast.walk(ast.parse(path.read_text())) if writes(node)
    }

    assert writers == {"portal/workflow.py"}


def writes(node: ast.AST) -> bool:
    """Say whether a piece of code assigns ``….state`` or names the state as a column to change."""
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Attribute) and target.attr == "state" for target in node.targets)
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in (
        "update",
        "bulk_update",
        "create",
        "save",
    ):
        return any(word.arg == "state" for word in node.keywords)
    keys = (
        [key.value for key in node.keys if isinstance(key, ast.Constant)]
        if isinstance(node, ast.Dict)
        else []
    )
    return {"state", "step"} <= set(keys)


RECORDED = {"User", "Membership", "Organisation"}  # whose changes the access log keeps
AT_ONCE = {"update", "bulk_update", "bulk_create"}  # writes that no signal tells of
#: Function that writes such rows without a record → why.
SILENT = {
    "portal/population/people.py _make": "people of a population that is measured, who sign in nowhere",
    "portal/sessions.py end_all": "the number of his sign-ins, by which he ends his own others",
    "portal/tour.py end": "whether he has seen the card of the first sign-in, which is his alone",
    "portal/tour.py begin_again": "the same",
}


def test_nothing_changes_accounts_posts_and_organisations_past_the_access_log():
    found = {
        f"{name(path)} {function.name}"
        for path in PRODUCT
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef) and writes_at_once(function)
    }

    assert found == set(SILENT)


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ("User.objects.filter(pk=1).update(email='')", True),
        ("posts = Membership.objects.all()\n    posts.filter(pk=1).update(role='')", True),
        ("user.memberships.update(role='')", True),
        ("User.objects.bulk_update([], ['email'])", True),
        ("Message.objects.filter(user__in=User.objects.all()).update(read_at=None)", False),
        ("user.save(update_fields=['email'])", False),
    ],
)
def test_control_a_write_past_the_access_log_would_be_found(code, is_found):
    (function,) = ast.parse(f"def f():\n    {code}").body

    assert writes_at_once(function) is is_found


def writes_at_once(function: ast.FunctionDef) -> bool:
    """Say whether a function writes many rows at once of what the access log covers."""
    asked = {a.arg for a in function.args.args if a.annotation and _names_recorded(ast.unparse(a.annotation))}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _is_of_recorded(node.value, asked):
            asked |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    calls = (n.func for n in ast.walk(function) if isinstance(n, ast.Call) and hasattr(n.func, "attr"))
    return any(call.attr in AT_ONCE and _is_of_recorded(call.value, asked) for call in calls)


def _names_recorded(annotation: str) -> bool:
    return "QuerySet[" in annotation and any(f"[{model}]" in annotation for model in RECORDED)


def _is_of_recorded(node: ast.AST, asked: set[str]) -> bool:
    """Say whether a chain of calls begins at such a model, at its posts or at a name that holds such rows."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute):
            if node.attr == "memberships":
                return True
            if isinstance(node.value, ast.Name) and node.value.id in RECORDED:
                return node.attr.endswith("objects") or node.attr.endswith("manager")
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id in asked


RUNS_TEXT = {"eval", "exec", "compile", "__import__", "breakpoint"}
BUILDS_OBJECTS = {"pickle", "marshal", "shelve", "dill", "jsonpickle", "yaml"}
STARTS_PROGRAMS = {"subprocess", "pty", "commands"}


def test_nothing_runs_text_builds_foreign_objects_or_starts_a_shell():
    """ASVS 5.0, 1.2.5, 1.3.2, 1.5.2; the child processes of the sandbox are started without a shell."""
    code = {name(path): ast.walk(ast.parse(path.read_text())) for path in PRODUCT}

    found = {(path, risk) for path, nodes in code.items() for node in nodes for risk in risks(node)}

    assert found == {("portal/sandbox/__init__.py", "subprocess"), ("portal/sandbox/flat.py", "subprocess")}


@pytest.mark.parametrize(
    ("code", "risk"),
    [
        ("eval(x)", "eval"),
        ("import os; os.system(x)", "system"),
        ("from pickle import loads", "pickle"),
        ("run(x, shell=True)", "shell"),
        ("import subprocess as s", "subprocess"),
        ("re.compile(x)", None),
    ],
)
def test_control_a_risk_would_be_found(code, risk):
    assert {found for node in ast.walk(ast.parse(code)) for found in risks(node)} == ({risk} - {None})


def risks(node: ast.AST) -> set[str]:
    """Return what a piece of code does that nothing of ours should."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        modules = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        return {module.partition(".")[0] for module in modules} & (BUILDS_OBJECTS | STARTS_PROGRAMS)
    if not isinstance(node, ast.Call):
        return set()
    called = {getattr(node.func, "id", "")} & RUNS_TEXT
    called |= {getattr(node.func, "attr", "")} & {"system", "popen"}
    return called | {word.arg for word in node.keywords if word.arg == "shell"}


def test_a_file_fits_four_hundred_lines():
    static = [path for kind in ("css", "js") for path in ROOT.glob(f"portal/static/portal/**/*.{kind}")]

    assert [
        name(path) for path in [*SOURCES, *TEMPLATES, *static] if len(path.read_text().splitlines()) > 400
    ] == []


def test_a_file_says_what_may_live_there():
    sources = {path: path.read_text() for path in SOURCES}

    assert [
        name(p) for p, source in sources.items() if source and not ast.get_docstring(ast.parse(source))
    ] == []


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"<[^>]*\s(?:style|on[a-z]+)\s*=", id="style or handler in an attribute"),
        pytest.param(
            r"<(?:script|style)(?![^>]*(?:src=|nonce=))[^>]*>", id="script or style without a nonce"
        ),
        pytest.param(r"(?:src|href)=[\"']?(?:https?:)?//", id="something from another server"),
    ],
)
def test_no_template_breaks_the_content_security_policy(pattern):
    found = {name(path): re.findall(pattern, markup(path)) for path in TEMPLATES}

    assert {path: places for path, places in found.items() if places} == {}


def markup(path: Path) -> str:
    """Return a template without its comments."""
    return re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)


INCLUDED = re.compile(r'{% include "([^"]+)"([^%]*)%}')


def test_no_form_is_included_without_what_its_token_needs():
    pages = {str(path.relative_to(ROOT / "templates")): markup(path) for path in TEMPLATES}
    with_token = {path for path, words in pages.items() if "{% csrf_token %}" in words}
    included = [(path, *found) for path, words in pages.items() for found in INCLUDED.findall(words)]
    for _ in pages:  # what includes a form holds one itself
        with_token |= {path for path, inner, _ in included if inner in with_token}

    cut_off = [
        (path, inner) for path, inner, how in included if inner in with_token and "only" in how.split()
    ]

    assert cut_off == []


def test_no_page_takes_a_name_that_the_frame_of_every_page_reads():
    of_the_frame = named(ROOT / "portal" / "context_processors.py")
    shared = {"portal/views/queue.py": {"waiting", "unread"}}  # the same numbers, counted already

    taken = {name(path): of_the_frame & named(path) for path in (ROOT / "portal" / "views").glob("*.py")}

    assert {path: names for path, names in taken.items() if names - shared.get(path, set())} == {}


def named(path: Path) -> set[str]:
    """Return the keys of the dictionaries that a module writes down."""
    found = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Dict))
    return {key.value for node in found for key in node.keys if isinstance(key, ast.Constant)}
