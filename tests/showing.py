"""Every page there is, as the test client is answered: full, with nothing planted, refusing a form."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from portal import registry
from portal.models import Filing, User
from tests import factories
from tests.crawling import KIND, SENT, routes, urls
from tests.sizes import size

#: Who is asked, in this order: a page is taken from the first who is shown it.
READERS = {
    "nobody": lambda: None,
    "filer": factories.filer,
    "reviewer": factories.reviewer,
    "province": lambda: factories.reviewer(factories.PROVINCE),
    "approver": factories.approver,
    "publisher": factories.publisher,
    "joint": factories.joint,
    "auditor": factories.auditor,
    "sysadmin": factories.sysadmin,
    "secadmin": factories.secadmin,
}
#: One class serves the administration of all record types.
OTHER_TYPES = re.compile(r"admin:(?!assessments_assessmentinstitution_)(assessments|brands|workforce)_")


@dataclass(frozen=True)
class Shown:
    """A page that a reader was shown at an address."""

    reader: str
    address: str
    answer: HttpResponse

    def __str__(self):
        return f"{self.reader} {self.address} ({self.answer.status_code})"


class Readers:
    """A client for each reader, signed in when he is first needed."""

    def __init__(self):
        self.clients: dict[str, Client] = {}

    def __getitem__(self, reader: str) -> Client:
        if reader not in self.clients:
            self.clients[reader] = client = Client(raise_request_exception=False)
            if user := READERS[reader]():
                User.objects.filter(pk=user.pk).update(is_staff=True)
                client.force_login(user)
        return self.clients[reader]


def opened(readers: Readers, part: int, parts: int, planted: list[Filing], policy) -> Iterator[Shown]:
    """Yield each page that is there to be read, of every ``parts``-th route, with what was planted."""
    for name, route in _routes(part, parts):
        for reader in _who(policy[route], "o"):
            found = [*_read(readers[reader], reader, _addresses(name, route, planted))]
            yield from found
            if found:
                break


def refused(readers: Readers, part: int, parts: int, planted: list[Filing], policy) -> Iterator[Shown]:
    """Yield each page that answers a form sent with nonsense in it; whatever it changed is taken back."""
    for name, route in _routes(part, parts):
        for reader in _who(policy[route], "op"):
            found = [*_sent(readers[reader], reader, urls(name, route, planted))]
            yield from found
            if found:
                break


def _routes(part: int, parts: int) -> list[tuple[str, str]]:
    near = [(name, route) for name, route in routes() if not OTHER_TYPES.match(name)]
    ours = [found for found in near if not found[0].startswith("admin:")]
    made = [found for found in near if found[0].startswith("admin:")]  # by Django, all alike
    return [*ours, *made[:: size(4, 1)]][part::parts]


def _who(line: dict[str, str], letters: str) -> list[str]:
    who = [reader for reader in READERS if line[reader] in letters]
    return who[:1] if "nobody" in who else who


def _addresses(name: str, route: str, planted: list[Filing]) -> list[str]:
    """Return the addresses of a route, where it is of a record type alone then of every one."""
    found = urls(name, route, planted)
    if "<record:record_type>" in route and "<code" not in route:
        found = [url.replace(f"/{KIND}/", f"/{kind}/") for url in found for kind in _kinds()]
    return found


def _kinds() -> list[str]:
    return [record_type.slug for record_type in registry.all_types()]


def _read(client: Client, reader: str, addresses: list[str]) -> Iterator[Shown]:
    for address in addresses:
        answer = client.get(address)
        if answer.status_code == 200 and _is_page(answer):
            yield Shown(reader, address, answer)


def _sent(client: Client, reader: str, addresses: list[str]) -> Iterator[Shown]:
    for address in addresses[:1]:
        for sent in ({}, SENT):
            cookies = client.cookies.copy()
            with transaction.atomic():
                answer = client.post(address, sent)
                transaction.set_rollback(True)
            client.cookies = cookies  # somebody who signed out is here again, as his session is
            if answer.status_code not in (403, 404, 405) and _is_page(answer):
                yield Shown(reader, address, answer)


def _is_page(answer: HttpResponse) -> bool:
    if answer.streaming:
        b"".join(answer.streaming_content)  # a download holds its file open until then
        return False
    kind = answer.headers.get("Content-Type", "")
    return kind.startswith("text/html") and answer.status_code not in (301, 302) and bool(answer.content)
