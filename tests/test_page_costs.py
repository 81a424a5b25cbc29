"""What the pages and acts of one filing ask the database: few things, and as few for a large register."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.models import Filing
from tests import copies, factories

pytestmark = pytest.mark.django_db
TRANSACTION = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")
FORM, REVIEW, SUBMIT, DECIDE = 15, 21, 15, 15


def asked(ask) -> int:
    with CaptureQueriesContext(connection) as queries:
        ask()
    return len([query for query in queries if not query["sql"].startswith(TRANSACTION)])


def act(client, filing: Filing, action: str):
    said = {"action": action, "version": filing.version, "step": filing.step, "comment": factories.COMMENT}
    answer = client.post(f"/desk/filings/{filing.pk}/act/", said)
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
    assert costs[0] <= FORM


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
    assert costs[0] <= REVIEW


def test_submitting_and_deciding_ask_few_things(client):
    draft = factories.draft("labour-brands")
    factories.sign_in(client, factories.filer())
    submits = asked(lambda: act(client, draft, "submit"))
    factories.sign_in(client, factories.reviewer())
    sent = Filing.objects.get(pk=draft.pk)
    decides = asked(lambda: act(client, sent, "endorse"))

    assert (submits <= SUBMIT, decides <= DECIDE) == (True, True)
