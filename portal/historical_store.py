"""Entering results that were decided before: drafts, versions, events and the state, a part at a time.

For ``historical_jobs`` alone, in the transaction of a confirmation: everything of a sheet or nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, models

from portal import registry, rules, snapshot, text, workflow
from portal.effects import append
from portal.historical_rows import Result, taken_names
from portal.models import Filing, FilingVersion, Organisation, Registration, User
from portal.refusals import Refused
from portal.registry import RecordType
from portal.vocabulary import State

AT_ONCE = 500
SOURCE = "历史登记，依据{}，{}办结"
BASIS = "依据{}，{}办结。"
OTHERWISE = "按现行规则的提示：{}"
LACKING = "历史登记：按当时材料登记，缺{}。"
MOST_WORDS = 1500  # 字 of what is lacking; all of it is in the details
OVERTAKEN = "确认期间“{}”已由所属单位填报，整份没有登记；请核对后重新上传。"


def enter(registration: Registration, results: Iterable[Result], *, by: User, at: datetime) -> Iterator[int]:
    """Enter ``results`` as approved at ``at``; yield how many are done after each part of them.

    ``registration`` with its ``upload``. Raises ``Refused`` when a name was taken meanwhile. Needs a
    transaction.
    """
    record_type = registry.get(registration.upload.slug)
    editions = snapshot.editions_of(record_type)
    results, done = iter(results), 0
    while part := list(islice(results, AT_ONCE)):
        if taken := taken_names(record_type, part):
            raise Refused(OVERTAKEN.format(min(taken)[1]))
        _enter(registration, record_type, part, editions, by, at)
        done += len(part)
        yield done


def _enter(
    registration: Registration,
    record_type: RecordType,
    part: Sequence[Result],
    editions: dict[str, str],
    by: User,
    at: datetime,
) -> None:
    prepared_by = registration.upload.created_by
    stored = _drafted(record_type, part, prepared_by, at)
    records = _loaded(record_type, [filing.pk for filing in stored])
    append(*(_version(record, editions, prepared_by, at) for record in records))
    said = [_said(registration, result, record) for result, record in zip(part, records, strict=True)]
    sent = {"submitted_at": at, "submitted_by_id": prepared_by.pk}
    ended = {"decided_at": at, "decided_by_id": by.pk, "registration_id": registration.pk}
    workflow.move_all(stored, "register", State.APPROVED, said, by=by, at=at, **sent, **ended)


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


def _version(record: Filing, editions: dict[str, str], by: User, at: datetime) -> FilingVersion:
    taken = snapshot.take(record, in_force=editions, kept=[])
    sent = {"submitted_at": at, "submitted_by": by}
    return FilingVersion(filing_id=record.pk, number=1, snapshot=taken, sha256=snapshot.digest(taken), **sent)


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
    quoted = ", ".join(connection.ops.quote_name(column.column) for column in columns)
    places = ", ".join(["%s"] * len(columns))
    table = connection.ops.quote_name(model._meta.db_table)
    lines = [[c.get_db_prep_save(getattr(r, c.attname), connection) for c in columns] for r in records]
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({quoted}) VALUES ({places})", lines)


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
