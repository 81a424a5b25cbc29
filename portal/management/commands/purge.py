"""``manage.py purge``: erase the personal data whose term has ended; ``--dry-run`` says what it would be."""

from collections.abc import Iterator

from django.core.management.base import BaseCommand, CommandError

from portal import purging, terms


class Command(BaseCommand):
    """Thin: the work is ``purging.purge``."""

    help = "清除已到保存期限的个人信息和附件，逐类报告数量；中断后再次执行即可接着做。"

    def add_arguments(self, parser) -> None:
        """Take the switch that changes nothing."""
        parser.add_argument("--dry-run", action="store_true", help="只报告到期的数量，不清除。")

    def handle(self, *args, dry_run: bool = False, **options) -> None:
        """Erase or count, and tell each class with its numbers."""
        try:
            found = purging.count() if dry_run else purging.purge()
        except ValueError as wrong:
            raise CommandError(f"PORTAL_TERMS 中的“{wrong}”不是期限，没有清除任何内容。") from None
        for name, term in terms.table().items():
            self.stdout.write(f"{term.label}：{'，'.join(_words(found[name])) or '没有到期的'}。")
        self.stdout.write("以上到期，没有清除。" if dry_run else "完成。")


def _words(found: dict[str, int]) -> Iterator[str]:
    return (f"{found[name]} {words}" for name, words in purging.WORDS.items() if found.get(name))
