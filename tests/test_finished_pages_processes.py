"""Several real server processes: what was published shows on the next request of each of them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.vocabulary import BrandLevel
from tests import factories
from tests.crawling import signed_in
from tests.serving import servers

pytestmark = pytest.mark.django_db(transaction=True)
FEED = "/feeds/catalogue.atom"


def test_a_publication_shows_on_the_next_request_of_every_process(tmp_path):
    waiting = [factories.approved("skill-brands") for _ in range(2)]
    publisher = signed_in(factories.publisher())
    with servers(tmp_path, 2, lease=0.5) as processes:
        for turn, filing in enumerate(waiting):
            before = [process.ask("GET", FEED) for process in processes]
            form = {
                "document_number": factories.DOCUMENT,
                "on": timezone.localdate(),
                "level": BrandLevel.MUNICIPAL,
            }
            by = processes[turn % len(processes)]
            status, _ = by.ask("POST", reverse("publish", args=[filing.pk]), publisher, form)
            after = [process.ask("GET", FEED) for process in processes]

            shown = [(status, filing.title in page) for status, page in [*before, *after]]
            assert (status, shown) == (302, [(200, False)] * 2 + [(200, True)] * 2)


def test_without_the_wait_a_long_lease_would_show_an_old_page(tmp_path):
    filing = factories.approved("skill-brands")
    with servers(tmp_path, 1, lease=3600) as (process,):
        before = process.ask("GET", FEED)
        factories.publish(filing)  # past the server, so that nobody waits

        assert process.ask("GET", FEED) == before
