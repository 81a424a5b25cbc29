"""What a video really is: playing time, frames and size read from the tracks of an MP4 or MOV file.

ISO base media file format (ISO/IEC 14496-12) and QuickTime. The durations in the headers ``mvhd``, ``tkhd``
and ``mdhd`` are never believed: frames are counted in the sample tables or fragments, and the bytes they
point at must lie within the file. Seeks, never reads the pictures themselves.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

from portal.media.facts import Undetermined, Unfit

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf"}
LARGEST_TABLE = 8 * 2**20
MOST_BOXES, DEEPEST = 200_000, 12

NO_PICTURE = "文件里没有视频画面，没有保存；请重新导出为 MP4 或 MOV 后上传。"
INCOMPLETE = "文件不完整，无法判定时长和帧率；请重新导出或重新上传。"
SILENT = "文件没有写明画面的帧和时长，无法判定；请重新导出后上传。"


@dataclass(frozen=True)
class Video:
    """Measured facts of the video track: seconds, frames per second, pixels, number of frames."""

    seconds: Fraction
    fps: Fraction
    width: int
    height: int
    frames: int


@dataclass
class _Track:
    number: int = 0
    handler: bytes = b""
    timescale: int = 0
    width: int = 0
    height: int = 0
    ticks: int = 0
    frames: int = 0
    samples: int = 0
    bytes: int = 0
    last_chunk: int = 0
    default_ticks: int = 0
    default_bytes: int = 0


def measure(file: BinaryIO, size: int) -> Video:
    """Return what the video track of ``file`` (``size`` bytes) holds.

    Raises ``Undetermined`` when it cannot be told, ``Unfit`` when there are tracks and none holds pictures.
    """
    try:
        tracks = _Reader(file, size).tracks()
    except (struct.error, IndexError, ValueError, OverflowError, MemoryError):
        raise Undetermined(INCOMPLETE) from None
    if not tracks:
        raise Undetermined(INCOMPLETE)
    videos = [track for track in tracks if track.handler == b"vide"]
    if not videos:
        raise Unfit(NO_PICTURE)
    return _video(max(videos, key=lambda track: track.frames), size)


def _video(track: _Track, size: int) -> Video:
    if not (track.timescale and track.frames and track.ticks):
        raise Undetermined(SILENT)
    if track.last_chunk >= size or track.bytes > size or track.frames != track.samples:
        raise Undetermined(INCOMPLETE)
    seconds = Fraction(track.ticks, track.timescale)
    return Video(seconds, track.frames / seconds, track.width, track.height, track.frames)


class _Reader:
    """Walks the boxes of one file."""

    def __init__(self, file: BinaryIO, size: int):
        self.file, self.size, self.boxes = file, size, 0
        self.found: list[_Track] = []
        self.fragment: _Track | None = None
        self.ticks_each = self.bytes_each = 0

    def tracks(self) -> list[_Track]:
        """Return the tracks with what their tables and fragments say."""
        self._walk(0, self.size, 0)
        return self.found

    def _walk(self, start: int, end: int, depth: int) -> None:
        for kind, body, stop in self._children(start, end):
            if kind == b"trak":
                self.found.append(_Track())
            if kind in CONTAINERS and depth < DEEPEST:
                self._walk(body, stop, depth + 1)
            elif handler := _HANDLERS.get(kind):
                handler(self, self._read(body, min(stop - body, LARGEST_TABLE)))

    def _children(self, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        while end - start >= 8:
            self.boxes += 1
            length, kind = struct.unpack(">I4s", self._read(start, 8))
            body = start + 8
            if length == 1:
                length, body = struct.unpack(">Q", self._read(body, 8))[0], body + 8
            stop = end if length == 0 else start + length
            if stop > end or stop < body or self.boxes > MOST_BOXES:
                raise Undetermined(INCOMPLETE)
            yield kind, body, stop
            start = stop

    def _read(self, at: int, length: int) -> bytes:
        self.file.seek(at)
        return self.file.read(length)

    def _tkhd(self, data: bytes) -> None:
        track, wide = self.found[-1], data[0] == 1
        track.number = struct.unpack_from(">I", data, 20 if wide else 12)[0]
        sides = struct.unpack_from(">II", data, 88 if wide else 76)
        track.width, track.height = (side >> 16 for side in sides)

    def _mdhd(self, data: bytes) -> None:
        self.found[-1].timescale = struct.unpack_from(">I", data, 20 if data[0] == 1 else 12)[0]

    def _hdlr(self, data: bytes) -> None:
        if self.found:  # QuickTime adds a second one for its data references
            self.found[-1].handler = self.found[-1].handler or data[8:12]

    def _stts(self, data: bytes) -> None:
        track, count = self.found[-1], struct.unpack_from(">I", data, 4)[0]
        for frames, ticks in struct.iter_unpack(">II", data[8 : 8 + 8 * count]):
            track.frames, track.ticks = track.frames + frames, track.ticks + frames * ticks

    def _stsz(self, data: bytes) -> None:
        each, count = struct.unpack_from(">II", data, 4)
        sizes = () if each else struct.unpack_from(f">{min(count, (len(data) - 12) // 4)}I", data, 12)
        self.found[-1].samples += count if each else len(sizes)
        self.found[-1].bytes += each * count or sum(sizes)

    def _stco(self, data: bytes) -> None:
        self._chunks(data, "I", 4)

    def _co64(self, data: bytes) -> None:
        self._chunks(data, "Q", 8)

    def _chunks(self, data: bytes, code: str, width: int) -> None:
        count = min(struct.unpack_from(">I", data, 4)[0], (len(data) - 8) // width)
        self.found[-1].last_chunk = max(struct.unpack_from(f">{count}{code}", data, 8), default=0)

    def _trex(self, data: bytes) -> None:
        number, _, ticks, size = struct.unpack_from(">IIII", data, 4)
        for track in self.found:
            if track.number == number:
                track.default_ticks, track.default_bytes = ticks, size

    def _tfhd(self, data: bytes) -> None:
        flags, number = struct.unpack_from(">II", data, 0)
        self.fragment = next((track for track in self.found if track.number == number), None)
        if self.fragment is None:
            return
        at = 8 + 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2)
        self.ticks_each, self.bytes_each = self.fragment.default_ticks, self.fragment.default_bytes
        if flags & 0x8:
            self.ticks_each = struct.unpack_from(">I", data, at)[0]
        if flags & 0x10:
            self.bytes_each = struct.unpack_from(">I", data, at + 4 * bool(flags & 0x8))[0]

    def _trun(self, data: bytes) -> None:
        if self.fragment is None:
            return
        flags, count = struct.unpack_from(">II", data, 0)
        at = 8 + 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
        columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
        length = 4 * len(columns) * count
        if at + length > len(data):
            raise Undetermined(INCOMPLETE)
        values = struct.unpack_from(f">{length // 4}I", data, at)
        totals = {bit: sum(values[place :: len(columns)]) for place, bit in enumerate(columns)}
        self.fragment.frames += count
        self.fragment.samples += count
        self.fragment.ticks += totals.get(0x100, count * self.ticks_each)
        self.fragment.bytes += totals.get(0x200, count * self.bytes_each)


_HANDLERS = {
    b"tkhd": _Reader._tkhd,
    b"mdhd": _Reader._mdhd,
    b"hdlr": _Reader._hdlr,
    b"stts": _Reader._stts,
    b"stsz": _Reader._stsz,
    b"stco": _Reader._stco,
    b"co64": _Reader._co64,
    b"trex": _Reader._trex,
    b"tfhd": _Reader._tfhd,
    b"trun": _Reader._trun,
}
