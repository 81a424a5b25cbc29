"""The pages of an import: what each row would do, who sees it, what became of it, and odd requests for it."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from portal import access_log, excel, jobs, receipt_jobs, registry, sheets
from portal.models import AccessRecord, Filing, Import, Job
from portal.vocabulary import State
from tests import factories
from tests import made_files as made

pytestmark = pytest.mark.django_db
LABOUR = registry.get("labour-brands")
HEADER = ["劳务品牌名称", "品牌类型", "从业人员"]
NAMES = ["潍坊演示甲", "潍坊演示乙", "潍坊演示丙", "潍坊演示丁"]


@pytest.fixture
def desk(client):
    """Return a client at which the filer of 潍坊 is signed in."""
    client.force_login(factories.filer())
    return client


def sheet(*rows: list, header: list = HEADER) -> bytes:
    return made.xlsx([header, *rows], title=LABOUR.label)


def rows(*names: str, count: object = 20) -> list[list]:
    return [[name, "民生保障型", count] for name in names]


def upload(desk, data: bytes, name: str = "演示.xlsx"):
    sent = {"type": LABOUR.slug, "file": SimpleUploadedFile(name, data)}
    return desk.post(reverse("filing-import"), sent, follow=True)


def at(name: str, imported) -> str:
    return reverse(name, args=[imported.pk])


def listed(desk, imported, outcome: str):
    return desk.get(at("import", imported), {"outcome": outcome}).context["rows"]


@pytest.fixture
def mixed(desk):
    """Return an import of four that changes one, adds one, leaves one alone and finds one the same."""
    factories.draft(LABOUR, name=NAMES[0], worker_count=5)
    factories.submitted(LABOUR, name=NAMES[1])
    same = factories.draft(LABOUR, name=NAMES[2])
    said = [same.name, same.get_brand_type_display(), same.worker_count]
    return upload(desk, sheet(*rows(NAMES[0], NAMES[1]), said, *rows(NAMES[3], "潍坊演示戊", "潍坊演示己")))


def test_each_row_stands_under_what_it_would_do(desk, mixed):
    numbers = {tab["word"]: tab["count"] for tab in mixed.context["tabs"]}

    assert numbers == {"错误": 0, "更新": 1, "新增": 3, "未改动（已提交或已公布）": 1, "相同": 1}
    assert mixed.context["outcome"] == "changed"
    assert "确认导入（4 件）" in mixed.content.decode()


def test_a_change_shows_the_old_value_beside_the_new_one(desk, mixed):
    (row,) = listed(desk, mixed.context["imported"], "changed")

    assert [(c.label, c.before, c.after) for c in row["changes"]] == [
        ("品牌类型", "高品质服务型", "民生保障型"),
        ("从业人员", "5", "20"),
    ]
    assert row["url"] == reverse("filing", args=[Filing.objects.get(title=NAMES[0]).pk])
    assert "<del>5</del> → <ins>20</ins>" in mixed.content.decode()


def test_what_was_submitted_is_listed_with_the_reason_and_left_alone(desk, mixed):
    (row,) = listed(desk, mixed.context["imported"], "left")
    desk.post(at("import-confirm", mixed.context["imported"]))

    assert (row["title"], row["note"]) == (NAMES[1], "已提交，未改动。")
    assert Filing.objects.get(title=NAMES[1]).record.worker_count == LABOUR.example["worker_count"]
    assert Filing.objects.get(title=NAMES[0]).record.worker_count == 20


def test_what_was_imported_is_told_with_the_drafts_it_made(desk, mixed):
    done = desk.post(at("import-confirm", mixed.context["imported"]), follow=True)

    content = done.content.decode()
    made_now = listed(desk, mixed.context["imported"], "new")
    assert "新增 3 件，更新 1 件，相同 1 件，未改动（已提交或已公布）1 件" in content
    assert [row["url"] for row in made_now] == [
        reverse("filing", args=[Filing.objects.get(title=row["title"]).pk]) for row in made_now
    ]
    assert "确认导入（" not in content


def test_a_second_confirmation_does_nothing_and_tells_the_same(desk):
    imported = upload(desk, sheet(*rows(*NAMES))).context["imported"]

    answers = [desk.post(at("import-confirm", imported)) for _ in range(2)]

    assert [answer.url for answer in answers] == [at("import", imported)] * 2
    assert Filing.objects.count() == 4


def test_a_file_of_nothing_new_cannot_be_confirmed_and_says_why(desk):
    factories.submitted(LABOUR, name=NAMES[0])

    preview = upload(desk, sheet(*rows(NAMES[0])))
    answer = desk.post(at("import-confirm", preview.context["imported"]))

    sentence = "没有需要导入的内容：各行与已有的填报相同，或者已提交、已公布。"
    assert sentence in preview.content.decode()
    assert preview.context["word"] == "没有可导入的"
    assert (answer.status_code, sentence in answer.content.decode()) == (409, True)


def test_a_file_given_up_is_gone_and_nothing_was_written(desk):
    imported = upload(desk, sheet(*rows(*NAMES))).context["imported"]

    answer = desk.post(at("import-abandon", imported), follow=True)
    page = desk.get(at("import", imported))
    late = desk.post(at("import-confirm", imported))

    assert "已放弃导入“演示.xlsx”，没有写入任何数据，上传的文件已删除。" in answer.content.decode()
    assert "没有写入任何数据，文件已删除" in page.content.decode()
    assert (late.status_code, Filing.objects.count()) == (409, 0)


def test_the_files_of_what_was_given_up_are_removed(desk, django_capture_on_commit_callbacks):
    imported = upload(desk, sheet(*rows(*NAMES))).context["imported"]
    kept = [default_storage.exists(name) for name in (imported.file, imported.plan)]

    with django_capture_on_commit_callbacks(execute=True):
        desk.post(at("import-abandon", imported))

    left = [default_storage.exists(name) for name in (imported.file, imported.plan)]
    assert (kept, left) == ([True, True], [False, False])


def test_what_was_imported_cannot_be_given_up(desk):
    imported = upload(desk, sheet(*rows(*NAMES))).context["imported"]
    desk.post(at("import-confirm", imported))

    answer = desk.post(at("import-abandon", imported))

    assert (answer.status_code, Filing.objects.count()) == (409, 4)


def test_the_same_bytes_again_are_noticed_and_may_go_on(desk):
    data = sheet(*rows(*NAMES))
    first = upload(desk, data).context["imported"]
    waiting = upload(desk, data, "又一次.xlsx").content.decode()
    desk.post(at("import-confirm", first))

    again = upload(desk, data, "再一次.xlsx")
    Filing.objects.filter(title=NAMES[0]).update(holds_name=False)
    deliberately = upload(desk, data, "还要.xlsx").context["imported"]
    desk.post(at("import-confirm", deliberately))

    assert "上传过，还没有确认" in waiting
    assert "导入过</b>" in upload(desk, data).content.decode()
    assert again.context["imported"].counts["same"] == 4
    assert Filing.objects.filter(title=NAMES[0]).count() == 2


def test_the_receipt_comes_back_corrected_and_becomes_drafts(desk):
    preview = upload(desk, sheet(*rows(NAMES[0]), *rows(NAMES[1], count="很多"), *rows(NAMES[2])))
    receipt = desk.get(at("import-receipt", preview.context["imported"]))
    book = load_workbook(io.BytesIO(b"".join(receipt.streaming_content)))
    marked = book[LABOUR.label]
    said, address = marked["D3"].value, marked.sheet_view.selection[0].activeCell
    marked["C3"] = 7
    file = io.BytesIO()
    book.save(file)

    second = upload(desk, file.getvalue(), receipt.filename)
    desk.post(at("import-confirm", second.context["imported"]))

    assert receipt.filename == "错误回执-演示.xlsx"
    assert (said, address) == ("“从业人员”：请填写整数，例如620。", "C3")
    assert second.context["imported"].warnings == preview.context["imported"].warnings
    assert [f.record.worker_count for f in Filing.objects.order_by("pk")] == [20, 7, 20]


def test_a_file_without_errors_has_no_receipt(desk):
    imported = upload(desk, sheet(*rows(*NAMES))).context["imported"]

    assert desk.get(at("import-receipt", imported)).status_code == 404


def test_a_receipt_of_what_was_removed_says_so(desk):
    imported = upload(desk, sheet(*rows(NAMES[0], count="很多"))).context["imported"]
    default_storage.delete(imported.file)

    answer = desk.get(at("import-receipt", imported))

    assert answer.status_code == 409
    assert "没有保留，不能再生成错误回执；请重新上传。" in answer.content.decode()


def test_the_receipt_of_a_large_file_is_a_job(desk, monkeypatch):
    monkeypatch.setattr("portal.import_pages.MOST_ROWS", 0)
    preview = upload(desk, sheet(*rows(NAMES[0], count="很多")))
    imported = preview.context["imported"]

    looked = desk.get(at("import-receipt", imported))
    asked = desk.post(at("import-receipt", imported))
    job = Job.objects.get()
    outcome = jobs.execute(job.pk)

    assert "生成错误回执" in preview.content.decode()
    assert (looked.url, asked.url) == (at("import", imported), reverse("job", args=[job.pk]))
    answer = desk.get(reverse("job-file", args=[job.pk]))
    marked = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))[LABOUR.label]
    assert (outcome, answer.filename, marked["D2"].value) == (
        "done",
        "错误回执-演示.xlsx",
        "“从业人员”：请填写整数，例如620。",
    )


def test_who_lost_his_post_since_he_asked_gets_no_receipt(desk):
    imported = upload(desk, sheet(*rows(NAMES[0], count="很多"))).context["imported"]
    job = receipt_jobs.ask(imported, by=imported.created_by)
    imported.created_by.memberships.all().delete()

    assert (jobs.execute(job.pk), Job.objects.get().reason) == ("failed", receipt_jobs.GONE)


def test_what_takes_long_is_read_and_written_by_jobs_with_progress(desk, monkeypatch):
    monkeypatch.setattr("portal.imports.AT_ONCE_BYTES", 0)
    monkeypatch.setattr("portal.imports.AT_ONCE_ROWS", 0)
    waiting = upload(desk, sheet(*rows(*NAMES)))
    imported = waiting.context["imported"]
    jobs.execute(Job.objects.latest("pk").pk)
    read = desk.get(at("import", imported))
    under_way = desk.post(at("import-confirm", imported), follow=True)
    nothing_yet = Filing.objects.count()
    jobs.execute(Job.objects.latest("pk").pk)
    done = desk.get(at("import", imported))

    told = desk.get(reverse("job", args=[Job.objects.latest("pk").pk]))
    assert told.url == at("import", imported)
    for page, word in ((waiting, "正在读取"), (under_way, "正在导入")):
        content = page.content.decode()
        assert (word in content, 'role="progressbar"' in content) == (True, True)
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in content
    assert "共读取 4 件，没有错误" in read.content.decode()
    assert (nothing_yet, Filing.objects.count()) == (0, 4)
    assert "新增 4 件" in done.content.decode()


def test_the_latest_imports_of_the_bureau_are_listed_with_their_standing(desk):
    upload(desk, sheet(*rows(NAMES[0], count="很多")), "有错.xlsx")
    done = upload(desk, sheet(*rows(NAMES[1])), "导入.xlsx").context["imported"]
    desk.post(at("import-confirm", done))
    desk.post(at("import-abandon", upload(desk, sheet(*rows(NAMES[2])), "放弃.xlsx").context["imported"]))
    upload(desk, sheet(*rows(NAMES[3])), "等着.xlsx")

    lines = desk.get(reverse("filing-import")).context["latest"]

    assert [(line["import"].file_name, line["word"]) for line in lines] == [
        ("等着.xlsx", "待确认"),
        ("放弃.xlsx", "已放弃"),
        ("导入.xlsx", "已导入"),
        ("有错.xlsx", "有错误"),
    ]


def test_rows_are_shown_fifty_a_page(desk):
    imported = upload(desk, sheet(*rows(*(f"潍坊演示{n}" for n in range(120))))).context["imported"]

    pages = [desk.get(at("import", imported), {"outcome": "new", "page": n}).context["rows"] for n in (1, 3)]

    assert [(len(page), page[0]["number"]) for page in pages] == [(50, 2), (20, 102)]


def test_a_child_row_in_error_is_named_with_its_sheet_and_cell(desk):
    yearly = [["单位全称", "年度", "培训人数", "自用人数", "输出人数"], ["甲公司", 2024, "很多", 1, 1]]
    data = made.xlsx(
        [["单位全称", "单位类型"], ["甲公司", "其他"]], title="劳务品牌建设单位", 年度培训就业情况=yearly
    )

    sent = {"type": "building-units", "file": SimpleUploadedFile("单位.xlsx", data)}
    preview = desk.post(reverse("filing-import"), sent, follow=True)

    (fault,) = preview.context["loose"] or [f for row in preview.context["rows"] for f in row["faults"]]
    assert (fault["sheet"], fault["cell"], fault["message"]) == (
        "年度培训就业情况",
        "C2",
        "请填写整数，例如620。",
    )


def test_an_outdated_template_is_told(desk):
    book = load_workbook(io.BytesIO(excel.template_workbook(LABOUR)))
    book.properties.keywords = "labour-brands-00000000"
    target = book[LABOUR.label]
    header = [cell.value for cell in target[1]]
    for label, said in zip(HEADER, rows(NAMES[0])[0], strict=True):
        target.cell(3, header.index(label) + 1).value = said
    target.delete_cols(header.index("品牌简介") + 1)
    file = io.BytesIO()
    book.save(file)

    preview = upload(desk, file.getvalue())

    assert preview.context["imported"].warnings[0] == (
        "这份表用的是旧版模板，缺少现行模板的“品牌简介”；缺的栏目按没有填写读取，要填请下载新模板。"
    )
    assert [w for w in preview.context["imported"].warnings if sheets.GUIDE in w] == []


OTHERS = {
    "a filer of another city": lambda: factories.filer("3717"),
    "a filer of a county below": lambda: factories.filer("370705"),
    "a reviewer of the same bureau": factories.reviewer,
    "a filer of the province": lambda: factories.filer("37"),
    "an auditor": factories.auditor,
    "an administrator": factories.sysadmin,
}


@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS)
def test_nobody_outside_of_the_bureau_finds_an_import(desk, who):
    imported = upload(desk, sheet(*rows(NAMES[0], count="很多"))).context["imported"]
    desk.force_login(who())

    answers = [desk.get(at(name, imported)).status_code for name in ("import", "import-receipt")]
    answers += [
        desk.post(at(name, imported)).status_code
        for name in ("import-confirm", "import-abandon", "import-receipt")
    ]

    assert answers == [404] * 5
    assert Import.objects.get().is_open is True


def test_a_colleague_of_the_bureau_may_go_on_with_it(desk):
    imported = upload(desk, sheet(*rows(*NAMES))).context["imported"]
    desk.force_login(factories.filer(name="colleague"))

    answer = desk.post(at("import-confirm", imported), follow=True)

    assert answer.context["imported"].confirmed_by.username == "colleague"
    assert Filing.objects.filter(state=State.DRAFT).count() == 4


ODD = ["", "x", "\x00", "new\x00", "-1", "0", "9" * 30, "٣", "1e3", "%", "NEW", "faulty ", "new'--"]


@pytest.mark.parametrize("odd", ODD)
def test_odd_parameters_are_answered_with_a_page(desk, odd):
    imported = upload(desk, sheet(*rows(*NAMES), *rows("潍坊演示戊", "潍坊演示己"))).context["imported"]

    answers = [desk.get(at("import", imported), {name: odd}) for name in ("outcome", "page")]
    answers.append(desk.get(reverse("filing-import"), {"type": odd}))

    assert [answer.status_code for answer in answers] == [200] * 3


@pytest.mark.parametrize("number", ["0", "00", "9" * 30, "9" * 18, "-1", "1%00", "٣", "x"])
def test_there_is_no_import_of_an_odd_number(desk, number):
    paths = [f"/desk/import/{number}/{end}" for end in ("", "confirm/", "abandon/", "receipt.xlsx")]

    assert {desk.get(path).status_code for path in paths} <= {404, 405}
    assert {desk.post(path).status_code for path in paths} <= {404, 405}


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
def test_what_changes_something_is_only_posted(desk, method):
    imported = upload(desk, sheet(*rows(*NAMES))).context["imported"]

    answers = [getattr(desk, method)(at(name, imported)) for name in ("import-confirm", "import-abandon")]

    assert [answer.status_code for answer in answers] == [405, 405]
    assert (Import.objects.get().is_open, Filing.objects.count()) == (True, 0)


def test_a_preview_that_shows_a_telephone_number_is_recorded_as_having_shown_it(desk):
    unit, phone = registry.get("building-units"), "13900003707"
    header = [str(unit.field(unit.key[0]).verbose_name), "联系电话"]
    file = SimpleUploadedFile("演示.xlsx", made.xlsx([header, ["演示丙公司", phone]], title=unit.label))

    page = desk.post(reverse("filing-import"), {"type": unit.slug, "file": file}, follow=True)

    seen = [(row.object_type, row.subject) for row in AccessRecord.objects.filter(act="view")]
    assert phone in page.content.decode()
    assert seen == [("portal.import", access_log.digest(phone))]
