"""Which tests a run has: each in one run at least, what is no page and has one set on both."""

import pytest
from django.test import Client as Visitor

from doors import test as door
from tests import dealing

NUMBERS = range(9)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_set_of_parameters(number):
    assert number in NUMBERS


@pytest.mark.django_db
def test_one_that_uses_the_database():
    assert dealing.SHARE == 3


def test_one_that_asks_for_a_page(client):
    assert isinstance(client, Visitor)


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


@pytest.mark.parametrize(
    ("least", "number", "of_postgresql"),
    [(2, 1, None), (2, 2, 1), (4, 3, None), (4, 4, 2), (2, 9, 3), (1, 2, 1)],
)
def test_of_several_sets_postgresql_has_a_third_and_sqlite_the_rest(
    monkeypatch, items, least, number, of_postgresql
):
    sets = [item for item in items if item.name.startswith("test_a_set_of_parameters")][:number]
    monkeypatch.setattr(dealing, "uses_the_database", lambda item: True)
    monkeypatch.setattr(dealing, "least", lambda item: least)

    first, second = dealt(monkeypatch, sets)

    assert first & second == set()
    assert first | second == (set() if of_postgresql is None else names(sets))
    assert len(first) == (of_postgresql or 0)


def test_a_single_test_of_a_page_falls_to_one_of_both(monkeypatch, request):
    pages = [item for item in request.session.items if "client" in item.fixturenames]
    pages = [item for item in pages if dealing.uses_the_database(item) and "[" not in item.nodeid]

    for item in (page for page in pages if dealing.least(page) == 1):
        first, second = dealt(monkeypatch, [item])
        assert len(first | second) == 1 and not first & second


def test_what_is_dealt_out_from_how_many_sets_on(items):
    asked = {item.name: dealing.least(item) for item in items}

    assert (asked["test_one_that_uses_the_database"], asked["test_one_that_asks_for_a_page"]) == (2, 1)
    assert asked["test_one_that_commits"] == 4


@pytest.mark.either
@pytest.mark.django_db(transaction=True)
def test_one_that_commits_and_is_about_something_else(items):
    assert dealing.least(next(item for item in items if item.name == "test_one_that_commits")) == 4
    assert [dealing.least(item) for item in items if item.get_closest_marker("either")] == [1]


@pytest.mark.django_db(transaction=True)
def test_one_that_commits(items):
    found = {item.name for item in items if dealing.commits(item)}

    either = "test_one_that_commits_and_is_about_something_else"
    assert found == names(items) & {"test_one_that_commits", either}


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
