"""The lights on a filing's files, with the measured value each, and what they let through."""

from dataclasses import replace
from io import BytesIO

import pytest

from portal import attachments, drafts, materials, registry, rules, submission, workflow
from portal.examples import example_draft
from portal.models import Attachment
from portal.registry import STAMPED_SCAN
from portal.vocabulary import State
from tests import factories, films
from tests.campaigning import campaign
from tests.factories import filer

KIND = "city-training-brands"
PICTURES = registry.get(KIND).slots["pictures"]
VIDEO = registry.get(KIND).slots["video"]


def put(record, slot: str, content: bytes, name: str) -> Attachment:
    return attachments.add(record, slot, BytesIO(content), name, by=filer(record.region_id))


def bare_draft():
    """Return a draft without the files it needs."""
    record_type = registry.get(KIND)
    return drafts.create(record_type, by=filer(), values=example_draft(record_type)[0])


def said(record) -> list[tuple[str, str, bool]]:
    return [(p.field, p.text, p.needs_explanation) for p in materials.problems(record)]


def of_film(*which: str) -> list[tuple[str, str]]:
    """Return the measured values and states of the lights on one video."""
    path = films.film(*which)
    with path.open("rb") as file:
        found = attachments.media.measure(file, path.stat().st_size, "video", VIDEO.suffixes)
    kept = [Attachment(facts=found.facts)]
    return [(light.measured, light.state) for light in materials.of_slot("video", VIDEO, kept)][1:]


FILMS = {
    "119 s": ((119, "25", "mp4"), [("119秒", "bad"), ("25帧/秒", "ok")]),
    "120 s": ((120, "25", "mov"), [("120秒", "ok"), ("25帧/秒", "ok")]),
    "180 s": ((180, "25", "mp4"), [("180秒", "ok"), ("25帧/秒", "ok")]),
    "181 s": ((181, "30", "mov"), [("181秒", "bad"), ("30帧/秒", "ok")]),
    "24 fps": ((121, "24", "mp4"), [("121秒", "ok"), ("24帧/秒", "bad")]),
    "23.976 fps": ((121, "24000/1001", "mp4"), [("121.037秒", "ok"), ("23.976帧/秒", "bad")]),
    "24.999 fps": ((121, "24999/1000", "mp4"), [("121.004秒", "ok"), ("24.999帧/秒", "bad")]),
    "fragmented": ((120, "25", "mp4", "frag_keyframe", "empty_moov"), [("120秒", "ok"), ("25帧/秒", "ok")]),
}


@pytest.mark.parametrize(("film", "lights"), FILMS.values(), ids=FILMS)
def test_a_video_is_lit_by_its_exact_length_and_rate(film, lights):
    assert of_film(*film) == lights


def test_each_light_on_one_of_several_videos_names_which():
    facts = {"seconds": "150", "fps": "25"}

    lights = list(materials.of_slot("video", VIDEO, [Attachment(facts=facts), Attachment(facts=facts)]))

    assert [light.requirement for light in lights[1:]] == [
        "第1个：时长120至180秒",
        "第1个：不少于25帧/秒",
        "第2个：时长120至180秒",
        "第2个：不少于25帧/秒",
    ]


@pytest.mark.django_db
def test_four_pictures_are_one_too_few_and_five_are_enough():
    record = bare_draft()
    put(record, "video", films.film(120, "25").read_bytes(), "v.mp4")
    for number in range(4):
        put(record, "pictures", films.picture(f"#00{number}000"), f"{number}.jpg")
    four = said(type(record).objects.get(pk=record.pk))

    put(record, "pictures", films.picture("#123456", form="PNG"), "5.png")

    assert four == [("pictures", "图片资料不少于5张，当前4张。", False)]
    assert said(type(record).objects.get(pk=record.pk)) == []


@pytest.mark.django_db
def test_a_draft_without_files_is_told_of_both_slots_with_their_clauses():
    record = bare_draft()

    found = [
        (p.field, p.text, p.clause) for p in rules.problems(record) if p.field in record.record_type.slots
    ]

    assert found == [
        ("pictures", "图片资料不少于5张，当前0张。", PICTURES.clause),
        ("video", "视频素材不少于1个，当前0个。", VIDEO.clause),
    ]


@pytest.mark.django_db
def test_a_video_that_does_not_tell_is_a_warning_that_an_explanation_answers():
    record = factories.draft(KIND)
    attachments.remove(record.attachments.get(slot="video"), by=filer())
    put(record, "video", films.film(120, "25").read_bytes()[:-200], "v.mp4")
    record = type(record).objects.get(pk=record.pk)
    reason = "文件不完整，无法判定时长和帧率；请重新导出或重新上传。"

    found = said(record)

    assert found == [("video", f"视频素材：{reason}确认符合要求的，可在情况说明中写明后提交。", True)]
    lights = [light.word for light in materials.lights(record) if light.slot == "video"]
    assert lights == ["符合", "无法判定", "无法判定"]
    assert [p.field for p in rules.blocking(record)] == ["video"]
    record.explanation = "原片在剪辑机上核对过，时长两分钟。"
    assert rules.blocking(record) == []


@pytest.mark.django_db
def test_of_several_videos_the_wrong_one_is_named_by_its_place():
    record = factories.draft(KIND)
    put(record, "video", films.film(119).read_bytes(), "v.mp4")

    assert said(type(record).objects.get(pk=record.pk)) == [
        ("video", "视频素材（第2个）时长须为120至180秒，当前119秒。", False)
    ]


@pytest.mark.django_db
def test_whether_the_stamped_scan_is_compulsory_is_said_by_the_campaign():
    campaign(kind="skill-brands", needs_scan=True, document_number="演示文〔2026〕9号")
    record = factories.draft("skill-brands")
    missing = [(p.field, p.text, p.clause) for p in rules.blocking(record)]
    with pytest.raises(workflow.Invalid):
        factories.act(record, "submit", filer())

    put(record, STAMPED_SCAN, b"%PDF-1.7\n%%EOF", "盖章.pdf")

    assert missing == [(STAMPED_SCAN, "请上传盖章扫描件：打印报表，加盖公章后扫描。", "演示文〔2026〕9号")]
    assert factories.act(record, "submit", filer()).state == State.CITY_REVIEW


@pytest.mark.django_db
def test_a_zero_report_has_no_form_to_stamp():
    collected = campaign(kind="skill-brands", needs_scan=True)

    sent = submission.report_nothing(
        collected, by=filer(), organisation=factories.bureau(factories.WEIFANG), explanation="本季度没有。"
    )

    assert (sent.state, materials.lights(sent)) == (State.CITY_REVIEW, [])


@pytest.mark.django_db
def test_without_a_campaign_that_asks_nobody_misses_the_scan():
    assert materials.lights(factories.draft("skill-brands")) == []


@pytest.mark.django_db
def test_the_sentence_of_a_slot_says_what_its_own_notice_asks():
    record, slot = bare_draft(), replace(PICTURES, missing="请同时上传Word版（.doc/.docx）材料。")

    lights = list(materials.of_slot("pictures", slot, []))

    assert [(light.sentence, light.state) for light in lights] == [
        ("请同时上传Word版（.doc/.docx）材料。", "bad")
    ]
    assert materials.files(record) == {"pictures": [], "video": [], STAMPED_SCAN: []}


@pytest.mark.django_db
def test_a_file_is_described_in_one_line():
    record = factories.draft(KIND)
    put(record, "pictures", films.located(), "a.jpg")

    lines = [
        materials.measured(record.attachments.filter(slot=slot).last()) for slot in ("pictures", "video")
    ]

    assert lines[0] == "JPG 图片 · 400×200像素 · 2KB"
    assert lines[1].split(" · ")[:1] + lines[1].split(" · ")[2:4] == ["MP4 视频", "120秒", "25帧/秒"]
