"""The form of each record type: what a draft may hold, and what is said of the rest."""

import pytest
from django import forms

from portal import catalogue, records, registry, rules, wording
from portal.forms import NOT_PUBLIC, CleanText, LongText, WholeNumber, form_class
from portal.models import Filing
from portal.questionnaire import Questionnaire
from portal.workflow import Refused
from tests.factories import KUIWEN, draft, entry, filer
from tests.typed import sheet_of, store

pytestmark = pytest.mark.django_db
TYPES = [pytest.param(record_type, id=record_type.slug) for record_type in registry.all_types()]


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
    assert sheet.differences(records.load(record)) == []
    assert store(record).title == record.title


@pytest.mark.parametrize("record_type", TYPES)
def test_an_empty_form_is_a_draft(record_type):
    record = draft(record_type)
    form = form_class(record_type)({}, instance=records.load(record))

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
    rendered = Questionnaire(records.load(draft(record_type))).form.as_p()

    assert "maxlength" not in rendered


def test_the_official_examples_read_as_words():
    lines = {line["label"]: line["text"] for line in wording.example(registry.get("building-units"))}

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


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2101-01-01"])
def test_a_date_of_a_year_that_nobody_means_is_said_in_a_sentence(day):
    sheet = sheet_of(draft("building-units"), recognized_on=day)

    assert sheet.errors() == {"recognized_on": ["日期要在1900年至2100年之间，请核对。"]}


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
    sheet = Questionnaire(records.load(draft("skill-brands")))
    questions = [question for section in sheet.sections([]) for question in section.questions]

    assert {q.field.name: q.limit for q in questions if q.limit} == {"name": 100}
    assert [q.field.name for q in questions if "未规定字数" in q.under] == [
        "advantage_features",
        "advantage_people",
        "advantage_industry",
    ]


def test_questions_are_numbered_through_and_sections_count_what_is_in_order():
    record = draft("skill-brands", direction="", advantage_people="")
    sheet = Questionnaire(records.load(record))

    sections = sheet.sections(rules.problems(sheet.record))

    assert [(s.heading, s.done, s.total) for s in sections] == [
        ("一、品牌项目", 3, 3),
        ("二、品牌优势", 2, 3),
        ("三、归类与联动", 5, 6),
        ("四、情况说明", 0, 0),
    ]
    assert [q.number for s in sections for q in s.questions] == list(range(1, 14))
    assert [s.note for s in sections] == ["", "", "不打印，用于目录筛选", "有提示项时填写"]


def test_what_a_sheet_has_below_its_table_is_asked_below_the_rows():
    sections = Questionnaire(draft("project-training-returns")).sections([])

    assert [s.heading for s in sections] == ["一、统计表", "二、培训项目", "三、表尾", "四、情况说明"]
    assert [q.number for s in sections for q in s.questions] == [1, 2, 3, 4, 5]


# ---- the parent's constraints


def test_a_name_the_bureau_holds_already_is_said_beside_the_name():
    first, second = draft("skill-brands"), draft("skill-brands", name="潍坊风筝品牌（演示）")

    sheet = sheet_of(second, name=first.name, direction="food")

    assert sheet.errors() == {"name": ["本单位已有同名的填报，请换一个名称，或打开已有的那一份。"]}
    stored = store(second, name=first.name, direction="food")
    assert (stored.name, stored.title, stored.direction) == ("潍坊风筝品牌（演示）",) * 2 + ("food",)


def test_a_name_taken_between_check_and_storing_is_refused_in_a_sentence():
    record = draft("skill-brands")
    sheet = sheet_of(record, name="潍坊风筝品牌（演示）")
    assert sheet.errors() == {}
    draft("skill-brands", name="潍坊风筝品牌（演示）")

    with pytest.raises(Refused, match="本单位已有同名的填报"):
        sheet.store(by=filer(), revision=0)

    assert (Filing.objects.get(pk=record.pk).title, Filing.objects.get(pk=record.pk).revision) == (
        record.title,
        0,
    )


def test_another_bureau_may_use_the_same_name():
    first, second = draft("skill-brands"), draft("skill-brands", place=KUIWEN, name="潍坊风筝品牌（演示）")

    assert sheet_of(second, name=first.name).errors() == {}


def test_an_amendment_keeps_the_name_of_what_it_amends():
    published = entry("skill-brands")
    amendment = catalogue.amend(published, by=filer())

    assert sheet_of(amendment, direction="food").errors() == {}


def test_long_text_takes_several_lines_and_short_text_one():
    fields = form_class(registry.get("skill-brands")).base_fields

    assert isinstance(fields["advantage_people"], LongText)
    assert isinstance(fields["advantage_people"].widget, forms.Textarea)
    assert isinstance(fields["name"].widget, forms.TextInput)
