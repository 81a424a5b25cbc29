"""One entry as the public sees it: the line in a list, the texts and facts of its page, its history.

Shows the fields a declaration names under ``public`` and nothing else (PIPL 51: no person, no number).
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from functools import partial

from django.db import models
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from portal import asked, browse, excerpts, lineages, registry, snapshot, text
from portal.models import CatalogueEntry, ChoiceListField, Filing
from portal.registry import RecordType
from portal.vocabulary import BrandLevel, ExitReason, SuccessionKind

A_PAGE = 20  # filings that are asked for again and again
MOST_LINKS = 2  # related entries named in a line; more are counted
SHORT_CELL = 12  # characters that stay on one line of a table


def links_of(record_type: RecordType) -> list[str]:
    """Return the public fields that point to other catalogues."""
    fields = [name for name in record_type.public if record_type.field(name).is_relation]
    return [name for name in fields if hasattr(record_type.field(name).related_model, "record_type")]


def records(record_type: RecordType, entries: Iterable[CatalogueEntry]) -> dict[int, Filing]:
    """Return filing id → record with everything a line or a page shows; a fixed number of queries."""
    places = {entry.filing_id: entry.region for entry in entries}
    found = _rows(record_type.slug, partial(_whole, record_type.model), list(places))
    for record in found:
        if places[record.pk].pk == record.region_id:
            record.region = places[record.pk]
    for name in links_of(record_type):
        (_link_many if record_type.field(name).many_to_many else _link_one)(record_type, name, found)
    return {record.pk: record for record in found}


def _whole(model: type[Filing], ids: Iterable[int]) -> QuerySet:
    return model.objects.filter(pk__in=ids).select_related("organisation")


def _rows(key: Hashable, of: Callable[[Iterable[int]], QuerySet], ids: Sequence[int]) -> list:
    """Return the rows of some filings; the questions of a page are kept, one for each number of them."""

    def question(*given: int) -> QuerySet:
        return of(given)

    if not ids:
        return []
    return asked.rows((key, len(ids)), question, *ids) if len(ids) <= A_PAGE else list(of(ids))


def _link_one(record_type: RecordType, name: str, found: Sequence[Filing]) -> None:
    """Load the filings that a field of these records points to: name and address, in one query."""
    field = record_type.field(name)
    ids = sorted({pk for record in found if (pk := getattr(record, field.attname))})
    others = {other.pk: other for other in _rows((record_type.slug, name), partial(_named, field), ids)}
    for record in found:
        field.set_cached_value(record, others.get(getattr(record, field.attname)))


def _named(field: models.Field, ids: Iterable[int]) -> QuerySet:
    others = field.related_model.objects.filter(pk__in=ids).select_related("entry")
    return others.only("kind", "title", "entry__kind", "entry__code")


def _link_many(record_type: RecordType, name: str, found: Sequence[Filing]) -> None:
    """Do the same for a field that points to several."""
    field = record_type.field(name)
    others: dict[int, list[Filing]] = {record.pk: [] for record in found}
    for row in _rows((record_type.slug, name), partial(_joined, field), list(others)):
        others[getattr(row, f"{field.m2m_field_name()}_id")].append(
            getattr(row, field.m2m_reverse_field_name())
        )
    for record in found:
        known = field.related_model.objects.none()
        known._result_cache = others[record.pk]
        record._prefetched_objects_cache = {**getattr(record, "_prefetched_objects_cache", {}), name: known}


def _joined(field: models.ManyToManyField, ids: Iterable[int]) -> QuerySet:
    owner, other = field.m2m_field_name(), field.m2m_reverse_field_name()
    rows = field.remote_field.through.objects.filter(**{f"{owner}__in": ids})
    shown = (f"{other}__{name}" for name in ("kind", "title", "entry__kind", "entry__code"))
    return rows.select_related(f"{other}__entry").only(owner, *shown).order_by("pk")


def lines(record_type: RecordType, entries: list[CatalogueEntry], q: str = "") -> list[dict]:
    """Return what a list shows of each entry: ``entry``, one ``sentence``, ``links`` to other catalogues.

    ``rectifying`` is the day until which it is to be put right, for those under 限期整改.
    """
    found = records(record_type, entries)
    until = lineages.rectifying(record_type.slug, [entry.code for entry in entries if not entry.is_exited])
    return [
        {
            **line(record_type, entry, found[entry.filing_id], q),
            "rectifying": None if entry.is_exited else until.get(entry.code),
        }
        for entry in entries
    ]


def table(record_type: RecordType, entries: list[CatalogueEntry]) -> dict:
    """Return ``headings`` and ``rows`` of cells for the ``table`` component: the public columns."""
    found = records(record_type, entries)
    names = [n for n in record_type.columns if n in record_type.public and n not in record_type.key]
    columns = [("名称", lambda entry, record: entry.title), ("编号", lambda entry, record: entry.code)]
    if record_type.levelled:
        columns.append(("级别", lambda entry, record: entry.get_level_display()))
    columns.append(("地区", lambda entry, record: entry.region.full_name))
    for name in names:
        word = str(record_type.field(name).verbose_name)
        columns.append((word, _shown(name)))
    columns.append(("公布日期", lambda entry, record: str(entry.valid_from)))
    until = lineages.rectifying(record_type.slug, [entry.code for entry in entries if not entry.is_exited])
    if until:  # the normal is silent
        columns.append(("状态", lambda entry, record: _put_right(until.get(entry.code))))
    return {
        "headings": [{"text": word} for word, _ in columns],
        "rows": [_cells(columns, entry, found[entry.filing_id]) for entry in entries],
    }


def _put_right(until: date | None) -> str:
    return f"限期整改，至 {until}" if until else ""


def table_then(record_type: RecordType, found: list[CatalogueEntry], day: date) -> dict:
    """Return ``headings`` and ``rows`` of the catalogue on a day: the columns a file of it holds.

    The last column says what became of an entry since. Entries bear ``level_then``.
    """
    loaded = records(record_type, found)
    numbers, since = _numbers(found), _since(found)
    columns = [("名称", lambda entry, record: entry.title), ("编号", lambda entry, record: entry.code)]
    if record_type.levelled:
        words = dict(BrandLevel.choices)
        columns.append(("级别", lambda entry, record: str(words.get(entry.level_then, ""))))
    columns.append(("地区", lambda entry, record: entry.region.full_name))
    for name, word in columns_then(record_type).items():
        columns.append((word, lambda entry, record, name=name: snapshot.shown(record, name)))
    columns.append(("公布日期", lambda entry, record: str(entry.valid_from)))
    columns.append(("此后", lambda entry, record: since[entry.pk]))
    rows = [_cells(columns, entry, loaded[entry.filing_id]) for entry in found]
    for entry, cells in zip(found, rows, strict=True):
        cells[0]["url"] += numbers[entry.pk]
    return {"headings": [{"text": word} for word, _ in columns], "rows": rows}


def columns_then(record_type: RecordType) -> dict[str, str]:
    """Return name → label of the public columns that the catalogue of a day shows of every entry.

    The long texts stay on the page of the entry: there the text of what left the catalogue is taken down,
    while an edition stays as it was announced.
    """
    names = [n for n in record_type.columns if n in record_type.public and n not in record_type.key]
    return {
        name: str(record_type.field(name).verbose_name) for name in names if not is_text(record_type, name)
    }


def _numbers(found: list[CatalogueEntry]) -> dict[int, str]:
    """Return entry → the query that opens this very version of it, empty for the newest of a live code."""
    borne = CatalogueEntry.objects.filter(code__in=[entry.code for entry in found])
    lineage: dict[str, list[tuple[int, bool]]] = {}
    for code, pk, reason in borne.order_by("valid_from", "pk").values_list("code", "pk", "exit_reason"):
        lineage.setdefault(code, []).append((pk, reason == ExitReason.MERGED))
    return {
        pk: f"?version={number}" if merged or number < len(versions) else ""
        for versions in lineage.values()
        for number, (pk, merged) in enumerate(versions, 1)
    }


def _since(found: list[CatalogueEntry]) -> dict[int, str]:
    """Return entry → what became of it in words, empty while it is in force as it was."""
    followed = CatalogueEntry.objects.filter(pk__in=[entry.pk for entry in found])
    heirs = {
        pk: (kind, name, code)
        for pk, kind, name, code in followed.exclude(succession=None).values_list(
            "pk", "succession__kind", "succession__new__title", "succession__new__code"
        )
    }
    return {entry.pk: _fate(entry, *heirs.get(entry.pk, ("", "", ""))) for entry in found}


def _fate(entry: CatalogueEntry, kind: str, name: str, code: str) -> str:
    if entry.valid_to is None:
        return ""
    if kind == SuccessionKind.MERGED:
        return f"{entry.valid_to} 并入 {code} {name}"
    if kind == SuccessionKind.RENAMED:
        return f"{entry.valid_to} 更名为“{name}”"
    return f"{entry.valid_to} {'退出' if entry.is_exited else '变更'}"


def _shown(name: str):
    """Return the function that shows one field of an entry; an exited one keeps its content to itself."""
    return lambda entry, record: "" if entry.is_exited else snapshot.shown(record, name)


def _cells(columns: list[tuple], entry: CatalogueEntry, record: Filing) -> list[dict]:
    cells = [{"label": word, "text": shown(entry, record)} for word, shown in columns]
    cells[0]["url"] = reverse("catalogue-entry", args=[entry.kind, entry.code])
    return [{**cell, "is_short": len(cell["text"]) <= SHORT_CELL} for cell in cells]


def line(record_type: RecordType, entry: CatalogueEntry, record: Filing, q: str = "") -> dict:
    """Return one line; what is quoted holds the words of ``q`` that stand nowhere else in it.

    An entry that exited shows its name alone.
    """
    if entry.is_exited:
        return {"entry": entry, "sentence": "", "links": []}
    links = [
        {"label": str(record_type.field(name).verbose_name), **_linked(record, name)}
        for name in links_of(record_type)
    ]
    shown = [link for link in links if link["nodes"] or link["count"]]
    seen = " ".join(
        [entry.title, entry.region.full_name, *(n["name"] for link in shown for n in link["nodes"])]
    )
    said = excerpts.excerpt(record_type, record, browse.search_words(q), seen)
    return {"entry": entry, "sentence": said, "links": shown}


def _linked(record: Filing, name: str) -> dict:
    others = related(record, name)
    named = others if len(others) <= MOST_LINKS else []
    unit = record._meta.get_field(name).related_model.record_type.unit
    return {"nodes": [_node(other) for other in named], "count": 0 if named else len(others), "unit": unit}


def related(record: Filing, name: str) -> list[Filing]:
    """Return the filings a public field points to, one or many."""
    if record._meta.get_field(name).many_to_many:
        return snapshot.related(record, name)
    return [other] if (other := getattr(record, name)) else []


def _node(other: Filing) -> dict:
    return {"name": other.title, "entry": getattr(other, "entry", None)}


def is_text(record_type: RecordType, name: str) -> bool:
    """Say whether a field holds a long text."""
    return isinstance(record_type.field(name), models.TextField)


def texts(record_type: RecordType, record: Filing) -> list[dict]:
    """Return the long public fields of a page, in the order of the form: heading and paragraphs."""
    names = [name for name in record_type.fields if name in record_type.public and is_text(record_type, name)]
    return [
        {"heading": str(record_type.field(name).verbose_name), "paragraphs": value.split("\n")}
        for name in names
        if (value := getattr(record, name))
    ]


def facts(record_type: RecordType, record: Filing) -> list[dict]:
    """Return the short public fields of a page: name and text, or name and links."""
    found = []
    for name in record_type.fields:
        if name not in record_type.public or name in record_type.key or is_text(record_type, name):
            continue
        nodes = [_node(other) for other in related(record, name)] if name in links_of(record_type) else []
        shown = snapshot.shown(record, name)
        if nodes or shown:
            label, url = str(record_type.field(name).verbose_name), _listed(record_type, record, name)
            found.append({"name": label, "nodes": nodes, "text": shown, "url": url})
    return found


def _listed(record_type: RecordType, record: Filing, name: str) -> str:
    """Return the page of the row of a reference list that a field names, empty when there is none."""
    listed = registry.list_named_in(record_type.slug, name)
    items = listed.model.objects.named_by([record.pk]).get(record.pk, []) if listed else []
    return reverse("reference-item", args=[listed.slug, items[0].code]) if items else ""


def chips(record_type: RecordType, record: Filing) -> list[str]:
    """Return the words that class an entry: its facets, the actions it belongs to, what it was given."""
    names = [*record_type.facets, *(n for n in record_type.public if _is_choice_list(record_type, n))]
    words = [word for name in names[:3] for word in snapshot.shown(record, name).split("、") if word]
    return [*words[:4], *record.distinctions()]


def _is_choice_list(record_type: RecordType, name: str) -> bool:
    return isinstance(record_type.field(name), ChoiceListField)


def identity(record_type: RecordType, entry: CatalogueEntry, number: int) -> list[tuple[str, str]]:
    """Return the facts every published entry carries: code, who, basis, document, date, validity.

    Needs ``filing`` loaded; a row taken over from a public source names it.
    """
    pairs = [
        ("编号", entry.code),
        ("发布机构", entry.publisher),
        ("依据文号", record_type.basis),
        ("公布文号", entry.document_number),
        ("公布日期", str(entry.valid_from)),
        ("版本", f"第 {number} 版"),
        ("有效性", validity(entry)),
        ("公开方式", "主动公开"),
        ("资料来源", entry.filing.source),
    ]
    return [(name, value) for name, value in pairs if value]


def validity(entry: CatalogueEntry) -> str:
    """Return in words whether an entry is in force, replaced or exited, with the date."""
    if entry.is_exited:
        return f"{entry.valid_to} 退出"
    if entry.valid_to and entry.valid_to <= timezone.localdate():
        return f"{entry.valid_to} 起由新版替换"
    return "现行有效"


def history(entries: list[CatalogueEntry]) -> list[dict]:
    """Return the change record of a lineage, newest first, as ``timeline`` items; old versions are linked."""
    last = entries[-1]
    items = []
    for number, entry in enumerate(entries, 1):
        before = entries[number - 2] if number > 1 else None
        url = f"?version={number}" if entry is not last and not last.is_exited else ""
        items.append(_item("ok", _published(number, entry, before), entry.valid_from, entry.document_number))
        items[-1]["url"] = url
        if entry.is_exited:
            said = f"{entry.get_exit_reason_display()}　{entry.exit_document_number}"
            items.append(_item("back", "退出目录", entry.valid_to, said))
    for risen in lineages.promotions(entries):
        title = f"公布为{risen.get_level_display()}"
        items.append(_item("ok", title, risen.on, risen.document_number))
    for old in lineages.came_in(entries):
        title = f"{old.code} {old.title}并入"
        items.append(_item("ok", title, old.valid_to, old.exit_document_number))
    return sorted(items, key=lambda item: item["at"])[::-1]


def _published(number: int, entry: CatalogueEntry, before: CatalogueEntry | None) -> str:
    if before is None:
        return "公布"
    if before.is_exited:
        return f"重新列入，公布第 {number} 版"
    renamed = text.key(before.title) != text.key(entry.title)
    return f"更名为“{entry.title}”，公布第 {number} 版" if renamed else f"变更，公布第 {number} 版"


def _item(shape: str, title: str, on: date, document_number: str) -> dict:
    return {"shape": shape, "title": title, "at": str(on), "comment": document_number, "url": ""}
