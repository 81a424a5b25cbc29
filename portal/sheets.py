"""What a sheet of a record type looks like: the one layout that export, template and import share.

One sheet holds the records, one more each kind of child rows; the first line of a sheet names its columns.
Knows no file format: ``excel`` writes it, ``importing`` reads it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models

from portal import text
from portal.models import Filing, Region
from portal.registry import RecordType
from portal.snapshot import CITY_ITSELF, NONE, is_place, related, shown

SAMPLE = "示例："  # a line whose first filled cell begins so is a sample: never imported
BETWEEN = "、"
GUIDE = "填表说明"  # the sheet of a template that only explains the others
REASONS = "错误说明"  # the column in which a marked workbook says what is wrong with a line: never read
EXPLANATION = "explanation"


@dataclass(frozen=True)
class Column:
    """One column: its header, and the model field whose values stand below it.

    ``name`` is the field's name on the record or child row. Of a sheet of child rows the first column is the
    name of the record they belong to: its ``name`` is empty. ``field`` is None for what an export adds for
    the reader only (``CONTEXT``); an import passes over those.
    """

    header: str
    name: str
    field: models.Field | None


@dataclass(frozen=True)
class Sheet:
    """One sheet: its title, whose rows it holds (empty: the records, else the related name), its columns."""

    title: str
    rows: str
    columns: list[Column]

    def column(self, header: str) -> Column | None:
        """Return the column with this header, forgiving blanks and full-width characters, or None."""
        wanted = text.key(header)
        return next((column for column in self.columns if text.key(column.header) == wanted), None)


def _entry(record: Filing) -> Any:
    return getattr(record, "entry", None)


# Headers an export adds for whoever reads it; an import never writes them: no state, no bureau from a sheet.
CONTEXT = {
    "填报单位": lambda record: record.organisation.name,
    "所属区划": lambda record: record.region.full_name,
    "状态": lambda record: record.get_state_display(),
    "目录编号": lambda record: getattr(_entry(record), "code", ""),
}
PUBLIC_CONTEXT = {
    "目录编号": CONTEXT["目录编号"],
    "所属区划": CONTEXT["所属区划"],
    "公布日期": lambda record: getattr(_entry(record), "valid_from", ""),
    "公布文号": lambda record: getattr(_entry(record), "document_number", ""),
}


def is_context(header: str) -> bool:
    """Say whether a header is one that exports and receipts add and imports pass over."""
    return text.key(header) in {text.key(name) for name in (*CONTEXT, *PUBLIC_CONTEXT, REASONS)}


def layout(record_type: RecordType, *, personal: bool = True) -> list[Sheet]:
    """Return the sheets of a type as a filer fills them; without ``personal`` those columns are left out."""
    names = [name for name in record_type.fields if personal or name not in record_type.personal]
    main = Sheet(_title(record_type.label), "", _columns(record_type.model, [*names, EXPLANATION]))
    return [main, *(_rows_sheet(record_type, name) for name in record_type.rows)]


def _rows_sheet(record_type: RecordType, name: str) -> Sheet:
    key, model = record_type.field(record_type.key[0]), record_type.row_model(name)
    owner = Column(str(key.verbose_name), "", key)
    columns = _columns(model, record_type.rows[name])
    return Sheet(_title(str(model._meta.verbose_name_plural)), name, [owner, *columns])


def _columns(model: type[models.Model], names: Iterable[str]) -> list[Column]:
    fields = [model._meta.get_field(name) for name in names]
    return [Column(str(field.verbose_name), field.name, field) for field in fields]


def _title(label: str) -> str:
    return label[:31]  # the most a sheet may be called


def relation_labels(model: type[models.Model]) -> dict[int | str, str]:
    """Return pk → what a sheet calls it: regions with their city, filings in force by title.

    A title that several of them share has the code behind it. The one table for drop-downs, exported cells
    and imported names; one query.
    """
    if model is Region:
        return {region.pk: region.full_name for region in Region.objects.current().select_related("parent")}
    in_force = model.objects.in_force().order_by("entry__code", "pk")
    rows = list(in_force.values_list("pk", "title", "entry__code"))
    times = Counter(text.key(title) for _, title, _ in rows)
    return {pk: title if times[text.key(title)] == 1 else f"{title}（{code}）" for pk, title, code in rows}


def cell_value(record: models.Model, field: models.Field, labels: dict[type, dict]) -> Any:
    """Return what a cell holds: dates and numbers as such, everything else in the printed words."""
    if field.is_relation:
        none = CITY_ITSELF if is_place(field) else NONE
        return BETWEEN.join(_related_labels(record, field, labels[field.related_model])) or none
    value = getattr(record, field.name)
    as_it_is = isinstance(value, date | Decimal | int) and not isinstance(value, bool) and not field.choices
    return value if as_it_is else shown(record, field.name)


def _related_labels(record: models.Model, field: models.Field, labels: dict) -> list[str]:
    if field.many_to_many:
        return [labels.get(other.pk) or str(other) for other in related(record, field.name)]
    pk = getattr(record, field.attname)
    return [] if pk is None else [labels.get(pk) or str(getattr(record, field.name))]


def all_labels(sheets: Iterable[Sheet]) -> dict[type, dict]:
    """Return ``relation_labels`` of every model these sheets refer to."""
    fields = [column.field for sheet in sheets for column in sheet.columns if column.field]
    models_named = dict.fromkeys(field.related_model for field in fields if field.is_relation)
    return {model: relation_labels(model) for model in models_named}


def sent_values(columns: list[Column], sent: dict) -> list:
    """Return what the cells of a record hold in the snapshot ``sent``; None below a context header."""
    words = {item["name"]: item["text"] for section in sent["sections"] for item in section["fields"]}
    words[EXPLANATION], raw = sent["explanation"], sent["values"]
    return [
        column.field and _sent_value(column.field, words.get(column.name, ""), raw.get(column.name))
        for column in columns
    ]


def sent_rows(sheet: Sheet, sent: dict) -> list[list]:
    """Return the child rows of one kind in the version ``sent``, without the name of their record."""
    raw = sent["rows"].get(sheet.rows, [])
    tables = [table for table in sent["tables"] if table["name"] == sheet.rows]
    lines = [dict(zip(table["columns"], line, strict=True)) for table in tables for line in table["rows"]]
    return [
        [_sent_value(c.field, line.get(c.header, ""), kept.get(c.name)) for c in sheet.columns[1:]]
        for line, kept in zip(lines, raw, strict=True)
    ]


def _sent_value(field: models.Field, words: str, raw: Any) -> Any:
    if isinstance(field, models.DateField) and raw:
        return date.fromisoformat(raw)
    if isinstance(field, models.DecimalField) and raw:
        return Decimal(raw)
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and not field.choices else words
