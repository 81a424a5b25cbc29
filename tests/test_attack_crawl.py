"""The authorisation crawl: every URL of the resolver, asked for by every role (rows 15, 16, 21 and 50).

``route_policy.txt`` says who opens which route; one without a line there fails, and so does a line without
its route. What lies out of scope is planted by ``crawling``, which ``test_urls_as_strangers`` shares.
"""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.test import Client

from portal.models import Filing, User
from tests import attacking, factories
from tests.crawling import CANARY, KIND, PHONE, everything, plant, routes, urls, words

pytestmark = pytest.mark.django_db

POLICY = Path(__file__).with_name("route_policy.txt")
ROLES = {
    "nobody": lambda: None,
    "stranger": factories.stranger,
    "county": lambda: factories.filer(factories.KUIWEN),
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
#: Nothing planted is theirs: neither by region nor by post.
OUTSIDE = ("nobody", "stranger", "sysadmin", "secadmin")
OPEN, SHUT, POSTED = "o", "-", "p"
"""In a line of the policy: a GET is answered; nothing is there for this role; the route takes forms only."""
#: One class serves the administration of all record types; the short profile asks at one of them.
OTHER_TYPES = re.compile(r"admin:(?!assessments_assessmentinstitution_)(assessments|brands|workforce)_")


@pytest.fixture(scope="module")
def planted(for_the_module) -> list[Filing]:
    """Plant filings of 潍坊 and what is written about them, once for everybody who asks."""
    return plant()


def crawled(role: str) -> list[tuple[str, str]]:
    """Return (name, route) of what somebody asks for: in the long profile all, in the short every fourth."""
    if attacking.IS_LONG:
        return [*routes()]
    near = [(name, route) for name, route in routes() if not OTHER_TYPES.match(name)]
    return near[list(ROLES).index(role) % 4 :: 4]


def policy() -> dict[str, dict[str, str]]:
    """Return route → role → what the table says."""
    head, *lines = POLICY.read_text(encoding="utf-8").splitlines()
    columns = head.split()[1:]
    return {
        route: dict(zip(columns, said, strict=True)) for *said, route in (line.split(" ") for line in lines)
    }


class Asker:
    """Somebody who asks for addresses, signed in the whole time."""

    def __init__(self, user):
        """Take ``user``, None for a stranger; the administration lets him in, which is the stronger case."""
        if user:
            User.objects.filter(pk=user.pk).update(is_staff=True)
        self.user, self.client = user, Client(raise_request_exception=False)
        self.sign_in()

    def sign_in(self) -> None:
        """Begin a session, again after a route has ended it."""
        if self.user:
            self.client.force_login(self.user)

    def get(self, url: str):
        """Return the answer and everything it says, its headers too."""
        answer = self.client.get(url)
        return answer, said(answer)


def said(answer) -> str:
    """Return body and headers of an answer as a person could read them."""
    return words(answer) + unquote(str(answer.headers))


def verdict(answer) -> str:
    """Return the letter of an answer to GET."""
    if answer.status_code == 405:
        return POSTED
    to_sign_in = answer.status_code == 302 and answer.url.startswith(("/login/", "/admin/login/"))
    return SHUT if to_sign_in or answer.status_code in (401, 403, 404) else OPEN


def opened(name: str, route: str, planted: list[Filing], asker: Asker) -> tuple[str, list[tuple]]:
    """Return the letter of a route for somebody, open when any planted thing is, and all answers."""
    answers = [(url, *asker.get(url)) for url in urls(name, route, planted)]
    letters = {verdict(answer) for _, answer, _ in answers}
    return next((letter for letter in (OPEN, POSTED) if letter in letters), SHUT), answers


def test_every_route_has_its_line_in_the_policy_and_every_line_its_route():
    assert sorted(policy()) == sorted({route for _, route in routes()})


def test_a_route_that_nobody_declared_would_be_found():
    assert sorted({route for _, route in [*routes(), ("new", "desk/new-route/")]} - set(policy())) == [
        "desk/new-route/"
    ]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_exactly_the_routes_of_its_column_and_asking_changes_nothing(planted, role):
    asker = Asker(ROLES[role]())
    found, leaks, faults, before = {}, [], [], everything()

    with attacking.figures() as counted:
        for name, route in crawled(role):
            letter, answers = opened(name, route, planted, asker)
            found[route] = max(letter, found.get(route, ""))
            faults += [url for url, answer, _ in answers if answer.status_code >= 500]
            leaks += [url for url, _, told in answers if CANARY in told or PHONE in told]
            counted.update(cases=len(answers), refused=len(answers) * (letter == SHUT))
        counted.update({"5xx": len(faults), "leaked": len(leaks) * (role in OUTSIDE)})

    declared = {route: line[role] for route, line in policy().items() if route in found}
    assert {r: letter for r, letter in found.items() if letter != declared[r]} == {}
    assert faults == []
    assert role not in OUTSIDE or leaks == []
    assert everything() == before


def test_control_the_canaries_are_there_for_those_who_may_see_them(planted):
    asker = Asker(factories.filer())

    told = [asker.get(f"/desk/filings/{record.pk}/")[1] for record in planted]

    assert [(CANARY in page, PHONE in page) for page in told] == [(True, True)] * len(planted)
    assert KIND in told[0]
