"""Where the files of jobs lie: made beside their place and renamed, or uploaded; always whole or absent.

A name says the job and the token its worker held, ``jobs/<pk>/<token>.<suffix>``: two workers of one job
never write the same file, and what nobody will finish can be told from what is being made. On a disk the file
is on the platter before its row says so; in another store it is uploaded first and recorded then.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

FOLDER, MAKING = "jobs", ".part"
PIECE = 2**20


@dataclass(frozen=True)
class Stored:
    """A finished file: its name in the store, and what was measured in it."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Found:
    """A file that lies there: of which job, and under which token it was made."""

    name: str
    job: int
    token: int
    is_local: bool = False


def place(job: int, token: int, suffix: str) -> Path:
    """Return the temporary file that the worker holding ``token`` writes; its folder is made."""
    path = _workshop() / str(job) / f"{token}{MAKING}.{suffix.lstrip('.')}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def publish(path: Path) -> Stored:
    """Give a written temporary file its lasting place and return it; until then nobody finds it there."""
    size, sha256 = _settle(path)
    name = f"{FOLDER}/{path.parent.name}/{path.name.replace(MAKING, '', 1)}"
    if _disk() is None:
        with path.open("rb") as content:
            name = default_storage.save(name, File(content, name=name))
        path.unlink()
    else:
        path.rename(default_storage.path(name))
        _sync_folders(path.parent)
    return Stored(name, size, sha256)


def _settle(path: Path) -> tuple[int, str]:
    """Write the file through to the disk and return its size and SHA-256."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return _measure(iter(lambda: file.read(PIECE), b""))


def _sync_folders(folder: Path) -> None:
    """Write through the names in the folder of the job, and its own name in the folder above."""
    for one in (folder, folder.parent):
        number = os.open(one, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def measured(name: str) -> tuple[int, str]:
    """Return size and SHA-256 of a stored file, read piece by piece."""
    with default_storage.open(name) as file:
        return _measure(file.chunks(PIECE))


def _measure(pieces: Iterator[bytes]) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    for piece in pieces:
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()


def clear(job: int, up_to: int, keep: str = "") -> None:
    """Remove what was made of a job under the tokens ``up_to`` and before, but for the file ``keep``."""
    for found in files_of(job):
        if found.token <= up_to and found.name != keep:
            remove(found)


def remove(found: Found) -> None:
    """Remove one file; that it is gone already is as well."""
    if found.is_local:
        (settings.VAR / found.name).unlink(missing_ok=True)
    else:
        default_storage.delete(found.name)


def drop(job: int) -> None:
    """Remove the folder of a job that nobody will take up any more, if it is empty."""
    with suppress(OSError):
        (_workshop() / str(job)).rmdir()


def files_of(job: int) -> list[Found]:
    """Return what lies there of one job: in the store, and where this host makes its files."""
    found = [Found(f"{FOLDER}/{job}/{name}", job, _token(name)) for name in _listed(f"{FOLDER}/{job}")[1]]
    if _disk() is None and (folder := _workshop() / str(job)).is_dir():
        names = sorted(path.name for path in folder.iterdir())
        found += [Found(f"{FOLDER}/{job}/{name}", job, _token(name), is_local=True) for name in names]
    return found


def jobs() -> list[int]:
    """Return the numbers of the jobs of which something lies there."""
    here = _workshop().iterdir() if _disk() is None and _workshop().is_dir() else ()
    names = {*_listed(FOLDER)[0], *(path.name for path in here)}
    return sorted(int(name) for name in names if re.fullmatch("[0-9]{1,18}", name))


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    return sorted(folders), sorted(names)


def _token(name: str) -> int:
    return int(re.match("[0-9]{0,18}", name)[0] or 0)


def _workshop() -> Path:
    """Return where files are made: beside their place on a disk, else in a folder of this host."""
    return _disk() or settings.VAR / FOLDER


def _disk() -> Path | None:
    """Return the folder of the store, None when the store is no file system."""
    try:
        return Path(default_storage.path(FOLDER))
    except NotImplementedError:
        return None
