"""The counts of the catalogues: what triggers keep equals a plain count, whatever is done and by how many."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import catalogue, counting
from portal.models import CatalogueEntry, EntryChange, EntryCount
from portal.vocabulary import BrandLevel, ExitReason, State
from tests import copies, factories
from tests.public import leave
from tests.races import race

KIND, LIST = "skill-brands", "/catalogue/skill-brands/"
ROUNDS = 8


@pytest.mark.django_db
def test_publishing_amending_promoting_and_leaving_are_counted_with_their_facets():
    first = factories.entry(KIND, name="潍坊演示风筝品牌", direction="handicraft")
    factories.entry(KIND, place="370705", name="奎文演示剪纸品牌", direction="food")
    gone = factories.entry(KIND, place="3701", name="济南演示面塑品牌")
    leave(gone)
    draft = catalogue.amend(first, by=factories.filer())
    assert draft.state == State.DRAFT
    said = {"by": factories.publisher(), "document_number": factories.DOCUMENT}
    catalogue.promote(first, level=BrandLevel.PROVINCIAL, **said)

    first.refresh_from_db()
    stage = f"positioning={first.filing.record.positioning}&stage={first.filing.record.stage}"
    assert first.facets == f"direction=handicraft&{stage}"
    assert counting.places(KIND, counting.OPEN) == {"3707": 2}
    assert counting.places(KIND, counting.OPEN, "3707")["370705"] == 1
    assert counting.places(KIND, counting.EXITED) == {"3701": 1}
    assert counting.by_kind(BrandLevel.PROVINCIAL) == {KIND: 1}
    assert counting.faults() == []


@pytest.mark.django_db
def test_a_number_that_is_wrong_is_named_and_put_right_by_the_command(capsys):
    entry = factories.entry(KIND, name="潍坊演示风筝品牌")
    counting.fold()
    EntryCount.objects.filter(kind=KIND, place="3707", level="*").update(number=5)
    CatalogueEntry.objects.filter(pk=entry.pk).update(facets="direction=none")

    faults = counting.faults()
    call_command("rebuild_counts")

    assert faults == [
        f"目录 {KIND} 有 1 个条目的筛选项与填报不符。",
        f"目录计数 {KIND} open 3707 * * 相差 +4。",
    ]
    assert counting.faults() == []


@pytest.mark.django_db
def test_a_fold_leaves_the_numbers_as_they_are_and_no_changes():
    factories.entry(KIND, name="潍坊演示风筝品牌")
    leave(factories.entry(KIND, name="潍坊演示剪纸品牌"))
    before = [counting.cells(KIND, standing, "3707") for standing in (counting.OPEN, counting.EXITED)]

    counting.fold()
    counting.fold()

    after = [counting.cells(KIND, standing, "3707") for standing in (counting.OPEN, counting.EXITED)]
    assert (after, EntryChange.objects.count()) == (before, 0)
    assert EntryCount.objects.filter(number=0).count() == 0


@pytest.mark.django_db
def test_the_list_costs_the_same_for_one_entry_for_three_and_for_a_thousand(client):
    entries = copies.many_entries(1000, KIND)

    costs = {}
    for left in (1000, 3, 1):
        CatalogueEntry.objects.filter(kind=KIND).exclude(pk__in=[e.pk for e in entries[:left]]).delete()
        asked = ("", "?sort=region", "?city=3707", "?city=3707&level=municipal", "?status=exited")
        costs[left] = [_queries(client, LIST + query) for query in asked]

    assert costs[1000] == costs[3] == costs[1]


def _queries(client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    return len(captured)


@pytest.mark.django_db(transaction=True)
def test_who_publishes_promotes_leaves_and_folds_at_once_loses_no_count():
    filings = copies.many_filings(3 * ROUNDS, KIND, State.APPROVED)
    entries = [factories.publish(filing) for filing in filings[ROUNDS:]]
    said = {"by": factories.publisher(), "document_number": factories.DOCUMENT}

    outcomes = race(
        zip(filings[:ROUNDS], entries[:ROUNDS], entries[ROUNDS:], strict=True),
        lambda each: catalogue.publish(each[0], **said),
        lambda each: catalogue.exit(each[1], reason=ExitReason.VOLUNTARY, **said),
        lambda each: catalogue.promote(each[2], level=BrandLevel.PROVINCIAL, **said),
        lambda each: counting.fold(),
        lambda each: counting.fold(),
    )

    assert [error for each in outcomes for error in each if isinstance(error, Exception)] == []
    assert counting.faults() == []
    counting.fold()
    assert (counting.faults(), EntryChange.objects.count()) == ([], 0)
    assert counting.places(KIND, counting.OPEN) == {"3707": 2 * ROUNDS}
    assert counting.by_kind(BrandLevel.PROVINCIAL) == {KIND: ROUNDS}


@pytest.mark.django_db
def test_a_fold_in_two_steps_would_lose_what_comes_between():
    """The control: the same numbers, added and taken away as if nobody could write between."""
    factories.entry(KIND, name="潍坊演示风筝品牌")
    counting._run(counting._added("portal_entrychange"))
    factories.entry(KIND, name="潍坊演示剪纸品牌")
    counting._run("DELETE FROM portal_entrychange")

    assert counting.places(KIND, counting.OPEN) == {"3707": 1}
    assert any("相差 -1" in line for line in counting.faults())
