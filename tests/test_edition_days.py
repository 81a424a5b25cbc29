"""A published edition fixes its day: nothing dated then, or before, happens to its catalogue any more."""

from datetime import date, timedelta

import pytest

from portal import catalogue, editions
from portal.models import CatalogueEntry, Edition
from portal.vocabulary import BrandLevel, ExitReason
from portal.workflow import Refused
from tests import editing
from tests.factories import DOCUMENT, approved, entry, publisher
from tests.races import race

pytestmark = pytest.mark.django_db
MAY, DAY, AFTER = date(2024, 5, 1), date(2024, 6, 1), date(2024, 6, 2)
FIXED = "“演示新版”以 2024-06-01 为准，已经定版；日期要晚于这一天。"
ROUNDS = 12


def fix(kind: str = "exam-projects") -> Edition:
    """Publish an edition of 1 June with one new project."""
    edition = editing.prepared(kind, on=DAY)
    editing.added(edition, "演示定版项目")
    return editing.out(edition)


def test_nothing_is_published_merged_or_taken_out_on_the_day_of_an_edition_or_before():
    stays, other = entry("exam-projects", on=MAY), entry("exam-projects", on=MAY)
    waiting = approved("exam-projects")
    fix()
    facts = {"by": publisher(), "document_number": DOCUMENT, "on": DAY}

    said = []
    for act in (
        lambda: catalogue.publish(waiting, **facts),
        lambda: catalogue.exit(stays, reason=ExitReason.ADJUSTED, **facts),
        lambda: catalogue.merge(stays, other, **facts),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        said.append(str(refusal.value))

    assert said == [FIXED] * 3
    assert catalogue.publish(waiting, **{**facts, "on": AFTER}).valid_from == AFTER


def test_an_edition_fixes_its_own_catalogue_alone():
    brand = entry("labour-brands", on=MAY)
    fix()

    promotion = catalogue.promote(
        brand, by=publisher(), level=BrandLevel.PROVINCIAL, document_number=DOCUMENT, on=DAY
    )

    assert promotion.on == DAY


def test_no_edition_and_no_act_is_dated_before_the_year_2000_for_which_there_are_no_addresses():
    stays, waiting, last = entry("exam-projects", on=MAY), approved("exam-projects"), date(1999, 12, 31)
    facts = {"by": publisher(), "document_number": DOCUMENT}

    said = []
    for act in (
        lambda: editing.prepared(on=last),
        lambda: catalogue.publish(waiting, on=last, **facts),
        lambda: catalogue.exit(stays, reason=ExitReason.VOLUNTARY, on=date.min, **facts),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        said.append(str(refusal.value))

    assert said == ["日期不能早于 2000-01-01，请核对年份。"] * 3
    assert catalogue.publish(waiting, on=date(2000, 1, 1), **facts).valid_from == date(2000, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_what_is_published_while_an_edition_is_comes_before_it_or_not_on_its_day():
    by, late = publisher(), []
    for number in range(ROUNDS):
        day = DAY + timedelta(days=number)
        edition = editing.prepared(on=day, name=f"演示第{number}版")
        editing.added(edition, f"演示定版项目{number}")
        ready, waiting = editing.ready(edition), approved("exam-projects", name=f"演示单独项目{number}")
        race(
            [ready],
            lambda one: editions.publish(one, by=by),
            lambda one, alone=waiting: catalogue.publish(alone, by=by, document_number=DOCUMENT, on=one.on),
        )
        published = Edition.objects.get(pk=ready.pk).published_at
        alone = CatalogueEntry.objects.filter(filing_id=waiting.pk, valid_from=day)
        late += alone.filter(published_at__gt=published)

    assert late == []
    assert Edition.objects.published().count() == ROUNDS
