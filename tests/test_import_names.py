"""Names and headers spelled otherwise than ours: width, blanks and line breaks make no other name."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import drafts, exports, imports, registry
from portal.importing import read_file
from portal.models import Filing, Import, User
from portal.refusals import Refused
from tests import factories
from tests import made_files as made

pytestmark = pytest.mark.django_db
UNIT = registry.get("building-units")
WIDE, NARROW = "潍坊风筝（演示）", "潍坊风筝(演示)"
HEADER = ["单位全称", "单位类型", "法定代表人"]


@pytest.fixture
def by() -> User:
    return factories.filer()


def received(by: User, *rows: list, header: list = HEADER) -> Import:
    return imports.receive(made.xlsx([header, *rows]), "单位.xlsx", UNIT, by=by)


def held(by: User, *names: str) -> list[Filing]:
    """Return drafts of the bureau as they stand before an import."""
    said = {"unit_type": "other", "legal_representative": "张三"}
    return [drafts.create(UNIT, by=by, values={"name": name, **said}) for name in names]


def counts(imported: Import) -> dict[str, int]:
    return {name: number for name, number in imported.counts.items() if number}


def faults(imported: Import) -> list[tuple]:
    return [(e.row, e.column, e.value, e.message) for e in imports.faults(imported)]


def test_a_name_in_another_spelling_changes_the_filing_that_bears_it(by):
    (draft,) = held(by, WIDE)
    imported = received(by, [NARROW, "其他", "张三"])
    (row,) = imports.page(imported, "changed").rows

    imports.confirm(imported, by=by)

    assert [(c.label, c.before, c.after) for c in row.changes] == [("单位全称", WIDE, NARROW)]
    assert [(f.pk, f.title) for f in Filing.objects.all()] == [(draft.pk, NARROW)]
    assert counts(received(by, [NARROW, "其他", "张三"])) == {"same": 1}


def test_a_name_as_it_stands_is_that_filing_though_another_reads_alike(by):
    held(by, WIDE, NARROW)

    assert counts(received(by, [NARROW, "其他", "张三"])) == {"same": 1}


def test_what_is_exported_is_the_same_though_two_names_read_alike(by):
    for name, trained in ((WIDE, 600), (NARROW, 700)):
        year = {"year": 2024, "trained_count": trained, "self_used_count": 1, "exported_count": 1}
        values = {"name": name, "unit_type": "other"}
        drafts.create(UNIT, by=by, values=values, rows={"annual_performances": [year]})
    data = exports.export_workbook(UNIT, UNIT.model.objects.all(), personal=True)

    imported = imports.receive(data, "导出.xlsx", UNIT, by=by)

    assert (counts(imported), faults(imported)) == ({"same": 2}, [])


def test_a_name_as_it_stands_may_not_come_twice_though_another_reads_alike(by):
    held(by, WIDE, NARROW)

    imported = received(by, [WIDE, "其他", "张三"], [NARROW, "其他", "张三"], [WIDE, "其他", "李四"])

    assert [(row, value) for row, _, value, _ in faults(imported)] == [(4, WIDE)]


def test_a_name_that_reads_like_several_and_is_none_of_them_is_wrong(by):
    held(by, WIDE, NARROW)

    imported = received(by, ["潍坊风筝 (演示)", "其他", "张三"])

    said = f"本单位有几份名称相近的填报（{WIDE}、{NARROW}），请写成其中一份的名称。"
    assert faults(imported) == [(2, "单位全称", "潍坊风筝 (演示)", said)]


def test_two_spellings_of_one_name_in_a_file_are_one_too_many(by):
    imported = received(by, [WIDE, "其他", "张三"], [NARROW, "其他", "李四"])

    assert counts(imported) == {"new": 1, "faulty": 1}
    assert faults(imported) == [(3, "单位全称", NARROW, "文件里有同名的两份，请删去一份，或换一个名称。")]


def test_what_was_submitted_under_another_spelling_is_left_alone(by):
    sent = factories.submitted(UNIT, name=WIDE)

    imported = received(by, [NARROW, "其他", "张三"])

    assert [(r.filing, r.note) for r in imports.page(imported, "left").rows] == [
        (sent.pk, "已提交，未改动。")
    ]


def test_a_name_taken_in_another_spelling_since_the_preview_is_not_imported(by):
    imported = received(by, [NARROW, "其他", "张三"])
    held(by, WIDE)

    with pytest.raises(Refused, match="预览以后，文件涉及的填报有了变动"):
        imports.confirm(imported, by=by)

    assert [f.title for f in Filing.objects.all()] == [WIDE]


def test_a_sheet_read_at_once_refuses_other_spellings_of_a_name_as_well(by):
    held(by, WIDE)
    rows = [[NARROW, "其他"], ["甲公司", "其他"], ["甲 公司", "其他"]]

    reading = read_file(made.xlsx([HEADER[:2], *rows]), "单位.xlsx", UNIT, by)

    assert [(e.row, e.value, e.message[:8]) for e in reading.errors] == [
        (2, NARROW, "本单位已有同名的"),
        (4, "甲 公司", "文件里有同名的两"),
    ]


def test_names_are_compared_with_as_many_queries_for_many_lines_as_for_few(by):
    def queries(number: int) -> int:
        rows = [[f"（甲{n}）公司", "其他", ""] for n in range(number)]
        with CaptureQueriesContext(connection) as caught:
            assert received(by, [NARROW, "其他", "张三"], *rows).counts["new"] == number
        return len(caught)

    held(by, WIDE, *(f"乙{n}" for n in range(30)))

    assert queries(3) == queries(900)


def test_headers_with_blanks_or_line_breaks_are_checked_like_plain_ones(by):
    other = ["甲公司", "其他", "菏泽市人力资源和社会保障局", "菏泽市"]

    imported = received(by, other, header=["单位\n全称", "单位 类型", "填报\n单位", "所属　区划"])

    assert [(row, column, value) for row, column, value, _ in faults(imported)] == [
        (2, "填报单位", "菏泽市人力资源和社会保障局"),
        (2, "所属区划", "菏泽市"),
    ]
