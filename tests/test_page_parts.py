"""What a page depends on: after each change every page that is still kept is what would be made anew."""

import pytest
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from portal import catalogue, registry
from portal.models import CatalogueEntry, Edition, Filing, Promotion, ReviewItem, Succession
from portal.vocabulary import BrandLevel, Outcome, State, SuccessionKind
from tests import factories, reviewing
from tests.public import address, leave
from tests.serving import Portal
from tests.test_genealogy import family  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = factories.DOCUMENT
OF_ALL = ["/", "/search/?q=%E6%BC%94%E7%A4%BA", "/map/"]
ALONE = "rename what points to nothing any more"


@pytest.fixture
def portal():
    with override_settings(PAGES_LEASE=0):
        yield Portal()


@pytest.fixture
def entries(family) -> dict[str, CatalogueEntry]:  # noqa: F811
    """Publish one entry of each kind, tied to one another, and beside it one that is tied to none."""
    alone = {
        "labour": factories.entry("labour-brands", name="潍坊独立演示"),
        "project": factories.entry("exam-projects", name="演示独立项目"),
        "town": factories.entry("city-training-brands"),
    }
    return family | alone


def addresses(entries: dict[str, CatalogueEntry]) -> list[str]:
    own = [t.slug for t in registry.all_types() if t.public]
    pages = [reverse("catalogue-list", args=[slug]) for slug in own]
    names = ("catalogue-editions", "catalogue-compare", "feed-type")
    pages += [reverse(name, args=[slug]) for name in names for slug in ("skill-brands", "exam-projects")]
    pages += [reverse("catalogue-edition", args=["exam-projects", "2026-01-01"])]
    pages += [f"{reverse('catalogue-list', args=['labour-brands'])}?view=table&status=exited"]
    return [*pages, *(address(entry) for entry in entries.values()), *OF_ALL]


def kept(portal: Portal, pages: list[str]) -> dict[str, bytes]:
    """Return what is answered without Django, with its bytes."""
    found = {}
    for page in pages:
        asked = portal.asked
        status, _, body = portal.get(page)
        if portal.asked == asked and status == 200:
            found[page] = body
    return found


def renamed(entry: CatalogueEntry) -> None:
    """Let an entry be called otherwise, past the rules, as whoever corrects data does."""
    title = f"{entry.title}改"
    with transaction.atomic():
        Filing.objects.filter(pk=entry.filing_id).update(title=title)
        CatalogueEntry.objects.filter(pk=entry.pk).update(title=title, name_key=title)


def back(entry: CatalogueEntry) -> None:
    """Let what exited be listed again."""
    record = catalogue.reinstate(CatalogueEntry.objects.get(pk=entry.pk), by=factories.filer()).record
    for action, by, arguments in factories.road(record, State.APPROVED):
        record = factories.act(record, action, by, **arguments)
    factories.publish(record)


def changes(of: dict[str, CatalogueEntry]) -> dict:
    """Return name → what happens to the public content, one after another."""
    brand, labour, unit = (of[kind] for kind in ("skill-brands", "labour-brands", "building-units"))
    craft = type(of["handicraft-projects"].filing.record)
    through = type(brand.filing.record).labour_brands.through
    published = Edition(kind="skill-brands", region_id="37", name="演示版", on="2026-01-01")
    return {
        **{f"rename {kind}": lambda entry=entry: renamed(entry) for kind, entry in of.items()},
        "the tie of a craft is cut": lambda: craft.objects.update(exam_project=None),
        ALONE: lambda: renamed(CatalogueEntry.objects.get(kind="handicraft-projects")),
        "a new brand points to what had no neighbour": lambda: factories.entry(
            "skill-brands", name="潍坊新品牌", labour_brands=["潍坊独立演示改"]
        ),
        "a new unit does": lambda: factories.entry("building-units", place="370705", brand="潍坊独立演示改"),
        "a tie is cut": lambda: through.objects.filter(skillbrand_id=brand.filing_id).delete(),
        "a tie is made": lambda: through.objects.create(
            skillbrand_id=brand.filing_id, labourbrand_id=labour.filing_id
        ),
        "a neighbour leaves": lambda: leave(labour),
        "and comes back": lambda: back(labour),
        "the one that ties leaves": lambda: leave(brand),
        "one rises": lambda: Promotion.objects.create(
            entry=unit,
            former="",
            level=BrandLevel.PROVINCIAL,
            document_number=NUMBER,
            on="2026-01-02",
            by=factories.publisher(),
            at=unit.published_at,
        ),
        "one is given time": lambda: ReviewItem.objects.filter(
            pk=reviewing.item_of(reviewing.opened("exam-institutions")).pk
        ).update(outcome=Outcome.RECTIFYING, rectify_until="2027-01-01", decided_on="2026-01-02"),
        "one goes into another": lambda: Succession.objects.create(
            old=of["labour"], new=labour, kind=SuccessionKind.MERGED
        ),
        "an edition": lambda: edition_out(published),
    }


def edition_out(edition: Edition) -> None:
    edition.created_by = factories.publisher()
    edition.document_number = NUMBER
    edition.published_at, edition.published_by = edition.created_by.date_joined, factories.publisher()
    edition.save()


def test_whatever_changes_every_page_that_is_kept_is_what_would_be_made_anew(portal, entries):
    pages, stale, remade = addresses(entries), [], {}
    for page in pages:
        portal.get(page)
    first = kept(portal, pages)
    for name, change in changes(entries).items():
        change()
        found = kept(portal, pages)
        fresh = Portal()
        stale += [(name, page) for page, body in found.items() if fresh.get(page)[2] != body]
        remade[name] = {page for page in pages if page not in found}

    assert (set(first), stale) == (set(pages), [])
    assert [name for name, anew in remade.items() if not anew] == []
    assert remade["rename town"] == {page for page in pages if "city-training" in page} | set(OF_ALL)
    assert remade[ALONE] == {page for page in pages if "handicraft" in page} | set(OF_ALL)
