"""The reports of a random history of thousands of filings, against an independent count in plain Python."""

import pytest

from assessments.models import ProjectClass
from portal import registry, reports
from portal.models import Region
from portal.reports import Asked, Number
from tests import chronicles, counting, enacting
from tests.chronicles import BEGIN, END
from tests.sizes import size

pytestmark = pytest.mark.django_db
NUMBER = size(1500, 5000)
CUTOFFS = [BEGIN + (END - BEGIN) * part for part in (0.3, 0.6, 0.95)]


@pytest.fixture(scope="module")
def chronicle(for_the_module):
    """A chronicle that was enacted."""
    written = chronicles.written(NUMBER, *enacting.places(), seed="counted")
    enacting.enact(written)
    return written


@pytest.fixture(params=CUTOFFS, ids=lambda at: f"{at:%Y-%m-%d}")
def count(request, chronicle):
    """The chronicle seen from one instant."""
    names = dict(Region.objects.filter(level="city").order_by("code").values_list("code", "name"))
    return counting.Count(chronicle, request.param, names)


def table(slug: str, count: counting.Count, name: str, **filters) -> dict[str, list]:
    """Return heading of a line → its numbers, of one table of a report."""
    content = reports.content(reports.ask(slug, count.at, "37", filters))
    found = next(one for one in content.tables if one.name == name)
    return {str(line.cells[0]): [_value(cell) for cell in line.cells[1:]] for line in found.lines()}


def _value(cell):
    return cell.value if isinstance(cell, Number) else cell


def test_brands_are_counted_where_they_stood(count):
    assert table("brands", count, "分市小计") == counting.brands(count)


def test_training_brands_are_counted_with_their_material(count):
    found = table("city-brands", count, "报送汇总")
    expected = counting.city_brands(count)
    assert {label: found[label][0] for label in expected} == expected
    assert found["应报送的市"] == [16]


def test_exam_projects_are_counted_by_class(count):
    found = table("exam-catalogue", count, "分类统计")
    words = {str(label): value for value, label in ProjectClass.choices}
    classes = {words[label]: numbers[-1] for label, numbers in found.items() if label in words}
    assert classes == counting.exam_projects(count)


def test_trainings_are_counted_as_they_were_reported(count):
    assert table("project-training", count, "分市情况", year="") == counting.trainings(count)


def test_units_are_counted_with_the_figures_of_the_year(count):
    year = str(count.day.year)
    assert table("labour-brands", count, "年度达标情况", year=year) == counting.units(count, int(year))


def test_labour_brands_are_counted_by_level(count):
    found = table("labour-brands", count, "劳务品牌")
    assert {name: found[name] for name in (*count.names.values(), "合计")} == counting.labour_brands(count)


def test_standards_are_counted_by_what_became_of_them(count):
    found = table("subsidies", count, "分市情况", year="")
    numbers = {name: [n for n in cells if isinstance(n, int)] for name, cells in found.items()}
    assert numbers == counting.subsidies(count)


def test_targets_are_counted_by_what_was_in_force(count):
    found = table("targets", count, "全省目标分市")
    assert {name: found[name] for name in (*count.names.values(), "合计")} == counting.targets(count)


def test_bureaus_are_counted_where_they_stood(count):
    found = table("reporting", count, "任务")
    expected = counting.reporting(count)
    names = {task: f"演示{task.year}年{registry.get(task.kind).label}" for task in expected}
    stood = {cells[0]: cells[3:9] for cells in found.values() if cells[0] in names.values()}
    assert stood == {names[task]: numbers for task, numbers in expected.items()}


def test_the_whole_is_large_enough_to_be_wrong(chronicle):
    at = CUTOFFS[-1]
    count = counting.Count(chronicle, at, {})
    assert len([*count.sent("skill-brands")]) > NUMBER * 0.1
    assert isinstance(reports.ask("brands", at, "37", {}), Asked)
