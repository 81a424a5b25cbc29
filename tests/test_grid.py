"""The rows of a statistical sheet as a grid: plain inputs, what was read beside them, 300 rows at once."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import drafts, questionnaire, registry
from tests.factories import KUIWEN, WEIFANG, bureau, draft, filer
from tests.typed import page, save, stored, typed

pytestmark = pytest.mark.django_db
RETURN = registry.get("project-training-returns")
ROW = {
    "organizer_region": KUIWEN,
    "project_name": "电焊工培训（演示）",
    "target_scope": "登记失业人员",
    "trainee_count": "80",
    "held_text": "2024年6月",
    "remark": "",
}


@pytest.fixture
def desk(client):
    client.force_login(filer())
    return client


def sent(record, rows: list[dict]) -> dict[str, list[str]]:
    """Return the POST data of the form of ``record`` with these rows in place of its own."""
    fields = {name: value for name, value in typed(record).items() if not re.match(r"training_rows-\d", name)}
    fields["training_rows-TOTAL_FORMS"] = [str(len(rows))]
    for number, row in enumerate(rows):
        fields |= {f"training_rows-{number}-{name}": [value] for name, value in row.items()}
    return fields


def cells(record) -> list[tuple]:
    return [
        (
            str(row.organizer_region or "市直"),
            row.project_name,
            row.trainee_count,
            row.held_text,
            str(row.held_to),
        )
        for row in stored(record).training_rows.select_related("organizer_region")
    ]


def test_the_grid_has_an_input_for_each_cell_and_says_what_was_read(desk):
    record = draft(RETURN)

    content = desk.get(page("filing-edit", record)).content.decode()

    assert re.findall(r'data-portal-note="training_rows-\d">([^<]*)<', content) == [
        "2024-05-10 至 2024-05-28，实际",
        "",
    ]
    assert '<input name="training_rows-0-project_name"' in content
    assert '<option value="" selected>市直</option><option value="370702">潍城区</option>' in content
    assert "<b data-portal-grid-count>1</b> 行，培训人数 <b data-portal-grid-sum>120</b>" in content


def test_what_is_typed_is_stored_with_the_days_it_means(desk):
    record = draft(RETURN)

    answer = desk.post(page("filing-autosave", record), sent(record, [ROW, {**ROW, "organizer_region": ""}]))

    assert answer.json()["notes"] == {
        "training_rows": {
            "training_rows-0": "2024-06-01 至 2024-06-30（到月），实际",
            "training_rows-1": "2024-06-01 至 2024-06-30（到月），实际",
        }
    }
    assert cells(record) == [
        ("奎文区", "电焊工培训（演示）", 80, "2024年6月", "2024-06-30"),
        ("市直", "电焊工培训（演示）", 80, "2024年6月", "2024-06-30"),
    ]


def test_half_a_row_and_a_time_that_says_nothing_are_kept_and_told(desk):
    record = draft(RETURN)
    half = {**ROW, "trainee_count": "", "held_text": "待定"}

    answer = desk.post(page("filing-autosave", record), sent(record, [half])).json()

    assert cells(record) == [("奎文区", "电焊工培训（演示）", None, "待定", "None")]
    said = "组织时间“待定”看不出起止，请写成“2021年5月10日-5月28日”“2021年6月”这样。"
    assert answer["notes"]["training_rows"]["training_rows-0"] == said
    assert [line["text"] for line in answer["missing"]] == ["培训项目第1行请填写培训人数。", f"第1行：{said}"]


def test_a_county_of_another_city_is_no_choice(desk):
    record = draft(RETURN)

    answer = desk.post(page("filing-autosave", record), sent(record, [{**ROW, "organizer_region": "370102"}]))

    assert answer.json()["errors"] == {
        "training_rows": ["第1行 组织区县：所选的内容已不在可选范围内，请重新选择。"]
    }


def test_a_county_sees_itself_as_the_only_choice_and_stores_itself(client):
    record = draft(RETURN, place=KUIWEN)
    client.force_login(filer(KUIWEN))

    content = client.get(page("filing-edit", record)).content.decode()
    answer = client.post(page("filing-edit", record), sent(record, [{**ROW, "organizer_region": ""}]))

    assert '<option value="" selected>奎文区</option></select>' in content
    assert answer.status_code == 302
    assert [row.organizer_region_id for row in stored(record).training_rows.all()] == [KUIWEN]


def test_the_other_year_reads_the_times_anew(desk):
    record = draft(RETURN)
    drafts.save(
        record, by=filer(), revision=0, values={}, rows={"training_rows": [{**row(), "held_text": "6月"}]}
    )

    save(desk, record, year="2023")

    assert [r.held_to.isoformat() for r in stored(record).training_rows.all()] == ["2023-06-30"]


def test_the_year_alone_reads_the_times_anew():
    record = draft(RETURN)
    drafts.save(
        record, by=filer(), revision=0, values={}, rows={"training_rows": [{**row(), "held_text": "6月"}]}
    )

    drafts.save(stored(record), by=filer(), revision=1, values={"year": 2022})

    assert [r.held_to.isoformat() for r in stored(record).training_rows.all()] == ["2022-06-30"]


def row() -> dict:
    return {"project_name": "演示", "target_scope": "演示", "trainee_count": 1, "remark": ""}


def price(client, record, number: int) -> int:
    """Return how many statements other than inserts storing ``number`` rows costs."""
    rows = [{**ROW, "project_name": f"演示{place}"} for place in range(number)]
    data = sent(record, rows)
    with CaptureQueriesContext(connection) as captured:
        assert client.post(page("filing-autosave", record), data).json()["errors"] == {}
    assert stored(record).training_rows.count() == number
    return sum(not query["sql"].startswith("INSERT INTO") for query in captured)


def test_three_hundred_rows_are_stored_by_as_many_statements_as_three(desk):
    record = draft(RETURN)
    price(desk, record, 3)

    assert price(desk, record, 300) == price(desk, record, 3)


def test_the_page_costs_as_many_queries_for_three_hundred_rows_as_for_one(desk):
    record, counts = draft(RETURN), {}

    for number in (1, 300):
        rows = {"training_rows": [row()] * number}
        current = stored(record)
        drafts.save(current, by=filer(), revision=current.revision, values={}, rows=rows)
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(page("filing-edit", record)).status_code == 200
        counts[number] = len(captured)

    assert counts[300] == counts[1]


def test_more_than_five_hundred_rows_are_refused_in_a_sentence_and_nothing_is_lost(desk):
    record = draft(RETURN)

    answer = desk.post(page("filing-autosave", record), sent(record, [ROW] * 501)).json()

    assert answer["errors"] == {"training_rows": ["这张表最多填500行。"]}
    assert len(cells(record)) == 1


def test_without_scripts_a_button_gives_a_row_more(desk):
    record = draft(RETURN)

    content = save(desk, record, more="training_rows").content.decode()

    assert (
        content.count('<tr data-portal-row><th scope="row" data-portal-grid-number>') == 4
    )  # one is the template
    assert len(cells(record)) == 1


def test_sending_a_county_return_as_it_is_shown_changes_nothing():
    record = drafts.create(
        RETURN, by=filer(KUIWEN), organisation=bureau(KUIWEN), rows={"training_rows": [row()]}
    )

    sheet = questionnaire.Questionnaire(questionnaire.load(record))

    assert [form.initial["organizer_region"] for form in sheet.row_sets["training_rows"].initial_forms] == [
        None
    ]
    assert WEIFANG not in sheet.row_sets["training_rows"].offers["organizer_region"].objects
