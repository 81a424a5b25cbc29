"""Importing in the administration: by filers only, previewed, all or nothing, drafts of one's own bureau."""

from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook

from portal import excel, exports, imports, registry, sheets
from portal.models import Filing, Import
from portal.snapshot import take
from portal.vocabulary import Role, State
from tests import factories
from tests.administration import enter, told, url

pytestmark = pytest.mark.django_db
TYPES = list(registry.all_types())
every_type = pytest.mark.parametrize("record_type", TYPES, ids=lambda record_type: record_type.slug)
LABOUR = registry.get("labour-brands")
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def upload(client, record_type, data: bytes, name: str = "演示.xlsx"):
    """Send a workbook to the first page and return the answer."""
    file = BytesIO(data)
    file.name = name
    return client.post(
        url(record_type.model, "import"), {"import_file": file, "format": "0", "resource": "0"}
    )


def confirm(client, record_type, preview, **changes):
    """Send the preview's hidden fields back."""
    data = {field.name: field.value() for field in preview.context["confirm_form"]} | changes
    return client.post(url(record_type.model, "process_import"), data, follow=True)


def problems(response) -> list[str]:
    return [sentence for row in response.context["result"].invalid_rows for sentence in row.error.messages]


def workbook_of(record_type, lines: list[list]) -> bytes:
    book, file = Workbook(), BytesIO()
    book.active.title = record_type.label
    for line in lines:
        book.active.append(line)
    book.save(file)
    return file.getvalue()


def labour(*names: str, **cells) -> bytes:
    columns = sheets.layout(LABOUR)[0].columns
    header = [column.header for column in columns]
    lines = []
    for name in names:
        known = {"劳务品牌名称": name, "品牌类型": "民生保障型", "从业人员": 20} | cells
        lines.append([known.get(word) for word in header])
    return workbook_of(LABOUR, [header, *lines])


def exported(record_type) -> bytes:
    return exports.export_workbook(record_type, record_type.model.objects.all(), personal=True)


def content(record) -> dict:
    """Return what a filer has filled in, without what follows from who and when."""
    taken = take(record)
    for name, value in taken["values"].items():
        if value and isinstance(value, list) and isinstance(value[0], str):
            taken["values"][name] = sorted(value)
    return {
        name: taken[name] for name in ("title", "organisation", "explanation", "values", "rows", "sections")
    }


@every_type
def test_what_was_exported_comes_back_as_the_same_draft(record_type, client):
    record = factories.filing(record_type, explanation="演示说明。\n第二行。")
    before, data = content(record), exported(record_type)
    factories.act(record, "cancel", factories.filer())
    enter(client, factories.filer())

    preview = upload(client, record_type, data)
    answer = confirm(client, record_type, preview)

    made = record_type.model.objects.exclude(pk=record.pk).latest("pk")
    assert told(answer) == ["已导入1件草稿，请在工作台核对后提交。"]
    assert content(made) == before
    assert (made.state, made.version, made.step, made.created_by_id) == (
        State.DRAFT,
        1,
        0,
        factories.filer().pk,
    )


@every_type
def test_the_sample_line_of_the_template_becomes_a_draft_once_its_mark_is_taken_off(record_type, client):
    example = content(factories.filing(record_type))
    Filing.objects.filter(kind=record_type.slug).update(holds_name=False)
    book, file = load_workbook(BytesIO(excel.template_workbook(record_type))), BytesIO()
    for sheet in sheets.layout(record_type):
        for cells in book[sheet.title].iter_rows(min_row=2, max_col=1):
            cells[0].value = cells[0].value and cells[0].value.removeprefix(sheets.SAMPLE)
    book.save(file)
    enter(client, factories.filer())

    confirm(client, record_type, upload(client, record_type, file.getvalue()))

    assert content(record_type.model.objects.latest("pk")) == example


def test_the_template_as_it_was_downloaded_holds_nothing_to_import(client):
    enter(client, factories.filer())

    response = upload(client, LABOUR, excel.template_workbook(LABOUR))

    assert problems(response) == ["表里还没有填写内容，请填写后再上传。"]
    assert Filing.objects.count() == 0


def test_a_preview_keeps_nothing_and_names_what_was_read(client):
    enter(client, factories.filer())

    response = upload(client, LABOUR, labour("潍坊演示甲", "潍坊演示乙"))

    result = response.context["result"]
    assert result.headers == ["劳务品牌名称", "品牌类型", "所属行业", "从业人员"]
    assert result.lines == [["潍坊演示甲", "民生保障型", "", "20"], ["潍坊演示乙", "民生保障型", "", "20"]]
    assert "“所属行业”有2行没有填写，导入后须补填才能提交。" in result.warnings
    assert Filing.objects.count() == 0


def test_a_preview_carries_nothing_out(client):
    enter(client, factories.filer())

    upload(client, LABOUR, labour("潍坊演示甲"))

    imported = Import.objects.get()
    assert (imported.confirmed_at, imported.committed_at, Filing.objects.count()) == (None, None, 0)


def test_an_import_of_another_bureau_is_not_confirmed(client):
    enter(client, factories.filer("3717"))
    preview = upload(client, LABOUR, labour("菏泽演示甲"))
    enter(client, factories.filer())

    answer = confirm(client, LABOUR, preview)

    assert (answer.status_code, Filing.objects.count()) == (400, 0)


def test_what_is_there_already_is_changed_and_what_was_submitted_is_left(client):
    enter(client, factories.filer())
    factories.draft(LABOUR, name="潍坊演示甲", worker_count=5)
    factories.submitted(LABOUR, name="潍坊演示乙")

    answer = confirm(client, LABOUR, upload(client, LABOUR, labour("潍坊演示甲", "潍坊演示乙", "潍坊演示丙")))

    assert told(answer) == ["已导入2件草稿，请在工作台核对后提交。"]
    counts = {f.title: f.record.worker_count for f in Filing.objects.filter(state="draft")}
    assert counts == {"潍坊演示甲": 20, "潍坊演示丙": 20}


def test_one_bad_line_and_nothing_is_kept(client):
    enter(client, factories.filer())
    names = [f"潍坊演示{number}" for number in range(30)]

    response = upload(client, LABOUR, labour(*names, 品牌类型="没有的类型"))

    assert len(problems(response)) == 30
    assert problems(response)[0].startswith("工作表“劳务品牌”第2行“品牌类型”：")
    assert "confirm_form" not in response.context
    assert Filing.objects.count() == 0


def test_a_name_taken_between_preview_and_confirmation_keeps_the_whole_file_out(client):
    enter(client, factories.filer())
    preview = upload(client, LABOUR, labour("潍坊演示甲", "潍坊演示乙"))
    taken = factories.filing(LABOUR, name="潍坊演示乙")

    answer = confirm(client, LABOUR, preview)

    assert told(answer) == [
        "没有导入任何数据：预览以后，文件涉及的填报有了变动（第 3 行“潍坊演示乙”），没有导入任何数据；"
        "请重新上传这个文件，核对后再确认。"
    ]
    assert list(Filing.objects.values_list("pk", flat=True)) == [taken.pk]


def test_a_confirmation_sent_twice_makes_the_drafts_once(client):
    enter(client, factories.filer())
    preview = upload(client, LABOUR, labour("潍坊演示甲"))

    for _ in range(2):
        confirm(client, LABOUR, preview)

    assert Filing.objects.count() == 1


def test_a_sheet_writes_no_number_no_state_and_no_other_bureau(client):
    enter(client, factories.filer())
    target = factories.filing(LABOUR, name="潍坊演示原有")
    header = ["id", "filing_ptr", "状态", "state", "目录编号", "organisation", "劳务品牌名称", "品牌类型"]
    line = [target.pk, target.pk, "审核通过", "approved", "LB-3707-0001", "1", "潍坊演示改写", "民生保障型"]

    preview = upload(client, LABOUR, workbook_of(LABOUR, [header, line]))
    assert problems(preview) == []
    confirm(client, LABOUR, preview)

    made = Filing.objects.exclude(pk=target.pk).get()
    assert (made.title, made.state, made.organisation) == (
        "潍坊演示改写",
        State.DRAFT,
        factories.bureau("3707"),
    )
    assert Filing.objects.get(pk=target.pk).title == "潍坊演示原有"


def test_a_line_of_another_bureau_is_refused_with_its_place(client):
    header = ["劳务品牌名称", "品牌类型", "填报单位"]
    enter(client, factories.filer())

    response = upload(
        client,
        LABOUR,
        workbook_of(LABOUR, [header, ["菏泽演示", "民生保障型", "菏泽市人力资源和社会保障局"]]),
    )

    assert [sentence[:24] for sentence in problems(response)] == [
        "工作表“劳务品牌”第2行“填报单位”：填报单位写"
    ]


@pytest.mark.parametrize(
    "who", ["reviewer", "approver", "publisher", "joint", "auditor", "sysadmin", "secadmin", "stranger"]
)
def test_who_does_not_file_does_not_import(who, client):
    enter(client, factories.filer())
    preview = upload(client, LABOUR, labour("潍坊演示甲"))
    enter(client, getattr(factories, who)())

    answers = {
        upload(client, LABOUR, labour("潍坊演示甲")).status_code,
        confirm(client, LABOUR, preview).status_code,
    }

    assert answers <= {302, 403}
    assert Filing.objects.count() == 0


@pytest.mark.parametrize("slug", ["building-units", "handicraft-projects"])
def test_the_province_files_no_type_that_ends_at_the_city(slug, client):
    enter(client, factories.person(Role.FILER, factories.PROVINCE))

    assert client.get(url(registry.get(slug).model, "import")).status_code == 403


@pytest.mark.parametrize(
    ("data", "name", "field"),
    [
        (b"", "empty.xlsx", "import_file"),
        (b"\x89PNG\r\n\x1a\n", "picture.docx", "import_file"),
        (b"x" * (imports.AT_ONCE_BYTES + 1), "big.xlsx", "import_file"),
    ],
)
def test_a_file_that_is_no_workbook_is_turned_back_on_the_form(data, name, field, client):
    enter(client, factories.filer())

    response = upload(client, LABOUR, data, name)

    assert list(response.context["form"].errors) == [field]
    assert Filing.objects.count() == 0


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n", b"PK\x03\x04 broken", b"\0" * 100, "剪纸".encode("gbk")]
)
def test_a_file_that_cannot_be_read_is_one_sentence(data, client):
    enter(client, factories.filer())

    response = upload(client, LABOUR, data)

    assert len(problems(response)) == 1
    assert response.status_code == 200
    assert Filing.objects.count() == 0


@pytest.mark.parametrize("kept", ["", "../../etc/passwd", "%%%", "AAAA", "0", "-1", "９", "1" * 30])
def test_a_confirmation_that_was_tampered_with_imports_nothing(kept, client):
    enter(client, factories.filer())
    preview = upload(client, LABOUR, labour("潍坊演示甲"))

    answer = confirm(client, LABOUR, preview, import_file_name=kept)

    assert answer.status_code in (200, 400)
    assert Filing.objects.count() == 0


def test_what_was_imported_is_noted(client):
    user = factories.filer()
    enter(client, user)

    confirm(client, LABOUR, upload(client, LABOUR, labour("潍坊演示甲", "潍坊演示乙")))

    notes = user.logentry_set.values_list("object_repr", "change_message")
    assert sorted(notes) == [("潍坊演示乙", "从工作簿导入"), ("潍坊演示甲", "从工作簿导入")]
