"""``manage.py rebuild_search``: the index of the public search, made anew from the entries."""

from django.core.management.base import BaseCommand

from portal import search


class Command(BaseCommand):
    """Thin: the work is ``search.rebuild``."""

    help = "重建公开查询的索引；条目本身不变，查询在完成前使用原来的索引。"

    def handle(self, *args, **options) -> None:
        """Rebuild, and say how many entries can be found."""
        self.stdout.write(f"索引已重建：{search.rebuild()} 个条目。")
