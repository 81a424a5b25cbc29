"""What a sheet would change of a record, beside what it holds, in printable words."""

from typing import Any

from django.db import models

from portal import snapshot, text
from portal.models import Filing

Values, Rows = dict[str, Any], dict[str, list[dict[str, Any]]]


def differing(record: Filing, values: Values, rows: Rows) -> tuple[Values, Rows, list[tuple[str, str, str]]]:
    """Return the values and rows that differ from a record, and (label, before, after) of each in words."""
    changed, other_rows, differs = {}, {}, []
    for name, value in values.items():
        before, after = snapshot.shown(record, name), _words(record, name, value)
        if before != after:
            changed[name] = value
            differs.append((str(record._meta.get_field(name).verbose_name), before, after))
    for name, wanted in rows.items():
        before, after = _stored_rows(record, name), _typed_rows(record, name, wanted)
        if before != after:
            other_rows[name] = wanted
            label = str(record.record_type.row_model(name)._meta.verbose_name_plural)
            differs.append((label, "\n".join(before), "\n".join(after)))
    return changed, other_rows, differs


def _words(record: Filing, name: str, value: Any) -> str:
    if record._meta.get_field(name).many_to_many:
        return "、".join(str(other) for other in sorted(value, key=lambda o: o.pk)) or snapshot.NONE
    typed = text.clean(value) if isinstance(value, str) else value
    return snapshot.shown(type(record)(**{name: typed}), name)


def _stored_rows(record: Filing, name: str) -> list[str]:
    fields = record.record_type.rows[name]
    return [_row_words(row, fields) for row in snapshot.child_rows(record, name)]


def _typed_rows(record: Filing, name: str, rows: list[dict]) -> list[str]:
    model, fields = record.record_type.row_model(name), record.record_type.rows[name]
    cleaned = ({k: text.clean(v) if isinstance(v, str) else v for k, v in row.items()} for row in rows)
    return [_row_words(model(**row), fields) for row in cleaned]


def _row_words(row: models.Model, fields: list[str]) -> str:
    return " · ".join(snapshot.shown(row, field) for field in fields)
