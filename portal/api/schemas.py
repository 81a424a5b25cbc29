"""The shapes of the answers, and those made from the declaration of a record type.

A declaration's ``public`` fields are the fields of its entries; what is not named there cannot be answered.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from django.db import models
from ninja import Schema
from pydantic import ConfigDict, Field, create_model

from portal import registry
from portal.models import ChoiceListField
from portal.registry import RecordType


class Choice(Schema):
    """A value of a list, and its word."""

    value: str
    label: str


class Place(Schema):
    """A division by its code (GB/T 2260 without trailing zeros; zones have codes of the portal)."""

    code: str
    name: str


class Link(Schema):
    """Another entry."""

    kind: str
    code: str
    name: str


class Exit(Schema):
    """How an entry left the catalogue."""

    reason: Choice
    document_number: str
    on: date


class Successor(Schema):
    """What an entry was renamed to or merged into."""

    how: Choice
    code: str
    name: str


class FieldFault(Schema):
    """One parameter that was not understood."""

    name: str
    message: str


class Fault(Schema):
    """What went wrong, in a sentence."""

    status: int
    message: str
    fields: list[FieldFault]


class Failure(Schema):
    """The answer to a request that could not be served."""

    error: Fault


class Catalogue(Schema):
    """One catalogue."""

    kind: str
    label: str
    basis: str
    in_force: int
    current_edition: str | None
    facets: dict[str, list[Choice]]


class EditionOut(Schema):
    """One dated edition of a catalogue."""

    kind: str
    region: Place
    name: str
    document_number: str
    on: date
    count: int
    is_demo: bool
    url: str


class ChangeOut(Schema):
    """One difference between two days of a catalogue."""

    verb: Choice
    code: str
    before: str | None
    after: str | None
    successor_code: str | None


class DifferenceOut(Schema):
    """What changed in a catalogue between two days, both ends of day."""

    kind: str
    from_day: date
    to_day: date
    counts: dict[str, int]
    changes: list[ChangeOut]


class NoticeItemOut(Schema):
    """One line of the list of a notice."""

    title: str
    organisation_name: str


class NoticeOut(Schema):
    """A notice: 公示 with both days, or 公布."""

    id: int
    kind: Choice
    record_kind: str
    title: str
    organisation: str
    document_number: str
    basis: str
    body: str
    starts_on: date
    ends_on: date | None
    working_days: int | None
    status: Choice
    how_to_object: str
    is_demo: bool
    url: str
    items: list[NoticeItemOut]


class CityValue(Schema):
    """What one city has towards a target."""

    region: Place
    value: int


class TargetOut(Schema):
    """A number set by a notice and how far the published entries are.

    For the province ``value`` is what was counted and ``of`` the number asked for; else how many of how many
    cities reach it.
    """

    slug: str
    label: str
    unit: str
    operator: Choice
    number: int
    most: int | None
    scope: Choice
    due_on: date | None
    document_number: str
    clause: str
    sentence: str
    value: int
    of: int
    cities: list[CityValue]
    url: str


class CatalogueList(Schema):
    """All catalogues."""

    items: list[Catalogue]


class EditionList(Schema):
    """The editions of one catalogue, newest first."""

    items: list[EditionOut]


class NoticeList(Schema):
    """One page of notices, newest first; ``next`` is the address of the following page."""

    items: list[NoticeOut]
    next: str | None


class TargetList(Schema):
    """All targets."""

    items: list[TargetOut]


class Entry(Schema):
    """What every published entry carries, whatever its catalogue."""

    kind: str
    code: str
    name: str
    region: Place
    level: Choice | None
    status: Choice
    document_number: str
    publisher: str
    valid_from: date
    valid_to: date | None
    published_at: datetime
    rectify_until: date | None
    exit: Exit | None
    successor: Successor | None
    source: str
    is_demo: bool
    url: str


_PLAIN = {
    models.BooleanField: bool,
    models.DateField: date,
    models.PositiveIntegerField: int,
    models.PositiveBigIntegerField: int,
}


@cache
def fields_of(kind: str) -> type[Schema]:
    """Return the schema of the public fields of the type ``kind``, by their names in the glossary."""
    record_type = registry.get(kind)
    shapes = {name: (_shape(record_type.field(name)), ...) for name in record_type.public}
    return _made(f"{record_type.model.__name__}Fields", f"{record_type.label}公开的栏目。", shapes)


def _shape(column: models.Field) -> Any:
    if column.many_to_many:
        return list[Link]
    if column.is_relation:
        return (Link if hasattr(column.related_model, "record_type") else Place) | None
    if isinstance(column, ChoiceListField):
        return list[Choice]
    if column.choices:
        return Choice | None
    plain = next((shape for kind, shape in _PLAIN.items() if isinstance(column, kind)), str)
    return plain if plain in (str, bool) else plain | None


@cache
def entry_of(kind: str) -> type[Schema]:
    """Return the schema of one entry of a type; an exited one keeps its ``fields`` to itself."""
    record_type = registry.get(kind)
    fields = fields_of(kind)
    return create_model(
        f"{record_type.model.__name__}Entry",
        __base__=Entry,
        __doc__=f"{record_type.label}目录的一条。",
        fields=(fields | None, ...),
    )


@cache
def page_of(kind: str) -> type[Schema]:
    """Return the schema of one page of entries; ``next`` is the address of the following page."""
    record_type = registry.get(kind)
    shapes = {"items": (list[entry_of(kind)], ...), "next": (str | None, ...)}
    return _made(f"{record_type.model.__name__}Page", f"{record_type.label}目录的一页。", shapes)


def _made(name: str, doc: str, shapes: dict[str, Any]) -> type[Schema]:
    return create_model(name, __base__=Schema, __doc__=doc, **shapes)


class Paged(Schema):
    """What every list of pages takes."""

    model_config = ConfigDict(extra="forbid")
    limit: int = Field(50, ge=1, le=200, description="每页条数")
    cursor: str = Field("", max_length=120, description="上一页 next 中给出的位置")


def wish_of(record_type: RecordType, facets: tuple[tuple[str, str, tuple[str, ...]], ...]) -> type[Schema]:
    """Return the filters of one catalogue, those of its page: words, place, status, day, facets."""
    shapes: dict[str, Any] = {
        "q": (str, Field("", max_length=60, description="关键词，空格分开的都要出现")),
        "city": (str, Field("", pattern="^([0-9]{2,4})?$", description="市的代码，如 3707")),
        "county": (str, Field("", pattern="^([0-9A-Z]{6,8})?$", description="县（市、区）的代码")),
        "status": (
            Literal["", "in_force", "rectifying", "exited"],
            Field("", description="现行有效（默认）、其中限期整改的，或已退出"),
        ),
        "on": (
            str,
            Field("", pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="某一天的目录，不写为今天"),
        ),
    }
    for name, label, values in facets:
        shapes[name] = (list[Literal[values]], Field([], description=label))
    return create_model(f"{record_type.model.__name__}Wish", __base__=Paged, **shapes)


def choices(pairs: Iterable[tuple[str, str]]) -> list[dict]:
    """Return (value, word) pairs as ``Choice``s."""
    return [{"value": value, "label": str(label)} for value, label in pairs]
