"""A return that was recalled before anybody touched the filing counts nowhere as a return."""

import pytest

from portal import answers, rollups, windows
from portal.models import Event, Filing
from portal.vocabulary import State
from tests.campaigning import answer, campaign, pass_due, row
from tests.factories import COMMENT, act, filer, reviewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def of():
    return campaign()


@pytest.fixture
def recalled(of):
    """An answer that was on time; the city returned it after the due time and took that back."""
    record = answer(of, State.CITY_REVIEW)
    pass_due(of)
    act(record, "return", reviewer(), comment=COMMENT)
    return act(record, "recall", reviewer(), comment=COMMENT)


def test_it_is_counted_until_it_was_recalled_and_not_after(of, recalled):
    returned = Event.objects.get(filing_id=recalled.pk, action="return")

    assert answers.returns([of.pk]) == {}
    assert answers.returns([of.pk], returned.at) == {recalled.pk: 1}
    assert list(rollups.returns().values_list("pk", flat=True)) == []


def test_the_one_that_stands_beside_it_is_counted(of, recalled):
    act(recalled, "return", reviewer(), comment=COMMENT)

    assert answers.returns([of.pk]) == {recalled.pk: 1}


def test_it_makes_nobody_on_time_who_withdraws_and_sends_again_too_late(recalled):
    act(recalled, "release", reviewer())
    act(recalled, "withdraw", filer())

    again = act(recalled, "submit", filer())

    assert (again.is_late, again.versions.get(number=1).is_late) == (True, False)


def test_one_that_stands_leaves_on_time_whoever_was(recalled):
    act(recalled, "return", reviewer(), comment=COMMENT)

    assert act(recalled, "submit", filer()).is_late is False


def test_the_board_shows_the_answer_on_its_way_and_never_returned(of, recalled):
    shown = row(of)

    assert (shown.answer, shown.standing, shown.returned) == (recalled.pk, windows.IN_WORK, 0)
    assert (recalled.state, recalled.version) == (State.CITY_REVIEW, 1)


def test_the_state_at_each_instant_is_that_of_its_acts(recalled):
    sent, returned, back = Event.objects.filter(filing_id=recalled.pk).order_by("number")

    states = [
        Filing.objects.filter(pk=recalled.pk).annotate(then=rollups.state_then(event.at)).get().then
        for event in (sent, returned, back)
    ]

    assert states == [State.CITY_REVIEW, State.RETURNED, State.CITY_REVIEW]
