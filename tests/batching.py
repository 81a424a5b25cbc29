"""Helpers of the tests of batches: what is ticked, the forms that are sent, the statements they cost."""

import re
from collections.abc import Iterable

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.models import Filing
from portal.workflow import Asked
from tests import factories


def ticked(filings: Iterable[Filing]) -> list[str]:
    """Return the boxes of filings as a list shows them now."""
    found = Filing.objects.in_bulk([filing.pk for filing in filings])
    return [f"{f.pk}-{f.version}-{f.step}" for f in (found[filing.pk] for filing in filings)]


def send(client, user, route: str, action: str, items: list[str], **said):
    """Send the form of a batch as ``user``."""
    factories.sign_in(client, user)
    return client.post(reverse(route), {"action": action, "item": items, **said})


def asked(filings: Iterable[Filing], action: str, **said) -> list[Asked]:
    """Return an act on filings as they are in memory."""
    return [Asked(f.pk, action, f.version, f.step, **said) for f in filings]


def outcome(page) -> dict[str, str]:
    """Return title → what the page of results says of it."""
    return {line.title: line.said for line in page.context["lines"]}


def statements(work) -> int:
    """Return how many statements ``work`` costs; a long INSERT that SQLite cuts up is one."""
    with CaptureQueriesContext(connection) as captured:
        work()
    kinds = [re.match(r"INSERT INTO \S+|.*", query["sql"], re.DOTALL)[0] for query in captured]
    return sum(
        not (kind.startswith("INSERT") and kind == before)
        for before, kind in zip(["", *kinds], kinds, strict=False)
    )
