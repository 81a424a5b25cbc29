"""The workbook to fill in: what is locked and what is not, what it explains, and how an old one is told."""

import io

import pytest
from openpyxl import load_workbook

from portal import excel, registry, sheets
from portal.registry import RecordType
from tests import factories
from tests.programs import converted

pytestmark = pytest.mark.django_db
TYPES = list(registry.all_types())
every_type = pytest.mark.parametrize("record_type", TYPES, ids=lambda record_type: record_type.slug)
UNIT, BRAND = registry.get("building-units"), registry.get("labour-brands")


def template(record_type: RecordType):
    return load_workbook(io.BytesIO(excel.template_workbook(record_type)))


@every_type
def test_header_and_samples_are_locked_and_everything_below_is_open(record_type):
    book = template(record_type)

    for sheet in sheets.layout(record_type):
        target, samples = book[sheet.title], [record_type.example]
        if sheet.rows:
            samples = record_type.example.get(sheet.rows, [])
        locked = {cell.row for line in target for cell in line if cell.protection.locked}
        assert locked == set(range(1, len(samples) + 2))
        columns = target.column_dimensions.values()
        assert [column.protection.locked for column in columns] == [False] * len(columns)
        assert max(column.max for column in columns) == 16_384


def test_lines_may_be_inserted_sorted_and_formatted_without_a_password():
    protection = template(UNIT)[UNIT.label].protection

    assert (protection.sheet, protection.password) == (True, None)
    acts = ("insertRows", "deleteRows", "sort", "formatColumns", "formatRows", "autoFilter")
    assert [getattr(protection, act) for act in acts] == [False] * len(acts)
    assert protection.insertColumns is True


@every_type
def test_a_sheet_explains_every_column_with_its_demand(record_type):
    guide = template(record_type)[sheets.GUIDE]

    lines = [tuple(row) for row in guide.iter_rows(values_only=True)]
    begin = lines.index(("工作表", "栏目", "要求", "怎么填")) + 1
    columns = [
        (sheet.title, f"“{column.header}”")
        for sheet in sheets.layout(record_type)
        for column in sheet.columns
    ]
    assert [line[:2] for line in lines[begin:]] == columns
    assert {line[2] for line in lines[begin:]} <= {"必填", "选填"}
    assert excel.template_version(record_type) in lines[0][0]
    assert guide.protection.sheet is True


def headers(record_type: RecordType) -> list[str]:
    return [column.header for sheet in sheets.layout(record_type) for column in sheet.columns]


@pytest.mark.parametrize("keywords", ["", "公文,表格", excel.template_version(UNIT), " "])
def test_todays_template_and_other_peoples_files_need_no_warning(keywords):
    assert excel.version_warnings(UNIT, keywords, headers(UNIT)) == []


def test_of_an_outdated_template_is_said_which_columns_it_lacks():
    assert excel.version_warnings(UNIT, "building-units-00000000", headers(UNIT)[3:]) == [
        "这份表用的是旧版模板，缺少现行模板的“建设的劳务品牌、单位类型”；缺的栏目按没有填写读取，要填请下载新模板。"
    ]


def test_of_an_outdated_template_with_every_column_is_said_that_its_lists_may_be_old():
    assert excel.version_warnings(UNIT, "building-units-00000000", headers(UNIT)) == [
        "这份表用的是旧版模板，栏目与现行模板一致，可以照常导入；下拉列表可能已经过时，下次请下载新模板。"
    ]


def test_the_template_of_another_type_is_named():
    assert excel.version_warnings(UNIT, excel.template_version(BRAND), headers(BRAND)) == [
        "这份表是“劳务品牌”的模板，您选的是“劳务品牌建设单位”；请核对类型。"
    ]


def test_another_office_program_keeps_lists_checks_and_protection(tmp_path):
    factories.entry("exam-projects", name="演示风筝制作")
    record_type = registry.get("skill-brands")
    (tmp_path / "before.xlsx").write_bytes(excel.template_workbook(record_type))

    (tmp_path / "after").mkdir()
    converted(tmp_path / "before.xlsx", tmp_path / "after", "xlsx:Calc MS Excel 2007 XML")

    book = load_workbook(tmp_path / "after" / "before.xlsx")
    sheet = book[record_type.label]
    checks = {str(check.sqref).split(":")[0]: check.type for check in sheet.data_validations.dataValidation}
    ((title, area),) = book.defined_names["list__exam_projects"].destinations
    assert (checks["B2"], [cell.value for cell in _cells(book[title][area])]) == ("list", ["演示风筝制作"])
    assert (sheet.protection.sheet, sheet["A1"].protection.locked) == (True, True)
    assert sheet.column_dimensions["A"].protection.locked is False
    assert [cell.comment is None for cell in sheet[1]] == [False] * len(sheet[1])
    assert book.sheetnames == [record_type.label, sheets.GUIDE, "选项"]
    assert book["选项"].sheet_state != "visible"


def _cells(area) -> list:
    return [cell for line in area for cell in line] if isinstance(area, tuple) else [area]
