"""The database is restarted in the middle of approvals by real web processes: no half state is left (row 66).

On PostgreSQL the server is shut down at once and recovers; SQLite lives in the web process, which is killed.
"""

from threading import Event, Thread

import pytest
from django.db import connection

from doors.brokers import free_port
from tests import restarting
from tests.job_kinds import until
from tests.sizes import size

ROUNDS, BATCH = size(3, 20), 3


class Clerk(Thread):
    """Approves filings one after the other, each again until it is acknowledged."""

    def __init__(self, place: restarting.Place, session: str, forms: list[tuple[str, dict]], blow_at: int):
        super().__init__()
        self.place, self.session, self.forms, self.blow_at = place, session, forms, blow_at
        self.is_in_the_middle, self.answers = Event(), []

    def run(self) -> None:
        """Send each form until an answer says that it was taken."""
        for number, (pk, form) in enumerate(self.forms):
            if number == self.blow_at:
                self.is_in_the_middle.set()
            until(lambda pk=pk, form=form: self._sent(pk, form) == 302)

    def _sent(self, pk: str, form: dict) -> int:
        sent = form | {"comment": restarting.COMMENT}
        self.answers.append(self.place.ask("POST", f"/desk/filings/{pk}/act/", self.session, sent))
        return self.answers[-1]


@pytest.mark.django_db(transaction=True)
def test_a_database_restarted_in_the_middle_of_approvals_leaves_no_half_state(tmp_path):
    with restarting.place(tmp_path, connection.vendor) as place:
        laid = place.told("lay", str(ROUNDS * BATCH))
        forms, session = list(laid["forms"].items()), laid["session"]
        place.serve(free_port())
        until(lambda: place.ask("GET", "/readyz", session) == 200)
        answers, after = [], []
        for number in range(ROUNDS):
            clerk = Clerk(place, session, forms[number * BATCH : (number + 1) * BATCH], number % BATCH)
            clerk.start()
            clerk.is_in_the_middle.wait(restarting.PATIENCE)
            place.restart()
            until(lambda: place.ask("GET", "/healthz", session) == 200)
            after += [place.ask("GET", "/readyz", session) for _ in range(4)]
            clerk.join(restarting.PATIENCE)
            answers += clerk.answers
        told = place.told("tell")

    assert set(answers) <= {302, 503, 0}
    assert after == [200] * 4 * ROUNDS
    assert told == {"stand": [["approved", 1]], "number": ROUNDS * BATCH, "faults": []}
