"""What of the suite a run has: the usual or the whole size of a proof, and each test in one run at least."""

import pytest

from doors import test as door
from tests import sizes
from tests.conftest import is_of_another_run

VALUES = [f"value {number}" for number in range(10)]


@pytest.mark.parametrize(("is_whole", "expected"), [(False, 20), (True, 1000)])
def test_a_proof_has_its_usual_size_but_in_a_whole_run(monkeypatch, is_whole, expected):
    monkeypatch.setattr(sizes, "WHOLE", is_whole)

    assert sizes.size(20, 1000) == expected


def test_the_same_values_fall_to_a_thing_each_time_and_every_value_falls_to_something(monkeypatch):
    monkeypatch.setattr(sizes, "WHOLE", False)
    fallen = {about: sizes.falling_to(about, VALUES, 2) for about in map(str, range(60))}

    assert {about: sizes.falling_to(about, VALUES, 2) for about in fallen} == fallen
    assert {len(set(values)) for values in fallen.values()} == {2}
    assert {value for values in fallen.values() for value in values} == set(VALUES)


def test_all_values_fall_to_everything_in_a_whole_run(monkeypatch):
    monkeypatch.setattr(sizes, "WHOLE", True)

    assert sizes.falling_to("something", VALUES, 2) == VALUES


def test_a_whole_run_is_asked_for_through_the_door(monkeypatch):
    monkeypatch.setenv("PORTAL_TEST_WHOLE", "1")
    monkeypatch.setenv("PORTAL_VAR", "elsewhere")

    given = door.isolated_environment()

    assert (given["PORTAL_TEST_WHOLE"], given["PORTAL_VAR"]) == ("1", str(door.VAR))


@pytest.mark.parametrize(("only", "left_out"), [("", False), ("1", True)])
def test_what_uses_no_database_is_left_to_the_run_on_the_first_one(request, monkeypatch, only, left_out):
    monkeypatch.setenv("PORTAL_TEST_DATABASE_ONLY", only)

    assert is_of_another_run(request.node) == left_out


@pytest.mark.django_db
def test_what_uses_the_database_runs_on_both(request, monkeypatch):
    monkeypatch.setenv("PORTAL_TEST_DATABASE_ONLY", "1")

    assert not is_of_another_run(request.node)


def test_the_second_database_leaves_them_out_unless_arguments_choose_the_tests():
    assert door.left_to_the_first([]) == {"PORTAL_TEST_DATABASE_ONLY": "1"}
    assert door.left_to_the_first(["-k", "workflow"]) == {}
