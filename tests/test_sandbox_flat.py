"""The reader of large flat files: the same text as the reader of small ones, the same refusals."""

import io
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from portal import sandbox
from portal.sandbox import Unreadable, flat, read_tables
from tests import made_files as made
from tests.hostile_files import HOSTILE, sheet

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TOO_LARGE = "表格超过 200,000 行、60 列或文字过多，没有保存任何内容；请分成几个文件后再上传。"
# What the small reader refuses by its size is no harm to the large one.
LARGER = {"20,001 rows", "more text than anyone writes", "an empty workbook"}
SHEETS = {name: one for name, one in HOSTILE.items() if one[1] in flat.SUFFIXES and name not in LARGER}


def opened(data: bytes):
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the test
    file.write(data)
    file.flush()
    return file


def read(data: bytes, suffix: str = ".xlsx") -> list[list[tuple[int, list[str]]]]:
    """Return the lines of every visible sheet."""
    with opened(data) as content:
        sheets: list[list] = [[] for _ in flat.read_heads(content, suffix)]
        for place, number, cells in flat.read_lines(content, suffix, list(range(len(sheets)))):
            sheets[place].append((number, cells))
    return sheets


def as_small(data: bytes, suffix: str = ".xlsx") -> list[list[tuple[int, list[str]]]]:
    """Return what the reader of small files makes of it, in the same shape."""
    return [
        [(number, cells) for number, cells in enumerate(table.rows) if any(cells)]
        for table in read_tables(data, suffix)
    ]


def stripped(sheets: list) -> list:
    """Return sheets without the empty cells at the end of a line."""
    return [[(number, "\x1f".join(cells).rstrip("\x1f")) for number, cells in lines] for lines in sheets]


def refusal(data: bytes, suffix: str) -> str:
    with pytest.raises(Unreadable) as caught:
        read(data, suffix)
    return str(caught.value)


@pytest.mark.parametrize(("data", "suffix", "sentence"), SHEETS.values(), ids=SHEETS.keys())
def test_what_the_small_reader_refuses_the_large_one_refuses_too(data, suffix, sentence):
    assert refusal(data, suffix).replace("200,000", "20,000") == sentence


def many_kinds() -> bytes:
    book = Workbook()
    moments = [date(2024, 6, 1), datetime(2024, 6, 1, 8, 30), time(8, 30), timedelta(hours=30)]
    book.active.append(["临沂市", 120, 0.1 + 0.2, 1e21, -5, 12345678901234567890, True, False, *moments])
    book.active.append([None, "多行\n文字", "=1+1", "#N/A", "<&>", "  两端  ", "", 0, 0.0, 1.50])
    book.active["B4"] = 45000
    book.active["B4"].number_format = 'yyyy"年"m"月"'
    book.active["C4"] = 45000
    book.active["C4"].number_format = '0"天"'
    book.active["D4"] = 1.5
    book.active["D4"].number_format = "[h]:mm"
    book.create_sheet("藏").append(["不读"])
    book["藏"].sheet_state = "hidden"
    book.create_sheet("二").append(["甲"])
    return made.saved(book)


SAME = {
    "many kinds of cells": many_kinds(),
    "runs of a text in a cell": sheet(
        '<row><c t="inlineStr"><is><r><t>甲</t></r><r><t xml:space="preserve"> 乙</t></r></is></c></row>'
    ),
    "cells and rows that do not say where they stand": sheet(
        '<row><c t="str"><v>甲</v></c><c><v>1</v></c></row>'
        '<row r="5"><c r="C5"><v>2</v></c><c><v>3</v></c></row>'
    ),
    "formulas as they were saved": sheet(
        '<row><c t="str"><f>A2&amp;B2</f><v>甲乙</v></c><c t="e"><v>#REF!</v></c></row>'
    ),
    "boolean and iso cells": sheet(
        '<row><c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="d"><v>2024-06-01T00:00:00</v></c></row>'
    ),
}


@pytest.mark.parametrize("data", SAME.values(), ids=SAME.keys())
def test_a_cell_gives_the_text_that_the_small_reader_gives(data):
    assert stripped(read(data)) == stripped(as_small(data))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_text_sheet_is_read_as_by_the_small_reader(encoding, delimiter):
    data = f'名称{delimiter}说明\r\n\r\n鲁锦{delimiter}"“引号”与\n换行"\r\n'.encode(encoding)

    assert read(data, ".csv") == [[(0, ["名称", "说明"]), (2, ["鲁锦", "“引号”与\n换行"])]]


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**15), 10**15),
    st.floats(-1e15, 1e15, allow_nan=False),
    st.dates(date(1901, 1, 1), date(2099, 12, 31)),
    st.datetimes(datetime(1901, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(microsecond=0)),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).filter(
        lambda text: not text.startswith("=")
    ),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=6), max_size=8))
def test_any_cells_give_the_text_that_the_small_reader_gives(rows):
    data = made.xlsx([["甲"], *rows])

    assert stripped(read(data)) == stripped(as_small(data))


def test_more_rows_than_the_small_reader_takes_are_streamed():
    data = "\n".join(["名称,说明", *(f"甲{n},乙" for n in range(30_000))]).encode()

    (lines,) = read(data, ".csv")

    assert (len(lines), lines[-1]) == (30_001, (30_000, ["甲29999", "乙"]))


def test_marks_that_part_cells_cannot_be_smuggled_in():
    data = "名称,说明\n甲\x1f乙,丙\x1e丁\n".encode()

    assert read(data, ".csv") == [[(0, ["名称", "说明"]), (1, ["甲乙", "丙丁"])]]


def test_the_reader_of_large_files_has_its_limits_and_knows_no_django():
    script = (
        f"import runpy; child = runpy.run_path({str(flat.CHILD)!r})\n"
        "child['child'].confine(child['MEMORY'])\n"
        "import sys; print('django' in sys.modules)\n"
        "try:\n    bytes(1100 * 2**20)\nexcept MemoryError:\n    print('refused')"
    )

    result = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True)

    assert result.stdout == "False\nrefused\n"


def part_of(data: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(data)).read(name).decode()


def odd(sheet: str = "", book: str = "", strings: str = "") -> bytes:
    """Return a workbook whose parts are written as no program writes them."""
    parts = {"xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}">{sheet}</worksheet>'} if sheet else {}
    if strings:
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
        also = f'<Relationship Id="s" Type="{kind}" Target="s.xml"/></Relationships>'
        parts["xl/s.xml"] = f'<sst xmlns="{MAIN}"><si><t>{strings}</t></si></sst>'
        links = part_of(made.xlsx([["甲"]]), "xl/_rels/workbook.xml.rels")
        parts["xl/_rels/workbook.xml.rels"] = links.replace("</Relationships>", also)
    if book:
        parts["xl/workbook.xml"] = book
    return made.rewritten(made.xlsx([["甲"]]), parts)


def test_one_long_text_in_many_cells_never_reaches_who_asked():
    rows = '<row><c t="s"><v>0</v></c></row>' * 20
    far = f'<row r="1000"/>{rows}'

    for told in (rows, far):
        assert refusal(odd(f"<sheetData>{told}</sheetData>", strings="长" * 300_000), ".xlsx") == TOO_LARGE


def test_a_workbook_of_hundreds_of_sheets_is_refused_before_they_are_read():
    book = part_of(made.xlsx([["甲"]]), "xl/workbook.xml")
    one = re.search("<sheet [^>]*/>", book)[0]

    assert refusal(odd(book=book.replace(one, one * 61)), ".xlsx") == TOO_LARGE


def test_a_sheet_that_says_it_is_endless_is_as_long_as_a_sheet_may_be():
    with opened(odd('<dimension ref="A1:B99999999999999999999"/><sheetData/>')) as content:
        assert [head.extent for head in flat.read_heads(content, ".xlsx")] == [200_000]


def test_a_child_that_is_killed_in_the_middle_is_one_sentence(monkeypatch, tmp_path):
    dying = tmp_path / "child.py"
    dying.write_text("import os, sys; sys.stdout.write('{}\\n'); sys.stdout.flush(); os.abort()")
    monkeypatch.setattr(flat, "CHILD", dying)

    with opened(b"a") as content, pytest.raises(Unreadable) as caught:
        list(flat.read_lines(content, ".csv", [0]))

    assert str(caught.value) == sandbox.GAVE_UP


def test_reading_large_files_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    with open(os.path.join(tmp_path, "a.xlsx"), "wb") as file:
        file.write(many_kinds())
    with open(os.path.join(tmp_path, "a.xlsx"), "rb") as content:
        list(flat.read_lines(content, ".xlsx", [0, 1]))

    assert os.listdir(tmp_path) == ["a.xlsx"]


def endless(tmp_path, monkeypatch) -> None:
    """Let the child answer and then never come to an end."""
    spinning = tmp_path / "child.py"
    spinning.write_text(
        "import sys; sys.stdout.write('{}\\n'); sys.stdout.flush()\nwhile True:\n    pass", encoding="utf-8"
    )
    monkeypatch.setattr(flat, "CHILD", spinning)


def test_lines_that_do_not_come_in_time_end_the_wait_of_a_request(tmp_path, monkeypatch):
    data = "名称,说明\n甲,乙\n".encode()
    with sandbox.at_once():
        in_time = read(data, ".csv")
    endless(tmp_path, monkeypatch)
    monkeypatch.setattr(sandbox, "AT_ONCE_SECONDS", 0.5)

    with opened(data) as content, sandbox.at_once(), pytest.raises(sandbox.OutOfTime):
        list(flat.read_lines(content, ".csv", [0]))

    assert in_time == [[(0, ["名称", "说明"]), (1, ["甲", "乙"])]]


@pytest.mark.parametrize("told", [None, "7", "100000"])
def test_a_child_has_the_lower_of_its_own_time_and_that_of_the_request(told):
    script = (
        f"import runpy; child = runpy.run_path({str(flat.CHILD)!r})['child']\n"
        "child.confine()\nimport resource; print(resource.getrlimit(resource.RLIMIT_CPU)[0])"
    )
    given = {} if told is None else {"CPU_SECONDS": told}

    result = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, env=given)

    assert result.stdout == {None: "25\n", "7": "7\n", "100000": "25\n"}[told]


def test_a_request_gives_its_children_the_time_it_has_itself_and_a_job_their_own():
    with sandbox.at_once():
        inside = sandbox.environment()["CPU_SECONDS"]

    assert (inside, "CPU_SECONDS" in sandbox.environment()) == ("20", False)
