"""Fields and rows in the words people read, as they are typed or stored."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import models

from portal import snapshot, text
from portal.forms import chosen_objects
from portal.models import ChoiceListField, Filing
from portal.registry import RecordType


def stored(record: Filing, name: str) -> str:
    """Return a field or a kind of rows of ``record`` in words, a line for each row."""
    if name not in record.record_type.rows:
        column = record._meta.get_field(name)
        value = chosen_objects(record, name) if column.many_to_many else getattr(record, name)
        return words(column, value)
    fields = record.record_type.rows[name]
    rows = snapshot.child_rows(record, name)
    return "\n".join(row_words(type(row), fields, {f: getattr(row, f) for f in fields}) for row in rows)


def row_words(model: type[models.Model], fields: list[str], row: Mapping[str, Any]) -> str:
    """Return a child row in a line."""
    return " · ".join(words(model._meta.get_field(name), row.get(name)) for name in fields)


def words(column: models.Field, value: Any) -> str:
    """Return a value as people read it; relations as objects or as the titles of an example."""
    if value is None and snapshot.is_place(column):
        return snapshot.CITY_ITSELF
    if value is None or value == "" or value == []:
        return ""
    if isinstance(column, ChoiceListField):
        return "、".join(column.labels(value))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        return text.plain_number(value)
    if isinstance(value, list):
        return "、".join(str(one) for one in sorted(value, key=lambda one: getattr(one, "pk", 0)))
    return str(dict(column.flatchoices).get(value, value)) if column.choices else str(value)


def example(record_type: RecordType) -> list[dict[str, str]]:
    """Return the 填写示例 as {label, text}, in the order of the form; what it leaves empty is left out."""
    lines = [(record_type.field(name), record_type.example.get(name)) for name in record_type.fields]
    shown = [{"label": str(column.verbose_name), "text": words(column, value)} for column, value in lines]
    for name, fields in record_type.rows.items():
        model = record_type.row_model(name)
        rows = [row_words(model, fields, row) for row in record_type.example.get(name, [])]
        shown.append({"label": str(model._meta.verbose_name_plural), "text": "\n".join(rows)})
    return [line for line in shown if line["text"]]
