"""Restoring a backup: all of it is verified before anything is touched; then files, then the database."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from portal import access_log, sealing
from portal.backups import audit, contents, files, settling
from portal.backups.contents import Backup, Unusable
from portal.backups.making import BY_VENDOR, fingerprint
from portal.backups.nightly import tell_administrators
from portal.models import Act

DAMAGED = "这份备份已损坏，没有改动任何内容：{}。请换一份备份。"
OTHER = "这份备份来自 {}，本系统使用 {}，没有改动任何内容。请在使用 {} 的系统上恢复。"
NEWER = "这份备份来自较新的版本（{}），没有改动任何内容。请用做这份备份的版本恢复。"
NOT_EMPTY = (
    "本系统已有数据，没有改动任何内容。确定要用这份备份替换现有数据时，请停止门户后加上 --over 再执行。"
)
DIFFERENT = "恢复的数据与清单不符（{}），数据库没有改动。请换一份备份。"
OTHER_KEY = "注意：本系统的 PORTAL_SECRET_KEY 与做备份时不同，用它加密或签名的内容将不能使用。"
NO_FIELD_KEY = (
    "注意：PORTAL_FIELD_KEYS 中没有做备份时的密钥（标识 {}），联系人等个人信息将不能显示；把它补上即可。"
)
TOLD = "系统已恢复到 {:%Y-%m-%d %H:%M} 的备份，此后的内容需要重新办理。{}"
RECORDED = "由运行维护人员用服务器命令恢复到 {:%Y-%m-%d %H:%M} 的备份"
ASIDE = "备份之后的审计锚点没有丢弃，另存为 {}，请交审计员保存。"
COMPARED = ("migrations", "counts", "chain", "access_chain")


def check(path: Path) -> Backup:
    """Return the backup that ``path`` names when each byte is as it was made; else raise ``Unusable``."""
    backup = contents.find(path)
    listed = backup.manifest["files"]
    _require_same(backup.folder / contents.FILES, listed)
    for name, its in backup.manifest["database"].items():
        _require_same(backup.folder / "database" / Path(name).name, its)
    for name, its in backup.manifest.get("audit", {}).items():
        _require_same(backup.folder / audit.FOLDER / Path(name).name, its)
    for file in backup.files:
        if not file.is_safe:
            raise Unusable(DAMAGED.format(f"文件名 {file.name!r} 不可用"))
        _require_same(backup.folder / "files" / file.name, {"size": file.size, "sha256": file.sha256})
    return backup


def _require_same(path: Path, its: dict) -> None:
    try:
        same = contents.measured(path) == {name: its[name] for name in ("size", "sha256")}
    except OSError:
        same = False
    if not same:
        raise Unusable(DAMAGED.format(f"{path.name} 缺失或内容不符"))


def restore(
    path: Path,
    *,
    over: bool = False,
    tidy: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> Backup:
    """Put the portal back to the backup that ``path`` names, and say what is worth knowing on the way.

    ``over`` lets data be replaced; ``tidy`` removes the files that the backup does not know. Raises
    ``Unusable`` with a sentence when it cannot be done: the database is then what it was before.
    """
    backup = contents.find(path)
    _require_fit(backup, over)
    tell("正在核对备份……")
    check(path)
    if backup.manifest["key"] != fingerprint():
        tell(OTHER_KEY)
    if missing := set(backup.manifest.get("field_keys", ())) - set(sealing.key_ids()):
        tell(NO_FIELD_KEY.format("、".join(sorted(missing))))
    tell(f"备份完好，已恢复文件 {files.bring_back(backup, tell)} 个；正在恢复数据库……")
    if aside := audit.bring_back(backup):
        tell(ASIDE.format("、".join(aside)))
    held = settling.Held()
    BY_VENDOR[connection.vendor].load(
        backup.folder / "database",
        backup.manifest,
        compare=partial(_compare, backup),
        settle=partial(_settle, backup, held),
    )
    _tidy(backup, tidy, tell)
    tell(held.sentence)
    return backup


def _settle(backup: Backup, held: settling.Held) -> None:
    """Let nothing go on that began before, and record the restore: part of the change of the database."""
    held.hold()
    made_at = timezone.localtime(parse_datetime(backup.manifest["made_at"]))
    access_log.record(
        Act.ADMINISTER,
        kind="backup",
        key=backup.name,
        title=RECORDED.format(made_at),
        details={"manifest": contents.measured(backup.folder / contents.MANIFEST)["sha256"]},
    )
    tell_administrators(TOLD.format(made_at, held.sentence))


def _require_fit(backup: Backup, over: bool) -> None:
    vendor = backup.manifest["vendor"]
    if vendor != connection.vendor:
        raise Unusable(OTHER.format(vendor, connection.vendor, vendor))
    known = set(MigrationLoader(None).disk_migrations)
    if unknown := [node for node in map(tuple, backup.manifest["migrations"]) if node not in known]:
        raise Unusable(NEWER.format("，".join(".".join(node) for node in unknown[:3])))
    if not over and _has_people():
        raise Unusable(NOT_EMPTY)


def _has_people() -> bool:
    """Say whether somebody can work with what is there: reference data alone is made anew at any time."""
    with connection.cursor() as cursor:
        if "portal_user" not in connection.introspection.table_names(cursor):
            return False
        cursor.execute("SELECT count(*) FROM portal_user")
        return cursor.fetchone()[0] > 0


def _compare(backup: Backup, found: dict) -> None:
    """Raise ``Unusable`` when what was loaded is not what was saved; the change is then undone."""
    asked = [name for name in COMPARED if name in backup.manifest]  # an older release knew fewer
    wrong = [name for name in asked if found[name] != backup.manifest[name]]
    if found.get("integrity", "ok") != "ok":
        wrong.append("integrity")
    if wrong:
        raise Unusable(DIFFERENT.format("，".join(wrong)))


def _tidy(backup: Backup, tidy: bool, tell: Callable[[str], None]) -> None:
    names = files.others(backup)
    if tidy:
        for name in names:
            default_storage.delete(name)
        tell(f"已删除备份中没有的文件 {len(names)} 个。")
    elif names:
        tell(f"有 {len(names)} 个文件不在备份中，没有删除；确认不再需要后，可加上 --tidy 再执行一次。")
