"""The check code on paper: on every print of a submitted version, beside the form, in the way of nothing."""

import io
import re
import subprocess
import zipfile
from dataclasses import replace

import pytest
from openpyxl import load_workbook
from PIL import Image

from portal import check_codes, documents, importing, registry
from portal.documents.check import QUIET, made
from portal.models import Filing
from portal.sandbox import read_tables
from tests import campaigning, factories, packing
from tests.programs import converted, needs
from tests.test_documents import words_of_pdf

pytestmark = pytest.mark.django_db
BASE = "https://portal.example"
RETURN = "project-training-returns"
TYPES = list(registry.all_types())
every_type = pytest.mark.parametrize("record_type", TYPES, ids=lambda record_type: record_type.slug)


def sent(record_type="skill-brands", **changes):
    """Return a submitted filing as a form, and its check code."""
    record = factories.submitted(record_type, **changes)
    return documents.printed_form(record, base=BASE), check_codes.code_of(record.versions.get())


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def parts(document: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def matrix(address: str) -> list[list[int]]:
    """Return the QR code of an address as rows of 0 and 1."""
    return [[int(dark) for dark in row] for row in made(address).matrix]


def seen(picture: Image.Image, size: int) -> list[list[int]]:
    """Return the modules one sees in a picture that a QR code of ``size`` modules fills to its edges."""
    grey, step = picture.convert("L"), picture.width / size
    middle = [int((n + 0.5) * step) for n in range(size)]
    return [[int(grey.getpixel((x, y)) < 128) for x in middle] for y in middle]


@every_type
def test_every_print_of_a_submitted_version_says_where_it_is_checked_and_stays_what_it_was(record_type):
    form, code = sent(record_type)
    plain = replace(form, check=None)

    pdfs, words = ([write(f) for f in (form, plain)] for write in (documents.form_pdf, documents.form_docx))

    header, said = parts(words[0])["word/header.xml"].decode(), words_of_pdf(pdfs[0])
    for line in (f"校验码{code}", f"核验网址{BASE}/verify/"):
        assert line in said
        assert line in re.sub(r"\s|<[^>]*>", "", header)
    assert parts(words[0])["word/media/qr.png"] == form.check.png
    assert pages(pdfs[0]) == pages(pdfs[1])
    assert parts(words[0])["word/document.xml"] == parts(words[1])["word/document.xml"]


@every_type
def test_what_was_never_submitted_and_what_is_blank_bears_no_code(record_type):
    draft, blank = documents.printed_form(factories.draft(record_type)), documents.blank_form(record_type)

    for form in (draft, blank):
        assert form.check is None
        assert "word/media/qr.png" not in parts(documents.form_docx(form))
        assert "校验" not in words_of_pdf(documents.form_pdf(form))


def test_a_version_in_work_after_a_return_bears_no_code_and_the_one_sent_keeps_its_own():
    record = factories.filing("skill-brands", "returned")

    assert documents.printed_form(record).check is None
    assert documents.printed_form(record, 1).check.code == check_codes.code_of(record.versions.get())


def test_the_qr_code_in_word_and_excel_is_the_address_of_the_sheet():
    form, code = sent(RETURN)
    expected = matrix(f"{BASE}/verify/{code}/")

    pictures = [parts(documents.form_docx(form))["word/media/qr.png"]]
    pictures += [parts(documents.form_xlsx(form))["xl/media/image1.png"]]

    size = len(expected) + 2 * QUIET
    for picture in pictures:
        rows = seen(Image.open(io.BytesIO(picture)), size)
        assert [row[QUIET:-QUIET] for row in rows[QUIET:-QUIET]] == expected
        assert sum(map(sum, rows)) == sum(map(sum, expected))  # all around it is white


@pytest.mark.parametrize("kind", ["skill-brands", RETURN])
def test_the_qr_code_on_the_pdf_is_the_address_of_the_sheet(kind, tmp_path):
    needs("pdftoppm")
    form, code = sent(kind)
    command = ["pdftoppm", "-r", "600", "-l", "1", "-gray", "-png", "-singlefile", "-", tmp_path / "page"]
    subprocess.run(command, input=documents.form_pdf(form), check=True)
    page = Image.open(tmp_path / "page.png")
    expected, millimetre = matrix(f"{BASE}/verify/{code}/"), 600 / 25.4
    right, top, size = (262, 28, 15) if form.is_across else (184, 37, 16)

    corner = page.crop([int(n * millimetre) for n in (right - size, 0, right, top)])

    dark = corner.point(lambda grey: 255 * (grey < 128)).getbbox()
    assert seen(corner.crop(dark), len(expected)) == expected


def test_the_same_version_gives_the_same_bytes_with_its_check():
    form, _ = sent(RETURN)

    for write in (documents.form_xlsx, documents.form_docx, documents.form_pdf):
        assert write(form) == write(form)


def test_a_workbook_names_the_check_in_its_page_header_and_in_no_cell():
    form, code = sent(RETURN)

    with_check, without = (
        load_workbook(io.BytesIO(documents.form_xlsx(f))).active for f in (form, replace(form, check=None))
    )

    assert f"校验码 {code}，核验网址 {BASE}/verify/" in with_check.oddHeader.right.text
    assert list(with_check.values) == list(without.values)
    assert [p.height for p in with_check.row_dimensions.values()] == [
        p.height for p in without.row_dimensions.values()
    ]


@pytest.mark.parametrize(("kind", "suffix"), [(RETURN, "xlsx"), (RETURN, "docx"), ("skill-brands", "docx")])
def test_what_is_printed_with_its_code_is_read_back_as_without(kind, suffix):
    form, _ = sent(kind)
    write = {"xlsx": documents.form_xlsx, "docx": documents.form_docx}[suffix]
    files = [write(form), write(replace(form, check=None))]
    for action in ("withdraw", "cancel"):  # its name is free again
        factories.act(Filing.objects.latest("pk"), action, factories.filer())

    readings = [importing.read_file(f, f"表.{suffix}", registry.get(kind), factories.filer()) for f in files]

    assert readings[0].records == readings[1].records
    assert [(len(reading.records), reading.errors) for reading in readings] == [(1, [])] * 2
    assert read_tables(files[0], f".{suffix}") == read_tables(files[1], f".{suffix}")


def test_without_a_host_the_code_stands_with_the_path_and_no_picture():
    record = factories.submitted("skill-brands")

    form = documents.printed_form(record)

    assert form.check.lines[1] == "核验网址 /verify/"
    assert (form.check.png, form.check.svg) == (b"", "")
    assert f"校验码{form.check.code}核验网址/verify/" in words_of_pdf(documents.form_pdf(form))


def test_the_address_is_that_of_the_site_or_else_of_the_request(client, settings):
    record = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())
    address = f"/desk/filings/{record.pk}/print.docx"

    headers = []
    for domain in ("", "jineng.example"):
        settings.SITE = {**settings.SITE, "domain": domain}
        document = b"".join(client.get(address).streaming_content)
        headers.append(parts(document)["word/header.xml"].decode())

    assert ["http://testserver/verify/" in headers[0], "http://jineng.example/verify/" in headers[1]] == [
        True
    ] * 2
    assert documents.printed_form(record).check.address.startswith("http://jineng.example/verify/")


def test_libreoffice_prints_the_form_with_its_check_on_one_page(tmp_path):
    form, code = sent()
    (tmp_path / "form.docx").write_bytes(documents.form_docx(form))

    converted(tmp_path / "form.docx", tmp_path, "pdf")

    printed = (tmp_path / "form.pdf").read_bytes()
    assert (f"校验码{code}" in words_of_pdf(printed), pages(printed)) == (True, 1)
    assert b"/Subtype/Image" in printed.replace(b"/Subtype /Image", b"/Subtype/Image")


def test_every_form_of_a_city_s_package_bears_its_code():
    asked = campaigning.campaign(kind="skill-brands", places=[factories.WEIFANG])
    record = packing.with_files(asked, {})

    files = packing.opened(packing.packed(asked))

    code = check_codes.code_of(record.versions.get())
    assert f"校验码{code}" in words_of_pdf(files["全部表格.pdf"])
