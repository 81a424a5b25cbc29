"""manage.py rotate_field_keys: seal all personal data under the newest key."""

from django.core.management.base import BaseCommand, CommandError

from portal import resealing, sealing


class Command(BaseCommand):
    """Thin: one call for each column, and what came of it."""

    help = "用 PORTAL_FIELD_KEYS 中的第一个密钥重新加密个人信息；中断后再次执行即可接着做，期间门户照常使用。"

    def handle(self, **options):
        try:
            for column in resealing.columns():
                done = resealing.reseal(column)
                self.stdout.write(f"{column.table} 的{column.label}：重新加密 {done} 行。")
        except sealing.Unreadable as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write("完成。此前的备份仍用原来的密钥：备份还要用时，请妥善保管原密钥。")
