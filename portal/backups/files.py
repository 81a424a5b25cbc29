"""The stored files of a backup: copied from the store once, a second name of the same bytes afterwards."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage

from portal import stores
from portal.backups.contents import PIECE, Backup, Stored


def names(folder: str = "") -> Iterator[str]:
    """Yield the names of all that lies in the store, but for what is being made."""
    try:
        folders, found = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    below = f"{folder}/" if folder else ""
    yield from (f"{below}{name}" for name in sorted(found) if stores.MAKING not in name)
    for inner in sorted(folders):
        yield from names(f"{below}{inner}")


class Copying:
    """Copies what lies in the store into ``folder``; what ``before`` holds unchanged is not read again."""

    def __init__(self, folder: Path, before: Backup | None):
        self.folder, self.before = folder, before
        self.known = {file.name: file for file in before.files} if before else {}
        self.done: dict[str, Stored] = {}
        self.copied = 0

    def add_all(self) -> None:
        """Copy what is not there yet; a file that goes away meanwhile is left out."""
        for name in names():
            if name not in self.done:
                try:
                    self.done[name] = self._add(name)
                except FileNotFoundError:
                    (self.folder / name).unlink(missing_ok=True)

    def _add(self, name: str) -> Stored:
        size = default_storage.size(name)
        changed = default_storage.get_modified_time(name).timestamp()
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        known = self.known.get(name)
        if known and (known.size, known.changed) == (size, changed) and self._linked(name, size):
            return known
        self.copied += 1
        return Stored(name, *_copied(name, target), changed)

    def _linked(self, name: str, size: int) -> bool:
        """Give the file of the backup before a second name, where it is there and the disk has such names."""
        source = self.before.folder / "files" / name
        try:
            if source.stat().st_size != size:
                return False
            os.link(source, self.folder / name)
        except OSError:
            return False
        return True


def _copied(name: str, target: Path) -> tuple[int, str]:
    """Copy one file and return its size and SHA-256, both of what was read."""
    size, digest = 0, hashlib.sha256()
    with default_storage.open(name) as source, target.open("wb") as file:
        for piece in source.chunks(PIECE):
            file.write(piece)
            size += len(piece)
            digest.update(piece)
    return size, digest.hexdigest()


def bring_back(backup: Backup, tell: Callable[[str], None]) -> int:
    """Put every file into the store that is not there as it was; return how many had to be put."""
    put = 0
    for file in backup.files:
        if not _is_there(file):
            _put(backup.folder / "files" / file.name, file.name)
            put += 1
            if put % 1000 == 0:
                tell(f"已恢复文件 {put} 个……")
    return put


def _is_there(file: Stored) -> bool:
    there = default_storage.exists(file.name)
    return there and stores.measured(file.name) == (file.size, file.sha256)


def _put(source: Path, name: str) -> None:
    if default_storage.exists(name):
        default_storage.delete(name)
    with source.open("rb") as content:
        stored = default_storage.save(name, File(content, name=name))
    if stored != name:  # a store that renames would leave rows without their files
        raise FileExistsError(f"{name} was stored as {stored}")


def others(backup: Backup) -> list[str]:
    """Return the names of what lies in the store and is not in the backup."""
    known = {file.name for file in backup.files}
    return [name for name in names() if name not in known]


def room(folder: Path) -> int:
    """Return how many bytes are free where ``folder`` is or will be."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free
