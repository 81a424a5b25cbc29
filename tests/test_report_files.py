"""The file of a report: what workbook, Word document and PDF of it hold, read back by other programs."""

import csv
import io
import os
import subprocess
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from defusedxml.ElementTree import fromstring
from django.conf import settings
from django.utils import timezone
from openpyxl import load_workbook

from portal import report_files, report_workbook, reports
from portal.models import Organisation
from portal.report_tables import SIGNATURES, SheetNames, head
from portal.reports import (
    DAY,
    NUMBER,
    PERCENT,
    SUBTOTAL,
    TOTAL,
    Asked,
    Column,
    Content,
    Filter,
    Line,
    Number,
    Table,
)
from portal.spreadsheet.cells import CUT
from portal.windows import end_of
from portal.workflow import Refused
from tests.made_files import WORD
from tests.programs import converted, needs

pytestmark = pytest.mark.django_db
CUTOFF = end_of(date(2024, 6, 15))
TITLE = "培训情况统计表（演示）"
COLUMNS = (
    Column("序号", NUMBER, 5),
    Column("市", width=8),
    Column("培训项目名称", width=16),
    Column("培训人数", NUMBER, 8, "人"),
    Column("占比", PERCENT, 6),
    Column("组织日期", DAY, 10),
)
NOTES = ("如由市直组织，填写“市直”。", "人数按实际开展填写。")
HEADER = ["序号", "市", "培训项目名称", "培训人数（人）", "占比", "组织日期"]
BUREAU = "山东省人力资源和社会保障厅"
ABOVE = [TITLE, f"填报单位（盖章）：{BUREAU}", "统计范围：山东省　状态：已公布"]
BELOW = [SIGNATURES, "注：1.如由市直组织，填写“市直”。", "2.人数按实际开展填写。"]
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://a.invalid")', "\t=1", "=cmd|' /C calc'!A0"]
# SpreadsheetML that would be a cell with a formula if it were taken for mark-up
MARK_UP = '<r><t>x</t></r></is></c><c r="A99"><f>1+1</f><v>2</v></c><c t="inlineStr"><is><r><t>y</t></r>'


@pytest.fixture
def asked():
    """Give a question of a kind that is known for the time of a test."""
    choices = {"published": "已公布", "": "全部"}
    reports.reported(
        "of-a-test",
        code="R0",
        title=TITLE,
        basis="",
        behind=None,
        filters=[Filter("state", "状态", lambda asked: choices)],
    )(lambda asked: content())
    yield reports.ask("of-a-test", CUTOFF, "37", {})
    del reports.kinds["of-a-test"]


def a_line(number: int, words: str = "家政（演示）") -> Line:
    return Line((number, "潍坊市", words, Number(120, {"city": "3707"}), 60, date(2024, 6, 1)))


def content(number: int = 3, *more: Table, is_long: bool = False) -> Content:
    lines = [a_line(place) for place in range(1, number + 1)]
    return Content(TITLE, (Table(TITLE[:6], COLUMNS, lambda: iter(lines), NOTES, is_long), *more))


def of_words(*words: str | None) -> Content:
    """Return a report of one column of words."""
    lines = [Line((word,)) for word in words]
    return Content(TITLE, (Table("词", (Column("词", width=20),), lambda: lines),))


def written(told: Content, asked: Asked, folder, format: str = "xlsx"):
    path = folder / f"report.{format}"
    report_files.write(told, asked, format, path)
    return path


def first_column(path) -> list:
    """Return what stands below the heading 词 and above the line to sign."""
    values = [row[0] for row in load_workbook(path).active.iter_rows(values_only=True)]
    return values[values.index("词") + 1 : values.index(SIGNATURES)]


def pages_of(pdf: bytes) -> list[str]:
    needs("pdftotext")
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


def test_a_workbook_holds_title_head_lines_numbers_and_feet(asked, tmp_path):
    told = content(1, Table("市级（演示）", COLUMNS[:2], lambda: [Line((1, "潍坊市"), SUBTOTAL)]))

    book = load_workbook(written(told, asked, tmp_path))

    assert book.sheetnames == ["培训情况统计", "市级（演示）"]
    first, second = ([[c.value for c in row] for row in sheet.iter_rows()] for sheet in book)
    assert [row[0] for row in first] == [*ABOVE, "序号", 1, *BELOW]
    assert "统计截止：2024-06-15 24:00" in first[1]
    assert first[3] == HEADER
    assert [first[4][:5], first[4][5].date()] == [[1, "潍坊市", "家政（演示）", 120, 60], date(2024, 6, 1)]
    assert [row[0] for row in second] == [
        TITLE,
        "市级（演示）",
        ABOVE[1],
        "统计截止：2024-06-15 24:00",  # a narrow table: below each other
        ABOVE[2],
        "序号",
        1,
        SIGNATURES,
    ]
    formats = [cell.number_format for cell in book.worksheets[0][5]]
    assert formats == ["0", "@", "@", "0", '0"%"', "yyyy-mm-dd"]


def test_a_workbook_is_printed_across_with_its_head_on_every_page(asked, tmp_path):
    page = load_workbook(written(content(), asked, tmp_path)).active

    setup = page.page_setup
    assert (setup.orientation, setup.paperSize, setup.fitToWidth or 1, setup.fitToHeight) == (
        "landscape",
        9,
        1,
        0,
    )
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert (page.print_title_rows, page.freeze_panes) == ("$1:$4", "A5")
    assert page.oddFooter.center.text == "第 &P 页　共 &N 页"
    assert "A1:F1" in {str(cells) for cells in page.merged_cells.ranges}


def test_the_properties_say_cut_off_and_filters_and_never_when_it_was_made(asked, tmp_path):
    said = load_workbook(written(content(), asked, tmp_path)).properties

    assert (said.title, said.subject, said.creator) == (TITLE, "统计截止：2024-06-15 24:00", BUREAU)
    assert said.description == f"统计截止：2024-06-15T23:59:59+08:00　{ABOVE[2]}"
    assert (said.created.isoformat(), said.modified.isoformat()) == ("2024-01-01T00:00:00",) * 2


def test_text_that_looks_like_a_formula_stays_text(asked, tmp_path):
    path = written(of_words(*FORMULAS), asked, tmp_path)

    sheet = load_workbook(path).active
    cells = [cell for (cell,) in sheet.iter_rows() if cell.value in FORMULAS]
    assert [(cell.value, cell.data_type, cell.quotePrefix) for cell in cells] == [
        (word, "s", True) for word in FORMULAS
    ]
    assert b"<f>" not in zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml")


def test_text_that_looks_like_mark_up_stays_text(asked, tmp_path):
    words = [MARK_UP, "<r>a</r>", "<b>&amp;</b>", "_x0041_", " vorn und hinten "]

    path = written(of_words(*words), asked, tmp_path)

    root = fromstring(zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml"))
    assert [element for element in root.iter() if element.tag.endswith("}f")] == []
    assert [word.replace("_x005F", "") for word in first_column(path)] == words


def test_control_characters_and_endless_text_spoil_no_file(asked, tmp_path):
    told = of_words("甲\x00\x0b乙\ufffe", "长" * 40_000)

    words = first_column(written(told, asked, tmp_path))

    assert words == ["甲乙", "长" * (32_767 - len(CUT)) + CUT]
    assert "甲乙" in "".join(
        pages_of(written(of_words("甲\x00\x0b乙\ufffe"), asked, tmp_path, "pdf").read_bytes())
    )
    document = zipfile.ZipFile(written(told, asked, tmp_path, "docx")).read("word/document.xml")
    assert "甲乙" in {element.text for element in fromstring(document).iter(f"{{{WORD}}}t")}


def test_a_table_without_lines_says_so(asked, tmp_path):
    values = [row[0] for row in load_workbook(written(content(0), asked, tmp_path)).active.values]

    assert values == [*ABOVE, "序号", "暂无数据", *BELOW]
    assert "暂无数据" in "".join(pages_of(written(content(0), asked, tmp_path, "pdf").read_bytes()))
    assert "暂无数据".encode() in zipfile.ZipFile(written(content(0), asked, tmp_path, "docx")).read(
        "word/document.xml"
    )


def test_what_exceeds_a_sheet_goes_on_in_further_ones(asked, tmp_path):
    path = tmp_path / "report.xlsx"

    lines = report_workbook.write(content(9, is_long=True), asked, path, lambda *told: None, most=12)

    book = load_workbook(path)
    assert (lines, book.sheetnames) == (9, ["培训情况统计", "培训情况统计（2）"])
    assert [row[0] for row in book.worksheets[0].values] == [*ABOVE, "序号", 1, 2, 3, 4, 5]
    assert [row[0] for row in book.worksheets[1].values] == [*ABOVE, "序号", 6, 7, 8, 9, *BELOW]
    assert [sheet.print_title_rows for sheet in book] == ["$1:$4"] * 2


def test_every_sheet_has_a_name_that_excel_takes():
    names = SheetNames()

    wanted = [
        "a/b:c*?[d]\\",
        "",
        "'单引号'",
        "History",
        "名" * 40,
        "名" * 40,
        "ABC",
        "abc",
        "𠀀" * 20,
        "abc（2）",
    ]
    assert [names.free(word) for word in wanted] == [
        "a b c   d",
        "表",
        "单引号",
        "History（2）",
        "名" * 31,
        "名" * 28 + "（2）",
        "ABC",
        "abc（2）",
        "𠀀" * 15,
        "abc（2）（2）",
    ]


def test_a_long_report_is_refused_on_paper_and_leaves_no_file(asked, tmp_path):
    for format in ("docx", "pdf"):
        with pytest.raises(Refused, match="这份报表的行数超过3000，请下载 Excel。"):
            written(content(3001, is_long=True), asked, tmp_path, format)

    assert list(tmp_path.iterdir()) == []
    assert report_files.write(content(3001, is_long=True), asked, "xlsx", tmp_path / "a.xlsx") == 3001


def test_progress_counts_the_lines_and_may_stop_the_writing(asked, tmp_path):
    told, path = [], tmp_path / "a.xlsx"

    report_files.write(content(450, is_long=True), asked, "xlsx", path, lambda *now: told.append(now))
    assert told == [
        (0, 0, "清点行数"),
        (200, 450, "写入“培训情况统计”"),
        (400, 450, "写入“培训情况统计”"),
        (450, 450, "写入文件"),
    ]

    path.unlink()
    with pytest.raises(InterruptedError):
        report_files.write(content(450), asked, "xlsx", path, stop_at_200)
    assert (list(tmp_path.iterdir()), left_in_scratch()) == ([], [])


def stop_at_200(done: int, total: int, stage: str) -> None:
    if done == 200:
        raise InterruptedError


def left_in_scratch() -> list:
    return list((settings.VAR / report_workbook.SCRATCH).iterdir())


def test_what_a_killed_writer_left_is_removed_by_the_next(asked, tmp_path):
    left, young = (settings.VAR / report_workbook.SCRATCH / name for name in ("left", "young"))
    for folder in (left, young):
        folder.mkdir(parents=True)
        (folder / "tmp1").write_text("x")
    os.utime(left, (0, 0))

    with report_workbook._locked(young):
        written(content(), asked, tmp_path)
    kept = left_in_scratch()
    os.utime(young, (0, 0))
    written(content(), asked, tmp_path)

    assert (kept, left_in_scratch()) == ([young], [])


def test_the_bureau_is_called_as_it_was_at_the_cut_off(asked):
    bureau = Organisation.objects.get(name=BUREAU)
    bureau.name = "山东省演示厅"
    bureau.save()
    today = replace(asked, cutoff=timezone.now())

    assert [head(content(), one).bureau for one in (asked, today)] == [BUREAU, "山东省演示厅"]


@pytest.mark.parametrize("format", ["xlsx", "docx"])
def test_libreoffice_prints_the_head_on_every_page(asked, tmp_path, format):
    told = Content(TITLE, (content(120).tables[0], Table("空表（演示）", COLUMNS, lambda: ())))

    converted(written(told, asked, tmp_path, format), tmp_path, "pdf")

    pages = pages_of((tmp_path / "report.pdf").read_bytes())
    assert len(pages) > 3
    assert [TITLE in page and "统计截止：2024-06-15 24:00" in page for page in pages] == [True] * len(pages)
    assert ["培训项目名称" in page for page in pages] == [True] * len(pages)
    assert "暂无数据" in pages[-1]
    assert "空表（演示）" in pages[-1]


def test_the_pdf_has_the_head_on_every_page(asked, tmp_path):
    pages = pages_of(written(content(120), asked, tmp_path, "pdf").read_bytes())

    assert len(pages) > 3
    assert ["培训项目名称" in page and "统计截止" in page for page in pages] == [True] * len(pages)
    assert f"共{len(pages)}页" in pages[0].replace(" ", "")


@pytest.mark.parametrize("format", ["pdf", "docx"])
def test_sixteen_cities_and_their_sum_stand_on_one_page(asked, tmp_path, format):
    cities = [Line((f"第{number}市", 1, 2)) for number in range(1, 17)]
    columns = (Column("市", width=8), Column("品牌", NUMBER, 6), Column("占比", PERCENT, 6))
    told = Content(TITLE, (Table("分市", columns, lambda: [*cities, Line(("合计", 16, 2), reports.TOTAL)]),))
    path = written(told, asked, tmp_path, format)
    if format == "docx":
        converted(path, tmp_path, "pdf")

    first = pages_of((tmp_path / "report.pdf").read_bytes())[0].replace(" ", "")

    assert [word in first for word in ("第1市", "第16市", "合计")] == [True] * 3


def test_libreoffice_reads_the_same_cells(asked, tmp_path):
    total = Line(("合计", "", "", Number(360, {}), 100, None), TOTAL)
    told = Content(
        TITLE, (Table("表", COLUMNS, lambda: [a_line(1, "=甲+乙"), a_line(2, "<r>两\n行</r>"), total]),)
    )

    converted(written(told, asked, tmp_path), tmp_path, "csv:Text - txt - csv (StarCalc):44,34,76,1")

    lines = list(csv.reader(io.StringIO((tmp_path / "report.csv").read_text(encoding="utf-8"))))
    assert lines[4:7] == [
        ["1", "潍坊市", "=甲+乙", "120", "60%", "2024-06-01"],
        ["2", "潍坊市", "<r>两\n行</r>", "120", "60%", "2024-06-01"],
        ["合计", "", "", "360", "100%", ""],
    ]


def test_the_same_report_gives_the_same_bytes(asked, tmp_path):
    for format in report_files.FORMATS:
        one = written(content(), asked, tmp_path, format).read_bytes()

        assert written(content(), asked, tmp_path, format).read_bytes() == one
