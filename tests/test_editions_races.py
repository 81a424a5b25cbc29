"""Two people at an edition at the same instant, on real connections: one of them, and all or nothing."""

from collections import Counter
from datetime import date

import pytest
from django.utils import timezone

from portal import catalogue, edition_changes, editions
from portal.models import CatalogueEntry, Edition, Event, Region
from portal.vocabulary import ExitReason, Level
from tests import editing
from tests.factories import DOCUMENT, PROVINCE, entry, filer, person, publisher, reviewer
from tests.races import kinds, race

pytestmark = pytest.mark.django_db(transaction=True)

KIND = "handicraft-projects"
JANUARY, MAY = date(2024, 1, 1), date(2024, 5, 1)
ROUNDS, CONTROLS = 10, 300


def cities() -> list[str]:
    return list(Region.objects.filter(level=Level.CITY).order_by("code").values_list("code", flat=True))[
        :ROUNDS
    ]


def in_a_city(place: str) -> Edition:
    """Return an approved edition of a city that lets one of its two projects leave."""
    gone, _ = (entry(KIND, place=place, name=f"演示{word}", on=JANUARY) for word in "甲乙")
    edition = editing.prepared(KIND, by=filer(place), on=MAY)
    edition_changes.take_out(edition, gone, by=filer(place), reason="演示数据。不再开班。")
    editions.propose(edition, by=filer(place))
    return editions.approve(edition, by=reviewer(place))


def publishing(by):
    """Return a runner that publishes an edition as ``by``."""
    return lambda edition: editions.publish(edition, by=by)


def test_of_two_who_publish_at_once_one_does_and_everything_happens_once():
    made = [in_a_city(place) for place in cities()]
    second = person("publisher", PROVINCE, name="second publisher")

    outcomes = race(made, publishing(publisher()), publishing(second))

    assert Counter(map(tuple, map(kinds, outcomes))) == {("Edition", "Refused"): ROUNDS}
    assert Event.objects.filter(action="exit").count() == ROUNDS
    assert Edition.objects.published().count() == ROUNDS
    assert list(editions.faults()) == []


def test_two_cities_that_publish_editions_of_one_kind_at_once_do_not_wait_for_each_other():
    made = [in_a_city(place) for place in cities()]
    second = person("publisher", PROVINCE, name="second publisher")
    pairs = list(zip(made[::2], made[1::2], strict=True))

    outcomes = race(
        pairs,
        lambda pair: editions.publish(pair[0], by=publisher()),
        lambda pair: editions.publish(pair[1], by=second),
    )

    assert Counter(map(tuple, map(kinds, outcomes))) == {("Edition", "Edition"): len(pairs)}
    assert list(editions.faults()) == []


def test_an_exit_beside_the_publication_leaves_all_of_the_edition_or_nothing():
    made = [in_a_city(place) for place in cities()]
    second = person("publisher", PROVINCE, name="second publisher")

    def leaving(edition: Edition):
        facts = {"reason": ExitReason.VOLUNTARY, "document_number": DOCUMENT}
        return catalogue.exit(edition.changes.get().entry, by=second, **facts)

    outcomes = race(made, publishing(publisher()), leaving)

    for edition, (published, left) in zip(made, outcomes, strict=True):
        edition.refresh_from_db()
        gone = CatalogueEntry.objects.get(pk=edition.changes.get().entry_id)
        happened = isinstance(published, Edition)
        assert happened is not isinstance(left, Event)
        assert (edition.published_at is not None, gone.exit_reason == ExitReason.ADJUSTED) == (
            happened,
            happened,
        )


def test_control_the_same_race_shows_doubles_when_the_edition_is_only_read_and_then_saved():
    made = [
        Edition.objects.create(kind=f"kind-{number}", name="演示版", on=MAY) for number in range(CONTROLS)
    ]

    outcomes = race(made, naively, naively)

    assert ("published", "published") in outcomes


def naively(edition: Edition) -> str:
    """Publish as most systems do: read, look, save."""
    current = Edition.objects.get(pk=edition.pk)
    if current.published_at:
        return "too late"
    current.published_at = timezone.now()
    current.save(update_fields=["published_at"])
    return "published"
