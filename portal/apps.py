"""The core app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class PortalConfig(AppConfig):
    """Knows no record type; registers checks and reports and keeps the guards of the database in place."""

    name = "portal"
    verbose_name = "门户"

    def ready(self) -> None:
        from portal import checks, reporting_report, target_report  # noqa: F401 -- register themselves

        pre_migrate.connect(_without_guards, sender=self)
        post_migrate.connect(_with_guards, sender=self)


def _without_guards(using: str, **kwargs) -> None:
    """SQLite rebuilds a table to change it: its triggers must not stand in the way."""
    from django.db import connections

    from portal import guards, public_changes

    guards.remove(connections[using])
    public_changes.remove(connections[using])


def _with_guards(using: str, **kwargs) -> None:
    from django.db import connections

    from portal import guards, public_changes

    present = connections[using].introspection.table_names()
    if "portal_event" in present:
        guards.remove(connections[using])
        guards.install(connections[using])
    if "portal_publicchange" in present:
        public_changes.remove(connections[using])
        public_changes.install(connections[using])
