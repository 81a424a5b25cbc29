"""A ready archive of materials: each of its files goes to the slot that takes its content, and is told of."""

import tempfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from django.conf import settings

from portal import attachments, media, text
from portal.media import archives
from portal.models import Filing, User
from portal.workflow import Refused

MOST_BYTES = 2**30
TOO_BIG = "压缩包超过1GB，没有保存任何文件；请把视频单独上传。"
NO_PLACE = "这张表没有收这类文件的栏目，没有保存。"
OTHER_NAME = "压缩包的名称应为“{}.zip”，内容已照常读取；下载报送材料包时由系统按此命名。"


@dataclass(frozen=True)
class Result:
    """What became of one file of the archive: the label of its slot when it was taken, else why not."""

    name: str
    place: str = ""
    refusal: str = ""


def unpack(record: Filing, content: BinaryIO, *, by: User) -> list[Result]:
    """Store the files of a ZIP archive in the slots of a draft and return what became of each.

    Raises ``Refused`` when the archive as a whole cannot be read or the draft is not open to ``by``; nothing
    is stored then.
    """
    attachments.may_change(record, by)
    with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
        try:
            _spool(content, file)
            return [_taken(record, file, member, by) for member in archives.members(file, MOST_BYTES)]
        except media.Unfit as unfit:
            raise Refused(str(unfit)) from None
        except OSError as error:
            if error.errno not in attachments.FULL:
                raise
            raise Refused(attachments.NO_ROOM) from error


def _spool(content: BinaryIO, file: BinaryIO) -> None:
    length = 0
    while chunk := content.read(attachments.CHUNK):
        length += len(chunk)
        if length > MOST_BYTES:
            raise media.Unfit(TOO_BIG)
        file.write(chunk)
    file.flush()


def _taken(record: Filing, file: BinaryIO, member: archives.Member, by: User) -> Result:
    name = PurePath(member.name.replace("\\", "/")).name[:200]
    try:
        with archives.opened(file, member, MOST_BYTES) as content:
            start = _Started(content)
            slot = _slot(record, start.head)
            attachments.add(record, slot, start, name, by=by)
    except (media.Unfit, Refused) as reason:
        return Result(name, refusal=str(reason))
    return Result(name, place=record.record_type.all_slots[slot].label)


class _Started:
    """A stream whose beginning was looked at already."""

    def __init__(self, content: BinaryIO):
        self.content, self.head = content, content.read(media.HEAD)
        self.unread = self.head

    def read(self, size: int) -> bytes:
        """Return the next bytes, from the beginning on."""
        if self.unread:
            chunk, self.unread = self.unread[:size], self.unread[size:]
            return chunk
        return self.content.read(size)


def _slot(record: Filing, head: bytes) -> str:
    """Return the first slot that takes what begins like this; the stamped scan comes last."""
    for name, slot in record.record_type.all_slots.items():
        try:
            media.refuse_by_head(head, slot.kind, slot.suffixes)
        except media.Unfit:
            continue
        return name
    raise Refused(NO_PLACE)


def name_warning(record: Filing, name: str) -> str:
    """Return a sentence when an archive is not called as the notice wants; empty when it is, or none is set.

    The first part may be the region or the bureau (地区或单位).
    """
    expected = record.archive_name()
    if not expected or not PurePath(name).name:
        return ""
    own, place = text.key(PurePath(name).stem), expected.partition("+")[0]
    places = (place, record.region.name, record.organisation.name, record.organisation.short_name)
    allowed = {text.key(expected.replace(place, other, 1)) for other in places if other}
    return "" if own in allowed else OTHER_NAME.format(expected)
