"""What the tests of the public pages share: reading a page, its links, its address, leaving the catalogue."""

from html.parser import HTMLParser

from django.test import Client
from django.urls import reverse

from portal import catalogue
from portal.models import CatalogueEntry
from portal.vocabulary import ExitReason
from tests import factories


class Links(HTMLParser):
    """Collects the addresses a page links to."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name == "href" and value]


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def address(entry: CatalogueEntry) -> str:
    return reverse("catalogue-entry", args=[entry.kind, entry.code])


def leave(entry: CatalogueEntry) -> None:
    """Let an entry exit as the province's publisher."""
    catalogue.exit(
        entry, by=factories.publisher(), reason=ExitReason.VOLUNTARY, document_number="演示文〔2025〕3号"
    )
