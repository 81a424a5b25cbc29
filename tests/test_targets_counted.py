"""What is counted for the targets: by city, as of a day, once each, in agreement with what is behind it."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import catalogue, progress
from portal.models import TargetScope
from portal.vocabulary import BrandLevel
from tests import copies
from tests.factories import DOCUMENT, act, approved, approver, entry, filer, publish, publisher, reviewer
from tests.public import leave
from workforce import key_brands

pytestmark = pytest.mark.django_db
JINAN, WEIFANG, RIZHAO = "3701", "3707", "3711"
EARLY, MIDDLE, LATE = date(2024, 5, 1), date(2024, 8, 1), date(2024, 11, 1)


def counted(slug: str, day: date | None = None, **asked) -> progress.Progress:
    return progress.progress(slug, day or timezone.localdate(), public=False, **asked)


def cities(found: progress.Progress) -> dict[str, int]:
    """Return the cities that have any."""
    return {place.code: place.number for place in found.places if place.number}


def amended(of, **changes):
    """Amend an entry, let it pass all desks and publish it in place of the old one."""
    record = catalogue.amend(of, by=filer(of.region_id))
    for action, who in (
        ("submit", filer(of.region_id)),
        ("endorse", reviewer(of.region_id[:4])),
        ("approve", approver()),
    ):
        record = act(record, action, who)
    return publish(record, **changes)


def promoted(of, on: date) -> None:
    catalogue.promote(of, by=publisher(), level=BrandLevel.PROVINCIAL, document_number=DOCUMENT, on=on)


def test_provincial_brands_are_counted_by_city_and_for_the_province():
    entry("skill-brands", place=JINAN, name="济南甲品牌（演示）", level=BrandLevel.PROVINCIAL)
    entry("skill-brands", name="潍坊乙品牌（演示）", level=BrandLevel.PROVINCIAL)
    entry("skill-brands", name="潍坊丙品牌（演示）", level=BrandLevel.PROVINCIAL)
    entry("skill-brands", name="潍坊丁品牌（演示）")

    found = counted("provincial-skill-brands")

    assert (found.number, found.of, found.standing) == (3, 10, "short")
    assert cities(found) == {JINAN: 1, WEIFANG: 2}
    assert {place.standing for place in found.places} == {""}


def test_ten_provincial_brands_reach_the_target():
    first = entry("skill-brands", level=BrandLevel.PROVINCIAL)
    copies.multiply_entry(first, 9)

    found = counted("provincial-skill-brands")

    assert (found.number, found.word) == (10, "已达到")


def test_a_promoted_brand_is_provincial_from_its_day_on():
    brand = entry("labour-brands", on=EARLY)
    promoted(brand, MIDDLE)

    before, then, now = MIDDLE - timedelta(days=1), MIDDLE, LATE

    assert [counted("provincial-labour-brands", day).number for day in (before, then, now)] == [0, 1, 1]
    assert [counted("municipal-labour-brands", day).number for day in (before, then, now)] == [1, 0, 0]


def test_an_amended_entry_counts_once_on_every_day():
    brand = entry("skill-brands", on=EARLY, level=BrandLevel.PROVINCIAL)
    amended(brand, on=MIDDLE)

    days = (EARLY - timedelta(days=1), EARLY, MIDDLE, LATE)

    assert [counted("provincial-skill-brands", day).number for day in days] == [0, 1, 1, 1]


def test_an_exited_entry_counts_until_its_exit():
    project = entry("exam-projects", name="演示风筝制作", on=EARLY)
    leave(project)

    yesterday = timezone.localdate() - timedelta(days=1)

    assert [counted("exam-projects", day).number for day in (yesterday, None)] == [1, 0]


def test_workers_are_those_of_every_labour_brand_in_force():
    entry("labour-brands", name="潍坊演示甲", worker_count=1200)
    entry("labour-brands", name="潍坊演示乙", worker_count=800, level=BrandLevel.PROVINCIAL)
    leave(entry("labour-brands", name="潍坊演示丙", worker_count=5000))

    found = counted("labour-brand-workers")

    assert (found.number, cities(found)) == (2000, {WEIFANG: 2000})
    assert found.count.behind.aggregate(n=Sum("amount"))["n"] == 2000


def test_a_city_training_brand_makes_its_city_reach_the_target():
    entry("city-training-brands", place=JINAN)
    entry("city-training-brands", place=WEIFANG)

    found = counted("city-training-brands")

    reached = [place.code for place in found.places if place.standing == "reached"]
    assert (found.number, found.of, found.standing, reached) == (2, 16, "short", [JINAN, WEIFANG])


def designated(number: int, place: str, year: int):
    """Make ``number`` published brands of a city its 建设重点 of a year."""
    for n in range(number):
        brand = entry("labour-brands", place=place, name=f"演示{place}家政{n}", name_region="演示")
        key_brands.designate(brand, year=year, by=reviewer(place))


def test_a_city_with_three_to_five_key_brands_of_a_year_reaches_the_target():
    designated(2, JINAN, 2024)
    designated(3, WEIFANG, 2024)
    designated(5, RIZHAO, 2024)

    found = counted("key-labour-brands")

    assert (found.year, found.number, found.of, found.standing) == (2024, 2, 16, "short")
    assert cities(found) == {JINAN: 2, WEIFANG: 3, RIZHAO: 5}
    assert cities(found) == {city: n for city, n in key_brands.counts(2024).items() if n}
    assert [p.code for p in found.places if p.standing == "reached"] == [WEIFANG, RIZHAO]


def test_key_brands_are_those_of_the_latest_year_unless_another_is_asked_for():
    this = timezone.localdate().year
    designated(1, JINAN, this - 1)
    designated(1, WEIFANG, this)

    shown = [counted("key-labour-brands", year=year) for year in ("", str(this - 1))]

    assert [(found.year, cities(found)) for found in shown] == [(this, {WEIFANG: 1}), (this - 1, {JINAN: 1})]


def test_a_key_brand_counts_from_the_day_it_was_fixed_until_it_leaves_the_catalogue():
    designated(1, WEIFANG, 2024)
    yesterday = timezone.localdate() - timedelta(days=1)

    before, now = counted("key-labour-brands", yesterday), counted("key-labour-brands")
    leave(now.count.behind.get())

    assert (cities(before), cities(now), cities(counted("key-labour-brands"))) == ({}, {WEIFANG: 1}, {})


def unit(name: str, place: str = "370705", on: date | None = None, **years: tuple[int, int, int]):
    rows = [
        dict(zip(("trained_count", "self_used_count", "exported_count"), figures, strict=True))
        | {"year": int(year[1:])}
        for year, figures in years.items()
    ]
    return publish(
        approved("building-units", place=place, name=name, annual_performances=rows, explanation="演示说明"),
        on=on,
    )


def test_a_unit_reaches_its_numbers_year_by_year():
    unit("演示甲公司", y2023=(499, 200, 300), y2024=(500, 0, 500))
    unit("演示乙公司", y2024=(620, 200, 299))
    unit("演示丙公司", place="370102", y2023=(900, 900, 900))

    shown = {
        (slug, year): (found.number, found.of, cities(found))
        for slug in ("unit-trained", "unit-placed")
        for year in ("2023", "2024")
        for found in [counted(slug, year=year)]
    }

    assert shown == {
        ("unit-trained", "2023"): (1, 3, {JINAN: 1}),
        ("unit-trained", "2024"): (2, 3, {WEIFANG: 2}),
        ("unit-placed", "2023"): (2, 3, {JINAN: 1, WEIFANG: 1}),
        ("unit-placed", "2024"): (1, 3, {WEIFANG: 1}),
    }


def test_a_unit_that_reported_nothing_for_the_year_is_behind_the_number_without_a_figure():
    unit("演示甲公司", y2024=(500, 0, 500))
    unit("演示丙公司", y2023=(900, 900, 900))

    found = counted("unit-trained", year="2024")

    behind = dict(found.count.behind.values_list("title", "amount"))
    assert behind == {"演示甲公司": 500, "演示丙公司": None}


def test_the_year_of_the_units_is_the_last_whole_one_that_somebody_reported():
    this = timezone.localdate().year
    unit("演示甲公司", **{f"y{this}": (500, 0, 500), f"y{this - 2}": (500, 0, 500)})

    found = counted("unit-trained")

    assert (found.year, found.years) == (this - 2, [this - 2, this])


def test_a_year_nobody_reported_is_unknown():
    unit("演示甲公司", y2024=(500, 0, 500))

    for year in ("2019", "x", "20241", "２０２４"):
        with pytest.raises(progress.Unknown):
            counted("unit-trained", year=year)


def institution(name: str, *regions: str, place: str = WEIFANG, **row):
    rows = [{"project": "演示剪纸制作", "region": region, **row} for region in regions]
    return publish(
        approved("exam-institutions", place=place, name=name, authorizations=rows, explanation="演示说明")
    )


def test_the_sixth_institution_of_a_project_in_a_city_is_flagged_with_all_six():
    for number in range(6):
        institution(f"演示学校{number}", "潍坊市")

    found = counted("institutions-per-project")

    (line,) = found.count.lines
    assert (found.number, found.of, found.standing) == (0, 1, "over")
    assert (line.place, line.name, line.number) == (WEIFANG, "演示剪纸制作", 6)
    assert [node.title for node in line.nodes] == [f"演示学校{number}" for number in range(6)]


def test_an_institution_counts_once_in_a_city_whatever_counties_it_is_given():
    for number in range(5):
        institution(f"演示学校{number}", "奎文区", "潍城区")

    found = counted("institutions-per-project")

    assert (found.number, found.of, list(found.count.lines)) == (1, 1, [])


def test_institutions_of_two_cities_are_two_pairs():
    for number in range(3):
        institution(f"演示潍坊学校{number}", "潍坊市")
        institution(f"演示济南学校{number}", "济南市", place=JINAN)

    found = counted("institutions-per-project")

    assert (found.number, cities(found)) == (2, {JINAN: 1, WEIFANG: 1})


def test_an_authorisation_that_has_ended_and_an_institution_that_exited_no_longer_count():
    for number in range(4):
        institution(f"演示学校{number}", "潍坊市")
    institution("演示过期学校", "潍坊市", valid_from=date(2023, 1, 1), valid_to=date(2023, 12, 31))
    leave(institution("演示退出学校", "潍坊市"))

    found = counted("institutions-per-project")

    assert (found.number, found.of) == (1, 1)


def test_every_number_agrees_with_the_list_behind_it():
    entry("skill-brands", level=BrandLevel.PROVINCIAL)
    leave(entry("skill-brands", name="潍坊退出品牌（演示）", level=BrandLevel.PROVINCIAL))
    entry("labour-brands", place=JINAN, name="济南演示家政", name_region="济南", level=BrandLevel.PROVINCIAL)
    amended(entry("labour-brands", place=RIZHAO, name="日照演示家政", name_region="日照"))
    entry("city-training-brands")

    for found in progress.overview(timezone.localdate()):
        behind = found.count.behind
        number = behind.aggregate(n=Sum("amount"))["n"] if found.count.amount else behind.count()
        total = sum(found.count.by_city.values())
        assert (found.target.slug, total) == (found.target.slug, number)
        assert found.number == (total if found.is_plain else sum(p.number > 0 for p in found.places))


def test_units_agree_with_the_list_behind_them():
    unit("演示甲公司", y2024=(500, 0, 500))
    unit("演示乙公司", y2024=(400, 0, 500))

    found = counted("unit-trained", year="2024")

    assert found.target.scope == TargetScope.UNIT
    assert found.of == found.count.behind.count() == 2
    assert found.number == found.count.behind.filter(amount__gte=500).count() == 1


def test_all_targets_cost_as_many_queries_for_many_entries_as_for_one():
    first = {
        kind: entry(kind, **({"level": BrandLevel.PROVINCIAL} if kind.endswith("s-brands") else {}))
        for kind in ("skill-brands", "labour-brands", "exam-institutions", "building-units")
    }
    numbers = []
    for more in (0, 2, 40):
        for one in first.values():
            copies.multiply_entry(one, more)
        with CaptureQueriesContext(connection) as queries:
            for found in progress.overview(timezone.localdate(), public=False):
                assert found.places
        numbers.append(len(queries))

    # Forty institutions of one project are over the limit, so that their names are read: two queries more.
    assert numbers == [numbers[0], numbers[0], numbers[0] + 2]
