"""项目制培训情况统计表 as cities really send it: what is read, and every error with its place."""

import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from openpyxl import Workbook

from portal import importing, registry
from portal.importing import CellError, Reading
from portal.models import Filing
from portal.workflow import Refused
from tests import factories
from tests import made_files as made

pytestmark = pytest.mark.django_db
EXAMPLE = Path(__file__).parent / "files" / "项目制培训统计表-示例-临沂.xlsx"
RETURN = registry.get("project-training-returns")
LINYI, LANSHAN, ZAOZHUANG, JINAN = "3713", "371302", "3704", "3701"

TITLE = ["项目制培训情况统计表"]
HEADER = ["市", "组织区县", "培训项目名称", "群体范围", "培训人数", "组织时间", "备注"]
DIRECT = ["临沂市", "市直", "家政服务员培训（演示）", "农村转移就业劳动者", 120, "2021年5月10日-5月28日", ""]
COUNTY = ["临沂市", "兰山区", "电焊工培训（演示）", "登记失业人员", 80, "2021年6月", ""]
PLANNED = [
    "临沂市",
    "沂水县",
    "柳编制作培训（演示）",
    "农村转移就业劳动者",
    60,
    "9月上旬（计划）",
    "计划开展",
]
SIGNED = ["填表人：演示填表人　　　　联系电话：0539-0000000　　　　填表日期：2021年6月10日"]
NOTES = [
    ["注：1.如培训项目由市直组织，“组织区县”一列填写“市直”。"],
    ["2.“组织时间”栏填写实际开展时间或计划开展时间，尽可能精确。"],
    ["3.该表由设区的市统一汇总报送。"],
]
WHOLE = [TITLE, HEADER, DIRECT, COUNTY, PLANNED, SIGNED, *NOTES]


def sheet(*lines: list, merged: tuple[str, ...] = (), title: str = "Sheet1", book: Workbook | None = None):
    """Return a workbook of these lines; cells named in ``merged`` are joined."""
    page = book.create_sheet(title) if book else (book := Workbook()).active
    page.title = title
    for line in lines:
        page.append(line)
    for area in merged:
        page.merge_cells(area)
    return book


def read(book: Workbook | bytes, place: str = LINYI, name: str = "表.xlsx") -> Reading:
    upload = book if isinstance(book, bytes) else made.saved(book)
    return importing.read_file(upload, name, RETURN, factories.filer(place))


def rows_of(reading: Reading) -> list[tuple]:
    """Return what was read of each line, in words."""
    (draft,) = reading.records
    return [tuple(row.values()) for row in importing.shown(draft, RETURN)["training_rows"]]


def errors_of(reading: Reading) -> list[tuple]:
    return [(e.sheet, e.row, e.column, e.value, e.message) for e in reading.errors]


def changed(line: list, **cells) -> list:
    """Return a line with other words in some of its columns."""
    return [cells.get(header, word) for header, word in zip(HEADER, line, strict=True)]


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


# -- what is wrong

LACKING = "没有找到“{}”这一列，请使用附件原表填写。"
NO_PLACE = "临沂市没有“{}”，或者有几个同名的；请写全称，如“济南市市中区”。"
NO_TIME = "组织时间“{}”看不出起止，请写成“2021年5月10日-5月28日”“2021年6月”这样。"
WHOLE_NUMBER = "请填写整数，例如620。"
WRONG = {
    "a wrong total": (
        sheet(TITLE, HEADER, DIRECT, COUNTY, ["合计", "", "", "", 300], SIGNED),
        [(5, "培训人数", "300", "合计写的是300，各行相加是200；请核对各行人数，再改正合计。")],
    ),
    "a total that is no number": (
        sheet(TITLE, HEADER, DIRECT, ["合计", "", "", "", "一百二十"], SIGNED),
        [(4, "培训人数", "一百二十", "合计请填写整数，各行相加是120。")],
    ),
    "numbers that are none": (
        sheet(
            TITLE,
            HEADER,
            changed(DIRECT, 培训人数="约50人"),
            changed(COUNTY, 培训人数=80.5),
            changed(PLANNED, 培训人数=0),
            changed(PLANNED, 培训人数=""),
            changed(PLANNED, 培训人数="-3"),
            ["合计", "", "", "", 999],
            SIGNED,
        ),
        [
            (3, "培训人数", "约50人", WHOLE_NUMBER),
            (4, "培训人数", "80.5", WHOLE_NUMBER),
            (5, "培训人数", "0", "请填写1或更大的整数。"),
            (6, "培训人数", "", "“培训人数”没有填写。"),
            (7, "培训人数", "-3", "请填写1或更大的整数。"),
        ],
    ),
    "another city": (
        sheet(TITLE, HEADER, changed(COUNTY, 市="日照市", 组织区县="东港区"), SIGNED),
        [
            (3, "市", "日照市", "本单位只能填报临沂市的项目，这一行写的是“日照市”。"),
            (3, "组织区县", "东港区", NO_PLACE.format("东港区")),
        ],
    ),
    "a county of another city and nobody at all": (
        sheet(TITLE, HEADER, changed(COUNTY, 组织区县="市中区"), changed(DIRECT, 组织区县=""), SIGNED),
        [
            (3, "组织区县", "市中区", NO_PLACE.format("市中区")),
            (4, "组织区县", "", "“组织区县”没有填写；由市直组织的填写“市直”。"),
        ],
    ),
    "times that say nothing": (
        sheet(TITLE, HEADER, changed(DIRECT, 组织时间="待定"), changed(COUNTY, 组织时间=44326), SIGNED),
        [(3, "组织时间", "待定", NO_TIME.format("待定")), (4, "组织时间", "44326", NO_TIME.format("44326"))],
    ),
    "a day that is not in the calendar": (
        sheet(TITLE, HEADER, changed(DIRECT, 组织时间="2021年2月30日"), SIGNED),
        [(3, "组织时间", "2021年2月30日", NO_TIME.format("2021年2月30日"))],
    ),
    "cells left empty": (
        sheet(TITLE, HEADER, changed(DIRECT, 培训项目名称="", 群体范围=" ", 组织时间=""), SIGNED),
        [
            (3, "培训项目名称", "", "“培训项目名称”没有填写。"),
            (3, "群体范围", "", "“群体范围”没有填写。"),
            (3, "组织时间", "", "“组织时间”没有填写。"),
        ],
    ),
    "a column that is missing": (
        sheet(TITLE, [h for h in HEADER if h != "培训人数"], [w for w in DIRECT if w != 120], SIGNED),
        [(2, "培训人数", "", LACKING.format("培训人数"))],
    ),
    "a column that is there twice": (
        sheet(TITLE, [*HEADER, "培训人数"], [*DIRECT, 1], SIGNED),
        [(2, "培训人数", "培训人数", "“培训人数”有两列，请删去一列。")],
    ),
    "nothing filled in": (
        sheet(TITLE, HEADER, [], [], SIGNED, *NOTES),
        [(2, "", "", "表里还没有填写内容，请填写后再上传。")],
    ),
    "words too long": (
        sheet(TITLE, HEADER, changed(DIRECT, 培训项目名称="演" * 101), SIGNED),
        [(3, "培训项目名称", "演" * 101, "最多100个字符，现在有101个，请缩短。")],
    ),
    "another bureau and a day that is none": (
        sheet(
            TITLE,
            ["填报单位（盖章）：日照市人力资源和社会保障局"],
            HEADER,
            DIRECT,
            ["填表人：演示　填表日期：六月上旬"],
        ),
        [
            (5, "填表日期", "六月上旬", "请按“2024-06-01”的样子填写日期。"),
            (
                2,
                "填报单位",
                "日照市人力资源和社会保障局",
                "填报单位写的是“日照市人力资源和社会保障局”，与您的单位“临沂市人力资源和社会保障局”不一致。",
            ),
        ],
    ),
}


@pytest.mark.parametrize(("book", "expected"), WRONG.values(), ids=WRONG.keys())
def test_every_error_is_told_at_once_with_its_place(book, expected):
    reading = read(book)

    assert errors_of(reading) == [("Sheet1", *error) for error in expected]
    with pytest.raises(Refused):
        importing.commit(reading, factories.filer(LINYI))


def test_a_county_cannot_report_for_the_city_or_its_neighbour():
    lines = [changed(DIRECT), changed(COUNTY, 组织区县="罗庄区")]

    reading = read(sheet(TITLE, HEADER, *lines, SIGNED), LANSHAN)

    assert errors_of(reading) == [
        ("Sheet1", 3, "组织区县", "市直", "“市直”由市级填写，本单位请填写“兰山区”。"),
        ("Sheet1", 4, "组织区县", "罗庄区", NO_PLACE.format("罗庄区").replace("临沂市", "兰山区")),
    ]


def test_two_sheets_that_contradict_each_other_below_the_table():
    book = sheet(TITLE, HEADER, DIRECT, SIGNED, title="甲")
    other = ["填表人：演示另一人　联系电话：0539-0000000　填表日期：2021年6月10日"]

    reading = read(sheet(TITLE, HEADER, COUNTY, other, title="乙", book=book))

    message = "与工作表“甲”写的“演示填表人”不一致，请改成一致，或分成两个文件上传。"
    assert reading.errors == [CellError("乙", 2, "填表人", "演示另一人", message)]


def test_more_rows_than_a_sheet_holds_are_refused_where_they_begin():
    reading = read(sheet(TITLE, HEADER, *[COUNTY] * 502, SIGNED))

    message = "这张表最多500行，从这一行起没有读取；请核对是否重复。"
    assert errors_of(reading) == [("Sheet1", 503, "", "", message)]


def test_an_empty_file_and_a_sheet_of_something_else_are_refused_in_a_sentence():
    nothing, other = read(Workbook()), read(sheet(["姓名", "电话"], ["演示", "0"]))

    assert [e.message for e in nothing.errors] == [
        "文件里没有表格，没有保存任何内容；请使用附件原表或下载的模板填写。"
    ]
    assert [e.message for e in other.errors] == [
        "没有认出“项目制培训情况统计表”的表头，请使用下载的模板填写。"
    ]


def test_a_return_of_that_year_that_exists_already_is_not_made_twice():
    importing.commit(read(EXAMPLE.read_bytes()), factories.filer(LINYI))

    again = read(EXAMPLE.read_bytes())

    message = "本单位已有同名的填报，请打开已有的那一份修改，或换一个名称。"
    assert errors_of(again) == [("Sheet1", 2, "年度", "2021年项目制培训情况统计表", message)]
