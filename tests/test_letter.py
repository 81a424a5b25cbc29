"""Official letters: the measures of GB/T 9704-2012 10.1, names of any length, the same bytes."""

import io
import re
import zipfile

import pytest

from portal.documents import Letter, letter_docx
from tests.test_documents import W, part, styles

CITY, ZONE = "潍坊市人力资源和社会保障局", "烟台昆嵛山国家级自然保护区人力资源和社会保障局"
LETTER = Letter(
    CITY, "山东省人力资源和社会保障厅", ("关于报送材料的函",), ("正文 <b>&。",), ("一览表", "表格")
)


def of(organisation: str) -> Letter:
    return Letter(organisation, "厅", ("函",), ("正文。",), ("表",))


def test_the_typefaces_and_sizes_are_those_of_the_standard():
    found = styles(letter_docx(LETTER))
    default = part(letter_docx(LETTER), "word/styles.xml").find(f"{W}docDefaults//{W}rFonts")
    faces = {
        name: found[name].find(f"{W}rPr/{W}rFonts").get(f"{W}eastAsia")
        for name in ("Sender", "Title", "PageNumber")
    }

    assert default.get(f"{W}eastAsia") == "仿宋_GB2312"
    assert faces == {"Sender": "方正小标宋简体", "Title": "方正小标宋简体", "PageNumber": "宋体"}
    assert found["Title"].find(f"{W}rPr/{W}sz").get(f"{W}val") == "44"


def test_the_rules_are_170_mm_and_the_name_of_the_sender_begins_30_mm_down():
    document = part(letter_docx(LETTER), "word/document.xml")
    margin = document.find(f".//{W}pgMar")
    indent = styles(letter_docx(LETTER))["Sender"].find(f"{W}pPr/{W}ind")
    width = 11906 - sum(int(margin.get(f"{W}{side}")) for side in ("left", "right"))

    rule = width - int(indent.get(f"{W}left")) - int(indent.get(f"{W}right"))

    assert [round(twips / 56.7) for twips in (rule, int(margin.get(f"{W}header")), width)] == [170, 30, 156]


def test_nothing_is_red_but_the_sender_and_the_two_rules():
    with zipfile.ZipFile(io.BytesIO(letter_docx(LETTER))) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}

    assert {name: len(re.findall("FF0000", content)) for name, content in parts.items()} == {
        name: 3 if name == "word/styles.xml" else 0 for name in parts
    }


@pytest.mark.parametrize(
    "organisation, size, signature, date",
    [(CITY, 60, 3, 4), (ZONE, 38, 0, 6), ("局", 60, 9, 4)],
    ids=["a city", "the longest name", "a short name"],
)
def test_the_signature_stands_over_the_date_and_the_name_fits_its_line(organisation, size, signature, date):
    letter = of(organisation)

    assert [letter.name_size, letter.signature_right // 320, letter.date_right // 320] == [
        size,
        signature,
        date,
    ]
    assert letter.name_size / 2 * len(organisation) * 20 <= 8845


def test_the_same_letter_gives_the_same_bytes_and_what_is_typed_stays_text():
    assert letter_docx(LETTER) == letter_docx(LETTER)
    words = [
        "".join(p.itertext()) for p in part(letter_docx(LETTER), "word/document.xml")[0].findall(f"{W}p")
    ]
    assert [line for line in words if line.strip()] == [
        "〔20　　〕　　号",
        "关于报送材料的函",
        "山东省人力资源和社会保障厅：",
        "正文 <b>&。",
        "附件：1. 一览表",
        "2. 表格",
        CITY,
        "　　　　年　　月　　日",
        "（联系人：　　　　　联系电话：　　　　　　　）",
    ]
