"""What is behind one number of the desks (数据反查): the filings it counts, in lines.

Pure reads; the list has exactly as many lines as the number says, and only what the person may see.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from django.urls import reverse

from portal import dashboards, desk_numbers, reading, tallies, windows
from portal.behind_numbers import Behind, known
from portal.desk_numbers import Asked
from portal.desk_panels import NOBODY, NONE, UNTAKEN
from portal.models import Filing, Region, User
from portal.panels import BANDS, WORDS
from portal.reports import Unknown
from portal.tallies import Sight
from portal.vocabulary import IN_REVIEW

DIGITS = 18  # of a key that both databases take
SHOWN = (desk_numbers.CITY, desk_numbers.PROVINCE, desk_numbers.PUBLICATION, desk_numbers.AWAY)
WAITING = ("名称", "类型", "报送单位", "到达时间", "在办天数", "经办人")
DECIDED = ("名称", "类型", "报送单位", "办结时间", "市级审核", "省级审核", "公布", "在报送单位", "退回次数")
TITLES = {
    desk_numbers.DESKS: "",
    desk_numbers.CITY: "，经市级审核的",
    desk_numbers.PROVINCE: "，经省级审核的",
    desk_numbers.PUBLICATION: "，已经公布的",
    desk_numbers.WHOLE: "，已经走完全程的",
    desk_numbers.RETURNED: "，退回过的",
}


def behind(asked: Asked, user: User, cell: Mapping[str, str]) -> Behind:
    """Return what the number at an address counts; raise ``Unknown`` for a number there is not."""
    if "step" in cell:
        return _decided(asked, user, cell)
    return _waiting(asked, user, cell)


def _sight(asked: Asked, cell: Mapping[str, str]) -> tuple[Sight, str]:
    """Return what of the region a cell narrows to, and that in words."""
    code = cell.get("own") or cell.get("place") or asked.region.code
    if "own" in cell:
        known(code, [asked.region.code])
    place = asked.region if code == asked.region.code else _line(asked, code)
    name = dashboards.OWN[place.level] if "own" in cell and place.level in dashboards.OWN else place.name
    return replace(asked.sight, region=code, is_own="own" in cell), name


def _line(asked: Asked, code: str) -> Region:
    """Return the region that a line of the tables stands for."""
    found = Region.objects.filter(pk=code).first()
    inside = code.startswith(asked.region.code) and dashboards.line_of(asked.region, code) == code
    if found is None or not inside:
        raise Unknown(code[:40])
    return found


def _waiting(asked: Asked, user: User, cell: Mapping[str, str]) -> Behind:
    sight, words = _sight(asked, cell)
    desk = known(cell.get("desk", ""), IN_REVIEW)
    bands = {"all": None} | {str(number): number for number in range(len(BANDS))}
    band = bands[known(cell.get("band", ""), bands)]
    found = tallies.in_band(desk_numbers.pending(sight).filter(state=desk), "lain", band)
    parts = [words, WORDS[desk]]
    if "holder" in cell:
        holder, word = _holder(cell["holder"])
        found, parts = found.filter(holder=holder), [*parts, word]
    if band is not None:
        parts.append(f"在办{BANDS[band]}")
    seen = reading.with_sent(found.visible_to(user)).select_related("organisation", "holder")
    lines = partial(_lines, user=user, cells=_waiting_cells)
    return Behind(" ".join(parts), seen.order_by("-lain", "pk"), WAITING, lines)


def _holder(typed: str) -> tuple[User | None, str]:
    if typed == NOBODY:
        return None, UNTAKEN
    is_key = typed.isascii() and typed.isdigit() and len(typed) <= DIGITS
    found = User.objects.filter(pk=typed).first() if is_key else None
    if found is None:
        raise Unknown(typed[:40])
    return found, f"{found}经办"


def _lines(page: Iterable[Filing], user: User, cells) -> list[dict]:
    page = list(page)
    return [
        {"title": reading.title_for(row, user), "url": reverse("filing", args=[row.pk]), "cells": shown}
        for row, shown in zip(page, cells(page), strict=True)
    ]


def _waiting_cells(page: list[Filing]) -> list[list]:
    return [
        [
            row.record_type.label,
            row.organisation.short_name,
            windows.moment(row.arrived_at),
            desk_numbers.days(row.lain),
            str(row.holder) if row.holder_id else NONE,
        ]
        for row in page
    ]


def _decided(asked: Asked, user: User, cell: Mapping[str, str]) -> Behind:
    sight, words = _sight(asked, cell)
    step = known(cell["step"], TITLES)
    seen = reading.with_sent(desk_numbers.decided_filings(asked, sight, step).visible_to(user))
    rows = seen.select_related("organisation").order_by("decided_at", "pk")
    lines = partial(_lines, user=user, cells=partial(_decided_cells, asked=asked))
    return Behind(f"{words} {asked.words} 办结{TITLES[step]}", rows, DECIDED, lines)


def _decided_cells(page: list[Filing], asked: Asked) -> list[list]:
    decided = desk_numbers.decisions(asked).filter(filing__in=[row.pk for row in page])
    roads = desk_numbers.roads(decided)
    return [
        [
            row.record_type.label,
            row.organisation.short_name,
            windows.moment(row.decided_at),
            *(_days(roads[row.pk], measure) for measure in SHOWN),
            roads[row.pk][desk_numbers.RETURNED],
        ]
        for row in page
    ]


def _days(road: Mapping[str, int], measure: str) -> str | float:
    return desk_numbers.days(road[measure]) if measure in road else NONE
