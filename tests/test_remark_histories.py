"""Random histories of a filing with remarks, returns of a part, releases and recalls: never a fault."""

import random
from collections import Counter

import pytest

from portal import policy, remarks, verify, workflow
from portal.grounds import Grounds
from portal.models import Event, Filing, Remark, User
from portal.vocabulary import EDITABLE, State
from tests import factories
from tests.returning import answer, remark

pytestmark = pytest.mark.django_db
HISTORIES, ACTS = 8, 16
KIND = "labour-brands"
REVIEWED = (State.CITY_REVIEW, State.PROVINCE_REVIEW)
WANTED = ("return", "submit", "withdraw", "release", "recall", "endorse", "accept")


def people():
    """Everybody who may act on it."""
    return [factories.filer(), factories.reviewer(), factories.reviewer("37"), factories.approver()]


def step(chance: random.Random, filing: Filing, everybody: list[User]) -> None:
    """Do one of the things that are open to somebody now."""
    if filing.state in REVIEWED and chance.random() < 0.4:
        remark(filing, chance.choice(list(remarks.anchors(filing.record_type))))
        return
    if filing.state in EDITABLE and chance.random() < 0.7:
        filing = answer(filing)
    found = [
        (user, choice.action.name)
        for user in everybody
        for choice in policy.available_actions(filing, user)
        if choice.is_open and choice.action.name not in ("assign", "cancel", "reject")
    ]
    if found:
        user, name = chance.choice(found)
        asked = {"version": filing.version, "comment": factories.COMMENT}
        workflow.perform(filing, name, by=user, grounds=Grounds(whole=chance.random() < 0.2), **asked)


def test_no_random_history_leaves_a_fault_and_nothing_open_is_ever_under_review():
    numbers, everybody = [], people()
    for number in range(HISTORIES):
        chance = random.Random(f"remarks {number}")
        filing = factories.draft(KIND, name=f"潍坊演示第{number}号")
        numbers.append(filing.pk)
        for _ in range(ACTS):
            step(chance, Filing.objects.select_related("organisation__region").get(pk=filing.pk), everybody)
            now = Filing.objects.get(pk=filing.pk)
            waiting = Remark.objects.open().filter(filing_id=filing.pk)
            assert now.state in EDITABLE or not waiting.exists()

    done = Counter(Event.objects.filter(filing_id__in=numbers).values_list("action", flat=True))
    assert list(verify.faults()) == []
    assert [name for name in WANTED if not done[name]] == []
    assert {str(one.standing) for one in Remark.objects.all()} == {"prepared", "open", "answered", "closed"}
    assert Filing.objects.filter(pk__in=numbers, unlocked__isnull=False).exists()
