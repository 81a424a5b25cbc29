"""The running counters of filings: they follow every act, fold and rebuild change nothing, verify looks."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import filing_counts, filing_triggers, queue, verify, windows
from portal.actions import ACTIONS
from portal.models import (
    Filing,
    FilingCount,
    FilingReviewer,
    FilingRoad,
    FilingUnpublished,
    User,
)
from portal.vocabulary import State
from tests import factories
from tests.campaigning import answer, campaign, manager, nothing
from tests.copies import many_filings
from tests.factories import COMMENT, PROVINCE, act, approver, reviewer

pytestmark = pytest.mark.django_db
TABLES = (FilingCount, FilingRoad, FilingReviewer, FilingUnpublished)
OF_THE_REGISTER = {
    "designate",
    "exit",
    "intend",
    "keep",
    "promote",
    "publish",
    "rectify",
    "settle",
    "undesignate",
}


def rows() -> list[int]:
    return [table.objects.count() for table in TABLES]


def sums() -> dict:
    """Return what the counters say, cell by cell."""
    with connection.cursor() as cursor:
        cursor.execute(filing_triggers.HELD["portal_filingcount"])
        return {tuple(cell): int(number) for *cell, number in cursor.fetchall()}


def test_a_draft_that_is_begun_and_stored_again_and_again_costs_the_counters_nothing():
    factories.draft("building-units")  # what it refers to is published first
    before = rows()
    draft = factories.draft("building-units", name="演示第二单元")

    with CaptureQueriesContext(connection) as queries:
        Filing.objects.get(pk=draft.pk).record.save()

    assert rows() == before
    assert not [q for q in queries if "portal_filingcount" in q["sql"]]


def test_the_counters_follow_a_filing_from_its_submission_into_the_catalogue():
    filing = factories.submitted("building-units", place="370705")
    cell = ("building-units", "370705")
    states = [{key[2]: n for key, n in sums().items() if key[:2] == cell and not key[3]}]
    act(filing, "approve", reviewer())
    states.append({key[2]: n for key, n in sums().items() if key[:2] == cell and not key[3]})
    waits = FilingUnpublished.objects.filter(filing=filing).exists()
    factories.publish(Filing.objects.get(pk=filing.pk).record)

    assert states == [{State.CITY_REVIEW: 1}, {State.APPROVED: 1}]
    assert waits and not FilingUnpublished.objects.filter(filing=filing).exists()
    assert FilingRoad.objects.get(filing=filing).publication is not None
    assert list(filing_counts.faults()) == []


def test_a_decision_that_is_taken_back_has_no_road_any_more():
    filing = factories.filing("skill-brands", State.APPROVED)
    had = FilingRoad.objects.filter(filing=filing).exists()

    act(filing, "reopen", approver(), comment=COMMENT)

    assert (had, FilingRoad.objects.filter(filing=filing).exists()) == (True, False)
    assert not FilingUnpublished.objects.filter(filing=filing).exists()
    assert list(filing_counts.faults()) == []


def test_the_triggers_follow_the_acts_of_review_and_of_the_register():
    reviews = {action.name for action in ACTIONS if action.reviews}

    assert set(filing_triggers.REVIEW_ACTS) == reviews | OF_THE_REGISTER


def test_a_trigger_that_is_missing_is_found_by_verify():
    filing_triggers.remove(connection)

    missing = {line for line in verify.faults() if "触发器" in line}

    assert missing == {f"数据库缺少触发器 {name}。" for name in filing_triggers.names(connection.vendor)}
    filing_triggers.install(connection)


def test_what_somebody_decided_stands_in_the_order_of_its_last_change():
    first, second = (factories.submitted("building-units", name=f"演示{n}") for n in "甲乙")
    for filing in (first, second, first):
        act(filing, "accept" if filing.holder_id is None else "release", reviewer())
        filing.refresh_from_db()
    user = User.objects.get(pk=reviewer().pk)

    wish = queue.read_wish({"tab": queue.DONE}, user)

    assert list(queue.ordered(wish, user).values_list("pk", flat=True)[:2]) == [first.pk, second.pk]
    assert factories.beside(user, wish, first.pk).following == second.pk
    assert factories.beside(user, wish, second.pk).previous == first.pk


def test_the_workbench_counts_what_bureaus_owe_as_the_board_does():
    of = [campaign("演示市级任务"), campaign("演示县级任务", kind="building-units", expects="county")]
    answer(of[0], State.PROVINCE_REVIEW)
    answer(of[1], State.CITY_REVIEW, place="370705")
    nothing(of[0], "3701", State.PROVINCE_REVIEW)

    found = windows.filed_of(of)

    rates = {one.pk: windows.rates(windows.board(one, manager())) for one in of}
    assert found == {pk: (rate.filed, rate.expected) for pk, rate in rates.items()}
    assert [filed for filed, _ in found.values()] == [2, 1]


@pytest.mark.parametrize("number", [1, 3])
def test_the_workbench_of_the_province_takes_fourteen_queries_however_much_waits(client, number):
    many_filings(number, "skill-brands", State.PROVINCE_REVIEW)
    campaign()
    user = reviewer(PROVINCE)
    factories.sign_in(client, user)

    with CaptureQueriesContext(connection) as queries:
        shown = client.get("/desk/").context["rows"]

    assert (len(shown), len(queries)) == (number, 14)
