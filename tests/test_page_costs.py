"""What the pages and acts of one filing ask the database: few things, and as few for a large register."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.models import Filing
from tests import copies, factories

pytestmark = pytest.mark.django_db
TRANSACTION = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")
MOST = 15
RICHEST = 2  # more for a brand: its lists of projects, their specifications, institutions, labour brands
ROAD = {"submit": factories.filer, "endorse": factories.reviewer, "approve": factories.approver}


def asked(ask) -> int:
    with CaptureQueriesContext(connection) as queries:
        ask()
    return len([query for query in queries if not query["sql"].startswith(TRANSACTION)])


def act(client, filing: Filing, action: str):
    said = {"action": action, "version": filing.version, "step": filing.step, "comment": factories.COMMENT}
    answer = client.post(f"/desk/filings/{filing.pk}/act/?from=todo", said)
    assert answer.status_code == 302


# Outside a transaction, for what follows from public content is kept there alone.
@pytest.mark.django_db(transaction=True)
def test_the_form_of_a_draft_asks_few_things_however_many_filings_there_are(client):
    draft = factories.draft("skill-brands")
    sent = factories.submitted("skill-brands")
    factories.sign_in(client, factories.filer())
    url = f"/desk/filings/{draft.pk}/edit/"
    client.get(url)
    costs = [asked(lambda: client.get(url))]
    copies.multiply(sent, 997)
    costs.append(asked(lambda: client.get(url)))

    assert costs[0] == costs[1]
    assert costs[0] <= MOST


@pytest.mark.django_db(transaction=True)
def test_the_page_of_a_review_asks_few_things_however_many_filings_there_are(client):
    sent = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())
    url = f"/desk/filings/{sent.pk}/?from=todo"
    client.get(url)
    costs = [asked(lambda: client.get(url))]
    copies.multiply(sent, 997)
    costs.append(asked(lambda: client.get(url)))

    assert costs[0] == costs[1]
    assert costs[0] <= MOST + RICHEST - 1  # it needs no edition


@pytest.mark.parametrize(("slug", "more"), [("labour-brands", 0), ("skill-brands", RICHEST)])
def test_submitting_and_deciding_in_the_queue_ask_few_things(client, slug, more):
    draft = factories.draft(slug)
    costs = {}
    for action, person in ROAD.items():
        factories.sign_in(client, person())
        sent = Filing.objects.get(pk=draft.pk)
        costs[action] = asked(lambda action=action, sent=sent: act(client, sent, action))

    locks = int(connection.features.has_select_for_update)  # one statement where rows are locked
    assert {name: cost for name, cost in costs.items() if cost > MOST + more + locks} == {}
