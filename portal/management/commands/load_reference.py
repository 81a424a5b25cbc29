"""``manage.py load_reference``: the divisions, zones and organisations of ``fixtures/``."""

from django.core.management.base import BaseCommand

from portal import reference, search_texts


class Command(BaseCommand):
    """Thin: the work is ``reference.load``, and ``search_texts.refresh`` for what it renamed."""

    help = "把 fixtures/ 中的区划、功能区和单位装入数据库；重复执行不会改变已有数据。"

    def handle(self, *args, **options) -> None:
        """Load, print one line per table, and let the public search follow corrected divisions."""
        regions, *others = reference.load()
        for loaded in (regions, *others):
            self.stdout.write(str(loaded))
        if regions.changed:
            search_texts.refresh()
