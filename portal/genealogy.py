"""How the catalogues hang together around a starting point: where to learn, what is examined, where to work.

Found from the relations of the declarations alone. Links go by public code, so that a neighbour amended since
is still found; only what is in force is named. Pure reads.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

from django.db import models
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from portal import asked, registry
from portal.models import CatalogueEntry
from portal.registry import RecordType, ReferenceList

# The plain questions of a visitor, in the order he asks them; a type that answers none of them has no column.
QUESTIONS = ("从哪里学", "哪个品牌", "考什么", "在哪里考", "到哪里就业")
MOST_NODES = 5
MOST_ROWS = 20  # of the table beside the picture
FURTHEST = 200  # entries of a type from which the next ring is sought


@dataclass(frozen=True)
class Family:
    """What hangs together around a starting point: record type → the question for its entries, by code.

    ``found`` holds the first of each, from which the next ring was sought; ``totals`` counts them all.
    """

    entries: dict[str, Callable[[], QuerySet]]
    found: dict[str, list[CatalogueEntry]]
    totals: dict[str, int]
    own: CatalogueEntry | None = None


def of_entry(entry: CatalogueEntry) -> Family:
    """Return the family of an entry in force; the number of queries depends on the types alone."""
    own = registry.get(entry.kind)
    start = Family({}, {own.slug: [entry]}, {own.slug: 1}, own=entry)
    return _with_rings(start, [own])


def of_item(item: models.Model) -> Family:
    """Return the family of a row of a reference list: the entries in force that name it, then theirs."""
    family, ring = Family({}, {}, {}), []
    for slug in item.reference_list.named_in:
        if record_type := next((t for t in _types() if t.slug == slug), None):
            named = [Q(filing_id__in=item.naming().values("pk"))]
            _take(family, record_type, partial(_in_force, record_type, named))
            ring.append(record_type)
    return _with_rings(family, ring)


def _with_rings(family: Family, ring: list[RecordType]) -> Family:
    while ring:
        sources = {source.slug: family.found[source.slug] for source in ring if family.found[source.slug]}
        ring = [t for t in _types() if t.slug not in family.found and _borders(t.slug, frozenset(sources))]
        for record_type in ring:
            _take(family, record_type, partial(_beside, record_type, sources), sources)
    return family


def _take(
    family: Family,
    target: RecordType,
    question: Callable[[], QuerySet],
    sources: Mapping[str, list[CatalogueEntry]] | None = None,
) -> None:
    """Take the entries of a type into the family; what lies beside one entry alone is a kept question."""
    alone = sources and len(sources) == 1 and next(iter(sources.values()))
    found = _beside_one(target, alone[0]) if alone and len(alone) == 1 else list(question()[:FURTHEST])
    family.entries[target.slug], family.found[target.slug] = question, found
    family.totals[target.slug] = len(found) if len(found) < FURTHEST else question().count()


def _beside_one(target: RecordType, entry: CatalogueEntry) -> list[CatalogueEntry]:
    def question(filing: int, code: str) -> QuerySet:
        one = CatalogueEntry(kind=entry.kind, filing_id=filing, code=code)
        return _beside(target, {entry.kind: [one]})[:FURTHEST]

    key = (target.slug, entry.kind, timezone.localdate())
    return asked.rows(key, question, entry.filing_id, entry.code)


def _beside(target: RecordType, sources: Mapping[str, list[CatalogueEntry]]) -> QuerySet:
    """Return the entries in force of ``target`` that neighbour what was found of other types."""
    conditions = (_neighbours(target, registry.get(slug), found) for slug, found in sources.items())
    return _in_force(target, [condition for own in conditions for condition in own])


@cache
def _borders(slug: str, sources: frozenset[str]) -> bool:
    """Say whether entries of a type can neighbour those of any of these."""
    target = registry.get(slug)
    ways = (
        (_paths_from(registry.get(one), target), _paths_from_target(registry.get(one), target))
        for one in sources
    )
    return any(any(True for _ in way) for both in ways for way in both)


def has_place(record_type: RecordType) -> bool:
    """Say whether a type answers one of the questions; one that does not has no genealogy."""
    return record_type.question in QUESTIONS


def around(entry: CatalogueEntry) -> Family | None:
    """Return the family of an entry in force; None for a type that answers none of the questions."""
    return of_entry(entry) if has_place(registry.get(entry.kind)) else None


def columns(family: Family | None) -> list[dict]:
    """Return the columns around an entry for the ``gene`` component: its neighbours, then theirs, and so on.

    None where there is no family.
    """
    if family is None:
        return []
    more = reverse("genealogy", args=[family.own.kind, family.own.code])
    return _joined([_column(question, family, more) for question in QUESTIONS])


def types_in(family: Family | None) -> set[str]:
    """Return the record types that a family has any entries of."""
    return {slug for slug, found in family.found.items() if found} if family else set()


def whole(family: Family, item: models.Model | None = None) -> list[dict]:
    """Return the columns with one for each reference list before them: what the skill goes back to.

    All of a type are on the same page, asked for with ``of``. ``item`` is the starting point when that is a
    row of such a list.
    """
    before = [_origins(found, family, item) for found in registry.reference_lists() if found.question]
    return _joined([*before, *(_column(question, family, "") for question in QUESTIONS)])


def _origins(found: ReferenceList, family: Family, item: models.Model | None) -> dict:
    """Return the column of the rows of one list that the family's filings name, each with its page."""
    if item is not None:
        nodes = [{"name": str(item), "note": item.note, "url": "", "is_self": True}]
    else:
        filings = [e.filing_id for slug in found.named_in for e in family.found.get(slug, [])]
        items = {i.pk: i for named in found.model.objects.named_by(filings).values() for i in named}
        nodes = [_listed(found, one) for one in sorted(items.values(), key=lambda one: one.code)]
        nodes += [
            {"name": name, "note": note, "url": ""} for name, note in found.model.objects.unlisted(filings)
        ]
    noun = found.label[-2:]
    return {"question": found.question, "term": found.label, "nodes": nodes, "missing": f"暂无关联{noun}"}


def _listed(found: ReferenceList, item: models.Model) -> dict:
    url = reverse("reference-item", args=[found.slug, item.code])
    return {"name": str(item), "note": item.note, "url": url}


def rows(family: Family, columns: list[dict]) -> list[dict]:
    """Return the table beside the picture: for each list and type the first of its rows, and how many it has.

    ``columns`` are those of the picture, ``whole``.
    """
    groups = [
        {"term": column["term"], "nodes": column["nodes"], "total": len(column["nodes"]), "slug": ""}
        for column in columns[: -len(QUESTIONS)]
    ]
    for record_type in _types():
        shown = family.found.get(record_type.slug, [])
        nodes = [_self(e) if family.own is e else _node(record_type, e) for e in shown[:MOST_ROWS]]
        total = family.totals.get(record_type.slug, 0)
        shared = {"term": record_type.label, "slug": record_type.slug, "unit": record_type.unit}
        groups.append({**shared, "nodes": nodes, "total": total})
    return [group for group in groups if group["nodes"]]


def _types() -> list[RecordType]:
    asked = [t for t in registry.all_types() if t.question in QUESTIONS and t.public]
    return sorted(asked, key=lambda t: QUESTIONS.index(t.question))


def _in_force(record_type: RecordType, conditions: list[Q]):
    either = Q()
    for condition in conditions:
        either |= condition
    return (
        CatalogueEntry.objects.in_force()
        .filter(either, kind=record_type.slug)
        .select_related("region")
        .order_by("code")
    )


def _neighbours(target: RecordType, source: RecordType, entries: list[CatalogueEntry]) -> Iterator[Q]:
    """Yield the conditions under which entries of ``target`` neighbour some of ``source``."""
    here = [entry.filing_id for entry in entries]
    for path in _paths_from(source, target):
        pointed_at = target.model.objects.filter(**{f"{path}__in": here}).values("pk")
        codes = CatalogueEntry.objects.filter(kind=target.slug, filing_id__in=pointed_at).values("code")
        yield Q(code__in=codes)
    for path in _paths_from_target(source, target):
        ever = CatalogueEntry.objects.filter(kind=source.slug, code__in=[e.code for e in entries])
        pointing = target.model.objects.filter(**{f"{path}__in": ever.values("filing_id")}).values("pk")
        yield Q(filing_id__in=pointing)


def _paths_from(source: RecordType, target: RecordType) -> Iterator[str]:
    """Yield the look-ups on ``target`` for the fields of ``source`` and of its rows that point there."""
    for field in _pointing(source.model, source.fields, target):
        yield field.related_query_name()
    for name, row_fields in source.rows.items():
        for field in _pointing(source.row_model(name), row_fields, target):
            yield f"{field.related_query_name()}__{source.field(name).field.name}"


def _paths_from_target(source: RecordType, target: RecordType) -> Iterator[str]:
    """Yield the look-ups on ``target`` for its own fields and rows that point to ``source``."""
    for field in _pointing(target.model, target.fields, source):
        yield field.name
    for name, row_fields in target.rows.items():
        for field in _pointing(target.row_model(name), row_fields, source):
            yield f"{name}__{field.name}"


def _pointing(model, names: list[str], target: RecordType) -> list:
    fields = [model._meta.get_field(name) for name in names]
    return [field for field in fields if field.is_relation and field.related_model is target.model]


def _column(question: str, family: Family, more: str) -> dict:
    """Return one column: the entries of every type that answers its question."""
    types = [t for t in _types() if t.question == question]
    nodes = [node for t in types for node in _nodes(t, family, more)]
    noun = types[0].label[-2:] if types else ""  # every label ends in its noun: 品牌, 单位, 项目, 机构
    is_own = bool(family.own) and [t.slug for t in types] == [family.own.kind]
    return {
        "question": f"本{noun}" if is_own else question,
        "term": "、".join(t.label for t in types),
        "nodes": nodes,
        "missing": f"暂无关联{noun}",
    }


def _nodes(record_type: RecordType, family: Family, more: str) -> list[dict]:
    shown = family.found.get(record_type.slug, [])[:MOST_NODES]
    nodes = [_self(e) if family.own is e else _node(record_type, e) for e in shown]
    total = family.totals.get(record_type.slug, 0)
    counted, url = f"等共 {total} {record_type.unit}", f"{more}?of={record_type.slug}"
    rest = {"name": counted, "note": record_type.label, "url": url}
    return [*nodes, rest] if total > MOST_NODES else nodes


def _self(entry: CatalogueEntry) -> dict:
    note = " · ".join(part for part in (entry.get_level_display(), f"{entry.valid_from} 公布") if part)
    return {"name": entry.title, "note": note, "url": "", "is_self": True}


def _node(record_type: RecordType, entry: CatalogueEntry) -> dict:
    note = " · ".join(part for part in (entry.get_level_display(), entry.region.name) if part)
    url = reverse("catalogue-entry", args=[record_type, entry.code])
    return {"name": entry.title, "note": note, "url": url}


def _joined(drawn: list[dict]) -> list[dict]:
    """Mark on which sides a column is tied to a neighbour that has something to show."""
    for place, column in enumerate(drawn):
        before = place > 0 and bool(drawn[place - 1]["nodes"])
        after = place + 1 < len(drawn) and bool(drawn[place + 1]["nodes"])
        column["links"] = " ".join([*["fl"] * before, *["fr"] * after])
    return drawn
