"""``manage.py rebuild_search``: the public search made anew: what it looks through, then its index."""

from django.core.management.base import BaseCommand

from portal import search, search_texts


class Command(BaseCommand):
    """Thin: the work is ``search_texts.refresh`` and ``search.rebuild``."""

    help = "按填报和现在的地名更新公开查询的检索文本，再重建索引；条目本身不变，查询在完成前使用原来的索引。"

    def handle(self, *args, **options) -> None:
        """Rebuild, and say how many texts were out of date and how many entries can be found."""
        if renewed := search_texts.refresh():
            self.stdout.write(f"检索文本已更新：{renewed} 个条目。")
        self.stdout.write(f"索引已重建：{search.rebuild()} 个条目。")
