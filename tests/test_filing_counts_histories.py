"""The running counters after a random history: what a count of their own says, folded, rebuilt, verified."""

import random

import pytest
from django.core.management import call_command

from portal import filing_counts, verify
from portal.models import FilingCount, FilingRoad, FilingUnpublished
from portal.vocabulary import State
from tests import chronicles, clocking, enacting, factories
from tests.test_filing_counts import TABLES, rows, sums

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def history(for_the_module):
    """A random history with returns that were taken back; its filings."""
    written = chronicles.written(120, *enacting.places(), seed="counters")
    clocking.with_recalls(written, random.Random("counters"))
    return enacting.enact(written)


def test_after_a_random_history_every_counter_is_what_a_count_of_its_own_says(history):
    assert all(number > 0 for number in rows()[:3])
    assert list(filing_counts.faults()) == []


def test_folding_changes_no_number_and_leaves_one_row_of_each(history):
    before, cells = sums(), FilingCount.objects.filter(month="")
    many = cells.count()

    filing_counts.fold()

    assert sums() == before
    assert cells.count() < many
    assert cells.count() == cells.values("kind", "region", "word").distinct().count()
    filing_counts.fold()
    assert sums() == before


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_what_was_tampered_with_is_found_by_verify_and_put_right_by_the_command(history, table, capsys):
    if table is FilingUnpublished:
        factories.filing("building-units", State.APPROVED)
    table.objects.filter(pk=table.objects.order_by("pk").values("pk")[:1]).delete()

    found = list(verify.faults())
    call_command("rebuild_counts")

    assert [line for line in found if "与重新统计不符（缺少）" in line]
    assert list(filing_counts.faults()) == []
    assert "填报计数已重新统计" in capsys.readouterr().out


def test_a_row_too_many_is_found_as_well(history):
    one = FilingRoad.objects.order_by("pk").first()
    FilingRoad.objects.filter(pk=one.pk).update(city=1, away=one.away + 1)

    found = list(filing_counts.faults())

    assert [("缺少" in line, "多出" in line) for line in found] == [(True, False), (False, True)]
