"""Making the zip: papers first, then the attachments chunk by chunk, the receipt of all of it last."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO

from django.conf import settings

from portal import documents, exports
from portal.models import Attachment, User
from portal.package.archive import Archive, Entry
from portal.package.contents import Contents, Item
from portal.package.letter import letter
from portal.package.names import Names, fitted, safe
from portal.package.notice import ATTACHED, BY_BUREAU, FORMS, LETTER, OVERVIEW, RECEIPT, why_not
from portal.package.receipt import receipt
from portal.registry import RecordType
from portal.workflow import Refused

ARCHIVE_BYTES, FOLDER_BYTES, SLOT_BYTES = 200, 90, 60
ROOM = len("(99).zip")  # kept free, so that a number never cuts the telephone number off
PACKED = ("image/", "video/")
_KEPT = "没有生成材料包；已提交的内容不受影响，请联系系统管理员。"
FILE_GONE = "“{title}”的附件“{name}”在存储中找不到，" + _KEPT
FILE_CHANGED = "“{title}”的附件“{name}”与提交时不一致，" + _KEPT


def scratch() -> BinaryIO:
    """Return a nameless file on disk that is gone when closed; the zip is never held in memory."""
    return tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)


def write(contents: Contents, target: BinaryIO, *, by: User, at: datetime, base: str = "") -> list[Entry]:
    """Write the package to ``target`` and return what is in it, the receipt last.

    ``base``: scheme and host under which its sheets are checked, that of the installation unless told.

    Raises ``Refused`` with the sentence when there is none, or when a file is not what was submitted.
    """
    if said := why_not(contents):
        raise Refused(said)
    with Archive(target) as archive:
        _write_papers(archive, contents, base)
        listed = [*archive.entries, *_write_files(archive, contents, base)]
        listed.append(archive.add(RECEIPT, receipt(contents, listed, by=by, at=at)))
    return listed


def _write_papers(archive: Archive, contents: Contents, base: str) -> None:
    archive.add(LETTER, documents.letter_docx(letter(contents)))
    if contents.forms:
        _write_overviews(archive, contents)
    printed = [documents.version_form(item.filing, item.version, base=base) for item in contents.items]
    title = f"{contents.campaign}全部表格"
    archive.add(FORMS, documents.forms_pdf(printed, title, contents.organisation.name))


def _write_overviews(archive: Archive, contents: Contents) -> None:
    """Write one sheet of everything; where several bureaus filed, one each that it can read back too."""
    archive.add(OVERVIEW, _overview(contents.record_type, contents.forms))
    if len(contents.bureaus) > 1:
        names = Names()
        for bureau in contents.bureaus:
            own = [item for item in contents.forms if item.filing.organisation == bureau]
            path = names.take(BY_BUREAU, f"{bureau}.xlsx")
            archive.add(path, _overview(contents.record_type, own))


def _overview(record_type: RecordType, items: list[Item]) -> bytes:
    return exports.sent_workbook(record_type, [(item.filing, item.sent) for item in items])


def _write_files(archive: Archive, contents: Contents, base: str) -> list[Entry]:
    """Write the attachments, each filing's in its folder or its archive, and return them as listed."""
    names, listed = Names(), []
    for number, item in enumerate(contents.items, 1):
        if prescribed := item.archive_name:
            name = fitted(prescribed, ARCHIVE_BYTES - ROOM)
            path = names.take(ATTACHED, f"{name}.zip", ARCHIVE_BYTES)
            listed += _write_inner(archive, path, item, base)
        else:
            folder = f"{ATTACHED}{number:02} {safe(item.title, FOLDER_BYTES)}/"
            listed += _copy_files(archive, folder, item)
    return listed


def _write_inner(archive: Archive, path: str, item: Item, base: str) -> list[Entry]:
    """Write a brand's own archive: its annex and its materials (鲁人社字〔2021〕32号 附件1 宣传素材4)."""
    with scratch() as file:
        with Archive(file) as inner:
            form = documents.version_form(item.filing, item.version, base=base)
            inner.add(safe(f"{item.filing.record_type}.docx"), documents.form_docx(form))
            _copy_files(inner, "", item)
        size = file.tell()
        file.seek(0)
        whole = archive.copy(path, file, size, is_packed=True)
    return [whole, *(Entry(f"{path}/{e.path}", e.size, e.sha256) for e in inner.entries)]


def _copy_files(archive: Archive, folder: str, item: Item) -> list[Entry]:
    slots, names = item.filing.record_type.all_slots, Names()
    entries = []
    for file in item.files:
        if file is None:
            raise Refused(FILE_GONE.format(title=item.title, name="（已删除）"))
        label = slots[file.slot].label if file.slot in slots else file.slot
        path = names.take(f"{folder}{safe(label, SLOT_BYTES)}/", file.name)
        entries.append(_copied(archive, path, item, file))
    return entries


def _copied(archive: Archive, path: str, item: Item, file: Attachment) -> Entry:
    with _opened(item, file) as source:
        entry = archive.copy(path, source, file.size, is_packed=file.media_type.startswith(PACKED))
    if entry.sha256 != file.sha256:
        raise Refused(FILE_CHANGED.format(title=item.title, name=file.name))
    return entry


@contextmanager
def _opened(item: Item, file: Attachment) -> Iterator[BinaryIO]:
    try:
        source = file.file.open("rb")
    except FileNotFoundError:
        raise Refused(FILE_GONE.format(title=item.title, name=file.name)) from None
    with source:
        yield source
