"""What the pages of campaigns read: the list, the board of one campaign with its filter, its workbook.

Pure reads; a page costs the same number of queries at any size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.admin.models import LogEntry
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from portal import campaigns, inbox, package, registry, spreadsheet, windows
from portal.models import Campaign, Expected, User
from portal.spreadsheet import Page, Styled
from portal.vocabulary import Level

OPEN, PAST = "open", "past"
TABS = {OPEN: "进行中", PAST: "已截止"}
SORTS = {"name": "name", "kind": "kind", "due": "due_at", "expects": "expects"}
HEADINGS = {"name": "任务", "kind": "报送表", "due": "截止时间", "expects": "应报单位"}
OWING = "owing"
FILTERS = {OWING: "未完成报送"} | windows.STATES
UNITS = {Expected.CITIES.value: "市", Expected.COUNTIES.value: "县（市、区）"}


@dataclass(frozen=True)
class ListWish(inbox.LinkedWish):
    """What somebody asked of the list; ``sort`` is a column, with ``-`` before it downwards."""

    tab: str = OPEN
    sort: str = "due"


def read_list_wish(params) -> ListWish:
    """Return the wish a query string expresses; what does not exist falls back to the default."""
    tab, sort = params.get("tab", ""), params.get("sort", "")
    tab = tab if tab in TABS else OPEN
    usual = "due" if tab == OPEN else "-due"
    return ListWish(tab, sort if sort.removeprefix("-") in SORTS else usual)


def listed(user: User, wish: ListWish) -> QuerySet:
    """Return the campaigns that concern ``user``, in the order of the wish; past ones still take filings."""
    now = timezone.now()
    open_now = Q(closed_at=None) & (Q(due_at__gte=now) | Q(updates_until__gte=now))
    found = windows.visible_campaigns(user)
    found = found.filter(open_now) if wish.tab == OPEN else found.exclude(open_now)
    column = F(SORTS[wish.sort.removeprefix("-")])
    return found.order_by(column.desc() if wish.sort[0] == "-" else column.asc(), "pk")


def list_rows(found: Sequence[Campaign], user: User) -> list[dict]:
    """Return one row per campaign of a page: its facts, and how far the bureaus in sight have come."""
    boards = windows.boards(found, windows.duties_within(user))
    return [_list_row(campaign, boards[campaign.pk]) for campaign in found]


def _list_row(campaign: Campaign, rows: list[windows.Row]) -> dict:
    counted = windows.rates(rows)
    return {
        "campaign": campaign,
        "basis": basis(campaign),
        "type": registry.get(campaign.kind),
        "phase": phase(campaign),
        "own": rows[0] if len(rows) == 1 else None,
        "rates": counted if len(rows) > 1 else None,
        "percent": windows.percent(counted.filed, counted.expected),
    }


def basis(campaign: Campaign) -> str:
    """Return the document number and the clause of a campaign."""
    return " ".join(part for part in (campaign.document_number, campaign.clause) if part)


def phase(campaign: Campaign) -> tuple[str, str]:
    """Return the shape and the word of where a campaign stands in time."""
    now = timezone.now()
    if campaign.closed_at:
        return "cancelled", "已关闭"
    if campaign.opens_at > now:
        return "unopened", "未开放"
    if not windows.is_over(campaign.due_at, now):
        return "province_review", "进行中"
    updates = campaign.updates_until
    return ("city_review", "可更新") if updates and updates >= now else ("cancelled", "已截止")


def time_left(campaign: Campaign) -> str:
    """Return how far the due day is, in words."""
    today, due = (at.astimezone(windows.SHANGHAI).date() for at in (timezone.now(), campaign.due_at))
    days = (due - today).days
    if campaign.closed_at:
        return f"{windows.moment(campaign.closed_at)} 关闭"
    if windows.is_over(campaign.due_at, timezone.now()):
        return f"已过 {-days} 天，补报标记为逾期" if days else "今天已过截止时间，补报标记为逾期"
    return f"还有 {days} 天" if days else "今天截止"


def figures(rows: Sequence[windows.Row], campaign: Campaign) -> list[dict]:
    """Return the five rates of a board, each with numerator and denominator."""
    counted, unit = windows.rates(rows), UNITS[campaign.expects]
    expected, filed, on_time = counted.expected, counted.filed, counted.on_time
    return [
        {"label": "应报", "value": expected, "of": f"个{unit}", "share": None, "shape": ""},
        {"label": "已报", "value": filed, "of": f"/ {expected} {unit}", "share": None, "shape": ""},
        _rate("报送率", filed, expected, unit, ""),
        {"label": "按时数", "value": on_time, "of": f"/ {expected} {unit}", "share": None, "shape": ""},
        _rate("按时率", on_time, expected, unit, "ok"),
    ]


def _rate(label: str, part: int, whole: int, unit: str, shape: str) -> dict:
    share = windows.percent(part, whole)
    value = f"{share}%" if whole else "—"
    return {"label": label, "value": value, "of": f"{part} / {whole} {unit}", "share": share, "shape": shape}


def summary(rows: Iterable[windows.Row]) -> list[tuple[str, int]]:
    """Return (word, number) of the states that occur, in their order."""
    standings = [row.standing for row in rows]
    return [(word, standings.count(name)) for name, word in windows.STATES.items() if name in standings]


def chosen(rows: Iterable[windows.Row], state: str) -> list[windows.Row]:
    """Return the rows in one state, in any of those that owe, or all of them."""
    if state == OWING:
        return [row for row in rows if row.owes]
    return [row for row in rows if state in ("", row.standing)]


def lines(rows: Iterable[windows.Row], campaign: Campaign, user: User) -> list[dict]:
    """Return the rows of a board as the page shows them, counties under the heading of their city."""
    shown, city = [], None
    for row in rows:
        region = row.duty.organisation.region
        if region.level != Level.CITY and region.code[:4] != city:
            city = region.code[:4]
            heading = {"name": region.parent.name, "package": _package(campaign, city, user)}
        else:
            heading = None
        shown.append({**_line(row, campaign, user), "heading": heading})
    return shown


def _package(campaign: Campaign, region_code: str, user: User) -> str:
    """Return the address of the submission package from a region, empty when it is not ``user``'s to see."""
    if not package.may_read(user, region_code):
        return ""
    return reverse("campaign-package", args=[campaign.pk, region_code])


def _line(row: windows.Row, campaign: Campaign, user: User) -> dict:
    region = row.duty.organisation.region
    place = f"city={region.code[:4]}" + (f"&county={region.code}" if region.level != Level.CITY else "")
    return {
        "row": row,
        "duty": row.duty,
        "name": region.name,
        "word": row.label,
        "is_late_nothing": row.is_nothing and row.standing == windows.FILED_LATE,
        "due": windows.moment(row.due_at) if row.is_extended else "",
        "extensions": list(row.duty.extensions.all()),
        "filings": f"{reverse('filing-list', args=[campaign.kind])}?campaign={campaign.pk}&{place}",
        "package": _package(campaign, region.code, user),
        "may_remind": row.owes and campaigns.may_remind(user, region.code),
    }


def totals(rows: Sequence[windows.Row]) -> dict[str, int]:
    """Return the sums below a board."""
    return {name: sum(getattr(row, name) for row in rows) for name in ("filed", "approved", "returned")}


SHEET = "报送情况"
COLUMNS = {
    "市": 12,
    "单位": 34,
    "状态": 12,
    "截止时间": 20,
    "已报（件）": 12,
    "已通过": 10,
    "退回（次）": 12,
    "最近提交": 20,
    "催报（次）": 12,
    "最近催报": 20,
    "延期原因": 40,
}


def board_workbook(campaign: Campaign, rows: Sequence[windows.Row]) -> bytes:
    """Return a board as a workbook: the facts and the five rates above, a line per bureau, the sums below."""
    above = [
        Styled("context", [str(campaign), basis(campaign), "截止时间", windows.moment(campaign.due_at)]),
        Styled("context", ["统计时间", windows.moment(timezone.now())]),
        *(
            Styled("data", [figure["label"], figure["value"], figure["of"]])
            for figure in figures(rows, campaign)
        ),
    ]
    sums = totals(rows)
    last = Styled("optional", ["合计", None, None, None, sums["filed"], sums["approved"], sums["returned"]])
    lines = [*(_sheet_line(row) for row in rows), last]
    page = Page(SHEET, spreadsheet.columns(COLUMNS), lines, above)
    return spreadsheet.whole(f"{campaign}{SHEET}", [page])


def _sheet_line(row: windows.Row) -> list:
    organisation = row.duty.organisation
    region = organisation.region
    city = region.name if region.level == Level.CITY else region.parent.name
    late_nothing = row.is_nothing and row.standing == windows.FILED_LATE
    return [
        city,
        organisation.name,
        f"{row.label}（零报送）" if late_nothing else row.label,
        windows.moment(row.due_at),
        row.filed,
        row.approved,
        row.returned,
        windows.moment(row.last_submitted) if row.last_submitted else "",
        row.reminders,
        windows.moment(row.reminded_at) if row.reminded_at else "",
        "；".join(extension.reason for extension in row.duty.extensions.all()),
    ]


def history(campaign: Campaign) -> list[dict]:
    """Return who opened, changed and closed a campaign, newest first, as ``timeline`` items."""
    notes = LogEntry.objects.filter(content_type__app_label="portal", content_type__model="campaign")
    found = notes.filter(object_id=str(campaign.pk)).select_related("user").order_by("-action_time", "-pk")
    return [
        {"title": note.change_message, "who": str(note.user), "at": windows.moment(note.action_time)}
        for note in found
    ]
