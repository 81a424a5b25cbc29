"""The sheet of annex 2 on paper: the words of the notice, the sum, and a workbook that is read back."""

import io
import re
import zipfile

import pytest
from defusedxml.ElementTree import fromstring
from openpyxl import load_workbook

from portal import documents, importing, registry, snapshot
from portal.vocabulary import State
from tests import factories
from tests.made_files import WORD
from tests.programs import converted

pytestmark = pytest.mark.django_db
RETURN = registry.get("project-training-returns")
COLUMNS = ("市", "组织区县", "培训项目名称", "群体范围", "培训人数", "组织时间", "备注")
NOTES = (
    "注：1.如培训项目由市直组织，“组织区县”一列填写“市直”。",
    "2.“组织时间”栏填写实际开展时间或计划开展时间，尽可能精确。",
    "3.该表由设区的市统一汇总报送。",
)
SIGNED = (("填表人", "演示填表人"), ("联系电话", "00000000000"), ("填表日期", "2024-06-10"))
EMPTY = {"target_scope": "农村转移就业劳动者", "held_text": "2024年6月", "remark": ""}


def a_return(rows: int = 2, state: str = State.CITY_REVIEW, **changes):
    """Return a return of Weifang with the city's own training and those of counties."""
    own = {"project_name": "家政（演示）", "trainee_count": 120, **EMPTY}
    county = [
        {"organizer_region": "370705", "project_name": f"=电焊{number}（演示）", "trainee_count": 80, **EMPTY}
        for number in range(1, rows)
    ]
    return factories.filing(RETURN, state, training_rows=[own, *county], **changes)


def words_of(docx: bytes) -> list[str]:
    root = fromstring(zipfile.ZipFile(io.BytesIO(docx)).read("word/document.xml"))
    return ["".join(t.text or "" for t in p.iter(f"{{{WORD}}}t")) for p in root.iter(f"{{{WORD}}}p")]


def test_a_return_prints_the_seven_columns_the_sum_the_signatures_and_the_three_notes():
    form = documents.printed_form(a_return())

    assert (form.title, form.annex, form.notes) == (("项目制培训情况统计表",), "附件2", NOTES)
    assert form.statement.columns == COLUMNS
    assert form.statement.rows == (
        ("潍坊市", "市直", "家政（演示）", "农村转移就业劳动者", "120", "2024年6月", ""),
        ("潍坊市", "奎文区", "=电焊1（演示）", "农村转移就业劳动者", "80", "2024年6月", ""),
    )
    assert form.statement.total == ("合计", "", "", "", "200", "", "")
    assert form.statement.footer == SIGNED


def test_the_blank_sheet_is_that_of_the_notice():
    form = documents.blank_form(RETURN)

    assert (form.statement.columns, form.notes, form.statement.total) == (COLUMNS, NOTES, ())
    assert form.statement.footer == tuple((label, "") for label, _ in SIGNED)
    assert set(form.statement.rows) == {("",) * 7}


def test_the_workbook_is_laid_out_to_be_printed():
    page = load_workbook(io.BytesIO(documents.form_xlsx(documents.printed_form(a_return())))).active

    values = [[cell.value for cell in row] for row in page.iter_rows()]
    assert values[0][0] == "项目制培训情况统计表"
    assert tuple(values[1]) == COLUMNS
    assert values[3][1:5] == ["奎文区", "=电焊1（演示）", "农村转移就业劳动者", 80]
    assert page["C4"].data_type == "s"
    assert [row[0] for row in values[5:]] == [
        "填表人：演示填表人　　　　联系电话：00000000000　　　　填表日期：2024-06-10",
        *NOTES,
    ]
    setup = page.page_setup
    assert (setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight) == ("landscape", 9, 1, 0)
    assert (page.print_title_rows, page.title) == ("$1:$2", "2024年项目制培训情况统计表")


def test_the_same_return_gives_the_same_bytes():
    form = documents.printed_form(a_return())

    for write in (documents.form_xlsx, documents.form_docx, documents.form_pdf):
        assert write(form) == write(form)


def test_the_word_document_holds_the_sheet_across_the_page():
    document = documents.form_docx(documents.printed_form(a_return()))

    words = words_of(document)
    assert [
        line for line in ("项目制培训情况统计表", *COLUMNS, "合计", "200", *NOTES) if line not in words
    ] == []
    assert "填表人：演示填表人　　　　联系电话：00000000000　　　　填表日期：2024-06-10" in words
    xml = zipfile.ZipFile(io.BytesIO(document)).read("word/document.xml").decode()
    assert ('w:orient="landscape"' in xml, xml.count("<w:tblHeader/>")) == (True, 2)


def taken(record) -> dict:
    """Return what a return says, without what belongs to the one filing."""
    whole = snapshot.take(record)
    return {part: whole[part] for part in ("title", "organisation", "values", "rows", "sections", "tables")}


def imported(upload: bytes, name: str):
    reading = importing.read_file(upload, name, RETURN, factories.filer())
    (record,) = importing.commit(reading, factories.filer())
    return record


@pytest.mark.parametrize("suffix", ["xlsx", "docx"])
def test_what_is_printed_is_read_back_equal(suffix):
    record = a_return(rows=5, state=State.DRAFT)
    before = taken(record)
    write = {"xlsx": documents.form_xlsx, "docx": documents.form_docx}[suffix]
    upload = write(documents.printed_form(record))
    factories.act(record, "cancel", factories.filer())

    assert taken(imported(upload, f"表.{suffix}")) == before


def test_what_libreoffice_saves_anew_is_read_back_equal(tmp_path):
    record = a_return(rows=5, state=State.DRAFT)
    before = taken(record)
    written = tmp_path / "表.xlsx"
    written.write_bytes(documents.form_xlsx(documents.printed_form(record)))
    factories.act(record, "cancel", factories.filer())

    converted(written, tmp_path / "neu", "xlsx")

    assert taken(imported((tmp_path / "neu" / "表.xlsx").read_bytes(), "表.xlsx")) == before


def test_three_hundred_rows_print_on_many_pages():
    pdf = documents.form_pdf(documents.printed_form(a_return(rows=300)))

    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 5


def test_who_may_not_see_persons_gets_the_sheet_without_them(client):
    record = a_return()
    factories.sign_in(client, factories.auditor())

    answer = client.get(f"/desk/filings/{record.pk}/print.xlsx")

    page = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert page["A6"].value == "填表日期：2024-06-10"


def test_only_a_statistical_sheet_is_a_workbook(client):
    record = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())

    assert client.get(f"/desk/filings/{record.pk}/print.xlsx").status_code == 404
