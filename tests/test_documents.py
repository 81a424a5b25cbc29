"""Forms on paper: the words of the annex, the measures of the standard, whole names, the same bytes."""

import io
import re
import subprocess
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from defusedxml.ElementTree import fromstring

from brands.models import BRAND_FORM
from portal import check_codes, registry
from portal.annexes import read_forms
from portal.documents import (
    PrintedForm,
    Row,
    Section,
    SubTable,
    blank_form,
    form_docx,
    form_pdf,
    printed_form,
)
from portal.models import Filing
from portal.sandbox import read_tables
from portal.vocabulary import State
from tests import factories
from tests.made_files import WORD
from tests.programs import converted, needs

W = f"{{{WORD}}}"
TYPES = list(registry.all_types())
every_type = pytest.mark.parametrize("record_type", TYPES, ids=lambda record_type: record_type.slug)
NOTE = (
    "备注：1. “专项职业能力考核项目”从最新《山东省专项职业能力考核项目目录》中选取；"
    "2. 如果专项职业能力品牌暂无对应的专项职业能力考核机构，“专项职业能力考核机构”填无。"
)
RARE = "喆玥犇翀垚昇瑄珺婳旻㛃䶮"
FORM = PrintedForm(
    title=("“鲁滋鲁味·鲁艺鲁品”专项职业能力", "品牌情况表"),
    organisation_label="填报单位（盖章）",
    organisation="潍坊市人力资源和社会保障局",
    sections=(
        Section(
            "",
            (
                Row("品牌项目名称", (f"{RARE}风筝",)),
                Row("专项职业能力考核机构", ("无",)),
                Row("品牌优势", ("A&B <b> {{ 1 }} #text[x] \\ $x$", "第二段。")),
            ),
        ),
    ),
    notes=(NOTE,),
    annex="附件",
    marks=("草稿，未提交",),
)


def words_of_pdf(data: bytes) -> str:
    needs("pdftotext")
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True)
    return re.sub(r"\s", "", done.stdout.decode())


def part(data: bytes, name: str):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return fromstring(archive.read(name))


def paragraphs(data: bytes) -> list[tuple[str, str]]:
    """Return (style, text) of the paragraphs outside tables."""
    body = part(data, "word/document.xml")[0]
    return [(style(p), "".join(p.itertext()).strip()) for p in body.findall(f"{W}p")]


def style(paragraph) -> str:
    found = paragraph.find(f"{W}pPr/{W}pStyle")
    return "" if found is None else found.get(f"{W}val")


def styles(data: bytes) -> dict:
    return {s.get(f"{W}styleId"): s for s in part(data, "word/styles.xml").findall(f"{W}style")}


def test_the_annex_is_laid_out_as_in_the_notice_word_for_word():
    document = form_docx(FORM)

    tables = read_tables(document, ".docx")

    assert tables[0].before == ["附件", *FORM.title, "填报单位（盖章）：潍坊市人力资源和社会保障局"]
    assert tables[0].rows == [
        ["品牌项目名称", f"{RARE}风筝"],
        ["专项职业能力考核机构", "无"],
        ["品牌优势", "A&B <b> {{ 1 }} #text[x] \\ $x$\n第二段。"],
    ]
    assert paragraphs(document)[-1] == ("Note", NOTE)


def test_word_gets_the_official_typefaces_by_name_and_size():
    found = styles(form_docx(FORM))
    faces = {
        name: (s.find(f"{W}rPr/{W}rFonts").get(f"{W}eastAsia"), s.find(f"{W}rPr/{W}sz").get(f"{W}val"))
        for name, s in found.items()
        if name in ("Title", "Label", "PageNumber")
    }
    defaults = part(form_docx(FORM), "word/styles.xml").find(f"{W}docDefaults//{W}rFonts")

    assert faces == {"Title": ("方正小标宋简体", "44"), "Label": ("黑体", "28"), "PageNumber": ("宋体", "28")}
    assert defaults.get(f"{W}eastAsia") == "仿宋_GB2312"


def test_the_page_has_the_margins_of_the_standard_and_fixed_columns():
    document = part(form_docx(FORM), "word/document.xml")
    margins, size = document.find(f".//{W}pgMar"), document.find(f".//{W}pgSz")
    widths = [int(column.get(f"{W}w")) for column in document.findall(f".//{W}gridCol")]

    millimetres = {
        side: round(int(margins.get(f"{W}{side}")) / 56.7) for side in ("top", "left", "right", "bottom")
    }

    assert millimetres == {"top": 37, "left": 28, "right": 26, "bottom": 35}
    assert (size.get(f"{W}w"), size.get(f"{W}h")) == ("11906", "16838")
    assert sum(widths) == 11906 - 1587 - 1474


def test_the_seal_finds_forty_five_millimetres():
    spacing = styles(form_docx(FORM))["Organisation"].find(f"{W}pPr/{W}spacing")
    line = part(form_docx(FORM), "word/styles.xml").find(f"{W}docDefaults//{W}spacing")

    room = [spacing.get(f"{W}before"), spacing.get(f"{W}after"), line.get(f"{W}line")]

    assert sum(map(int, room)) / 56.7 >= 45


def test_a_pdf_holds_every_word_and_every_rare_name():
    words = words_of_pdf(form_pdf(FORM))

    for text in (*FORM.title, f"{RARE}风筝", "A&B<b>{{1}}#text[x]\\$x$", NOTE, "草稿，未提交"):
        assert text.replace(" ", "") in words


def test_no_character_of_a_name_is_left_an_empty_box():
    needs("pdftotext")
    form = PrintedForm(("表",), "单位", "局", (Section("", (Row("姓名", (RARE,)),)),))

    # In the PDF each character shown has a glyph of one of our fonts; .notdef would be glyph 0.
    fonts = set(re.findall(rb"/BaseFont\s*/[A-Z]{6}\+([A-Za-z-]+)", _plain(form_pdf(form))))

    assert b"NotoSerifCJKsc-Regular" in {name.removesuffix(b"-Identity-H") for name in fonts}
    assert RARE in words_of_pdf(form_pdf(form))


def _plain(data: bytes) -> bytes:
    """Return a PDF with its compressed streams opened."""
    opened = [data]
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            opened.append(zlib.decompress(match[1]))
        except zlib.error:
            continue
    return b"\n".join(opened)


def test_a_pdf_is_tagged_and_names_its_language_and_title():
    plain = _plain(form_pdf(FORM))

    assert b"/StructTreeRoot" in plain
    assert b"/Lang" in plain
    assert b"pdfuaid:part" in plain


def test_the_same_form_gives_the_same_bytes():
    assert form_docx(FORM) == form_docx(FORM)
    assert form_pdf(FORM) == form_pdf(FORM)


def test_a_long_value_goes_over_pages_without_losing_a_sentence():
    sentences = tuple(f"第{number}段，" + "相关产业形成完整链条。" * 12 for number in range(1, 41))
    form = PrintedForm(("表",), "单位", "局", (Section("", (Row("品牌优势", sentences),)),))

    words = words_of_pdf(form_pdf(form))

    assert [number for number in range(1, 41) if f"第{number}段，" not in words] == []


def test_a_table_of_rows_repeats_its_heading():
    table = SubTable("年度培训就业情况", ("年度", "培训人数"), (("2024", "620"), ("2023", "600")))
    form = PrintedForm(("表",), "单位", "局", (Section("一", (Row("名称", ("甲",)),)),), (table,))

    rows = part(form_docx(form), "word/document.xml").findall(f".//{W}tbl")[1].findall(f"{W}tr")

    assert [row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows] == [True, False, False]
    assert "年度培训人数2024620" in words_of_pdf(form_pdf(form))


@every_type
def test_every_type_has_a_blank_form(record_type):
    blank = blank_form(record_type)

    tables = read_tables(form_docx(blank), ".docx")

    assert [table.rows for table in tables[:1]] != []
    assert form_pdf(blank).startswith(b"%PDF")


def test_the_blank_annex_is_the_one_of_the_notice():
    tables = read_tables(form_docx(blank_form(registry.get("skill-brands"))), ".docx")

    assert tables[0].before[-1] == "填报单位（盖章）：_____市人力资源和社会保障局"
    assert tables[0].rows[-1] == ["品牌优势", BRAND_FORM.hints["advantage"]]


def expected_on_paper(record_type) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return the labels and the columns of the tables that a type prints."""
    if sheet := record_type.sheet:
        return list(sheet.footer), [tuple(sheet.columns)]
    labels = [str(record_type.field(name).verbose_name) for name in record_type.fields]
    tables = [
        tuple(str(record_type.row_model(name)._meta.get_field(f).verbose_name) for f in fields)
        for name, fields in record_type.rows.items()
        if record_type.example.get(name)
    ]
    paper = record_type.paper
    return [label for line in paper.layout for label in line] if paper else labels, tables


@every_type
@pytest.mark.django_db
def test_every_type_prints_each_field_of_its_form(record_type):
    draft = factories.draft(record_type)

    form = printed_form(draft)

    lines = form.statement
    printed = [row.label for section in form.sections for row in section.rows]
    printed += [label for label, _ in lines.footer] if lines else []
    tables = [lines.columns] if lines else [table.columns for table in form.tables]
    assert (printed, tables) == expected_on_paper(record_type)
    assert form_pdf(form).startswith(b"%PDF")
    assert read_tables(form_docx(form), ".docx")[0].rows != []


@pytest.mark.django_db
def test_what_is_printed_is_read_back_word_for_word():
    draft = factories.draft("skill-brands")
    parts = (draft.advantage_features, draft.advantage_people, draft.advantage_industry)

    reading = read_forms(read_tables(form_docx(printed_form(draft)), ".docx"), BRAND_FORM)[0]

    assert reading.organisation_text == draft.organisation.name
    assert reading.values == {
        "name": draft.name,
        "exam_projects": "演示剪纸制作",
        "institutions": "无",
        "advantage": "\n".join(parts),
    }


@pytest.mark.django_db
def test_a_draft_says_so_and_a_submitted_version_names_itself():
    draft = factories.draft("skill-brands")
    submitted = factories.submitted("skill-brands")
    version = submitted.versions.get()

    assert printed_form(draft).marks == ("草稿，未提交",)
    printed = printed_form(submitted)
    assert [re.sub(r"[0-9-]{10} [0-9:]{5}", "…", mark) for mark in printed.marks] == ["第 1 版　… 提交"]
    assert (printed_form(draft).check, printed.check.code) == (None, check_codes.code_of(version))


@pytest.mark.django_db
def test_an_old_version_prints_as_it_was_submitted():
    record = factories.filing("skill-brands", State.RETURNED, advantage_features="当时的文字。")
    before = form_pdf(printed_form(record, 1))
    changed = type(record).objects.get(pk=record.pk)
    changed.advantage_features = "后来的文字。"
    changed.save()

    assert form_pdf(printed_form(Filing.objects.get(pk=record.pk), 1)) == before
    assert printed_form(changed).marks == ("第 2 版，修改中，未提交",)
    assert printed_form(changed).sections[0].rows[-1].paragraphs[0] == "后来的文字。"


@pytest.mark.django_db
def test_a_control_character_in_a_row_spoils_no_document():
    draft = factories.draft("exam-projects")
    draft.specifications.update(definition="定\x01义\x0b\ufffe。")

    tables = read_tables(form_docx(printed_form(draft)), ".docx")

    assert tables[1].rows[1][1] == "定义。"


def test_libreoffice_opens_the_document(tmp_path):
    source = tmp_path / "form.docx"
    source.write_bytes(form_docx(FORM))

    converted(source, tmp_path, "pdf")

    words = words_of_pdf((tmp_path / "form.pdf").read_bytes())
    assert [text for text in (*FORM.title, RARE, NOTE.replace(" ", "")) if text not in words] == []


@pytest.mark.django_db
def test_an_explanation_is_handed_in_with_the_form_but_is_no_part_of_an_annex():
    brand, unit = factories.draft("skill-brands"), factories.draft("building-units")
    for draft in (brand, unit):
        draft.explanation = "情况属实。"
        draft.save()

    printed = [printed_form(draft).sections[-1].rows[-1] for draft in (brand, unit)]

    assert [row.label for row in printed] == ["品牌优势", "情况说明"]
    assert printed[1].paragraphs == ("情况属实。",)


def test_many_can_print_at_once():
    with ThreadPoolExecutor(8) as pool:
        printed = set(pool.map(form_pdf, [FORM] * 24))

    assert printed == {form_pdf(FORM)}
