"""A statement that is worked out once says what the question would say, for everybody and at any time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import asked, queue
from portal.models import Filing, Message, Region, User
from tests import factories

pytestmark = pytest.mark.django_db


def _messages(user: User, since):
    return Message.objects.filter(user=user, created_at__gt=since).order_by("pk")


def _told(user: User, *ago: int) -> list[Message]:
    now = timezone.now()
    return [
        Message.objects.create(user=user, text=f"{days}", created_at=now - timedelta(days=days))
        for days in ago
    ]


def _people() -> tuple[User, User]:
    return User.objects.create(username="asked_one"), User.objects.create(username="asked_two")


def test_a_kept_statement_is_filled_with_who_and_when_it_is_asked_for():
    one, two = _people()
    (new, old), (other,) = _told(one, 1, 9), _told(two, 2)
    week, fortnight = (timezone.now() - timedelta(days=days) for days in (7, 14))
    assert asked.rows((), _messages, one, week) == [new]
    assert asked.rows((), _messages, one, fortnight) == [new, old]
    assert asked.rows((), _messages, two, week) == [other]


def test_a_kept_statement_reads_the_database_anew_with_the_same_sql():
    one, _ = _people()
    since = timezone.now() - timedelta(days=7)
    asked.rows((), _messages, one, since)
    (told,) = _told(one, 1)
    with CaptureQueriesContext(connection) as queries:
        assert asked.rows((), _messages, one, since) == [told]
        assert list(_messages(one, since)) == [told]
    kept, plain = (query["sql"] for query in queries.captured_queries)
    assert kept == plain


def test_a_text_and_numbers_are_filled_in_too():
    def named(*codes: str):
        return Region.objects.filter(code__in=codes).order_by("code").values_list("code", flat=True)

    assert asked.rows((), named, "37", "39") == ["37"]
    assert asked.rows((), named, "39", "38") == []


def test_a_question_that_works_something_out_of_what_it_is_given_is_refused():
    def late(since):
        return Message.objects.filter(created_at__gt=since - timedelta(days=1))

    def called(text: str):
        return Message.objects.filter(text__contains=text)

    for question, value in ((late, timezone.now()), (called, "报送")):
        with pytest.raises(ValueError, match="worked"):
            asked.rows((), question, value)


def test_a_whole_number_is_compared_with_every_column_that_holds_numbers():
    def stepped(number: int):
        return Filing.objects.filter(step__gte=number).values_list("pk", flat=True)

    filing = factories.submitted("labour-brands")

    assert [asked.rows((), stepped, number) for number in (0, 1, 2)] == [[filing.pk], [filing.pk], []]


def test_a_question_that_finds_nothing_is_asked_again_each_time():
    def nobody(user: User):
        return Message.objects.filter(user=user).none()

    one, _ = _people()
    assert [asked.rows((), nobody, one) for _ in range(2)] == [[], []]


def test_a_process_keeps_no_more_statements_than_it_may(monkeypatch):
    one, _ = _people()
    monkeypatch.setattr(asked, "MOST", 3)
    monkeypatch.setattr(asked, "_kept", type(asked._kept)())
    for number in range(5):
        asked.rows(number, _messages, one, timezone.now())
    assert [place[2] for place in asked._kept] == [2, 3, 4]


def test_who_gets_another_post_is_asked_by_another_statement():
    filer, reviewer = factories.filer(), factories.reviewer()
    assert asked.whose(filer) != asked.whose(reviewer)
    assert [queue.counts(person)["mine"] for person in (filer, reviewer)] == [0, 0]
