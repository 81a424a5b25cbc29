"""What a file really is: real videos against ffprobe, pictures, documents, and what only claims."""

import struct
import zipfile
from fractions import Fraction
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from portal import media
from portal.examples import FILES
from portal.media import documents, picture_child, video
from tests import films

VIDEO = ("video", ("mp4", "mov"))
IMAGE = ("image", ("jpg", "jpeg", "png"))
SCAN = ("document", ("pdf", "jpg", "jpeg", "png"))
WORD = ("document", ("doc", "docx"))


def measured(data: bytes, place: tuple) -> media.Measured:
    with (films.folder() / "measured").open("wb+") as file:
        file.write(data)
        file.flush()
        return media.measure(file, len(data), *place)


def refusal(data: bytes, place: tuple) -> str:
    with pytest.raises(media.Unfit) as caught:
        measured(data, place)
    return str(caught.value)


REAL = {
    "119 s": (119, "25", "mp4"),
    "120 s": (120, "25", "mov"),
    "180 s": (180, "25", "mp4"),
    "181 s": (181, "30", "mov"),
    "24 fps": (121, "24", "mp4"),
    "23.976 fps": (121, "24000/1001", "mp4"),
    "29.97 fps": (120, "30000/1001", "mov"),
    "fragmented": (120, "25", "mp4", "frag_keyframe", "empty_moov", "default_base_moof"),
    "fragmented at 24": (121, "24", "mov", "frag_keyframe", "empty_moov"),
    "header first": (120, "25", "mp4", "faststart"),
}


@pytest.mark.parametrize("which", REAL.values(), ids=REAL)
def test_a_video_is_measured_as_ffprobe_counts_it(which):
    path = films.film(*which)
    oracle = films.probed(path)

    facts = measured(path.read_bytes(), VIDEO).facts

    frames, rate = int(oracle["nb_read_frames"]), Fraction(which[1])
    assert facts == {
        "format": which[2].upper(),
        "seconds": str(Fraction(frames) / rate),
        "fps": str(rate),
        "width": int(oracle["width"]),
        "height": int(oracle["height"]),
        "frames": frames,
    }
    assert Fraction(oracle["r_frame_rate"]) == rate


def test_a_header_that_lies_is_not_believed():
    data = films.lying(films.film(119))
    path = films.folder() / "lying.mp4"
    path.write_bytes(data)

    facts = measured(data, VIDEO).facts

    assert float(films.probed(path)["container"]) == films.CLAIMED
    assert (facts["seconds"], facts["frames"]) == ("119", 2975)


def test_a_table_that_counts_more_frames_than_there_are_is_undetermined():
    data = bytearray(films.film(119).read_bytes())
    at = data.index(b"stts") + 4
    struct.pack_into(">I", data, at + 8, 3750)

    assert measured(bytes(data), VIDEO).facts == {"format": "MP4", "undetermined": video.INCOMPLETE}


CUT = {
    "the second half is missing": lambda data: data[: len(data) // 2],
    "the last tenth is missing": lambda data: data[: -len(data) // 10],
    "the last byte is missing": lambda data: data[:-1],
    "only the first box is there": lambda data: data[:40],
}


@pytest.mark.parametrize("flags", [(), ("faststart",)], ids=["header last", "header first"])
@pytest.mark.parametrize("cut", CUT.values(), ids=CUT)
def test_a_video_that_is_cut_off_is_undetermined_in_words(cut, flags):
    data = cut(films.film(120, "25", "mp4", *flags).read_bytes())

    assert measured(data, VIDEO).facts == {"format": "MP4", "undetermined": video.INCOMPLETE}


def test_a_file_of_sound_alone_is_no_video():
    assert refusal(films.sound(), VIDEO) == video.NO_PICTURE


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_the_bytes_are_there_is_an_answer(data):
    good = (FILES / "video.mp4").read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    bad = (
        good[:at] + data.draw(st.binary(min_size=1, max_size=16)) + good[at + data.draw(st.integers(0, 16)) :]
    )

    try:
        found = video.measure(BytesIO(bad), len(bad))
    except (media.Undetermined, media.Unfit) as answer:
        found = str(answer)

    assert isinstance(found, video.Video) or found in (video.INCOMPLETE, video.SILENT, video.NO_PICTURE)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_a_file_of_noise_is_refused_or_undetermined(noise):
    data = b"\0\0\0\x14ftypisom\0\0\0\0isom" + noise

    with pytest.raises((media.Undetermined, media.Unfit)):
        video.measure(BytesIO(data), len(data))


def test_a_picture_has_a_copy_for_display_of_at_most_1600_pixels():
    found = measured(films.picture(size=(3200, 1200)), IMAGE)

    with Image.open(BytesIO(found.display)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (1600, 600))
    assert (found.format.media_type, found.facts) == (
        "image/jpeg",
        {"format": "JPEG", "width": 3200, "height": 1200},
    )


def test_place_maker_and_comment_stay_out_of_the_copy_for_display():
    original = films.located()

    found = measured(original, IMAGE)

    assert [mark in original for mark in (b"PHONEMAKER", b"SECRETCOMMENT", b"Exif")] == [True] * 3
    assert [mark in found.display for mark in (b"PHONEMAKER", b"SECRETCOMMENT", b"Exif")] == [False] * 3
    with Image.open(BytesIO(found.display)) as shown:
        assert (dict(shown.getexif()), shown.info.get("comment"), shown.info.get("icc_profile")) == (
            {},
            None,
            None,
        )


def test_a_picture_taken_upright_is_shown_upright():
    found = measured(films.located(turned=6), IMAGE)

    with Image.open(BytesIO(found.display)) as shown:
        assert shown.size == (200, 400)
    assert (found.facts["width"], found.facts["height"]) == (200, 400)


def test_what_can_be_seen_through_is_shown_on_white():
    written = BytesIO()
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(written, "PNG")

    found = measured(written.getvalue(), IMAGE)

    with Image.open(BytesIO(found.display)) as shown:
        assert shown.getpixel((20, 15)) == (255, 255, 255)


def test_169_megapixels_are_refused_before_anything_is_decoded():
    bomb = films.huge_png(13_000)

    assert len(bomb) < 100_000
    assert refusal(bomb, IMAGE) == "图片有169百万像素，超过60百万像素的上限，没有保存；请缩小后重新上传。"


def test_a_picture_that_is_cut_off_is_refused():
    assert refusal(films.picture(size=(900, 900))[:2000], IMAGE) == picture_child.BROKEN


def stored(*members: str) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    return written.getvalue()


def old_office(stream: str) -> bytes:
    return (
        documents.OLE
        + bytes(504)
        + "Root Entry".encode("utf-16-le")
        + bytes(108)
        + stream.encode("utf-16-le")
    )


GIF = (
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
)
PICTURES = "图片（JPG、JPEG、PNG），没有保存；请选择图片（JPG、JPEG、PNG）后重新上传。"
LETTERS = "文件（DOC、DOCX），没有保存；请选择文件（DOC、DOCX）后重新上传。"
FILMS = "视频（MP4、MOV），没有保存；请选择视频（MP4、MOV）后重新上传。"
OTHERS = {
    "a Windows program": (b"MZ\x90\0" + bytes(60), IMAGE, f"文件内容是Windows 程序，不是{PICTURES}"),
    "a Linux program": (b"\x7fELF" + bytes(60), VIDEO, f"文件内容是可执行程序，不是{FILMS}"),
    "a script": (b"#!/bin/sh\nrm -rf /\n", WORD, f"文件内容是脚本，不是{LETTERS}"),
    "a page": (b"\xef\xbb\xbf <!DOCTYPE html><script>", IMAGE, f"文件内容是网页或脚本，不是{PICTURES}"),
    "a drawing that may hold a script": (b"<svg xmlns=''/>", IMAGE, f"文件内容是网页或脚本，不是{PICTURES}"),
    "a GIF": (GIF, IMAGE, f"文件内容是GIF 图片，不是{PICTURES}"),
    "a still picture in the container of videos": (
        b"\0\0\0\x18ftypheic" + bytes(40),
        VIDEO,
        f"文件内容不是{FILMS}",
    ),
    "a picture for a video": (films.picture(), VIDEO, f"文件内容是JPG 图片，不是{FILMS}"),
    "a PDF for a letter": (b"%PDF-1.7\n%%EOF", WORD, f"文件内容是PDF 文件，不是{LETTERS}"),
    "an archive for a letter": (stored("a.txt"), WORD, f"文件内容是压缩包，不是{LETTERS}"),
    "a workbook for a letter": (
        stored("[Content_Types].xml", "xl/workbook.xml"),
        WORD,
        f"文件内容是压缩包，不是{LETTERS}",
    ),
    "an old workbook for a letter": (
        old_office("Workbook"),
        WORD,
        f"文件内容是旧版 Office 文件，不是{LETTERS}",
    ),
    "nothing known": (bytes(100), WORD, f"文件内容不是{LETTERS}"),
    "a letter with macros": (
        stored("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        WORD,
        documents.MACROS,
    ),
    "a letter with a password": (old_office("EncryptedPackage"), WORD, documents.LOCKED),
    "a PDF that is cut off": (b"%PDF-1.7\n" + bytes(4000), SCAN, documents.CUT_OFF),
}


@pytest.mark.parametrize(("data", "place", "sentence"), OTHERS.values(), ids=OTHERS)
def test_what_it_is_not_is_refused_by_the_name_of_what_was_expected(data, place, sentence):
    assert refusal(data, place) == sentence


def test_letters_and_scans_are_known_by_their_content():
    letters = {name: (FILES / name).read_bytes() for name in ("notice.docx", "scan.pdf")}

    found = [
        measured(letters["notice.docx"], WORD).facts,
        measured(letters["scan.pdf"], SCAN).facts,
        measured(old_office("WordDocument"), WORD).facts,
        measured(films.picture(form="PNG"), SCAN).facts["format"],
    ]

    assert found == [{"format": "DOCX"}, {"format": "PDF"}, {"format": "DOC"}, "PNG"]


def test_an_endless_list_of_members_is_not_read():
    letter = (FILES / "notice.docx").read_bytes()
    at = letter.rindex(documents.DIRECTORY_END)
    longer = letter[: at + 12] + struct.pack("<I", 2**21) + letter[at + 16 :]

    assert refusal(longer, WORD) == f"文件内容是压缩包，不是{LETTERS}"
