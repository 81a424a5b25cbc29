"""Every link that a list of the administration shows opens for whoever sees the list."""

from urllib.parse import urljoin

import html5lib
import pytest
from django.core.management import call_command

from portal import accounts
from portal.admin.base import site
from portal.models import Workday
from tests import factories
from tests.administration import enter, url
from tests.test_admin_desk import plant

pytestmark = pytest.mark.django_db
PEOPLE = ("sysadmin", "secadmin", "auditor", "filer", "reviewer", "approver", "publisher", "joint")
MOST = 4  # rows of one list whose links are followed


def links(page: str, address: str) -> list[str]:
    """Return the addresses inside the main part of a list that lead to other pages of the administration."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    shown = tree.find(".//*[@id='content']").iterfind(".//a[@href]")
    led = dict.fromkeys(urljoin(address, link.get("href")) for link in shown)
    return [link for link in led if link.startswith("/") and not link.startswith(f"{address}?")]


def sampled(found: list[str]) -> list[str]:
    """Return the links of the first rows and all that belong to no row."""
    rows = [link for link in found if "/change/" in link]
    return [link for link in found if link not in rows] + rows[:MOST] + rows[-MOST:]


def test_every_link_of_every_list_opens_for_whoever_sees_the_list(client):
    plant()
    call_command("demo")
    accounts.ask_for_reset(factories.auditor(), by=factories.sysadmin())
    Workday.objects.create(day="2027-01-02", is_worked=True, source="演示文〔2026〕1号")
    shut, listed = {}, {}
    for who in PEOPLE:
        enter(client, getattr(factories, who)())
        for model in site._registry:
            answer = client.get(address := url(model, "changelist"))
            found = links(answer.content.decode(), address) if answer.status_code == 200 else []
            listed[model] = listed.get(model, 0) + sum("/change/" in link for link in found)
            for link in sampled(found):
                if (status := client.get(link, follow=True).status_code) != 200:
                    shut[who, link] = status

    assert shut == {}
    assert [model.__name__ for model, number in listed.items() if not number] == []
