"""Pictures are decoded in a throw-away child process: JPEG and PNG only, so many pixels and no more."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from portal import sandbox
from portal.media.facts import Unfit

CHILD = Path(__file__).with_name("picture_child.py")
BUSY = "服务器暂时不能读取图片，没有保存；请稍后再上传。"
GAVE_UP = "图片超出读取的时间或内存限制，没有保存；请缩小后重新上传。"


@dataclass(frozen=True)
class Picture:
    """What decoding told: format, pixels as the picture is seen, and a small copy without its metadata."""

    format: str
    width: int
    height: int
    display: bytes = field(repr=False)


def measure(file: BinaryIO) -> Picture:
    """Return the facts of a picture and its copy for display; raise ``Unfit`` with the sentence otherwise."""
    file.seek(0)
    try:
        facts, display = sandbox.converse(CHILD, content=file)
    except sandbox.ChildGone:
        raise Unfit(GAVE_UP) from None
    except OSError:
        raise Unfit(BUSY) from None
    if "refused" in facts:
        raise Unfit(facts["refused"])
    return Picture(facts["format"], facts["width"], facts["height"], display)
