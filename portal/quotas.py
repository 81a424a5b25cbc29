"""How much room there is for another file: in a bureau's share, and on the disk above its floor.

Asked before a file is stored, and while its bytes come in: what would go beyond is refused with a sentence
and leaves nothing behind (security.md 37). Two files at one instant may together go beyond by the smaller.
"""

import shutil
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Sum

from portal import asking
from portal.models import Attachment, Import
from portal.refusals import Refused

LOW = "服务器的存储空间已接近用完，没有保存这个文件，已上传的都在；请联系管理员后再试。"
FULL = (
    "本单位上传的文件共占用{used}MB，上限{quota}MB，放不下这个文件，没有保存；"
    "请移除草稿中不用的素材，或联系管理员。"
)


@dataclass(frozen=True)
class Room:
    """The bytes that a file may have, and the sentence for one that has more."""

    bytes: int
    sentence: str

    def demand(self, size: int) -> None:
        """Raise ``Refused`` for a file of so many bytes that does not find room."""
        if size > self.bytes:
            raise Refused(self.sentence)


def room(organisation: int, *, spare: int = 0) -> Room:
    """Return the room for a file of a bureau: what is left of its share, or of the disk if that is less.

    Of what the share holds, ``spare`` bytes would give way to the file.
    """
    if not settings.BUREAU_QUOTA:
        return disk()
    taken, quota = used(organisation), settings.BUREAU_QUOTA
    words = FULL.format(used=-(-taken // 2**20), quota=quota // 2**20)
    return min(disk(), Room(max(quota - taken + spare, 0), words), key=lambda one: one.bytes)


def is_exceeded(organisation: int) -> bool:
    """Say whether a bureau's files are beyond its share."""
    return bool(settings.BUREAU_QUOTA) and used(organisation) > settings.BUREAU_QUOTA


def disk() -> Room:
    """Return the room above the floor of the disk where files are made, and kept if no store is elsewhere."""
    whole = shutil.disk_usage(settings.VAR)
    return Room(max(whole.free - whole.total * settings.UPLOAD_FLOOR // 100, 0), LOW)


@asking.for_the_house()
def used(organisation: int) -> int:
    """Return the bytes that a bureau's files and sheets take in the store, a file shared by rows once."""
    files = Attachment.objects.filter(filing__organisation=organisation).exclude(file="").order_by()
    sheets = Import.objects.filter(organisation=organisation).exclude(file="")
    stored = files.values("file", "size").distinct().aggregate(sum=Sum("size"))
    return (stored["sum"] or 0) + (sheets.aggregate(sum=Sum("size"))["sum"] or 0)


def size_of(content: object) -> int:
    """Return how long a file says it is, 0 when it does not: then its bytes are counted as they come."""
    size = getattr(content, "size", 0)
    return size if isinstance(size, int) else 0
