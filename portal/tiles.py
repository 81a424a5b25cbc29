"""The tile map: one square for each of the 16 cities with the number of its entries; no boundary lines.

Pure reads; the number of queries is the same for any number of entries.
"""

from math import ceil

from django.urls import reverse

from portal import browse
from portal.models import Region
from portal.registry import RecordType
from portal.vocabulary import Level

STEPS = 4  # shades beside the empty one
_PLAIN = [(0, "0"), (1, "1"), (2, "2"), (3, "3"), (4, "≥ 4")]


def drawn(record_type: RecordType, by_city: dict[str, int]) -> dict:
    """Return ``cities`` with number, shade and address of their list, and the ``legend`` of the shades."""
    cities = list(Region.objects.filter(level=Level.CITY).order_by("code"))
    width = _width(max((by_city.get(city.code, 0) for city in cities), default=0))
    url = reverse("catalogue-list", args=[record_type])
    tiles = [_tile(city, by_city.get(city.code, 0), width, url) for city in cities]
    return {"cities": tiles, "legend": _legend(width)}


def _width(most: int) -> int:
    """Return how many numbers share a shade: one each up to four, else a quarter of the highest."""
    return 1 if most <= STEPS else ceil(most / STEPS)


def _tile(city: Region, count: int, width: int, url: str) -> dict:
    return {
        "code": city.code,
        "name": city.name,
        "short_name": city.short_name,
        "count": count,
        "heat": min(ceil(count / width), STEPS),
        "url": f"{url}?city={city.code}",
    }


def _legend(width: int) -> list[tuple[int, str]]:
    shades = [(n, f"{(n - 1) * width + 1}–{n * width}") for n in range(1, STEPS + 1)]
    return _PLAIN if width == 1 else [(0, "0"), *shades]


def table(types: list[RecordType], counts: dict[str, dict[str, int]]) -> dict:
    """Return ``rows`` of the cities with a number and address per type, and the ``totals`` of the columns.

    What belongs to the province itself is a row of its own, when there is any.
    """
    levels = (Level.PROVINCE, Level.CITY)
    places = Region.objects.filter(level__in=levels).order_by("code")
    rows = [_row(place, types, counts) for place in places]
    shown = [row for row in rows if row["total"] or row["code"] != browse.PROVINCE_CODE]
    totals = [sum(row["cells"][place]["count"] for row in rows) for place in range(len(types))]
    return {"rows": shown, "totals": totals, "whole": sum(totals)}


def _row(place: Region, types: list[RecordType], counts: dict[str, dict[str, int]]) -> dict:
    numbers = [counts.get(record_type.slug, {}).get(place.code, 0) for record_type in types]
    urls = [f"{reverse('catalogue-list', args=[t])}?city={place.code}" for t in types]
    cells = [{"label": str(t), "count": n, "url": u} for t, n, u in zip(types, numbers, urls, strict=True)]
    name = "省直" if place.code == browse.PROVINCE_CODE else place.name
    return {"code": place.code, "name": name, "cells": cells, "total": sum(numbers)}
