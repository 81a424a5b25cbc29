"""A filing as plain data: what a version stores, and the words in which each field is shown."""

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone

from portal import kept, text
from portal.models import CatalogueEntry, ChoiceListField, Edition, Filing, Region, canonical
from portal.vocabulary import Level

NONE = "无"
CITY_ITSELF = "市直"  # the city's own, no county: stored as absence (鲁人社字〔2021〕32号 附件2注1)


def is_place(column: models.Field) -> bool:
    """Say whether a field names the county something belongs to, where none is the city itself."""
    return column.related_model is Region and column.null


def shown(record: models.Model, name: str) -> str:
    """Return a field's value as it is printed; an empty relation is 无 (鲁人社字〔2024〕95号 附件备注2)."""
    column = record._meta.get_field(name)
    if column.many_to_many:
        return "、".join(str(other) for other in related(record, name)) or NONE
    value = getattr(record, name)
    if isinstance(column, ChoiceListField):
        return "、".join(column.labels(value))
    if isinstance(column, models.BooleanField):
        return {True: "是", False: "否"}.get(value, "")
    if column.is_relation:
        return str(value) if value else CITY_ITSELF if is_place(column) else NONE
    if column.choices:
        return str(getattr(record, f"get_{name}_display")())
    if isinstance(value, Decimal):
        return text.plain_number(value)
    return "" if value is None else str(value)


def related(record: models.Model, name: str) -> list[models.Model]:
    """Return the objects of a many-to-many field in a fixed order; prefetched ones cost no query."""
    return sorted(getattr(record, name).all(), key=lambda other: other.pk) if record.pk else []


def raw(record: models.Model, name: str) -> Any:
    """Return a field's value as JSON keeps it; related filings as id, code and title, as they are now."""
    column = record._meta.get_field(name)
    if column.many_to_many:
        return [_reference(other) for other in related(record, name)]
    value = getattr(record, name)
    if column.is_relation:
        return _reference(value) if value else None
    if isinstance(value, date):
        return value.isoformat()
    return text.plain_number(value) if isinstance(value, Decimal) else value


def _reference(other: models.Model) -> dict:
    if not isinstance(other, Filing):
        return {"id": other.pk, "code": "", "title": str(other)}
    is_loaded = type(other).entry.is_cached(other)
    entry = getattr(other, "entry", None) if is_loaded else _entry_of(other)
    return {"id": other.pk, "code": entry.code if entry else "", "title": other.title}


def _entry_of(other: Filing) -> CatalogueEntry | None:
    return CatalogueEntry.objects.filter(filing_id=other.pk).first()


def take(record: Filing, *, in_force: dict[str, str] | None = None, kept: list[dict] | None = None) -> dict:
    """Return the whole filing as JSON data.

    ``in_force`` and ``kept`` are ``editions_of`` its type and its ``files`` where many are taken at once.

    ``values``: field → raw value. ``sections``: [{heading, fields: [{name, label, text}]}] and
    ``tables``: [{name, label, columns, rows}] hold the words as shown, so that an old version prints without
    the code of its day. ``editions``: catalogue → edition in force for each related type. ``files``: id,
    slot, size and SHA-256 of each attachment.
    """
    record_type = record.record_type
    return {
        "type": record_type.slug,
        "label": record_type.label,
        "title": record.title,
        "organisation": record.organisation.name,
        "region": record.region_id,
        "version": record.version,
        "explanation": record.explanation,
        "campaign": str(record.campaign) if record.campaign_id else "",
        "nothing": record.is_nothing,
        "values": {name: raw(record, name) for name in record_type.fields},
        "rows": {name: _raw_rows(record, name) for name in record_type.rows},
        "sections": sections(record),
        "tables": tables(record),
        "editions": editions_of(record_type) if in_force is None else in_force,
        "files": files(record) if kept is None else kept,
    }


def sections(record: Filing) -> list[dict]:
    """Return the sections of the form with each field's label and printed text."""
    if record.is_nothing:
        return [_nothing(record)]
    return [
        {
            "heading": heading,
            "fields": [
                {
                    "name": name,
                    "label": str(record._meta.get_field(name).verbose_name),
                    "text": shown(record, name),
                }
                for name in names
            ],
        }
        for heading, names in record.record_type.sections.items()
    ]


def _nothing(record: Filing) -> dict:
    """Return what a zero report says in place of the form; its reason is the explanation."""
    campaign, kind = record.campaign, record.record_type
    basis = " ".join(part for part in (campaign.document_number, campaign.clause) if part)
    lines = {
        "campaign": ("报送任务", str(campaign)),
        "basis": ("依据", basis),
        "form": ("报送表", kind.label),
        "nothing": ("报送内容", "本单位没有需要报送的内容。"),
    }
    fields = [{"name": name, "label": label, "text": words} for name, (label, words) in lines.items()]
    return {"heading": "零报送", "fields": fields}


def tables(record: Filing) -> list[dict]:
    """Return the child rows as tables of printed words; those of a sheet have its columns."""
    kinds = () if record.is_nothing else record.record_type.rows
    return [_table(record, name) for name in kinds]


def _table(record: Filing, name: str) -> dict:
    model, columns = record.record_type.row_model(name), _columns(record, name)
    city = city_name(record) if "" in columns.values() else ""
    return {
        "name": name,
        "label": str(model._meta.verbose_name_plural),
        "columns": list(columns),
        "rows": [
            [shown(row, field) if field else city for field in columns.values()]
            for row in child_rows(record, name)
        ],
    }


def _columns(record: Filing, name: str) -> dict[str, str]:
    """Return label → field; an empty name is the city."""
    sheet, model = record.record_type.sheet, record.record_type.row_model(name)
    if sheet and sheet.rows == name:
        return sheet.columns
    return {str(model._meta.get_field(field).verbose_name): field for field in record.record_type.rows[name]}


def city_name(record: Filing) -> str:
    """Return the name of the city that a filing's region is or lies in."""
    region = record.region
    return region.parent.name if region.level in (Level.COUNTY, Level.ZONE) else region.name


def child_rows(record: Filing, name: str) -> list[models.Model]:
    """Return the child rows of one kind in the order they were entered."""
    return sorted(getattr(record, name).all(), key=lambda row: row.pk) if record.pk else []


def _raw_rows(record: Filing, name: str) -> list[dict]:
    fields = record.record_type.rows[name]
    return [{f: raw(row, f) for f in fields} for row in child_rows(record, name)]


def files(record: Filing) -> list[dict]:
    """Return what identifies each file of the filing; its name is personal data and stays out."""
    held = sorted(record.attachments.all(), key=lambda a: a.pk) if record.pk else []
    kept = [a for a in held if a.removed_at is None]
    return [{"id": a.pk, "slot": a.slot, "size": a.size, "sha256": a.sha256} for a in kept]


def editions_of(record_type) -> dict[str, str]:
    """Return catalogue → name of the edition in force for each type that ``record_type`` refers to."""
    place = "editions of", record_type.slug, timezone.localdate()
    return dict(kept.kept(place, lambda: _editions_of(record_type)))


def _editions_of(record_type) -> dict[str, str]:
    slugs = {
        column.related_model.record_type.slug
        for column in (record_type.field(name) for name in record_type.fields)
        if column.is_relation and hasattr(column.related_model, "record_type")
    }
    return {slug: edition.name for slug, edition in sorted(Edition.latest_of(slugs).items())}


def rebuilt(record_type, snapshot: dict) -> Filing:
    """Return an unsaved record with the plain values of a snapshot, relations left out; no query."""
    plain = {f.name for f in record_type.model._meta.concrete_fields if not f.is_relation}
    return record_type.model(**{name: value for name, value in snapshot["values"].items() if name in plain})


def digest(snapshot: dict) -> str:
    """Return the SHA-256 of a snapshot in its canonical JSON."""
    return hashlib.sha256(canonical(snapshot)).hexdigest()
