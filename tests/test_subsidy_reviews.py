"""The review of subsidy standards: its rules each with the clause, its amounts, its two kinds of files."""

from datetime import date
from decimal import Decimal

import pytest

from portal import attachments, drafts, exports, importing, registry, rules, snapshot
from portal.documents import printed_form
from portal.importing import CellError
from portal.models import Filing
from portal.workflow import Refused
from tests import factories
from tests.made_files import xlsx
from tests.typed import sheet_of, stored

pytestmark = pytest.mark.django_db
TYPE = registry.get("subsidy-reviews")
CLAUSE = "鲁人社字〔2021〕32号 二（五）"
ITEM = TYPE.example["items"][0]
TOLD = "；情况属实的，请填写情况说明后提交。"


def found(record: Filing) -> list[tuple[str, str, bool]]:
    assert {problem.clause for problem in rules.problems(record)} <= {CLAUSE}
    return [(p.field, p.text, p.needs_explanation) for p in rules.problems(record)]


def items(**changes) -> list[dict]:
    return [{**ITEM, **changes}]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"evaluated_on": "2024-03-31"}, []),
        ({"evaluated_on": "2024-04-01"}, [("evaluated_on", f"评估论证日期2024-04-01晚于3月底{TOLD}", True)]),
        (
            {"evaluated_on": "2023-03-01"},
            [("evaluated_on", "评估论证日期2023-03-01不在2024年，请核对。", False)],
        ),
        ({"participants": []}, [("participants", "请选择征求意见对象。", False)]),
        (
            {"participants": ["departments", "trainees"]},
            [("participants", f"没有征求机构、行业专家的意见{TOLD}", True)],
        ),
        (
            {"items": []},
            [("items", "没有填写调整的项目；评估后维持现行标准的，请在情况说明中写明后提交。", True)],
        ),
        ({"items": items(old_amount=None)}, []),
        (
            {"items": items(old_amount=600)},
            [("items", f"补贴标准调整项目第1行：新标准与原标准相同{TOLD}", True)],
        ),
        (
            {"items": items(cap=599)},
            [("items", "补贴标准调整项目第1行：最高补贴额低于新标准，请核对。", False)],
        ),
        ({"items": items(new_amount=None)}, [("items", "补贴标准调整项目第1行请填写新标准。", False)]),
    ],
)
def test_each_rule_is_a_sentence_on_its_field(changes, told):
    assert found(factories.draft(TYPE, year=2024, **changes)) == told


@pytest.mark.parametrize(
    ("slot", "sentence"),
    [
        ("word", f"请同时上传Word版（.doc/.docx）材料（{CLAUSE}）。"),
        ("scan", f"请上传评估情况和调整文件的PDF或扫描件（{CLAUSE}）。"),
    ],
)
def test_a_scan_and_a_word_file_must_both_be_there(slot, sentence):
    record = factories.draft(TYPE)
    attachments.remove(record.attachments.get(slot=slot), by=factories.filer())

    assert found(record) == [(slot, sentence, False)]


@pytest.mark.parametrize("place", [factories.PROVINCE, factories.KUIWEN])
def test_only_a_city_sends_it(place):
    assert drafts.filing_organisations(factories.filer(place), TYPE) == []
    with pytest.raises(Refused, match="您没有为这个单位填报补贴标准评估材料的岗位。"):
        factories.draft(TYPE, place=place)


def test_a_city_sends_one_a_year():
    first, second = factories.draft(TYPE), factories.draft(TYPE)

    assert (first.title, second.title) == ("2024年补贴标准评估材料", "2023年补贴标准评估材料")


# -- amounts


@pytest.mark.parametrize(
    ("typed", "amount"), [("600", "600"), (" １，２００．５０ ", "1200.5"), ("8.5", "8.5"), ("0", "0")]
)
def test_an_amount_is_read_as_people_write_it(typed, amount):
    record = factories.draft(TYPE)
    sheet = sheet_of(record, **{"items-0-new_amount": typed})

    sheet.store(by=factories.filer(), revision=record.revision)

    assert stored(record).items.order_by("pk")[0].new_amount == Decimal(amount)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("六百元", "请填写数字，例如10或8.5。"),
        ("1e5", "请填写数字，例如10或8.5。"),
        ("NaN", "请填写数字，例如10或8.5。"),
        ("٣", "请填写数字，例如10或8.5。"),
        ("-1", "请填写0或更大的数。"),
        ("8.555", "最多填两位小数。"),
        ("9" * 12, "数字太大，请核对。"),
        ("9" * 5000, "请填写数字，例如10或8.5。"),
    ],
)
def test_what_is_no_amount_is_said_in_a_sentence(typed, sentence):
    sheet = sheet_of(factories.draft(TYPE), **{"items-0-new_amount": typed})

    assert sheet.errors() == {"items": [f"第1行 新标准：{sentence}"]}


def test_amounts_are_printed_without_zeros_that_say_nothing():
    (table,) = printed_form(factories.draft(TYPE, items=items(new_amount=Decimal("600.50"), cap=1000))).tables

    assert table.rows == (
        ("创业培训（演示）", "四级", "500", "600.5", "元/人", "1000", "2024-05-01", "演示发〔2024〕1号"),
    )


# -- sheets


def test_the_template_filled_in_as_its_sample_is_read():
    main = [
        ["年度", "评估论证日期", "征求意见对象", "评估情况"],
        ["２０２４", "2024年3月20日", "相关部门、行业专家", "好"],
    ]
    rows = [
        ["年度", "培训类别", "等级", "原标准", "新标准", "计量单位", "最高补贴额", "生效日期", "依据文号"],
        [2024, "创业培训", "", "", 10.5, "元/课时·人", "５００", "2024-05-01", "鲁人社字〔2024〕1号"],
    ]

    reading = importing.read_file(
        xlsx(main, title="补贴标准评估材料", 补贴标准调整项目=rows), "表.xlsx", TYPE, factories.filer()
    )

    assert reading.errors == []
    assert [draft.rows for draft in reading.records] == [
        {
            "items": [
                {
                    "category": "创业培训",
                    "level": "",
                    "old_amount": None,
                    "new_amount": Decimal("10.5"),
                    "unit": "per_hour",
                    "cap": Decimal("500"),
                    "effective_on": date(2024, 5, 1),
                    "basis_document_number": "鲁人社字〔2024〕1号",
                }
            ]
        }
    ]


def test_a_wrong_amount_and_number_in_a_sheet_are_named_with_their_place():
    main = [["年度", "评估论证日期"], [2024, "2024-03-20"]]
    rows = [
        ["年度", "培训类别", "新标准", "计量单位", "依据文号"],
        [2024, "创业培训", "十元", "元/人", "鲁人社字[2024]1号"],
    ]

    reading = importing.read_file(
        xlsx(main, title="补贴标准评估材料", 补贴标准调整项目=rows), "表.xlsx", TYPE, factories.filer()
    )

    assert [(e.sheet, e.row, e.column, e.value) for e in reading.errors] == [
        ("补贴标准调整项目", 2, "新标准", "十元"),
        ("补贴标准调整项目", 2, "依据文号", "鲁人社字[2024]1号"),
    ]
    assert reading.errors[0] == CellError(
        "补贴标准调整项目", 2, "新标准", "十元", "请填写数字，例如10或8.5。"
    )


def test_amounts_survive_the_way_through_a_sheet():
    record = factories.draft(TYPE, items=items(new_amount=Decimal("600.50")))
    written = snapshot.take(record)["rows"]
    sheet = exports.export_workbook(TYPE, TYPE.model.objects.filter(pk=record.pk), personal=True)
    factories.act(record, "cancel", factories.filer())

    (again,) = importing.commit(
        importing.read_file(sheet, "导出.xlsx", TYPE, factories.filer()), factories.filer()
    )

    assert snapshot.take(again)["rows"] == written
    assert written["items"][0]["new_amount"] == "600.5"
