"""The files of the access log beside the database: anchors, head, archives, in a backup and back again."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from portal import access_archive
from portal.access_chain import ANCHORS, HEAD
from portal.backups import contents
from portal.backups.contents import Backup

FOLDER = "audit"
ARCHIVES = ".jsonl.gz"
OF_ARCHIVES = (ARCHIVES, ARCHIVES + access_archive.MOVED)


def copy(making: Path) -> dict:
    """Copy the files into a backup that is being made; return name → size and SHA-256 for its manifest.

    Taken before the database: what they say was sealed is in it then.
    """
    (making / FOLDER).mkdir(mode=0o700)
    for path in _files():
        shutil.copyfile(path, making / FOLDER / path.name)
    return {path.name: contents.measured(path) for path in sorted((making / FOLDER).iterdir())}


def bring_back(backup: Backup) -> list[str]:
    """Put the files of a backup back and return the names under which those that differed are kept.

    Nothing is overwritten: what was anchored after the backup stays as evidence beside it. Put back before
    the database, so that a run that is killed between leaves anchors that are older, which is no fault.
    """
    there = _there()
    if there is None:
        return []
    access_archive.folder().mkdir(parents=True, exist_ok=True)
    names = {Path(name).name: its for name, its in backup.manifest.get("audit", {}).items()}
    aside = [
        _put_aside(there / name) for name in (ANCHORS, HEAD) if not _is_same(there / name, names.get(name))
    ]
    for name in names:
        if not (place := _place(name)).exists():
            scratch = place.with_name(f".{name}")
            shutil.copyfile(backup.folder / FOLDER / name, scratch)
            os.replace(scratch, place)
    return [name for name in aside if name]


def _files() -> list[Path]:
    """Return what goes into a backup: both files of the chain, the archives, the notes of those moved."""
    there = _there()
    if there is None:
        return []
    archives = (path for ending in OF_ARCHIVES for path in sorted(access_archive.folder().glob(f"*{ending}")))
    return [path for path in (there / ANCHORS, there / HEAD, *archives) if path.is_file()]


def _place(name: str) -> Path:
    """Return where a file of this name belongs."""
    return (access_archive.folder() if name.endswith(OF_ARCHIVES) else _there()) / name


def _is_same(path: Path, its: dict | None) -> bool:
    return path.exists() and its == contents.measured(path)


def _put_aside(path: Path) -> str:
    if not path.exists():
        return ""
    kept = path.with_name(f"{path.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}{path.suffix}")
    path.rename(kept)
    return kept.name


def _there() -> Path | None:
    return Path(settings.ACCESS_LOG_FOLDER) if settings.ACCESS_LOG_FOLDER else None
