"""附件1 of the quality year, both ways: its blank form, what is printed, what cities send back, one limit."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from brands.models import CITY_TRAINING_FORM, CityTrainingBrand
from portal import attachments, drafts, importing, questionnaire, registry, rules, snapshot
from portal.documents import blank_form, form_docx, printed_form
from portal.importing import CellError, read_file
from portal.questionnaire import Questionnaire
from portal.sandbox import read_tables
from portal.vocabulary import State
from tests import factories
from tests import made_files as made
from tests.made_files import WIDE
from tests.programs import converted

pytestmark = pytest.mark.django_db
TYPE = registry.get("city-training-brands")
# The words of 附件1 as the notice prints them (鲁人社字〔2021〕32号).
TITLE = "“一市一品牌”建设情况一览表"
MATERIALS = (
    "1.图片资料。不少于5张，能够体现品牌特色、反映培训实际，要求为JPG、JPEG或PNG格式原图，画面清晰。\n"
    "2.视频素材。相关宣传片、纪录片、采访报道视频片段等，MP4或MOV格式，时长2-3分钟，不少于25帧/秒，"
    "要求高清原片、无字幕、无水印、无抖动，画面背景文字材料一并报送。\n"
    "3.文字材料。宣传稿件800字以内，以典型案例为主，要求真实、生动，具有代表性和可推广性。\n"
    "4.以上材料请以压缩包形式统一报送，命名格式为“地区或单位+品牌名称+联系人联系方式”。"
)
NAME, PLACE = "品牌名称", "报送市"
FEATURES, EXPERIENCE, CASE = "品牌特色（300字以内）", "经验做法（500字以内）", "典型案例（500字以内）"
ASKED, CONTACT, PHONE = "宣传素材", "联系人", "联系电话"
FILLED = {
    "name": "潍坊风筝扎制培训品牌",
    "place": "潍坊市",
    "features": "第一段。\n第二段。",
    "experience": "典型案例：工学一体，结业即上岗。",
    "case_story": "学员在家门口就业。",
    "contact_name": "演示联系人",
    "contact_phone": "00000000000",
}
LACKING = ["“宣传稿件”没有填写，导入后须补填才能提交。"]
OVER = "品牌特色已超出300字（当前301字）。"


def official(**changes) -> list[list]:
    """Return the table of the annex, filled in as a city does in Word."""
    said = {**FILLED, "asked": MATERIALS, **changes}
    return [
        [NAME, said["name"], PLACE, said["place"]],
        [(f"{FEATURES}\n{said['features']}", WIDE, 4)],
        [(f"{EXPERIENCE}\n{said['experience']}", WIDE, 4)],
        [(f"{CASE}\n{said['case_story']}", WIDE, 4)],
        [ASKED, (said["asked"], WIDE, 3)],
        [CONTACT, said["contact_name"], PHONE, said["contact_phone"]],
    ]


def read(*tables: list[list], by=None) -> importing.Reading:
    return read_file(made.docx("附件1", TITLE, *tables), "一览表.docx", TYPE, by or factories.filer())


def outcome(reading: importing.Reading) -> tuple:
    return [draft.values for draft in reading.records], reading.errors, reading.warnings


VALUES = {name: value for name, value in FILLED.items() if name != "place"}


# -- printed


def test_the_blank_form_is_the_annex_of_the_notice_label_by_label():
    (table,) = read_tables(form_docx(blank_form(TYPE)), ".docx")

    assert table.before == ["附件1", TITLE]
    assert [[table.text(row, column) for column in range(4)] for row in range(6)] == [
        [NAME, "", PLACE, ""],
        [FEATURES] * 4,
        [EXPERIENCE] * 4,
        [CASE] * 4,
        [ASKED, *[MATERIALS] * 3],
        [CONTACT, "", PHONE, ""],
    ]


def test_a_filing_stands_in_the_annex_and_its_texts_and_declarations_below():
    form, below = read_tables(form_docx(printed_form(factories.draft(TYPE))), ".docx")

    example = TYPE.example
    assert form.rows[0] == [NAME, example["name"], PLACE, "潍坊市"]
    assert form.text(1, 0) == f"{FEATURES}\n{example['features']}"
    assert form.rows[5] == [CONTACT, example["contact_name"], PHONE, example["contact_phone"]]
    assert [row[0] for row in below.rows] == list(CITY_TRAINING_FORM.appended)
    assert [row[1] for row in below.rows[1:]] == [example["background_text"], "是", "是", "是"]


# -- read


LAYOUTS = {
    "as the annex": [official()],
    "with a space behind the label": [
        [
            *official()[:1],
            [(f"{FEATURES}　{FILLED['features']}", WIDE, 4)],
            [(f"{EXPERIENCE}：{FILLED['experience']}", WIDE, 4)],
            [(f"{CASE}:\n{FILLED['case_story']}", WIDE, 4)],
            *official()[4:],
        ]
    ],
    "with the text in a row below its label": [
        [
            *official()[:1],
            *([(words, WIDE, 4)] for words in (FEATURES, FILLED["features"])),
            *([(words, WIDE, 4)] for words in (EXPERIENCE, FILLED["experience"].removeprefix("典型案例："))),
            *([(words, WIDE, 4)] for words in (CASE, FILLED["case_story"])),
            *official()[4:],
        ]
    ],
    "with the text beside its label": [
        [
            *official()[:1],
            ["品牌 特色", (FILLED["features"], WIDE, 3)],
            ["2.经验做法（500字）", (FILLED["experience"], WIDE, 3)],
            ["典型案例", (FILLED["case_story"], WIDE, 3)],
            *official()[4:],
        ]
    ],
    "without the row that asks for the materials": [official()[:4] + official()[5:]],
    "over two tables": [official()[:3], official()[3:]],
    "with the numbered requests in one paragraph": [official(asked=MATERIALS.replace("\n", ""))],
    "with the city written short": [official(place="潍坊")],
    "with the bureau for the city": [official(place="潍坊市人社局")],
}


@pytest.mark.parametrize("tables", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_what_a_city_makes_of_the_annex_is_read(tables):
    values, errors, warnings = outcome(read(*tables))

    told = [{**value, "experience": value["experience"].removeprefix("典型案例：")} for value in values]
    assert told == [{**VALUES, "experience": "工学一体，结业即上岗。"}]
    assert (errors, warnings) == ([], LACKING)


def test_words_added_to_the_requests_are_named_and_not_taken_for_an_answer():
    values, errors, warnings = outcome(read(official(asked=f"{MATERIALS}\n图片6张，视频1个。")))

    assert (values, errors) == ([VALUES], [])
    assert warnings == [
        *LACKING,
        "“宣传素材”一栏写的是附件印好的要求，另写在那里的文字没有读取；请打开草稿，填到相应的栏目或作为附件上传。",
    ]


def test_another_city_is_refused_and_a_form_without_city_is_taken_as_ones_own():
    other, unsaid = read(official(place="济南市")), read(official(place=""))

    assert other.errors == [
        CellError(
            "表1", 1, PLACE, "济南市", "报送市写的是“济南市”，与您的单位“潍坊市人力资源和社会保障局”不一致。"
        )
    ]
    assert unsaid.errors == []
    assert unsaid.warnings == ["第1份表没有写报送市，按“潍坊市人力资源和社会保障局”读取。", *LACKING]


def test_a_county_may_name_its_city_in_the_form():
    reading = read(official(), by=factories.filer(factories.KUIWEN))

    assert (reading.errors, reading.organisation) == ([], factories.bureau(factories.KUIWEN))


def test_every_fault_is_told_at_once_with_its_place():
    faulty = official(name="", features="字" * 301, case_story="字" * 501)[:5]

    assert read(faulty).errors == [
        CellError("表1", 1, CONTACT, "", "第1份表：没有找到“联系人”一栏，请使用附件原表填写。"),
        CellError("表1", 1, PHONE, "", "第1份表：没有找到“联系电话”一栏，请使用附件原表填写。"),
        CellError("表1", 1, NAME, "", "“品牌名称”没有填写。"),
        CellError("表1", 2, FEATURES, "字" * 301, OVER),
        CellError("表1", 4, CASE, "字" * 501, "典型案例已超出500字（当前501字）。"),
    ]


def test_several_brands_of_a_city_come_in_one_file():
    reading = read(official(), official(name="第二个品牌"))

    assert [draft.title for draft in reading.records] == [FILLED["name"], "第二个品牌"]
    assert reading.errors == []


# -- both ways


@pytest.fixture
def printed():
    """The form of a filing in Word and what it holds but its files; the filing itself is out of the way."""
    record = factories.draft(TYPE, features="第一段。\n第二段，含“引号”与（括号）。", is_steady=False)
    written = snapshot.take(record) | {"files": []}
    document = form_docx(printed_form(record))
    factories.act(record, "cancel", factories.filer())
    return document, written


def test_what_is_printed_is_read_back_as_the_same_filing(printed):
    document, written = printed

    reading = read_file(document, "一览表.docx", TYPE, factories.filer())
    (again,) = importing.commit(reading, factories.filer())

    assert (reading.errors, reading.warnings) == ([], [])
    assert snapshot.take(again) == written


def test_a_form_saved_anew_by_another_office_program_is_the_same_filing(printed, tmp_path):
    document, written = printed
    (tmp_path / "form.docx").write_bytes(document)
    out = tmp_path / "saved"
    converted(tmp_path / "form.docx", out, "docx:MS Word 2007 XML")

    reading = read_file((out / "form.docx").read_bytes(), "一览表.docx", TYPE, factories.filer())
    (again,) = importing.commit(reading, factories.filer())

    assert (reading.errors, reading.warnings) == ([], [])
    assert snapshot.take(again) == written


# -- one limit


def test_three_hundred_characters_pass_and_blanks_are_not_counted():
    record = factories.draft(TYPE, features="字 \n" * 299 + "（")

    assert [p.text for p in rules.problems(record) if p.field == "features"] == []


def test_the_rule_the_page_and_the_import_say_one_sentence():
    record = factories.draft(TYPE, features="字" * 301)
    client = Client()
    client.force_login(factories.filer())

    page = client.get(reverse("filing-edit", args=[record.pk])).content.decode()

    beside = re.search(r'data-portal-over="id_features"[^>]*>([^<]*)<', page)[1]
    assert [p.text for p in rules.problems(record) if p.field == "features"] == [OVER]
    assert [error.message for error in read(official(features="字" * 301)).errors] == [OVER]
    assert beside == OVER


@pytest.mark.django_db(transaction=True)
def test_the_browser_says_it_while_it_is_typed(page, client, live_server):
    record = factories.draft(TYPE)
    client.force_login(factories.filer())
    session = client.cookies["session"].value
    page.context.add_cookies([{"name": "session", "value": session, "url": live_server.url}])
    page.goto(reverse("filing-edit", args=[record.pk]))
    line = page.locator("[data-portal-over=id_features]")

    page.get_by_label("品牌特色").fill("字 " * 300)
    assert line.is_visible() is False
    page.get_by_label("品牌特色").fill("字 " * 301)

    assert line.inner_text() == OVER


# -- the road


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"background_text": ""}, [("background_text", "有视频素材的，请填写画面背景文字材料。")]),
        ({"no_subtitles": False}, [("no_subtitles", "有视频素材的，请确认“视频无字幕”。")]),
        ({"no_watermark": False}, [("no_watermark", "有视频素材的，请确认“视频无水印”。")]),
        ({"is_steady": False}, [("is_steady", "有视频素材的，请确认“视频无抖动”。")]),
    ],
)
def test_a_video_needs_its_background_in_words_and_three_declarations(changes, told):
    found = rules.problems(factories.draft(TYPE, **changes))

    assert [(p.field, p.text) for p in found] == told
    assert {p.clause for p in found} == {"鲁人社字〔2021〕32号 附件1 宣传素材2"}


def test_without_a_video_only_the_video_is_asked_for():
    record = factories.draft(TYPE, background_text="", no_subtitles=False)
    (video,) = record.attachments.filter(slot="video")
    attachments.remove(video, by=factories.filer())

    assert [p.text for p in rules.problems(record)] == ["视频素材不少于1个，当前0个。"]


def test_four_pictures_are_too_few():
    record = factories.draft(TYPE)
    attachments.remove(record.attachments.filter(slot="pictures").first(), by=factories.filer())

    assert [(p.field, p.text) for p in rules.problems(record)] == [
        ("pictures", "图片资料不少于5张，当前4张。")
    ]


def test_a_city_training_brand_has_the_name_of_its_archive():
    record = factories.draft(TYPE, name="风筝", contact_name="某某", contact_phone="0536-0000000")

    assert record.archive_name() == "潍坊市+风筝+某某0536-0000000"


def test_an_approved_brand_may_be_published_without_its_contact():
    approved = factories.approved(TYPE)

    entry = factories.publish(approved)

    page = Client().get(reverse("catalogue-entry", args=[TYPE.slug, entry.code])).content.decode()
    assert (approved.state, entry.code) == (State.APPROVED, "CB-3707-0001")
    assert [word for word in (approved.contact_name, approved.contact_phone) if word in page] == []


def test_the_model_is_found_where_it_was():
    assert CityTrainingBrand.record_type is TYPE
    assert drafts.filing_organisations(factories.filer(factories.KUIWEN), TYPE) == [
        factories.bureau(factories.KUIWEN)
    ]


def test_what_is_handed_in_with_the_form_is_not_said_to_be_left_unprinted():
    sections = Questionnaire(questionnaire.load(factories.draft(TYPE))).sections([])

    assert [section.note for section in sections] == ["", "", "", "有提示项时填写"]


def test_its_public_page_has_no_columns_of_what_is_learnt_and_examined(client):
    entry = factories.entry(TYPE)

    page = client.get(reverse("catalogue-entry", args=[TYPE.slug, entry.code]))

    assert page.context["columns"] == []
    assert "从哪里学" not in page.content.decode()
