"""Drafts written in sets: the same rows as one by one, column by column, for every record type."""

import pytest
from django.db import transaction

from portal import bulk_drafts, drafts, registry
from portal.bulk_drafts import Change, New
from portal.models import Filing
from portal.refusals import Conflict, Refused
from portal.registry import RecordType
from portal.snapshot import child_rows, related
from tests import factories
from tests.returning import returned

pytestmark = pytest.mark.django_db
every_type = pytest.mark.parametrize(
    "record_type", list(registry.all_types()), ids=lambda record_type: record_type.slug
)
UNIT = registry.get("building-units")
OWN = {"id", "filing_ptr_id", "created_at", "updated_at", "arrived_at"}


def whole(record: Filing) -> dict:
    """Return every column of a record and of its child rows, and what it relates to."""
    kind = record.record_type
    columns = {f.attname: getattr(record, f.attname) for f in record._meta.concrete_fields}
    many = {f.name: [other.pk for other in related(record, f.name)] for f in record._meta.local_many_to_many}
    rows = {
        name: [
            {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name != "id"}
            for row in child_rows(record, name)
        ]
        for name in kind.rows
    }
    for name, found in rows.items():
        for row in found:
            row.pop(kind.field(name).field.attname)
    return {**{name: value for name, value in columns.items() if name not in OWN}, **many, **rows}


def said(record: Filing) -> tuple[dict, dict]:
    """Return what a draft says, as both writers take it."""
    kind = record.record_type
    names = [*kind.fields, "explanation"]
    many = {name for name in names if record._meta.get_field(name).many_to_many}
    values = {name: related(record, name) if name in many else getattr(record, name) for name in names}
    return values, {name: drafts.row_values(record, name) for name in kind.rows}


def written(record_type: RecordType, bureau, made: list[New], by) -> list[Filing]:
    with transaction.atomic():
        numbers = [
            number for batch in bulk_drafts.create(record_type, bureau, made, by=by) for number in batch
        ]
    found = {record.pk: record for record in record_type.model.objects.filter(pk__in=numbers)}
    return [found[number] for number in numbers]


@every_type
@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "empty"])
def test_a_draft_written_in_bulk_is_the_one_written_alone(record_type, is_whole):
    model = factories.draft(record_type)
    by, bureau = factories.filer(), model.organisation
    values, rows = said(model) if is_whole else ({}, {})
    factories.act(model, "cancel", by)

    one = drafts.create(record_type, by=by, organisation=bureau, values=values, rows=rows)
    one = record_type.model.objects.get(pk=one.pk)
    alone = whole(one)
    factories.act(one, "cancel", by)
    (many,) = written(record_type, bureau, [New(values, rows)], by)

    assert whole(many) == alone
    assert many.pk > one.pk


def test_texts_are_cleaned_and_the_next_draft_is_numbered_behind():
    by = factories.filer()
    bureau = drafts.filing_organisations(by, UNIT)[0]

    made = written(UNIT, bureau, [New({"name": f" 甲{n}\u200b\x00 "}) for n in range(3)], by)
    after = drafts.create(UNIT, by=by, values={"name": "乙"})

    assert [(record.name, record.title) for record in made] == [(f"甲{n}", f"甲{n}") for n in range(3)]
    assert after.pk == made[-1].pk + 1


def test_a_name_that_is_taken_and_a_bureau_of_others_are_refused_and_nothing_is_written():
    by = factories.filer()
    bureau = drafts.filing_organisations(by, UNIT)[0]
    drafts.create(UNIT, by=by, values={"name": "甲"})

    with pytest.raises(Refused, match="本单位已有同名的填报"):
        written(UNIT, bureau, [New({"name": "乙"}), New({"name": "甲"})], by)
    with pytest.raises(Refused, match="您没有为这个单位填报"):
        written(UNIT, factories.bureau("3701"), [New({"name": "丙"})], by)

    assert [filing.title for filing in Filing.objects.all()] == ["甲"]


def test_changes_are_stored_in_bulk_and_raise_the_revision():
    by = factories.filer()
    one, other = (drafts.create(UNIT, by=by, values={"name": name, "address": "旧"}) for name in "甲乙")
    rows = {
        "annual_performances": [{"year": 2024, "trained_count": 1, "self_used_count": 1, "exported_count": 0}]
    }

    with transaction.atomic():
        changes = [
            Change(one.pk, 0, {"address": " 新 ", "explanation": "说明"}),
            Change(other.pk, 0, {"address": "新"}, rows),
        ]
        assert list(bulk_drafts.save(UNIT, changes, by=by)) == [[one.pk, other.pk]]

    found = UNIT.model.objects.order_by("pk")
    assert [(r.address, r.explanation, r.revision, r.annual_performances.count()) for r in found] == [
        ("新", "说明", 1, 0),
        ("新", "", 1, 1),
    ]


def test_a_change_of_a_draft_written_since_or_of_others_changes_nothing():
    by = factories.filer()
    one, other = (drafts.create(UNIT, by=by, values={"name": name, "address": "旧"}) for name in "甲乙")
    drafts.save(one, by=by, revision=0, values={"address": "别人"})

    with pytest.raises(Conflict), transaction.atomic():
        list(bulk_drafts.save(UNIT, [Change(p, 0, {"address": "新"}) for p in (other.pk, one.pk)], by=by))
    with pytest.raises(Refused), transaction.atomic():
        list(bulk_drafts.save(UNIT, [Change(other.pk, 0, {"address": "新"})], by=factories.filer("3701")))

    assert [r.address for r in UNIT.model.objects.order_by("pk")] == ["别人", "旧"]


def test_a_return_that_opened_some_fields_is_changed_by_the_rules_of_one_alone():
    filing = returned(UNIT, "address")
    by = factories.filer(filing.region_id)

    with pytest.raises(Refused, match="本次退回只开放有意见的栏目"), transaction.atomic():
        change = Change(filing.pk, filing.revision, {"legal_representative": "别人（演示）"})
        list(bulk_drafts.save(UNIT, [change], by=by))
    with transaction.atomic():
        list(bulk_drafts.save(UNIT, [Change(filing.pk, filing.revision, {"address": "新路"})], by=by))

    stored = UNIT.model.objects.get(pk=filing.pk)
    assert (stored.address, stored.legal_representative == "别人（演示）") == ("新路", False)
