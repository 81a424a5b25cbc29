"""Reminders of joint opinions: once when the due day is near, once when it is past, never of what is done."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from portal import consultation
from portal.models import Message
from portal.vocabulary import State, Topic
from tests.consulting import DEPARTMENTS, KIND, answer, ask, asked, in_days
from tests.factories import PROVINCE, act, approver, filing, joint, reviewer

pytestmark = pytest.mark.django_db


def at_nine(days: int) -> datetime:
    """Return nine o'clock on the day so many days from today."""
    day = in_days(days)
    return timezone.make_aware(datetime(day.year, day.month, day.day, 9))


def test_a_question_is_reminded_of_once_when_it_is_near_and_once_when_it_is_past():
    opinion = asked(due_on=in_days(7))
    department, desk = joint().pk, reviewer(PROVINCE).pk
    Message.objects.all().delete()

    written = [consultation.due_reminders(at_nine(days)) for days in (1, 3, 4, 4, 5, 7, 8, 8, 9, 30)]

    assert written == [0, 0, 1, 0, 0, 0, 2, 0, 0, 0]
    told = Message.objects.order_by("created_at", "user_id").values_list("user_id", "topic", "created_at")
    assert list(told) == [
        (department, Topic.REMINDER, at_nine(4)),
        *sorted((user, Topic.REMINDER, at_nine(8)) for user in (department, desk)),
    ]
    assert set(Message.objects.values_list("address", flat=True)) == {
        f"/desk/filings/{opinion.filing_id}/#opinion-{opinion.pk}"
    }


def test_nobody_is_reminded_of_what_is_answered_taken_back_or_left_behind():
    answered, gone, left, waiting = (asked(due_on=in_days(1)) for _ in range(4))
    answer(answered)
    consultation.withdraw(gone, by=approver())
    act(left.filing, "approve", approver())
    Message.objects.all().delete()

    consultation.due_reminders(timezone.now())

    assert list(Message.objects.values_list("filing_id", flat=True)) == [waiting.filing_id]


def test_reminders_cost_the_same_queries_for_one_question_and_for_six(django_assert_max_num_queries):
    for _ in range(2):
        ask(filing(KIND, State.PROVINCE_REVIEW), *DEPARTMENTS, due_on=in_days(1))
    for kind in DEPARTMENTS:
        joint(PROVINCE, kind)

    with django_assert_max_num_queries(9):
        written = consultation.due_reminders(timezone.now() + timedelta(days=3))

    assert written == 6 + 6
