"""The core app."""

from collections.abc import Iterable
from types import ModuleType

from django.apps import AppConfig
from django.contrib.auth.signals import user_login_failed
from django.db.models.signals import post_migrate, pre_migrate


class PortalConfig(AppConfig):
    """Knows no record type; registers checks and reports and keeps the guards of the database in place."""

    name = "portal"
    verbose_name = "门户"

    def ready(self) -> None:
        from portal import checks, late_formats, metrics, reporting_report, sessions, target_report  # noqa: F401 -- register themselves
        from portal.access_hooks import connect

        late_formats.register()
        connect()
        user_login_failed.connect(metrics.counters.refused_sign_in)
        pre_migrate.connect(_without_guards, sender=self)
        post_migrate.connect(_with_guards, sender=self)


def _without_guards(using: str, plan: Iterable = (), **kwargs) -> None:
    """SQLite rebuilds a table to change it: its triggers must not stand in the way."""
    from django.db import connections

    for triggers in _triggers(bool(plan)).values():
        triggers.remove(connections[using])


def _with_guards(using: str, plan: Iterable = (), **kwargs) -> None:
    """Put the triggers back on the tables there are; what a migration wrote without them is counted anew."""
    from django.db import connections

    from portal import counting, filing_counts

    present = connections[using].introspection.table_names()
    for table, triggers in _triggers(bool(plan)).items():
        if table in present:
            triggers.remove(connections[using])
            triggers.install(connections[using])
    if plan and "portal_entrychange" in present:
        counting.recount()
    if plan and "portal_filingcount" in present:
        filing_counts.rebuild()


def _triggers(is_migrated: bool) -> dict[str, ModuleType]:
    """Return table that has to be there → its triggers; what follows rows stays where nothing is migrated."""
    from portal import (
        access_triggers,
        counting_triggers,
        fence,
        filing_triggers,
        guards,
        post_triggers,
        public_changes,
        search_triggers,
    )

    found = {"portal_event": guards, "portal_publicchange": public_changes}
    found |= {"portal_accessarchive": access_triggers, "portal_membership": post_triggers}
    counts = {"portal_entrychange": counting_triggers, "portal_filingcount": filing_triggers}
    counts |= {"portal_entrygrams": search_triggers}
    last = {"portal_publicnotice": fence}  # it opens what the functions of the others need
    return found | counts | last if is_migrated else found
