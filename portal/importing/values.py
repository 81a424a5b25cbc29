"""What was read of a record, as a plan keeps it: JSON out, values and objects back, differences in words."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from typing import Any

from django.apps import apps
from django.db import models

from portal import text
from portal.importing.reading import Draft
from portal.models import ChoiceListField, Filing
from portal.registry import RecordType
from portal.rules import is_empty
from portal.snapshot import child_rows, related

Named = dict[type[models.Model], set]
Objects = Mapping[type[models.Model], Mapping[Any, models.Model]]


def title(record_type: RecordType, draft: Draft) -> str:
    """Return what a record is going to be called."""
    many = {f.name for f in record_type.model._meta.many_to_many}
    plain = {name: value for name, value in draft.values.items() if name not in many}
    return text.clean(record_type.model(**plain).heading()[:100])


def packed(model: type[models.Model], said: Mapping[str, Any], named: Named) -> dict[str, Any]:
    """Return values as JSON keeps them; the keys of objects are added to ``named``."""
    ways = _ways(model)
    return {name: way(value, named) if (way := ways[name]) else value for name, value in said.items()}


def meaning(record_type: RecordType) -> str:
    """Return what the fields are that a plan of this type may name: another release may mean others by it."""
    models_of = {record_type.model: [*record_type.fields, "explanation"]}
    models_of |= {record_type.row_model(name): fields for name, fields in record_type.rows.items()}
    said = [_said(model._meta.get_field(name)) for model, names in models_of.items() for name in names]
    return blake2b(repr(said).encode(), digest_size=16).hexdigest()


def _said(column: models.Field) -> tuple:
    other = column.related_model._meta.label if column.is_relation else ""
    options = column.options if isinstance(column, ChoiceListField) else column.choices or []
    return column.model._meta.label, column.name, type(column).__name__, other, [code for code, _ in options]


Pack = Callable[[Any, Named], Any]


class _Ways(dict):
    """Field → how its value is packed, None when it stays as it is."""

    def __init__(self, model: type[models.Model]):
        self.model = model

    def __missing__(self, name: str) -> Pack | None:
        way = self[name] = _way(self.model._meta.get_field(name))
        return way


_ways = cache(_Ways)


def _way(column: models.Field) -> Pack | None:
    if column.is_relation:
        return lambda value, named: _keys(column, value, named)
    if isinstance(column, models.DateField):
        return lambda value, _: value.isoformat() if value is not None else None
    if isinstance(column, models.DecimalField):
        return lambda value, _: str(value) if isinstance(value, Decimal) else value
    return None


def _keys(column: models.Field, value: Any, named: Named) -> Any:
    keys = [one.pk for one in (value if isinstance(value, list) else [value]) if one is not None]
    named.setdefault(column.related_model, set()).update(keys)
    return keys if column.many_to_many else next(iter(keys), None)


class Unpacker:
    """Returns what ``packed`` was given, for values of one model; ``objects`` holds what they name."""

    def __init__(self, model: type[models.Model], names: Iterable[str], objects: Objects):
        self.objects = objects
        columns = [model._meta.get_field(name) for name in names]
        ways = {column.name: self._way(column) for column in columns}
        self.ways = {name: way for name, way in ways.items() if way}

    def __call__(self, kept: dict[str, Any]) -> dict[str, Any]:
        """Return the values of ``kept``, in place of what stood there."""
        for name, way in self.ways.items():
            if kept.get(name) is not None:
                kept[name] = way(kept[name])
        return kept

    def _way(self, column: models.Field):
        if column.is_relation:
            held = self.objects.get(column.related_model, {})
            return (lambda keys: [held[key] for key in keys]) if column.many_to_many else held.__getitem__
        if isinstance(column, models.DateField):
            return date.fromisoformat
        return Decimal if isinstance(column, models.DecimalField) else None


def loaded(named: Mapping[str, Iterable[Any]]) -> Objects:
    """Return model → key → object for the keys by label of the model; those that are gone are missing."""
    known = {apps.get_model(label): list(keys) for label, keys in named.items()}
    return {model: model.objects.in_bulk(keys) for model, keys in known.items()}


def wanted(record_type: RecordType, said: Mapping[str, Any], present: Iterable[str]) -> dict[str, Any]:
    """Return what the columns of a sheet say: an empty cell says what a new record begins with."""
    columns = [record_type.field(name) for name in present]
    return {c.name: said[c.name] if c.name in said else _blank(c) for c in columns}


def _blank(column: models.Field) -> Any:
    return [] if column.many_to_many else column.get_default()


def differing(record: Filing, said: Mapping[str, Any], filled: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the values ``said`` that are not what ``record`` holds.

    What is empty in the sheet (not ``filled``) and in the record alike is no difference.
    """
    return {
        name: value
        for name, value in said.items()
        if not (name not in filled and is_empty(record, name)) and differs(record, name, value)
    }


def differs(record: models.Model, name: str, value: Any) -> bool:
    """Say whether ``value`` is another one than ``record`` holds, stored as it would be."""
    column = record._meta.get_field(name)
    if column.many_to_many:
        return {one.pk for one in related(record, name)} != {one.pk for one in value}
    held = getattr(record, column.attname)
    if isinstance(value, models.Model):
        return held != value.pk
    if isinstance(value, str):
        value = text.clean(value)
        return (held or "") != value if column.null else held != value
    return held != value


def rows_differ(record: Filing, name: str, made: list[dict[str, Any]]) -> bool:
    """Say whether the child rows of a kind would be others than they are."""
    stored = child_rows(record, name)
    if len(stored) != len(made):
        return True
    relation = record._meta.get_field(name)
    new = [relation.related_model(**{relation.field.name: record}, **row) for row in made]
    record.settle_rows(new)
    fields = [relation.related_model._meta.get_field(field) for field in record.record_type.rows[name]]
    return any(
        getattr(one, f.attname) != getattr(other, f.attname)
        for one, other in zip(stored, new, strict=True)
        for f in fields
    )
