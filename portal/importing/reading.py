"""What came out of a file: the records it holds, every error with its place, and what to mind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from portal.annexes import CellError
from portal.models import ChoiceListField, Organisation
from portal.registry import RecordType
from portal.snapshot import CITY_ITSELF, is_place
from portal.vocabulary import Level


@dataclass
class Draft:
    """One record as read: its place, and what ``drafts.create`` takes of the cells without error."""

    sheet: str
    row: int
    title: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass
class Reading:
    """One file as read for one bureau. With any error nothing of it is imported.

    ``columns``: sheet → header → its place in the line, from 0, for the addresses of cells.
    """

    record_type: RecordType
    organisation: Organisation | None = None
    records: list[Draft] = field(default_factory=list)
    errors: list[CellError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    columns: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def city(self) -> str:
        """The name of the city the bureau lies in; 山东省 for the province's own."""
        if self.organisation is None:
            return ""
        region = self.organisation.region
        return region.parent.name if region.level in (Level.COUNTY, Level.ZONE) else region.name

    @property
    def summary(self) -> str:
        """The outcome in one sentence, for page and command."""
        if self.errors:
            return f"共读取{len(self.records)}件，{len(self.errors)}处错误，未导入任何数据。"
        return f"共读取{len(self.records)}件，没有错误。"


def shown(draft: Draft, record_type: RecordType) -> dict[str, Any]:
    """Return a draft in printable words by field, child rows too: texts, numbers, lists of names."""
    words = {name: _words(record_type.field(name), value) for name, value in _own(draft, record_type).items()}
    words |= _joined(draft, record_type)
    for name, rows in draft.rows.items():
        model = record_type.row_model(name)
        words[name] = [
            {f: _words(model._meta.get_field(f), value) for f, value in row.items()} for row in rows
        ]
    return words


def _own(draft: Draft, record_type: RecordType) -> Mapping[str, Any]:
    return {name: value for name, value in draft.values.items() if name in record_type.fields}


def _joined(draft: Draft, record_type: RecordType) -> dict[str, str]:
    """Return the rows of the annex that join several fields, as the annex says them."""
    rows = record_type.paper.rows.values() if record_type.paper else ()
    plain = {
        name: value for name, value in draft.values.items() if not isinstance(value, list | models.Model)
    }
    record = record_type.model(**plain)
    return {name: getattr(record, name) for name in rows if name not in record_type.fields}


def _words(column: models.Field, value: Any) -> Any:
    if isinstance(value, list):
        return (
            column.labels(value) if isinstance(column, ChoiceListField) else [str(other) for other in value]
        )
    if column.choices:
        return dict(column.flatchoices).get(value, "")
    if value is None and is_place(column):
        return CITY_ITSELF
    plain = value is None or isinstance(value, bool | int | str)
    return value if plain else str(value)
