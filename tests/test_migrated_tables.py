"""Tables change in later releases: what is derived from them is right again after the migration."""

from copy import copy

import pytest
from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django.db.migrations import Migration

from portal import counting, filing_counts, registry
from portal.models import CatalogueEntry
from portal.verify.database import missing_guards
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
PLAN = [(Migration("0099_later", "portal"), False)]


def widened(name: str, column: str, by: int) -> None:
    """Change a column as a migration would; SQLite makes the table anew for it."""
    model = apps.get_model("portal", name)
    before = model._meta.get_field(column)
    after = copy(before)
    after.max_length = before.max_length + by
    before = copy(before)
    before.max_length += 1 - by
    emit_pre_migrate_signal(0, False, connection.alias, plan=PLAN)
    with connection.schema_editor() as editor:
        editor.alter_field(model, before, after)
    emit_post_migrate_signal(0, False, connection.alias, plan=PLAN)


@pytest.mark.parametrize(
    ("name", "column"), [("Filing", "state"), ("Event", "action"), ("CatalogueEntry", "level")]
)
def test_a_changed_table_keeps_its_triggers_and_its_counts(name, column):
    factories.entry(registry.get("building-units"), name="甲公司")

    widened(name, column, 1)
    widened(name, column, 0)

    assert [*missing_guards(), *counting.faults(), *filing_counts.faults()] == []


def test_what_a_migration_writes_is_counted_after_it():
    entry = factories.entry(registry.get("building-units"), name="甲公司")
    counting.fold()

    emit_pre_migrate_signal(0, False, connection.alias, plan=PLAN)
    CatalogueEntry.objects.filter(pk=entry.pk).update(region="370783")
    emit_post_migrate_signal(0, False, connection.alias, plan=PLAN)

    assert [*missing_guards(), *counting.faults(), *filing_counts.faults()] == []


def test_where_nothing_is_migrated_the_counting_goes_on():
    factories.entry(registry.get("building-units"), name="甲公司")

    emit_pre_migrate_signal(0, False, connection.alias, plan=[])
    factories.entry(registry.get("building-units"), name="乙公司")
    emit_post_migrate_signal(0, False, connection.alias, plan=[])

    assert [*missing_guards(), *counting.faults(), *filing_counts.faults()] == []
