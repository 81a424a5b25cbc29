"""The receipt of a file with errors: the same workbook, marked where it is wrong, and nothing that acts."""

import csv
import io
import re
import zipfile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName

from portal import excel, receipts, registry, sheets
from portal.annexes import CellError
from portal.importing import read_file
from tests import made_files as made
from tests.factories import filer
from tests.programs import converted
from tests.statements import EXAMPLE, LINYI, RETURN

UNIT = registry.get("building-units")
RED = "FFF9C0C8"
HEADER = ["单位全称", "单位类型", "地址"]
TYPE, ADDRESS = "没有这个类型，请从列表中选择。", "“地址”没有填写。"
FAULTS = [
    CellError("单位", 3, "单位类型", "大公司", TYPE),
    CellError("单位", 3, "地址", "", ADDRESS),
    CellError("单位", 5, "单位全称", "甲", "文件里有同名的两份，请删去一份，或换一个名称。"),
]


def marked(data: bytes, name: str = "单位.xlsx", faults: list = FAULTS):
    return receipts.receipt(io.BytesIO(data), name, UNIT, faults)


def opened(data: bytes):
    return load_workbook(io.BytesIO(data))


def saved(book) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def book() -> Workbook:
    made_book = Workbook()
    made_book.active.title = "单位"
    lines = [
        ["甲", "其他", "某路1号"],
        ["乙", "大公司", None],
        ["丙", "其他", "某路3号"],
        ["甲", "其他", "某路4号"],
    ]
    for line in [HEADER, *lines]:
        made_book.active.append(line)
    return made_book


def red(sheet) -> set[str]:
    return {cell.coordinate for row in sheet for cell in row if cell.fill.fgColor.rgb == RED}


def reasons(sheet) -> dict[int, str]:
    column = next(cell.column for cell in sheet[1] if cell.value == sheets.REASONS)
    found = {row: sheet.cell(row, column).value for row in range(2, sheet.max_row + 1)}
    return {row: said for row, said in found.items() if said}


def test_the_faulty_cells_are_red_and_each_line_tells_all_that_is_wrong_with_it():
    sheet = opened(marked(saved(book())))["单位"]

    assert red(sheet) == {"B3", "C3", "A5"}
    assert reasons(sheet) == {
        3: f"“单位类型”：{TYPE}\n{ADDRESS}",
        5: "“单位全称”：文件里有同名的两份，请删去一份，或换一个名称。",
    }
    assert [cell.value for cell in sheet[1]] == [*HEADER, "错误说明"]


def test_it_opens_at_the_first_faulty_cell():
    source = book()
    source.create_sheet("别的", 0).append(["甲"])

    found = opened(marked(saved(source)))

    assert found.active.title == "单位"
    assert found["单位"].sheet_view.selection[0].activeCell == "B3"
    assert [sheet.title for sheet in found if sheet.sheet_view.tabSelected] == ["单位"]


def test_what_is_right_stays_as_it_was_in_value_and_look():
    source = book()
    source["单位"]["A2"].font, source["单位"]["B2"].fill = (
        Font(b=True),
        PatternFill("solid", fgColor="FFFF00"),
    )
    source["单位"]["B3"].number_format = "@"
    source["单位"].row_dimensions[4].height, source["单位"].column_dimensions["A"].width = 33, 21

    sheet = opened(marked(saved(source)))["单位"]

    assert [[cell.value for cell in sheet[row][:3]] for row in range(1, 6)] == [
        [cell.value for cell in row] for row in source["单位"]
    ]
    assert (sheet["A2"].font.b, sheet["B2"].fill.fgColor.rgb) == (True, "00FFFF00")
    assert sheet["B3"].number_format == "@"
    assert (sheet.row_dimensions[4].height, sheet.column_dimensions["A"].width) == (33, 21)


def test_no_formula_comes_back_and_its_last_value_stays():
    source = book()
    source["单位"]["C2"], source["单位"]["C3"] = "=1+1", "=2+2"
    parts = _parts(saved(source))
    (name,) = [part for part in parts if part.endswith("sheet1.xml")]
    parts[name] = re.sub(rb"</f><v ?/>|</f><v></v>", b"</f><v>2</v>", parts[name])

    receipt = marked(made.archive(parts))

    sheet = opened(receipt)["单位"]
    assert [cell.coordinate for row in sheet for cell in row if cell.data_type == "f"] == []
    assert (sheet["C2"].value, sheet["C3"].value) == (2, 2)
    assert b"<f>" not in b"".join(_parts(receipt).values())


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_text_that_looks_like_a_formula_stays_text():
    source = book()
    source["单位"]["A2"] = "=cmd|' /C calc'!A0"
    source["单位"]["A2"].data_type = "s"
    faults = [CellError("单位", 2, "单位全称", "=cmd", "=1+1 是不允许的写法。")]

    sheet = opened(marked(saved(source), faults=faults))["单位"]

    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=cmd|' /C calc'!A0", "s")
    assert reasons(sheet) == {2: "“单位全称”：=1+1 是不允许的写法。"}
    assert sheet["D2"].data_type == "s"


def test_links_names_and_foreign_parts_stay_behind():
    source = book()
    source["单位"]["A2"].hyperlink = "http://example.invalid/"
    source.defined_names["odd"] = DefinedName("odd", attr_text='WEBSERVICE("http://example.invalid")')
    source.defined_names["list"] = DefinedName("list", attr_text="'单位'!$A$2:$A$5")
    parts = _parts(saved(source)) | {"xl/embeddings/oleObject1.bin": b"x", "customXml/item1.xml": b"<a/>"}
    receipt = marked(made.archive(parts))

    kept = _parts(receipt)
    assert [name for name in kept if "embed" in name or "custom" in name] == []
    assert b"example.invalid" not in b"".join(kept.values())
    assert list(opened(receipt).defined_names) == ["list"]


def test_a_corrected_receipt_that_is_wrong_elsewhere_bears_only_the_new_marks():
    first = opened(marked(saved(book())))
    first["单位"]["B3"] = "其他"

    second = opened(marked(saved(first), faults=[CellError("单位", 4, "地址", "某路3号", "没有这条路。")]))[
        "单位"
    ]

    assert red(second) == {"C4"}
    assert reasons(second) == {4: "“地址”：没有这条路。"}
    assert [cell.value for cell in second[1]] == [*HEADER, "错误说明"]


@pytest.mark.django_db
def test_a_template_keeps_its_lists_notes_and_protection():
    source = opened(excel.template_workbook(UNIT))
    label = source[UNIT.label]
    for column, said in enumerate(["甲公司", "大公司"], 1):
        label.cell(3, column).value = said

    found = opened(marked(saved(source), "模板.xlsx", [CellError(UNIT.label, 3, "单位类型", "大公司", TYPE)]))

    sheet = found[UNIT.label]
    assert red(sheet) == {sheet.cell(3, [c.value for c in sheet[1]].index("单位类型") + 1).coordinate}
    assert len(sheet.data_validations.dataValidation) == len(label.data_validations.dataValidation)
    assert (sheet["A1"].comment.text, sheet.protection.sheet) == (label["A1"].comment.text, True)
    assert found["选项"].sheet_state == "veryHidden"
    assert found.properties.keywords == excel.template_version(UNIT)
    assert sheet.freeze_panes == label.freeze_panes


def test_a_title_above_the_header_is_passed_over():
    rows = [["单位情况表"], [], HEADER, ["甲", "大公司", "某路"]]

    sheet = opened(
        marked(made.xlsx(rows, title="单位"), faults=[CellError("单位", 4, "单位类型", "大公司", TYPE)])
    )["单位"]

    assert (red(sheet), sheet["D3"].value) == ({"B4"}, "错误说明")


def test_what_is_wrong_with_the_header_is_said_below_it():
    faults = [CellError("单位", 1, "单位类型", "单位类型", "“单位类型”有两列，请删去一列。")]

    sheet = opened(marked(saved(book()), faults=faults))["单位"]

    assert (red(sheet), reasons(sheet)) == ({"B1"}, {2: "“单位类型”有两列，请删去一列。"})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_text_sheet_comes_back_as_a_workbook(encoding):
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, ["甲", "其他", "=1+1"], ["乙", "大公司", ""]])
    faults = [CellError("表1", 3, "单位类型", "大公司", TYPE), CellError("表1", 3, "地址", "", ADDRESS)]

    sheet = opened(marked(text.getvalue().encode(encoding), "单位.csv", faults))["表1"]

    assert (red(sheet), reasons(sheet)) == ({"B3", "C3"}, {3: f"“单位类型”：{TYPE}\n{ADDRESS}"})
    assert (sheet["C2"].value, sheet["C2"].data_type) == ("=1+1", "s")
    assert sheet.sheet_view.selection[0].activeCell == "B3"


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
ODD_ROW = '<row r="3"><c r="A3"><f>1+1</f><v>2</v></c></row>'
WRAPPED = f"<x:AlternateContent><x:Choice>{ODD_ROW}</x:Choice></x:AlternateContent>"


@pytest.mark.parametrize(
    ("declared", "row"),
    [
        (f'xmlns:a="{DRAWING}" xmlns="{MAIN}"', ODD_ROW),
        (f'xmlns="{MAIN}" xmlns:x="urn:x"', WRAPPED),
        (f'xmlns="{MAIN}" xmlns:x="{MAIN}"', ODD_ROW.replace("f>", "x:f>")),
    ],
)
def test_a_formula_stays_behind_however_its_sheet_is_written(declared, row):
    head = '<row r="1"><c r="A1" t="inlineStr"><is><t>单位类型</t></is></c></row>'
    sheet = f"<worksheet {declared}><sheetData>{head}{row}</sheetData></worksheet>"
    data = made.rewritten(saved(book()), {"xl/worksheets/sheet1.xml": sheet})

    receipt = zipfile.ZipFile(io.BytesIO(marked(data)))

    assert b"1+1" not in b"".join(map(receipt.read, receipt.namelist()))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("表.docx", made.docx([["单位全称", "甲"]])),
        ("表.xlsx", b"PK\x03\x04 no workbook"),
        ("表.xlsx", made.xlsx([HEADER])[:-200]),
        ("表.csv", b"\x00\x01"),
        ("表", b""),
    ],
)
def test_of_what_cannot_be_written_in_it_is_the_list_of_its_faults(name, data):
    sheet = opened(marked(data, name, [*FAULTS, CellError("", 0, "", "", "=文件已损坏。")]))["错误说明"]

    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("表", "行", "栏", "填的内容", "问题")
    assert rows[1] == ("单位", "3", "单位类型", "大公司", TYPE)
    assert (rows[4][0], rows[4][4], sheet["E5"].data_type) == ("整份文件", "=文件已损坏。", "s")


def test_another_office_program_reads_a_receipt(tmp_path):
    (tmp_path / "receipt.xlsx").write_bytes(marked(saved(book())))

    converted(tmp_path / "receipt.xlsx", tmp_path, "csv:Text - txt - csv (StarCalc):44,34,76")

    lines = (tmp_path / "receipt.csv").read_text("utf-8").splitlines()
    assert lines[0] == "单位全称,单位类型,地址,错误说明"
    assert lines[2].startswith(f'乙,大公司,,"“单位类型”：{TYPE}')


@pytest.mark.django_db
def test_a_corrected_statement_reads_as_if_it_had_never_been_marked():
    before = read_file(EXAMPLE.read_bytes(), EXAMPLE.name, RETURN, filer(LINYI))
    header = before.records[0].row
    fault = CellError(before.records[0].sheet, header + 1, "培训人数", "120", "请填写整数，例如620。")

    receipt = receipts.receipt(io.BytesIO(EXAMPLE.read_bytes()), EXAMPLE.name, RETURN, [fault])
    after = read_file(receipt, "错误回执.xlsx", RETURN, filer(LINYI))

    assert [cell.value for cell in opened(receipt).active[header] if cell.value][-1] == "错误说明"
    assert (after.records, after.errors, after.warnings) == (before.records, before.errors, before.warnings)
