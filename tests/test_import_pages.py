"""Importing over HTTP: what is read is shown first and confirmed by a second step; nothing else is made."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from portal import imports
from portal.models import CatalogueEntry, Filing, Import
from tests.factories import KUIWEN, draft, entry, filer, filing, reviewer
from tests.made_files import xlsx
from tests.returning import returned

pytestmark = pytest.mark.django_db
EXAMPLE = Path(__file__).parent / "files" / "情况表-示例-潍坊.docx"
NAME = "潍坊风筝扎制品牌（演示）"
URL = "/desk/import/"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(1000)
HEADERS = ["培训项目名称", "项目来源", "培训对象", "课时"]


@pytest.fixture
def desk(client):
    """Return a client at which the filer of 潍坊 is signed in."""
    client.force_login(filer())
    return client


def upload(desk, data: bytes, name: str, slug: str = "skill-brands"):
    """Choose a file and press 上传并预览; return the page that follows."""
    return desk.post(URL, {"type": slug, "file": SimpleUploadedFile(name, data)}, follow=True)


def confirm(desk, preview):
    """Press 确认导入 on a preview."""
    return desk.post(reverse("import-confirm", args=[preview.context["imported"].pk]))


def workbook(*lines: list) -> bytes:
    """Return a workbook of training projects with these lines."""
    book = Workbook()
    book.active.append(HEADERS)
    for line in lines:
        book.active.append(line)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def test_the_official_form_is_shown_confirmed_and_becomes_a_draft(desk):
    entry("exam-projects", name="风筝制作")

    preview = upload(desk, EXAMPLE.read_bytes(), EXAMPLE.name)
    shown, before = preview.content.decode(), Filing.objects.filter(kind="skill-brands").count()
    answer = confirm(desk, preview)

    made = Filing.objects.get(kind="skill-brands").record
    assert "共读取 1 件，没有错误" in shown
    assert f"<dd>{NAME}</dd>" in shown
    assert before == 0
    assert answer.url == reverse("filing-edit", args=[made.pk])
    assert (made.name, made.organisation, made.state) == (NAME, filer().organisation, "draft")
    assert [project.name for project in made.exam_projects.all()] == ["风筝制作"]
    assert made.advantage_people == "从业人员稳定，技能领头人带徒授艺。"


def test_with_an_error_nothing_is_imported_and_its_place_is_named(desk):
    preview = upload(desk, EXAMPLE.read_bytes(), EXAMPLE.name)

    content = preview.content.decode()
    assert "共 1 条有错误，未导入任何数据" in content
    assert '<td class="hd" data-l="栏">专项职业能力考核项目</td>' in content
    assert '<td class="c-bad" data-l="填的内容">风筝制作</td>' in content
    assert 'aria-disabled="true">确认导入' in content
    assert reverse("import-receipt", args=[preview.context["imported"].pk]) in content
    assert Filing.objects.count() == 0


def test_confirming_what_holds_errors_imports_nothing(desk):
    preview = upload(desk, EXAMPLE.read_bytes(), EXAMPLE.name)

    answer = confirm(desk, preview)

    assert (answer.status_code, Filing.objects.count()) == (409, 0)
    assert "文件里 1 条有错误，没有导入任何数据；请改正后重新上传。" in answer.content.decode()


def lines(number: int, **odd) -> list[list]:
    """Return so many lines of training projects; ``odd``: number of a line → its hours."""
    return [[f"演示项目{n}", "其他", "企业职工、非遗传承人", odd.get(f"n{n}", 40 + n)] for n in range(number)]


def test_several_lines_become_drafts_that_the_page_lists(desk):
    preview = upload(desk, workbook(*lines(7)), "项目.xlsx", "handicraft-projects")
    answer = confirm(desk, preview)
    done = desk.get(answer.url)

    made = Filing.objects.filter(kind="handicraft-projects").order_by("pk")
    assert [row["number"] for row in preview.context["rows"]] == [2, 3, 4, 5, 6, 7, 8]
    assert answer.url == reverse("import", args=[preview.context["imported"].pk])
    assert [(f.title, f.record.hours) for f in made] == [(f"演示项目{n}", 40 + n) for n in range(7)]
    assert [row["url"] for row in done.context["rows"]] == [reverse("filing", args=[f.pk]) for f in made]


def test_the_lines_in_error_come_first_with_address_and_sentence_in_the_cell(desk):
    preview = upload(desk, workbook(*lines(7, n5="四十")), "项目.xlsx", "handicraft-projects")

    (row,) = preview.context["rows"]
    faulty = {cell["label"]: cell["fault"] for cell in row["cells"] if cell["fault"]}
    assert preview.context["outcome"] == "faulty"
    assert (row["number"], list(faulty), faulty["课时"]["cell"]) == (7, ["课时"], "D7")
    assert "D7　请填写整数，例如620。" in preview.content.decode()
    assert Filing.objects.count() == 0


def test_a_double_click_on_confirm_imports_once(desk):
    entry("exam-projects", name="风筝制作")
    preview = upload(desk, EXAMPLE.read_bytes(), EXAMPLE.name)

    first, second = confirm(desk, preview), confirm(desk, preview)

    assert first.url == second.url
    assert Filing.objects.filter(kind="skill-brands").count() == 1


def test_confirming_what_was_imported_long_ago_leads_to_its_page(desk):
    preview = upload(desk, workbook(*lines(1)), "项目.xlsx", "handicraft-projects")
    confirm(desk, preview)
    Import.objects.update(committed_at=timezone.now() - timedelta(days=8))
    imports.tidy()

    answer = confirm(desk, preview)

    assert (Filing.objects.count(), answer.url) == (1, preview.request["PATH_INFO"])


def test_what_was_struck_off_a_catalogue_since_the_preview_is_not_imported(desk):
    project = entry("exam-projects", name="风筝制作")
    preview = upload(desk, EXAMPLE.read_bytes(), EXAMPLE.name)
    CatalogueEntry.objects.filter(pk=project.pk).update(valid_to=project.valid_from, ended_at=timezone.now())

    answer = confirm(desk, preview)

    assert (answer.status_code, "目录条目有了变动，没有导入任何数据" in answer.content.decode()) == (
        409,
        True,
    )
    assert not Filing.objects.filter(kind="skill-brands").exists()


def test_a_cell_that_was_not_returned_for_correction_is_an_error_of_its_line(desk):
    name = returned("building-units", "legal_representative").title
    header = ["单位全称", "单位类型", "法定代表人"]

    open_one = upload(desk, xlsx([header[::2], [name, "王五"]]), "一.xlsx", "building-units")
    shut = upload(desk, xlsx([header, [name, "其他", "王五"]]), "二.xlsx", "building-units")

    assert [preview.context["imported"].counts["changed"] for preview in (open_one, shut)] == [1, 0]
    assert shut.context["imported"].counts["faulty"] == 1


def test_a_name_the_bureau_holds_already_is_an_error_of_a_form(desk):
    entry("exam-projects", name="风筝制作")
    filing("skill-brands", "city_review", name=NAME)

    preview = upload(desk, EXAMPLE.read_bytes(), EXAMPLE.name)

    assert [fault["column"] for fault in preview.context["loose"]] == ["品牌项目名称"]
    assert Filing.objects.filter(kind="skill-brands").count() == 1


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        pytest.param("情况表.docx", b"", "这个文件是空的，没有读取；请核对后重新选择。", id="empty file"),
        pytest.param("情况表.docx", PICTURE, "未导入任何数据", id="a picture named docx"),
        pytest.param("情况表.xlsx", PICTURE, "未导入任何数据", id="a picture named xlsx"),
        pytest.param("情况表.exe", b"MZ", "未导入任何数据", id="a program"),
        pytest.param("情况表", b"x", "未导入任何数据", id="no suffix"),
        pytest.param("a.csv", b"\x00\x01\x02\xff\xfe", "未导入任何数据", id="NUL and control characters"),
        pytest.param("../../" + "长" * 300 + ".docx", PICTURE, "未导入任何数据", id="a path for a name"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence_and_stores_nothing(desk, name, data, sentence):
    answer = upload(desk, data, name)

    assert answer.status_code in (200, 422)
    assert sentence in answer.content.decode()
    assert Filing.objects.count() == 0


class Passing(BytesIO):
    """A body of any length that notes how much of it is asked for at once."""

    def __init__(self):
        super().__init__()
        self.asked: list[int] = []

    def read(self, size: int) -> bytes:
        self.asked.append(size)
        return bytes(size)


@pytest.mark.parametrize(("megabytes", "passed"), [(50, 1), (5000, 1)])
def test_what_is_far_too_large_passes_by_in_small_pieces_and_is_refused(megabytes, passed):
    client, body = Client(enforce_csrf_checks=True), Passing()
    client.force_login(filer())

    answer = client.generic(
        "POST",
        URL,
        content_type="multipart/form-data; boundary=x",
        **{"wsgi.input": body, "CONTENT_LENGTH": str(megabytes * 2**20)},
    )

    assert (answer.status_code, max(body.asked), sum(body.asked)) == (413, 64 * 1024, passed * 2**20)
    assert "文件超过 30 MB，没有读取；请分成几个文件后再上传。" in answer.content.decode()


def test_a_length_of_thousands_of_digits_is_too_large_and_no_fault():
    client = Client()
    client.force_login(filer())

    announced = {"wsgi.input": Passing(), "CONTENT_LENGTH": "9" * 5000}
    answer = client.generic("POST", URL, content_type="multipart/form-data; boundary=x", **announced)

    assert answer.status_code == 413


def test_a_file_over_the_limit_within_its_envelope_is_refused_too(desk, monkeypatch):
    monkeypatch.setattr("portal.sandbox.flat.MOST_BYTES", 1000)

    answer = upload(desk, bytes(1001), "情况表.docx")

    assert answer.status_code == 422
    assert "文件超过 30 MB，没有读取" in answer.content.decode()


def test_the_token_is_still_asked_for():
    client = Client(enforce_csrf_checks=True)
    client.force_login(filer())

    answer = upload(client, EXAMPLE.read_bytes(), EXAMPLE.name)

    assert (answer.status_code, Filing.objects.count()) == (403, 0)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "请选择要导入的类型。"),
        ({"type": "moon-brands"}, "请选择要导入的类型。"),
        ({"type": "skill-brands"}, "请选择要导入的文件。"),
    ],
)
def test_an_incomplete_form_is_answered_in_a_sentence(desk, sent, sentence):
    answer = desk.post(URL, sent)

    assert (answer.status_code, Filing.objects.count()) == (422, 0)
    assert sentence in answer.content.decode()


def test_the_page_offers_forms_and_templates_of_what_one_may_file(desk):
    content = desk.get(f"{URL}?type=building-units").content.decode()

    assert '<option value="building-units" selected>' in content
    assert reverse("form-blank", args=["skill-brands", "docx"]) in content
    assert reverse("filing-template", args=["exam-institutions"]) in content


def test_the_template_is_a_workbook_called_by_its_type(desk):
    answer = desk.get(reverse("filing-template", args=["labour-brands"]))

    assert answer.filename == "劳务品牌-模板.xlsx"
    assert b"".join(answer.streaming_content)[:2] == b"PK"


@pytest.mark.parametrize("url", [URL, "/desk/forms/skill-brands/template.xlsx"])
def test_who_files_nothing_finds_no_such_page(client, url):
    client.force_login(reviewer())

    assert [client.get(url).status_code, client.post(url).status_code] in ([404, 404], [404, 405])


def test_a_stranger_uploads_nothing(client):
    draft("skill-brands", place=KUIWEN)

    sent = {"type": "skill-brands", "file": SimpleUploadedFile(EXAMPLE.name, EXAMPLE.read_bytes())}
    answer = client.post(URL, sent)

    assert answer.url == f"{reverse('login')}?next={reverse('desk')}"
    assert Filing.objects.filter(title=NAME).count() == 0
