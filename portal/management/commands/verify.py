"""``manage.py verify``: the invariants, one line per fault."""

import sys

from django.core.management.base import BaseCommand

from portal import verify


class Command(BaseCommand):
    """Thin: the work is ``verify.faults``."""

    help = "核对流转记录、提交版本、目录和岗位是否相符；每处不符一行，有不符时退出码为 1。只读。"

    def handle(self, *args, **options) -> None:
        """Print the faults and exit with 1, or say that all is well."""
        found = list(verify.faults())
        for line in found:
            self.stdout.write(line)
        if found:
            sys.exit(1)
        checked = "，".join(f"{label} {number}" for label, number in verify.counts().items())
        self.stdout.write(f"一切相符：{checked}。")
