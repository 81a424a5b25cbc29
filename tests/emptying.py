"""A database after a test that committed: as it was installed, past the guards that refuse it."""

from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction

from portal import access_triggers, guards, post_triggers
from tests import retracing

# Facts of the installation, not of a test: they stay when a database is emptied.
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}
#: Triggers that refuse it, in the order in which they are put back.
GUARDS = (guards, access_triggers, post_triggers)
_STANDING = """SELECT t.tgname, t.tgenabled, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal"""


def load_reference() -> None:
    """Load regions and organisations as an installation does."""
    call_command("load_reference", verbosity=0)


class Installed:
    """The rows of the reference data, read when they were loaded, and the way back to them."""

    def __init__(self):
        self.rows: retracing.Rows = {}
        self.triggers: set[tuple] = set()

    def remember(self) -> None:
        """Read the rows and triggers of a database in which nothing but the reference data stands."""
        self.rows = {table: rows for table, rows in retracing.read().items() if rows}
        self.triggers = standing()

    def restore(self) -> None:
        """End a test that committed: every row of its own goes, the reference data stays as it was."""
        connection.ensure_connection()
        if connection.vendor == "postgresql" and retracing.can_be_laid() and standing() == self.triggers:
            return self._take_back()
        empty()
        load_reference()
        return self.remember()

    def _take_back(self) -> None:
        """Change what is not as it was, without the triggers: making tables and guards anew takes longer."""
        with transaction.atomic(), retracing.without_triggers():
            for table in retracing.with_rows() | set(self.rows):
                if table not in self.rows:
                    retracing.raw(f'DELETE FROM "{table}" RETURNING 1')
                    continue
                now, before = retracing.rows(table), self.rows[table]
                retracing.change(table, gone=now - before, come=before - now)


def standing() -> set[tuple]:
    """Return the triggers of PostgreSQL with what they do; a test may have taken some off."""
    return set(retracing.raw(_STANDING)) if connection.vendor == "postgresql" else set()


INSTALLED = Installed()


def empty() -> None:
    """Delete every row but the facts of the installation, with the guards taken off meanwhile."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    for triggers in GUARDS:
        triggers.remove(connection)
    statements = connection.ops.sql_flush(no_style(), sorted(tables - KEPT_TABLES))
    connection.ops.execute_sql_flush([*statements, "DELETE FROM portal_entrygrams;"])
    for triggers in GUARDS:
        triggers.install(connection)
