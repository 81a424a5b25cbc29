"""A ready archive: every file finds its slot by content and is told of; no archive is one sentence."""

import struct
import zipfile
import zlib
from io import BytesIO

import pytest
from django.urls import reverse

from portal import archives, attachments
from portal.archives import Result
from portal.examples import FILES
from portal.media import archive_child
from portal.models import Attachment, Filing
from portal.registry import STAMPED_SCAN
from portal.workflow import Refused
from tests import factories, films
from tests.factories import filer, sign_in
from tests.test_attachments import in_rows, on_disk, pdf
from tests.test_materials import bare_draft

pytestmark = pytest.mark.django_db


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return written.getvalue()


def unpack(record: Filing, archive: bytes, by=None) -> list[Result]:
    return archives.unpack(record, BytesIO(archive), by=by or filer())


def refusal(record: Filing, archive: bytes) -> str:
    with pytest.raises(Refused) as caught:
        unpack(record, archive)
    return str(caught.value)


@pytest.fixture
def draft() -> Filing:
    return bare_draft()


def pictures(number: int) -> dict[str, bytes]:
    return {f"图片/{one}.jpg": films.picture(size=(300 + one, 200)) for one in range(number)}


def test_every_file_goes_to_the_slot_that_takes_its_content(draft):
    parts = {
        **pictures(5),
        "视频/成片.MP4": (FILES / "video.mp4").read_bytes(),
        "盖章.pdf": pdf(),
        "情况表.docx": (FILES / "notice.docx").read_bytes(),
        "程序.jpg": b"MZ\x90\0" + bytes(60),
        "__MACOSX/._1.jpg": b"x",
        "图片/Thumbs.db": b"x",
    }

    results = unpack(draft, packed(parts))

    assert results == [
        *(Result(f"{one}.jpg", "图片资料") for one in range(5)),
        Result("成片.MP4", "视频素材"),
        Result("盖章.pdf", "盖章扫描件"),
        Result("情况表.docx", refusal=archives.NO_PLACE),
        Result("程序.jpg", refusal=archives.NO_PLACE),
    ]
    assert [(a.slot, a.name) for a in draft.attachments.order_by("pk")] == [
        *(("pictures", f"{one}.jpg") for one in range(5)),
        ("video", "成片.MP4"),
        (STAMPED_SCAN, "盖章.pdf"),
    ]
    assert on_disk() == in_rows()


def test_what_the_slots_refuse_is_refused_in_an_archive_too(draft):
    parts = {"1.jpg": films.picture(), "2.jpg": films.picture(), "3.png": films.huge_png(13_000)}

    said = [result.refusal for result in unpack(draft, packed(parts, zipfile.ZIP_STORED))]

    assert said == [
        "",
        attachments.TWICE,
        "图片有169百万像素，超过60百万像素的上限，没有保存；请缩小后重新上传。",
    ]


def test_a_name_leads_nowhere_but_into_the_list(draft):
    parts = {"../../../etc/a.jpg": films.picture("#112233"), "/etc/b.jpg": films.picture("#DDEEFF")}

    results = unpack(draft, packed(parts))

    assert [(result.name, result.place) for result in results] == [
        ("a.jpg", "图片资料"),
        ("b.jpg", "图片资料"),
    ]
    assert on_disk() == in_rows()


def test_names_are_read_as_gbk_and_as_utf_8(draft):
    gbk = "图片.jpg".encode("gb18030")
    utf = "图片.jpg".encode()
    archives_of = [
        packed({"x" * len(raw): films.picture(size=(len(raw), 9))}).replace(b"x" * len(raw), raw)
        for raw in (gbk, utf)
    ]

    assert [unpack(draft, archive)[0].name for archive in archives_of] == ["图片.jpg"] * 2


def encrypted() -> bytes:
    data = bytearray(packed({"a.jpg": films.picture()}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


def lying_size() -> bytes:
    """Return an archive whose list says that its one file has 3 GB."""
    data = bytearray(packed({"a.jpg": films.picture()}))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 3 * 2**30)
    return bytes(data)


WHOLE = {
    "no archive": (b"Rar!\x1a\x07" + bytes(90), archive_child.BROKEN),
    "nothing": (b"", archive_child.BROKEN),
    "cut off": (packed({"a.jpg": films.picture()})[:-30], archive_child.BROKEN),
    "with a password": (encrypted(), archive_child.LOCKED),
    "empty": (packed({}), archive_child.NOTHING),
    "only folders": (packed({"图片/": b""}), archive_child.NOTHING),
    "too many files": (packed({f"{n}.jpg": b"x" for n in range(101)}), archive_child.TOO_MANY),
    "a bomb": (packed({"a.jpg": bytes(50 * 2**20)}), archive_child.BOMB),
    "more than there is room for": (lying_size(), archive_child.BOMB),
}


@pytest.mark.parametrize(("archive", "sentence"), WHOLE.values(), ids=WHOLE)
def test_what_is_no_archive_to_read_is_one_sentence_and_keeps_nothing(draft, archive, sentence):
    assert refusal(draft, archive) == sentence
    assert (Attachment.objects.count(), on_disk()) == (0, set())


def test_an_archive_in_the_archive_is_not_opened(draft):
    inner = packed(pictures(2))

    assert unpack(draft, packed({"内层.zip": inner})) == [Result("内层.zip", refusal=archives.NO_PLACE)]


def test_a_file_that_is_broken_inside_is_refused_and_the_others_are_kept(draft):
    good, bad = films.picture("#111111"), films.picture("#222222", size=(640, 480))
    archive = packed({"好.jpg": good, "坏.jpg": bad}, zipfile.ZIP_STORED)
    at = archive.index(bad) + len(bad) // 2
    broken = archive[:at] + bytes([archive[at] ^ 0xFF]) + archive[at + 1 :]

    results = unpack(draft, broken)

    assert zlib.crc32(bad) != zlib.crc32(broken[archive.index(bad) :][: len(bad)])
    assert results == [
        Result("好.jpg", "图片资料"),
        Result("坏.jpg", refusal="压缩包里的这个文件已损坏，没有保存；请重新压缩后上传。"),
    ]
    assert on_disk() == in_rows()


def test_another_bureau_unpacks_nothing(draft):
    with pytest.raises(Refused, match=attachments.NOT_YOURS):
        unpack(draft, packed(pictures(1)), by=filer("3708"))


NAMES = {
    "潍坊市+{}+{}{}.zip": True,
    "潍坊市人力资源和社会保障局+{}+{}{}.zip": True,
    "潍坊市＋{}＋{}{}.ZIP": True,
    "潍坊市 + {} + {}{}.zip": True,
    "济南市+{}+{}{}.zip": False,
    "素材.zip": False,
}


@pytest.mark.parametrize(("name", "fits"), NAMES.items(), ids=NAMES)
def test_the_name_of_an_archive_is_held_against_the_one_the_notice_wants(draft, name, fits):
    given = name.format(draft.name, draft.contact_name, draft.contact_phone)

    warning = archives.name_warning(draft, given)

    assert warning == ("" if fits else archives.OTHER_NAME.format(draft.archive_name()))


def test_a_form_without_a_prescribed_name_wants_none():
    assert archives.name_warning(factories.draft("skill-brands"), "素材.zip") == ""


def test_the_page_lists_what_became_of_each_file(client, draft):
    sign_in(client, filer())
    sent = BytesIO(packed({**pictures(2), "程序.exe": b"MZ" + bytes(60)}))
    sent.name = "素材.zip"

    answer = client.post(reverse("filing-archive", args=[draft.pk]), {"file": sent})

    page = answer.content.decode()
    assert answer.context["notice"].startswith("已从压缩包保存2个文件，1个没有保存。")
    assert [line in page for line in ("0.jpg：已存入“图片资料”。", f"程序.exe：{archives.NO_PLACE}")] == [
        True
    ] * 2


def test_a_script_gets_the_same_as_lines(client, draft):
    sign_in(client, filer())
    url = reverse("filing-archive", args=[draft.pk])

    answer = client.put(
        url, packed(pictures(1)), headers={"X-File-Name": "a.zip"}, content_type="application/zip"
    )

    assert (answer.status_code, answer.json()) == (
        201,
        {
            "message": "已从压缩包保存1个文件，0个没有保存。",
            "lines": [archives.OTHER_NAME.format(draft.archive_name()), "0.jpg：已存入图片资料。"],
        },
    )
