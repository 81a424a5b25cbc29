"""What a file really is, told from its content: format, pixels, playing time, frames. Knows no model.

Names, the browser's types and the durations in headers are never believed (OWASP ASVS 5.2.2).
"""

from dataclasses import dataclass, field
from typing import Any, BinaryIO

from portal.media import documents, pictures, video
from portal.media.facts import FORMATS, Format, Undetermined, Unfit, expected, wrong_content

__all__ = ["FORMATS", "HEAD", "Measured", "Undetermined", "Unfit", "expected", "measure", "refuse_by_head"]

HEAD = 4096  # bytes that tell what a file claims to be
ISO_MEDIA = (b"ftyp", b"moov", b"wide", b"mdat", b"skip", b"free")
STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif")  # pictures in the same container
MARKUP = (b"<!doctype", b"<html", b"<script", b"<svg", b"<?xml")
FOREIGN = {
    b"MZ": "Windows 程序",
    b"\x7fELF": "可执行程序",
    b"#!": "脚本",
    b"PK\x03\x04": "压缩包",
    b"Rar!": "压缩包",
    b"7z\xbc\xaf": "压缩包",
    b"GIF8": "GIF 图片",
    b"BM": "BMP 图片",
    b"RIFF": "WebP 图片或 AVI 视频",
    b"{\\rtf": "RTF 文档",
    b"%PDF": "PDF 文件",
    b"\xff\xd8\xff": "JPG 图片",
    b"\x89PNG": "PNG 图片",
    documents.OLE: "旧版 Office 文件",
}


@dataclass(frozen=True)
class Measured:
    """The format of a file, the facts measured in it, and for a picture its copy for display (JPEG)."""

    format: Format
    facts: dict[str, Any]
    display: bytes = field(default=b"", repr=False)


def refuse_by_head(head: bytes, kind: str, suffixes: tuple[str, ...]) -> None:
    """Raise ``Unfit`` when the first bytes say that a file is none of a slot's kind and suffixes."""
    takes = {suffix for suffix in expected(kind, suffixes)}
    if not any(takes & set(FORMATS[name].suffixes) for name in _candidates(head)):
        raise Unfit(wrong_content(_what(head), kind, suffixes))


def measure(file: BinaryIO, size: int, kind: str, suffixes: tuple[str, ...]) -> Measured:
    """Return what the stored ``file`` of ``size`` bytes holds.

    Raises ``Unfit`` with a sentence when it is not of the slot's kind and suffixes, or cannot be decoded.
    What a video does not say is told in its facts under ``undetermined``.
    """
    file.seek(0)
    head = file.read(HEAD)
    refuse_by_head(head, kind, suffixes)
    found = _measured(file, size, _candidates(head))
    if found is None or not set(found.format.suffixes) & set(expected(kind, suffixes)):
        raise Unfit(wrong_content(found.format.label if found else _what(head), kind, suffixes))
    return found


def _candidates(head: bytes) -> tuple[str, ...]:
    if head.startswith(b"\xff\xd8\xff"):
        return ("JPEG",)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ("PNG",)
    if b"%PDF-" in head[:1024]:
        return ("PDF",)
    if head.startswith(documents.OLE):
        return ("DOC",)
    if head.startswith(b"PK\x03\x04"):
        return ("DOCX",)
    is_media = head[4:8] in ISO_MEDIA and head[8:12] not in STILL_BRANDS
    return (("MOV" if head[8:12] == b"qt  " or head[4:8] != b"ftyp" else "MP4"),) if is_media else ()


def _what(head: bytes) -> str:
    """Return what the content is called, empty when nobody knows."""
    if (
        head[:512]
        .lstrip(b"\xef\xbb\xbf \t\r\n")
        .lower()
        .startswith((b"<!doctype", b"<html", b"<script", b"<svg", b"<?xml"))
    ):
        return "网页或脚本"
    return next((name for mark, name in FOREIGN.items() if head.startswith(mark)), "")


def _measured(file: BinaryIO, size: int, candidates: tuple[str, ...]) -> Measured | None:
    name = candidates[0]
    if name in ("JPEG", "PNG"):
        picture = pictures.measure(file)
        facts = {"width": picture.width, "height": picture.height}
        return Measured(FORMATS[picture.format], {"format": picture.format, **facts}, picture.display)
    if name in ("MP4", "MOV"):
        return Measured(FORMATS[name], {"format": name, **_video_facts(file, size)})
    return Measured(FORMATS[name], {"format": name}) if documents.is_whole(file, size, name) else None


def _video_facts(file: BinaryIO, size: int) -> dict[str, Any]:
    """Return the facts of a video as JSON keeps them: seconds and frame rate as exact fractions."""
    try:
        found = video.measure(file, size)
    except Undetermined as reason:
        return {"undetermined": str(reason)}
    numbers = {"width": found.width, "height": found.height, "frames": found.frames}
    return {"seconds": str(found.seconds), "fps": str(found.fps), **numbers}
