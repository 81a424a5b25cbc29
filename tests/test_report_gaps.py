"""Reports over results from before the portal that say nothing but their name or year (登记历史结果)."""

import pytest

from portal import registry, report_files, reports
from portal.historical_rows import sheets_of
from portal.models import CatalogueEntry
from portal.registry import RecordType
from portal.row_forms import row_set_class
from portal.sheets import Column, Sheet
from tests import made_files as made
from tests.campaigning import get
from tests.factories import publish, reviewer
from tests.registering import registered
from tests.rolling import asked, tables, unequal
from workforce.reports.project_training import UNSAID

pytestmark = pytest.mark.django_db
TYPES = [record_type.slug for record_type in registry.all_types()]
CATALOGUED = [slug for slug in TYPES if registry.get(slug).is_catalogued]
BUREAU = "潍坊市人力资源和社会保障局"
YEAR = 2024


def lines_of(record_type: RecordType) -> dict[str, list[list]]:
    """Return sheet → lines that name a record of the type and say what its columns demand, no more."""
    main, *others = sheets_of(record_type)
    key, named = record_type.key[0], YEAR if record_type.key[0] == "year" else f"演示{record_type.label}"
    header = next(column.header for column in main.columns if column.name == key)
    found = {main.title: _line(main, {header: named, "填报单位": BUREAU})}
    for sheet in others:
        demanded = {column.header: value for column, value in _demanded(record_type, sheet)}
        if None not in demanded.values():
            found[sheet.title] = _line(sheet, {sheet.columns[0].header: named, **demanded})
    return found


def _line(sheet: Sheet, said: dict) -> list[list]:
    header = [column.header for column in sheet.columns]
    return [header, [said.get(name, "") for name in header]]


def _demanded(record_type: RecordType, sheet: Sheet) -> list[tuple[Column, object]]:
    """Return the columns without which no row is stored, with the example's value; None of other filings."""
    fields = row_set_class(record_type, sheet.rows).form.base_fields
    (example, *_) = record_type.example[sheet.rows]
    wanted = [column for column in sheet.columns[1:] if fields[column.name].required]
    return [(column, None if column.field.is_relation else example[column.name]) for column in wanted]


def register(slug: str, **more: dict) -> None:
    """Enter a result of the type with gaps; ``more`` says cells of a sheet of child rows."""
    record_type = registry.get(slug)
    found = lines_of(record_type)
    for sheet in sheets_of(record_type)[1:]:
        for header, value in more.get(sheet.rows, {}).items():
            found[sheet.title][1][found[sheet.title][0].index(header)] = value
    (title, rows), *others = found.items()
    for filing in registered(slug, made.xlsx(rows, title=title, **dict(others))):
        if record_type.is_catalogued:
            publish(filing)


@pytest.mark.parametrize("slug", TYPES)
def test_every_report_reads_a_result_that_says_its_name_alone(slug, client, tmp_path):
    register(slug)

    for kind in reports.kinds:
        for region in ("37", "3707", "370705"):
            assert unequal(asked(kind, region=region)) == []
        question, path = asked(kind), tmp_path / f"{kind}.xlsx"
        report_files.write(reports.content(question), question, "xlsx", path)
        assert path.stat().st_size > 0
        assert get(client, reviewer("37"), "report", kind).status_code == 200


@pytest.mark.parametrize("slug", CATALOGUED)
def test_whoever_looks_at_it_is_answered(slug, client):
    register(slug)
    entry = CatalogueEntry.objects.get(kind=slug)
    pages = [f"/catalogue/{slug}/", f"/catalogue/{slug}/{entry.code}/", f"/api/v1/catalogues/{slug}/entries"]

    assert [client.get(page).status_code for page in pages] == [200, 200, 200]
    assert get(client, reviewer("37"), "dashboard").status_code == 200


def test_units_without_a_type_stand_in_a_column_of_their_own():
    register("building-units")

    found = tables(asked("labour-brands"))

    assert {sum(line[1:-1]) == line[-1] for line in found["建设单位"]} == {True}
    assert found["建设单位"][-1][-2:] == (1, 1)


def test_projects_without_a_class_stand_in_a_line_of_their_own():
    register("exam-projects")

    found = tables(asked("exam-catalogue"))["分类统计"]

    assert [line[-1] for line in found if line[0] in ("未填", "合计")] == [1, 1]
    assert sum(line[-1] for line in found[:-1]) == 1


def test_a_standard_without_its_new_amount_is_counted_apart():
    register("subsidy-reviews", items={"培训类别": "焊工（演示）", "原标准": 700})

    found = tables(asked("subsidies", year=str(YEAR)))

    assert found["补贴标准"] == [("潍坊市", "焊工（演示）", "", "", "700", "", "", "", None, "", YEAR)]
    assert [line for line in found["分市情况"] if line[1] == "已报送"] == [
        ("潍坊市", "已报送", 1, None, 1, 0, 0, 0, 0, 1)
    ]
    assert {line[4] == sum(line[5:]) for line in found["分市情况"]} == {True}


def test_a_training_that_says_no_day_and_no_number_of_people_is_a_row_without_people():
    register("project-training-returns", training_rows={"培训项目名称": "家政（演示）"})

    found = tables(asked("project-training", year=str(YEAR)))

    assert found["统计表"][0] == ("潍坊市", "市直", "家政（演示）", "", None, "", "")
    assert found["统计表"][-1][4] == 0


def test_a_training_that_says_no_day_is_neither_held_nor_planned():
    register("project-training-returns", training_rows={"培训项目名称": "家政（演示）", "组织区县": "奎文区"})

    question = asked("project-training", year=str(YEAR))
    content, found = reports.content(question), tables(question)

    columns = [column.heading for column in content.tables[2].columns]
    (line,) = (line for line in found["分市情况"] if line[0] == "潍坊市")
    said = dict(zip(columns, line, strict=True))
    assert {name: said[name] for name in ("培训项目的行", "已开展", "计划开展", "未填时间")} == {
        "培训项目的行": 1,
        "已开展": 0,
        "计划开展": 0,
        "未填时间": 1,
    }
    assert [line[2:4] for line in found["覆盖情况"] if line[0] == "潍坊市"] == [(1, 0)]
    assert [table.notes[-1] == UNSAID for table in content.tables] == [False, True, True]
    assert unequal(question) == []
