"""A declaration's ``example`` (names, ISO dates) as values that a draft takes, and files for its slots."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import Filing, Region
from portal.registry import RecordType, Slot

FILES = settings.BASE_DIR / "fixtures" / "examples"
# What each kind of slot is shown with; all invented, marked 演示, and each with a content of its own.
BY_KIND = {
    "image": [f"picture-{number}.jpg" for number in range(1, 6)],
    "video": ["video.mp4"],
    "document": ["scan.pdf", "notice.docx"],
}


def example_draft(record_type: RecordType, **changes: Any) -> tuple[dict, dict]:
    """Return (values, rows) for ``drafts.create`` from the type's example, with ``changes`` laid over it.

    Related filings are found by title among those in force. Raises ``LookupError`` naming what is not there.
    """
    return resolve(record_type, {**record_type.example, **changes})


def resolve(record_type: RecordType, data: Mapping[str, Any]) -> tuple[dict, dict]:
    """Return (values, rows) of ``data``; keys that are child rows become rows, all others values."""
    values = {
        name: _value(record_type.field(name), data[name]) for name in data if name not in record_type.rows
    }
    rows = {
        name: [_row(record_type.row_model(name), row) for row in data.get(name, [])]
        for name in record_type.rows
    }
    return values, rows


def example_files(record_type: RecordType) -> Iterator[tuple[str, Path]]:
    """Yield (slot, file) for every file without which the example could not be submitted, each file once."""
    used: set[Path] = set()
    for name, slot in record_type.slots.items():
        fitting = [path for path in _fitting(slot) if path not in used][: slot.least]
        used.update(fitting)
        yield from ((name, path) for path in fitting)


def _fitting(slot: Slot) -> list[Path]:
    files = [FILES / name for name in BY_KIND[slot.kind]]
    return [path for path in files if not slot.suffixes or path.suffix[1:] in slot.suffixes]


def related_titles(record_type: RecordType, data: Mapping[str, Any]) -> dict[type[Filing], set[str]]:
    """Return which titles of which record types ``data`` refers to, so that they can be published first."""
    wanted: dict[type[Filing], set[str]] = {}
    for model, item in [(record_type.model, data), *_row_items(record_type, data)]:
        for name, value in item.items():
            column = model._meta.get_field(name)
            if not hasattr(column, "related_model") or column.auto_created or not value:
                continue
            if hasattr(column.related_model, "record_type"):
                wanted.setdefault(column.related_model, set()).update(
                    [value] if isinstance(value, str) else value
                )
    return wanted


def _row_items(record_type: RecordType, data: Mapping[str, Any]) -> list[tuple]:
    return [(record_type.row_model(name), row) for name in record_type.rows for row in data.get(name, [])]


def _row(model: type[models.Model], row: Mapping[str, Any]) -> dict:
    return {name: _value(model._meta.get_field(name), value) for name, value in row.items()}


def _value(column: models.Field, value: Any) -> Any:
    if column.is_relation and isinstance(value, list):
        return [_named(column.related_model, title) for title in value]
    if column.is_relation and isinstance(value, str):
        return _named(column.related_model, value)
    return (
        date.fromisoformat(value)
        if isinstance(column, models.DateField) and isinstance(value, str)
        else value
    )


def _named(model: type[models.Model], title: str) -> models.Model:
    choices = (
        Region.objects.filter(Q(code=title) | Q(name=title))
        if model is Region
        else model.objects.in_force().filter(title=title)
    )
    found = choices.order_by("pk").first()
    if found is None:
        raise LookupError(f"{model._meta.verbose_name}“{title}”不在现行目录中。")
    return found
