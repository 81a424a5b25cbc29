"""Videos made by ffmpeg and pictures made by hand: real media with one property each, made once per run."""

import struct
import subprocess
import tempfile
import zlib
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.programs import needs

CLAIMED = 150  # seconds, in a header that lies


@cache
def folder() -> Path:
    """Return the folder of this run; it goes with the process."""
    return Path(_kept().name)


@cache
def _kept() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="portal-films-", ignore_cleanup_errors=True)


@cache
def film(seconds: int, rate: str = "25", suffix: str = "mp4", *flags: str) -> Path:
    """Return a video of one colour: so long, at this rate; ``flags`` are ffmpeg's ``-movflags``."""
    needs("ffmpeg")
    name = "-".join([str(seconds), rate.replace("/", "_"), *flags])
    path = folder() / f"{name}.{suffix}"
    source = f"color=c=0x8A3324:size=64x48:rate={rate}:duration={seconds}"
    moved = ["-movflags", "+".join(flags)] if flags else []
    codec = ["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast"]
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, *codec, *moved, str(path)]
    subprocess.run(command, check=True)
    return path


def sound() -> bytes:
    """Return an MP4 that holds sound and no pictures."""
    needs("ffmpeg")
    path = folder() / "sound.mp4"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "anullsrc=duration=2", str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


def probed(path: Path) -> dict[str, str]:
    """Return what ffprobe says of the first video: duration of the container, frames counted one by one."""
    needs("ffprobe")
    asked = "stream=nb_read_frames,width,height,avg_frame_rate,r_frame_rate,duration:format=duration"
    command = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", asked]
    said = subprocess.run(
        [*command, "-of", "default=noprint_wrappers=1", str(path)], check=True, capture_output=True, text=True
    ).stdout
    pairs = [line.partition("=")[::2] for line in said.splitlines()]
    return {name: value for name, value in reversed(pairs)} | {"container": pairs[-1][1]}


def lying(path: Path) -> bytes:
    """Return the video with every header saying that it plays for ``CLAIMED`` seconds."""
    data = bytearray(path.read_bytes())
    for box in (b"mvhd", b"mdhd"):
        at = data.index(box) + 4
        scale = struct.unpack_from(">I", data, at + 12)[0]
        struct.pack_into(">I", data, at + 16, scale * CLAIMED)
    at = data.index(b"tkhd") + 4
    scale = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)[0]
    struct.pack_into(">I", data, at + 20, scale * CLAIMED)
    return bytes(data)


def picture(
    colour: str = "#8A3324", size: tuple[int, int] = (320, 240), form: str = "JPEG", **saved
) -> bytes:
    """Return a picture of one colour; ``saved`` goes to Pillow, e.g. ``exif``."""
    written = BytesIO()
    Image.new("RGB", size, colour).save(written, form, **saved)
    return written.getvalue()


def located(turned: int = 1) -> bytes:
    """Return a photograph that tells place, maker and a comment; ``turned`` as EXIF has it."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = turned, "PHONEMAKER"
    exif.get_ifd(0x8825).update({1: "N", 2: (36.0, 42.0, 30.0), 3: "E", 4: (119.0, 6.0, 0.0)})
    return picture(size=(400, 200), exif=exif.tobytes(), comment=b"SECRETCOMMENT")


def huge_png(side: int) -> bytes:
    """Return a small file that holds a black and white square of so many pixels on each side."""
    packed = zlib.compressobj(9)
    row = bytes(1 + -(-side // 8))
    rows = b"".join(packed.compress(row) for _ in range(side)) + packed.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _part(b"IHDR", head) + _part(b"IDAT", rows) + _part(b"IEND", b"")


def _part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
