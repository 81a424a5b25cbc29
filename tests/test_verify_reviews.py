"""Reviews that somebody changed behind the portal: each planted difference is one line."""

import pytest

from portal import outcomes, verify
from portal.models import ReviewFigure, ReviewItem
from tests.factories import filer, reviewer
from tests.reviewing import (
    LOW,
    decider,
    hearing_over,
    intended,
    item_of,
    opener,
    ready,
    rectifying,
    removed,
)

pytestmark = pytest.mark.django_db


def lines() -> list[str]:
    return list(verify.faults())


def change(item: ReviewItem, **columns) -> None:
    ReviewItem.objects.filter(pk=item.pk).update(**columns)


@pytest.fixture
def exited() -> ReviewItem:
    """An item that ended in an exit."""
    return removed(hearing_over(intended(ready(LOW, "演示说明。"))))


def test_nothing_is_said_of_reviews_that_are_whole(exited):
    assert lines() == []


@pytest.mark.parametrize(
    "columns",
    [{"document_number": "演示退〔2026〕9号"}, {"reason": "dishonest"}, {"decided_on": "2026-01-01"}],
)
def test_an_exit_that_the_catalogue_knows_otherwise_is_found(exited, columns):
    change(exited, **columns)

    said = f"审核条目 {exited.pk}：结果为退出，目录条目 {exited.entry.code} 没有相应的退出。"
    assert lines() == [said]


def test_an_exit_whose_item_says_otherwise_is_found(exited):
    change(exited, outcome="kept", reason="", document_number="")

    code = exited.entry.code
    assert lines() == [
        f"目录条目 {code}：定期审核结果 keep 有 1 项，流转记录有 0 条。",
        f"目录条目 {code}：退出记录所说的定期审核第 {exited.pk} 项没有这个结果。",
    ]


def test_an_exit_that_one_person_decided_alone_is_found(exited):
    change(exited, decided_by=opener())

    assert lines() == [f"审核条目 {exited.pk}：退出没有经过两人。"]


def test_an_outcome_that_nobody_decided_is_found():
    item = ready()
    change(item, outcome="kept", decided_on="2026-01-01", decided_by=decider())

    assert lines() == [f"目录条目 {item.entry.code}：定期审核结果 keep 有 1 项，流转记录有 0 条。"]


def test_an_outcome_taken_away_is_found():
    item = rectifying(hearing_over(intended(ready(), "rectifying")))
    item = outcomes.settle(item, by=opener(), comment="已整改。")
    assert lines() == []

    change(item, settled_on=None)

    code = item.entry.code
    assert lines() == [
        f"目录条目 {code}：定期审核结果 keep 有 1 项，流转记录有 0 条。",
        f"目录条目 {code}：定期审核结果 settle 有 0 项，流转记录有 1 条。",
    ]


def test_a_figure_changed_after_it_was_reported_is_found():
    item = ready(LOW, "演示说明。")
    assert (item_of(item.review).handed_in_by, lines()) == (filer(), [])

    ReviewFigure.objects.filter(item=item, name="trained_count").update(value=500)

    assert lines() == [f"审核条目 {item.pk}：年度数据与报送记录不一致。"]


def test_figures_credited_to_somebody_else_are_found():
    item = ready()

    change(item, handed_in_by=reviewer())

    assert lines() == [f"审核条目 {item.pk}：年度数据与报送记录不一致。"]
