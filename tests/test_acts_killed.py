"""The web process is killed between any two statements of an act: all of it is stored, or nothing."""

import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

from portal import drafts, remarks, verify, workflow
from portal.grounds import Finding, Grounds
from portal.models import Filing, User
from portal.vocabulary import State
from portal.workflow import Asked
from tests.dumping import dump
from tests.factories import COMMENT, act, approver, draft, filer, filing, reviewer

pytestmark = pytest.mark.django_db(transaction=True)

COMMIT = -1  # the point after the last statement, before the transaction is committed
SURVIVED = 0


def killed_at(point: int, do: Callable[[], Any]) -> bool:
    """Do it in a process of its own that is killed before statement ``point``; return whether it was."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        _do_until(point, do)
    _, status = os.waitpid(child, 0)
    assert status in (SURVIVED, signal.SIGKILL)
    return status == signal.SIGKILL


def _do_until(point: int, do: Callable[[], Any]) -> None:
    """Be the process: count the statements, die at the one; 1 when something else went wrong."""
    seen = 0

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def count(execute, sql, params, many, context):
        nonlocal seen
        seen += 1
        if seen == point:
            die()
        return execute(sql, params, many, context)

    try:
        connection.ensure_connection()
        if point == COMMIT:
            connection._commit = die
        with connection.execute_wrapper(count):
            do()
        connections.close_all()
        os._exit(SURVIVED)
    finally:
        traceback.print_exc()
        os._exit(1)


def performing(record: Filing, action: str, by: User, **arguments) -> Callable[[], Any]:
    """Return what does ``action`` on the filing as it is now, with everything read anew."""
    current = Filing.objects.get(pk=record.pk)
    seen = {"version": current.version, "step": current.step, **arguments}
    return lambda: workflow.perform(Filing(pk=record.pk), action, by=User.objects.get(pk=by.pk), **seen)


def remarked(record: Filing) -> Filing:
    """Return a filing under review with a remark that is not sent yet."""
    remarks.write(record, record.record_type.fields[0], COMMENT, by=reviewer(), version=record.version)
    return record


def replied(record: Filing) -> Filing:
    """Return a filing that came back with a remark, which its bureau has answered in the draft."""
    returned = act(remarked(record), "return", reviewer(), comment=COMMENT)
    (asked,) = returned.remarks.all()
    return drafts.save(
        returned, by=filer(), revision=returned.revision, values={}, replies={asked.pk: "已补充。"}
    )


def submitting():
    return performing(draft("skill-brands"), "submit", filer())


def answering():
    return performing(replied(filing("skill-brands", State.CITY_REVIEW)), "submit", filer())


def returning():
    record = remarked(filing("skill-brands", State.CITY_REVIEW))
    return performing(record, "return", reviewer(), comment=COMMENT, grounds=Grounds(reasons=("unclear",)))


def recalling():
    returned = act(remarked(filing("skill-brands", State.CITY_REVIEW)), "return", reviewer(), comment=COMMENT)
    return performing(returned, "recall", reviewer(), comment=COMMENT)


def approving():
    record = filing("skill-brands", State.PROVINCE_REVIEW)
    found = tuple(Finding(criterion, "pass") for criterion in record.record_type.criteria)
    return performing(record, "approve", approver(), grounds=Grounds(findings=found))


def deciding_many():
    records = [filing("skill-brands", State.PROVINCE_REVIEW) for _ in range(3)]
    asked = [Asked(r.pk, "reject", r.version, r.step, COMMENT) for r in records]
    by = approver().pk
    return lambda: workflow.perform_all(asked, by=User.objects.get(pk=by))


ACTS = [submitting, answering, returning, recalling, approving, deciding_many]


@pytest.mark.parametrize("prepare", ACTS, ids=[prepare.__name__ for prepare in ACTS])
def test_an_act_that_is_killed_anywhere_is_not_done_at_all(prepare):
    do = prepare()
    before, points = dump(), 0

    while killed_at(points + 1, do):
        points += 1
        assert dump() == before

    assert points > 8
    assert dump() != before
    assert list(verify.faults()) == []


@pytest.mark.parametrize("prepare", ACTS, ids=[prepare.__name__ for prepare in ACTS])
def test_an_act_that_is_killed_at_its_commit_is_not_done_at_all(prepare):
    do = prepare()
    before = dump()

    assert killed_at(COMMIT, do)

    assert dump() == before
    assert list(verify.faults()) == []


def test_control_without_a_transaction_half_of_an_act_stays():
    do = approving()
    before, point = dump(), 1

    while killed_at(point, lambda: _each_statement_for_itself(do)) and dump() == before:
        point += 1

    assert dump() != before
    assert list(verify.faults()) != []


def _each_statement_for_itself(do: Callable[[], Any]) -> None:
    """Do it with the transaction taken out: every statement is committed at once."""
    connection._savepoint_allowed = lambda: False
    connection.in_atomic_block = True
    connection.autocommit = False  # so Django believes, and locks rows; the database commits each statement
    do()
