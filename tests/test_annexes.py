"""Reading the annex: by its labels wherever they stand, with what is missing named."""

from pathlib import Path

import pytest

from brands.models import BRAND_FORM
from portal.annexes import CellError, label_key, read_forms
from portal.sandbox import read_tables
from tests import made_files as made
from tests.made_files import COVERED, DOWN, WIDE

FILES = Path(__file__).parent / "files"
BUREAU = "填报单位（盖章）：潍坊市人力资源和社会保障局"
NAME, PROJECTS, INSTITUTIONS, ADVANTAGE = BRAND_FORM.rows
HINT = BRAND_FORM.hints["advantage"]
FILLED = {
    "name": "风筝扎制品牌（演示）",
    "exam_projects": "风筝制作、剪纸",
    "institutions": "无",
    "advantage": "第一段。\n第二段。",
}


def forms(*blocks):
    return read_forms(read_tables(made.docx(*blocks), ".docx"), BRAND_FORM)


def rows(**changes) -> list[list]:
    return [[label, {**FILLED, **changes}[field]] for label, field in BRAND_FORM.rows.items()]


def test_the_sample_of_a_city_is_read_whole():
    readings = read_forms(read_tables(FILES / "情况表-示例-菏泽.docx", ".docx"), BRAND_FORM)

    assert [(r.organisation_text, r.values, r.errors) for r in readings] == [
        (
            "菏泽市人力资源和社会保障局",
            {
                "name": "单县羊汤师傅（演示）",
                "exam_projects": "单县羊肉汤制作、郓城壮馍制作",
                "institutions": "演示考核机构甲（单县）、演示考核机构乙（郓城）",
                "advantage": "演示数据。单县羊肉汤历史悠久，汤色乳白。\n"
                "从业人员数量较多，技能领头人明确。\n带动羊产业与餐饮创业。",
            },
            [],
        )
    ]


def test_the_blank_form_has_no_bureau_and_no_values():
    readings = read_forms(read_tables(FILES / "情况表-空白.docx", ".docx"), BRAND_FORM)

    assert [(r.organisation_text, r.values, r.errors) for r in readings] == [
        ("", dict.fromkeys(FILLED, ""), [])
    ]


LAYOUTS = {
    "labels to the left": [rows()],
    "labels with blanks, colons and numbers": [
        [
            ["1.品牌 项目名称：", FILLED["name"]],
            ["２．专项职业能力\n考核项目", FILLED["exam_projects"]],
            ["专项职业能力考核机构（暂无填无）", FILLED["institutions"]],
            ["品　牌　优　势", FILLED["advantage"]],
        ]
    ],
    "a column of numbers before and one of remarks behind": [
        [[str(n), label, value, "说明" if n == 1 else ""] for n, (label, value) in enumerate(rows(), 1)]
    ],
    "an empty column between": [[[label, "", value] for label, value in rows()]],
    "labels above": [[list(BRAND_FORM.rows), list(FILLED.values())]],
    "each label above its value": [[[part] for row in rows() for part in row]],
    "two labels in a row": [
        [
            [NAME, FILLED["name"], INSTITUTIONS, FILLED["institutions"]],
            [PROJECTS, (FILLED["exam_projects"], WIDE, 3)],
            [ADVANTAGE, (FILLED["advantage"], WIDE, 3)],
        ]
    ],
    "label and value in one cell": [[[f"{label}：{value}"] for label, value in rows()]],
    "the title and the bureau inside the table": [
        [[("“鲁滋鲁味·鲁艺鲁品”专项职业能力品牌情况表", WIDE)], [(BUREAU, WIDE)], *rows()]
    ],
    "the form over two tables": [rows()[:2], "（续表）", rows()[2:]],
    "a value cut in two by a page break": [[*rows(advantage="第一段。"), ["", "第二段。"]]],
    "a value beside a label of two rows": [
        [*rows()[:3], [(ADVANTAGE, DOWN), "第一段。"], [("", COVERED), "第二段。"]]
    ],
    "the notes inside the table": [[*rows(), [("备注：1. 从目录中选取；2. 填无。", WIDE)]]],
    "the hint left above the text": [rows(advantage=f"{HINT}\n{FILLED['advantage']}")],
}


@pytest.mark.parametrize("blocks", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_layout_does_not_matter(blocks):
    readings = forms(BUREAU, *blocks)

    assert [(r.organisation_text, r.values, r.errors) for r in readings] == [
        ("潍坊市人力资源和社会保障局", FILLED, [])
    ]


def test_a_label_that_opens_a_value_does_not_begin_a_row():
    told = "品牌优势：产业链完整。"

    assert [r.values["advantage"] for r in forms(rows(advantage=told))] == [told]


def test_several_forms_in_one_file_are_told_apart_each_with_its_bureau():
    second = "填报单位（盖章）：菏泽市人力资源和社会保障局"

    readings = forms(BUREAU, rows(), second, rows(name="第二个"), [[(BUREAU, WIDE)], *rows(name="第三个")])

    assert [(r.number, r.values["name"], r.organisation_text) for r in readings] == [
        (1, FILLED["name"], "潍坊市人力资源和社会保障局"),
        (2, "第二个", "菏泽市人力资源和社会保障局"),
        (3, "第三个", "潍坊市人力资源和社会保障局"),
    ]


def test_forms_one_below_the_other_in_one_table_are_told_apart():
    named = [
        [("填报单位：甲市人力资源和社会保障局", WIDE)],
        *rows(),
        [("填报单位：乙市人社局", WIDE)],
        *rows(),
    ]

    assert [r.organisation_text for r in forms(named)] == ["甲市人力资源和社会保障局", "乙市人社局"]


def test_a_list_of_brands_below_the_four_labels_is_one_form_a_line():
    lines = [["甲", "风筝制作", "无", "好"], ["乙", "剪纸", "", "好"], [("填表人：某某", WIDE, 4)]]

    assert [r.values["name"] for r in forms([list(BRAND_FORM.rows), *lines])] == ["甲", "乙"]


def test_a_label_that_is_nowhere_is_named():
    readings = forms(BUREAU, rows()[:3])

    assert readings[0].errors == [
        CellError("表1", 1, ADVANTAGE, "", "第1份表：没有找到“品牌优势”一栏，请使用附件原表填写。")
    ]


def test_a_file_without_the_form_has_no_forms():
    assert forms([["姓名", "某某"]]) == []


@pytest.mark.parametrize(
    ("line", "bureau"),
    [
        (
            "填报单位（盖章）：潍坊市人力资源和社会保障局　　填报日期：2024年12月1日",
            "潍坊市人力资源和社会保障局",
        ),
        ("填报单位(盖章):__潍坊__市人力资源和社会保障局", "潍坊市人力资源和社会保障局"),
        ("填报单位：", ""),
        ("填报单位（盖章）：_____市人力资源和社会保障局", ""),
        ("单位负责人：某某", None),
    ],
)
def test_the_bureau_is_read_from_its_line(line, bureau):
    assert forms(line, rows())[0].organisation_text == bureau


def test_labels_are_compared_without_what_people_add():
    said = ("品牌优势", " 品 牌\n优势：", "４、品牌优势（300字）", "【品牌优势】")

    assert {label_key(label) for label in said} == {"品牌优势"}
