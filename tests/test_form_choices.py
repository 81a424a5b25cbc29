"""What may be chosen in a form, and the rows of its tables."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import catalogue, questionnaire, registry, rules
from portal.questionnaire import Questionnaire
from portal.vocabulary import BrandLevel, ExitReason
from tests.factories import DOCUMENT, KUIWEN, draft, entry, publisher
from tests.typed import sheet_of, store

pytestmark = pytest.mark.django_db


def labels(record, name: str) -> list[str]:
    """Return the words of the choices that the form of ``record`` offers for ``name``."""
    return [word for _, word in Questionnaire(questionnaire.load(record)).form.fields[name].choices]


def test_exam_projects_are_those_in_force_by_class_and_code():
    for name, kind in [
        ("演示剪纸", "handcraft"),
        ("演示种姜", "planting"),
        ("演示煎饼", "food"),
        ("演示布鞋", "handcraft"),
    ]:
        entry("exam-projects", name=name, catalogue_class=kind)
    draft("exam-projects", name="演示未公布")

    record = draft("skill-brands", exam_projects=["演示剪纸"])

    assert labels(record, "exam_projects") == [
        "演示煎饼 · 食品制作",
        "演示种姜 · 种植",
        "演示剪纸 · 手工制作",
        "演示布鞋 · 手工制作",
    ]


def test_what_left_the_catalogue_stays_chosen_and_says_so():
    left = entry("exam-projects", name="演示风筝制作")
    record = draft("skill-brands", exam_projects=["演示风筝制作"])
    catalogue.exit(left, by=publisher(), reason=ExitReason.VOLUNTARY, document_number=DOCUMENT)

    assert labels(record, "exam_projects") == ["演示风筝制作（已不在现行目录）"]
    assert sheet_of(record).errors() == {}


def test_what_is_not_offered_cannot_be_chosen():
    record, hidden = draft("skill-brands"), draft("exam-projects", name="演示未公布")

    sheet = sheet_of(record, exam_projects=[str(hidden.pk)])

    assert sheet.errors() == {"exam_projects": ["所选的内容已不在可选范围内，请重新选择。"]}


@pytest.mark.parametrize("value", ["0", "-1", "x", "9" * 30, "\x00"])
def test_a_made_up_key_is_refused_without_a_query_for_it(value):
    sheet = sheet_of(draft("handicraft-projects"), exam_project=value)

    assert list(sheet.errors()) == ["exam_project"]


def test_institutions_are_those_authorised_in_the_city_or_the_province():
    for name, region, place in [
        ("演示甲校", "潍坊市", "3707"),
        ("演示乙校", "济宁市", "3708"),
        ("演示丙校", "山东省", "37"),
    ]:
        rows = [{"project": "演示剪纸制作", "region": region}]
        entry("exam-institutions", name=name, place=place, authorizations=rows)

    offered = labels(draft("skill-brands", place=KUIWEN), "institutions")

    assert offered == ["演示丙校 · 院校", "演示甲校 · 院校"]


def test_labour_brands_are_those_of_the_city_and_the_provincial_ones():
    entry("labour-brands", name="潍坊演示家政")
    entry("labour-brands", name="济宁演示家政", name_region="济宁", place="3708")
    provincial = {"place": "3708", "level": BrandLevel.PROVINCIAL}
    entry("labour-brands", name="济宁演示养老", name_region="济宁", **provincial)

    offered = labels(draft("skill-brands"), "labour_brands")

    assert offered == ["潍坊演示家政 · 高品质服务型", "济宁演示养老 · 高品质服务型"]


def test_a_long_list_begins_with_what_is_chosen():
    for number in range(13):
        entry("exam-projects", name=f"演示项目{number:02}")

    record = draft("skill-brands", exam_projects=["演示项目07"])

    assert labels(record, "exam_projects")[:2] == ["演示项目07 · 手工制作", "演示项目00 · 手工制作"]


def test_more_choices_cost_no_more_queries():
    record, counts = draft("skill-brands"), []
    for number in range(3):
        entry("exam-projects", name=f"演示项目{number}")
        entry("exam-institutions", name=f"演示机构{number}")
        with CaptureQueriesContext(connection) as captured:
            Questionnaire(questionnaire.load(record)).form.as_p()
        counts.append(len(captured))

    assert counts == [counts[0]] * 3


# ---- child rows


def rows_of(record) -> list[int]:
    """Return the years of a unit's rows as they are stored."""
    return list(record.annual_performances.order_by("pk").values_list("year", flat=True))


def row(number: int, year: str = "", **counts: str) -> dict[str, str]:
    """Return the fields of one row of a unit as they are typed."""
    values = {
        "year": year,
        "trained_count": "620",
        "self_used_count": "200",
        "exported_count": "500",
        **counts,
    }
    return {f"annual_performances-{number}-{name}": value for name, value in values.items()}


def test_a_filled_blank_row_is_one_row_more():
    record = draft("building-units")

    assert rows_of(store(record, **row(1, "2023"))) == [2024, 2023]


def test_a_row_left_blank_is_no_row():
    assert rows_of(store(draft("building-units"))) == [2024]


def test_a_ticked_row_is_deleted():
    record = draft("building-units")

    assert rows_of(store(record, **{"annual_performances-0-DELETE": "on"})) == []


def test_a_half_filled_row_is_said_and_leaves_the_stored_rows_alone():
    record, half = draft("building-units"), {"annual_performances-1-year": "2023"}

    errors = sheet_of(record, **half).errors()

    assert errors == {
        "annual_performances": [
            "第2行 培训人数：请填写。",
            "第2行 自用人数：请填写。",
            "第2行 输出人数：请填写。",
        ]
    }
    assert rows_of(store(record, **half)) == [2024]


def test_a_row_breaks_no_rule_of_its_columns():
    errors = sheet_of(draft("building-units"), **row(1, "1999")).errors()

    assert errors == {"annual_performances": ["第2行 年度：请填写2015或更大的整数。"]}


def test_the_same_year_twice_is_said_in_the_words_of_the_constraint():
    record = draft("building-units")

    sheet = sheet_of(record, **row(1, "2024"))

    assert sheet.errors() == {"annual_performances": ["同一年度只填一行。"]}
    assert rows_of(store(record, **row(1, "2024"))) == [2024]


def test_regions_of_a_row_are_the_bureaus_own_and_those_below():
    record = draft(
        "exam-institutions", place=KUIWEN, authorizations=[{"project": "演示剪纸制作", "region": "奎文区"}]
    )
    rows = Questionnaire(questionnaire.load(record)).row_sets["authorizations"]

    assert [word for _, word in rows.forms[0].fields["region"].choices] == ["未选择", "潍坊市奎文区"]


@pytest.mark.parametrize("total", ["", "x", "-3", "99999999999999999999", "1000"])
def test_a_broken_count_of_rows_is_a_sentence_and_no_fault(total):
    record = draft("building-units")

    sheet = sheet_of(record, **{"annual_performances-TOTAL_FORMS": total})

    assert list(sheet.errors()) in (["annual_performances"], [])
    assert rows_of(record) == [2024]


def test_more_rows_cost_no_more_queries():
    counts = []
    for years in ([2024], [2024, 2023, 2022]):
        rows = [
            {**registry.get("building-units").example["annual_performances"][0], "year": year}
            for year in years
        ]
        record = draft("building-units", annual_performances=rows)
        with CaptureQueriesContext(connection) as captured:
            sheet = Questionnaire(questionnaire.load(record))
            rules.problems(sheet.record)
        counts.append(len(captured))

    assert counts[0] == counts[1]
