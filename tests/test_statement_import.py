"""项目制培训情况统计表 as cities really send it: what is forgiven, and what is read."""

import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command

from portal import importing
from portal.models import Filing
from tests import factories
from tests import made_files as made
from tests.statements import (
    COUNTY,
    DIRECT,
    EXAMPLE,
    HEADER,
    JINAN,
    LANSHAN,
    LINYI,
    NOTES,
    PLANNED,
    RETURN,
    SIGNED,
    TITLE,
    WHOLE,
    ZAOZHUANG,
    changed,
    errors_of,
    read,
    rows_of,
    sheet,
)

pytestmark = pytest.mark.django_db


# -- what is forgiven

READ = [
    ("市直", "家政服务员培训（演示）", "农村转移就业劳动者", 120, "2021年5月10日-5月28日", ""),
    ("兰山区", "电焊工培训（演示）", "登记失业人员", 80, "2021年6月", ""),
    ("沂水县", "柳编制作培训（演示）", "农村转移就业劳动者", 60, "9月上旬（计划）", "计划开展"),
]


def test_the_example_of_linyi_is_imported_exactly():
    reading = read(EXAMPLE.read_bytes())

    (record,) = importing.commit(reading, factories.filer(LINYI))

    assert (reading.errors, reading.warnings) == ([], [])
    assert (record.title, record.filled_by, record.contact_phone, record.filled_on) == (
        "2021年项目制培训情况统计表",
        "演示填表人",
        "0539-0000000",
        date(2021, 6, 10),
    )
    rows = list(record.training_rows.all())
    assert rows_of(reading) == [
        ("市直", "家政服务员培训（演示）", "农村转移就业劳动者", 120, "2021年5月10日-5月28日", ""),
        ("兰山区", "电焊工培训（演示）", "登记失业人员", 80, "2021年6月", ""),
        (
            "沂水县",
            "柳编制作培训（演示）",
            "农村转移就业劳动者、脱贫享受政策人口",
            60,
            "2021年9月上旬（计划）",
            "计划开展",
        ),
    ]
    assert [row.organizer_region_id for row in rows] == [None, LANSHAN, "371323"]
    assert [(row.held_from, row.held_to, row.precision, row.is_planned) for row in rows] == [
        (date(2021, 5, 10), date(2021, 5, 28), "day", False),
        (date(2021, 6, 1), date(2021, 6, 30), "month", False),
        (date(2021, 9, 1), date(2021, 9, 10), "ten_days", True),
    ]


def test_the_command_reads_the_example_as_the_page_does():
    factories.filer(LINYI, name="linyi_filer")
    told = StringIO()

    options = ["--type", RETURN.slug, "--as", "linyi_filer", "--commit", "--json"]
    call_command("import_file", str(EXAMPLE), *options, stdout=told)

    outcome = json.loads(told.getvalue())
    assert (outcome["city"], outcome["errors"], outcome["warnings"], outcome["imported"]) == (
        "临沂市",
        [],
        [],
        1,
    )
    assert [row["organizer_region"] for row in outcome["records"][0]["training_rows"]] == [
        "市直",
        "兰山区",
        "沂水县",
    ]
    assert Filing.objects.get().title == "2021年项目制培训情况统计表"


FORGIVEN = {
    "as it was sent": sheet(*WHOLE),
    "the city in one merged cell": sheet(
        TITLE,
        HEADER,
        DIRECT,
        changed(COUNTY, 市=None),
        changed(PLANNED, 市=None),
        SIGNED,
        *NOTES,
        merged=("A1:G1", "A3:A5", "A6:G6", "A7:G7"),
    ),
    "no title": sheet(HEADER, DIRECT, COUNTY, PLANNED, SIGNED, *NOTES),
    "columns in another order": sheet(
        *[[line[i] for i in (4, 2, 0, 1, 5, 3, 6)] for line in (HEADER, DIRECT, COUNTY, PLANNED)], SIGNED
    ),
    "numbers as text": sheet(
        TITLE,
        HEADER,
        changed(DIRECT, 培训人数="１２０"),
        changed(COUNTY, 培训人数=" 80 人"),
        changed(PLANNED, 培训人数="60"),
        SIGNED,
    ),
    "blanks in the header": sheet(
        TITLE, ["市 ", "组织\n区县", "培 训 项 目 名 称", *HEADER[3:]], DIRECT, COUNTY, PLANNED, SIGNED
    ),
    "a total that is right": sheet(
        TITLE, HEADER, DIRECT, COUNTY, PLANNED, ["合  计", "", "", "", 260], SIGNED
    ),
    "subtotals and a grand total": sheet(
        TITLE,
        HEADER,
        DIRECT,
        ["小计", "", "", "", "120人"],
        COUNTY,
        PLANNED,
        ["小计", "", "", "", 140],
        ["总计：260人"],
        SIGNED,
    ),
    "signatures in cells of their own": sheet(
        TITLE,
        HEADER,
        DIRECT,
        COUNTY,
        PLANNED,
        ["填表人：", "演示填表人", "联系电话", "0539-0000000", "填表日期", "2021-06-10"],
        *NOTES,
    ),
    "bureau and date above the table": sheet(
        TITLE,
        ["填报单位（盖章）：临沂市人社局", "", "", "", "填表日期：2021年6月10日"],
        HEADER,
        DIRECT,
        COUNTY,
        PLANNED,
        ["填表人：演示填表人　联系电话：0539-0000000"],
    ),
    "empty lines between": sheet(TITLE, [], HEADER, DIRECT, [], COUNTY, ["临沂市"], PLANNED, [], SIGNED),
    "counties with city, short or long": sheet(
        TITLE,
        HEADER,
        changed(DIRECT, 组织区县="市本级"),
        changed(COUNTY, 组织区县="临沂市兰山区", 市="临沂"),
        changed(PLANNED, 组织区县="沂水", 市=""),
        SIGNED,
    ),
}


@pytest.mark.parametrize("book", FORGIVEN.values(), ids=FORGIVEN.keys())
def test_what_people_write_otherwise_is_read_alike(book):
    reading = read(book)

    (draft,) = reading.records
    assert (errors_of(reading), reading.warnings) == ([], [])
    assert rows_of(reading) == READ
    assert draft.values == {
        "year": 2021,
        "filled_by": "演示填表人",
        "contact_phone": "0539-0000000",
        "filled_on": date(2021, 6, 10),
    }


def test_signatures_that_are_not_filled_in_are_to_be_added_later():
    empty = ["填表人：____　　联系电话：　　　　填表日期：    年  月  日"]

    reading = read(sheet(TITLE, HEADER, DIRECT, empty, *NOTES))

    labels = ("填表人", "联系电话", "填表日期")
    assert errors_of(reading) == []
    assert reading.warnings == [f"“{label}”没有填写，导入后须补填才能提交。" for label in labels]


def test_a_remark_that_begins_like_a_sum_makes_no_sum():
    reading = read(sheet(TITLE, HEADER, changed(DIRECT, 备注="合计两期"), SIGNED))

    assert (errors_of(reading), [row[5] for row in rows_of(reading)]) == ([], ["合计两期"])


def test_a_column_of_the_citys_own_is_passed_over_aloud():
    lines = [["序号", *HEADER], [1, *DIRECT], [2, *COUNTY], [3, *PLANNED]]

    reading = read(sheet(TITLE, *lines, SIGNED))

    assert (errors_of(reading), rows_of(reading)) == ([], READ)
    assert reading.warnings == ["“序号”这一列不是本表的内容，没有读取。"]


def test_the_form_in_word_is_read_like_the_sheet():
    words = [[str(cell) for cell in line] for line in (HEADER, DIRECT, COUNTY, PLANNED)]

    reading = read(made.docx(TITLE[0], words, SIGNED[0], *[line[0] for line in NOTES]), name="表.docx")

    assert (errors_of(reading), reading.warnings, rows_of(reading)) == ([], [], READ)
    assert reading.records[0].values["filled_by"] == "演示填表人"


def test_a_zone_is_known_by_its_long_name_its_short_name_and_without_its_city():
    names = ["临沂高新技术产业开发区", "临沂高新区", "高新区", "临港经开区"]

    reading = read(sheet(TITLE, HEADER, *[changed(COUNTY, 组织区县=name) for name in names], SIGNED))

    zones = ["临沂高新技术产业开发区"] * 3 + ["临沂临港经济开发区"]
    assert (errors_of(reading), [row[0] for row in rows_of(reading)]) == ([], zones)


def test_the_same_name_of_a_county_means_that_of_the_own_city():
    found = {}
    for place, city in ((ZAOZHUANG, "枣庄市"), (JINAN, "济南市")):
        reading = read(sheet(HEADER, changed(COUNTY, 市=city, 组织区县="市中区"), SIGNED), place)
        found[city] = [row["organizer_region"].code for row in reading.records[0].rows["training_rows"]]

    assert found == {"枣庄市": ["370402"], "济南市": ["370103"]}


def test_two_sheets_of_one_year_are_one_return():
    book = sheet(TITLE, HEADER, DIRECT, SIGNED, title="市直")

    reading = read(sheet(TITLE, HEADER, COUNTY, PLANNED, SIGNED, title="各县", book=book))

    assert (errors_of(reading), rows_of(reading)) == ([], READ)
    assert reading.warnings == ["工作表“市直”和“各县”合为一份，共3行。"]


def test_two_sheets_of_two_years_are_two_returns():
    book = sheet(["2021年项目制培训情况统计表"], HEADER, DIRECT, SIGNED, title="甲")

    reading = read(sheet(["2022年项目制培训情况统计表"], HEADER, COUNTY, SIGNED, title="乙", book=book))

    assert (errors_of(reading), [draft.values["year"] for draft in reading.records]) == ([], [2021, 2022])


def test_the_rows_of_a_county_are_its_own_when_it_names_nobody():
    reading = read(sheet(TITLE, HEADER, changed(COUNTY, 组织区县=""), COUNTY, SIGNED), LANSHAN)

    (record,) = importing.commit(reading, factories.filer(LANSHAN))

    assert [row.organizer_region_id for row in record.training_rows.all()] == [LANSHAN, LANSHAN]
