"""``manage.py archive_log``: write what is older than the term to a signed file, then delete it."""

from datetime import date

from django.core.management.base import BaseCommand, CommandError

from portal import access_archive, access_chain
from portal.refusals import Refused


class Command(BaseCommand):
    """Thin: the work is ``access_archive.archive``."""

    help = "把超过保留期的访问记录写入签名的归档文件，核对无误后才从数据库删除；六个月以内的一律拒绝。"

    def add_arguments(self, parser) -> None:
        """Take the day before which records go; without it the term of the setting."""
        parser.add_argument("--before", type=date.fromisoformat, metavar="YYYY-MM-DD")

    def handle(self, *args, before: date | None = None, **options) -> None:
        """Archive and say what became of it."""
        access_chain.seal(thorough=True)
        try:
            kept = access_archive.archive(before)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        day = before or access_archive.term()
        if kept is None:
            self.stdout.write(f"{day} 之前没有可以归档的访问记录，没有改动任何内容。")
            return
        self.stdout.write(f"序号 {kept.first} 至 {kept.number} 已写入 {kept.file_name} 并从数据库删除。")
        self.stdout.write(f"文件摘要 {kept.sha256}，签名 {kept.signature}。")
