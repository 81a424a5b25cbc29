"""Editions of a catalogue, and the difference between any two days of it."""

from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import Path, Query, Router, Schema
from pydantic import Field

from portal import browse, differences, registry
from portal.api import schemas
from portal.api.answers import Unreadable
from portal.api.entries import day_of
from portal.models import CatalogueEntry, Edition, Region
from portal.registry import RecordType
from portal.scope import within
from portal.vocabulary import ChangeVerb

DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
FAILURES = {404: schemas.Failure, 422: schemas.Failure}


class Days(Schema):
    """Two days of one catalogue, and whose catalogue it is."""

    from_day: str = Field(pattern=DAY, description="起始日，如 2023-12-31")
    to_day: str = Field(pattern=DAY, description="截止日")
    region: str = Field(browse.PROVINCE_CODE, pattern="^[0-9]{2,4}$", description="目录范围：37，或市的代码")


def register(router: Router) -> None:
    """Give ``router`` the routes of editions and differences, which every catalogue has alike."""
    router.get(
        "/catalogues/{kind}/editions",
        response={200: schemas.EditionList, **FAILURES},
        operation_id="editions",
        summary="目录的各个版次",
    )(_editions)
    router.get(
        "/catalogues/{kind}/differences",
        response={200: schemas.DifferenceOut, **FAILURES},
        operation_id="differences",
        summary="目录在两个日期之间的变化",
    )(_differences)


def _type(kind: str) -> RecordType:
    try:
        record_type = registry.get(kind)
    except KeyError:
        raise Http404("no such catalogue") from None
    if not record_type.is_catalogued:
        raise Http404("not a catalogue")
    return record_type


def _editions(request: HttpRequest, kind: str = Path(..., pattern="^[a-z-]{1,40}$")) -> dict:
    record_type = _type(kind)
    found = Edition.objects.published().filter(kind=record_type.slug).select_related("region")
    return {"items": [_edition(request, edition) for edition in found.order_by("-on", "region_id")]}


def _edition(request: HttpRequest, edition: Edition) -> dict:
    held = CatalogueEntry.objects.filter(within("region_id", edition.region_id), kind=edition.kind)
    page = reverse("catalogue-edition", args=[edition.kind, edition.on])
    region = "" if edition.region_id == browse.PROVINCE_CODE else f"?region={edition.region_id}"
    return {
        "kind": edition.kind,
        "region": {"code": edition.region_id, "name": edition.region.name},
        "name": edition.name,
        "document_number": edition.document_number,
        "on": edition.on,
        "count": held.in_force(edition.on).count(),
        "is_demo": edition.is_demo,
        "url": request.build_absolute_uri(page + region),
    }


def _differences(
    request: HttpRequest, days: Query[Days], kind: str = Path(..., pattern="^[a-z-]{1,40}$")
) -> dict:
    record_type, first, last = _type(kind), day_of(days.from_day), day_of(days.to_day)
    if not Region.objects.filter(pk=days.region).exists():
        raise Unreadable(f"没有代码为 {days.region} 的地区。")
    found = differences.difference(record_type.slug, days.region, first, last)
    return {
        "kind": record_type.slug,
        "from_day": found.from_day,
        "to_day": found.to_day,
        "counts": found.counts,
        "changes": [_change(change) for change in found.changes],
    }


def _change(change: differences.Change) -> dict:
    return {
        "verb": {"value": change.verb, "label": str(ChangeVerb(change.verb).label)},
        "code": change.entry.code,
        "before": change.before.title if change.before else None,
        "after": change.after.title if change.after else None,
        "successor_code": change.successor.code if change.successor else None,
    }
