"""The same form sent twice at the same instant, on real connections: it makes one thing (row 59)."""

from collections.abc import Callable

import pytest

from portal import sent_forms
from portal.models import Filing, Objection, SentForm
from tests import sending
from tests.races import race
from tests.sending import Sent

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 10
MADE = {"objection-new": Objection, "filing-new": Filing}


def sender(form: Sent) -> Callable[[str], tuple[int, str]]:
    """Return a runner that sends the form under a key, or under none, from a browser of its own."""
    client = form.browser()

    def run(key: str) -> tuple[int, str]:
        answer = client.post(form.address, form.data | {"form_key": key})
        return answer.status_code, answer.headers.get("Location", "")

    return run


@pytest.mark.parametrize("name", MADE)
def test_two_clicks_at_once_make_one_thing_and_lead_to_it(name):
    form = sending.FORMS[name]()
    keys = [sent_forms.new_key() for _ in range(ROUNDS)]
    before = MADE[name].objects.count()

    led = race(keys, sender(form), sender(form))

    assert [(first == second, first[0]) for first, second in led] == [(True, 302)] * ROUNDS
    assert SentForm.objects.count() == ROUNDS
    made = MADE[name].objects.count() - before
    assert made == (1 if name == "filing-new" else ROUNDS)  # a draft that was left untouched is taken up


def test_control_without_their_key_two_clicks_make_two():
    form = sending.objection_new()

    race([""] * ROUNDS, sender(form), sender(form))

    assert Objection.objects.count() == 2 * ROUNDS
