"""What the notices set as targets for labour brands and the units that build them."""

from datetime import date, datetime, timedelta

from django.db.models import F, OuterRef, Subquery, Sum

from portal import targets
from portal.targets import Asked, Count
from portal.vocabulary import BrandLevel
from portal.windows import start_of
from workforce.models.key_brands import KeyBrand
from workforce.models.labour import PLACED, TRAINED, AnnualPerformance, LabourBrand

BRANDS, UNITS = "labour-brands", "building-units"


@targets.counted("provincial-labour-brands", public=True)
def provincial_labour_brands(asked: Asked) -> Count:
    """Count the provincial labour brands in force (鲁就办〔2021〕22号 一)."""
    return targets.entries_counted(asked, BRANDS, BrandLevel.PROVINCIAL)


@targets.counted("municipal-labour-brands", public=True)
def municipal_labour_brands(asked: Asked) -> Count:
    """Count the municipal labour brands in force; one that rose to the province is not among them."""
    return targets.entries_counted(asked, BRANDS, BrandLevel.MUNICIPAL)


@targets.counted("labour-brand-workers", public=True)
def labour_brand_workers(asked: Asked) -> Count:
    """Add up the workers of all labour brands in force (鲁就办〔2021〕22号 一)."""
    workers = LabourBrand.objects.filter(pk=OuterRef("filing_id")).values("worker_count")
    brands = targets.in_force(BRANDS, asked.day, at=asked.at).annotate(amount=Subquery(workers))
    return Count(targets.tally(brands, Sum("amount")), brands, amount="从业人员（人）")


def _key_years(day: date, at: datetime | None = None) -> list[int]:
    years = _held_places(day, at).order_by().values_list("year", flat=True).distinct()
    return targets.newest_first(years, day.year)


def _held_places(day: date, at: datetime | None):
    """Return the places held at an instant; without one, those held now since the end of a day."""
    if at:
        return KeyBrand.objects.held_at(at)
    return KeyBrand.objects.standing().filter(at__lt=_end(day))


def _end(day: date) -> datetime:
    return start_of(day + timedelta(days=1))


@targets.counted("key-labour-brands", years=_key_years, public=True)
def key_labour_brands(asked: Asked) -> Count:
    """Count what each city has made its 建设重点 of a year (鲁就办〔2021〕22号 二（一）)."""
    named = _held_places(asked.day, asked.at).filter(year=asked.year).values("code")
    brands = targets.in_force(BRANDS, asked.day, at=asked.at).filter(code__in=named)
    return Count(targets.tally(brands), brands)


def _unit_years(day: date, at: datetime | None = None) -> list[int]:
    units = targets.in_force(UNITS, day, at=at).values("filing")
    years = AnnualPerformance.objects.filter(unit__in=units).order_by().values_list("year", flat=True)
    return targets.newest_first(years.distinct(), day.year - 1)  # a year is whole once it has ended


@targets.counted(TRAINED, years=_unit_years)
def unit_trained(asked: Asked) -> Count:
    """Count the units that trained enough in a year (鲁就办〔2021〕22号 二（二）)."""
    return _units(asked, F("trained_count"), "培训（人）")


@targets.counted(PLACED, years=_unit_years)
def unit_placed(asked: Asked) -> Count:
    """Count the units that used themselves or placed enough in a year (鲁就办〔2021〕22号 二（二）)."""
    return _units(asked, F("self_used_count") + F("exported_count"), "自用或输出（人）")


def _units(asked: Asked, figure, heading: str) -> Count:
    """Count the units in force by a figure of the year; one that reported none does not reach it."""
    rows = AnnualPerformance.objects.filter(unit=OuterRef("filing_id"), year=asked.year)
    units = targets.in_force(UNITS, asked.day, at=asked.at).annotate(
        amount=Subquery(rows.annotate(figure=figure).values("figure")[:1])
    )
    enough = units.filter(amount__gte=asked.target.number)
    return Count(targets.tally(enough), units, of=targets.tally(units), amount=heading, reached=enough)
