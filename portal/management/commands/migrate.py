"""``manage.py migrate``: Django's own, one run at a time and each run whole."""

from django.core.management.base import CommandError
from django.core.management.commands import migrate

from portal import migrating, sealing


class Command(migrate.Command):
    """Only puts a lock and a transaction around it; what it does and its options are Django's."""

    def handle(self, *args, **options) -> None:
        """Wait for another run to end, then do what it left to do, or say which key is missing for it."""
        try:
            self._migrate(*args, **options)
        except sealing.Unreadable as locked:
            raise CommandError(f"没有迁移，数据库没有改动。{locked}") from None

    def _migrate(self, *args, **options) -> None:
        with migrating.one_at_a_time(options["database"]):
            if any(options.get(word) for word in ("plan", "check_unapplied", "prune")):
                super().handle(*args, **options)
                return
            with migrating.whole(options["database"]):
                super().handle(*args, **options)
