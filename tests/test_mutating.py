"""Faults are put into functions one at a time, wherever those are held, and a test that looks notices."""

import ast
import json
import subprocess
import sys
from collections import Counter

import pytest
from django.conf import settings

from doors import mutate
from mutating import changes
from mutating.swaps import Target

SOURCE = '''
"""A module."""

from functools import cache

LIMIT = 3


class Desk:
    """A desk."""

    def takes(self, number: int | None, *, most: int = LIMIT) -> bool:
        """Say whether."""
        if number is None or not self:
            raise ValueError("none")
        return number < most + 1


@cache
def told(names: list) -> list:
    """Return those that are told."""
    found = []
    for name in names:
        if name == "":
            continue
        found.append(dict(name=name, is_new=True))
    return [one for one in found if one]
'''


def test_each_fault_changes_one_statement_of_one_function():
    tree = ast.parse(SOURCE)
    before = ast.unparse(tree).splitlines()

    for fault in changes.faults(tree):
        after = ast.unparse(changes.with_fault(tree, fault)).splitlines()
        assert after != before, fault
    assert ast.unparse(tree).splitlines() == before


def test_the_faults_of_a_function_and_nothing_of_its_signature_or_its_words_for_people():
    said = [(fault.function, fault.said) for fault in changes.faults(ast.parse(SOURCE))]

    assert [what for function, what in said if function == "Desk.takes"] == [
        "Or became And",
        "condition turned round",
        "Is became IsNot",
        "not left out",
        "raise left out",
        "'none' became another text",
        "None returned",
        "Lt became LtE",
        "Add became Sub",
        "1 became 2",
    ]
    assert [what for function, what in said if function == "told"] == [
        "None assigned",
        "Eq became NotEq",
        "continue became break",
        "call left out",
        "argument name left out",
        "argument is_new left out",
        "True became False",
        "None returned",
        "condition of a comprehension left out",
    ]


@pytest.fixture
def target(tmp_path, monkeypatch):
    (tmp_path / "planted_desk.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield Target("planted_desk")
    del sys.modules["planted_desk"]


def test_a_fault_is_in_a_method_and_behind_a_decorator_for_whoever_holds_them_already(target):
    desk, told = target.module.Desk(), target.module.told
    wanted = {"Lt became LtE", "argument is_new left out"}
    assert (desk.takes(4), told(("a", ""))) == (False, [{"name": "a", "is_new": True}])
    told.cache_clear()

    for fault in target.faults:
        if fault.said in wanted:
            target.put_in(fault)

    assert (desk.takes(4), told(("a", ""))) == (True, [{"name": "a"}])


def test_the_lines_that_run_are_noted_and_nothing_is_left_of_it(target):
    code = target.module.Desk.takes.__code__
    with target.watched() as seen:
        target.module.Desk().takes(1)

    lines = SOURCE.splitlines()
    assert [lines[line - 1].strip() for line in sorted(seen)][1:] == [
        "if number is None or not self:",
        "return number < most + 1",
    ]
    assert (target.module.Desk.takes.__code__ is code, hasattr(target.module, "_seen_by_the_test")) == (
        True,
        False,
    )


def test_of_the_scope_a_fault_is_noticed_and_without_the_tests_that_look_none_is(tmp_path):
    results = tmp_path / "results.jsonl"
    plan = {
        "modules": ["portal.scope"],
        "sample": 3,
        "seconds": 5,
        "jobs": 1,
        "seed": 1,
        "results": str(results),
    }

    verdicts = {}
    for tests in ("tests/test_scope.py tests/test_fence.py", "tests/test_text.py"):
        command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "mutating.plugin", *tests.split()]
        environment = mutate.environment(plan, tmp_path)
        run = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr
        found = Counter(json.loads(line)["verdict"] for line in results.read_text().splitlines())
        verdicts["fence" in tests] = found

    assert verdicts == {True: {"noticed": 3}, False: {"untouched": 3}}


def test_the_share_is_of_the_faults_that_could_be_put_in(capsys):
    verdicts = [*["noticed"] * 6, "late", "missed", "missed", "untouched", "impossible"]
    tried = [{"module": "m", "line": 1, "function": "f", "said": "s", "verdict": one} for one in verdicts]

    assert mutate.told("scope", tried) == 0.7
    assert capsys.readouterr().out.count("m:1 f: s") == 3
