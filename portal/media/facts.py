"""The formats that are taken, by the names people know them by, and the two ways in which a file fails."""

from dataclasses import dataclass


class Unfit(Exception):
    """The file is not taken; the text is one sentence for the person who sent it."""


class Undetermined(Exception):
    """The file does not say what was asked; the text is the sentence for the filer."""


@dataclass(frozen=True)
class Format:
    """One file format: what people call it, its suffixes and its media type."""

    label: str
    kind: str
    suffixes: tuple[str, ...]
    media_type: str


_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FORMATS = {
    "JPEG": Format("JPG 图片", "image", ("jpg", "jpeg"), "image/jpeg"),
    "PNG": Format("PNG 图片", "image", ("png",), "image/png"),
    "MP4": Format("MP4 视频", "video", ("mp4",), "video/mp4"),
    "MOV": Format("MOV 视频", "video", ("mov",), "video/quicktime"),
    "PDF": Format("PDF 文件", "document", ("pdf",), "application/pdf"),
    "DOC": Format("DOC 文件", "document", ("doc",), "application/msword"),
    "DOCX": Format("DOCX 文件", "document", ("docx",), _WORD),
}
KINDS = {"image": "图片", "video": "视频", "document": "文件"}


def expected(kind: str, suffixes: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the suffixes a slot takes; a slot that names none takes all of its kind."""
    return suffixes or tuple(s for form in FORMATS.values() if form.kind == kind for s in form.suffixes)


def wrong_content(found: str, kind: str, suffixes: tuple[str, ...]) -> str:
    """Return the sentence for a file whose content is ``found`` (empty: unknown) instead of what is taken."""
    names = "、".join(suffix.upper() for suffix in expected(kind, suffixes))
    wanted = f"{KINDS[kind]}（{names}）"
    said = f"文件内容是{found}，不是" if found else "文件内容不是"
    return f"{said}{wanted}，没有保存；请选择{wanted}后重新上传。"
