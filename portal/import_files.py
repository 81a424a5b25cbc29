"""Where uploads on their way in and the plans made of them lie: whole under a name of their own, or absent.

A row names a file only after it was stored; one that no row names was left by a process that died, and is
removed a day later (``strays``).
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

FOLDER = "imports"
PIECE = 2**20
GRACE = timedelta(days=1)
KEPT_FOR = timedelta(days=7)  # a file that nobody confirmed, and its receipt


@dataclass(frozen=True)
class Kept:
    """A stored file: its name in the store, its length and SHA-256."""

    name: str
    size: int
    sha256: str


class _Measured(File):
    """What is being stored, counted and digested on its way."""

    def __init__(self, content: BinaryIO, most: int):
        super().__init__(content)
        self.most, self.length, self.digest = most, 0, hashlib.sha256()

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Yield the content once; raises ``OverflowError`` when there is more than it may be."""
        while piece := self.file.read(PIECE):
            self.length += len(piece)
            if self.length > self.most:
                raise OverflowError
            self.digest.update(piece)
            yield piece


def keep(content: BinaryIO, suffix: str, most: int) -> Kept:
    """Store what ``content`` holds from where it stands. Raises ``OverflowError`` beyond ``most`` bytes."""
    name = f"{FOLDER}/{secrets.token_hex(16)}{suffix}"
    measured = _Measured(content, most)
    try:
        default_storage.save(name, measured)
    except BaseException:
        default_storage.delete(name)
        raise
    return Kept(name, measured.length, measured.digest.hexdigest())


def opened(name: str) -> BinaryIO:
    """Open a stored file for reading; ``FileNotFoundError`` when it is not there."""
    return default_storage.open(name)


def remove(names: Iterable[str]) -> None:
    """Remove stored files; those that are gone already are as well."""
    for name in names:
        if name:
            default_storage.delete(name)


def names() -> list[str]:
    """Return the names of all that lies there."""
    try:
        return [f"{FOLDER}/{name}" for name in sorted(default_storage.listdir(FOLDER)[1])]
    except FileNotFoundError:
        return []


def strays(known: set[str]) -> list[str]:
    """Return the files that no row names and nobody is making any more."""
    before = timezone.now() - GRACE
    return [n for n in names() if n not in known and default_storage.get_modified_time(n) < before]
