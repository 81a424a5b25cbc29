"""Runs in a child process of ``portal.sandbox``: a picture on stdin; its facts as a line of JSON on stdout,
then a copy for display.

Started by path in an isolated interpreter; imports nothing of ours but its neighbour that sets the limits.
"""

import json
import sys
import warnings
from io import BytesIO
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "sandbox"))

MEMORY = 900 * 2**20
MILLION, MOST_MILLIONS = 10**6, 60
LONGEST_SIDE, QUALITY = 1600, 85

BROKEN = "图片不完整或已损坏，没有保存；请重新导出或重新选择后上传。"


def read(source) -> tuple[dict, bytes]:
    """Return the facts of the picture and the JPEG shown instead of it; or ``{"refused": sentence}``."""
    from PIL import Image

    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # our own limit comes first and says so in words
    try:
        with Image.open(source, formats=("JPEG", "PNG")) as picture:
            return _read(picture)
    except Exception:
        return {"refused": BROKEN}, b""


def _read(picture) -> tuple[dict, bytes]:
    wide, high = picture.size
    if wide * high > MOST_MILLIONS * MILLION:
        millions = -(-wide * high // MILLION)
        return {"refused": _too_large(millions)}, b""
    form = "PNG" if picture.format == "PNG" else "JPEG"  # phones put several JPEG into one file (MPO)
    turned = picture.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    display = _display(picture)
    wide, high = (high, wide) if turned else (wide, high)
    return {"format": form, "width": wide, "height": high}, display


def _too_large(millions: int) -> str:
    return f"图片有{millions}百万像素，超过{MOST_MILLIONS}百万像素的上限，没有保存；请缩小后重新上传。"


def _display(picture) -> bytes:
    """Return a new JPEG made of the pixels alone: place, device, comments and profile stay behind."""
    from PIL import Image, ImageOps

    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    clean = Image.new("RGB", upright.size, "white")
    clean.paste(upright, mask=upright.getchannel("A"))
    written = BytesIO()
    clean.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


if __name__ == "__main__":
    from child import confine

    confine(MEMORY)
    facts, display = read(sys.stdin.buffer)
    sys.stdout.buffer.write(json.dumps(facts, ensure_ascii=False).encode() + b"\n" + display)
