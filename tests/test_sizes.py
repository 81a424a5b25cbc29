"""How large the large proofs are: the usual size or the whole."""

import pytest

from doors import test as door
from tests import sizes

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
