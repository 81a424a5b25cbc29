"""``manage.py prepare``: what ``./bin/up`` needs before the first request, in one process; safe to repeat."""

import hashlib
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import BaseCommand, CommandError, call_command
from django.db import DEFAULT_DB_ALIAS

from portal import migrating, planner, starting


class Command(BaseCommand):
    """Only calls other commands, and decides whether they are due."""

    help = "Migrates, loads the reference data, the demonstration data the first time, and the static files."

    def add_arguments(self, parser) -> None:
        """Declare the step for a database with roles."""
        parser.add_argument("--roles", action="store_true", help="最后建立数据库角色（database_roles）")

    def handle(self, *, roles: bool, **options) -> None:
        """Do each step that is due; a second one waits for the first, and then finds nothing to do."""
        with migrating.one_at_a_time(DEFAULT_DB_ALIAS):
            self._prepare()
            if roles:
                call_command("database_roles", verbosity=0)

    def _prepare(self) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        try:
            starting.refuse()
        except ImproperlyConfigured as reason:
            raise CommandError(str(reason)) from None
        call_command("load_reference", stdout=StringIO())
        if settings.DEMO and not get_user_model().objects.exists():
            self.stdout.write("Building the demonstration data / 正在生成演示数据")
            call_command("demo", stdout=StringIO())  # ./bin/up shows the accounts once the portal answers
        planner.refresh()
        collect_static_files()


def collect_static_files() -> None:
    """Collect the static files when one of them has changed since the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    digest = static_digest()
    if not stamp.exists() or stamp.read_text() != digest:
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(digest)


def static_digest() -> str:
    """Return a digest over path, size and time of every static file of every app."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: found[0]):
            facts = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
