"""The counts under the dashboards are what a chronicle in plain Python says, at any instant."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from portal import rollups, tallies
from portal.tallies import MICROSECOND, Sight
from tests import chronicles, clocking, enacting
from tests.chronicles import BEGIN, END, SHANGHAI

pytestmark = pytest.mark.django_db
CUTOFFS = [BEGIN + (END - BEGIN) * part / 4 + timedelta(microseconds=part) for part in (1, 2, 3, 4)]
WEIFANG = "3707"
IN_REVIEW = ("city_review", "province_review")


@pytest.fixture(scope="module")
def lives(for_the_module):
    """The lives of a chronicle that was enacted, by the number of their filing."""
    written = chronicles.written(700, *enacting.places())
    clocking.with_recalls(written, random.Random("recalls"))
    filings = enacting.enact(written)
    return {filings[life.number].pk: life for life in written.lives}


def is_seen(life, sight: Sight) -> bool:
    where = life.place == sight.region if sight.is_own else life.place.startswith(sight.region)
    return where and sight.kind in ("", life.kind)


def sights(cutoff) -> list[Sight]:
    return [
        Sight(cutoff),
        Sight(cutoff, kind="skill-brands"),
        Sight(cutoff, WEIFANG),
        Sight(cutoff, WEIFANG, "building-units"),
        Sight(cutoff, WEIFANG, is_own=True),
    ]


def sent(lives: dict, sight: Sight) -> dict:
    """Return what had been submitted by then, with its state."""
    seen = {pk: n for pk, n in lives.items() if is_seen(n, sight) and n.text_at(sight.cutoff)}
    return {pk: life.state_at(sight.cutoff) for pk, life in seen.items()}


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_filings_are_counted_by_type_region_and_the_state_they_had(lives, cutoff):
    for sight in sights(cutoff):
        states = sent(lives, sight)
        assert tallies.by_state(sight) == Counter(
            (lives[pk].kind, lives[pk].place, state) for pk, state in states.items()
        )


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_a_number_is_the_length_of_the_list_behind_it(lives, cutoff):
    for sight in sights(cutoff):
        states = sent(lives, sight)
        for state in set(states.values()):
            found = set(tallies.filings(sight, state).values_list("pk", flat=True))
            assert found == {pk for pk, held in states.items() if held == state}
        assert set(tallies.filings(sight).values_list("pk", flat=True)) == set(states)


def month_of(at) -> date:
    return at.astimezone(SHANGHAI).date().replace(day=1)


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_acts_are_counted_by_month_of_the_last_twelve(lives, cutoff):
    first, last = tallies.months(cutoff)[0], tallies.months(cutoff)[-1]
    for sight in sights(cutoff):
        done = Counter(
            (month_of(deed.at), deed.verb)
            for life in lives.values()
            if is_seen(life, sight)
            for deed in life.deeds
            if deed.verb in tallies.ACTS and deed.at <= cutoff and first <= month_of(deed.at)
        )
        assert tallies.trend(sight) == done
        assert tallies.acts(sight, "submit", last).count() == done[last, "submit"]
        assert tallies.acts(sight, "approve").count() == sum(
            number for (_, act), number in done.items() if act == "approve"
        )


def waits(life, cutoff) -> timedelta:
    """Return how long a filing in review had been where it was."""
    moves = [deed.at for deed in life.deeds if deed.at <= cutoff and deed.source != deed.target]
    return cutoff - moves[-1]


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_the_queue_is_what_waited_and_for_how_long(lives, cutoff):
    for sight in sights(cutoff):
        held = {pk: s for pk, s in sent(lives, sight).items() if s in IN_REVIEW}
        times = {pk: waits(lives[pk], cutoff) for pk in held}
        found = tallies.queue(sight)
        cells = {pk: (held[pk], tallies.band_of(times[pk] // MICROSECOND)) for pk in held}
        assert found.bands == Counter(cells.values())
        assert found.oldest == (cutoff - max(times.values()) if times else None)
        if times:
            ordered = sorted(times.values())
            inner = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
            assert cutoff - found.middle == inner[-1] - (inner[-1] - inner[0]) / 2
        for desk, band in found.bands:
            listed = set(tallies.waiting(sight, desk, band).values_list("pk", flat=True))
            assert listed == {pk for pk in held if cells[pk] == (desk, band)}


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_handling_lasts_as_long_as_the_desks_had_it_until_a_decision_that_stands(lives, cutoff):
    for sight in sights(cutoff):
        times: dict[str, list[int]] = {}
        for life in (life for life in lives.values() if is_seen(life, sight)):
            road = clocking.road(life, cutoff)
            if road.decided and cutoff - tallies.RECENT < road.decided.at:
                times.setdefault(life.kind, []).append(road.at_desks // MICROSECOND)
        assert tallies.handling(sight) == {kind: sorted(found) for kind, found in times.items()}
        everything = [time for found in times.values() for time in found]
        bands = Counter(map(tallies.band_of, everything))
        assert tallies.by_band(sorted(everything)) == [bands[n] for n in range(6)]
        assert {n: tallies.handled(sight, n).count() for n in range(6)} == {n: bands[n] for n in range(6)}
        assert tallies.handled(sight).count() == len(everything)


def test_without_later_acts_the_counts_are_those_of_the_reports(lives):
    now = timezone.now()
    sight = Sight(now)
    assert not sight.is_past

    grouped = rollups.submitted_at(now, "37").order_by().values("kind", "region_id", "state_then")
    rows = grouped.annotate(n=Count("pk")).values_list("kind", "region_id", "state_then", "n")
    assert tallies.by_state(sight) == Counter({(k, r, s): n for k, r, s, n in rows})
    assert tallies.queue(sight).total == sum(
        n for (_, _, state), n in tallies.by_state(sight).items() if state in IN_REVIEW
    )


def test_a_trend_reads_twelve_months_by_the_index_on_time(lives):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # a small table is read through otherwise

    plan = tallies.acts(Sight(timezone.now()), "submit").explain()

    assert "event_by_time" in plan


def test_a_mean_does_not_run_after_the_few_that_took_for_ever():
    days = [timedelta(days=n) // MICROSECOND for n in (*range(1, 20), 1000)]

    assert tallies.winsorised(days) == timedelta(days=(sum(range(1, 20)) + 19) / 20)
    assert tallies.percentile(days, tallies.USUAL) == days[17]
    assert tallies.winsorised(days[:1]) == timedelta(days=1) == days[0] * MICROSECOND


def test_the_twelve_months_end_with_that_of_the_instant_as_the_clock_of_shanghai_has_it():
    at = datetime(2024, 2, 29, 15, 30, tzinfo=UTC)

    found = tallies.months(at)

    assert (found[0], found[-1], len(found)) == (date(2023, 3, 1), date(2024, 2, 1), 12)
