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
from tests.hostile_files import ENTITIES, HOSTILE, zipped_xml

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
