"""The counts of the catalogues over random changes: every number is that of a plain count, at every step."""

from collections import Counter

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from portal import counting
from portal.models import CatalogueEntry
from portal.vocabulary import BrandLevel, ExitReason
from tests import copies, factories

KIND, NUMBER = "skill-brands", 12
REGIONS = ["37", "3701", "370102", "3707", "370705", "3707Z01"]
FACETS = ["", "direction=food", "direction=handicraft"]
TODAY = timezone.localdate


def plain(standing: str) -> Counter:
    """Return region, level, facets → number of entries, counted one by one."""
    entries = CatalogueEntry.objects.filter(kind=KIND)
    here = (e for e in entries if (not e.valid_to if standing == counting.OPEN else e.exit_reason))
    return Counter((e.region_id, e.level, e.facets) for e in here)


def inside(region: str, place: str) -> bool:
    return region == place if place == "37" else region.startswith(place)


def counted(standing: str, place: str) -> Counter:
    """Return what ``counting.cells`` has to say, from a plain count."""
    found: Counter = Counter()
    for (region, level, facets), number in plain(standing).items():
        if inside(region, place):
            found[level, facets] += number
    return found


@pytest.fixture(scope="module")
def entries(for_the_module):
    """Give some entries of one kind, with choices as they are only here."""
    made = copies.many_entries(NUMBER, KIND)
    counting.fold()
    return [entry.pk for entry in made]


def ended(reason: str) -> dict:
    exits = {"exit_reason": reason, "exit_document_number": factories.DOCUMENT if reason else ""}
    return {"valid_to": TODAY(), "ended_at": timezone.now(), **exits}


CHANGES = some.one_of(
    some.sampled_from(REGIONS).map(lambda code: {"region_id": code}),
    some.sampled_from(FACETS).map(lambda facets: {"facets": facets}),
    some.sampled_from(BrandLevel.values).map(lambda level: {"level": level}),
    some.sampled_from(["", ExitReason.VOLUNTARY]).map(ended),
    some.just({"title": "演示改名"}),
    some.just("delete"),
    some.just("fold"),
    some.just("rebuild"),
)


def change(pk: int, what) -> None:
    if what == "fold":
        counting.fold()
    elif what == "rebuild":
        counting.rebuild()
    elif what == "delete":
        CatalogueEntry.objects.filter(pk=pk).delete()
    else:
        CatalogueEntry.objects.filter(pk=pk).update(**what)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=some.lists(some.tuples(some.integers(0, NUMBER - 1), CHANGES), max_size=12))
def test_after_any_changes_every_number_is_that_of_a_plain_count(entries, acts):
    with transaction.atomic():
        for place, what in acts:
            change(entries[place], what)

        for standing in (counting.OPEN, counting.EXITED):
            numbers = {place: counting.cells(KIND, standing, place) for place in ("", *REGIONS)}
            assert numbers == {place: counted(standing, place) for place in numbers}
            cities, food = Counter(), Counter()
            for (region, _, facets), number in plain(standing).items():
                cities[region[:4]] += number
                if region.startswith("3707") and facets == FACETS[1]:
                    food[region] += number
            assert counting.places(KIND, standing) == cities
            fits = [cell for cell in numbers[""] if cell[1] == FACETS[1]]
            assert _below(counting.places(KIND, standing, "3707", fits)) == _below(food)
        assert _counts(counting.faults()) == []
        transaction.set_rollback(True)


def _below(numbers: Counter) -> dict[str, int]:
    """Leave the city itself out, which is no county of its own."""
    return {code: number for code, number in numbers.items() if code != "3707"}


def _counts(faults: list[str]) -> list[str]:
    """Leave out that the facets written here are not those of the records."""
    return [line for line in faults if "筛选项与填报不符" not in line]
