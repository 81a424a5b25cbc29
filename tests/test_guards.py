"""The database itself refuses what no code may do; without its guards, as a control, each goes through."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal import guards
from portal.models import Event, Filing, FilingVersion
from portal.vocabulary import State
from tests.factories import bureau, draft, filer, filing

pytestmark = pytest.mark.django_db

CHANGED = {
    "change an event": "UPDATE portal_event SET comment = 'x' WHERE filing_id = {pk}",
    "delete an event": "DELETE FROM portal_event WHERE filing_id = {pk}",
    "change a version": "UPDATE portal_filingversion SET sha256 = 'x' WHERE filing_id = {pk}",
    "delete a version": "DELETE FROM portal_filingversion WHERE filing_id = {pk}",
    "approve without an event": (
        "UPDATE portal_filing SET state = 'approved', decided_at = '2024-01-01', "
        "decided_by_id = created_by_id WHERE id = {pk}"
    ),
    "move on without an event": (
        "UPDATE portal_filing SET state = 'province_review', step = step + 1 WHERE id = {pk}"
    ),
    "go back over an old event": "UPDATE portal_filing SET state = 'draft', step = step - 1 WHERE id = {pk}",
}


def execute(sql: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.rowcount


@pytest.mark.parametrize("sql", CHANGED.values(), ids=CHANGED)
def test_the_database_refuses_to(sql):
    record = filing("skill-brands", State.CITY_REVIEW)
    before = facts(record)

    with pytest.raises(IntegrityError, match="portal: refused"):
        execute(sql.format(pk=record.pk))

    assert facts(record) == before


@pytest.mark.parametrize("sql", CHANGED.values(), ids=CHANGED)
def test_control_without_its_guards_the_database_lets_anybody(sql):
    record = filing("skill-brands", State.CITY_REVIEW)
    guards.remove(connection)

    assert execute(sql.format(pk=record.pk)) == 1


def facts(record: Filing) -> list:
    """Return everything the guards protect about one filing."""
    events, versions = Event.objects.filter(filing=record.pk), FilingVersion.objects.filter(filing=record.pk)
    state = Filing.objects.values_list("state", "step").get(pk=record.pk)
    return [state, list(events.values_list()), list(versions.values_list())]


@pytest.mark.parametrize("way", ["update", "bulk_update", "save"])
def test_the_orm_cannot_change_a_state_past_the_workflow_either(way):
    record = Filing.objects.get(pk=filing("skill-brands", State.CITY_REVIEW).pk)
    record.state = State.RETURNED

    with pytest.raises(IntegrityError, match="a state changes only with its event"), transaction.atomic():
        if way == "update":
            Filing.objects.filter(pk=record.pk).update(state=State.RETURNED)
        elif way == "bulk_update":
            Filing.objects.bulk_update([record], ["state"])
        else:
            record.save()

    assert Filing.objects.get(pk=record.pk).state == State.CITY_REVIEW


def test_an_event_of_another_filing_moves_nothing():
    mover, still = filing("skill-brands", State.CITY_REVIEW), draft("skill-brands")
    assert Event.objects.filter(filing=mover.pk, source="draft", target="city_review", number=1).exists()

    with pytest.raises(IntegrityError, match="a state changes only with its event"):
        submitted = "submitted_at = '2024-01-01', submitted_by_id = created_by_id"
        execute(
            f"UPDATE portal_filing SET state = 'city_review', step = 1, {submitted} WHERE id = {still.pk}"
        )

    assert Filing.objects.get(pk=still.pk).state == State.DRAFT


@pytest.mark.parametrize("facts", [{"state": State.RETURNED}, {"step": 3}], ids=["returned", "a past"])
def test_a_filing_is_never_born_with(facts):
    with pytest.raises(IntegrityError, match="a filing begins as a draft"), transaction.atomic():
        Filing.objects.create(**birth(), **facts)

    assert Filing.objects.count() == 0


def test_control_without_its_guards_a_filing_is_born_in_any_state():
    guards.remove(connection)

    Filing.objects.create(**birth(), state=State.RETURNED)

    assert Filing.objects.get().state == State.RETURNED


def birth() -> dict:
    organisation = bureau("3707")
    return {
        "kind": "skill-brands",
        "organisation": organisation,
        "region": organisation.region,
        "created_by": filer(),
        "created_at": timezone.now(),
    }


@pytest.mark.parametrize("table", guards.APPEND_ONLY)
def test_the_database_refuses_to_empty(table):
    record = filing("skill-brands", State.CITY_REVIEW)
    before = facts(record)

    with pytest.raises(IntegrityError, match="is append-only"):
        empty(table)

    assert facts(record) == before


@pytest.mark.parametrize("table", guards.APPEND_ONLY)
def test_control_without_its_guards_the_database_empties(table):
    filing("skill-brands", State.CITY_REVIEW)
    guards.remove(connection)

    empty(table)

    assert {"portal_event": Event, "portal_filingversion": FilingVersion}[table].objects.count() == 0


def empty(table: str) -> None:
    """Empty a table the quickest way the database has."""
    connection.check_constraints()  # PostgreSQL truncates no table that has foreign keys still to be checked
    execute({"postgresql": f"TRUNCATE {table}", "sqlite": f"DELETE FROM {table}"}[connection.vendor])


def test_the_hash_chain_names_the_event_that_was_tampered_with():
    record = filing("skill-brands", State.APPROVED)
    guards.remove(connection)

    Event.objects.filter(filing=record.pk, number=2).update(comment="这一句是后来改的。")

    broken = [
        event.number for event in Event.objects.filter(filing=record.pk) if event.hash != event.digest()
    ]
    assert broken == [2]


def test_the_hash_chain_shows_an_event_that_was_taken_out():
    record = filing("skill-brands", State.APPROVED)
    guards.remove(connection)

    Event.objects.filter(filing=record.pk, number=2).delete()

    events = list(Event.objects.filter(filing=record.pk))
    broken = [
        e.number for e, before in zip(events[1:], events, strict=False) if e.previous_hash != before.hash
    ]
    assert broken == [3]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE portal_filing SET decided_at = '2024-01-01' WHERE id = {pk}",
        "UPDATE portal_filing SET submitted_at = NULL WHERE id = {pk}",
    ],
    ids=["a decision without its state", "a review without its submission"],
)
def test_state_and_evidence_cannot_part(sql):
    record = filing("skill-brands", State.CITY_REVIEW)

    with pytest.raises(IntegrityError):
        execute(sql.format(pk=record.pk))
