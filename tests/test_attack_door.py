"""The door ``bin/attack``: what counts as a finding, and what a test leaves behind."""

from collections import Counter

import pytest

from doors import Closed, attack
from tests import attacking


def test_figures_of_a_stage_are_added_up_and_name_what_got_through():
    total = attack.summed(['{"cases": 3, "refused": 2}', '{"cases": 1000, "5xx": 1}'])

    assert attack.in_words(total) == "cases 1,003, refused 2, leaked 0, 5xx 1, broken 0"


@pytest.mark.parametrize(
    ("code", "figures", "finding"),
    [
        (0, {"cases": 5}, False),
        (1, {"cases": 5}, True),
        (0, {}, True),
        (0, {"cases": 5, "leaked": 1}, True),
        (0, {"cases": 5, "5xx": 1}, True),
        (0, {"cases": 5, "broken": 1}, True),
    ],
)
def test_a_failed_test_a_figure_and_a_stage_that_did_nothing_are_findings(code, figures, finding):
    assert attack.is_finding(code, Counter(figures)) is finding


def test_a_stage_that_does_not_exist_closes_the_door():
    with pytest.raises(Closed, match="crawl"):
        attack._known("everything")


def test_every_stage_has_its_tests():
    assert [
        name for name in attack.STAGES if not list(attack.ROOT.glob(f"tests/test_attack_{name}*.py"))
    ] == []


def test_figures_are_left_also_by_a_test_that_fails(tmp_path, monkeypatch):
    monkeypatch.setenv("PORTAL_ATTACK_FIGURES", str(tmp_path / "figures"))

    with pytest.raises(AssertionError), attacking.figures() as counted:
        counted.update({"cases": 2, "leaked": 1})
        raise AssertionError

    assert attack.summed((tmp_path / "figures").read_text().splitlines())["leaked"] == 1


def test_the_short_profile_goes_round_once():
    assert [*attacking.rounds()] == [0]
