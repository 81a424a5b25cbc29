"""ZIP archives: what is in one, and each of its files as a stream; read in a throw-away child process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from portal import sandbox
from portal.media.facts import Unfit

CHILD = Path(__file__).with_name("archive_child.py")
GAVE_UP = "压缩包超出读取的时间或内存限制，没有保存任何文件；请重新压缩后上传。"
BUSY = "服务器暂时不能读取压缩包，没有保存任何文件；请稍后再上传。"


@dataclass(frozen=True)
class Member:
    """One file of an archive: its place in the list, its name as it is shown, its size unpacked."""

    number: int
    name: str
    size: int


def members(file: BinaryIO, most_bytes: int) -> list[Member]:
    """Return the files of an archive that unpacks to at most ``most_bytes``; raise ``Unfit`` otherwise."""
    file.seek(0)
    try:
        facts, _ = sandbox.converse(CHILD, str(most_bytes), content=file)
    except sandbox.ChildGone:
        raise Unfit(GAVE_UP) from None
    except OSError:
        raise Unfit(BUSY) from None
    if "refused" in facts:
        raise Unfit(facts["refused"])
    return [Member(number, one["name"], one["size"]) for number, one in enumerate(facts["members"])]


@contextmanager
def opened(file: BinaryIO, member: Member, most_bytes: int) -> Iterator[BinaryIO]:
    """Give the content of one file of the archive; reading raises ``Unfit`` when it is broken."""
    file.seek(0)
    try:
        with sandbox.stream(CHILD, str(most_bytes), str(member.number), content=file) as (_, content):
            yield content
    except sandbox.ChildGone:
        raise Unfit("压缩包里的这个文件已损坏，没有保存；请重新压缩后上传。") from None
