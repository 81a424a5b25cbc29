"""Every URL there is, met by people it is not for: 404 or the sign-in page, nothing leaked, nothing changed.

The URLs come from the resolver, so a new one is tested the day it is written. Canaries are planted where a
leak would show: in drafts, in names under review, in fields that are not public, in a phone number.
"""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from portal.models import Filing, User
from tests.crawling import ADMIN_PAGES, CANARY, PHONE, SENT, crawl, everything, plant, words
from tests.factories import (
    KUIWEN,
    PROVINCE,
    auditor,
    filer,
    joint,
    publisher,
    reviewer,
    secadmin,
    stranger,
    sysadmin,
)
from tests.sizes import falling_to

pytestmark = pytest.mark.django_db

# The whole list of what is open to everybody; a route that is not named here asks for a sign-in. The document
# of an edition is open too, where there is one (tests/test_public_editions.py).
PUBLIC = {
    "home",
    "catalogue",
    "catalogue-list",
    "catalogue-download",
    "catalogue-entry",
    "catalogue-editions",
    "catalogue-compare",
    "catalogue-edition",
    "edition-download",
    "sitemap",
    "sitemap-section",
    "robots",
    "feed",
    "feed-notices",
    "feed-type",
    "notices",
    "notice",
    "notice-download",
    "targets",
    "target",
    "verify",
    "verify-sheet",
    "search",
    "map",
    "genealogy",
    "reference",
    "reference-list",
    "reference-item",
    "interface",
    "help",
    "help-questions",
    "help-sample",
    "help-chapter",
    "accessibility",
    "site-map",
    "api",  # whatever the routes below it are called
    "preferences",
    "csp-reports",
    "login",
    "healthz",
    "readyz",
    "metrics",  # from this machine itself, as the client of the tests is
}


@pytest.fixture(scope="module")
def planted(for_the_module) -> list[Filing]:
    """Plant a draft, one under review, one in force and its amendment, once for all who meet them."""
    return plant()


OF_A_FILING = (
    "<pk:",
    "<code:",
    "<number:review>",
    "<number:case>",
    "<number:record>",
    "<number:job>",
    "<number:opinion>",
    "<number:schedule>",
)


def is_guarded(name: str, route: str) -> bool:
    """Say whether a route leads to one planted filing, or to what is written about one."""
    in_admin = "object_id" in route and name.startswith(ADMIN_PAGES)
    return name not in PUBLIC and (any(mark in route for mark in OF_A_FILING) or in_admin)


def is_shut(response) -> bool:
    """Say whether a response is a 404 or its like, or the way to the sign-in page."""
    to_sign_in = response.status_code == 302 and response.url.startswith(("/login/", "/admin/login/"))
    return to_sign_in or response.status_code in (401, 403, 404, 405)


def test_exactly_these_urls_are_open_to_everybody(planted):
    before = everything()

    met = [(name, asked, response) for name, _, asked, response in crawl(None, planted)]

    assert {name.partition(":")[0] for name, _, response in met if not is_shut(response)} == PUBLIC
    assert [asked for _, asked, response in met if CANARY in (said := words(response)) or PHONE in said] == []
    assert everything() == before


def test_no_url_knows_a_method_that_deletes_or_puts(planted):
    met = [(asked, response.status_code) for _, _, asked, response in crawl(None, planted, ("put", "delete"))]

    # Django's form views take PUT as POST; nobody is signed in by it without his password.
    # The script that uploads files puts, and is told in words that nobody is signed in.
    known = {"put /login/": 200} | {asked: 401 for asked, _ in met if is_upload(asked)}
    known |= {asked: 404 for asked, _ in met if "/activate/" in asked}  # a link that nobody was given
    assert {asked: status for asked, status in met if status not in (302, 405)} == known


def is_upload(asked: str) -> bool:
    """Say whether a request puts a file into a draft."""
    return asked.startswith("put /desk/filings/") and (
        "/materials/stamped_scan/" in asked or "/archive/" in asked
    )


OTHERS = {
    "somebody without a post": stranger,
    "the county below": lambda: filer(KUIWEN),
    "a filer of another city": lambda: filer("3708"),
    "a reviewer of another city": lambda: reviewer("3708"),
    "a publisher of another city": lambda: publisher("3708"),
    "a joint department of another city": lambda: joint("3708"),
    "the system administrator": sysadmin,
    "the security administrator": secadmin,
}


@pytest.mark.parametrize("name", OTHERS)
def test_whoever_is_out_of_scope_finds_nothing_and_changes_nothing(planted, name):
    user = OTHERS[name]()
    User.objects.filter(pk=user.pk).update(is_staff=True)  # the stronger case: the administration lets him in
    before = everything()

    asked_by_him = crawl(user, planted, is_asked=lambda route: name in falling_to(route, OTHERS, 3))
    met = [(page, route, asked, r, words(r)) for page, route, asked, r in asked_by_him]

    opened = [
        (asked, r.status_code)
        for page, route, asked, r, _ in met
        if is_guarded(page, route) and not is_shut(r)
    ]
    assert len(met) > 50
    assert opened == []
    assert [asked for _, _, asked, _, said in met if CANARY in said or PHONE in said] == []
    assert [asked for _, _, asked, r, _ in met if r.status_code >= 500] == []
    assert everything(but_of=user) == before


# The same filings, met by those in whose scope they lie: what each role opens, and what stays shut to it.
ROLES = """
asked                     filer  reviewer  province  publisher  auditor  joint
get  draft    filing         200    200       404       404        404      404
get  draft    filing-edit    200    404       404       404        404      404
get  draft    filing-check   200    404       404       404        404      404
get  draft    filing-print   200    200       404       404        404      404
post draft    filing-edit    200    404       404       404        404      404
post draft    filing-act     422    422       404       404        404      404
get  reviewed filing         200    200       200       200        200      200
get  reviewed filing-edit    302    404       404       404        404      404
get  reviewed filing-check   302    404       404       404        404      404
get  reviewed filing-print   200    200       200       200        200      200
post reviewed filing-autosave 409   404       404       404        404      404
post reviewed filing-act     422    302       422       422        422      422
get  reviewed publish        404    404       404       200        404      404
get  reviewed consultation   404    200       200       200        200      404
post reviewed consultation   404    422       422       422        422      404
get  current  publish        404    404       404       200        404      404
get  current  exit           404    404       404       200        404      404
post current  exit           404    404       404       302        404      404
post current  amend          302    404       404       404        404      404
"""
IN_SCOPE = {
    "filer": filer,
    "reviewer": reviewer,
    "province": lambda: reviewer(PROVINCE),
    "publisher": publisher,
    "auditor": auditor,
    "joint": joint,
}


@pytest.mark.parametrize("line", ROLES.strip().splitlines()[1:], ids=lambda line: " ".join(line.split()[:3]))
def test_a_person_in_scope_opens_what_his_role_opens(planted, line):
    method, which, name, *expected = line.split()
    draft, reviewed, current = planted[:3]
    found = Filing.objects.get(pk={"draft": draft, "reviewed": reviewed, "current": current}[which].pk)

    answers = {role: answered(who(), method, address(name, found), found) for role, who in IN_SCOPE.items()}

    assert answers == dict(zip(IN_SCOPE, map(int, expected), strict=True))


def address(name: str, of: Filing) -> str:
    """Return the address of a named page of one filing."""
    if name in ("amend", "exit"):
        return reverse(name, args=[of.entry.code])
    return reverse(name, args=[of.pk, "docx"] if name == "filing-print" else [of.pk])


def answered(user: User, method: str, url: str, found: Filing) -> int:
    """Return the status of the answer to ``user`` and undo what the request did."""
    client, sent = Client(), {**SENT, "version": found.version, "step": found.step}
    client.force_login(user)
    with transaction.atomic():
        status = getattr(client, method)(url, sent if method == "post" else None).status_code
        transaction.set_rollback(True)
    return status


def test_control_the_canaries_are_there_for_those_who_may_see_them(planted):
    client = Client()
    client.force_login(filer())

    said = [words(client.get(reverse("filing", args=[found.pk]))) for found in planted]

    assert [(CANARY in page, PHONE in page) for page in said] == [(True, True)] * len(planted)
