"""What a factory lays again is what it walked, with its files; behind any other act it walks."""

from pathlib import Path

import pytest
from django.db import connection, transaction

from portal import verify
from portal.models import Event, Filing, User
from portal.vocabulary import State
from tests import factories, retracing
from tests.retracing import HERE

pytestmark = pytest.mark.django_db
KIND = "skill-brands"


@pytest.fixture
def walked():
    """Walk to a published entry and take everything back; give all rows and files as they were then."""
    with transaction.atomic():
        factories.entry(KIND)
        found, files = retracing.read(), contents()
        transaction.set_rollback(True)
    for path in files:
        path.unlink()
    HERE.state = 0
    return found, files


def contents() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in retracing.stored()}


def test_the_same_call_on_the_same_database_lays_the_same_rows_and_files(walked):
    before = len(HERE.walks)

    entry = factories.entry(KIND)

    assert len(HERE.walks) == before
    assert (retracing.read(), contents()) == walked
    assert (entry.title, entry.filing.state) == (factories.registry.get(KIND).example["name"], State.APPROVED)


def test_what_was_laid_is_a_history_like_any_other(walked):
    entry = factories.entry(KIND)

    taken = factories.publish(factories.approved(KIND))

    assert list(verify.faults()) == []
    assert len({entry.pk, taken.pk}) == len({entry.code, taken.code}) == 2


def test_the_triggers_are_back_once_rows_were_laid(walked):
    entry = factories.entry(KIND)

    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        Event.objects.filter(filing_id=entry.filing_id).update(comment="改过")


@pytest.mark.parametrize(
    "written",
    [
        lambda: User.objects.create_user("somebody", password="x"),
        lambda: connection.cursor().execute("UPDATE portal_user SET full_name = '演示' WHERE id = 0"),
    ],
    ids=["a person", "a statement"],
)
def test_behind_a_row_of_its_own_a_test_walks(walked, written):
    before = len(HERE.walks)
    written()

    factories.entry(KIND)

    assert (HERE.state, len(HERE.walks)) == (None, before)


def test_behind_rows_that_were_taken_back_a_test_walks(walked):
    with transaction.atomic():
        factories.filer()
        transaction.set_rollback(True)

    assert HERE.state is None
    assert factories.filer().pk == User.objects.get().pk


def test_with_a_setting_or_a_patch_of_its_own_a_test_walks(walked, settings, monkeypatch):
    before = len(HERE.walks)
    settings.PORTAL_DEMO = False
    factories.filer()
    monkeypatch.setattr(factories, "DOCUMENT", "演示文〔2024〕9号")
    entry = factories.entry(KIND)

    assert (len(HERE.walks), entry.document_number) == (before, "演示文〔2024〕9号")


def test_what_waits_for_the_commit_waits_again(walked, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as first:
        factories.submitted("building-units")
    laid = HERE.walks[next(reversed(HERE.walks))]

    assert [of for of, _ in laid.waiting] == first


def test_calls_that_differ_are_told_apart():
    one, other = factories.draft(KIND, place="3707"), factories.draft(KIND, place="3708")

    assert (one.region_id, other.region_id) == ("3707", "3708")
    assert set(Filing.objects.filter(kind=KIND)) == {one.filing_ptr, other.filing_ptr}


def test_a_connection_of_its_own_is_watched_from_the_next_test_on(monkeypatch):
    connection.execute_wrappers.remove(HERE.watch)

    HERE.begin(set(), monkeypatch)

    assert connection.execute_wrappers.count(HERE.watch) == 1
