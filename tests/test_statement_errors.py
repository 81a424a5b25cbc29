"""项目制培训情况统计表 as it must not be: every error at once, with its sheet, row, column and value."""

import pytest
from openpyxl import Workbook

from portal import importing
from portal.importing import CellError
from portal.workflow import Refused
from tests import factories
from tests.statements import (
    COUNTY,
    DIRECT,
    EXAMPLE,
    HEADER,
    LANSHAN,
    LINYI,
    NOTES,
    PLANNED,
    SIGNED,
    TITLE,
    changed,
    errors_of,
    read,
    sheet,
)

pytestmark = pytest.mark.django_db


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


def test_two_sheets_that_are_too_long_together_are_refused():
    book = sheet(TITLE, HEADER, *[COUNTY] * 300, SIGNED, title="甲")

    reading = read(sheet(TITLE, HEADER, *[COUNTY] * 201, SIGNED, title="乙", book=book))

    message = "这张表最多500行，几张工作表合起来超过了；请核对是否重复。"
    assert reading.errors == [CellError("乙", 2, "", "", message)]


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
