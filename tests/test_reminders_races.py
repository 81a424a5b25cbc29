"""Two workers and two people at one instant: each reminder is sent once, each press heard once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal import reminders
from portal.models import Filing, Message
from portal.refusals import Refused
from portal.vocabulary import State
from tests import factories
from tests.races import kinds, race

pytestmark = pytest.mark.django_db(transaction=True)


def test_reminders_run_by_three_workers_at_once_are_sent_once():
    people = [factories.reviewer(), factories.approver("3707"), factories.filer()]
    factories.filing("exam-projects", State.CITY_REVIEW)
    factories.filing("exam-projects", State.RETURNED, name="演示另一项目")
    Message.objects.all().delete()
    start = timezone.now()

    rounds = race(
        [start + timedelta(days=day) for day in (5, 6, 10, 11, 20)],
        *[lambda at: reminders.remind_all(at)] * 3,
    )

    assert [sorted(sent) for sent in rounds] == [[0, 0, n] for n in (3, 0, 3, 0, 3)]
    assert [user.messages.count() for user in people] == [3, 3, 3]


def test_a_bureau_that_presses_twice_at_one_instant_is_heard_once_a_day():
    filing, colleagues = (
        factories.submitted("exam-projects"),
        [factories.filer(), factories.filer(name="other")],
    )
    factories.reviewer()
    Message.objects.all().delete()
    start = timezone.now() + timedelta(days=30)
    pressing = [lambda day, by=user: _press(filing, by, start + timedelta(days=day)) for user in colleagues]

    rounds = race(range(5), *pressing)

    assert [kinds(outcome) for outcome in rounds] == [["Refused", "int"]] * 5
    assert Message.objects.count() == 5


def _press(filing: Filing, by, at) -> int:
    try:
        return reminders.urge(filing, by, at)
    except Refused as refusal:
        return refusal
