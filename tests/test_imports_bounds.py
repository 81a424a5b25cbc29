"""What bounds an import: the name and size of its file, what is done at once, what is shown of it."""

from io import BytesIO

import pytest
from django.utils import timezone

from portal import drafts, import_files, import_steps, imports, registry
from portal.annexes import CellError
from portal.imports import PlanRow
from portal.models import Import, ImportPurpose, Job, RowOutcome, User
from portal.refusals import Refused
from portal.sandbox import flat
from tests import factories
from tests import made_files as made
from tests.unit_files import UNIT, aged, lines, named, received

pytestmark = pytest.mark.django_db
OTHER = registry.get("skill-brands")


@pytest.fixture
def by() -> User:
    return factories.filer()


# -- The file


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("单位.xlsx", "单位.xlsx"),
        ("C:\\报送\\单位.xlsx", "单位.xlsx"),
        ("报送/2026/单位.xlsx", "单位.xlsx"),
        ("  单位 \t 名单.xlsx ", "单位 名单.xlsx"),
        ("单\u202e位\x07.xlsx", "单位.xlsx"),
        ("报送/", "未命名"),
        ("", "未命名"),
        ("长" * 300 + ".xlsx", "长" * 195 + ".xlsx"),
        ("长" * 195 + ".xlsx", "长" * 195 + ".xlsx"),
        ("长" * 300 + "." + "尾" * 30, "长" * 190 + "." + "尾" * 9),
    ],
)
def test_a_file_is_called_by_the_last_part_of_its_name_in_at_most_two_hundred_characters(by, said, kept):
    assert imports.receive(b"nothing", said, UNIT, by=by).file_name == kept


@pytest.mark.parametrize(
    ("name", "suffix"), [("表.XLSX", ".xlsx"), ("表.csv", ".csv"), ("表.exe", ""), ("表", "")]
)
def test_a_file_lies_in_the_store_under_no_other_suffix_than_those_that_are_read(by, name, suffix):
    stored = imports.receive(b"nothing", name, UNIT, by=by).file

    assert stored.rpartition("/")[2][32:] == suffix


def test_a_file_is_stored_whole_wherever_it_was_read_to(by):
    data = lines(["甲公司", "其他", ""])
    upload = BytesIO(data)
    upload.read(7)

    imported = imports.receive(upload, "单位.xlsx", UNIT, by=by)

    with imports.content(imported) as content:
        assert (content.read(), imported.size) == (data, len(data))


def test_a_file_of_thirty_megabytes_is_read_and_one_of_a_byte_more_is_not(by, monkeypatch):
    data, before = lines(["甲公司", "其他", ""]), import_files.names()
    monkeypatch.setattr(flat, "MOST_BYTES", len(data) - 1)
    with pytest.raises(Refused) as refused:
        imports.receive(data, "单位.xlsx", UNIT, by=by)
    left = (Import.objects.count(), import_files.names())
    monkeypatch.setattr(flat, "MOST_BYTES", len(data))

    imports.receive(data, "单位.xlsx", UNIT, by=by)

    assert str(refused.value) == "文件超过 30 MB，没有读取；请分成几个文件后再上传。"
    assert left == (0, before)
    assert Import.objects.get().counts["new"] == 1


def test_a_file_for_which_a_bureau_has_no_room_is_refused_before_it_is_stored(by, settings):
    data, before = lines(["甲公司", "其他", ""]), import_files.names()
    settings.BUREAU_QUOTA = len(data) - 1

    refusals = []
    for upload in (data, made_upload(data)):
        with pytest.raises(Refused, match="放不下这个文件") as refused:
            imports.receive(upload, "单位.xlsx", UNIT, by=by)
        refusals.append(refused)
    left = (Import.objects.count(), import_files.names())
    settings.BUREAU_QUOTA = len(data)

    assert (len(refusals), left) == (2, (0, before))
    assert imports.receive(data, "单位.xlsx", UNIT, by=by).size == len(data)


def made_upload(data: bytes) -> BytesIO:
    """Return a file that says how long it is, as an upload does."""
    upload = BytesIO(data)
    upload.size = len(data)
    return upload


def test_the_file_of_an_import_that_was_given_up_cannot_be_opened(by):
    imported = received(by, ["甲公司", "其他", ""])
    imports.abandon(imported, by=by)

    with pytest.raises(FileNotFoundError):
        imports.content(Import.objects.get())


# -- At once or by a job


@pytest.mark.parametrize(("spare", "is_waiting"), [(0, False), (-1, True)])
def test_a_sheet_of_so_many_bytes_is_read_at_once_and_a_larger_one_by_a_job(
    by, monkeypatch, spare, is_waiting
):
    data = lines(["甲公司", "其他", ""])
    monkeypatch.setattr(imports, "AT_ONCE_BYTES", len(data) + spare)

    imported = imports.receive(data, "单位.xlsx", UNIT, by=by)

    assert (imported.job_id is not None, imported.read_at is None) == (is_waiting, is_waiting)


def test_an_official_form_is_read_at_once_whatever_its_size(by, monkeypatch):
    monkeypatch.setattr(imports, "AT_ONCE_BYTES", 0)

    imported = imports.receive(made.docx("一份表"), "情况表.docx", registry.get("skill-brands"), by=by)

    assert (imported.job_id, imported.read_at is None) == (None, False)


@pytest.mark.parametrize(("rows", "is_job"), [(2, False), (3, True)])
def test_so_many_filings_are_written_at_once_and_more_by_a_job(by, monkeypatch, rows, is_job):
    monkeypatch.setattr(imports, "AT_ONCE_ROWS", 2)
    imported = aged(received(by, *named(rows)), reason="上次没有成功")
    begun = timezone.now()

    answer = imports.confirm(imported, by=by)

    left = Import.objects.get()
    assert (isinstance(answer, Job), left.job == (answer if is_job else None)) == (is_job, True)
    assert (left.confirmed_by, left.reason, left.committed_at is None) == (by, "", is_job)
    assert begun <= left.confirmed_at <= timezone.now()


# -- What is shown


@pytest.mark.parametrize(
    ("rows", "asked", "number", "pages", "titles"),
    [
        (4, 1, 1, 2, ["单位0", "单位1"]),
        (4, 2, 2, 2, ["单位2", "单位3"]),
        (5, 3, 3, 3, ["单位4"]),
        (5, 9, 3, 3, ["单位4"]),
        (5, 0, 1, 3, ["单位0", "单位1"]),
        (5, -3, 1, 3, ["单位0", "单位1"]),
    ],
)
def test_rows_are_shown_page_by_page_and_beyond_the_last_the_last(by, rows, asked, number, pages, titles):
    page = imports.page(received(by, *named(rows)), RowOutcome.NEW, asked, 2)

    assert [row.title for row in page.rows] == titles
    assert (page.number, page.pages, page.total) == (number, pages, rows)
    assert page.columns == {"Sheet1": {"单位全称": 0, "单位类型": 1, "法定代表人": 2}}


def test_fifty_rows_are_a_page(by):
    page = imports.page(received(by, *named(51)), RowOutcome.NEW)

    assert (len(page.rows), page.number, page.pages) == (50, 1, 2)


def test_an_outcome_without_rows_has_one_empty_page(by):
    page = imports.page(received(by, *named(1)), RowOutcome.FAULTY)

    assert (page.rows, page.number, page.pages, page.total) == ([], 1, 1, 0)


def test_of_a_plan_that_is_gone_no_rows_are_shown_and_their_number_is(by):
    imported = received(by, *named(3))
    import_files.remove([imported.plan])

    shown = [imports.page(one, RowOutcome.NEW) for one in (imported, aged(imported, plan=""))]

    assert [(page.rows, page.total, page.columns) for page in shown] == [([], 3, {})] * 2
    assert list(imports.faults(imported)) == []


def test_each_row_is_shown_with_its_line_its_words_and_why(by):
    same = drafts.create(UNIT, by=by, values={"name": "甲公司", "unit_type": "other"})
    changed = drafts.create(UNIT, by=by, values={"name": "乙公司", "unit_type": "other"})
    sent = factories.submitted(UNIT, name="丙公司")
    imported = received(
        by,
        ["甲公司", "其他", ""],
        ["乙公司", "其他", "张三"],
        ["丙公司", "其他", ""],
        ["丁公司", "龙头企业", "李四"],
        ["戊公司", "没有这种", ""],
    )

    shown = {outcome: imports.page(imported, outcome).rows for outcome in RowOutcome.values}

    assert [(row.sheet, row.row, row.title, row.filing) for row in shown["same"] + shown["changed"]] == [
        ("Sheet1", 2, "甲公司", same.pk),
        ("Sheet1", 3, "乙公司", changed.pk),
    ]
    assert shown["changed"][0].words["legal_representative"] == "张三"
    assert shown["changed"][0].changes == [
        imports.Change("legal_representative", "法定代表人", "", "张三"),
    ]
    assert shown["left"] == [
        PlanRow(
            RowOutcome.LEFT,
            "Sheet1",
            4,
            "丙公司",
            shown["left"][0].words,
            filing=sent.pk,
            note="已提交，未改动。",
        )
    ]
    new = shown["new"][0]
    assert (new.filing, new.words["unit_type"], new.words["legal_representative"]) == (
        None,
        "龙头企业",
        "李四",
    )
    (faulty,) = shown["faulty"]
    assert [(e.row, e.column, e.value) for e in faulty.errors] == [(6, "单位类型", "没有这种")]
    assert all(isinstance(error, CellError) for error in faulty.errors)


# -- The same file again


def test_the_twin_of_a_file_is_the_latest_earlier_one_that_was_not_given_up(by):
    data = lines(["甲公司", "其他", ""])

    def again(**changes) -> Import:
        return aged(imports.receive(data, "单位.xlsx", UNIT, by=by), **changes)

    first, second, given_up = again(), again(), again()
    imports.abandon(given_up, by=by)
    again(slug=OTHER.slug)
    again(purpose=ImportPurpose.HISTORY)
    again(sha256="0" * 64)
    asked, later = again(), again()

    assert [imports.twin(one) for one in (first, second, asked, later)] == [None, first, second, asked]


# -- Why it is not confirmed


def test_each_obstacle_has_its_sentence(by, monkeypatch):
    done = received(by, ["甲公司", "其他", ""], name="甲.xlsx")
    imports.confirm(done, by=by)
    given_up = received(by, ["乙公司", "其他", ""], name="乙.xlsx")
    imports.abandon(given_up, by=by)
    faulty = received(by, ["丙公司", "没有这种", ""], name="丙.xlsx")
    nothing = received(by, ["甲公司", "其他", ""], name="丁.xlsx")
    gone = received(by, ["戊公司", "其他", ""], name="戊.xlsx")
    import_files.remove([gone.plan])
    unnamed = aged(received(by, ["己公司", "其他", ""], name="己.xlsx"), plan="")
    fit = received(by, ["庚公司", "其他", ""], name="庚.xlsx")

    told = [
        imports.why_not_confirmed(Import.objects.get(pk=one.pk))
        for one in (done, given_up, faulty, nothing, gone, unnamed, fit)
    ]

    assert told == [
        "“甲.xlsx”已经导入，没有再导入一次。",
        "“乙.xlsx”已放弃，不能再导入；需要时请重新上传。",
        "文件里 1 条有错误，没有导入任何数据；请改正后重新上传。",
        "没有需要导入的内容：各行与已有的填报相同，或者已提交、已公布。",
        import_steps.EXPIRED.format("戊.xlsx"),
        import_steps.EXPIRED.format("己.xlsx"),
        "",
    ]
