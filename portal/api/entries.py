"""Entries of a catalogue: in force, on a day, or exited; one address per code."""

from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router, Schema

from portal import browse, entries, hits, lineages, registry
from portal.api import paging, schemas
from portal.api.answers import Unreadable
from portal.models import CatalogueEntry, ChoiceListField, Edition, Filing, Promotion, Region, Succession
from portal.registry import RecordType
from portal.vocabulary import BrandLevel

STATUS = {"in_force": "现行有效", "replaced": "已被变更替代", "exited": "已退出"}


def public_types() -> list[RecordType]:
    """Return the types that have a public catalogue, in the order of the registries."""
    return [record_type for record_type in registry.all_types() if record_type.is_catalogued]


def day_of(words: str) -> date:
    """Return the day a parameter names, today without one; raise ``Unreadable`` for a future or odd one."""
    try:
        day = date.fromisoformat(words) if words else timezone.localdate()
    except ValueError:
        raise Unreadable(f"“{words}”不是日期，要写成 2024-12-31 的样子。") from None
    if day > timezone.localdate():
        raise Unreadable(f"{day} 还没有到，目录只能查到今天为止。")
    return day


def register(router: Router) -> None:
    """Give ``router`` the routes of each catalogue, with the filters and fields of its own declaration."""
    router.get("/catalogues", response=schemas.CatalogueList, operation_id="catalogues", summary="全部目录")(
        _catalogues
    )
    for record_type in public_types():
        _register(router, record_type)


def _register(router: Router, record_type: RecordType) -> None:
    facets = tuple((f.name, f.label, tuple(f.words)) for f in browse.facets_of(record_type))
    wished = schemas.wish_of(record_type, facets)
    path = f"/catalogues/{record_type.slug}/entries"
    failures = {404: schemas.Failure, 422: schemas.Failure}

    def listed(request: HttpRequest, wish: Query[wished]) -> dict:
        return _list(request, record_type, wish)

    def one(request: HttpRequest, code: str) -> dict:
        return _one(request, record_type, code)

    name = record_type.slug.replace("-", "_")
    router.get(
        path,
        response={200: schemas.page_of(record_type.slug), **failures},
        operation_id=f"{name}_entries",
        summary=f"{record_type.label}目录",
    )(listed)
    router.get(
        path + "/{code}",
        response={200: schemas.entry_of(record_type.slug), **failures},
        operation_id=f"{name}_entry",
        summary=f"{record_type.label}目录的一条",
    )(one)


def _catalogues(request: HttpRequest) -> dict:
    """Name every catalogue with its size, its current edition and the values of its facets."""
    counts = {kind: sum(cities.values()) for kind, cities in browse.counts_by_kind_and_city().items()}
    editions = Edition.objects.published().filter(region=browse.PROVINCE_CODE).order_by("on")
    current = {edition.kind: edition.name for edition in editions}
    return {"items": [_catalogue(record_type, counts, current) for record_type in public_types()]}


def _catalogue(record_type: RecordType, counts: dict, current: dict) -> dict:
    facets = browse.facets_of(record_type)
    return {
        "kind": record_type.slug,
        "label": record_type.label,
        "basis": record_type.basis,
        "in_force": counts.get(record_type.slug, 0),
        "current_edition": current.get(record_type.slug),
        "facets": {facet.name: schemas.choices(facet.words.items()) for facet in facets},
    }


def _list(request: HttpRequest, record_type: RecordType, wish: Schema) -> dict:
    day = day_of(wish.on)
    found = paging.after(_wished(request, record_type, wish, day), wish.cursor, "code")
    shown, following = paging.page(request, _whole(found), wish.limit, "code")
    return {"items": answers(request, record_type, shown, day), "next": following}


def _wished(request: HttpRequest, record_type: RecordType, wish: Schema, day: date) -> QuerySet:
    try:
        asked = browse.read_wish(record_type, request.GET)
    except browse.Unknown:
        raise Unreadable("city、county 或筛选项的值不存在，请按目录页上的筛选项填写。") from None
    if asked.status == browse.EXITED and wish.on:
        raise Unreadable("on 查的是某一天现行的目录，不能与 status=exited 一起使用。")
    return _from(browse.Listing(record_type, asked, day if wish.on else None), wish)


def _from(listing: browse.Listing, wish: Schema) -> QuerySet:
    """Return the entries of a listing, or of what has an index by code only those that a page may show."""
    if listing.is_plain or listing.status == browse.EXITED:  # a code may have exited twice
        return listing.entries()
    found = listing.all_hits if listing.words else None
    behind = paging.value_of(wish.cursor)
    pks = hits.by_code(listing.shelf, listing.words, found, behind, wish.limit + 1)
    return CatalogueEntry.objects.filter(pk__in=pks)


def _whole(found: QuerySet) -> QuerySet:
    """Load with each entry what its answer says, in a fixed number of queries."""
    into = Prefetch("succession", queryset=Succession.objects.select_related("new"))
    risen = Prefetch("promotions", queryset=Promotion.objects.order_by("on", "pk"))
    return found.select_related("region", "filing").prefetch_related(into, risen)


def _one(request: HttpRequest, record_type: RecordType, code: str) -> dict:
    """Return the newest entry of a code: the one in force, or the one that exited last."""
    found = CatalogueEntry.objects.filter(
        kind=record_type.slug, code=code[:24].replace("\0", ""), valid_from__lte=timezone.localdate()
    )
    newest = _whole(found).order_by("-valid_from", "-pk").first()
    if newest is None:
        raise Http404("no such code")
    return answers(request, record_type, [newest], timezone.localdate())[0]


def answers(
    request: HttpRequest, record_type: RecordType, shown: list[CatalogueEntry], day: date
) -> list[dict]:
    """Return entries as the schema says, each as it was on ``day``.

    Of what left the catalogue no version has its fields, as on the pages.
    """
    records = entries.records(record_type, shown)
    until = lineages.rectifying(record_type.slug, [entry.code for entry in shown])
    gone = lineages.gone(record_type.slug, [entry.code for entry in shown if entry.valid_to])
    return [
        _answer(request, record_type, entry, records[entry.filing_id], day)
        | {"rectify_until": None if entry.valid_to else until.get(entry.code)}
        | ({"fields": None} if entry.is_exited or entry.code in gone else {})
        for entry in shown
    ]


def _answer(
    request: HttpRequest, record_type: RecordType, entry: CatalogueEntry, record: Filing, day: date
) -> dict:
    page = reverse("catalogue-entry", args=[entry.kind, entry.code])
    level = entry.level_on(day)
    status = "exited" if entry.is_exited else "replaced" if entry.valid_to else "in_force"
    return {
        "kind": entry.kind,
        "code": entry.code,
        "name": entry.title,
        "region": _place(entry.region),
        "level": {"value": level, "label": BrandLevel(level).label} if level else None,
        "status": {"value": status, "label": STATUS[status]},
        "document_number": entry.document_number,
        "publisher": entry.publisher,
        "valid_from": entry.valid_from,
        "valid_to": entry.valid_to,
        "published_at": entry.published_at,
        "exit": _exit(entry),
        "successor": _successor(entry),
        "source": entry.filing.source,
        "is_demo": entry.filing.is_demo,
        "url": request.build_absolute_uri(page),
        "fields": _fields(record_type, record),
    }


def _place(region: Region) -> dict:
    return {"code": region.code, "name": region.name}


def _exit(entry: CatalogueEntry) -> dict | None:
    if not entry.is_exited:
        return None
    reason = {"value": entry.exit_reason, "label": entry.get_exit_reason_display()}
    return {"reason": reason, "document_number": entry.exit_document_number, "on": entry.valid_to}


def _successor(entry: CatalogueEntry) -> dict | None:
    succession = getattr(entry, "succession", None)
    if succession is None:
        return None
    how = {"value": succession.kind, "label": succession.get_kind_display()}
    return {"how": how, "code": succession.new.code, "name": succession.new.title}


def _fields(record_type: RecordType, record: Filing) -> dict[str, Any]:
    return {name: _value(record_type, record, name) for name in record_type.public}


def _value(record_type: RecordType, record: Filing, name: str) -> Any:
    column = record_type.field(name)
    if column.is_relation:
        return _related(record, name)
    value = getattr(record, name)
    if isinstance(column, ChoiceListField):
        words = dict(column.options)
        return [{"value": one, "label": words.get(one, one)} for one in value or []]
    if column.choices:
        return {"value": value, "label": str(dict(column.flatchoices).get(value, value))} if value else None
    return value if isinstance(value, bool | int | date | str | None) else str(value)


def _related(record: Filing, name: str) -> Any:
    column = record._meta.get_field(name)
    if not hasattr(column.related_model, "record_type"):
        return _place(region) if (region := getattr(record, name)) else None
    links = [_link(other) for other in entries.related(record, name) if hasattr(other, "entry")]
    return links if column.many_to_many else next(iter(links), None)


def _link(other: Filing) -> dict:
    return {"kind": other.kind, "code": other.entry.code, "name": other.title}
