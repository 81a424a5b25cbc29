"""``manage.py restore``: the portal as it was when a backup was made, or only a look at the backup."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal import backups, verify

NOT_DONE = "没有恢复完：{}。数据库没有改动。处理后再执行一次即可。"


class Command(BaseCommand):
    """Thin: the work is ``backups.restore``, then ``verify.faults``."""

    help = "用一份备份恢复数据库和文件。先核对备份，再恢复；中途停止时数据库保持原样，可再执行一次。"

    def add_arguments(self, parser) -> None:
        """Which one, and what may happen to what is there."""
        parser.add_argument(
            "backup", type=Path, help="一份备份的文件夹或清单，或存放各份备份的文件夹（取最新）"
        )
        parser.add_argument("--check", action="store_true", help="只核对备份是否完好，不恢复")
        parser.add_argument("--over", action="store_true", help="替换现有数据")
        parser.add_argument("--tidy", action="store_true", help="删除备份中没有的文件")

    def handle(self, *, backup: Path, check: bool, over: bool, tidy: bool, **options) -> None:
        """Restore and verify; a sentence and exit code 1 when it cannot be done or something is wrong."""
        try:
            if check:
                self.stdout.write(f"{backups.check(backup).folder} 完好，可以用来恢复。")
                return
            done = backups.restore(backup, over=over, tidy=tidy, tell=self.stdout.write)
        except backups.Unusable as reason:
            raise CommandError(str(reason)) from None
        except OSError as error:
            raise CommandError(NOT_DONE.format(error.strerror or error)) from None
        self._verify(done)

    def _verify(self, done: backups.Backup) -> None:
        """Say what is wrong in what was restored: it was so when the backup was made, or lies beside it."""
        found = list(verify.faults())
        for line in found:
            self.stdout.write(line)
        end = f"核对发现 {len(found)} 处不符。" if found else "核对一切相符。"
        self.stdout.write(f"已恢复到备份 {done.name}。{end}")
        if found:
            sys.exit(1)
