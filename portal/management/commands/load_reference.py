"""``manage.py load_reference``: the divisions, zones and organisations of ``fixtures/``."""

from django.core.management.base import BaseCommand

from portal import reference


class Command(BaseCommand):
    """Thin: the work is ``reference.load``."""

    help = "把 fixtures/ 中的区划、功能区和单位装入数据库；重复执行不会改变已有数据。"

    def handle(self, *args, **options) -> None:
        """Load, and print one line per table."""
        for loaded in reference.load():
            self.stdout.write(str(loaded))
