"""Odd values in every form of a selection round: an answer in words, and nothing of another round changed."""

import pytest

from portal.models import RoundStage, SelectionRound
from tests.campaigning import get, post
from tests.selecting import brand, brands, decider, now, opener, prepared, ranked, scorer

pytestmark = pytest.mark.django_db

ODD = {
    "NUL": "\x00",
    "many nines": "9" * 30,
    "other digits": "٣٣",
    "markup": "'\"><script>",
    "long": "字" * 3000,
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_odd_values_are_answered_in_words_and_change_nothing(client, value):
    ready, entries = prepared(name="甲", entries=brands(2)), [brand(p) for p in ("3708", "3710", "3716")]
    scored = ranked(name="乙", entries=entries)
    names = (
        "name",
        "quota",
        "criteria",
        "kind",
        "entry",
        "add",
        "city",
        "user",
        "candidate",
        "reason",
        "then",
    )
    sent = dict.fromkeys((*names, "document_number", "on", "basis"), value) | {"revision": ready.revision}
    asked = [(opener(), "round-new", None), (opener(), "round-change", ready)]
    asked += [(opener(), name, ready) for name in ("round-candidates", "round-scorers")]
    asked += [(decider(), "round-decide", scored), (scorer(), "round-sheet", scored)]

    answers = [post(client, user, name, *([of.pk] if of else []), **sent) for user, name, of in asked]
    answers.append(get(client, opener(), "rounds", tab=value, sort=value, page=value))

    assert {answer.status_code for answer in answers} <= {200, 302, 409, 422}
    assert [now(scored).stage, SelectionRound.objects.count()] == [RoundStage.RANKED, 2]
