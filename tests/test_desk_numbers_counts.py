"""The numbers of the desks of a random history, against an independent count in plain Python."""

import math
import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from portal import desk_numbers, registry, tallies
from portal.dashboards import Place, line_of
from portal.desk_numbers import AWAY, CITY, DESKS, GROSS, PROVINCE, PUBLICATION, TOTAL, WHOLE, Asked
from portal.tallies import MICROSECOND
from tests import chronicles, clocking, enacting
from tests.chronicles import END, REJECTED, SHANGHAI, Life
from tests.test_desk_numbers import AT_CITY, AT_PROVINCE, DAY, WEIFANG, asked

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def lives(for_the_module):
    """The lives of a random history with returns that were taken back, by the number of their filing."""
    written = chronicles.written(900, *enacting.places(), seed="desks")
    clocking.with_recalls(written, random.Random("desks"))
    filings = enacting.enact(written)
    return {filings[one.number].pk: one for one in written.lives}


LAST = END.date()


def views() -> list[Asked]:
    year = {"first": date(2025, 1, 1), "last": date(2025, 12, 31)}
    return [
        asked(last=LAST),
        asked(**year),
        asked(kind="exam-projects", last=LAST),
        asked(WEIFANG, last=LAST),
        asked(WEIFANG, **year, kind="building-units"),
    ]


def is_in(one: Life, wish: Asked) -> bool:
    return one.place.startswith(wish.region.code) and wish.kind in ("", one.kind)


def decided(lives: dict, wish: Asked) -> dict:
    """Return filing → road of those decided in the period."""
    roads = {pk: clocking.road(one, END + 40 * DAY) for pk, one in lives.items() if is_in(one, wish)}
    return {
        pk: road
        for pk, road in roads.items()
        if road.decided and wish.first <= road.decided.at.astimezone(SHANGHAI).date() <= wish.last
    }


def measures(one: Life, road: clocking.Road) -> dict[str, timedelta]:
    """Return what a road took, counted by itself."""
    found = {DESKS: road.at_desks, GROSS: road.decided.at - road.sent, AWAY: road.stays["away"]}
    been = {deed.target for deed in one.deeds}
    found |= {CITY: road.stays[AT_CITY]} if AT_CITY in been else {}
    found |= {PROVINCE: road.stays[AT_PROVINCE]} if AT_PROVINCE in been else {}
    if road.published:
        found[PUBLICATION] = road.published - road.decided.at
    if road.published or road.state == REJECTED or not registry.get(one.kind).is_catalogued:
        found[WHOLE] = road.at_desks + found.get(PUBLICATION, timedelta())
    return found


def rank(times: list[timedelta], part: float) -> float:
    """Return the percentile by nearest rank, in days with one decimal."""
    return tenth(sorted(times)[max(math.ceil(len(times) * part), 1) - 1]) / 10


def tenth(time: timedelta) -> int:
    """Return a time in tenths of a day, halves up."""
    return math.floor(time / DAY * 10 + 0.5 + 1e-9)


@pytest.mark.parametrize("number", range(5))
def test_the_steps_take_what_a_count_of_its_own_says(lives, number):
    wish = views()[number]
    roads = decided(lives, wish)
    expected: dict[tuple, list] = {}
    for pk, road in roads.items():
        for line in (line_of(wish.region, lives[pk].place), TOTAL):
            for measure, time in measures(lives[pk], road).items():
                expected.setdefault((line, measure), []).append(time)

    found = desk_numbers.measured(wish)

    assert found.times == {row: Counter(map(tenth, times)) for row, times in expected.items()}
    for (line, measure), times in expected.items():
        assert found.part(line, measure, 50) == rank(times, 0.5)
        assert found.part(line, measure, 90) == rank(times, 0.9)
    assert found.returns[TOTAL] == Counter(road.returns for road in roads.values())


@pytest.mark.parametrize("number", range(5))
def test_behind_each_number_of_the_steps_are_just_its_filings(lives, number):
    wish = views()[number]
    roads = decided(lives, wish)
    for measure in (*desk_numbers.STEPS, DESKS):
        expected = {pk for pk, road in roads.items() if measure in measures(lives[pk], road)}
        found = desk_numbers.decided_filings(wish, wish.sight, measure)
        assert set(found.values_list("pk", flat=True)) == expected, measure
    sent_back = desk_numbers.decided_filings(wish, wish.sight, desk_numbers.RETURNED)
    assert set(sent_back.values_list("pk", flat=True)) == {pk for pk, road in roads.items() if road.returns}


@pytest.mark.parametrize("number", [0, 2, 3])
def test_what_waits_is_counted_by_age_and_holder(lives, number):
    wish = views()[number]
    roads = {pk: clocking.road(one, wish.cutoff) for pk, one in lives.items() if is_in(one, wish)}
    waits = {pk: road for pk, road in roads.items() if road.state in (AT_CITY, AT_PROVINCE)}
    expected: Counter = Counter()
    for pk, road in waits.items():
        band = tallies.band_of(road.stays[road.state] // MICROSECOND)
        lines = [(road.state, line_of(wish.region, lives[pk].place)), (road.state, TOTAL)]
        own = road.state == desk_numbers.own_desk(wish.region)
        lines += [(desk_numbers.HELD, None)] if own else []
        expected.update((line, band) for line in lines)

    assert waits and desk_numbers.queues(wish).counts == expected


def test_the_dashboard_and_the_desk_say_the_same_of_the_same_decisions(lives):
    cutoff = timezone.now()
    sight = tallies.Sight(cutoff)
    wish = replace(asked(), cutoff=cutoff)
    recent = tallies.decisions(sight)

    road = desk_numbers.roads(recent)

    lasted = tallies.handled(sight).values_list("filing_id", "lasted")
    assert {pk: times[DESKS] for pk, times in road.items()} == dict(lasted)
    assert len(road) == tallies.decisions(wish.sight).count() > 0


def test_the_lines_are_those_of_the_dashboard(lives):
    wish = asked()
    found = desk_numbers.places(wish, desk_numbers.queues(wish), desk_numbers.measured(wish))

    assert found[0] == Place("37", "省本级", is_own=True)
    assert len(found) == 17


def test_the_queries_do_not_grow_with_the_filings(lives, django_assert_num_queries):
    wish = asked()

    with django_assert_num_queries(1):
        desk_numbers.queues(wish)
    with django_assert_num_queries(1):
        desk_numbers.measured(wish)
