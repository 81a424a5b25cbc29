"""The writer of tables: exact text, dates and numbers, sheets that follow on full ones, bytes in time."""

import csv
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import islice

import pytest
from defusedxml import ElementTree
from django.utils.safestring import mark_safe
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from portal.spreadsheet import (
    CUT,
    DAY,
    MOST_CHARACTERS,
    Column,
    Page,
    Styled,
    columns,
    commas,
    stream,
    whole,
    writable,
)
from portal.spreadsheet.commas import BROKEN, RUN
from portal.spreadsheet.looks import LOOKS
from tests.payloads import PAYLOADS
from tests.programs import converted

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def page(*lines, title="表", **options) -> Page:
    widest = max((len(line) for line in lines), default=1)
    return Page(title, [Column(f"列{number}") for number in range(widest)], lines, **options)


def read(data: bytes, sheet: int = 0) -> list[list]:
    return [
        list(row)
        for row in load_workbook(BytesIO(data)).worksheets[sheet].iter_rows(min_row=2, values_only=True)
    ]


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_dates_and_numbers_are_such_and_text_is_text():
    line = [7, Decimal("12.50"), 0.25, date(2024, 6, 1), datetime(2024, 6, 1, 8, 30), "007", None, "", True]

    (found,) = read(whole("演示", [page(line)]))

    assert found == [
        7,
        12.5,
        0.25,
        datetime(2024, 6, 1),
        datetime(2024, 6, 1, 8, 30),
        "007",
        None,
        None,
        True,
    ]


def test_what_a_cell_cannot_hold_exactly_is_written_as_text():
    line = [10**15, Decimal("1234567890123456.7"), float("nan"), date(1899, 12, 31), date(1900, 2, 28)]

    (found,) = read(whole("演示", [page(line)]))

    assert found == ["1000000000000000", "1234567890123456.7", "nan", "1899-12-31", "1900-02-28"]


def test_derived_types_are_written_as_what_they_are_derived_from():
    class Number(int):
        pass

    (found,) = read(whole("演示", [page([mark_safe("<b>粗</b>"), Number(3), ["甲"]])]))

    assert found == ["<b>粗</b>", 3, "['甲']"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_that_looks_like_a_formula_is_text_everywhere(payload):
    shown = Page(
        payload, [Column(payload)], [[payload], Styled("context", [payload])], [Styled("context", [payload])]
    )

    data = whole(payload, [shown])

    sheet = load_workbook(BytesIO(data)).worksheets[0]
    assert [cell.value for (cell,) in sheet.iter_rows()] == [payload] * 4
    assert {cell.data_type for (cell,) in sheet.iter_rows()} == {"s"} | ({"n"} if not payload else set())
    assert b"<f" not in parts(data)["xl/worksheets/sheet1.xml"]


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_comes_back_as_a_cell_can_hold_it(words):
    ((found,),) = read(whole(words, [page([words], title=words)])) or [[None]]

    assert (found or "") == writable(words)


def test_text_too_long_for_a_cell_is_cut_with_a_word_in_whole_characters():
    longest, longer, wide = "长" * MOST_CHARACTERS, "长" * (MOST_CHARACTERS + 1), "😀" * 16_384

    assert writable(longest) == longest
    assert writable(longer) == "长" * (MOST_CHARACTERS - len(CUT)) + CUT
    assert writable(wide) == "😀" * ((MOST_CHARACTERS - len(CUT)) // 2) + CUT


def test_what_looks_like_an_escaped_character_stays_what_was_written():
    data = whole("演示", [page(["_x0041_", "a_x000D_b_x"])])

    assert read(data) == [["_x0041_", "a_x000D_b_x"]]
    assert re.findall(b"_x[0-9A-F]{4}_", parts(data)["xl/worksheets/sheet1.xml"]) == []


def test_a_full_sheet_goes_on_in_a_further_one_with_its_header():
    facts = [Styled("context", ["截至", "2024"])]
    lines = [[number] for number in range(7)]

    pages = [Page("表", [Column("列")], lines, above=facts), Page("另一张", [Column("列")], [["末"]])]
    book = load_workbook(BytesIO(b"".join(stream("演示", pages, most_rows=4))))

    held = {sheet.title: [row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book}
    assert held == {
        "表": ["截至", "列", 0, 1],
        "表（2）": ["列", 2, 3, 4],
        "表（3）": ["列", 5, 6],
        "另一张": ["列", "末"],
    }
    assert [sheet.print_title_rows for sheet in book] == ["$2:$2", "$1:$1", "$1:$1", "$1:$1"]


def test_a_sheet_that_is_just_full_has_no_empty_one_after_it():
    book = load_workbook(BytesIO(b"".join(stream("演示", [page([1], [2])], most_rows=3))))

    assert book.sheetnames == ["表"]


def test_a_sheet_is_full_too_when_its_bytes_are_many():
    lines = [["字" * 1000] for _ in range(100)]

    pieces = stream("演示", [Page("表", [Column("列")], lines)], most_bytes=100_000)

    book = load_workbook(BytesIO(b"".join(pieces)))
    assert len(book.sheetnames) > 1
    assert sum(sheet.max_row - 1 for sheet in book) == 100


def test_titles_are_such_as_excel_takes_and_told_apart():
    titles = ["a/b[c]:*?\\", "长" * 40, "长" * 40, "Total", "total", "'", ""]

    book = load_workbook(BytesIO(whole("演示", [page(title=title) for title in titles])))

    assert book.sheetnames == [
        "abc",
        "长" * 31,
        "长" * 28 + "（2）",
        "Total",
        "total（2）",
        "Sheet",
        "Sheet（2）",
    ]


def test_the_header_stays_on_screen_and_is_printed_on_each_page_across():
    shown = Page("甲'乙", [Column("列", 30, "optional", DAY), *columns({"二": 12.5})], [], frozen=1)

    (sheet,) = load_workbook(BytesIO(whole("演示", [shown])))

    assert (sheet.freeze_panes, sheet.print_title_rows, sheet.print_title_cols) == ("B2", "$1:$1", "$A:$A")
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
    assert [sheet.column_dimensions[letter].width for letter in "AB"] == [30, 12.5]
    assert sheet.column_dimensions["A"].number_format == "yyyy-mm-dd"
    assert (sheet["A1"].fill.fgColor.rgb, sheet["B1"].fill.fgColor.rgb) == ("FFD9E2EC", "FF1F4E79")


def test_a_line_can_be_looked_at_as_a_sum():
    data = whole("演示", [page([1], Styled("optional", [1]))])

    sheet = load_workbook(BytesIO(data)).active
    assert [(sheet[f"A{row}"].font.b, sheet[f"A{row}"].border.top.style) for row in (2, 3)] == [
        (False, "thin"),
        (True, "thin"),
    ]


def test_the_same_lines_give_the_same_bytes():
    assert whole("演示", [page(["甲", 1])]) == whole("演示", [page(["甲", 1])])


def test_pieces_come_while_lines_are_still_being_read():
    taken = []

    def lines():
        for number in range(200_000):
            taken.append(number)
            yield [f"{number * 7919 % 1_000_003:x}" * 20]

    pieces = stream("演示", [Page("表", [Column("列")], lines())])
    list(islice(pieces, 3))

    assert 0 < len(taken) < 20_000


def test_a_stream_that_breaks_off_is_no_file():
    def lines():
        yield ["甲"]
        raise OSError("the database went away")

    held = []
    with pytest.raises(OSError, match="went away"):
        for piece in stream("演示", [Page("表", [Column("列")], lines())]):
            held.append(piece)

    assert held[0][:2] == b"PK"
    assert not zipfile.is_zipfile(BytesIO(b"".join(held)))


def test_a_csv_that_breaks_off_says_so_in_its_last_line():
    def lines():
        yield ["甲"]
        raise OSError("the database went away")

    held = []
    with pytest.raises(OSError, match="went away"):
        for piece in commas([Column("列")], lines()):
            held.append(piece)

    assert b"".join(held).decode("utf-8-sig").split("\r\n") == ["列", "甲", BROKEN, ""]


def test_a_csv_holds_any_number_of_lines_in_pieces_and_runs_none_of_its_cells():
    lines = [[payload, number, None, date(2024, 6, 1), -1] for number, payload in enumerate(PAYLOADS * 5)]

    pieces = list(commas([Column("=列"), *[Column("列")] * 4], lines))

    header, *found = csv.reader(StringIO(b"".join(pieces).decode("utf-8-sig"), newline=""))
    assert len(pieces) > 2
    assert header[0] == "'=列"
    assert [line[0] for line in found if line[0].startswith(RUN)] == []
    assert [line[0].removeprefix("'") for line in found] == [line[0].removeprefix("'") for line in lines]
    assert found[1][1:] == ["1", "", "2024-06-01", "-1"]


def test_every_part_is_declared_related_and_well_formed():
    found = parts(whole("A&B <演示>", [page(["甲"]), page(title="二")]))

    types = ElementTree.fromstring(found["[Content_Types].xml"])
    declared = {element.get("PartName", "")[1:] for element in types} - {""}
    assert declared == {
        name for name in found if name not in ("[Content_Types].xml",) and "_rels" not in name
    }
    targets = ElementTree.fromstring(found["xl/_rels/workbook.xml.rels"])
    related = {element.get("Id"): f"xl/{element.get('Target')}" for element in targets}
    assert set(related.values()) <= set(found)
    book = ElementTree.fromstring(found["xl/workbook.xml"])
    reference = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    assert [related[sheet.get(reference)] for sheet in book.iter(f"{MAIN}sheet")] == [
        "xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet2.xml",
    ]
    for words in found.values():
        ElementTree.fromstring(words)


def test_every_style_that_a_cell_names_is_there_in_the_order_of_the_standard():
    looks = [
        Styled(look, ["甲", "=1", 1, 1.5, date(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)])
        for look in LOOKS
    ]
    found = parts(whole("演示", [page(*looks)]))

    styles = ElementTree.fromstring(found["xl/styles.xml"])
    sheet = ElementTree.fromstring(found["xl/worksheets/sheet1.xml"])
    order = [child.tag.removeprefix(MAIN) for child in sheet]
    assert order == [
        "sheetPr",
        "sheetViews",
        "sheetFormatPr",
        "cols",
        "sheetData",
        "pageMargins",
        "pageSetup",
    ]
    held = {child.tag.removeprefix(MAIN): (int(child.get("count")), len(child)) for child in styles}
    assert list(held) == ["numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles"]
    assert [said for said, _ in held.values()] == [there for _, there in held.values()]
    assert max(int(cell.get("s")) for cell in sheet.iter(f"{MAIN}c")) < held["cellXfs"][0]


def test_another_office_program_reads_what_is_streamed(tmp_path):
    line = ["演示 & <名称>", "=1+1", "_x0041_", 7, Decimal("1.5"), date(2024, 6, 1)]
    (tmp_path / "streamed.xlsx").write_bytes(
        whole("演示", [page(line, frozen=1), page(["第二张"], title="二")])
    )

    every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    converted(tmp_path / "streamed.xlsx", tmp_path, every_sheet)

    texts = sorted(file.read_text("utf-8") for file in tmp_path.glob("streamed*.csv"))
    assert texts == [
        "列0\n第二张\n",
        "列0,列1,列2,列3,列4,列5\n演示 & <名称>,=1+1,_x0041_,7,1.5,2024-06-01\n",
    ]
