"""Two workers and two people at one instant: each reminder is sent once, each press heard once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal import consultation, reminders
from portal.models import Filing, Message
from portal.refusals import Refused
from portal.vocabulary import State
from tests import factories
from tests.consulting import KIND, ask, in_days
from tests.races import kinds, race
from tests.test_consultation_reminders import at_nine

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

    assert [sum(sent) for sent in rounds] == [3, 0, 3, 0, 3]  # one worker's desks, perhaps another's bureaus
    assert [user.messages.count() for user in people] == [3, 3, 3]


def test_questions_to_departments_reminded_of_by_three_workers_at_once_are_told_once():
    factories.joint()
    for what, days in {"风筝": 3, "年画": 9, "剪纸": 15, "木作": 21}.items():
        record = factories.filing(KIND, State.PROVINCE_REVIEW, name=f"潍坊{what}品牌（演示）")
        ask(record, due_on=in_days(days))
    Message.objects.all().delete()

    rounds = race(map(at_nine, range(26)), *[consultation.due_reminders] * 3)

    busy = [sorted(sent) for sent in rounds if any(sent)]
    assert busy == [[0, 0, 1], [0, 0, 2]] * 4


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
