"""Entering results that were decided before: drafts, versions, events and the state, a part at a time.

For ``historical_jobs`` alone, in the transaction of a confirmation: everything of a sheet or nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, models

from portal import bulk_drafts, registry, rules, snapshot, text, workflow
from portal.effects import append, as_refusal
from portal.historical_rows import Result
from portal.models import Filing, FilingVersion, Organisation, Registration, User
from portal.registry import RecordType
from portal.vocabulary import State

AT_ONCE = 500
SOURCE = "历史登记，依据{}，{}办结"
BASIS = "依据{}，{}办结。"
OTHERWISE = "按现行规则的提示：{}"
LACKING = "历史登记：按当时材料登记，缺{}。"
MOST_WORDS = 1500  # 字 of what is lacking; all of it is in the details


class Entry:
    """Enters the parts of one sheet as approved at one instant; ``number`` of them so far.

    ``registration`` with its ``upload``. Needs a transaction, rolled back when something is refused.
    """

    def __init__(self, registration: Registration, *, by: User, at: datetime):
        self.registration, self.by, self.at, self.number = registration, by, at, 0
        self.type = registry.get(registration.upload.slug)
        self.prepared_by = registration.upload.created_by
        self.editions = snapshot.editions_of(self.type)

    def take(self, part: Sequence[Result]) -> None:
        """Enter one part of rows without errors: drafts, versions, events, state."""
        try:
            stored = _drafted(self.type, part, self.prepared_by, self.at)
        except IntegrityError as error:  # a bureau took the name this very moment
            raise as_refusal(error) from None
        records = _loaded(self.type, [filing.pk for filing in stored])
        append(*(self._version(record) for record in records))
        pairs = zip(part, records, strict=True)
        said = [_said(self.registration, result, record) for result, record in pairs]
        sent = {"submitted_at": self.at, "submitted_by_id": self.prepared_by.pk}
        ended = {"decided_at": self.at, "decided_by_id": self.by.pk, "registration_id": self.registration.pk}
        workflow.move_all(stored, "register", State.APPROVED, said, by=self.by, at=self.at, **sent, **ended)
        self.number += len(part)

    def _version(self, record: Filing) -> FilingVersion:
        taken = snapshot.take(record, in_force=self.editions, kept=[])
        sent = {"submitted_at": self.at, "submitted_by": self.prepared_by}
        facts = {"number": 1, "snapshot": taken, "sha256": snapshot.digest(taken)}
        return FilingVersion(filing_id=record.pk, **facts, **sent)


def _loaded(record_type: RecordType, pks: Sequence[int]) -> list[Filing]:
    """Return the records as they are stored, with all that snapshots and rules read; few queries."""
    columns = [record_type.field(name) for name in record_type.fields]
    paths = [column.name for column in columns if column.is_relation]
    for name, fields in record_type.rows.items():
        model = record_type.row_model(name)
        paths += [name, *(f"{name}__{f}" for f in fields if model._meta.get_field(f).is_relation)]
    paths += [f"{path}__entry" for path in paths if _leads_on(record_type, path)]
    found = record_type.model.objects.filter(pk__in=pks).prefetch_related(*paths)
    known = {record.pk: record for record in found.select_related("organisation__region", "region__parent")}
    return [known[pk] for pk in pks]


def _leads_on(record_type: RecordType, path: str) -> bool:
    """Whether what stands at ``path`` is a filing, of which a snapshot keeps the code."""
    name, _, field = path.partition("__")
    column = record_type.row_model(name)._meta.get_field(field) if field else record_type.field(name)
    return issubclass(column.related_model, Filing)


def _said(registration: Registration, result: Result, record: Filing) -> tuple[str, dict[str, Any]]:
    """Return the comment and the details of the event of one filing."""
    missing, warnings = rules.lacking(record)
    comment = BASIS.format(result.number, result.on)
    if missing:
        comment += LACKING.format("、".join(missing))
    if warnings:
        comment += OTHERWISE.format("".join(warnings))
    comment = comment if text.count(comment) <= MOST_WORDS else f"{comment[:MOST_WORDS]}…"
    return comment, {
        "registration": registration.pk,
        "document_number": result.number,
        "decided_on": str(result.on),
        "document_sha256": registration.document_sha256,
        "sheet_sha256": registration.upload.sha256,
        "row": result.draft.row,
        "prepared_by": str(registration.upload.created_by),
        "lacking": missing,
        "warnings": warnings,
    }


def _drafted(record_type: RecordType, part: Sequence[Result], by: User, at: datetime) -> list[Filing]:
    """Store the drafts of a part with their relations and rows and return them; few queries for many."""
    records = [_record(record_type, result, by, at) for result in part]
    parents = Filing.objects.bulk_create([_parent(record) for record in records])
    for record, parent in zip(records, parents, strict=True):
        record.pk = record.filing_ptr_id = parent.pk
    _insert(record_type.model, records)
    _relate(record_type, records, part)
    for name in record_type.rows:
        _add_rows(record_type, name, records, part)
    return parents


def _record(record_type: RecordType, result: Result, by: User, at: datetime) -> Filing:
    many = {f.name for f in record_type.model._meta.many_to_many}
    plain = {n: v for n, v in result.draft.values.items() if n not in many}
    source = SOURCE.format(result.number, result.on)
    facts = {"created_by": by, "created_at": at, "updated_at": at, "arrived_at": at, "source": source}
    bureau: Organisation = result.bureau
    record = record_type.model(organisation=bureau, region=bureau.region, **facts, **plain)
    record.tidy()
    return record


def _parent(record: Filing) -> Filing:
    columns = (column.attname for column in Filing._meta.concrete_fields if not column.primary_key)
    return Filing(**{name: getattr(record, name) for name in columns})


def _insert(model: type[models.Model], records: Sequence[models.Model]) -> None:
    """Insert the child's own columns below parents that are stored."""
    columns = model._meta.local_concrete_fields
    lines = ([c.get_db_prep_save(getattr(r, c.attname), connection) for c in columns] for r in records)
    bulk_drafts.insert(model._meta.db_table, [column.column for column in columns], lines)


def _relate(record_type: RecordType, records: Sequence[Filing], part: Sequence[Result]) -> None:
    for column in record_type.model._meta.many_to_many:
        through = column.remote_field.through
        own, other = f"{column.m2m_field_name()}_id", f"{column.m2m_reverse_field_name()}_id"
        through.objects.bulk_create(
            through(**{own: record.pk, other: chosen.pk})
            for record, result in zip(records, part, strict=True)
            for chosen in result.draft.values.get(column.name, ())
        )


def _add_rows(record_type: RecordType, name: str, records: Sequence[Filing], part: Sequence[Result]) -> None:
    relation = record_type.model._meta.get_field(name)
    made = []
    for record, result in zip(records, part, strict=True):
        own = [_row(relation, record, values) for values in result.draft.rows.get(name, ())]
        record.settle_rows(own)
        made += own
    relation.related_model.objects.bulk_create(made, batch_size=AT_ONCE)


def _row(relation: Any, record: Filing, values: dict[str, Any]) -> models.Model:
    cleaned = {n: text.clean(v) if isinstance(v, str) else v for n, v in values.items()}
    return relation.related_model(**{relation.field.name: record}, **cleaned)
