"""What a backup says of itself: its manifest, the list of its files, and which backups a folder holds."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from portal.models import canonical

FORMAT = 1
MANIFEST, FILES = "manifest.json", "files.jsonl"
PIECE = 2**20

NOT_THERE = "{} 里没有完整的备份，没有改动任何内容。请给出一份备份的文件夹，或存放各份备份的文件夹。"
UNREADABLE = "{} 的清单已损坏，不能使用，没有改动任何内容。请换一份备份。"
TOO_NEW = "{} 的格式是第 {} 版，本系统只认识第 {} 版，没有改动任何内容。请用做这份备份的版本恢复。"


class Unusable(Exception):
    """Raised when something cannot be backed up or restored; its text is a sentence for whoever asked."""


@dataclass(frozen=True)
class Stored:
    """A file of the store as it was backed up; ``changed`` is when the store says that it was written."""

    name: str
    size: int
    sha256: str
    changed: float

    @property
    def is_safe(self) -> bool:
        """Whether its name stays inside of the folder that it is put into."""
        path = PurePosixPath(self.name)
        return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


@dataclass(frozen=True)
class Backup:
    """A finished backup: the folder it is, and what its manifest says."""

    folder: Path
    manifest: dict

    @cached_property
    def files(self) -> list[Stored]:
        """The files of the store that it holds, by name."""
        with (self.folder / FILES).open(encoding="utf-8") as lines:
            return [Stored(**json.loads(line)) for line in lines]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.folder.name


def measured(path: Path) -> dict:
    """Return size and SHA-256 of a file on this host."""
    with path.open("rb") as file:
        return {"size": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def write_files(folder: Path, files: Iterable[Stored]) -> dict:
    """Write the list of files and return what the manifest says of it: its number of lines, size, SHA-256."""
    lines = [canonical(asdict(file)) + b"\n" for file in sorted(files, key=lambda file: file.name)]
    (folder / FILES).write_bytes(b"".join(lines))
    return {"count": len(lines), **measured(folder / FILES)}


def write_manifest(folder: Path, facts: dict) -> None:
    """Write the manifest, sealed with a SHA-256 over all that it says."""
    facts = {"format": FORMAT, **facts}
    sealed = facts | {"sha256": hashlib.sha256(canonical(facts)).hexdigest()}
    text = json.dumps(sealed, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> Backup:
    """Return the backup in ``folder``; raises ``Unusable`` for a manifest that is not as it was written."""
    try:
        facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        seal = facts.pop("sha256")
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        raise Unusable(UNREADABLE.format(folder)) from None
    if facts.get("format") != FORMAT:
        raise Unusable(TOO_NEW.format(folder, facts.get("format"), FORMAT))
    if seal != hashlib.sha256(canonical(facts)).hexdigest():
        raise Unusable(UNREADABLE.format(folder))
    return Backup(folder, facts)


def folders(root: Path) -> list[Path]:
    """Return the folders of the finished backups in ``root``, oldest first: a name begins with the time."""
    found = root.iterdir() if root.is_dir() else ()
    return sorted(path for path in found if path.name[:1].isdigit() and (path / MANIFEST).is_file())


def kept(root: Path) -> Iterator[Backup]:
    """Yield the backups in ``root``, newest first; what cannot be read is left out."""
    for folder in reversed(folders(root)):
        try:
            yield read(folder)
        except Unusable:
            continue


def newest(root: Path) -> Backup | None:
    """Return the newest backup in ``root`` that can be read, None when there is none."""
    return next(kept(root), None)


def find(path: Path) -> Backup:
    """Return the backup that ``path`` names: its folder, its manifest, or the newest in a folder of them."""
    folder = path.parent if path.name == MANIFEST else path
    if (folder / MANIFEST).is_file():
        return read(folder)
    if there := folders(folder):
        return read(there[-1])
    raise Unusable(NOT_THERE.format(path))
