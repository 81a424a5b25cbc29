"""The accessibility statement and the site map: linked from every foot, plain, and complete."""

import pytest
from django.urls import NoReverseMatch, reverse

from portal import facts, manual, registry
from tests.public import Links, read
from tests.test_urls_as_strangers import PUBLIC

pytestmark = pytest.mark.django_db
STATEMENT, MAP = "/accessibility/", "/site-map/"
#: Open to everybody, and no page to be read: for programs, or what a form is sent to.
NO_PAGES = {"sitemap", "robots", "healthz", "readyz", "metrics", "preferences", "csp-reports", "site-map"}


def without_arguments() -> set[str]:
    """Return the address of every public page that is one page."""
    found = set()
    for name in PUBLIC - NO_PAGES - {"api"}:
        try:
            found.add(reverse(name))
        except NoReverseMatch:  # one page for each entry, notice or list
            continue
    return found


@pytest.mark.parametrize("url", ["/", "/login/", STATEMENT])
def test_the_foot_leads_to_the_statement_and_the_map(client, url):
    links = Links(read(client, url)).found

    assert [page in links for page in (STATEMENT, MAP)] == [True, True]


def test_the_map_leads_to_every_public_page(client):
    main = read(client, MAP).partition("<main")[2].partition("</main>")[0]
    listed = {
        *(reverse("catalogue-list", args=[t]) for t in registry.all_types() if t.public),
        *(reverse("help-sample", args=[t]) for t in registry.all_types()),
        *(
            reverse("reference-list", args=[found.slug])
            for found in (*registry.reference_lists(), *facts.SOURCED.values())
        ),
        *(reverse("help-chapter", args=[slug]) for slug in manual.CHAPTERS),
    }

    assert set(Links(main).found) == {*without_arguments(), *listed}


@pytest.mark.parametrize(
    ("phone", "said"), [("12333", "请打咨询电话"), ("", "请向当地人力资源社会保障部门反映")]
)
def test_the_statement_says_what_was_not_tried_and_whom_to_tell_of_a_barrier(client, settings, phone, said):
    settings.SITE = settings.SITE | {"phone": phone}

    main = read(client, STATEMENT).partition("<main")[2].partition("</main>")[0]

    told = ("没有用读屏软件试过", "没有取得", said, f"tel:{phone}")
    assert [words in main for words in told] == [True, True, True, bool(phone)]
