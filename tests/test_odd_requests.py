"""Odd requests on every URL there is: an answer in words and never a fault, on both databases."""

import pytest
from django.test import Client

from portal import registry
from portal.models import Filing, User
from portal.vocabulary import Role
from tests.crawling import KIND, plant, routes, urls
from tests.factories import WEIFANG, add_post, filer
from tests.sizes import falling_to

pytestmark = pytest.mark.django_db

ODD = {
    "NUL": "%00",
    "minus one": "-1",
    "thirty nines": "9" * 30,
    "Arabic digits": "%D9%A3%D9%A3",
    "no UTF-8": "%FF%FE",
    "a lone surrogate": "%ED%A0%80",
    "markup": "%27%22%3E%3Cscript%3E",
    "a long text": "x" * 3000,
    "wildcards": "%25_%5C",
    "invisible characters": "%E2%80%AE%E2%80%8B",
}
# Every name a page reads from its address or its form, and what the administration reads.
NAMES = (
    "q page city county region in sort tab kind state status "
    "type version step revision compare on level action comment to document_number "
    "reason organisation name content confirm explanation item more then next mine "
    "campaign duty until opens_on due_on updates_on clause expects organisations reminder_days signed kind "
    "unit_type catalogue_class o p all format stage credit_code hours "
    "time period cell report frequency year"
)


def person_of_every_role() -> User:
    """Return one person who reaches every page: filer, reviewer and publisher of 潍坊, staff too."""
    user = filer(WEIFANG, name="all roles")
    for role in (Role.REVIEWER, Role.PUBLISHER, Role.APPROVER):
        add_post(user, role, WEIFANG)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return User.objects.get(pk=user.pk)


@pytest.fixture(scope="module")
def planted(for_the_module) -> list[Filing]:
    """Plant filings as they are, once for every value and everybody who sends it."""
    return plant()


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
@pytest.mark.parametrize("who", [None, person_of_every_role], ids=["stranger", "staff"])
def test_an_address_or_a_form_with_odd_values_is_answered_and_changes_no_state(planted, who, value):
    client = Client()
    if who:
        client.force_login(who())
    odd, before = "&".join(f"{name}={value}" for name in NAMES.split()), states()

    every = [url for name, route in routes() if is_asked(name) for url in urls(name, route, planted[::2])]
    asked = [url for url in every if value in falling_to(url, ODD.values(), 2)]
    got = {url: answered(client.get(f"{url}?{odd}")) for url in asked}
    posted = {url: answered(client.post(url, odd, content_type=FORM)) for url in asked}

    assert {url: status for url, status in got.items() if status >= 500} == {}
    assert {url: status for url, status in posted.items() if status >= 500} == {}
    assert states() == before


def answered(response) -> int:
    """Return the status of an answer that was read to its end: a download holds a file open until then."""
    if response.streaming:
        b"".join(response.streaming_content)
    return response.status_code


FORM = "application/x-www-form-urlencoded"
OTHER_TYPES = [t.model._meta.label_lower.replace(".", "_") for t in registry.all_types() if t.slug != KIND]


def is_asked(name: str) -> bool:
    """Leave out the way out, and the administration of other types: one class serves them all."""
    return name != "logout" and not name.startswith(tuple(f"admin:{other}_" for other in OTHER_TYPES))


def states() -> list[tuple]:
    """Return how far every filing has come; what an odd form may begin are drafts."""
    return list(Filing.objects.exclude(step=0).order_by("pk").values_list("pk", "state", "step", "version"))


@pytest.mark.parametrize(
    "number", ["999999999999999999", "9999999999999999999", "0", "01", "-1", "٣", "１", "1e3"]
)
def test_a_number_that_no_filing_has_is_not_found(number):
    client = Client()
    client.force_login(filer())

    assert client.get(f"/desk/filings/{number}/").status_code == 404
