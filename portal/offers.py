"""What may be chosen in a relation field: what is in force within the bureau's reach, and what was chosen."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.db.models import Q

from portal.models import Filing, Region
from portal.registry import RecordType
from portal.scope import within
from portal.snapshot import CITY_ITSELF
from portal.vocabulary import BrandLevel, Level

LONG = 12  # a list longer than this begins with what is chosen


@dataclass(frozen=True)
class Offer:
    """The choices as a form shows them, and the object behind each value; ``none`` names the empty choice."""

    choices: list[tuple[str, str]]
    objects: dict[str, models.Model]
    none: str = ""


def offer(model: type[models.Model], record: Filing, chosen: Iterable[models.Model]) -> Offer:
    """Return what ``record`` may choose of ``model``, in one query; what is ``chosen`` stays, marked."""
    chosen = [one for one in chosen if one is not None]
    if model is Region:
        return _offer(_regions(record, chosen), chosen, "已停用", lambda region: region.full_name)
    return _offer(_filings(model, record, chosen), chosen, "已不在现行目录", _with_class)


def offer_places(record: Filing, chosen: Iterable[models.Model]) -> Offer:
    """Return the counties of the bureau's city by their own names; no choice is the bureau's own place.

    That is 市直 for a city (鲁人社字〔2021〕32号 附件2注1), the county itself for a county.
    """
    own, region = str(record.region_id), record.region
    offered = offer(Region, record, chosen)
    choices = [(key, label.removeprefix(region.name)) for key, label in offered.choices if key != own]
    is_city = region.level == Level.CITY
    objects = {key: other for key, other in offered.objects.items() if key != own}
    return Offer(
        choices, objects if is_city else {**objects, "": region}, CITY_ITSELF if is_city else region.name
    )


def _offer(open_ones: list[models.Model], chosen: list[models.Model], gone: str, words) -> Offer:
    objects = {str(other.pk): other for other in open_ones}
    labels = {key: words(other) for key, other in objects.items()}
    for other in chosen:
        labels.setdefault(str(other.pk), f"{other}（{gone}）")
        objects.setdefault(str(other.pk), other)
    picked = {str(other.pk) for other in chosen} if len(labels) > LONG else set()
    choices = sorted(labels.items(), key=lambda choice: choice[0] not in picked)
    return Offer(choices=choices, objects=objects)


def _regions(record: Filing, chosen: list[models.Model]) -> list[models.Model]:
    reach = within("code", record.region_id) | Q(pk__in=[region.pk for region in chosen])
    return list(Region.objects.current().filter(reach).select_related("parent").order_by("code"))


def _filings(model: type[Filing], record: Filing, chosen: list[models.Model]) -> list[models.Model]:
    in_reach = model.objects.filter(within_reach(model.record_type, record.region_id[:4]))
    reach = Q(pk__in=in_reach.values("pk")) | Q(pk__in=[other.pk for other in chosen])
    in_force = model.objects.in_force().filter(reach).select_related("entry")
    return sorted(in_force, key=lambda other: (_class_place(other), other.entry.code))


def within_reach(record_type: RecordType, city: str) -> Q:
    """Return the condition for what bureaus of ``city`` may refer to.

    A type whose rows name regions is offered where its rows say (考核机构不得跨区域考核), a levelled one in
    its own city and, when it is provincial, everywhere; all others everywhere.
    """
    if places := _placed_rows(record_type):
        return _rows_reach(record_type, places, city)
    if record_type.levelled:
        province_wide = Q(region_id=city[:2]) | Q(entry__level=BrandLevel.PROVINCIAL)
        return within("region_id", city) | province_wide
    return Q()


def _placed_rows(record_type: RecordType) -> dict[str, str]:
    return {
        rows: field
        for rows, fields in record_type.rows.items()
        for field in fields
        if record_type.row_model(rows)._meta.get_field(field).related_model is Region
    }


def _rows_reach(record_type: RecordType, places: dict[str, str], city: str) -> Q:
    condition = Q()
    for rows, field in places.items():
        owner = record_type.field(rows).field.name
        here = within(f"{field}_id", city) | Q(**{f"{field}_id": city[:2]})
        condition |= Q(pk__in=record_type.row_model(rows).objects.filter(here).values(owner))
    return condition


def _class_field(model: type[Filing]) -> models.Field | None:
    facets = (model._meta.get_field(name) for name in model.record_type.facets)
    return next((column for column in facets if column.choices), None)


def _class_place(other: Filing) -> int:
    column = _class_field(type(other))
    codes = [code for code, _ in column.flatchoices] if column else []
    value = getattr(other, column.name) if column else ""
    return codes.index(value) if value in codes else len(codes)


def _with_class(other: Filing) -> str:
    column = _class_field(type(other))
    return f"{other} · {getattr(other, f'get_{column.name}_display')()}" if column else str(other)
