"""The token of the public content: what changes what the public reads changes it, and nothing else does.

One transaction changes the token once, so what is asked several times has to commit in between.
"""

import re

import pytest
from django.db import connection, transaction
from django.test import Client

from portal import drafts, public_changes, registry, verify
from portal.finished_pages import ROUTES
from portal.models import CatalogueEntry, Edition, Filing, PublicNotice, Region, ReviewItem, Succession
from portal.public_changes import COMMON, LINKS
from portal.vocabulary import State
from tests import crawling, factories, reviewing
from tests.public import leave

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)
#: Rows that follow those of watched tables in the transaction that changes them.
TWO = {"city-training-brands", "skill-brands"}
FOLLOW = {"portal_entrygrams", "portal_entrycount", "portal_entrychange"}


def token() -> str:
    return public_changes.token(connection)


@pytest.fixture
def changes():
    """Tell whether the token changed since it was last asked."""
    known = [token()]

    def changed() -> bool:
        known.append(token())
        return known[-1] != known[-2]

    return changed


def test_every_table_that_a_listed_page_reads_is_watched():
    planted = crawling.plant()
    factories.entry("skill-brands")
    read: set[str] = set()

    def note(execute, sql, params, many, context):
        read.update(re.findall(r'(?:FROM|JOIN)\s+"?(\w+)"?', sql))
        return execute(sql, params, many, context)

    asked = [
        u for name, route in crawling.routes() if name in ROUTES for u in crawling.urls(name, route, planted)
    ]
    asked += [f"/catalogue/{t}/?q=演示" for t in registry.all_types() if t.public] + ["/search/?q=演示"]
    with connection.execute_wrapper(note):
        answers = {url: Client().get(url).status_code for url in asked}

    tables = {name for name in read if name in connection.introspection.table_names()}
    assert tables - {one.table for one in public_changes.watched()} - FOLLOW == set()
    assert len(tables) > 15
    assert len([status for status in answers.values() if status == 200]) > 20


@committed
def test_whatever_becomes_public_changes_the_token(changes):
    filing = factories.approved("skill-brands")
    changes()
    entry = factories.publish(filing)
    assert changes()
    leave(entry)
    assert changes()


@committed
def test_a_published_filing_changes_the_token_however_it_is_written(changes):
    filing = factories.entry("skill-brands").filing
    changes()
    Filing.objects.filter(pk=filing.pk).update(title=filing.title)
    assert changes()
    type(filing.record).objects.filter(pk=filing.pk).update(advantage_people="演示")
    assert changes()
    through = type(filing.record).institutions.through
    project = factories.entry("exam-institutions").filing
    changes()
    row = through(skillbrand_id=filing.pk, assessmentinstitution_id=project.pk)
    through.objects.bulk_create([row], ignore_conflicts=True)
    assert changes()
    through.objects.filter(skillbrand_id=filing.pk).delete()
    assert changes()


def test_what_nobody_sees_leaves_the_token(changes):
    record = factories.draft("labour-brands")
    drafts.save(record, by=factories.filer(), revision=record.revision, values={"name": "演示新名"})
    factories.filing("labour-brands", State.CITY_REVIEW)

    assert not changes()


@committed
def test_what_is_undone_leaves_the_token_and_what_comes_after_changes_it(changes):
    region = Region.objects.get(pk="37")

    class Undone(Exception):
        pass

    with transaction.atomic():
        with pytest.raises(Undone), transaction.atomic():
            region.save()
            raise Undone
        assert not changes()
        region.save()
    assert changes()


@committed
def test_no_token_comes_twice():
    region, found = Region.objects.get(pk="37"), []
    for _ in range(5):
        region.save()
        found.append(token())
    assert (len(set(found)), "" in found) == (5, False)


@committed
@pytest.mark.parametrize("model", [Edition, PublicNotice])
def test_every_row_of_an_open_table_counts(model, changes):
    crawling.plant()
    changes()
    model.objects.filter(pk=model.objects.first().pk).update(document_number=factories.DOCUMENT)
    assert changes()


@committed
def test_a_change_belongs_to_the_parts_of_its_rows():
    project = factories.entry("exam-projects", name="演示剪纸制作")
    town = factories.entry("city-training-brands")
    brand = factories.entry("skill-brands", name="潍坊剪纸品牌", exam_projects=["演示剪纸制作"])
    craft = factories.entry("handicraft-projects", exam_project="演示剪纸制作")
    through = type(brand.filing.record).exam_projects.through
    edition = Edition(kind="exam-projects", name="演示版", on="2024-01-01", created_by=factories.filer())
    moved = [  # what is done, and the parts that it changes
        (lambda: touched(project), {"exam-projects"}),
        (lambda: touched(town), {"city-training-brands"}),
        (lambda: touched(brand), {"skill-brands", LINKS}),
        (lambda: touched(craft), {"handicraft-projects", LINKS}),
        (lambda: touched(brand.filing), {"skill-brands"}),
        (lambda: touched(project.filing.record, "summary"), {"exam-projects"}),
        (lambda: touched(craft.filing.record, "summary"), {"handicraft-projects", LINKS}),
        (lambda: through.objects.filter(skillbrand_id=brand.filing_id).delete(), {"skill-brands", LINKS}),
        (lambda: touched(brand), {"skill-brands"}),
        (lambda: touched(Region.objects.get(pk="37"), "name"), {COMMON}),
        (lambda: touched(factories.bureau("37"), "name"), {COMMON}),
        (edition.save, {"exam-projects"}),
        (lambda: Succession.objects.create(old=town, new=project, kind="merged"), {town.kind, project.kind}),
        (lambda: reviewing.opened("city-training-brands"), {"city-training-brands"}),
        (lambda: ReviewItem.objects.update(entry=project), {"city-training-brands", "exam-projects"}),
        (lambda: CatalogueEntry.objects.filter(pk__in=[town.pk, brand.pk]).update(level=""), TWO),
        (lambda: factories.draft("labour-brands"), set()),
    ]
    found = []
    for act, _ in moved:
        before = public_changes.tokens(connection)
        act()
        found.append(
            {part for part, now in public_changes.tokens(connection).items() if before.get(part) != now}
        )

    assert found == [parts for _, parts in moved]


def touched(row, name: str = "title") -> None:
    """Write what stands there, past everything but the database."""
    type(row).objects.filter(pk=row.pk).update(**{name: getattr(row, name)})


def test_the_nightly_check_names_a_missing_trigger():
    name = sorted(public_changes.triggers(connection.vendor))[0]
    table = re.sub("^public_change_(delete_)?(old_)?", "", name)
    on = "" if connection.vendor == "sqlite" else f" ON {table}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on}")

    assert f"数据库缺少触发器 {name}。" in list(verify.faults())


def test_installing_anew_is_a_change(changes):
    public_changes.remove(connection)
    public_changes.install(connection)

    assert changes()
