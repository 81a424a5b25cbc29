"""The form of each record type: what a draft may hold, what may be chosen, what is said of the rest."""

import pytest
from django import forms
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import catalogue, questionnaire, registry, rules
from portal.forms import NOT_PUBLIC, CleanText, LongText, WholeNumber, form_class
from portal.models import Filing
from portal.questionnaire import Questionnaire
from portal.vocabulary import BrandLevel, ExitReason
from tests.factories import DOCUMENT, KUIWEN, draft, entry, filer, publisher
from tests.typed import query, typed

pytestmark = pytest.mark.django_db
TYPES = [pytest.param(record_type, id=record_type.slug) for record_type in registry.all_types()]


def sheet_of(record, **changes) -> Questionnaire:
    """Return the form of ``record`` with ``changes`` typed over what it shows."""
    return Questionnaire(questionnaire.load(record), query(typed(record, **changes)))


def store(record, **changes) -> Filing:
    """Type ``changes``, store what may be stored, and return the record as it is then."""
    sheet = sheet_of(record, **changes)
    sheet.store(by=filer(record.region_id), revision=Filing.objects.get(pk=record.pk).revision)
    return questionnaire.load(record)


def labels(record, name: str) -> list[str]:
    """Return the words of the choices that the form of ``record`` offers for ``name``."""
    return [word for _, word in Questionnaire(questionnaire.load(record)).form.fields[name].choices]


@pytest.mark.parametrize("record_type", TYPES)
def test_the_form_asks_for_every_declared_field_and_the_explanation(record_type):
    assert list(form_class(record_type).base_fields) == [*record_type.fields, "explanation"]


@pytest.mark.parametrize("record_type", TYPES)
def test_the_form_of_a_type_is_made_once(record_type):
    assert form_class(record_type) is form_class(record_type)


@pytest.mark.parametrize("record_type", TYPES)
def test_sending_the_form_as_it_is_shown_changes_nothing(record_type):
    record = draft(record_type)

    sheet = sheet_of(record)

    assert sheet.errors() == {}
    assert sheet.differences(questionnaire.load(record)) == []
    assert store(record).title == record.title


@pytest.mark.parametrize("record_type", TYPES)
def test_an_empty_form_is_a_draft(record_type):
    record = draft(record_type)
    form = form_class(record_type)({}, instance=questionnaire.load(record))

    assert form.errors == {}


@pytest.mark.parametrize("record_type", TYPES)
def test_what_is_personal_says_that_it_stays_inside(record_type):
    form = form_class(record_type)

    assert [n for n in record_type.personal if NOT_PUBLIC not in form.base_fields[n].help_text] == []


@pytest.mark.parametrize("record_type", TYPES)
def test_the_example_stands_in_the_empty_fields(record_type):
    fields = form_class(record_type).base_fields
    expected = {
        name: f"例如：{value}"
        for name, value in record_type.example.items()
        if name in fields and isinstance(fields[name], CleanText | WholeNumber) and value != ""
    }

    assert {n: fields[n].widget.attrs.get("placeholder") for n in expected} == expected


@pytest.mark.parametrize("record_type", TYPES)
def test_nothing_typed_is_cut_off_by_the_browser(record_type):
    rendered = Questionnaire(questionnaire.load(draft(record_type))).form.as_p()

    assert "maxlength" not in rendered


def test_the_official_examples_read_as_words():
    lines = {line["label"]: line["text"] for line in questionnaire.example(registry.get("building-units"))}

    assert lines["单位类型"] == "龙头企业"
    assert lines["“一条龙”服务"] == "培训、就业、维权"
    assert lines["建设的劳务品牌"] == "潍坊演示家政"
    assert lines["年度培训就业情况"] == "2024 · 620 · 200 · 500 · 580"


# ---- text and numbers


@pytest.mark.parametrize("bad", ["\x00", "\x07", "\u200b", "\ud800", "\ufeff"])
def test_control_characters_are_taken_out_before_anything_is_checked(bad):
    stored = store(draft("skill-brands"), name=f"潍坊{bad}风筝品牌（演示）")

    assert stored.name == "潍坊风筝品牌（演示）"


def test_full_width_digits_blanks_and_separators_are_numbers():
    stored = store(draft("labour-brands"), worker_count=" １，２３４ ")

    assert stored.worker_count == 1234


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("六百", "请填写整数，例如620。"),
        ("12.5", "请填写整数，例如620。"),
        ("1_000", "请填写整数，例如620。"),
        ("٣", "请填写整数，例如620。"),
        ("-1", "请填写0或更大的整数。"),
        ("9" * 5000, "最多填2147483647，请核对。"),
        ("2147483648", "最多填2147483647，请核对。"),
    ],
)
def test_what_is_no_number_is_said_in_a_sentence_and_not_stored(number, sentence):
    record = draft("labour-brands")

    sheet = sheet_of(record, worker_count=number)

    assert sheet.errors() == {"worker_count": [sentence]}
    assert store(record, worker_count=number).worker_count == 1200


def test_a_hundred_thousand_characters_are_refused_in_a_sentence():
    record = draft("skill-brands")

    sheet = sheet_of(record, advantage_people="长" * 100_000)

    assert sheet.errors() == {"advantage_people": ["最多填写20000字，现在有100000字，请缩短后再暂存。"]}
    assert store(record, advantage_people="长" * 100_000).advantage_people == record.advantage_people


def test_a_name_over_its_column_is_refused_with_both_numbers():
    sheet = sheet_of(draft("skill-brands"), name="名" * 101)

    assert sheet.errors() == {"name": ["最多100个字符，现在有101个，请缩短。"]}


@pytest.mark.parametrize("day", ["2024-06-03", "2024/6/3", "2024.6.3", "2024年6月3日", "２０２４-０６-０３"])
def test_a_date_is_read_as_people_write_it(day):
    stored = store(draft("building-units"), recognized_on=day)

    assert stored.recognized_on.isoformat() == "2024-06-03"


def test_a_date_that_is_none_is_said_in_a_sentence():
    sheet = sheet_of(draft("building-units"), recognized_on="去年夏天")

    assert sheet.errors() == {"recognized_on": ["请按“2024-06-01”的样子填写日期。"]}


@pytest.mark.parametrize(("name", "value"), [("direction", "space"), ("initiatives", ["moon"])])
def test_a_choice_that_does_not_exist_is_refused(name, value):
    record = draft("skill-brands")

    sheet = sheet_of(record, **{name: value})

    assert list(sheet.errors()) == [name]
    assert getattr(store(record, **{name: value}), name) == getattr(record, name)


def test_ticked_codes_are_kept_once_and_in_the_order_of_the_list():
    ticked = ["shandong_food", "labour_brand", "labour_brand"]

    stored = store(draft("skill-brands"), initiatives=ticked)

    assert stored.initiatives == ["labour_brand", "shandong_food"]


def test_a_wrong_check_character_is_said_at_once_and_kept_in_the_draft():
    record, wrong = draft("building-units"), "91370000MA3DEM0X12"

    stored = store(record, credit_code=wrong)

    assert list(sheet_of(record, credit_code=wrong).errors()) == ["credit_code"]
    assert stored.credit_code == wrong
    assert [p.field for p in rules.blocking(stored)] == ["credit_code"]


def test_the_limit_of_the_notice_and_the_columns_show_as_counters():
    sheet = Questionnaire(questionnaire.load(draft("skill-brands")))
    questions = [question for section in sheet.sections([]) for question in section.questions]

    assert {q.field.name: q.limit for q in questions if q.limit} == {"name": 100}
    assert [q.field.name for q in questions if "未规定字数" in q.under] == [
        "advantage_features",
        "advantage_people",
        "advantage_industry",
    ]


def test_questions_are_numbered_through_and_sections_count_what_is_in_order():
    record = draft("skill-brands", direction="", advantage_people="")
    sheet = Questionnaire(questionnaire.load(record))

    sections = sheet.sections(rules.problems(sheet.record))

    assert [(s.heading, s.done, s.total) for s in sections] == [
        ("一、品牌项目", 3, 3),
        ("二、品牌优势", 2, 3),
        ("三、归类与联动", 5, 6),
        ("四、情况说明", 0, 0),
    ]
    assert [q.number for s in sections for q in s.questions] == list(range(1, 14))
    assert [s.note for s in sections] == ["", "", "不打印，用于目录筛选", "有提示项时填写"]


# ---- the parent's constraints


def test_a_name_the_bureau_holds_already_is_said_beside_the_name():
    first, second = draft("skill-brands"), draft("skill-brands", name="潍坊风筝品牌（演示）")

    sheet = sheet_of(second, name=first.name, direction="food")

    assert sheet.errors() == {"name": ["本单位已有同名的填报，请换一个名称，或打开已有的那一份。"]}
    stored = store(second, name=first.name, direction="food")
    assert (stored.name, stored.title, stored.direction) == ("潍坊风筝品牌（演示）",) * 2 + ("food",)


def test_another_bureau_may_use_the_same_name():
    first, second = draft("skill-brands"), draft("skill-brands", place=KUIWEN, name="潍坊风筝品牌（演示）")

    assert sheet_of(second, name=first.name).errors() == {}


def test_an_amendment_keeps_the_name_of_what_it_amends():
    published = entry("skill-brands")
    amendment = catalogue.amend(published, by=filer())

    assert sheet_of(amendment, direction="food").errors() == {}


# ---- what may be chosen


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


def test_long_text_takes_several_lines_and_short_text_one():
    fields = form_class(registry.get("skill-brands")).base_fields

    assert isinstance(fields["advantage_people"], LongText)
    assert isinstance(fields["advantage_people"].widget, forms.Textarea)
    assert isinstance(fields["name"].widget, forms.TextInput)
