"""Forward with data (row 69): what an earlier release stored is there after ``migrate``, unchanged and whole.

The tables of that release are made by its migrations alone and filled through its own models, with what the
tests plant everywhere; then ``manage.py migrate`` and ``manage.py verify`` run as an operator runs them.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management.color import no_style
from django.db import connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.utils import load_backend

from portal import verify
from portal.settings import database as described
from tests import backing_up, crawling
from tests.sizes import size
from tests.test_migrating import Empty, empty_database

pytestmark = pytest.mark.django_db
OURS = ("portal", "assessments", "brands", "workforce")
EARLY = "early"
#: Counted anew by ``migrate`` itself, whatever stood there.
COUNTED = (
    *("EntryCount", "EntryChange", "FilingCount", "FilingRoad", "FilingReviewer", "FilingUnpublished"),
    "PublicChange",
)
#: What must be among the rows.
MAIN = {
    "portal.Organisation",
    "portal.User",
    "portal.Membership",
    "portal.Filing",
    "portal.FilingVersion",
    "portal.Event",
    "portal.Attachment",
    "portal.CatalogueEntry",
    "portal.Campaign",
    "portal.Message",
    "portal.AccessRecord",
    "assessments.AssessmentInstitution",
    "workforce.BuildingUnit",
    "brands.CityTrainingBrand",
}


def releases() -> list[str]:
    """Return the migrations of the core app that an installation may stand at, all but the newest."""
    graph = MigrationLoader(None).graph
    return sorted(name for app, name in graph.nodes if app == "portal")[:-1]


@contextmanager
def at(release: str, folder) -> Iterator[tuple[Empty, dict]]:
    """Give a database whose tables are those of a release, and the models that it had, by label."""
    with empty_database(folder) as (database, _):
        database.environment["PORTAL_SECRET_KEY"] = settings.SECRET_KEY
        own = connection.settings_dict | described(database.environment["DATABASE_URL"])
        engine = own["ENGINE"].replace("portal.fenced", "django.db.backends.postgresql")
        connections[EARLY] = load_backend(engine).DatabaseWrapper(own, EARLY)
        try:
            yield database, tables_of(release)
        finally:
            connections[EARLY].close()
            del connections[EARLY]


def tables_of(release: str) -> dict:
    """Make the tables of a release and return label → model, each with the columns it had."""
    executor = MigrationExecutor(connections[EARLY])
    leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] != "portal"]
    state = executor.migrate([*leaves, ("portal", release)])
    found = state.apps.get_models(include_auto_created=True)
    return {model._meta.label: model for model in found if model._meta.app_label in OURS}


def columns(old) -> list[str]:
    """Return the names of the columns of a model of the release, but of those that were given up since."""
    left = {field.attname for field in apps.get_model(old._meta.label)._meta.local_concrete_fields}
    fields = (field for field in old._meta.local_concrete_fields if not field.generated)
    return [field.attname for field in fields if field.attname in left]


def stored(models: dict, using: str) -> dict[str, list[tuple]]:
    """Return what stands in the columns that a release had, read with the models of now."""
    found = {}
    for label, old in models.items():
        rows = apps.get_model(label)._base_manager.using(using).order_by("pk").values_list(*columns(old))
        found[label] = list(rows)
    return found


def fill(models: dict, rows: dict[str, list[tuple]]) -> None:
    """Store rows through the models of the release; what refers to what is looked at when all are there."""
    there = connections[EARLY]
    with transaction.atomic(using=EARLY), there.cursor() as cursor:
        for label, old in models.items():
            for row in rows[label]:
                one = old(**dict(zip(columns(old), row, strict=True)))
                one.save_base(raw=True, force_insert=True, using=EARLY)
        for statement in there.ops.sequence_reset_sql(no_style(), list(models.values())):
            cursor.execute(statement)


@pytest.mark.parametrize("release", size(releases()[:1], releases()))
def test_what_an_earlier_release_stored_is_unchanged_and_whole_in_this_one(release, tmp_path):
    crawling.plant()
    backing_up.plant()
    assert list(verify.faults()) == []
    shutil.copytree(settings.MEDIA_ROOT, tmp_path / "media")

    with at(release, tmp_path) as (database, models):
        before = stored(models, "default")
        fill(models, before)
        connections[EARLY].close()

        code, said = database.run("manage.py", "migrate", "--verbosity", "0")
        assert (code, said) == (0, "")
        after = stored(models, EARLY)
        connections[EARLY].close()
        code, said = database.run("manage.py", "verify")

    kept = {label for label in before if label.split(".")[1] not in COUNTED}
    assert ([label for label in kept if after[label] != before[label]], code) == ([], 0), said
    assert [label for label in MAIN if not before[label]] == []
