"""The difference between two days of a catalogue: between any two, whatever happened in between."""

from datetime import date

import pytest

from portal import catalogue, differences
from portal.models import CatalogueEntry
from portal.vocabulary import ExitReason
from tests.factories import DOCUMENT, entry, publish, publisher
from tests.test_catalogue import amended

pytestmark = pytest.mark.django_db

PROJECTS = "exam-projects"
JANUARY, MARCH, APRIL, MAY, JUNE, JULY = (date(2024, month, 1) for month in (1, 3, 4, 5, 6, 7))


def project(name: str, on: date = JANUARY, **changes) -> CatalogueEntry:
    return entry(PROJECTS, name=name, on=on, **changes)


def replaced(old: CatalogueEntry, on: date, **changes) -> CatalogueEntry:
    return publish(amended(old, **changes), on=on)


def leave(old: CatalogueEntry, on: date) -> None:
    facts = {"reason": ExitReason.ADJUSTED, "document_number": DOCUMENT}
    catalogue.exit(old, by=publisher(), on=on, **facts)


def merge(old: CatalogueEntry, into: CatalogueEntry, on: date) -> None:
    catalogue.merge(old, into, by=publisher(), document_number=DOCUMENT, on=on)


def told(first: date, last: date, kind: str = PROJECTS, region: str = "37") -> list[tuple]:
    """Return each change as (verb, title before, title after or of the successor)."""
    found = differences.difference(kind, region, first, last)
    titles = [(c.verb, c.before, c.after or c.successor) for c in found.changes]
    return [(verb, before and before.title, after and after.title) for verb, before, after in titles]


def test_every_verb_is_told_once_in_the_order_of_verbs():
    kept, adjusted, renamed = project("演示甲"), project("演示乙"), project("演示丙")
    merged, removed = project("演示丁"), project("演示戊")
    project("演示己", on=MARCH)
    replaced(adjusted, MARCH, summary="演示数据。改过的简介。")
    replaced(renamed, MARCH, name="演示丙新名")
    merge(merged, kept, MARCH)
    leave(removed, MARCH)

    assert told(JANUARY, MARCH) == [
        ("added", None, "演示己"),
        ("adjusted", "演示乙", "演示乙"),
        ("renamed", "演示丙", "演示丙新名"),
        ("merged", "演示丁", "演示甲"),
        ("removed", "演示戊", None),
    ]
    found = differences.difference(PROJECTS, "37", JANUARY, MARCH)
    assert found.counts == {"added": 1, "adjusted": 1, "renamed": 1, "merged": 1, "removed": 1}
    old, new = "演示数据。考核剪纸的构图、剪刻与装裱能力。", "演示数据。改过的简介。"
    assert found.of("adjusted")[0].lines == (("项目简介", old, new),)


def test_what_came_and_went_in_between_is_nothing():
    leave(project("演示甲", on=MARCH), APRIL)

    assert told(JANUARY, MAY) == []
    assert told(JANUARY, MARCH) == [("added", None, "演示甲")]
    assert told(MARCH, APRIL) == [("removed", "演示甲", None)]


def test_a_text_that_was_changed_and_changed_back_is_nothing():
    first = project("演示甲", summary="演示数据。原文。")
    second = replaced(first, MARCH, summary="演示数据。改文。", name="演示乙")
    replaced(second, APRIL, summary="演示数据。原文。", name="演示甲")

    assert told(JANUARY, MAY) == []
    assert told(JANUARY, MARCH) == [("renamed", "演示甲", "演示乙")]


def test_renamed_twice_is_one_renaming():
    replaced(replaced(project("演示甲"), MARCH, name="演示乙"), APRIL, name="演示丙")

    assert told(JANUARY, MAY) == [("renamed", "演示甲", "演示丙")]
    assert told(MARCH, MAY) == [("renamed", "演示乙", "演示丙")]


def test_mergers_are_followed_to_what_is_in_force_at_the_end():
    one, two, three = project("演示甲"), project("演示乙"), project("演示丙")
    merge(one, two, MARCH)
    merge(two, three, APRIL)
    renamed = replaced(three, MAY, name="演示丁")

    assert told(JANUARY, MARCH) == [("merged", "演示甲", "演示乙")]
    assert told(JANUARY, APRIL) == [("merged", "演示甲", "演示丙"), ("merged", "演示乙", "演示丙")]
    assert told(JANUARY, MAY) == [
        ("renamed", "演示丙", "演示丁"),
        ("merged", "演示甲", "演示丁"),
        ("merged", "演示乙", "演示丁"),
    ]
    leave(renamed, JUNE)
    assert told(JANUARY, JULY) == [("removed", title, None) for title in ("演示甲", "演示乙", "演示丙")]


def test_the_days_may_come_in_any_order_and_one_day_differs_from_itself_in_nothing():
    project("演示甲", on=MARCH)

    assert told(MAY, JANUARY) == told(JANUARY, MAY) == [("added", None, "演示甲")]
    assert told(MARCH, MARCH) == []


def test_a_promotion_is_an_adjustment_from_its_day_on():
    brand = entry("skill-brands", on=JANUARY)
    facts = {"level": "provincial", "document_number": DOCUMENT, "on": MARCH}
    catalogue.promote(brand, by=publisher(), **facts)

    found = differences.difference("skill-brands", "37", JANUARY, APRIL)

    assert [(c.verb, c.lines) for c in found.changes] == [("adjusted", (("级别", "市级", "省级"),))]
    assert told(MARCH, APRIL, kind="skill-brands") == []


def test_the_difference_of_a_city_tells_of_that_city_alone():
    project("演示甲", on=MARCH)
    project("演示乙", on=MARCH, place="3701")

    assert told(JANUARY, MAY, region="3701") == [("added", None, "演示乙")]


def test_the_number_of_queries_does_not_depend_on_the_number_of_changes(django_assert_num_queries):
    for count in (1, 3):
        for number in range(count):
            old = project(f"演示{count}甲{number}")
            replaced(old, MARCH, summary="演示数据。改过的简介。")
            merge(
                project(f"演示{count}乙{number}"),
                CatalogueEntry.objects.get(filing__amends=old.filing),
                MARCH,
            )
        with django_assert_num_queries(7):
            differences.difference(PROJECTS, "37", JANUARY, MARCH)
