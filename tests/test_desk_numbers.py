"""The numbers of the desks: a hand-made road for each rule of the clock."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from portal import clock, desk_numbers, tallies
from portal.desk_numbers import AWAY, CITY, DESKS, GROSS, PROVINCE, PUBLICATION, WHOLE, Asked
from portal.models import Filing, Region
from tests import chronicles, enacting
from tests.chronicles import APPROVED, DRAFT, REJECTED, RETURNED, SHANGHAI, Chronicle, Deed, Life

pytestmark = pytest.mark.django_db
AT_CITY, AT_PROVINCE = "city_review", "province_review"
START = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
DAY = timedelta(days=1)
WEIFANG, JINING, TAIAN, WEIHAI, RIZHAO = "3707", "3708", "3709", "3710", "3711"


def asked(region: str = "37", first: date = date(2000, 1, 1), last: date = date(2100, 1, 1), kind: str = ""):
    place = Region.objects.get(pk=region)
    return Asked(place, timezone.now(), "", kind, (region,), first=first, last=last)


# The road of one filing as (act, days after the start, state after it); it begins as a draft.
SUBMIT, ENDORSE = ("submit", 0, AT_CITY), ("endorse", 2, AT_PROVINCE)
ROADS = {
    "straight": (
        [SUBMIT, ENDORSE, ("approve", 5, APPROVED), ("publish", 9, APPROVED)],
        {CITY: 2, PROVINCE: 3, PUBLICATION: 4, WHOLE: 9, DESKS: 5, GROSS: 5, AWAY: 0},
        0,
    ),
    "not published yet": (
        [SUBMIT, ENDORSE, ("approve", 5, APPROVED)],
        {CITY: 2, PROVINCE: 3, DESKS: 5, GROSS: 5, AWAY: 0},
        0,
    ),
    "rejected": (
        [SUBMIT, ENDORSE, ("reject", 5, REJECTED)],
        {CITY: 2, PROVINCE: 3, WHOLE: 5, DESKS: 5, GROSS: 5, AWAY: 0},
        0,
    ),
    "returned by the province": (
        [
            SUBMIT,
            ENDORSE,
            ("return", 3, RETURNED),
            ("submit", 10, AT_CITY),
            ("endorse", 11, AT_PROVINCE),
            ("approve", 13, APPROVED),
            ("publish", 13.5, APPROVED),
        ],
        {CITY: 3, PROVINCE: 3, PUBLICATION: 0.5, WHOLE: 6.5, DESKS: 6, GROSS: 13, AWAY: 7},
        1,
    ),
    "a return taken back": (
        [
            SUBMIT,
            ("return", 1, RETURNED),
            ("recall", 4, AT_CITY),
            ("endorse", 6, AT_PROVINCE),
            ("approve", 7, APPROVED),
        ],
        {CITY: 6, PROVINCE: 1, DESKS: 7, GROSS: 7, AWAY: 0},
        0,
    ),
    "taken back, then returned after all": (
        [
            SUBMIT,
            ("return", 1, RETURNED),
            ("recall", 2, AT_CITY),
            ("return", 3, RETURNED),
            ("submit", 8, AT_CITY),
            ("endorse", 9, AT_PROVINCE),
            ("reject", 10, REJECTED),
        ],
        {CITY: 4, PROVINCE: 1, WHOLE: 5, DESKS: 5, GROSS: 10, AWAY: 5},
        1,
    ),
    "an endorsement taken back": (
        [SUBMIT, ENDORSE, ("recall", 5, AT_CITY), ("endorse", 6, AT_PROVINCE), ("approve", 7, APPROVED)],
        {CITY: 3, PROVINCE: 4, DESKS: 7, GROSS: 7, AWAY: 0},
        0,
    ),
    "withdrawn, cancelled, taken up again": (
        [
            SUBMIT,
            ("withdraw", 1, DRAFT),
            ("cancel", 2, "cancelled"),
            ("reopen", 3, DRAFT),
            ("submit", 5, AT_CITY),
            ("endorse", 6, AT_PROVINCE),
            ("approve", 7, APPROVED),
        ],
        {CITY: 2, PROVINCE: 1, DESKS: 3, GROSS: 7, AWAY: 4},
        0,
    ),
    "accepted, handed on, released": (
        [
            SUBMIT,
            ("accept", 0.5, AT_CITY),
            ("assign", 1, AT_CITY),
            ("release", 1.5, AT_CITY),
            ENDORSE,
            ("accept", 3, AT_PROVINCE),
            ("approve", 5, APPROVED),
        ],
        {CITY: 2, PROVINCE: 3, DESKS: 5, GROSS: 5, AWAY: 0},
        0,
    ),
    "decided, reopened, decided again": (
        [
            SUBMIT,
            ENDORSE,
            ("reject", 4, REJECTED),
            ("reopen", 24, AT_PROVINCE),
            ("approve", 25, APPROVED),
            ("publish", 26, APPROVED),
        ],
        {CITY: 2, PROVINCE: 3, PUBLICATION: 1, WHOLE: 6, DESKS: 5, GROSS: 25, AWAY: 0},
        0,
    ),
}


def life(number: int, acts, *, kind: str = "exam-projects", place: str = WEIFANG, start=START) -> Life:
    """Return the life of a filing that was done with just so."""
    made = Life(number, kind, place, start - DAY, start.year, None)
    state, version = DRAFT, 1
    dice = random.Random(number)
    for verb, after, target in acts:
        at = start + after * DAY
        if verb == "submit":
            values, rows = chronicles.facts_of(kind, start.year, place, dice)
            text = chronicles.Text(version, at, is_late=False, name=f"演示{number}", values=values, rows=rows)
            made.texts.append(text)
        desk = "37" if AT_PROVINCE in (state, target) and verb not in ("endorse",) else place[:4]
        role = "approver" if verb in ("approve", "reject") else "reviewer"
        role = "filer" if verb in ("submit", "withdraw", "cancel") else role
        role, desk = ("publisher", "37") if verb == "publish" else (role, desk)
        made.deeds.append(Deed(verb, at, state, target, version, role, desk if role != "filer" else place))
        version += verb in ("return", "withdraw")
        state = target
    if made.deeds[-1].verb == "publish":
        day = made.deeds[-1].at.date()
        made.span = chronicles.Span(day, made.deeds[-1].at, "")
    return made


REOPENED = [SUBMIT, ENDORSE, ("approve", 5, APPROVED), ("reopen", 6, AT_PROVINCE)]
WAITING = {
    "returned and sent again": ([SUBMIT, ("return", 3, RETURNED), ("submit", 10, AT_CITY)], 5.0),
    "sent on": ([SUBMIT, ("endorse", 6, AT_PROVINCE)], 6.0),
    "returned and thought better of": (
        [SUBMIT, ("return", 1, RETURNED), ("recall", 2, AT_CITY), ("accept", 3, AT_CITY)],
        12.0,
    ),
    "sent on and taken back": ([SUBMIT, ("endorse", 6, AT_PROVINCE), ("recall", 8, AT_CITY)], 10.0),
}
NOW = timezone.now()
MIDNIGHT = datetime(2026, 3, 7, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def made(for_the_module) -> dict[str, int]:
    """Every road under its name, as the number of its filing; enacted together."""
    lives = {name: life(n, acts) for n, (name, (acts, *_)) in enumerate(ROADS.items(), 1)}
    for name, (acts, _) in WAITING.items():
        lives[name] = life(len(lives) + 1, acts, place=JINING, start=NOW - 12 * DAY)
    at_once = [SUBMIT, ("approve", 3, APPROVED)]
    lives["a return"] = life(90, at_once, kind="project-training-returns", place=TAIAN)
    lives["reopened"] = life(91, REOPENED, place=WEIHAI)
    lives["at midnight"] = life(92, ROADS["not published yet"][0], place=RIZHAO, start=MIDNIGHT - 5 * DAY)
    cities, counties = enacting.places()
    filings = enacting.enact(Chronicle(cities, counties, [], list(lives.values())))
    return {name: filings[one.number].pk for name, one in lives.items()}


@pytest.mark.parametrize("name", ROADS)
def test_the_clock_runs_at_the_desks_and_stands_with_the_filer(made, name):
    _, expected, returns = ROADS[name]

    road = desk_numbers.roads(desk_numbers.decisions(asked(WEIFANG)))[made[name]]

    assert road.pop(desk_numbers.RETURNED) == returns
    assert {measure: micros * tallies.MICROSECOND / DAY for measure, micros in road.items()} == expected


def test_what_is_never_published_is_done_with_once_it_is_approved(made):
    (road,) = desk_numbers.roads(desk_numbers.decisions(asked(TAIAN))).values()

    assert desk_numbers.days(road[WHOLE]) == 3.0


def test_a_decision_that_was_taken_back_is_none(made):
    assert desk_numbers.decisions(asked(WEIHAI)).count() == 0
    assert desk_numbers.pending(asked(WEIHAI).sight).count() == 1


@pytest.mark.parametrize(
    ("first", "last", "number"),
    [("2026-03-07", "2026-03-07", 1), ("2026-03-08", "2026-03-31", 0), ("2026-03-01", "2026-03-06", 0)],
)
def test_both_ends_of_the_period_count_as_the_clock_of_shanghai_has_them(made, first, last, number):
    wish = asked(RIZHAO, first=date.fromisoformat(first), last=date.fromisoformat(last))

    assert desk_numbers.decisions(wish).count() == number


@pytest.mark.parametrize("name", WAITING)
def test_what_waits_is_as_old_as_its_time_at_this_desk_in_all_rounds(made, name):
    sight = replace(asked(JINING), cutoff=NOW).sight

    found = desk_numbers.pending(sight).get(pk=made[name])

    assert desk_numbers.days(found.lain) == WAITING[name][1]


def test_days_have_one_decimal_and_halves_go_up():
    tenth = desk_numbers.TENTH

    assert [desk_numbers.days(n) for n in (0, tenth // 2 - 1, tenth // 2, 10 * tenth, 25 * tenth)] == [
        0.0,
        0.0,
        0.1,
        1.0,
        2.5,
    ]


@pytest.mark.parametrize("micro", [0, 1, 499_999, 999_500, 999_999])
def test_instants_are_exact_to_the_microsecond_on_both_databases(made, micro):
    at, one = START.replace(microsecond=micro), Filing.objects.filter(pk=made["straight"])
    one.update(updated_at=at)

    assert one.values_list(clock.Micros("updated_at"), flat=True).get() == clock.micros(at)
