"""Imports: every row sorted into 新增, 更新, 相同, left alone or wrong; carried out all or nothing."""

import os
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.test import TestCase
from django.utils import timezone

from portal import drafts, exports, import_files, imports, jobs, registry
from portal.models import Filing, Import, ImportedRow, Job, Message, User
from portal.refusals import Refused
from portal.verify.imports import of_imports
from portal.vocabulary import State
from tests import factories
from tests import made_files as made
from tests.sizes import size

pytestmark = pytest.mark.django_db
every_type = pytest.mark.parametrize(
    "record_type", list(registry.all_types()), ids=lambda record_type: record_type.slug
)
UNIT = registry.get("building-units")


@pytest.fixture
def by() -> User:
    return factories.filer()


def lines(*rows: list) -> bytes:
    return made.xlsx([["单位全称", "单位类型", "法定代表人"], *rows])


def received(by: User, *rows: list, name: str = "单位.xlsx") -> Import:
    return imports.receive(lines(*rows), name, UNIT, by=by)


def held(by: User, name: str, person: str) -> Filing:
    """Return a draft of the bureau as it stands before an import."""
    values = {"name": name, "unit_type": "other", "legal_representative": person}
    return drafts.create(UNIT, by=by, values=values)


def counts(imported: Import) -> dict[str, int]:
    return {name: number for name, number in imported.counts.items() if number}


def titles(imported: Import, outcome: str) -> list[str]:
    return [row.title for row in imports.page(imported, outcome).rows]


def test_new_rows_become_drafts_of_the_bureau_once_confirmed(by):
    imported = received(by, ["甲公司", "其他", "张三"], ["乙公司", "龙头企业", None])
    before = Filing.objects.count()

    done = imports.confirm(imported, by=by)

    assert (before, counts(imported), done.committed_at is not None) == (0, {"new": 2}, True)
    assert [(f.title, f.state, f.revision, f.created_by) for f in Filing.objects.order_by("pk")] == [
        ("甲公司", State.DRAFT, 0, by),
        ("乙公司", State.DRAFT, 0, by),
    ]
    assert ImportedRow.objects.count() == 2


def test_rows_are_sorted_by_what_the_bureau_holds(by):
    for name, person in (("甲公司", "张三"), ("乙公司", "李四"), ("丙公司", "")):
        drafts.create(
            UNIT, by=by, values={"name": name, "unit_type": "other", "legal_representative": person}
        )
    sent = factories.submitted(UNIT, name="丁公司")
    public = factories.entry(UNIT, name="戊公司").filing

    imported = received(
        by,
        ["甲公司", "其他", "张三"],
        ["乙公司", "其他", "王五"],
        ["丁公司", "其他", ""],
        ["戊公司", "没有这种", ""],
        ["己公司", "其他", ""],
        ["己公司", "其他", ""],
        ["", "没有这种", ""],
    )

    assert counts(imported) == {"same": 1, "changed": 1, "left": 2, "new": 1, "faulty": 2}
    assert (titles(imported, "same"), titles(imported, "new")) == (["甲公司"], ["己公司"])
    (changed,) = imports.page(imported, "changed").rows
    assert [(c.label, c.before, c.after) for c in changed.changes] == [("法定代表人", "李四", "王五")]
    assert [(row.title, row.filing, row.note) for row in imports.page(imported, "left").rows] == [
        ("丁公司", sent.pk, "已提交，未改动。"),
        ("戊公司", public.pk, "已公布，未改动。"),
    ]
    assert [(e.row, e.column, e.value) for e in imports.faults(imported)] == [
        (7, "单位全称", "己公司"),
        (8, "单位全称", ""),
        (8, "单位类型", "没有这种"),
    ]


def test_one_wrong_row_among_many_imports_nothing(by):
    number = size(2000, 10_000)
    rows = [[f"单位{n}", "其他", "张三"] for n in range(number)]
    rows[-2][1] = "没有这种"
    imported = received(by, *rows)

    with pytest.raises(Refused, match="文件里 1 条有错误，没有导入任何数据"):
        imports.confirm(imported, by=by)

    assert (counts(imported), Filing.objects.count()) == ({"new": number - 1, "faulty": 1}, 0)


def test_a_changed_row_writes_what_its_sheet_says_and_nothing_else(by):
    draft = drafts.create(
        UNIT,
        by=by,
        values={"name": "甲公司", "unit_type": "other", "legal_representative": "张三", "address": "某路"},
    )
    imported = received(by, ["甲公司", "龙头企业", ""])

    imports.confirm(imported, by=by)

    draft = UNIT.model.objects.get(pk=draft.pk)
    assert (draft.unit_type, draft.legal_representative, draft.address, draft.revision) == (
        "leading_enterprise",
        "",
        "某路",
        1,
    )


def test_an_open_editor_gets_a_conflict_after_an_import(by):
    draft = drafts.create(UNIT, by=by, values={"name": "甲公司"})
    imports.confirm(received(by, ["甲公司", "其他", ""]), by=by)

    with pytest.raises(Exception, match="这件填报刚刚已由他人处理"):
        drafts.save(draft, by=by, revision=0, values={"address": "某路"})


@pytest.mark.parametrize("first", [["甲公司", "其他", "张三"], ["甲公司", "龙头企业", "张三"]])
def test_what_moved_on_since_the_preview_is_not_imported(by, first):
    drafts.create(
        UNIT, by=by, values={"name": "甲公司", "unit_type": "other", "legal_representative": "张三"}
    )
    imported = received(by, first, ["乙公司", "其他", ""])
    draft = UNIT.model.objects.get()
    drafts.save(draft, by=by, revision=0, values={"address": "某路"})

    with pytest.raises(Refused, match="没有导入任何数据；请重新上传这个文件"):
        imports.confirm(imported, by=by)

    assert (Filing.objects.count(), Import.objects.get().committed_at) == (1, None)


def test_a_name_taken_since_the_preview_is_not_imported(by):
    imported = received(by, ["甲公司", "其他", ""])
    drafts.create(UNIT, by=by, values={"name": "甲公司"})

    with pytest.raises(Refused, match="预览以后，文件涉及的填报有了变动（第 2 行“甲公司”）"):
        imports.confirm(imported, by=by)


def test_the_same_file_again_is_noticed_and_changes_nothing(by):
    data = lines(["甲公司", "其他", "张三"])
    first = imports.receive(data, "单位.xlsx", UNIT, by=by)
    imports.confirm(first, by=by)

    again = imports.receive(data, "改名.xlsx", UNIT, by=by)

    assert (imports.twin(again), imports.twin(first), counts(again)) == (first, None, {"same": 1})
    with pytest.raises(Refused, match="没有需要导入的内容"):
        imports.confirm(again, by=by)


def test_a_digest_decides_nothing_once_the_filing_was_edited(by):
    imports.confirm(received(by, ["甲公司", "其他", "张三"]), by=by)
    draft = UNIT.model.objects.get()
    drafts.save(draft, by=by, revision=0, values={"legal_representative": "李四"})

    assert counts(received(by, ["甲公司", "其他", "张三"])) == {"changed": 1}


def test_a_digest_of_other_cells_never_makes_a_row_the_same(by):
    imports.confirm(received(by, ["甲公司", "其他", "张三"]), by=by)
    one = received(by, ["甲公司", "其他", "李四"])
    imports.confirm(one, by=by)

    assert counts(received(by, ["甲公司", "其他", "李四"])) == {"same": 1}
    assert counts(received(by, ["甲公司", "其他", "张三"])) == {"changed": 1}


def test_a_file_is_confirmed_once_and_given_up_once(by):
    imported = received(by, ["甲公司", "其他", ""])
    imports.confirm(imported, by=by)

    for act in (imports.confirm, imports.abandon):
        with pytest.raises(Refused, match="已经导入，没有再导入一次"):
            act(imported, by=by)

    other = received(by, ["乙公司", "其他", ""])
    imports.abandon(other, by=by)
    with pytest.raises(Refused, match="已放弃，不能再导入"):
        imports.confirm(other, by=by)
    assert [f.title for f in Filing.objects.all()] == ["甲公司"]


def test_the_filer_of_another_bureau_neither_sees_nor_confirms_it(by):
    imported, other = received(by, ["甲公司", "其他", ""]), factories.filer("3701")

    with pytest.raises(Refused):
        imports.confirm(imported, by=other)
    with pytest.raises(Refused):
        imports.abandon(imported, by=other)

    assert list(imports.visible_to(other)) == []
    assert list(imports.visible_to(by)) == [imported]


def test_a_column_of_the_sheet_says_no_state_and_no_bureau(by):
    header, own = ["单位全称", "单位类型", "状态", "填报单位"], by.posts[0].organisation.name
    data = made.xlsx([header, ["甲公司", "其他", "审核通过", own]])

    imported = imports.receive(data, "表.xlsx", UNIT, by=by)
    imports.confirm(imported, by=by)

    assert [(f.state, f.organisation) for f in Filing.objects.all()] == [("draft", by.posts[0].organisation)]


def test_rows_of_another_bureau_are_wrong(by):
    data = made.xlsx([["单位全称", "单位类型", "填报单位"], ["甲公司", "其他", "菏泽市人力资源和社会保障局"]])

    imported = imports.receive(data, "表.xlsx", UNIT, by=by)

    assert [(e.row, e.column) for e in imports.faults(imported)] == [(2, "填报单位")]


def test_an_empty_file_and_one_without_a_post_are_refused_and_leave_nothing(by):
    before = import_files.names()

    with pytest.raises(Refused, match="这个文件是空的"):
        imports.receive(b"", "表.xlsx", UNIT, by=by)
    with pytest.raises(Refused, match="您没有为本单位填报"):
        imports.receive(lines(["甲"]), "表.xlsx", UNIT, by=factories.reviewer())

    assert (Import.objects.count(), import_files.names()) == (0, before)


def test_what_cannot_be_read_is_one_fault_of_the_file(by):
    imported = imports.receive(b"PK\x03\x04 nothing", "表.xlsx", UNIT, by=by)

    assert counts(imported) == {"faulty": 1}
    assert ["已损坏" in fault.message for fault in imports.faults(imported)] == [True]


@every_type
def test_what_is_exported_and_imported_again_is_the_same(record_type):
    records = [factories.draft(record_type) for _ in range(2)]
    found = record_type.model.objects.filter(pk__in=[record.pk for record in records])
    data = exports.export_workbook(record_type, found, personal=True)

    imported = imports.receive(data, "导出.xlsx", record_type, by=factories.filer())

    assert (counts(imported), list(imports.faults(imported))) == ({"same": 2}, [])


def test_child_rows_come_with_their_record_and_replace_those_before(by):
    def book(*rows: list) -> bytes:
        header = ["单位全称", "年度", "培训人数", "自用人数", "输出人数"]
        return made.xlsx(
            [["单位全称", "单位类型"], ["甲公司", "其他"]],
            title="劳务品牌建设单位",
            **{"年度培训就业情况": [header, *rows]},
        )

    def brought(*rows: list) -> dict[str, int]:
        imported = imports.receive(book(*rows), "表.xlsx", UNIT, by=by)
        if not imports.why_not_confirmed(imported):
            imports.confirm(imported, by=by)
        return counts(imported)

    two = ["甲公司", 2023, 600, 300, 300], ["甲公司", 2024, 700, 300, 400]
    found = [brought(*two), brought(*two), brought(two[0]), brought(["乙公司", 2023, 1, 1, 0])]

    assert found == [{"new": 1}, {"same": 1}, {"changed": 1}, {"changed": 1, "faulty": 1}]
    assert [row.year for row in UNIT.model.objects.get().annual_performances.all()] == [2023]


def test_a_large_file_is_read_and_carried_out_by_jobs(by, monkeypatch):
    monkeypatch.setattr(imports, "AT_ONCE_BYTES", 0)
    monkeypatch.setattr(imports, "AT_ONCE_ROWS", 0)
    waiting = received(by, ["甲公司", "其他", ""])
    was_waiting = (waiting.read_at, waiting.job.kind, imports.why_not_confirmed(waiting))

    jobs.execute(waiting.job_id)
    read = Import.objects.get()
    job = imports.confirm(read, by=by)
    closed = imports.why_not_confirmed(Import.objects.get())
    done = jobs.execute(job.pk)

    assert was_waiting == (None, "import-read", "“单位.xlsx”正在处理，请等它结束。")
    assert (counts(read), closed, done) == ({"new": 1}, "“单位.xlsx”正在处理，请等它结束。", "done")
    assert (Import.objects.get().committed_at is not None, Filing.objects.get().title) == (True, "甲公司")
    assert [m.text for m in Message.objects.filter(user=by).order_by("pk")] == [
        "“单位.xlsx”已读取完毕，请核对后确认导入。",
        "“单位.xlsx”已导入：新增1件，更新0件。",
    ]


def test_the_same_file_of_another_bureau_is_none_that_came_before(by):
    data = lines(["甲公司", "其他", ""])
    imports.receive(data, "单位.xlsx", UNIT, by=factories.filer("3701"))

    assert imports.twin(imports.receive(data, "单位.xlsx", UNIT, by=by)) is None


def test_who_may_not_confirm_asks_for_no_job_and_who_lost_his_post_since_imports_nothing(by, monkeypatch):
    monkeypatch.setattr(imports, "AT_ONCE_ROWS", 0)
    imported = received(by, ["甲公司", "其他", ""])
    with pytest.raises(Refused):
        imports.confirm(imported, by=factories.filer("3701"))
    asked_before = Job.objects.count()

    job = imports.confirm(imported, by=by)
    by.memberships.all().delete()

    assert (asked_before, jobs.execute(job.pk), Filing.objects.count()) == (0, "failed", 0)


def test_a_job_whose_rows_moved_on_says_so_and_leaves_the_import_open(by, monkeypatch):
    monkeypatch.setattr(imports, "AT_ONCE_ROWS", 0)
    imported = received(by, ["甲公司", "其他", ""])
    job = imports.confirm(imported, by=by)
    drafts.create(UNIT, by=by, values={"name": "甲公司"})

    assert jobs.execute(job.pk) == "failed"

    left = Import.objects.get()
    assert (left.confirmed_at, left.is_open, "没有导入任何数据" in left.reason) == (None, True, True)
    assert Job.objects.get(pk=job.pk).reason == left.reason


def test_what_nobody_confirms_is_given_up_after_a_week_and_its_files_removed(by):
    with TestCase.captureOnCommitCallbacks(execute=True):
        imported = received(by, ["甲公司", "其他", ""])
    Import.objects.update(created_at=timezone.now() - imports.KEPT_FOR - timedelta(hours=1))
    lay = [default_storage.exists(name) for name in (imported.file, imported.plan)]

    with TestCase.captureOnCommitCallbacks(execute=True):
        imports.tidy()

    left = [default_storage.exists(name) for name in (imported.file, imported.plan)]
    assert (lay, left) == ([True, True], [False, False])
    assert Import.objects.get().abandoned_at is not None


def test_the_nightly_check_finds_what_imports_may_leave_behind(by):
    imported = received(by, ["甲公司", "其他", ""])
    imports.confirm(imported, by=by)
    filing = Filing.objects.get()
    before = list(of_imports())

    default_storage.delete(Import.objects.get().plan)
    ImportedRow.objects.filter(filing=filing).update(revision=5)
    ImportedRow.objects.create(filing_id=filing.pk + 1000, digest="0", revision=0)
    stray = import_files.keep(BytesIO(b"a"), ".plan", 10)
    long_ago = (timezone.now() - 2 * import_files.GRACE).timestamp()
    os.utime(default_storage.path(stray.name), (long_ago, long_ago))
    found = list(of_imports())
    import_files.remove([stray.name])

    assert before == []
    assert found == [
        f"导入 {imported.pk}：文件 {Import.objects.get().plan} 不存在。",
        f"文件 {stray.name} 不属于任何导入。",
        f"导入行 {filing.pk + 1000}：对应的填报不存在。",
        f"导入行 {filing.pk}：记录的修订比填报的还新。",
    ]


def test_a_file_whose_reading_was_cancelled_is_to_be_sent_again(by, monkeypatch):
    monkeypatch.setattr(imports, "AT_ONCE_BYTES", 0)
    imported = received(by, ["甲公司", "其他", ""])
    jobs.cancel(imported.job, by=by)

    left = Import.objects.get()
    assert imports.why_not_confirmed(left) == "“单位.xlsx”没有读取完毕，没有导入任何数据；请重新上传。"
    imports.abandon(left, by=by)
    assert Import.objects.get().file == ""
