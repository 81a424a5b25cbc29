"""Registered history under races, kills and broken guards; and back from an export into an empty database."""

import tempfile

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import (
    exports,
    historical_acts,
    historical_jobs,
    historical_rows,
    historical_store,
    jobs,
    registry,
    verify,
)
from portal.historical_rows import Terms, read_results
from portal.models import Event, Filing, Job, JobStatus, User
from portal.vocabulary import State
from portal.workflow import Refused
from tests.dumping import dump
from tests.emptying import empty, load_reference
from tests.factories import entry, publish_related, publisher
from tests.races import kinds, race
from tests.registering import BUREAU, DAY, NUMBER, again, colleague, prepared, proposed, registered, sheet
from tests.test_acts_killed import COMMIT, killed_at

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "劳务品牌名称"
ROUNDS = 6


def brands(number: int, word: str = "品牌") -> bytes:
    return sheet("labour-brands", *({NAME: f"{word}{n}（演示）", "填报单位": BUREAU} for n in range(number)))


def test_of_two_confirmations_at_one_instant_one_enters_the_sheet():
    waiting = [proposed("labour-brands", brands(2, f"第{n}轮")) for n in range(ROUNDS)]
    people = [colleague().pk, publisher().pk]

    def confirming(pk):
        return lambda found: historical_jobs.confirm(again(found), by=User.objects.get(pk=pk))

    outcomes = race(waiting, *(confirming(pk) for pk in people))

    assert [kinds(one) for one in outcomes] == [["Refused", "Registration"]] * ROUNDS
    assert (Filing.objects.count(), Event.objects.count()) == (2 * ROUNDS, 2 * ROUNDS)
    assert list(verify.faults()) == []


def test_a_sheet_that_is_another_one_than_its_preparer_saw_is_not_entered():
    found = proposed("labour-brands", brands(2))
    with open(default_storage.path(found.upload.file), "wb") as file:
        file.write(brands(3))

    with pytest.raises(Refused, match="确认期间数据有变动"):
        historical_jobs.confirm(found, by=colleague())

    assert Filing.objects.count() == 0


def test_a_confirmation_and_a_refusal_at_one_instant_exclude_each_other():
    waiting = [proposed("labour-brands", brands(1, f"第{n}轮")) for n in range(ROUNDS)]
    confirms, refuses = colleague().pk, publisher().pk

    outcomes = race(
        waiting,
        lambda found: historical_jobs.confirm(again(found), by=User.objects.get(pk=confirms)),
        lambda found: historical_acts.refuse(again(found), by=User.objects.get(pk=refuses), reason="不对"),
    )

    assert [kinds(one) for one in outcomes] == [["Refused", "Registration"]] * ROUNDS
    ended = [(again(one).upload.committed_at is None) != (one.filings.count() == 1) for one in waiting]
    assert ended == [True] * ROUNDS


def test_two_sheets_with_one_name_at_one_instant_enter_it_once():
    pairs = [[proposed("labour-brands", brands(1, f"第{n}轮")) for _ in range(2)] for n in range(ROUNDS)]
    by = colleague().pk

    def confirming(place):
        return lambda pair: historical_jobs.confirm(again(pair[place]), by=User.objects.get(pk=by))

    outcomes = race(pairs, confirming(0), confirming(1))

    assert {tuple(kinds(one)) for one in outcomes} <= {("Refused", "Registration")}
    assert Filing.objects.count() == ROUNDS


def test_a_confirmation_that_is_killed_anywhere_enters_nothing():
    found = proposed("labour-brands", brands(2))
    by, before = colleague().pk, dump()

    def confirm():
        historical_jobs.confirm(again(found), by=User.objects.get(pk=by))

    points = [point for point in (4, 8, 11, 14, COMMIT) if killed_at(point, confirm)]

    assert points == [4, 8, 11, 14, COMMIT]
    assert dump() == before
    confirm()
    assert (Filing.objects.count(), list(verify.faults())) == (2, [])


def test_many_rows_are_entered_by_a_job_all_at_once(monkeypatch):
    monkeypatch.setattr(historical_jobs, "MOST_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(historical_rows, "AT_ONCE", 2)
    found = proposed("labour-brands", brands(5))

    job = historical_jobs.confirm(found, by=colleague())
    with pytest.raises(Refused) as refused:
        historical_jobs.confirm(again(found), by=publisher())
    done = jobs.execute(job.pk)

    assert (done, str(refused.value)) == ("done", "确认登记现在不能办理：正在办理，办完以前不能再办理。")
    assert (Filing.objects.filter(state=State.APPROVED).count(), again(found).upload.confirmed_by) == (
        5,
        colleague(),
    )
    assert Job.objects.get().done == 5
    assert list(verify.faults()) == []


def test_a_job_of_somebody_who_lost_his_post_enters_nothing(monkeypatch):
    monkeypatch.setattr(historical_jobs, "MOST_ROWS_AT_ONCE", 2)
    found = proposed("labour-brands", brands(5))
    job = historical_jobs.confirm(found, by=colleague())
    colleague().memberships.update(valid_to=timezone.localdate())

    assert (jobs.execute(job.pk), Filing.objects.count()) == ("failed", 0)
    assert Job.objects.get().reason == "您的岗位不能办理登记。"
    assert historical_jobs.confirm(again(found), by=publisher()).pk != job.pk


def test_a_cancelled_job_enters_nothing(monkeypatch):
    monkeypatch.setattr(historical_jobs, "MOST_ROWS_AT_ONCE", 2)
    job = historical_jobs.confirm(proposed("labour-brands", brands(5)), by=colleague())
    jobs.cancel(job, by=colleague())

    assert (jobs.execute(job.pk), Filing.objects.count()) == ("not taken: cancelled", 0)
    assert Job.objects.get().status == JobStatus.CANCELLED


def test_a_large_sheet_is_read_by_a_job(monkeypatch):
    monkeypatch.setattr(historical_jobs, "MOST_BYTES_AT_ONCE", 10)
    found = prepared("labour-brands", brands(3))
    assert (historical_acts.stage(found), found.upload.counts) == ("reading", {})

    jobs.execute(found.upload.job_id)

    assert (historical_acts.stage(again(found)), again(found).upload.counts) == (
        "read",
        {"new": 3, "faulty": 0},
    )


@pytest.mark.parametrize("skipped", ["the event", "the draft"])
def test_the_database_itself_refuses_what_stands_as_approved_without_its_event(skipped):
    found = proposed("labour-brands", brands(1))
    by, at = colleague(), timezone.now()
    result: list = []
    with tempfile.TemporaryFile() as file:
        file.write(brands(1))
        file.flush()
        told = (file, "x.xlsx", registry.get("labour-brands"), Terms(NUMBER, DAY))
        read_results(*told, lambda reading, part: result.extend(part))

    def enter():
        with transaction.atomic():
            if skipped == "the draft":
                record = registry.get("labour-brands").model(organisation=result[0].bureau, created_by=by)
                record.tidy()
                record.__dict__["state"] = State.APPROVED
                record.save()
            else:
                (pk,) = [
                    f.pk for f in historical_store._drafted(registry.get("labour-brands"), result, by, at)
                ]
                evidence = {"submitted_at": at, "submitted_by": by, "decided_at": at, "decided_by": by}
                Filing.objects.filter(pk=pk).update(**{"state": State.APPROVED}, step=1, **evidence)

    with pytest.raises(IntegrityError, match="portal: refused"):
        enter()
    assert (Filing.objects.count(), found.filings.count()) == (0, 0)


@pytest.mark.parametrize("slug", ["labour-brands", "building-units", "exam-projects", "handicraft-projects"])
def test_what_was_exported_as_approved_is_registered_in_an_empty_database(slug):
    record_type = registry.get(slug)
    places = {"exam-projects": ("3707", "3708")}.get(slug, ("370705", "370702"))
    for place in places:
        entry(slug, place=place, name=f"潍坊演示{place}")
    model = record_type.model
    before = sorted(_told(record) for record in model.objects.all())
    data = exports.export_workbook(record_type, model.objects.filter(state=State.APPROVED), personal=True)
    empty()
    load_reference()
    publish_related(record_type, record_type.example)  # what they name has to be in force
    records = registered(slug, data)

    after = sorted(_told(record) for record in records)
    assert after == before
    assert list(verify.faults()) == []


def _told(record) -> tuple:
    """Return a record in words: bureau, title, its own columns, its rows."""
    from portal import snapshot

    kind = record.record_type
    values = [snapshot.shown(record, name) for name in kind.fields]
    rows = [
        [snapshot.shown(row, field) for field in fields]
        for name, fields in kind.rows.items()
        for row in snapshot.child_rows(record, name)
    ]
    return record.organisation.name, record.title, values, rows
