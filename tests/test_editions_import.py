"""The sheet of a new edition: what it changes, and every fault of it at once with its row and column."""

from datetime import date
from io import BytesIO

import pytest
from django.db.models import F
from openpyxl import load_workbook

from portal import differences, edition_changes, edition_workbook, registry, workflow
from portal.importing.edition import EditionReading, read_edition
from portal.models import CatalogueEntry, Edition, Filing
from portal.rules import is_required
from portal.vocabulary import State
from tests import editing
from tests.factories import PROVINCE, entry, filer

pytestmark = pytest.mark.django_db

JANUARY, MAY = date(2024, 1, 1), date(2024, 5, 1)
KIND, TYPE = editing.KIND, registry.get(editing.KIND)
CODE, NAME, CLASS, TAGS, SUMMARY, DEVELOPER, NEW, VERB, FORMER, REASON = range(1, 11)
WHY = "演示数据。不再考核。"


def project(name: str, **changes) -> CatalogueEntry:
    return entry(KIND, name=name, on=JANUARY, **changes)


def sheet(edition: Edition, change=None) -> bytes:
    """Return the catalogue in force as a workbook, with ``change`` done to its first sheet."""
    book = load_workbook(BytesIO(edition_workbook.template(edition)))
    if change:
        change(book.worksheets[0])
    saved = BytesIO()
    book.save(saved)
    return saved.getvalue()


def read(edition: Edition, change=None, **how) -> EditionReading:
    return read_edition(sheet(edition, change), "目录.xlsx", edition, filer(PROVINCE), **how)


def row_of(target, name: str) -> int:
    return next(cell.row for cell in target["B"] if cell.value == name)


def told(reading: EditionReading) -> list[tuple]:
    return [(line.verb, line.title, [e.title for e in line.merged]) for line in reading.lines]


def faults(reading: EditionReading) -> list[tuple]:
    return [(error.row, error.column, error.message) for error in reading.errors]


@pytest.fixture
def edition() -> Edition:
    for word in "甲乙丙丁戊己":
        project(f"演示{word}", candidate_new_occupation=word == "甲")
    return editing.prepared(on=MAY)


@pytest.mark.parametrize("kind", ["exam-projects", "exam-institutions", "labour-brands", "skill-brands"])
def test_the_catalogue_as_it_was_downloaded_changes_nothing(kind):
    entry(kind, on=JANUARY)
    edition = editing.prepared(kind, on=MAY)

    reading = read(edition)

    assert (faults(reading), told(reading), reading.unchanged) == ([], [], 1)


def test_an_empty_catalogue_is_filled_by_its_first_edition():
    edition = editing.prepared(on=MAY)

    reading = read(edition, lambda s: s.append(["", "演示新", "食品制作", "乡村振兴", "演示数据。"]))
    edition_changes.take(edition, reading.lines, by=filer(PROVINCE))
    editing.out(edition)

    assert list(CatalogueEntry.objects.values_list("code", "title")) == [("EP-3700-0001", "演示新")]


def change_everything(target) -> None:
    """Adjust 甲, rename 乙 by its code, merge 丙 and 丁 into 甲 and a new one, leave 戊 out."""
    codes = {word: target.cell(row_of(target, f"演示{word}"), CODE).value for word in "甲乙丙丁戊己"}
    target.cell(row_of(target, "演示甲"), SUMMARY).value = "演示数据。改过。"
    target.cell(row_of(target, "演示甲"), FORMER).value = codes["丙"]
    target.cell(row_of(target, "演示乙"), NAME).value = "演示乙新名"
    target.append(
        ["", "演示新", "食品制作", "乡村振兴", "演示数据。", "", "", "合并", codes["丁"], "演示理由。"]
    )
    for word in "丙丁戊":
        target.delete_rows(row_of(target, f"演示{word}"))


def test_a_whole_sheet_says_what_comes_changes_merges_and_leaves(edition):
    reading = read(edition, change_everything, reason=WHY)

    assert faults(reading) == []
    assert told(reading) == [
        ("adjusted", "演示甲", ["演示丙"]),
        ("renamed", "演示乙新名", []),
        ("added", "演示新", ["演示丁"]),
        ("removed", "演示戊", []),
    ]
    old = "演示数据。考核剪纸的构图、剪刻与装裱能力。"
    assert reading.lines[0].differs == [("项目简介", old, "演示数据。改过。")]
    assert reading.counts == {"added": 1, "adjusted": 1, "renamed": 1, "merged": 2, "removed": 1}
    assert reading.unchanged == 1
    assert Filing.objects.filter(state=State.DRAFT).count() == 0


def test_what_was_read_becomes_an_edition_that_does_exactly_that(edition):
    before = Filing.objects.count()
    edition_changes.take(edition, read(edition, change_everything, reason=WHY).lines, by=filer(PROVINCE))
    assert Filing.objects.count() == before + 3

    editing.out(edition)

    found = differences.difference(KIND, "37", JANUARY, MAY).changes
    assert [(c.verb, c.entry.title, c.successor and c.successor.title) for c in found] == [
        ("added", "演示新", None),
        ("adjusted", "演示甲", None),
        ("renamed", "演示乙", None),
        ("merged", "演示丙", "演示甲"),
        ("merged", "演示丁", "演示新"),
        ("removed", "演示戊", None),
    ]
    kept = CatalogueEntry.objects.get(title="演示甲", valid_to=None).filing.record
    assert (kept.specifications.count(), kept.candidate_new_occupation) == (1, True)


def test_a_sheet_taken_in_again_stands_in_place_of_the_first(edition):
    for _ in range(2):
        edition_changes.take(edition, read(edition, change_everything, reason=WHY).lines, by=filer(PROVINCE))

    assert edition.changes.count() == 6
    assert Filing.objects.filter(state=State.CANCELLED).count() == 3


def test_a_sheet_of_changes_leaves_alone_what_it_does_not_name(edition):
    def change(target):
        target.delete_rows(row_of(target, "演示乙"), 5)
        target.cell(2, CLASS).value = "食品制作"

    reading = read(edition, change, whole=False)

    assert (faults(reading), told(reading)) == ([], [("adjusted", "演示甲", [])])


def test_rows_without_a_code_are_matched_by_name_and_renamed_by_their_former_code(edition):
    def change(target):
        code = target.cell(row_of(target, "演示乙"), CODE).value
        for row in range(2, 8):
            target.cell(row, CODE).value = ""
        row = row_of(target, "演示乙")
        target.cell(row, NAME).value, target.cell(row, FORMER).value = "演示乙新名", code
        target.cell(row, VERB).value = "更名"

    reading = read(edition, change)

    assert (faults(reading), told(reading)) == ([], [("renamed", "演示乙新名", [])])


def test_all_faults_are_told_at_once_with_row_and_column(edition):
    def change(target):
        target.cell(2, CODE).value = "EP-3707-0099"
        target.cell(3, CLASS).value = "烹饪"
        target.cell(4, VERB).value = "调整"
        target.cell(5, VERB).value = "取消"
        target.cell(6, VERB).value = "合并"
        target.cell(7, NAME).value = "演示甲"

    assert faults(read(edition, change)) == [
        (3, "类别", "没有“烹饪”这个选项，可以填写：食品制作、种植、手工制作、其它。"),
        (2, "编号", "现行目录中没有编号 EP-3707-0099；新增的项目不填编号。"),
        (
            0,
            "理由",
            "现行目录的 1 条不在表里（演示甲），整版导入时将移出；请写明移出理由，或选择“表中没有的不动”。",
        ),
        (4, "变化", "写的是“调整”，与现行目录比较是“没有变化”，请核对。"),
        (5, "变化", "没有“取消”这种变化，可以填写：新增、调整、更名、合并、移出；没有变化的留空。"),
        (6, "变化", "合并须在“原编号”写明并入它的条目。"),
        (7, "考核项目名称", "新版中另有一个“演示甲”，请换一个名称或合并。"),
    ]


def test_a_row_that_was_not_read_whole_is_not_compared(edition):
    def change(target):
        target.cell(3, CLASS).value = "烹饪"
        target.cell(3, VERB).value = "调整"
        target.cell(4, VERB).value = "更名"

    assert faults(read(edition, change)) == [
        (3, "类别", "没有“烹饪”这个选项，可以填写：食品制作、种植、手工制作、其它。"),
        (4, "变化", "写的是“更名”，与现行目录比较是“没有变化”，请核对。"),
    ]


def test_what_a_row_says_of_itself_has_to_be_true(edition):
    def change(target):
        target.cell(4, VERB).value = "调整"
        target.cell(5, VERB).value = "取消"
        target.cell(6, VERB).value = "合并"
        target.cell(7, NAME).value = "演示甲"
        target.append(["", "演示新", "食品制作", "乡村振兴", "演示数据。", "", "", "移出"])

    assert faults(read(edition, change, reason=WHY)) == [
        (4, "变化", "写的是“调整”，与现行目录比较是“没有变化”，请核对。"),
        (5, "变化", "没有“取消”这种变化，可以填写：新增、调整、更名、合并、移出；没有变化的留空。"),
        (6, "变化", "合并须在“原编号”写明并入它的条目。"),
        (8, "变化", "现行目录中没有这一条，不用移出。"),
        (7, "考核项目名称", "新版中另有一个“演示甲”，请换一个名称或合并。"),
    ]


def test_an_entry_is_used_once(edition):
    def change(target):
        codes = [target.cell(row, CODE).value for row in range(2, 8)]
        target.cell(2, FORMER).value = codes[1]
        target.cell(4, FORMER).value = "、".join([codes[4], "EP-3707-0098"])
        target.cell(5, FORMER).value = codes[4]
        target.cell(6, VERB).value = "移出"

    said = [(row, column) for row, column, _ in faults(read(edition, change, reason=WHY))]

    assert said == [(2, "原编号"), (4, "原编号"), (4, "原编号"), (5, "原编号")]


def test_rows_taken_out_of_their_sheet_leave_the_project_and_without_the_sheet_nothing_does(edition):
    def without_lines(target):
        target.parent.worksheets[1].delete_rows(2)

    def without_sheet(target):
        target.parent.remove(target.parent.worksheets[1])

    reading = read(edition, without_lines)
    edition_changes.take(edition, reading.lines, by=filer(PROVINCE))

    assert [(told(one), one.unchanged) for one in (reading, read(edition, without_sheet))] == [
        ([("adjusted", "演示甲", [])], 5),
        ([], 6),
    ]
    assert [(label, after) for label, _, after in reading.lines[0].differs] == [("考核规范", "")]
    draft = Filing.objects.get(state=State.DRAFT).record
    assert (draft.title, draft.specifications.count()) == ("演示甲", 0)


def test_one_row_that_cannot_be_stored_stops_all_of_it(edition):
    reading = read(edition, change_everything, reason=WHY)
    other = reading.lines[1].entry
    Filing.objects.filter(pk=other.filing_id).update(holds_name=True)
    CatalogueEntry.objects.filter(pk=other.pk).update(valid_to=JANUARY, ended_at=F("published_at"))

    with pytest.raises(workflow.Refused) as refusal:
        edition_changes.take(edition, reading.lines, by=filer(PROVINCE))

    assert str(refusal.value).startswith("专项职业能力考核项目第3行“演示乙新名”：")
    assert edition.changes.count() == 0


@pytest.mark.parametrize(
    ("upload", "name", "said"),
    [
        (b"x", "\u76ee\u5f55.pdf", "只能读取 .docx、.xlsx 和 .csv 文件"),
        ("随便,写的\n一,二\n".encode(), "目录.csv", "没有认出目录的表头"),
        ("编号,考核项目名称\n".encode(), "目录.csv", "表里没有任何项目"),
    ],
)
def test_what_is_no_such_sheet_is_refused_in_a_sentence(edition, upload, name, said):
    reading = read_edition(upload, name, edition, filer(PROVINCE))

    assert [error.message.startswith(said) for error in reading.errors] == [True]


def test_a_csv_is_read_like_a_workbook(edition):
    table = "考核项目名称,类别\n演示甲,食品制作\n演示新,种植\n"

    reading = read_edition(table.encode("utf-8-sig"), "目录.csv", edition, filer(PROVINCE), whole=False)

    assert told(reading) == [("adjusted", "演示甲", []), ("added", "演示新", [])]


def test_only_the_bureau_of_the_edition_reads_a_sheet_for_it(edition):
    reading = read_edition(sheet(edition), "目录.xlsx", edition, filer())

    assert [error.message for error in reading.errors] == [edition_changes.NOT_YOURS]


def test_no_column_of_a_person_would_be_emptied_by_the_cell_that_goes_out_empty():
    catalogued = [found for found in registry.all_types() if found.is_catalogued]

    personal = [(found, name) for found in catalogued for name in found.personal]
    assert [(t.slug, name) for t, name in personal if not is_required(t.field(name))] == []
    assert personal


def test_the_catalogue_goes_out_without_persons_and_what_is_empty_of_them_stays():
    persons = {"contact_name": "演示联系人", "contact_phone": "13900003707"}
    school = entry("exam-institutions", on=JANUARY, **persons)
    edition = editing.prepared("exam-institutions", on=MAY)
    name = school.filing.record._meta.get_field("venue").verbose_name

    def change(target):
        column = next(cell.column for cell in target[1] if cell.value == name)
        target.cell(2, column).value = "演示新场地"

    cells = [str(c.value) for s in load_workbook(BytesIO(sheet(edition))) for row in s.rows for c in row]
    edition_changes.take(edition, read(edition, change).lines, by=filer(PROVINCE))

    draft = edition.changes.get().filing.record
    assert set(cells) & set(persons.values()) == set()
    assert (draft.venue, {name: getattr(draft, name) for name in persons}) == ("演示新场地", persons)
