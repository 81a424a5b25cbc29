"""Which tests a run has: each in one run at least, each function on both databases."""

import pytest

from doors import test as door
from tests import dealing

NUMBERS = range(9)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_set_of_parameters(number):
    assert number in NUMBERS


@pytest.mark.django_db
def test_one_that_uses_the_database():
    assert (dealing.SEVERAL, dealing.MANY) == (2, 4)


def names(items) -> set[str]:
    return {item.name for item in items}


def dealt(monkeypatch, items) -> list[set[str]]:
    """Return the names that the first and the second database leave out."""
    left_out = []
    for turn in ("0", "1"):
        monkeypatch.setenv("PORTAL_TEST_TURN", turn)
        left_out.append(names(dealing.left_out(items)))
    return left_out


@pytest.fixture
def items(request):
    """Give the tests of this module."""
    return [item for item in request.session.items if item.path == request.node.path]


def test_what_uses_no_database_is_left_to_the_first_one(monkeypatch, items):
    free = names(item for item in items if not dealing.uses_the_database(item))

    first, second = dealt(monkeypatch, items)

    assert (first & free, second & free) == (set(), free)


@pytest.mark.parametrize(("commits", "number"), [(False, 1), (False, 2), (True, 3), (True, 4), (False, 9)])
def test_of_several_sets_each_database_has_half_of_those_that_commit_from_four_on(
    monkeypatch, items, commits, number
):
    sets = [item for item in items if item.name.startswith("test_a_set_of_parameters")][:number]
    monkeypatch.setattr(dealing, "uses_the_database", lambda item: True)
    monkeypatch.setattr(dealing, "commits", lambda item: commits)

    first, second = dealt(monkeypatch, sets)

    assert first & second == set()
    assert first | second == (set() if number < (4 if commits else 2) else names(sets))
    assert abs(len(first) - len(second)) <= 1


@pytest.mark.django_db(transaction=True)
def test_one_that_commits(items):
    found = {item.name for item in items if dealing.commits(item)}

    assert found == {"test_one_that_commits"}


def test_without_a_turn_nothing_is_dealt_out(monkeypatch, items):
    monkeypatch.delenv("PORTAL_TEST_TURN", raising=False)

    assert list(dealing.left_out(items)) == []


@pytest.mark.parametrize(
    ("whole", "arguments", "expected"),
    [("", [], {"PORTAL_TEST_TURN": "1"}), ("", ["-k", "workflow"], {}), ("1", [], {})],
)
def test_a_run_of_chosen_tests_and_a_whole_one_deal_nothing_out(monkeypatch, whole, arguments, expected):
    monkeypatch.setenv("PORTAL_TEST_WHOLE", whole)

    assert door.turn(1, arguments) == expected
