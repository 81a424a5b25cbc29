"""What the notices set as targets for labour brands, their units and project training."""

from datetime import date, timedelta

from django.db.models import Count as Rows
from django.db.models import F, OuterRef, Q, Subquery, Sum

from portal import targets
from portal.models import Filing
from portal.targets import Asked, Count, Line
from portal.vocabulary import BrandLevel, Level, State
from portal.windows import start_of
from workforce.models.key_brands import KeyBrand
from workforce.models.labour import PLACED, TRAINED, AnnualPerformance, LabourBrand
from workforce.models.project_training import ProjectTrainingReturn, ProjectTrainingRow

BRANDS, UNITS, RETURNS = "labour-brands", "building-units", "project-training-returns"


@targets.counted("provincial-labour-brands", public=True)
def provincial_labour_brands(asked: Asked) -> Count:
    """Count the provincial labour brands in force (鲁就办〔2021〕22号 一)."""
    return targets.entries_counted(targets.in_force(BRANDS, asked.day, BrandLevel.PROVINCIAL))


@targets.counted("municipal-labour-brands", public=True)
def municipal_labour_brands(asked: Asked) -> Count:
    """Count the municipal labour brands in force; one that rose to the province is not among them."""
    return targets.entries_counted(targets.in_force(BRANDS, asked.day, BrandLevel.MUNICIPAL))


@targets.counted("labour-brand-workers", public=True)
def labour_brand_workers(asked: Asked) -> Count:
    """Add up the workers of all labour brands in force (鲁就办〔2021〕22号 一)."""
    workers = LabourBrand.objects.filter(pk=OuterRef("filing_id")).values("worker_count")
    brands = targets.in_force(BRANDS, asked.day).annotate(amount=Subquery(workers))
    return Count(targets.tally(brands, Sum("amount")), brands, amount="从业人员（人）")


def _key_years(day: date) -> list[int]:
    years = KeyBrand.objects.standing().filter(_by(day)).order_by().values_list("year", flat=True).distinct()
    return targets.newest_first(years, day.year)


def _by(day: date) -> Q:
    """Return the condition that a brand held its place by the end of a day."""
    return Q(at__lt=start_of(day + timedelta(days=1)))


@targets.counted("key-labour-brands", years=_key_years, public=True)
def key_labour_brands(asked: Asked) -> Count:
    """Count what each city has made its 建设重点 of a year (鲁就办〔2021〕22号 二（一）)."""
    named = KeyBrand.objects.standing().filter(_by(asked.day), year=asked.year).values("code")
    return targets.entries_counted(targets.in_force(BRANDS, asked.day).filter(code__in=named))


def _unit_years(day: date) -> list[int]:
    units = targets.in_force(UNITS, day).values("filing")
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
    units = targets.in_force(UNITS, asked.day).annotate(
        amount=Subquery(rows.annotate(figure=figure).values("figure")[:1])
    )
    enough = units.filter(amount__gte=asked.target.number)
    return Count(targets.tally(enough), units, of=targets.tally(units), amount=heading)


def standing_returns(day: date):
    """Return the returns of project training that stood on a day: approved, not yet replaced by an update."""
    decided = Q(state=State.APPROVED, decided_at__lt=start_of(day + timedelta(days=1)))
    updates = Filing.objects.filter(decided, kind=RETURNS, amends__isnull=False)
    return ProjectTrainingReturn.objects.filter(decided).exclude(pk__in=updates.values("amends"))


def _return_years(day: date) -> list[int]:
    years = standing_returns(day).order_by().values_list("year", flat=True).distinct()
    return targets.newest_first(years, day.year)


@targets.counted("county-trainings", years=_return_years)
def county_trainings(asked: Asked) -> Count:
    """Count the counties that held a class of training by the due day (鲁人社字〔2021〕32号 二（三）).

    The rows of the counties' own returns and of their city's merged one are looked at together: a county
    counts once, whoever reported it, and so does a class.
    """
    returns = standing_returns(asked.day).filter(year=asked.year)
    held = _held(asked).filter(training_return__in=returns)
    lines = [*_counties(asked, held), *_city_runs(held)]
    counties = [line for line in lines if not line.is_apart]
    return Count(
        _per_city(line for line in counties if line.is_reached),
        returns.filter(pk__in=held.values("training_return")),
        of=_per_city(counties),
        lines=lines,
    )


def _held(asked: Asked):
    """Return the trainings that had really begun by the due day, or by the day asked for before it."""
    due = asked.target.due_on
    last = min(asked.day, targets.due_in(due, asked.year)) if due else asked.day
    begun = Q(is_planned=False, held_from__lte=last)
    return ProjectTrainingRow.objects.filter(begun, held_to__gte=date(asked.year, 1, 1))


def _counties(asked: Asked, held) -> list[Line]:
    """Return every county and zone with the number of its classes; zones stand apart of the 136."""
    numbers = dict(_classes(held, "organizer_region"))
    return [
        Line(
            region.code,
            region.name,
            number := numbers.get(region.code, 0),
            is_reached=number >= asked.target.number,
            is_apart=region.level == Level.ZONE,
        )
        for region in targets.regions_on(asked.day, Level.COUNTY, Level.ZONE)
    ]


def _city_runs(held) -> list[Line]:
    """Return the trainings that cities ran themselves (市直, 附件2注1): they cover no county."""
    runs = _classes(held.filter(organizer_region=None), "training_return__region")
    return [Line(city, "市直", number, is_reached=True, is_apart=True) for city, number in runs]


def _classes(held, place: str):
    return held.order_by().values_list(place).annotate(n=Rows("project_name", distinct=True))


def _per_city(lines) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for line in lines:
        numbers[line.place[:4]] = numbers.get(line.place[:4], 0) + 1
    return numbers
