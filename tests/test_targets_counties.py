"""One class of project training per county by the end of September (鲁人社字〔2021〕32号 二（三）)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import drafts, gauges, merging, progress
from portal.models import Filing, PolicyTarget, Region
from portal.vocabulary import Level, State
from tests.factories import KUIWEN, WEIFANG, act, approver, draft, filer, filing, reviewer

pytestmark = pytest.mark.django_db
KIND, YEAR = "project-training-returns", "2024"
WEICHENG, ZONE = "370702", "3707Z01"


def row(**changes) -> dict:
    plain = {"project_name": "家政（演示）", "target_scope": "登记失业人员", "trainee_count": 20}
    return {**plain, "held_text": "2024年6月", "remark": "", **changes}


def returned(*rows: dict, place: str = KUIWEN, state: str = State.APPROVED, **changes) -> Filing:
    """Return a return of 2024 that walked to ``state``."""
    facts = {"year": 2024, "explanation": "演示说明", "training_rows": list(rows), **changes}
    return filing(KIND, state, place=place, **facts)


def coverage(day: date | None = None, year: str = YEAR, root: str = "37") -> progress.Progress:
    day = day or timezone.localdate()
    return progress.progress("county-trainings", day, year=year, public=False, root=root)


def covered(**asked) -> dict[str, int]:
    """Return county → number of its classes, of those that count; zones and 市直 are not among them."""
    lines = coverage(**asked).count.lines
    return {line.place: line.number for line in lines if line.number and not line.is_apart}


def apart() -> dict[tuple[str, str], int]:
    """Return (place, name) → number of classes of zones and of cities themselves."""
    lines = coverage().count.lines
    return {(line.place, line.name): line.number for line in lines if line.number and line.is_apart}


def test_the_denominator_is_the_136_counties():
    returned(row())

    found = coverage()

    assert (found.number, found.of, found.standing) == (1, 136, "short")
    assert found.count.by_city == {WEIFANG: 1}
    assert found.count.of[WEIFANG] == Region.objects.filter(parent=WEIFANG, level=Level.COUNTY).count()


def test_a_county_counts_by_its_own_return_and_by_the_row_of_its_citys():
    returned(row())
    returned(row(organizer_region=WEICHENG), place=WEIFANG)

    assert covered() == {WEICHENG: 1, KUIWEN: 1}


def test_a_county_row_that_the_city_merged_counts_once():
    returned(row(), row(project_name="电焊工（演示）"))
    city = draft(KIND, place=WEIFANG, year=2024, training_rows=[row(project_name="市直班（演示）")])
    city = merging.merge(city, by=filer(), revision=city.revision)
    for action, who in (("submit", filer()), ("endorse", reviewer()), ("approve", approver())):
        city = act(city, action, who)

    assert city.training_rows.count() == 3
    assert covered() == {KUIWEN: 2}
    assert coverage().number == 1


def test_what_the_city_ran_itself_and_what_zones_ran_stands_apart():
    returned(row(), place=WEIFANG)
    zone = Region.objects.filter(parent=WEIFANG, level=Level.ZONE).first()
    returned(row(), place=zone.pk)

    assert covered() == {}
    assert apart() == {(WEIFANG, "市直"): 1, (zone.pk, zone.name): 1}
    assert coverage().number == 0


@pytest.mark.parametrize(
    ("held_text", "counts"),
    [
        ("2024年9月30日", True),
        ("2024年9月", True),
        ("2024年9月20日-10月15日", True),
        ("2024年10月1日", False),
        ("2024年6月（计划）", False),
        ("2023年12月", False),
        ("2023年12月-2024年1月", True),
    ],
)
def test_a_training_counts_when_it_had_really_begun_by_the_end_of_september(held_text, counts):
    returned(row(held_text=held_text))

    assert covered() == ({KUIWEN: 1} if counts else {})


@pytest.mark.parametrize("state", [State.DRAFT, State.CITY_REVIEW, State.RETURNED, State.REJECTED])
def test_a_return_that_is_not_approved_covers_nothing(state):
    returned(row(), place="3701")
    returned(row(organizer_region=KUIWEN), row(), state=state, place=WEIFANG)

    assert (covered(), apart()) == ({}, {("3701", "市直"): 1})


def test_an_update_replaces_the_return_it_updates_and_nothing_counts_twice():
    first = returned(row())
    update = drafts.update(first, by=filer(KUIWEN))
    rows = {"training_rows": [row(), row(project_name="月嫂（演示）")]}
    drafts.save(update.record, by=filer(KUIWEN), revision=update.revision, values={}, rows=rows)

    before = covered()
    for action, who in (("submit", filer(KUIWEN)), ("approve", reviewer())):
        act(update, action, who)

    assert (before, covered()) == ({KUIWEN: 1}, {KUIWEN: 2})
    assert [found.pk for found in coverage().count.behind] == [update.pk]


def test_a_return_counts_from_the_day_it_was_approved():
    returned(row())
    today = timezone.localdate()

    assert covered(day=today) == {KUIWEN: 1}
    assert coverage(day=today - timedelta(days=1), year="").number == 0


def test_each_year_has_its_own_coverage():
    returned(row())
    returned(row(held_text="2023年6月"), place=WEICHENG, year=2023)

    assert (covered(year="2024"), covered(year="2023")) == ({KUIWEN: 1}, {WEICHENG: 1})
    assert coverage(year="").years == [2024, 2023]
    assert (coverage(year="2023").due_on, coverage(year="2024").due_on) == (
        date(2023, 9, 30),
        date(2024, 9, 30),
    )


def test_a_city_reads_its_own_counties_alone():
    returned(row())
    returned(row(), place="370102")

    found = coverage(root=WEIFANG)

    assert (found.number, [place.code for place in found.places]) == (1, [WEIFANG])
    assert {line.place[:4] for line in found.count.lines} == {WEIFANG}
    assert {one.region_id for one in found.count.behind} == {KUIWEN}


def test_counties_without_a_class_are_listed_by_city():
    returned(row())

    (weifang,) = [city for city in gauges.by_county(coverage()) if city["code"] == WEIFANG]

    counties = Region.objects.filter(parent=WEIFANG, level=Level.COUNTY).exclude(pk=KUIWEN)
    assert [line.place for line in weifang["missing"]] == list(counties.values_list("pk", flat=True))
    assert (weifang["zones"], weifang["own"]) == ([], 0)


def test_two_classes_asked_for_are_two_projects():
    PolicyTarget.objects.filter(pk="county-trainings").update(number=2)
    returned(row(), row(trainee_count=30))
    returned(row(), row(project_name="电焊工（演示）"), place=WEICHENG)

    found = coverage()

    assert [line.place for line in found.count.lines if line.is_reached and not line.is_apart] == [WEICHENG]
    assert found.number == 1


def test_a_county_that_was_dissolved_is_no_longer_expected():
    Region.objects.filter(pk=WEICHENG).update(valid_to=date(2024, 1, 1))

    assert (coverage(year="").of, coverage(day=date(2023, 6, 1), year="").of) == (135, 136)


def test_the_coverage_costs_the_same_queries_for_many_returns_as_for_one():
    numbers = []
    places = [KUIWEN, WEICHENG, "370703", "370704", "370724", "370725"]
    for some in (places[:1], places[1:3], places[3:]):
        for place in some:
            returned(row(), row(project_name="电焊工（演示）"), place=place)
        with CaptureQueriesContext(connection) as queries:
            found = coverage()
            assert found.places and gauges.by_county(found)
        numbers.append(len(queries))

    assert numbers == [numbers[0]] * 3
