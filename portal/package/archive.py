"""A zip written to disk piece by piece: fixed dates, and each file measured while it is copied."""

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

CHUNK = 2**20
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the time of packing is no part of a file


@dataclass(frozen=True)
class Entry:
    """One file as it stands in the zip: its path, its size in bytes, its SHA-256."""

    path: str
    size: int
    sha256: str


class Archive:
    """The zip at ``target``; the same files added in the same order give the same bytes."""

    def __init__(self, target: BinaryIO):
        self._zip = zipfile.ZipFile(target, "w")
        self.entries: list[Entry] = []

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_) -> None:
        self._zip.close()

    def add(self, path: str, content: bytes) -> Entry:
        """Add a file held in memory."""
        return self.copy(path, BytesIO(content), len(content), is_packed=False)

    def copy(self, path: str, source: BinaryIO, size: int, *, is_packed: bool) -> Entry:
        """Add a file of about ``size`` bytes chunk by chunk; one that ``is_packed`` is stored as it is."""
        member = zipfile.ZipInfo(path, LONG_AGO)
        member.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
        member.file_size = size  # decides whether the sizes need eight bytes
        digest, written = hashlib.sha256(), 0
        with self._zip.open(member, "w") as target:
            for chunk in _chunks(source):
                digest.update(chunk)
                written += target.write(chunk)
        entry = Entry(path, written, digest.hexdigest())
        self.entries.append(entry)
        return entry


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk
