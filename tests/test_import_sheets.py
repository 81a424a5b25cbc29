"""Import of sheets, for every type: columns by header, errors by row and column, child rows with them."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from portal import drafts, excel, exports, registry
from portal.importing import CellError, Reading, commit, read_file, shown
from portal.registry import RecordType
from portal.snapshot import child_rows
from portal.snapshot import shown as words
from portal.vocabulary import State
from tests import factories
from tests import made_files as made

pytestmark = pytest.mark.django_db
TYPES = list(registry.all_types())
every_type = pytest.mark.parametrize("record_type", TYPES, ids=lambda record_type: record_type.slug)
BRAND, UNIT = registry.get("skill-brands"), registry.get("building-units")


def read(upload: bytes, record_type: RecordType, name: str = "表.xlsx", by=None) -> Reading:
    return read_file(upload, name, record_type, by or factories.filer())


def messages(reading: Reading) -> list[str]:
    return [error.message for error in reading.errors]


@pytest.fixture
def project():
    return factories.entry("exam-projects").filing.record


def filled_template(record_type: RecordType, change=None) -> bytes:
    """Return the template of a type with its sample lines turned into data."""
    book = load_workbook(BytesIO(excel.template_workbook(record_type)))
    for sheet in book.worksheets:
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value = cell.value.removeprefix("示例：")
    if change:
        change(book)
    return made.saved(book)


def column_of(sheet, header: str) -> int:
    return next(cell.column for cell in sheet[1] if cell.value == header)


@every_type
def test_the_sample_line_of_every_template_is_importable(record_type):
    factories.publish_related(record_type, record_type.example)
    reading = read(filled_template(record_type), record_type, "表.xlsx")

    record = commit(reading, factories.filer())[0]

    assert (messages(reading), [w for w in reading.warnings if "没有读取" in w]) == ([], [])
    expected = factories.draft(record_type, place="3717")
    for name in record_type.fields:
        assert words(record, name) == words(expected, name), name
    for name, fields in record_type.rows.items():
        assert [[words(row, f) for f in fields] for row in child_rows(record, name)] == [
            [words(row, f) for f in fields] for row in child_rows(expected, name)
        ]


@every_type
def test_what_is_exported_is_importable(record_type):
    record = factories.draft(record_type)
    exported = exports.export_workbook(
        record_type, record_type.model.objects.filter(pk=record.pk), personal=True
    )
    factories.act(record, "cancel", factories.filer())

    reading = read(exported, record_type, "导出.xlsx")

    assert messages(reading) == []
    assert [draft.title for draft in reading.records] == [record.title]


@every_type
def test_an_untouched_template_holds_nothing_to_import(record_type):
    data = excel.template_workbook(record_type)

    assert messages(read(data, record_type, "模板.xlsx")) == ["表里还没有填写内容，请填写后再上传。"]


def unit_lines(*lines: list) -> bytes:
    header = ["单位全称", "单位类型", "属于“山东手造”", "成立日期", "“一条龙”服务", "统一社会信用代码"]
    return made.xlsx([header, *lines])


def test_choices_dates_and_answers_are_taken_as_people_write_them():
    reading = read(
        unit_lines(
            ["甲公司", "龙头企业", "是", "２０２４年６月１日", "培训、维权", None],
            ["乙公司", "行业 协会", "否", "2024/6/1", "无", None],
            ["丙公司", "其他", "√", "2024.06.01", "就业", "９１３７００００ＭＡ３ＤＥＭ０Ｘ１１"],
        ),
        UNIT,
        "单位.xlsx",
    )

    assert messages(reading) == []
    assert [
        (d.values["unit_type"], d.values["is_shandong_handicraft"], str(d.values["founded_on"]))
        for d in reading.records
    ] == [
        ("leading_enterprise", True, "2024-06-01"),
        ("industry_association", False, "2024-06-01"),
        ("other", True, "2024-06-01"),
    ]
    assert [d.values.get("services") for d in reading.records] == [
        ["training", "rights"],
        None,
        ["employment"],
    ]


def test_every_fault_of_a_sheet_is_told_with_row_column_and_value():
    reading = read(
        unit_lines(
            ["甲公司", "大公司", "也许", "2021-13-01", "培训、唱歌", "123"],
            ["", "其他", "是", "", "", ""],
            ["乙公司", "其他、行业协会", "是", "", "", ""],
        ),
        UNIT,
        "单位.xlsx",
    )

    assert [(e.sheet, e.row, e.column, e.value) for e in reading.errors] == [
        ("Sheet1", 2, "单位类型", "大公司"),
        ("Sheet1", 2, "属于“山东手造”", "也许"),
        ("Sheet1", 2, "成立日期", "2021-13-01"),
        ("Sheet1", 2, "“一条龙”服务", "唱歌"),
        ("Sheet1", 2, "统一社会信用代码", "123"),
        ("Sheet1", 3, "单位全称", ""),
        ("Sheet1", 4, "单位类型", "其他、行业协会"),
    ]
    assert all(message.endswith("。") for message in messages(reading))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_text_sheet_is_read_in_five_encodings(encoding):
    data = "单位全称,单位类型\n鲁锦“织造”公司,龙头企业\n".encode(encoding)

    assert [d.title for d in read(data, UNIT, "单位.csv").records] == ["鲁锦“织造”公司"]


def test_a_title_above_and_notes_below_are_passed_over():
    rows = [
        ["单位情况表"],
        ["单位全称", "单位类型"],
        ["甲公司", "其他"],
        [],
        ["注：1.请如实填写。"],
        ["填表人：某某", None],
    ]

    reading = read(made.xlsx(rows, merged=("A1:B1", "A6:B6")), UNIT, "单位.xlsx")

    assert ([d.title for d in reading.records], messages(reading)) == (["甲公司"], [])


def test_a_cell_merged_over_several_lines_counts_for_each():
    rows = [["单位全称", "单位类型"], ["甲公司", "其他"], ["乙公司", None]]

    reading = read(made.xlsx(rows, merged=("B2:B3",)), UNIT, "单位.xlsx")

    assert [d.values["unit_type"] for d in reading.records] == ["other", "other"]


def test_columns_that_are_not_of_the_form_are_said_and_those_of_an_export_are_not():
    rows = [["单位全称", "单位类型", "状态", "序号"], ["甲公司", "其他", "审核通过", "1"]]

    reading = read(made.xlsx(rows), UNIT, "单位.xlsx")

    assert [w for w in reading.warnings if "没有读取" in w] == ["“序号”这一列不是本表的内容，没有读取。"]
    assert commit(reading, factories.filer())[0].state == State.DRAFT


@pytest.mark.parametrize(
    ("header", "said", "message"),
    [
        (
            "填报单位",
            "菏泽市人力资源和社会保障局",
            "填报单位写的是“菏泽市人力资源和社会保障局”，与您的单位“潍坊市人力资源和社会保障局”不一致。",
        ),
        ("所属区划", "菏泽市", "所属区划写的是“菏泽市”，与您的单位所在的“潍坊市”不一致。"),
    ],
)
def test_lines_of_another_bureau_are_errors(header, said, message):
    rows = [["单位全称", "单位类型", header], ["甲公司", "其他", said]]

    assert read(made.xlsx(rows), UNIT, "单位.xlsx").errors == [CellError("Sheet1", 2, header, said, message)]


def test_a_sheet_without_the_header_or_with_a_column_twice_is_refused():
    assert messages(read(made.xlsx([["姓名", "电话"]]), UNIT, "单位.xlsx")) == [
        "没有认出“劳务品牌建设单位”的表头，请使用下载的模板填写。"
    ]
    assert messages(read(made.xlsx([["单位全称", "单位类型", "单位全称"]]), UNIT, "单位.xlsx")) == [
        "“单位全称”有两列，请删去一列。"
    ]
    assert messages(read(made.xlsx([["单位类型", "地址"], ["其他", "某路"]]), UNIT, "单位.xlsx")) == [
        "没有找到“单位全称”这一列，请使用下载的模板。"
    ]


def test_a_type_without_an_annex_takes_no_word_file():
    assert messages(read(made.docx([["姓名"]]), UNIT, "表.docx")) == [
        "“劳务品牌建设单位”没有 Word 表格，请下载 Excel 模板填写后再上传。"
    ]


def yearly(*rows: list) -> bytes:
    header = ["单位全称", "年度", "培训人数", "自用人数", "输出人数"]
    return made.xlsx(
        [["单位全称", "单位类型"], ["甲公司", "其他"]],
        title="劳务品牌建设单位",
        **{"年度培训就业情况": [header, *rows]},
    )


def test_child_rows_belong_to_the_record_they_name():
    reading = read(
        yearly(["甲 公司", 2024, "1,200", 300, "３００"], ["甲公司", 2023, 600, 0, 600]), UNIT, "单位.xlsx"
    )

    record = commit(reading, factories.filer())[0]

    assert [
        (row.year, row.trained_count, row.exported_count) for row in record.annual_performances.all()
    ] == [
        (2024, 1200, 300),
        (2023, 600, 600),
    ]


def test_child_rows_are_checked_like_records():
    reading = read(
        yearly(
            ["甲公司", 2024, "很多", 300, 300],
            ["乙公司", 2024, 600, 300, 300],
            ["甲公司", None, 600, 300, 300],
            ["甲公司", 2023, 600, 300, 300],
            ["甲公司", 2023, 600, 300, 300],
        ),
        UNIT,
        "单位.xlsx",
    )

    assert [(e.sheet, e.row, e.column, e.value, e.message) for e in reading.errors] == [
        ("年度培训就业情况", 2, "培训人数", "很多", "请填写整数，例如620。"),
        ("年度培训就业情况", 3, "单位全称", "乙公司", "前一张表中没有“乙公司”，请写成一致的名称。"),
        ("年度培训就业情况", 4, "年度", "", "“年度”没有填写。"),
        ("年度培训就业情况", 6, "单位全称", "甲公司", "同一年度只填一行。"),
    ]


def authorised(region: str) -> bytes:
    return made.xlsx(
        [["考核机构名称", "机构类型"], ["甲学校", "院校"]],
        title="专项职业能力考核机构",
        **{"授权项目": [["考核机构名称", "考核项目", "授权地区"], ["甲学校", "演示剪纸制作", region]]},
    )


@pytest.mark.parametrize(
    ("place", "region", "code"),
    [
        ("3701", "济南市市中区", "370103"),
        ("3701", "市中区", "370103"),
        ("3704", "市中区", "370402"),
        ("3704", "枣庄市", "3704"),
        ("37", "济南市市中区", "370103"),
    ],
)
def test_a_county_is_found_in_the_city_of_the_bureau(place, region, code, project):
    reading = read(authorised(region), registry.get("exam-institutions"), "机构.xlsx", factories.filer(place))

    assert messages(reading) == []
    assert reading.records[0].rows["authorizations"][0]["region"].code == code


@pytest.mark.parametrize(
    ("place", "region"), [("37", "市中区"), ("3707", "市中区"), ("3704", "济南市市中区")]
)
def test_a_county_is_never_matched_by_its_bare_name(place, region, project):
    reading = read(authorised(region), registry.get("exam-institutions"), "机构.xlsx", factories.filer(place))

    assert [(e.column, e.value) for e in reading.errors] == [("授权地区", region)]


def test_words_that_are_too_long_are_refused_as_they_stand_and_codes_are_written_plainly():
    name = f"{'甲' * 30} （{'乙' * 28}）"
    header = ["单位全称", "统一社会信用代码", "联系电话"]

    reading = read(
        made.xlsx([header, [name, "９１３７ 0000 MA3D EM0X 11", "（０５３６） 8888 8888 8888"]]), UNIT
    )

    assert [(e.column, e.value) for e in reading.errors] == [("单位全称", name)]
    assert reading.records[0].values == {
        "credit_code": "91370000MA3DEM0X11",
        "contact_phone": "(0536)888888888888",
    }


def test_reading_asks_as_much_for_a_thousand_lines_as_for_one(project):
    def queries(number: int) -> int:
        lines = [[f"品牌{n}", project.name, "无"] for n in range(number)]
        data = made.xlsx([["品牌项目名称", "专项职业能力考核项目", "专项职业能力考核机构"], *lines])
        user = factories.filer()
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert len(read(data, BRAND, "表.xlsx", user).records) == number
        return len(caught)

    assert queries(1) == queries(3) == queries(1000)


def test_what_was_read_is_shown_in_words(project):
    reading = read(yearly(["甲公司", 2024, 600, 300, 300]), UNIT, "单位.xlsx")

    assert shown(reading.records[0], UNIT) == {
        "name": "甲公司",
        "unit_type": "其他",
        "annual_performances": [
            {"year": 2024, "trained_count": 600, "self_used_count": 300, "exported_count": 300}
        ],
    }
    assert drafts.filing_organisations(factories.filer(), UNIT) == [reading.organisation]
