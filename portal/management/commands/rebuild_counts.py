"""``manage.py rebuild_counts``: the running counters of catalogues and filings, made anew."""

from django.core.management.base import BaseCommand

from portal import counting, filing_counts

# each returns word → number of rows
REBUILDERS = (lambda: {"目录计数": counting.rebuild()}, filing_counts.rebuild)


class Command(BaseCommand):
    """Thin: the work is done by the modules that keep the counters."""

    help = "重新统计目录和填报的计数；业务数据不变，页面在完成前使用原来的计数。"

    def handle(self, *args, **options) -> None:
        """Rebuild all of them, and say how many rows each has."""
        for rebuild in REBUILDERS:
            for word, number in rebuild().items():
                if options["verbosity"]:
                    self.stdout.write(f"{word}已重新统计：{number} 行。")
