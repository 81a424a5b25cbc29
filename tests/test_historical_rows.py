"""What a sheet of past results says of its rows: headers and names in any spelling, no row lost unsaid."""

import pytest

from portal import drafts, historical_jobs, registry
from portal.historical_bureaus import UNKNOWN_BUREAU
from portal.historical_rows import HELD, NOT_THEIRS, TWICE, sheets_of
from portal.models import Filing
from tests import made_files as made
from tests.factories import filer
from tests.registering import BUREAU, PLACE, prepared, registered, sheet

pytestmark = pytest.mark.django_db
NAME, UNIT, YEARLY = "劳务品牌名称", "单位全称", "年度培训就业情况"
OTHER = "潍城区人力资源和社会保障局"


def faults(slug: str, data: bytes) -> list[tuple]:
    errors = historical_jobs.plan(prepared(slug, data))["errors"]
    return [(e.sheet, e.row, e.column, e.value, e.message) for e in errors]


def book(*rows: list, owners: tuple = (BUREAU,)) -> bytes:
    """Return one unit of each of ``owners``, with ``rows`` on the sheet of their years."""
    main = sheets_of(registry.get("building-units"))[0].title
    lines = [[UNIT, "单位类型", "填报单位"], *(["演示公司", "其他", owner] for owner in owners)]
    header = [UNIT, "填报单位", "年度", "培训人数", "自用人数", "输出人数"]
    return made.xlsx(lines, title=main, **{YEARLY: [header, *rows]})


@pytest.mark.parametrize("number", ["办结\n文号", "办结　文号", "文\n号"])
def test_a_header_over_two_lines_is_read_and_what_holds_for_all_gives_way_to_it(number):
    line = {NAME: "演示品牌", "品牌类型": "民生保障型", "填报\n单位": BUREAU}
    line |= {number: "鲁人社字〔2022〕7号", "办结\n日期": "2022-03-01"}

    (brand,) = registered("labour-brands", sheet("labour-brands", line, header=list(line)))

    assert brand.source == "历史登记，依据鲁人社字〔2022〕7号，2022-03-01办结"
    assert [said for said in brand.registration.upload.warnings if "没有读取" in said] == []


def test_rows_of_a_namesake_that_is_not_there_are_told():
    data = book(["演示公司", BUREAU, 2023, 1, 1, 0], ["演示公司", OTHER, 2023, 2, 2, 0])

    assert faults("building-units", data) == [
        (YEARLY, 3, UNIT, "演示公司", NOT_THEIRS.format("演示公司")),
    ]


def test_a_row_of_a_bureau_nobody_knows_is_wrong_in_its_own_cell_and_nothing_is_entered():
    unknown = "奎文区人力资源局"
    data = book(["演示公司", unknown, 2023, 1, 1, 0], ["演示公司", "", 2022, 2, 2, 0])

    assert faults("building-units", data) == [
        (YEARLY, 2, "填报单位", unknown, UNKNOWN_BUREAU.format(unknown))
    ]
    assert Filing.objects.count() == 0


def test_a_row_that_names_no_bureau_goes_to_the_only_record_so_called():
    (unit,) = registered("building-units", book(["演示公司", "", 2023, 1, 1, 0]))

    assert [row.trained_count for row in unit.annual_performances.all()] == [1]


def test_rows_of_namesakes_go_to_the_bureau_they_name():
    rows = ["演示公司", BUREAU, 2023, 1, 1, 0], ["演示公司", OTHER, 2023, 2, 2, 0]

    units = registered("building-units", book(*rows, owners=(BUREAU, OTHER)))

    assert [
        (u.organisation.region_id, [r.trained_count for r in u.annual_performances.all()]) for u in units
    ] == [
        ("370705", [1]),
        ("370702", [2]),
    ]


def test_names_that_read_alike_are_one_name_of_their_bureau():
    values = {"name": "甲品牌（演示）", "brand_type": "livelihood"}
    drafts.create(registry.get("labour-brands"), by=filer(PLACE), values=values)
    names = ["甲品牌(演示)", "乙品牌", "乙 品牌"]
    lines = [{NAME: name, "填报单位": BUREAU} for name in names]
    lines.append({NAME: "乙品牌", "填报单位": OTHER})

    found = faults("labour-brands", sheet("labour-brands", *lines))

    assert [(row, value, message) for _, row, _, value, message in found] == [
        (2, "甲品牌(演示)", HELD),
        (4, "乙 品牌", TWICE),
    ]
