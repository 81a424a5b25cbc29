"""Import of the annex: one draft a form, every error at once with its place, and all or nothing."""

from pathlib import Path

import pytest

from brands.models import BRAND_FORM, SkillBrand
from portal import importing, registry
from portal.documents import form_docx, printed_form
from portal.importing import CellError, commit, read_file
from portal.models import Filing
from portal.registry import RecordType
from portal.rules import TEXT_LIMIT
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

    assert (messages(reading), reading.records[0].values["institutions"]) == ([], [])
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


def test_an_annex_copied_into_excel_is_read_as_one(project):
    rows = [["“鲁滋鲁味·鲁艺鲁品”专项职业能力品牌情况表"], [BUREAU], ["品牌项目名称", "甲"]]
    rows += [
        ["专项职业能力考核项目", project.name],
        ["专项职业能力考核机构", "无"],
        ["品牌优势", "一\n二\n三"],
    ]

    reading = read(made.xlsx(rows, merged=("A1:B1", "A2:B2")), name="情况表.xlsx")

    assert (messages(reading), reading.warnings, reading.records[0].title) == ([], [], "甲")
