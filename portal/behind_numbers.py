"""What is behind one number of a dashboard (数据反查): the filings, acts or bureaus it counts, in lines.

Pure reads; the list has exactly as many lines as the number says, and only what the person may see.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet
from django.urls import reverse

from portal import inbox, reading, registry, rollups, tallies, windows
from portal.dashboards import Dashboard
from portal.models import Event, Filing
from portal.panels import ACTS, BANDS, EXPECTED, FILED, ON_TIME, WORDS
from portal.reports import Unknown
from portal.tallies import Sight
from portal.vocabulary import IN_REVIEW

DUTIES = {EXPECTED: "应报", FILED: "已报", ON_TIME: "按时"}
ALL = "all"


@dataclass(frozen=True)
class Behind:
    """The list behind a number: what it holds in words, its rows, its headings, how a page becomes lines.

    ``unit`` is what a row is counted by.
    """

    title: str
    rows: QuerySet | Sequence
    headings: tuple[str, ...]
    lines: Callable[[Iterable], list[dict]]
    unit: str = "件"


def behind(board: Dashboard, cell: Mapping[str, str]) -> Behind:
    """Return what the number at an address counts; raise ``Unknown`` for a number there is not."""
    if "month" in cell:
        return _acts(board, cell)
    if "band" in cell:
        return _waiting(board, cell)
    if "handled" in cell:
        return _handled(board, cell)
    return _duties(board, cell) if "duty" in cell else _filings(board, cell)


def _sight(board: Dashboard, cell: Mapping[str, str]) -> tuple[Sight, str]:
    """Return what of the dashboard's sight a cell narrows to, and that in words."""
    asked = board.asked
    sight, kind = asked.sight, cell.get("kind", "")
    if kind:
        sight = replace(sight, kind=known(kind, [t.slug for t in registry.all_types()]))
    code = cell.get("own") or cell.get("place") or asked.region.code
    names = {(place.code, place.is_own): place.name for place in board.places}
    if code != asked.region.code or "own" in cell:
        known((code, "own" in cell), names)
    sight = replace(sight, region=code, is_own="own" in cell)
    place = names.get((code, "own" in cell), asked.region.name)
    return sight, f"{place}{'' if not sight.kind else ' ' + registry.get(sight.kind).label}"


def known(value, among: Iterable):
    if value not in among:
        raise Unknown(str(value)[:40])
    return value


def _number(typed: str, below: int) -> int | None:
    """Return the number of a band, None for all of them."""
    return None if typed == ALL else int(known(typed, [str(number) for number in range(below)]))


def _filings(board: Dashboard, cell: Mapping[str, str]) -> Behind:
    sight, words = _sight(board, cell)
    state = cell.get("state", "")
    if state:
        known(state, WORDS)
    title = f"{words} {WORDS[state] if state else '提交过的填报'}"
    return _of_filings(board, sight, title, tallies.filings(sight, state))


def _waiting(board: Dashboard, cell: Mapping[str, str]) -> Behind:
    sight, words = _sight(board, cell)
    band, desk = _number(cell["band"], len(BANDS)), cell.get("desk", "")
    if desk:
        known(desk, IN_REVIEW)
    long = "" if band is None else f"，停留{BANDS[band]}"
    title = f"{words} {WORDS[desk] if desk else '待审'}{long}"
    return _of_filings(board, sight, title, tallies.waiting(sight, desk, band))


def _of_filings(board: Dashboard, sight: Sight, title: str, found: QuerySet) -> Behind:
    seen = reading.with_sent(found.visible_to(board.user)).annotate(
        state_then=rollups.state_then(sight.cutoff)
    )
    rows = seen.select_related("organisation").order_by("pk")
    headings = ("名称", "类型", "报送单位", "提交时间", "当时状态")
    return Behind(title, rows, headings, lambda page: [_filing(row, board) for row in page])


def _filing(row: Filing, board: Dashboard) -> dict:
    cells = [row.record_type.label, row.organisation.short_name, windows.moment(row.submitted_at)]
    return {**_link(row, board), "cells": [*cells, WORDS[row.state_then]]}


def _link(row: Filing, board: Dashboard) -> dict:
    return {"title": reading.title_for(row, board.user), "url": reverse("filing", args=[row.pk])}


def _acts(board: Dashboard, cell: Mapping[str, str]) -> Behind:
    sight, words = _sight(board, cell)
    months = {f"{month:%Y-%m}": month for month in tallies.months(sight.cutoff)}
    act = known(cell.get("act", ""), ACTS)
    month = None if cell["month"] == ALL else months[known(cell["month"], months)]
    when = f"{month.year}年{month.month}月" if month else "近12个月"
    return _of_events(board, f"{words} {when}{ACTS[act]}", tallies.acts(sight, act, month), act)


def _handled(board: Dashboard, cell: Mapping[str, str]) -> Behind:
    sight, words = _sight(board, cell)
    band = _number(cell["handled"], len(BANDS))
    long = "" if band is None else f"，办理{BANDS[band]}"
    return _of_events(board, f"{words} 近90天办结{long}", tallies.handled(sight, band), "")


def _of_events(board: Dashboard, title: str, found: QuerySet, act: str) -> Behind:
    rows = found.filter(filing__in=Filing.objects.visible_to(board.user)).order_by("at", "pk")
    headings = ("名称", "类型", "报送单位", "办理时间", "办理时长" if not act else "办理单位")
    return Behind(title, rows, headings, lambda page: _events(page, board, act))


def _events(page: Iterable[Event], board: Dashboard, act: str) -> list[dict]:
    page = list(page)
    wanted = reading.with_sent(Filing.objects.filter(pk__in={event.filing_id for event in page}))
    filings = {filing.pk: filing for filing in wanted.select_related("organisation")}
    return [_event(event, filings[event.filing_id], board, act) for event in page]


def _event(event: Event, filing: Filing, board: Dashboard, act: str) -> dict:
    last = event.organisation_name if act else inbox.duration(event.lasted * tallies.MICROSECOND)
    cells = [filing.record_type.label, filing.organisation.short_name, windows.moment(event.at), last]
    return {**_link(filing, board), "cells": cells}


def _duties(board: Dashboard, cell: Mapping[str, str]) -> Behind:
    """Return the bureaus of one campaign, or of one place in all of them."""
    which = known(cell["duty"], DUTIES)
    found = [(campaign, row) for campaign, rows in board.boards for row in rows]
    if "campaign" in cell:
        known(cell["campaign"], [str(campaign.pk) for campaign, _ in board.boards])
        found = [(campaign, row) for campaign, row in found if str(campaign.pk) == cell["campaign"]]
    sight, words = _sight(board, cell)
    found = [(c, row) for c, row in found if _is_in(row.duty.organisation.region_id, sight)]
    chosen = [(campaign, row) for campaign, row in found if _counts(row, which)]
    headings = ("单位", "任务", "截止时间", "最近提交", "状态")
    title = f"{words} {DUTIES[which]}单位"
    return Behind(title, chosen, headings, lambda page: [_duty(*one) for one in page], unit="项")


def _is_in(code: str, sight: Sight) -> bool:
    return code == sight.region if sight.is_own else code.startswith(sight.region)


def _counts(row: windows.Row, which: str) -> bool:
    counted = windows.rates([row])
    return bool({EXPECTED: counted.expected, FILED: counted.filed, ON_TIME: counted.on_time}[which])


def _duty(campaign, row: windows.Row) -> dict:
    sent = windows.moment(row.last_submitted) if row.last_submitted else "—"
    return {
        "title": row.duty.organisation.name,
        "url": reverse("campaign", args=[campaign.pk]),
        "cells": [campaign.name, windows.moment(row.due_at), sent, row.label],
    }
