"""How the catalogues hang together around one entry: where to learn, what is examined, where the work is.

Found from the relations of the declarations alone. Links go by public code, so that a neighbour amended since
is still found; only what is in force is named. Pure reads.
"""

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse

from portal import registry
from portal.models import CatalogueEntry
from portal.registry import RecordType

# The plain questions of a visitor, in the order he asks them; a type that answers none of them has no column.
QUESTIONS = ("从哪里学", "哪个品牌", "考什么", "在哪里考", "到哪里就业")
MOST_NODES = 5
FURTHEST = 200  # entries of a type from which the next ring is sought


def columns(entry: CatalogueEntry) -> list[dict]:
    """Return the columns around ``entry`` for the ``gene`` component: its neighbours, then theirs, and so on.

    None for a type that answers none of the questions. The number of queries depends on the number of types,
    never on the number of entries.
    """
    own = registry.get(entry.kind)
    if own.question not in QUESTIONS:
        return []
    found, totals, ring = {own.slug: [entry]}, {own.slug: 1}, [own]
    while ring:
        waiting = [t for t in _types() if t.slug not in found]
        conditions = {t.slug: _neighbours(t, ring, found) for t in waiting}
        ring = [t for t in waiting if conditions[t.slug]]
        for record_type in ring:
            entries = _in_force(record_type, conditions[record_type.slug])
            found[record_type.slug] = list(entries[:FURTHEST])
            totals[record_type.slug] = entries.count()
    return _joined([_column(question, found, totals, own) for question in QUESTIONS])


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


def _neighbours(target: RecordType, ring: list[RecordType], found: dict[str, list]) -> list[Q]:
    """Return the conditions under which entries of ``target`` neighbour what was found of ``ring``."""
    conditions = []
    for source in ring:
        entries = found[source.slug]
        here = [e.filing_id for e in entries]
        if not here:
            continue
        for path in _paths_from(source, target):
            pointed_at = target.model.objects.filter(**{f"{path}__in": here}).values("pk")
            codes = CatalogueEntry.objects.filter(kind=target.slug, filing_id__in=pointed_at).values("code")
            conditions.append(Q(code__in=codes))
        for path in _paths_from_target(source, target):
            ever = CatalogueEntry.objects.filter(kind=source.slug, code__in=[e.code for e in entries])
            pointing = target.model.objects.filter(**{f"{path}__in": ever.values("filing_id")}).values("pk")
            conditions.append(Q(filing_id__in=pointing))
    return conditions


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


def _column(question: str, found: dict[str, list], totals: dict[str, int], own: RecordType) -> dict:
    """Return one column: the entries of every type that answers its question."""
    types = [t for t in _types() if t.question == question]
    nodes = [node for t in types for node in _nodes(t, found.get(t.slug, []), totals.get(t.slug, 0), own)]
    noun = types[0].label[-2:] if types else ""  # every label ends in its noun: 品牌, 单位, 项目, 机构
    return {
        "question": f"本{noun}" if types == [own] else question,
        "term": "、".join(t.label for t in types),
        "nodes": nodes,
        "missing": f"暂无关联{noun}",
    }


def _nodes(record_type: RecordType, entries: list[CatalogueEntry], total: int, own: RecordType) -> list[dict]:
    shown = entries[:MOST_NODES]
    nodes = [_self(e) if record_type is own else _node(record_type, e) for e in shown]
    more = {"name": f"等共 {total} 个", "note": record_type.label, "url": ""}
    return [*nodes, more] if total > MOST_NODES else nodes


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
