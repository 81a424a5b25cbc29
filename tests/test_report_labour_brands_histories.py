"""R4 over random histories: what the database sums is what a plain loop over entries and forms comes to."""

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from portal import catalogue, reports
from portal.models import CatalogueEntry, Filing
from portal.reports import Asked
from portal.vocabulary import BrandLevel
from tests.copies import multiply_entry
from tests.factories import DOCUMENT, WEIFANG, entry, publisher, reviewer
from tests.public import leave
from tests.rolling import asked, numbers, tables
from workforce import key_brands
from workforce.models import AnnualPerformance, BuildingUnit, LabourBrand
from workforce.models.labour import BRAND_TYPES, UNIT_TYPES

pytestmark = pytest.mark.django_db
SLUG, JINAN, MANY, LEAST = "labour-brands", "3701", 8, 500
FIGURES = ("trained_count", "self_used_count", "exported_count")


@pytest.mark.parametrize("seed", [1, 2])
def test_the_sums_are_those_of_a_loop(seed):
    at = happened(random.Random(seed))

    for cutoff in (at, timezone.now()):
        for year in ("2023", "2024"):
            question = asked(SLUG, cutoff, year=year)

            assert summed(question) == looped(question)
            assert len(tables(question)["劳务品牌名单"]) == looped(question)["brands", ""]


def happened(chance: random.Random) -> datetime:
    """Publish units and brands of any kind and return an instant; then some leave, rise or are handed in."""
    entries = [
        one
        for place in (WEIFANG, JINAN)
        for slug in ("building-units", "labour-brands")
        for one in multiplied(entry(slug, place=place))
    ]
    say_anything(chance)
    brands = [one for one in entries if one.kind == SLUG]
    key_brands.designate(brands[0], year=2024, by=reviewer())
    at = timezone.now()
    say_anything(chance, of_kinds=False)
    leave(chance.choice(entries[1:]))
    catalogue.promote(
        brands[0],
        by=publisher(),
        level=BrandLevel.PROVINCIAL,
        document_number=DOCUMENT,
        on=brands[0].valid_from,
    )
    later = [one.filing_id for one in chance.sample(entries, 9)]
    Filing.objects.filter(pk__in=later).update(submitted_at=at + timedelta(microseconds=1))
    return at


def multiplied(first: CatalogueEntry) -> list[CatalogueEntry]:
    return [first, *multiply_entry(first, MANY - 1)]


def say_anything(chance: random.Random, *, of_kinds: bool = True) -> None:
    """Let forms say anything, and some nothing of a year."""
    for unit in BuildingUnit.objects.order_by("pk"):
        if of_kinds:
            unit.unit_type = chance.choice(UNIT_TYPES)[0]
            BuildingUnit.objects.filter(pk=unit.pk).update(unit_type=unit.unit_type)
            years = [AnnualPerformance(unit=unit, year=year, **figures(chance)) for year in (2022, 2023)]
            AnnualPerformance.objects.bulk_create(chance.sample(years, chance.randint(0, 2)))
        AnnualPerformance.objects.filter(unit=unit, year=2024).update(**figures(chance))
    for brand in LabourBrand.objects.order_by("pk"):
        said = {"brand_type": chance.choice(BRAND_TYPES)[0], "worker_count": chance.choice([None, 0, 7, 900])}
        LabourBrand.objects.filter(pk=brand.pk).update(**said)


def figures(chance: random.Random) -> dict[str, int]:
    return {name: chance.choice([0, 200, 300, LEAST - 1, LEAST, 900]) for name in FIGURES}


def summed(question: Asked) -> Counter:
    """Return (column, city) → each number of the report that is not nought; the city is empty for all."""
    found = (number for number in numbers(reports.content(question)) if number.cell)
    return Counter({(one.cell["column"], one.cell.get("city", "")): one.value for one in found})


def looped(question: Asked) -> Counter:
    """Return the same by a loop over all entries, their forms and versions."""
    found: Counter = Counter()
    for one in CatalogueEntry.objects.in_force(question.day, known=question.cutoff):
        added = said_by(one, question)
        for column, amount in added.items():
            found.update({(column, one.region_id[:4]): int(amount), (column, ""): int(amount)})
    return +found


def said_by(one: CatalogueEntry, question: Asked) -> dict[str, int]:
    filing, year = one.filing.record, int(question.filters["year"])
    is_live = filing.submitted_at <= question.cutoff
    snapshot = filing.versions.filter(submitted_at__lte=question.cutoff).last().snapshot
    if one.kind == SLUG:
        workers = filing.worker_count if is_live else snapshot["values"]["worker_count"]
        risen = one.promotions.filter(at__gt=question.cutoff).first()
        held = KEY.objects.held_at(question.cutoff).filter(code=one.code, year=year).exists()
        return {risen.former if risen else one.level: 1, "brands": 1, "workers": workers or 0, "key": held}
    rows = list(filing.annual_performances.values()) if is_live else snapshot["rows"]["annual_performances"]
    kind = filing.unit_type if is_live else snapshot["values"]["unit_type"]
    return {kind: 1, "units": 1} | yearly(next((row for row in rows if row["year"] == year), None))


KEY = key_brands.KeyBrand


def yearly(row: dict | None) -> dict[str, int]:
    if row is None:
        return {}
    trained, used, sent = (row[name] for name in FIGURES)
    enough = trained >= LEAST, used + sent >= LEAST
    counted = {"reported": 1, "trained": trained, "self-used": used, "exported": sent, "placed": used + sent}
    return counted | {"trained-enough": enough[0], "placed-enough": enough[1], "enough": all(enough)}
