"""PDF and Word files by their content; a renamed workbook, installer or archive is none of them."""

import struct
import zipfile
from typing import BinaryIO

from portal.media.facts import Unfit

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORD_STREAM = "WordDocument".encode("utf-16-le")
LOCKED_STREAM = "EncryptedPackage".encode("utf-16-le")
DIRECTORY_END = b"PK\x05\x06"
LONGEST_DIRECTORY = 2**20
CHUNK = 2**20

CUT_OFF = "PDF 文件不完整，没有保存；请重新导出或重新扫描后上传。"
LOCKED = "文件设了打开密码，没有保存；请取消密码后重新上传。"
MACROS = "文件里带有宏，没有保存；请另存为不带宏的 .docx 后重新上传。"


def is_whole(file: BinaryIO, size: int, name: str) -> bool:
    """Say whether ``file`` is a PDF, DOC or DOCX; raise ``Unfit`` when it is one that nobody could open."""
    return {"PDF": _is_pdf, "DOC": _is_doc, "DOCX": _is_docx}[name](file, size)


def _is_pdf(file: BinaryIO, size: int) -> bool:
    file.seek(max(0, size - 2048))
    if b"%%EOF" not in file.read(2048):
        raise Unfit(CUT_OFF)
    return True


def _is_doc(file: BinaryIO, size: int) -> bool:
    """Installers and old workbooks share the container: only the Word stream tells."""
    names = _found(file, (WORD_STREAM, LOCKED_STREAM))
    if LOCKED_STREAM in names:
        raise Unfit(LOCKED)
    return WORD_STREAM in names


def _found(file: BinaryIO, marks: tuple[bytes, ...]) -> set[bytes]:
    file.seek(0)
    tail, found = b"", set()
    while chunk := file.read(CHUNK):
        found |= {mark for mark in marks if mark in tail + chunk}
        tail = chunk[-64:]
    return found


def _is_docx(file: BinaryIO, size: int) -> bool:
    """Read the list of members only, and that only when it is as short as that of any letter."""
    if not _has_short_directory(file, size):
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            members = {member.filename.lower() for member in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError):
        return False
    if any("vbaproject" in member for member in members):
        raise Unfit(MACROS)
    return {"[content_types].xml", "word/document.xml"} <= members


def _has_short_directory(file: BinaryIO, size: int) -> bool:
    file.seek(max(0, size - 22 - 2**16))
    tail = file.read()
    at = tail.rfind(DIRECTORY_END)
    if at < 0 or len(tail) - at < 22 or b"PK\x06\x07" in tail:
        return False
    return struct.unpack_from("<I", tail, at + 12)[0] <= LONGEST_DIRECTORY
