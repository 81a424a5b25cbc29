"""Two people on one selection round at the same instant: one act each time, the other is told."""

from collections import Counter

import pytest

from portal import catalogue, scoring, selection, verify
from portal.models import CatalogueEntry, Filing, Promotion, RoundStage, Score, SelectionRound
from portal.vocabulary import BrandLevel, Role, State
from tests.factories import PROVINCE, act, filer, person, road
from tests.races import kinds, race
from tests.selecting import (
    DOCUMENT,
    brands,
    conferrer,
    decided,
    decider,
    hand_in,
    now,
    points,
    ranked,
    rows,
    scorer,
    sheet,
    started,
)

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 20


def test_of_two_approvers_who_decide_at_once_one_decides():
    second, of = person(Role.APPROVER, PROVINCE, name="second"), ranked()
    first, picked = decider(), [row.pk for row in rows(of)]
    outcomes = []
    for _ in range(ROUNDS):
        seen = now(of)
        outcomes += race([seen], deciding(first, picked[0]), deciding(second, picked[1]))
        SelectionRound.objects.filter(pk=of.pk).update(stage=RoundStage.RANKED)

    assert Counter(map(tuple, map(kinds, outcomes))) == {("Overtaken", "SelectionRound"): ROUNDS}
    assert of.candidates.filter(is_chosen=True).count() == 1


def deciding(by, chosen: int):
    """Return a runner that decides as ``by`` on the round as it was read."""

    def run(of: SelectionRound):
        return selection.decide(of, by=by, revision=of.revision, chosen=[chosen], reason="演示理由")

    return run


def test_what_is_conferred_twice_at_once_is_conferred_once():
    of = decided(0, 1, quota=2)
    second = person(Role.PUBLISHER, PROVINCE, name="second publisher")

    (outcome,) = race([now(of)], conferring(conferrer()), conferring(second))

    assert kinds(outcome) == ["Overtaken", "list"]
    assert Promotion.objects.count() == 2
    assert list(selection.faults()) == []


def conferring(by):
    """Return a runner that confers as ``by``."""

    def run(of: SelectionRound):
        return selection.confer(of, by=by, revision=of.revision, document_number=DOCUMENT)

    return run


def test_a_sheet_that_is_sent_twice_at_once_is_handed_in_once():
    of = started(scorers=3)
    one, other = points(of, 90, 80, 70), points(of, 10, 20, 30)

    (outcome,) = race([of], handing_in(1, one), handing_in(1, other))

    assert kinds(outcome) == ["Refused", "SelectionRound"]
    assert sum(sheet(of).scores.values_list("points", flat=True)) in (240, 60)
    assert Score.objects.count() == len(one)


def handing_in(number: int, given: dict):
    """Return a runner that hands in a scorer's sheet."""
    by = scorer(number)
    return lambda of: scoring.hand_in(of, by=by, points=given)


def test_the_two_last_sheets_at_once_both_count_and_end_the_scoring():
    of = started(scorers=3, entries=brands(3))
    hand_in(of, 1, 90, 80, 70)

    given = points(of, 60, 60, 60)
    (outcome,) = race([of], handing_in(2, given), handing_in(3, given))

    assert kinds(outcome) == ["SelectionRound", "SelectionRound"]
    assert now(of).stage == RoundStage.RANKED
    assert of.scorers.filter(handed_in_at=None).count() == 0


def amended(brand: CatalogueEntry) -> Filing:
    """Return an approved amendment of a brand."""
    record = catalogue.amend(brand, by=filer(brand.region_id))
    for action, by, arguments in road(record, State.APPROVED):
        record = act(record, action, by, **arguments)
    return record


def test_a_brand_that_is_amended_while_it_becomes_provincial_does_not_lose_its_level():
    pairs = [(brand, amended(brand)) for brand in brands(5)]
    facts = {"document_number": DOCUMENT}
    by, second = conferrer(), person(Role.PUBLISHER, PROVINCE, name="second publisher")

    outcomes = race(
        pairs,
        lambda pair: catalogue.publish(pair[1], by=second, **facts),
        lambda pair: catalogue.promote(pair[0], by=by, level=BrandLevel.PROVINCIAL, **facts),
    )

    for (brand, _), (_, promoted) in zip(pairs, outcomes, strict=True):
        now_in_force = CatalogueEntry.objects.in_force().get(code=brand.code)
        assert (now_in_force.level == BrandLevel.PROVINCIAL) is isinstance(promoted, Promotion)
    assert list(verify.faults()) == []


def test_control_without_the_comparison_both_decide():
    of = ranked()
    picked = [row.pk for row in rows(of)]
    outcomes = []
    for _ in range(ROUNDS):
        outcomes += race([of], careless(of, picked[0]), careless(of, picked[1]))

    assert Counter(map(tuple, map(kinds, outcomes))) == {("int", "int"): ROUNDS}
    assert {outcome for pair in outcomes for outcome in pair} == {1}


def careless(of: SelectionRound, chosen: int):
    """Return a runner that writes the decision without asking how the round stands."""
    return lambda _: SelectionRound.objects.filter(pk=of.pk).update(reason=str(chosen))
