"""``manage.py backup``: one more backup of database and files, while the portal works on."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal import backups

NO_ROOM = "备份没有做成：{}。已有的备份都在。请检查存放备份的文件夹后再做。"


class Command(BaseCommand):
    """Thin: the work is ``backups.make``."""

    help = "备份数据库和全部文件，门户照常运行；已有的备份不受影响。"

    def add_arguments(self, parser) -> None:
        """Where to, and how many to keep."""
        parser.add_argument("--to", type=Path, default=settings.BACKUPS or settings.VAR / "backups")
        parser.add_argument(
            "--keep", type=int, default=settings.BACKUPS_KEPT, help="保留最新的几份，0 为全部"
        )

    def handle(self, *, to: Path, keep: int, **options) -> None:
        """Make it and say where it is; a sentence and exit code 1 when it could not be made."""
        try:
            made = backups.make(to, max(keep, 0), self.stdout.write)
        except backups.Unusable as reason:
            raise CommandError(str(reason)) from None
        except OSError as error:
            raise CommandError(NO_ROOM.format(error.strerror or error)) from None
        missing = made.manifest["missing"]
        for name in missing:
            self.stdout.write(f"文件 {name} 在备份前已不存在。")
        counts = made.manifest["counts"]
        self.stdout.write(f"已备份到 {made.folder}：{sum(counts.values())} 行，文件 {len(made.files)} 个。")
