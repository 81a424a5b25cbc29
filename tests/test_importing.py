"""Import: the annex and the sheets of every type, every error at once with its place, and all or nothing."""

import json
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from brands.models import BRAND_FORM, SkillBrand
from portal import drafts, excel, importing, registry
from portal.documents import form_docx, printed_form
from portal.importing import CellError, commit, read_file, shown
from portal.models import Filing
from portal.registry import RecordType
from portal.rules import TEXT_LIMIT
from portal.snapshot import child_rows
from portal.snapshot import shown as words
from portal.vocabulary import State
from portal.workflow import Refused
from tests import factories
from tests import made_files as made

pytestmark = pytest.mark.django_db
FILES = Path(__file__).parent / "files"
SAMPLE = FILES / "情况表-示例-潍坊.docx"
BUREAU = "填报单位（盖章）：潍坊市人力资源和社会保障局"
TYPES = list(registry.all_types())
every_type = pytest.mark.parametrize("record_type", TYPES, ids=lambda record_type: record_type.slug)
BRAND, UNIT = registry.get("skill-brands"), registry.get("building-units")


def annex(**changes) -> bytes:
    filled = {
        "name": "风筝品牌",
        "exam_projects": "演示剪纸制作",
        "institutions": "无",
        "advantage": "一\n二\n三",
    }
    rows = [[label, {**filled, **changes}[field]] for label, field in BRAND_FORM.rows.items()]
    return made.docx(changes.get("bureau", BUREAU), rows)


def read(upload: bytes, record_type: RecordType = BRAND, name: str = "表.docx", by=None) -> importing.Reading:
    return read_file(upload, name, record_type, by or factories.filer())


def messages(reading: importing.Reading) -> list[str]:
    return [error.message for error in reading.errors]


@pytest.fixture
def project():
    return factories.entry("exam-projects").filing.record


def test_the_sample_of_weifang_becomes_a_draft_with_three_parts():
    factories.entry("exam-projects", name="风筝制作")
    reading = read(SAMPLE.read_bytes(), name=SAMPLE.name)

    record = SkillBrand.objects.get(pk=commit(reading, factories.filer())[0].pk)

    assert (reading.errors, reading.warnings, reading.city) == ([], [], "潍坊市")
    assert (record.name, record.state, record.organisation.name) == (
        "潍坊风筝扎制品牌（演示）",
        State.DRAFT,
        "潍坊市人力资源和社会保障局",
    )
    assert ([str(p) for p in record.exam_projects.all()], record.institutions.count()) == (["风筝制作"], 0)
    assert [record.advantage_features[:5], record.advantage_people, record.advantage_industry[:6]] == [
        "演示数据。",
        "从业人员稳定，技能领头人带徒授艺。",
        "相关产业形成",
    ]


def test_what_is_printed_and_imported_elsewhere_prints_the_same():
    record = factories.draft("skill-brands", name="往返品牌")
    paper = printed_form(record)
    factories.act(record, "cancel", factories.filer())

    again = commit(read(form_docx(paper)), factories.filer())[0]

    assert printed_form(again) == paper


@pytest.mark.parametrize("between", ["、", "，", ",", "；", ";", "\n", "、 ", "\n\n"])
def test_several_projects_are_told_apart(between, project):
    other = factories.entry("exam-projects", name="风筝制作").filing

    reading = read(annex(exam_projects=between.join([project.name, "风筝 制作"])))

    assert (messages(reading), reading.records[0].values["exam_projects"]) == ([], [project, other.record])


def test_a_name_that_holds_a_separator_is_found_whole(project):
    other = factories.entry("exam-projects", name="剪、刻、染制作").filing.record

    reading = read(annex(exam_projects=f"剪、刻、染制作、{project.name}"))

    assert reading.records[0].values["exam_projects"] == [other, project]


@pytest.mark.parametrize("said", ["无", "无。", "—", "", "暂无"])
def test_no_institution_is_stored_as_absence(said, project):
    reading = read(annex(institutions=said))

    assert (messages(reading), "institutions" in reading.records[0].values) == ([], False)
    assert words(commit(reading, factories.filer())[0], "institutions") == "无"


def test_an_advantage_of_other_than_three_paragraphs_stays_together_and_says_so(project):
    reading = read(annex(advantage="一\n二\n三\n四"))

    assert reading.records[0].values["advantage_features"] == "一\n二\n三\n四"
    assert reading.warnings == [
        "“品牌优势”没有按内容分段，全部放在“地域特色和技能特点”一栏；请打开草稿，"
        "把其余内容移到“从业人员及技能领头人情况”、“相关产业规模及所产生的经济效益、社会效益”。"
    ]
    assert commit(reading, factories.filer())[0].advantage == "一\n二\n三\n四"


def test_every_fault_of_a_form_is_told_at_once_with_its_place(project):
    reading = read(
        annex(
            name="",
            exam_projects="不存在的项目、演示剪纸制作",
            institutions="某某学校",
            advantage="字" * 20_001,
        )
    )

    assert reading.errors == [
        CellError("表1", 1, "品牌项目名称", "", "“品牌项目名称”没有填写。"),
        CellError(
            "表1",
            2,
            "专项职业能力考核项目",
            "不存在的项目",
            "“不存在的项目”不在本单位可选的最新专项职业能力考核项目目录中，请重新选取。",
        ),
        CellError(
            "表1",
            3,
            "专项职业能力考核机构",
            "某某学校",
            "“某某学校”不在本单位可选的最新专项职业能力考核机构目录中，请重新选取。",
        ),
        CellError(
            "表1", 4, "品牌优势", "字" * 20_001, f"最多填写{TEXT_LIMIT}字，现在有20001字，请缩短后再暂存。"
        ),
    ]


def test_the_bureau_of_the_form_must_be_ones_own(project):
    told = "填报单位（盖章）：菏泽市人力资源和社会保障局"

    assert read(annex(bureau=told)).errors == [
        CellError(
            "表1",
            1,
            "填报单位（盖章）",
            "菏泽市人力资源和社会保障局",
            "填报单位写的是“菏泽市人力资源和社会保障局”，与您的单位“潍坊市人力资源和社会保障局”不一致。",
        )
    ]


@pytest.mark.parametrize(
    "told", ["填报单位：潍坊市人社局", "填报单位（盖章）：潍坊市 人力资源和社会保障局（章）"]
)
def test_the_bureau_may_be_written_short_or_with_blanks(told, project):
    assert messages(read(annex(bureau=told))) == []


def test_a_form_without_its_bureau_is_taken_as_ones_own_and_says_so(project):
    reading = read(annex(bureau="附件"))

    assert (messages(reading), reading.warnings) == (
        [],
        ["第1份表没有写填报单位，按“潍坊市人力资源和社会保障局”读取。"],
    )


def test_one_bad_form_keeps_all_others_out(project):
    good = [[label, "甲" if field == "name" else "演示剪纸制作"] for label, field in BRAND_FORM.rows.items()]
    good[2][1] = "无"
    reading = read(made.docx(BUREAU, good, BUREAU, good[:3]))

    with pytest.raises(Refused):
        commit(reading, factories.filer())

    assert messages(reading) == [
        "第2份表：没有找到“品牌优势”一栏，请使用附件原表填写。",
        "文件里有同名的两份，请删去一份，或换一个名称。",
    ]
    assert Filing.objects.filter(kind="skill-brands").count() == 0


def test_a_name_the_bureau_holds_already_is_refused_before_and_while_committing(project):
    reading = read(annex())
    factories.draft("skill-brands", name="风筝品牌")

    with pytest.raises(Refused):
        commit(reading, factories.filer())

    assert messages(read(annex())) == ["本单位已有同名的填报，请打开已有的那一份修改，或换一个名称。"]


def test_a_race_for_the_name_of_the_last_record_leaves_none_of_the_first(project):
    rows = [list(BRAND_FORM.rows), ["甲", "演示剪纸制作", "无", "好"], ["乙", "演示剪纸制作", "无", "好"]]
    reading = read(made.docx(BUREAU, rows))
    factories.draft("skill-brands", name="乙")

    with pytest.raises(Refused):
        commit(reading, factories.filer())

    assert [f.title for f in Filing.objects.filter(kind="skill-brands")] == ["乙"]


@pytest.mark.parametrize(
    ("upload", "name"),
    [
        (b"", "空.docx"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "图片.docx"),
        (bytes(10 * 2**20 + 1), "大.docx"),
        (made.docx("没有表格"), "文字.docx"),
        (made.docx([["姓名", "某某"]]), "别的表.docx"),
        ("名称,\0\n".encode(), "二进制.csv"),
        (b"x", "程序.exe"),
        (b"x", ""),
    ],
)
def test_what_is_no_form_is_one_error_and_changes_nothing(upload, name):
    reading = read(upload, name=name)

    assert [(error.sheet, error.row) for error in reading.errors] == [("", 0)]
    assert reading.errors[0].message.endswith("。")
    assert Filing.objects.count() == 0


def test_who_files_for_no_bureau_is_told_so():
    reading = read(annex(), by=factories.reviewer())

    assert messages(reading) == [
        "您没有为本单位填报“专项职业能力品牌”的岗位，没有读取文件；请用填报岗位的账号登录。"
    ]


def test_control_characters_are_left_out_and_markup_is_text(project):
    table = [[label, "<b>&甲\u200b" if field == "name" else "无"] for label, field in BRAND_FORM.rows.items()]
    table[1][1] = project.name

    assert read(made.docx(BUREAU, table)).records[0].title == "<b>&甲"


# --- sheets -----------------------------------------------------------------------------------------------


def filled_template(record_type: RecordType, change=None) -> bytes:
    """Return the template of a type with its sample lines turned into data."""
    book = load_workbook(BytesIO(excel.template_workbook(record_type)))
    for sheet in book.worksheets:
        for row in sheet.iter_rows(min_row=2, max_row=2):
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
    exported = excel.export_workbook(
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
    assert messages(read(annex(), UNIT)) == [
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


# --- the command ------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, dict]:
    out, code = StringIO(), 0
    try:
        call_command("import_file", *map(str, arguments), "--json", stdout=out)
    except SystemExit as exit_:
        code = exit_.code
    return code, json.loads(out.getvalue())


def test_the_command_reads_without_storing_and_stores_when_told():
    factories.entry("exam-projects", name="风筝制作")
    arguments = (SAMPLE, "--type", "skill-brands", "--as", factories.filer().username)

    dry = run(*arguments)
    stored = SkillBrand.objects.count()
    wet = run(*arguments, "--commit")

    assert (dry[0], stored, dry[1]["imported"], wet[0], wet[1]["imported"]) == (0, 0, 0, 0, 1)
    assert {**dry[1], "records": []} == {
        "type": "skill-brands",
        "city": "潍坊市",
        "records": [],
        "errors": [],
        "warnings": [],
        "imported": 0,
    }
    assert [(r["title"], r["exam_projects"]) for r in dry[1]["records"]] == [
        ("潍坊风筝扎制品牌（演示）", ["风筝制作"])
    ]
    assert SkillBrand.objects.get().name == "潍坊风筝扎制品牌（演示）"


def test_the_command_ends_with_one_when_the_file_has_errors():
    code, outcome = run(SAMPLE, "--type", "skill-brands", "--as", factories.filer().username, "--commit")

    assert (code, outcome["imported"], [list(error) for error in outcome["errors"]]) == (
        1,
        0,
        [["sheet", "row", "column", "value", "message"]],
    )
    assert SkillBrand.objects.count() == 0


@pytest.mark.parametrize(
    ("file", "slug", "username", "value"),
    [
        ("没有.docx", "skill-brands", "", "没有.docx"),
        (".", "skill-brands", "", ""),
        (str(SAMPLE), "no-such-type", "", "no-such-type"),
        (str(SAMPLE), "skill-brands", "nobody", "nobody"),
    ],
)
def test_the_command_answers_even_to_nonsense(file, slug, username, value):
    code, outcome = run(file, "--type", slug, "--as", username or factories.filer().username)

    assert (code, [error["value"] for error in outcome["errors"]]) == (1, [value])
    assert set(outcome) == {"type", "city", "records", "errors", "warnings", "imported"}


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
