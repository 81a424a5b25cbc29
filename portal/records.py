"""A filing read with all that its form and its rules look at: its own fields, relations, rows and files."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.db.models.functions import Coalesce

from portal import asked, registry, rules
from portal.models import Filing
from portal.registry import RecordType


def load(filing: Filing) -> Filing:
    """Return the filing with the fields of its type and all its form and rules look at, in few queries."""
    return load_of(filing.kind, filing.pk)


def load_of(kind: str, pk: int) -> Filing:
    """Do the same for the filing of this type and key."""
    record_type = registry.get(kind)

    def whole(pk: int) -> QuerySet:
        columns = [record_type.field(name) for name in record_type.fields]
        single = [column for column in columns if column.is_relation and not column.many_to_many]
        pointed = [f"{column.name}{_entry(column.related_model)}" for column in single]
        joined = ["organisation__region__parent", "region__parent", "amends", "campaign", *pointed]
        found = record_type.model.objects.select_related(*joined).filter(pk=pk)
        found = found.annotate(name_is_taken=Exists(_namesakes()))
        return found.prefetch_related("attachments", *_prefetched(record_type))

    if not (found := asked.rows(kind, whole, pk)):
        raise record_type.model.DoesNotExist
    found[0].name_as_read = found[0].title  # of which ``name_is_taken`` speaks
    return found[0]


def _namesakes() -> QuerySet:
    amends = Coalesce(OuterRef("amends_id"), 0)
    named = (OuterRef(name) for name in ("kind", "organisation_id", "title", "pk"))
    return rules.namesakes(*named, amends)


def _prefetched(record_type: RecordType) -> Iterator[str | Prefetch]:
    for name in record_type.fields:
        column = record_type.field(name)
        if column.many_to_many:
            yield _with_entries(name, column.related_model)
            yield from _row_paths(getattr(column.related_model, "record_type", None), f"{name}__")
    yield from _row_paths(record_type, "")


def _entry(model: type) -> str:
    """Return the way from what is in a catalogue to its entry."""
    return "__entry" if hasattr(model, "record_type") else ""


def _with_entries(name: str, model: type) -> str | Prefetch:
    """Return how a many-to-many field is read: what is in a catalogue with its entry."""
    return Prefetch(name, model.objects.select_related("entry")) if hasattr(model, "record_type") else name


def _row_paths(record_type: RecordType | None, path: str) -> Iterator[str]:
    for rows, fields in (record_type.rows if record_type else {}).items():
        yield f"{path}{rows}"
        for name in fields:
            related_model = record_type.row_model(rows)._meta.get_field(name).related_model
            if related_model is not None:
                yield f"{path}{rows}__{name}"
            if hasattr(related_model, "record_type"):
                yield f"{path}{rows}__{name}__entry"
