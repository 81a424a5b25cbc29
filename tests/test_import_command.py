"""``manage.py import_file``: what it prints, what it stores, and how it ends."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from brands.models import SkillBrand
from tests import factories
from tests import made_files as made

pytestmark = pytest.mark.django_db
SAMPLE = Path(__file__).parent / "files" / "情况表-示例-潍坊.docx"


def run(*arguments: str) -> tuple[int, dict]:
    out, code = StringIO(), 0
    try:
        call_command("import_file", *map(str, arguments), "--json", stdout=out)
    except SystemExit as exit_:
        code = exit_.code
    return code, json.loads(out.getvalue())


def test_the_command_reads_without_storing_and_stores_when_told():
    factories.entry("exam-projects", name="风筝制作")
    arguments = (SAMPLE, "--type", "skill-brands", "--as", factories.filer().username)

    dry = run(*arguments)
    stored = SkillBrand.objects.count()
    wet = run(*arguments, "--commit")

    assert (dry[0], stored, dry[1]["imported"], wet[0], wet[1]["imported"]) == (0, 0, 0, 0, 1)
    assert {**dry[1], "records": []} == {
        "type": "skill-brands",
        "city": "潍坊市",
        "records": [],
        "errors": [],
        "warnings": [],
        "imported": 0,
    }
    assert [
        (r["name"], r["exam_projects"], r["institutions"], r["advantage"]) for r in dry[1]["records"]
    ] == [("潍坊风筝扎制品牌（演示）", ["风筝制作"], [], SkillBrand.objects.get().advantage)]
    assert SkillBrand.objects.get().name == "潍坊风筝扎制品牌（演示）"


def test_the_command_ends_with_one_when_the_file_has_errors():
    code, outcome = run(SAMPLE, "--type", "skill-brands", "--as", factories.filer().username, "--commit")

    assert (code, outcome["imported"], [list(error) for error in outcome["errors"]]) == (
        1,
        0,
        [["sheet", "row", "column", "value", "message"]],
    )
    assert SkillBrand.objects.count() == 0


def units(folder: Path, *rows: list) -> Path:
    """Return a sheet of building units in a folder."""
    file = folder / "单位.xlsx"
    file.write_bytes(made.xlsx([["单位全称", "单位类型", "法定代表人"], *rows]))
    return file


def test_each_record_says_what_becomes_of_it_and_a_second_run_finds_all_of_them_the_same(tmp_path):
    file = units(tmp_path, ["甲公司", "其他", "张三"], ["乙公司", "其他", "李四"])
    arguments = (file, "--type", "building-units", "--as", factories.filer().username)

    found = [run(*arguments), run(*arguments, "--commit"), run(*arguments, "--commit")]

    told = [[(r["row"], r["title"], r["outcome"]) for r in one["records"]] for _, one in found]
    assert told == [
        [(2, "甲公司", "new"), (3, "乙公司", "new")],
        [(2, "甲公司", "new"), (3, "乙公司", "new")],
        [(2, "甲公司", "same"), (3, "乙公司", "same")],
    ]
    assert [(code, one["imported"]) for code, one in found] == [(0, 0), (0, 2), (0, 0)]


def test_records_of_every_outcome_stand_in_the_order_of_the_file(tmp_path):
    asked = ("--type", "building-units", "--as", factories.filer().username)
    run(units(tmp_path, ["甲公司", "其他", "张三"]), *asked, "--commit")
    factories.submitted("building-units", name="丙公司")
    rows = [["丁公司", "没有这种"], ["丙公司", "其他"], ["甲公司", "其他", "李四"], ["乙公司", "其他"]]

    code, outcome = run(units(tmp_path, *rows), *asked)

    assert (code, [(r["row"], r["title"], r["outcome"]) for r in outcome["records"]]) == (
        1,
        [(2, "丁公司", "faulty"), (3, "丙公司", "left"), (4, "甲公司", "changed"), (5, "乙公司", "new")],
    )


@pytest.mark.parametrize(
    ("file", "slug", "username", "value"),
    [
        ("没有.docx", "skill-brands", "", "没有.docx"),
        (".", "skill-brands", "", ""),
        (str(SAMPLE), "no-such-type", "", "no-such-type"),
        (str(SAMPLE), "skill-brands", "nobody", "nobody"),
    ],
)
def test_the_command_answers_even_to_nonsense(file, slug, username, value):
    code, outcome = run(file, "--type", slug, "--as", username or factories.filer().username)

    assert (code, [error["value"] for error in outcome["errors"]]) == (1, [value])
    assert set(outcome) == {"type", "city", "records", "errors", "warnings", "imported"}
