"""The portal at work under the roles of PostgreSQL: pages of every post, and the road of a filing."""

import pytest
from django.test import Client

from portal import asking, scope
from portal.models import Event, Filing
from portal.vocabulary import State
from tests.crawling import routes
from tests.factories import (
    KUIWEN,
    act,
    approver,
    auditor,
    draft,
    entry,
    filer,
    joint,
    publish,
    publisher,
    reviewer,
    road,
    secadmin,
    sign_in,
    sysadmin,
)

pytestmark = [pytest.mark.django_db, pytest.mark.fenced]

READERS = {
    "county filer": lambda: filer(KUIWEN),
    "city reviewer": reviewer,
    "province": lambda: reviewer("37"),
    "publisher": publisher,
    "joint": joint,
    "auditor": auditor,
    "system administrator": sysadmin,
    "security administrator": secadmin,
}
# Their addresses have no parameter: each is the first page of something.
FIRST_PAGES = sorted(f"/{route}" for name, route in routes() if "<" not in route and "(" not in route)
PUBLIC_PAGES = ("/search/?q=剪纸", "/catalogue/skill-brands/", "/catalogue/skill-brands/?q=剪纸&sort=name")


@pytest.fixture(scope="module")
def published(for_the_module):
    """Publish a brand and leave a draft of another bureau."""
    draft("skill-brands", place="3708", name="演示剪纸别市草稿")
    return entry("skill-brands", place="3709", name="演示剪纸公布")


def faults(client: Client, addresses) -> list[str]:
    """Return the addresses that are answered by a fault."""
    client.raise_request_exception = False
    return [address for address in addresses if client.get(address).status_code >= 500]


def test_no_first_page_fails_a_stranger(published, client):
    own = f"/catalogue/skill-brands/{published.code}/"
    activation = "/activate/MQ/c0ffee-made-up/"

    assert faults(client, [*FIRST_PAGES, *PUBLIC_PAGES, own, activation, "/api/v1/skill-brands"]) == []


@pytest.mark.parametrize("name", READERS)
def test_no_first_page_fails_a_post(published, client, name):
    sign_in(client, READERS[name]())

    assert faults(client, [*FIRST_PAGES, *PUBLIC_PAGES]) == []


def test_a_filing_walks_the_whole_road_under_the_role_of_each_hand(published):
    people = {"filer": filer(), "publisher": publisher()}
    with asking.asking(scope.asker(people["filer"])):
        record = draft("skill-brands", by=people["filer"])

    steps = [*road(record, State.RETURNED), *road(record, State.APPROVED)]
    for action, by, arguments in steps:
        with asking.asking(scope.asker(by)):
            record = act(record, action, by, **arguments)
    with asking.asking(scope.asker(people["publisher"])):
        made = publish(record)

    assert made.filing_id == record.pk
    found = Event.objects.filter(filing=record.pk).values_list("action", flat=True)
    assert list(found) == ["submit", "return", "submit", "endorse", "approve", "publish"]


def test_jobs_see_every_filing(published):
    whole = Filing.objects.count()

    with asking.asking(asking.Asker(asking.JOBS)):
        found = Filing.objects.count()

    assert found == whole


def test_who_decides_is_known_without_the_scope(published):
    with asking.asking(scope.asker(approver())):
        assert Filing.objects.filter(title="演示剪纸别市草稿").count() == 0
