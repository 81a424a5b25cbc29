"""``manage.py seal_log``: give the access records that wait their places in the chain, and anchor it."""

from django.core.management.base import BaseCommand

from portal import access_chain


class Command(BaseCommand):
    """Thin: the work is ``access_chain.seal`` and ``access_chain.anchor``."""

    help = "封存等待封存的访问记录，并记下当天的锚点。由后台每分钟执行一次，也可以随时手工执行。"

    def handle(self, *args, **options) -> None:
        """Seal all that waits and say where the chain ends."""
        sealed, anchor = access_chain.seal(thorough=True), access_chain.anchor()
        number, said = access_chain.end()
        self.stdout.write(f"封存 {sealed} 条，末条序号 {number}，摘要 {said or '无'}。")
        if anchor:
            self.stdout.write(f"当天锚点：{anchor.day} {anchor.number} {anchor.hash}")
