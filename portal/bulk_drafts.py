"""Drafts by the thousand: written as ``drafts`` writes one, in sets. Beside it the only writer of drafts.

The columns, the cleaning, the title and the child rows are those of ``drafts.create`` (a test compares them
for every record type); only the way to the database differs: COPY on PostgreSQL, ``executemany`` on SQLite.
Triggers and constraints stay on, and what they refuse is refused in the same words.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Any

from django.db import IntegrityError, connection, models
from django.utils import timezone

from portal import drafts, scope, text, windows
from portal.models import Filing, Organisation, User
from portal.models.sealed import Sealed
from portal.refusals import Conflict, Refused
from portal.registry import RecordType
from portal.vocabulary import EDITABLE
from portal.workflow import as_refusal

BATCH = 2000
MOST_KNOWN = 20_000  # values of a column that are remembered
Values = Mapping[str, Any]
Rows = Mapping[str, Sequence[Values]]


@dataclass(frozen=True)
class New:
    """One draft to be: what ``drafts.create`` takes as ``values`` and ``rows``."""

    values: Values
    rows: Rows = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """What changes in a draft read at ``revision``: what ``drafts.save`` takes as ``values`` and ``rows``."""

    filing: int
    revision: int
    values: Values
    rows: Rows = field(default_factory=dict)


def batches(found: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Yield lists of ``size``, the last one of what is left."""
    source = iter(found)
    while batch := list(islice(source, size)):
        yield batch


def create(
    record_type: RecordType, organisation: Organisation, made: Iterable[New], *, by: User
) -> Iterator[list[int]]:
    """Write drafts of one bureau and yield their numbers, batch by batch in the given order.

    They belong to the campaign that ``drafts.create`` would choose now. Needs a transaction, which the caller
    rolls back when this raises ``Refused``: no post of his there, or a name that is taken.
    """
    if organisation.pk not in {o.pk for o in drafts.filing_organisations(by, record_type)}:
        raise Refused(f"您没有为这个单位填报{record_type.label}的岗位。")
    now = timezone.now()
    blank = record_type.model(
        kind=record_type.slug,
        organisation=organisation,
        region=organisation.region,
        campaign=windows.current_campaign(record_type.slug, organisation),
        created_by=by,
        **dict.fromkeys(("created_at", "updated_at", "arrived_at"), now),
    )
    writer = _Writer(record_type, blank)
    for batch in batches(made):
        try:
            yield writer.write(batch)
        except IntegrityError as error:
            raise as_refusal(error) from None


class _Writer:
    """Drafts that differ from ``blank`` in what they say."""

    def __init__(self, record_type: RecordType, blank: Filing):
        self.type, self.blank = record_type, blank
        names = [*record_type.fields, "explanation"]
        columns = [record_type.field(name) for name in names]
        self.many = [column for column in columns if column.many_to_many]
        self.own = {column.name: column.attname for column in columns if not column.many_to_many}
        self.known = {column.name: _Stored(column) for column in columns if not column.many_to_many}
        self.sealed = {column.name for column in columns if isinstance(column, Sealed)}
        self.tables = [_Table(meta, blank) for meta in (Filing._meta, type(blank)._meta)]
        self.defaults = {name: value for table in self.tables for name, value in table.defaults.items()}
        self.is_plain = type(blank).heading is Filing.heading
        self.is_derived = type(blank).derived is not Filing.derived

    def write(self, batch: Sequence[New]) -> list[int]:
        """Write a batch and return its numbers."""
        numbers = _numbers(len(batch))
        said = [self._columns(number, new.values) for number, new in zip(numbers, batch, strict=True)]
        for table in self.tables:
            insert(table.name, table.columns, map(table.line, said))
        for column in self.many:
            self._relate(column, numbers, batch)
        for name in self.type.rows:
            self._add_rows(name, numbers, batch)
        return numbers

    def _columns(self, number: int, values: Values) -> dict[str, Any]:
        """Return column → value as the database takes it, of both tables."""
        said = self.defaults.copy()
        for name, value in values.items():
            if (column := self.own.get(name)) is not None:
                is_plain = type(value) is str and name not in self.sealed
                said[column] = text.clean(value) if is_plain else self.known[name](value)
        said["id"] = said["filing_ptr_id"] = number
        said["title"] = self._title(values)[:100]
        if self.is_derived:
            said |= self._record(values).derived()
        return said

    def _title(self, values: Values) -> str:
        if self.is_plain:
            return text.clean(values.get("name") or "")
        return self._record(values).heading()

    def _record(self, values: Values, number: int | None = None) -> Filing:
        """Return the draft as an object, without what is related to it."""
        kept = {"organisation": self.blank.organisation, "region": self.blank.region, "pk": number}
        plain = {name: value for name, value in values.items() if name in self.own}
        return self.type.model(**kept, **_clean(plain))

    def _relate(self, column: models.ManyToManyField, numbers: list[int], batch: Sequence[New]) -> None:
        pairs = [
            (number, _key(other))
            for number, new in zip(numbers, batch, strict=True)
            for other in dict.fromkeys(new.values.get(column.name) or ())
        ]
        names = [column.m2m_column_name(), column.m2m_reverse_name()]
        insert(column.m2m_db_table(), names, pairs)

    def _add_rows(self, name: str, numbers: list[int], batch: Sequence[New]) -> None:
        made = [row for n, new in zip(numbers, batch, strict=True) for row in self._made(n, new, name)]
        fields = [f for f in self.type.row_model(name)._meta.local_concrete_fields if not f.primary_key]
        lines = ([f.get_db_prep_save(f.pre_save(row, True), connection) for f in fields] for row in made)
        insert(self.type.row_model(name)._meta.db_table, [f.column for f in fields], lines)

    def _made(self, number: int, new: New, name: str) -> list[models.Model]:
        """Return the child rows as they are going to be stored."""
        wanted = new.rows.get(name)
        if not wanted:
            return []
        record, relation = self._record(new.values, number), self.type.field(name)
        made = [relation.related_model(**{relation.field.name: record}, **_clean(row)) for row in wanted]
        record.settle_rows(made)
        return made


class _Table:
    """One of the two tables of a draft: its columns, and what stands in them unless something is said."""

    def __init__(self, meta, blank: Filing):
        fields = meta.local_concrete_fields
        self.name, self.columns = meta.db_table, [f.column for f in fields]
        self.line = itemgetter(*(f.attname for f in fields))  # the line of one draft
        self.defaults = {
            f.attname: None if f.primary_key else f.get_db_prep_save(getattr(blank, f.attname), connection)
            for f in fields
        }


class _Stored(dict):
    """The values of a column as the database takes them; the same ones come again and again."""

    def __init__(self, column: models.Field):
        self.column, self.is_sealed = column, isinstance(column, Sealed)  # sealed is never the same twice

    def __call__(self, value: Any) -> Any:
        """Return a value as the database takes it."""
        if value is None or type(value) in (int, bool):
            return value
        return self._prepared(value) if self.is_sealed or isinstance(value, list) else self[value]

    def __missing__(self, value: Any) -> Any:
        if len(self) >= MOST_KNOWN:
            self.clear()
        found = self[value] = self._prepared(value)
        return found

    def _prepared(self, value: Any) -> Any:
        said = text.clean(value) if isinstance(value, str) else _key(value)
        return self.column.get_db_prep_save(said, connection)


def _key(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value


def _clean(values: Values) -> dict[str, Any]:
    return {name: text.clean(said) if isinstance(said, str) else said for name, said in values.items()}


def insert(table: str, columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Insert lines of values, prepared for the database, in the fastest way it has."""
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    with connection.cursor() as cursor:
        if getattr(connection, "is_fenced", False):
            _staged(cursor, quote(table), names, lines)
        elif connection.vendor == "postgresql":
            _copied(cursor, f"{quote(table)} ({names})", lines)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {quote(table)} ({names}) VALUES ({marks})", lines)


def _copied(cursor, into: str, lines: Iterable[Sequence[Any]]) -> None:
    copying = cursor.copy(f"COPY {into} FROM STDIN")
    with connection.wrap_database_errors, copying as copy:
        for line in lines:
            copy.write_row(line)


def _staged(cursor, table: str, names: str, lines: Iterable[Sequence[Any]]) -> None:
    """Copy into a table of this transaction and insert from there: COPY passes no row-level security."""
    shape = f"SELECT {names} FROM {table} WITH NO DATA"
    cursor.execute(f"CREATE TEMPORARY TABLE staged ON COMMIT DROP AS {shape}")
    _copied(cursor, f"staged ({names})", lines)
    cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM staged")
    cursor.execute("DROP TABLE staged")


def _numbers(many: int) -> list[int]:
    """Return fresh numbers of filings; on SQLite the transaction is alone with them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence('portal_filing', 'id')) FROM generate_series(1, %s)",
                [many],
            )
            return [number for (number,) in cursor.fetchall()]
        cursor.execute("SELECT MAX(seq) FROM sqlite_sequence WHERE name = 'portal_filing'")
        last = cursor.fetchone()[0] or 0
    return list(range(last + 1, last + many + 1))


def save(record_type: RecordType, changes: Iterable[Change], *, by: User) -> Iterator[list[int]]:
    """Store changes of drafts by the rules of ``drafts.save``; yield the numbers of those written.

    Needs a transaction, rolled back when this raises ``Conflict`` (somebody wrote since) or ``Refused``.
    """
    for batch in batches(changes, 500):
        held = _held([change.filing for change in batch])
        plain = [change for change in batch if _is_plain(record_type, change, held.get(change.filing), by)]
        _update(record_type, plain)
        for change in batch:
            if change not in plain:
                _save_one(change, by)
        yield [change.filing for change in batch]


def _held(numbers: list[int]) -> dict[int, Filing]:
    """Return the filings as they are, held until the end of the transaction."""
    found = Filing.objects.select_for_update(of=("self",)).filter(pk__in=numbers).order_by("pk")
    return {filing.pk: filing for filing in found}


def _is_plain(record_type: RecordType, change: Change, filing: Filing | None, by: User) -> bool:
    """Say whether a change is of columns alone and the draft wholly open; refuse what is not his."""
    if filing is None or filing.revision != change.revision or filing.state not in EDITABLE:
        raise Conflict(filing)
    if not scope.files_for(by, filing.organisation_id):
        raise Refused("只有填报单位的填报岗位可以修改。")
    model = record_type.model
    is_own = model.save is not Filing.save or model.derived is not Filing.derived
    named = record_type.key[0] in change.values  # the title goes with the name
    related = any(record_type.field(name).many_to_many for name in change.values)
    return filing.unlocked is None and not (is_own or named or related or change.rows)


def _save_one(change: Change, by: User) -> None:
    record = Filing.objects.get(pk=change.filing).record
    drafts.save(record, by=by, revision=change.revision, values=change.values, rows=change.rows)


def _update(record_type: RecordType, changes: Sequence[Change]) -> None:
    """Write changed columns, those that change the same ones together."""
    own = {f.name for f in Filing._meta.local_concrete_fields}
    groups: dict[tuple[str, ...], list[Change]] = defaultdict(list)
    now = timezone.now()
    for change in changes:
        groups[tuple(sorted(change.values.keys() - own))].append(change)
    for names, group in groups.items():
        fields = [record_type.field(name) for name in names]
        lines = [[*(_said(f, c.values[f.name]) for f in fields), c.filing] for c in group]
        _set(record_type.model._meta.db_table, [f.column for f in fields], "filing_ptr_id", lines)
    explained = [change for change in changes if "explanation" in change.values]
    _set(
        Filing._meta.db_table,
        ["explanation"],
        "id",
        [[text.clean(c.values["explanation"]), c.filing] for c in explained],
    )
    Filing.objects.filter(pk__in=[change.filing for change in changes]).update(
        revision=models.F("revision") + 1, updated_at=now
    )


def _said(column: models.Field, value: Any) -> Any:
    is_plain = isinstance(value, str) and not isinstance(column, Sealed)
    return text.clean(value) if is_plain else _Stored(column)(value)


def _set(table: str, columns: Sequence[str], key: str, lines: Sequence[Sequence[Any]]) -> None:
    if not columns or not lines:
        return
    quote = connection.ops.quote_name
    names = ", ".join(f"{quote(column)} = %s" for column in columns)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {quote(table)} SET {names} WHERE {quote(key)} = %s", lines)
