"""No record has more than 500 rows of one kind, by whichever way they come."""

import pytest

from portal import imports, registry, rules
from portal.importing import read_file
from tests import factories
from tests import made_files as made

pytestmark = pytest.mark.django_db
PROJECT = registry.get("exam-projects")
SHEET = "考核规范"
TOO_MANY = (SHEET, 502, "考核项目名称", "甲", "“甲”在本表最多500行，从这一行起没有读取；请核对是否重复。")


@pytest.fixture
def data() -> bytes:
    """Return a sheet of one project with three rows too many, and of another one."""
    header = [
        "考核项目名称",
        "版本名称",
        "定义",
        "适用对象",
        "能力标准与鉴定内容",
        "鉴定要求",
        "考核时间（分钟）",
    ]
    rows = [["甲", f"第{n}版", "定义", "对象", "内容", "要求", 90] for n in range(503)]
    rows.append(["乙", "第1版", "定义", "对象", "内容", "要求", 90])
    main = [["考核项目名称", "类别"], ["甲", "食品制作"], ["乙", "食品制作"]]
    return made.xlsx(main, title=PROJECT.label, **{SHEET: [header, *rows]})


def test_a_file_with_more_rows_of_a_record_is_wrong_once_at_the_first_too_many(data):
    by = factories.filer("37")
    imported = imports.receive(data, "项目.xlsx", PROJECT, by=by)

    reading = read_file(data, "项目.xlsx", PROJECT, by)

    assert [tuple(vars(e).values()) for e in imports.faults(imported)] == [TOO_MANY]
    assert [tuple(vars(e).values()) for e in reading.errors] == [TOO_MANY]
    assert [len(draft.rows["specifications"]) for draft in reading.records] == [500, 1]


def test_more_rows_than_that_are_not_submitted(monkeypatch):
    record = factories.draft("exam-projects")
    monkeypatch.setattr(rules, "MOST_ROWS", 0)

    found = [problem.text for problem in rules.problems(record) if problem.field == "specifications"]

    assert found == [f"{SHEET}最多0行，现在有1行；请核对是否重复。"]
