"""Foreign files: what can be read is read whole, and whatever cannot is one sentence."""

import io
import os
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from portal import sandbox
from portal.sandbox import Table, Unreadable, child, read_tables
from tests import made_files as made

FILES = Path(__file__).parent / "files"
NOT_KEPT = "没有保存任何内容"


def refusal(data, suffix: str, **options) -> str:
    with pytest.raises(Unreadable) as caught:
        read_tables(data, suffix, **options)
    return str(caught.value)


def test_a_form_of_libreoffice_gives_its_lines_and_its_table():
    tables = read_tables(FILES / "情况表-示例-潍坊.docx", ".docx")

    assert tables == [
        Table(
            name="表1",
            before=[
                "附件",
                "“鲁滋鲁味·鲁艺鲁品”专项职业能力",
                "品牌情况表",
                "填报单位（盖章）：潍坊市人力资源和社会保障局",
            ],
            rows=[
                ["品牌项目名称", "潍坊风筝扎制品牌（演示）"],
                ["专项职业能力考核项目", "风筝制作"],
                ["专项职业能力考核机构", "无"],
                [
                    "品牌优势",
                    "演示数据。以风筝扎制技艺为特色，地域标记鲜明，扎、糊、绘、放四艺俱全。\n"
                    "从业人员稳定，技能领头人带徒授艺。\n"
                    "相关产业形成完整链条，带动就近就业，经济效益和社会效益较好。",
                ],
            ],
            after=[
                "备注：1. “专项职业能力考核项目”从最新《山东省专项职业能力考核项目目录》中选取；2. "
                "如果专项职业能力品牌暂无对应的专项职业能力考核机构，“专项职业能力考核机构”填无。"
            ],
        )
    ]


def test_merged_cells_of_a_document_show_in_every_place_they_cover():
    rows = [[("宽", made.WIDE, 2), ("高", made.DOWN)], ["甲", "乙", ("", made.COVERED)]]

    table = read_tables(made.docx(rows), ".docx")[0]

    assert [[table.text(row, column) for column in range(3)] for row in range(2)] == [
        ["宽", "宽", "高"],
        ["甲", "乙", "高"],
    ]


def test_text_in_content_controls_and_insertions_counts_and_deleted_text_does_not():
    cell = (
        "<w:tc><w:sdt><w:sdtContent><w:p><w:r><w:t>控件</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:ins><w:r><w:t>新增</w:t><w:br/><w:t>换行</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>删去</w:delText></w:r></w:del></w:p></w:tc>"
    )

    tables = read_tables(made.document(f"<w:tbl><w:tr>{cell}</w:tr></w:tbl>"), ".docx")

    assert tables[0].rows == [["控件\n新增\n换行"]]


def test_a_frame_drawn_around_the_form_is_looked_through():
    inner = made.table([["品牌项目名称", "甲"]])
    outer = f"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>附件</w:t></w:r></w:p>{inner}<w:p/></w:tc></w:tr></w:tbl>"

    tables = read_tables(made.document(outer), ".docx")

    assert tables == [Table("表1", [["品牌项目名称", "甲"]], ["附件"])]


def test_a_sheet_keeps_numbers_dates_and_merged_cells_as_people_see_them():
    book = Workbook()
    book.active.append(["临沂市", 120, 0.1 + 0.2, True])
    book.active.append([None, date(2024, 6, 1), "=1+1", None])
    book.active.merge_cells("A1:A2")
    hidden = book.create_sheet("藏")
    hidden.append(["不读"])
    hidden.sheet_state = "hidden"

    tables = read_tables(made.saved(book), ".xlsx")

    assert [table.rows for table in tables] == [[["临沂市", "120", "0.3", "是"], ["", "2024-06-01"]]]
    assert tables[0].text(1, 0) == "临沂市"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_text_sheet_is_read_in_the_encodings_of_chinese_offices(encoding, delimiter):
    lines = [["名称", "说明"], ["鲁锦", "“引号”与\n换行"]]
    text = f'名称{delimiter}说明\r\n鲁锦{delimiter}"“引号”与\n换行"\r\n'

    assert read_tables(text.encode(encoding), ".csv")[0].rows == lines


def zipped_xml(text: str) -> bytes:
    return made.rewritten(made.docx([["甲"]]), {"word/document.xml": text.encode()})


def encrypted() -> bytes:
    data = bytearray(made.docx([["甲"]]))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        data[place + offset] |= 1
    return bytes(data)


def sheet(rows: str, rest: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xml = f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData>{rest}</worksheet>'
    return made.rewritten(made.xlsx([["甲"]]), {"xl/worksheets/sheet1.xml": xml.encode()})


def far_away(column: str, row: int) -> bytes:
    return sheet(f'<row r="{row}"><c r="{column}{row}" t="inlineStr"><is><t>远</t></is></c></row>')


def merged_over_everything() -> bytes:
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in range(1, 9_001))
    return sheet(rows, '<mergeCells><mergeCell ref="A1:BH9000"/><mergeCell ref="B1:BH9000"/></mergeCells>')


ENTITIES = '<!DOCTYPE w [<!ENTITY a "哈"><!ENTITY b "&a;&a;&a;&a;">]><w>&b;</w>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
HOSTILE = {
    "an empty file": (b"", ".docx", child.EMPTY),
    "blank lines": (b" \r\n\t\n", ".csv", child.EMPTY),
    "a mark of byte order and nothing else": (b"\xef\xbb\xbf", ".csv", child.EMPTY),
    "a picture named .docx": (b"\x89PNG\r\n\x1a\n" + bytes(64), ".docx", child.PICTURE),
    "a photograph named .xlsx": (b"\xff\xd8\xff\xe0" + bytes(64), ".xlsx", child.PICTURE),
    "a PDF named .docx": (b"%PDF-1.7\n", ".docx", child.PDF),
    "a .doc renamed": (OLE, ".docx", child.OLD_OFFICE),
    "an .xls renamed": (OLE, ".xlsx", child.OLD_OFFICE),
    "a document with a password": (OLE + "EncryptedPackage".encode("utf-16-le"), ".docx", child.LOCKED),
    "an encrypted zip": (encrypted(), ".docx", child.LOCKED),
    "half of a document": (made.docx([["甲"]])[:200], ".docx", child.BROKEN),
    "words named .docx": ("品牌项目名称".encode(), ".docx", child.BROKEN),
    "a web page named .xlsx": (b"<html><table></table></html>", ".xlsx", child.BROKEN),
    "a zip of something else": (made.archive({"a.txt": "甲"}), ".docx", child.BROKEN),
    "a document named .csv": (made.docx([["甲"]]), ".csv", child.BROKEN),
    "a document without a table": (made.docx("只有文字"), ".docx", child.NO_TABLE),
    "an empty workbook": (made.xlsx([]), ".xlsx", child.NO_TABLE),
    "an entity bomb": (zipped_xml(ENTITIES), ".docx", child.MARKUP),
    "a file drawn in by an entity": (
        zipped_xml('<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/hostname">]><w>&a;</w>'),
        ".docx",
        child.MARKUP,
    ),
    "an entity in UTF-16": (
        made.rewritten(made.docx([["甲"]]), {"word/extra.xml": ENTITIES.encode("utf-16")}),
        ".docx",
        child.MARKUP,
    ),
    "broken markup": (zipped_xml("<w:document"), ".docx", child.BROKEN),
    "markup nested without end": (zipped_xml("<w>" * 200_000), ".docx", child.BROKEN),
    "tables in tables without end": (
        made.document("<w:tbl><w:tr><w:tc><w:p/><w:p/>" * 2_000 + "</w:tc></w:tr></w:tbl>" * 2_000),
        ".docx",
        child.BROKEN,
    ),
    "a member that unpacks to 110 MB": (
        made.rewritten(made.docx([["甲"]]), {"word/media/a.bin": bytes(110 * 2**20)}),
        ".docx",
        child.BOMB,
    ),
    "a member of zeros, a thousandth packed": (
        made.rewritten(made.docx([["甲"]]), {"word/media/a.bin": bytes(3 * 2**20)}),
        ".docx",
        child.BOMB,
    ),
    "250 members": (made.document("", **{f"a{n}.xml": "<a/>" for n in range(250)}), ".docx", child.BOMB),
    "a document with macros": (made.document("", **{"word/vbaProject.bin": b"x"}), ".docx", child.MACROS),
    "a workbook for macros": (
        made.archive(
            {
                "[Content_Types].xml": made.content_types(
                    "xl/workbook.xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
                )
            }
        ),
        ".xlsx",
        child.MACROS,
    ),
    "a workbook that links another": (
        made.rewritten(made.xlsx([["甲"]]), {"xl/externalLinks/externalLink1.xml": b"<a/>"}),
        ".xlsx",
        child.LINKED,
    ),
    "a cell in the last row": (far_away("A", 1_048_576), ".xlsx", child.TOO_LARGE),
    "a cell in the last column": (far_away("XFD", 1), ".xlsx", child.TOO_LARGE),
    "20,001 rows": (made.xlsx([["甲"]] * 20_001), ".xlsx", child.TOO_LARGE),
    "61 columns": (made.xlsx([["甲"] * 61]), ".xlsx", child.TOO_LARGE),
    "61 columns of text": (b"a," * 60 + b"a\n", ".csv", child.TOO_LARGE),
    "merged cells over everything": (merged_over_everything(), ".xlsx", child.TOO_LARGE),
    "a document of spans": (
        made.docx([[("甲", made.WIDE, 1_000_000)]]),
        ".docx",
        child.TOO_LARGE,
    ),
    "more text than anyone writes": ((b"a" * 300 + b"\n") * 19_000, ".csv", child.TOO_LARGE),
    "NUL in a text": ("名称,\0说明\n".encode(), ".csv", child.NULS),
    "two encodings in one file": ("名称\n".encode("gbk") + "鲁锦工艺\n".encode(), ".csv", child.MIXED),
    "bytes of no encoding": (b"\xff\xff\xff\n", ".csv", child.MIXED),
}


@pytest.mark.parametrize(("data", "suffix", "sentence"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_be_read_is_one_sentence(data, suffix, sentence):
    assert refusal(data, suffix) == sentence
    assert NOT_KEPT in sentence
    assert sentence.endswith("。")


def test_a_file_over_ten_megabytes_is_not_even_opened():
    assert refusal(bytes(sandbox.MOST_BYTES + 1), ".xlsx") == sandbox.TOO_BIG


@pytest.mark.parametrize("suffix", [".doc", ".xls", ".wps", ".et", ".pdf", ".exe", ""])
def test_other_kinds_of_file_are_told_what_to_become(suffix):
    assert refusal(b"x", suffix) == sandbox.WRONG_SUFFIX


def test_a_workbook_named_as_a_document_says_what_it_is():
    sentence = refusal(made.xlsx([["甲"]]), ".docx")

    assert sentence == "文件内容是 .xlsx，扩展名却是 .docx，没有保存任何内容；请改正扩展名后再上传。"


def test_a_missing_file_is_one_sentence(tmp_path):
    assert refusal(tmp_path / "没有.docx", ".docx").startswith("找不到这个文件")


def test_the_reader_is_given_up_when_its_time_is_over():
    assert refusal(made.docx([["甲"]]), ".docx", seconds=0) == sandbox.GAVE_UP


def test_a_reader_that_wants_too_much_memory_dies_alone():
    script = (
        f"import runpy; child = runpy.run_path({str(sandbox.CHILD)!r}); child['confine']()\n"
        "try:\n    bytes(600 * 2**20)\nexcept MemoryError:\n    print('refused')"
    )

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert result.stdout == "refused\n"


def test_the_reader_may_write_no_file(tmp_path):
    script = (
        f"import runpy; child = runpy.run_path({str(sandbox.CHILD)!r}); child['confine']()\n"
        f"try:\n    open({str(tmp_path / 'a')!r}, 'w').write('x')\nexcept OSError:\n    pass"
    )

    subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)

    assert (tmp_path / "a").stat().st_size == 0


def test_the_reader_knows_no_secret_of_the_server(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody:secret@localhost/portal")

    assert "DATABASE_URL" not in sandbox.environment()


def test_the_reader_starts_without_django():
    script = f"import runpy, sys; runpy.run_path({str(sandbox.CHILD)!r}); print('django' in sys.modules)"

    result = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True)

    assert result.stdout == "False\n"


def test_reading_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    read_tables(made.xlsx([["甲"]]), ".xlsx")
    refusal(zipped_xml(ENTITIES), ".docx")

    assert os.listdir(tmp_path) == []


def test_a_member_that_lies_about_its_size_is_refused():
    data = bytearray(made.archive({"[Content_Types].xml": "甲" * 1000}, compresslevel=9))
    place = data.find(b"PK\x01\x02")
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")

    assert refusal(bytes(data), ".docx") == child.BROKEN
    assert zipfile.ZipFile(io.BytesIO(data)).infolist()[0].file_size == 10
