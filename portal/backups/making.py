"""Making a backup: under a hidden name, written through, renamed; the oldest go when there are enough."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from portal import sealing
from portal.backups import audit, contents, postgresql, sqlite
from portal.backups.contents import Backup, Unusable
from portal.backups.files import Copying, room

BY_VENDOR = {"sqlite": sqlite, "postgresql": postgresql}
MAKING, GONE = ".making-", ".gone-"
SPARE = 64 * 2**20  # bytes that must stay free beside a copy of the database

RUNNING = "这个文件夹里正在做另一份备份，没有再做。请等它完成。"
NO_ROOM = "存放备份的磁盘空间不足：剩余 {} MB，至少需要 {} MB，没有做成，已有的备份都在。请腾出空间后再做。"
INSIDE = "备份不能放在存放文件的文件夹里，没有做。请换一个文件夹。"


def make(root: Path, keep: int = 0, tell: Callable[[str], None] = lambda line: None) -> Backup:
    """Back everything up into a new folder of ``root`` and return it; ``keep`` newest ones stay, 0: all.

    Raises ``Unusable`` with a sentence when it cannot be done; what was there before is there then.
    """
    if root.resolve().is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
        raise Unusable(INSIDE)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _only_one(root):
        _clear(root)
        _require_room(root)
        try:
            made = _make(root, tell)
        except OSError:
            _clear(root)
            raise
        for old in contents.folders(root)[:-keep] if keep else ():
            _drop(old)
    return made


def _make(root: Path, tell: Callable[[str], None]) -> Backup:
    """Files first and once more after the database: what its rows name lay there at one of both times."""
    name = _name(root)
    making = root / f"{MAKING}{name}"
    (making / "database").mkdir(mode=0o700, parents=True)
    (making / "files").mkdir()
    making.chmod(0o700)
    files = Copying(making / "files", contents.newest(root))
    files.add_all()
    tell(f"文件 {len(files.done)} 个（新复制 {files.copied} 个），正在复制数据库……")
    audited = audit.copy(making)
    facts, named = BY_VENDOR[connection.vendor].dump(making / "database")
    files.add_all()
    facts |= {"audit": audited}
    contents.write_manifest(making, _facts(making, files, facts, sorted(named - set(files.done))))
    os.sync()
    making.rename(root / name)
    _sync(root)
    return contents.read(root / name)


def _facts(making: Path, files: Copying, facts: dict, missing: list[str]) -> dict:
    pieces = sorted((making / "database").iterdir())
    return facts | {
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "vendor": connection.vendor,
        "key": fingerprint(),
        "field_keys": sealing.key_ids(),
        "database": {path.name: contents.measured(path) for path in pieces},
        "files": contents.write_files(making, files.done.values()),
        "missing": missing,
    }


def fingerprint() -> str:
    """Return what tells two secret keys apart and gives away neither."""
    return hashlib.sha256(b"portal backup\0" + settings.SECRET_KEY.encode()).hexdigest()[:16]


def _name(root: Path) -> str:
    """A time to the microsecond, later than every name in ``root``: the order of names is that of making."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    latest = max((folder.name for folder in contents.folders(root)), default="")
    return name if name > latest else f"{latest}-"


def _require_room(root: Path) -> None:
    needed, free = BY_VENDOR[connection.vendor].size() + SPARE, room(root)
    if free < needed:
        raise Unusable(NO_ROOM.format(free // 2**20, needed // 2**20))


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    with (root / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(RUNNING) from None
        yield


def _clear(root: Path) -> None:
    """Remove what a killed run left half made or half removed."""
    for path in root.iterdir():
        if path.name.startswith((MAKING, GONE)):
            shutil.rmtree(path)


def _drop(folder: Path) -> None:
    gone = folder.with_name(f"{GONE}{folder.name}")
    folder.rename(gone)  # half a backup must not look like one
    shutil.rmtree(gone)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
