"""``manage.py verify_log``: the chain of the access log and its archives, one line per fault."""

import sys

from django.core.management.base import BaseCommand

from portal import access_archive, access_chain


class Command(BaseCommand):
    """Thin: the work is ``access_chain.faults`` and ``access_archive.faults``."""

    help = "核对访问记录的封存摘要、锚点和归档；每处不符一行并给出序号，有不符时退出码为 1。只读。"

    def handle(self, *args, **options) -> None:
        """Print the faults and exit with 1, or say that all is well."""
        found = [*access_chain.faults(), *access_archive.faults()]
        for line in [*found, *access_archive.elsewhere()]:
            self.stdout.write(line)
        if found:
            sys.exit(1)
        self.stdout.write(
            f"一切相符：封存至序号 {access_chain.end()[0]}，待封存 {access_chain.waiting()} 条。"
        )
