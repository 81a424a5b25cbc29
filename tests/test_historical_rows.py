"""What a sheet of past results says of its rows: headers and names in any spelling, no row lost unsaid."""

import pytest

from portal import drafts, historical_jobs, registry
from portal.historical_bureaus import NO_BUREAU, UNKNOWN_BUREAU
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


@pytest.mark.parametrize("others", [["填报单位"], ["序号", "填报单位", "办结\n日期", "县区"]])
def test_a_sheet_that_has_the_name_alone_of_its_type_is_read(others):
    line = {NAME: "演示品牌", "填报单位": BUREAU, "序号": "1", "县区": "奎文"}

    (brand,) = registered("labour-brands", sheet("labour-brands", line, header=[NAME, *others]))

    assert (brand.title, brand.organisation.region_id) == ("演示品牌", PLACE)


def test_a_name_without_a_bureau_is_wrong_in_its_line():
    assert faults("labour-brands", sheet("labour-brands", {NAME: "演示品牌"}, header=[NAME])) == [
        ("劳务品牌", 2, "填报单位", "", NO_BUREAU)
    ]


@pytest.mark.parametrize(
    ("slug", "header", "said"),
    [
        (
            "labour-brands",
            ["品牌", "填报单位"],
            "没有认出“劳务品牌”的表头：须有“劳务品牌名称”这一列，其余各列见下载的模板。",
        ),
        (
            "labour-brands",
            [NAME, "填报单位", "法定代表人"],
            "没有认出“劳务品牌”的表头：“法定代表人”是“劳务品牌建设单位”的列；"
            "请再写上“品牌类型”“所属行业”“重点区域”等任一列，或使用下载的模板填写。",
        ),
        (
            "building-units",
            [UNIT, "填报单位", "培训人数"],
            "没有认出“劳务品牌建设单位”的表头：“培训人数”是“年度培训就业情况”的列；"
            "请再写上“建设的劳务品牌”“单位类型”“属于“山东手造””等任一列，或使用下载的模板填写。",
        ),
        (
            "subsidy-reviews",
            ["年度", "填报单位"],
            "没有认出“补贴标准评估材料”的表头：“年度”也是“项目制培训情况统计表”的名称；"
            "请再写上“评估论证日期”“征求意见对象”“评估情况”等任一列，或使用下载的模板填写。",
        ),
    ],
)
def test_a_sheet_that_may_be_of_another_type_is_refused_with_the_columns_it_needs(slug, header, said):
    assert faults(slug, sheet(slug, {}, header=header)) == [("", 0, "", "", said)]


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
