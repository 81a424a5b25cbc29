"""R8 报送情况通报: where the bureaus stood with what was collected, at an instant, by campaign and place.

``windows.boards`` tells where each bureau stands; here it is only added up. A bureau counts once, by the
filing that answers best, whatever number it sent.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from portal import answers, scope, windows
from portal.models import Campaign, Expected, Filing
from portal.reports import (
    NUMBER,
    PERCENT,
    PLAIN,
    SUBTOTAL,
    TOTAL,
    Asked,
    Behind,
    Cell,
    Column,
    Content,
    Filter,
    Line,
    Number,
    Table,
    Unknown,
    reported,
)
from portal.windows import DONE, FILED_LATE, RETURNED, Row, moment

TITLE = "报送情况通报"
NOT_ARRIVED = "尚未到达"
COUNTED: dict[str, tuple[str, Callable[[Row], bool]]] = {
    "filed": ("已报", lambda row: row.standing in DONE),
    "late": ("逾期上报", lambda row: row.standing == FILED_LATE),
    "nothing": ("零报送", lambda row: row.is_nothing),
    "returned": ("退回", lambda row: row.standing == RETURNED),
}
NUMBERS = (
    Column("应报", NUMBER, 6, "个"),
    Column("已报", NUMBER, 6, "个"),
    Column("其中逾期", NUMBER, 7, "个"),
    Column("其中零报送", NUMBER, 8, "个"),
    Column("退回", NUMBER, 6, "个"),
    Column("未报", NUMBER, 6, "个"),
    Column("报送率", PERCENT, 7),
    Column("按时率", PERCENT, 7),
    Column("最近催报", width=15),
)
ONCE = "按单位计，一个单位报送多份的计一次；市级报送以到达省级为已报，应报 = 已报 + 退回 + 未报。"
RATES = "报送率 = 已报 ÷ 应报；按时率 = 按时报送的单位 ÷ 应报；截止时间含已批准的延期。"
INCLUDED = "含退回修改后尚未重新报送的单位。"


@dataclass(frozen=True)
class Board:
    """One campaign with the bureaus in sight."""

    campaign: Campaign
    rows: Sequence[Row]

    @property
    def is_of_counties(self) -> bool:
        """Whether the counties owe it."""
        return self.campaign.expects == Expected.COUNTIES


def _campaigns(asked: Asked) -> dict[str, str]:
    opened = {str(campaign.pk): campaign.name for campaign in answers.opened_by(asked.cutoff)}
    return {"": "正在报送和本年度截止的任务", **opened}


def _boards(asked: Asked, only: str = "") -> list[Board]:
    """Return the campaigns that are asked for and owed by somebody in the region, the one due last first.

    ``only`` that campaign of them.
    """
    chosen = asked.filters.get("campaign", "")
    year = windows.start_of(date(asked.day.year, 1, 1))
    opened = answers.opened_by(asked.cutoff)
    wanted = [c for c in opened if (str(c.pk) == chosen if chosen else c.due_at >= year)]
    found = [c for c in wanted if only in ("", str(c.pk))]
    inside = scope.within("organisation__region_id", asked.region)
    rows = windows.boards(found, inside, at=asked.cutoff)
    return [Board(campaign, rows[campaign.pk]) for campaign in found if rows[campaign.pk]]


def behind(asked: Asked, cell: Mapping[str, str]) -> Behind:
    """Return the filings by which the bureaus of a number stand where they do, one each."""
    board = next(iter(_boards(asked, cell["campaign"])), None) if cell.get("campaign") else None
    column, place = cell.get("column", ""), cell.get("place", "")
    if board is None or column not in COUNTED or set(cell) - {"campaign", "column", "place"}:
        raise Unknown(str(dict(cell))[:80])
    rows = [row for row in board.rows if _code(row).startswith(place)]
    if not rows:
        raise Unknown(str(dict(cell))[:80])
    words, counts = COUNTED[column]
    filings = [row.answer for row in rows if counts(row)]
    return Behind(f"{board.campaign.name}：{words}", Filing.objects.filter(pk__in=filings))


def _code(row: Row) -> str:
    return row.duty.organisation.region_id


@reported(
    "reporting",
    code="R8",
    title=TITLE,
    basis="各报送任务所列文号",
    behind=behind,
    filters=[Filter("campaign", "报送任务", _campaigns)],
)
def reporting(asked: Asked) -> Content:
    """Return the campaigns, the cities or counties of each, and who has still to send something."""
    boards = _boards(asked)
    return Content(TITLE, (_overview(boards), _by_place(boards), _owing(boards)))


def _overview(boards: Sequence[Board]) -> Table:
    columns = (
        Column("序号", NUMBER, 5),
        Column("报送任务", width=24),
        Column("依据文号", width=18),
        Column("截止时间", width=15),
        *NUMBERS,
    )
    return Table("任务", columns, lambda: _campaign_lines(boards), (ONCE, RATES))


def _campaign_lines(boards: Sequence[Board]) -> Iterator[Line]:
    for number, board in enumerate(boards, 1):
        campaign = board.campaign
        head = (number, campaign.name, campaign.document_number, moment(campaign.due_at))
        yield Line((*head, *_numbers(board, board.rows)))


def _numbers(board: Board, rows: Sequence[Row], place: str = "") -> tuple[Cell, ...]:
    """Return the nine cells of some bureaus; each counted one opens the filings by which they stand there."""
    told = windows.rates(rows)
    counted = [_number(board, rows, column, place) for column in COUNTED]
    owing = len(rows) - told.filed - counted[-1].value
    rates = (windows.percent(told.filed, len(rows)), windows.percent(told.on_time, len(rows)))
    return (len(rows), *counted, owing, *rates, _at(row.reminded_at for row in rows))


def _number(board: Board, rows: Sequence[Row], column: str, place: str) -> Number:
    value = sum(COUNTED[column][1](row) for row in rows)
    cell = {"campaign": str(board.campaign.pk), "column": column} | ({"place": place} if place else {})
    return Number.of(value, cell)


def _at(times: Iterable[datetime | None]) -> str:
    latest = max((time for time in times if time), default=None)
    return moment(latest) if latest else ""


def _by_place(boards: Sequence[Board]) -> Table:
    columns = (
        Column("报送任务", width=24),
        Column("市", width=8),
        Column("县（市、区）", width=10),
        *NUMBERS,
    )
    return Table("分市县情况", columns, lambda: _place_lines(boards), (ONCE, RATES), is_long=True)


def _place_lines(boards: Sequence[Board]) -> Iterator[Line]:
    """Yield the cities of what cities owe; of what counties owe the counties, with a sum after each city."""
    for board in boards:
        for city, rows in groupby(board.rows, key=lambda row: _code(row)[:4]):
            own = list(rows)
            yield from (_place_line(board, [row], _code(row), _names(row)) for row in own)
            if board.is_of_counties:
                yield _place_line(board, own, city, (_names(own[0])[0], "小计"), SUBTOTAL)
        if len({_code(row)[:4] for row in board.rows}) > 1:
            yield _place_line(board, board.rows, "", ("合计", ""), TOTAL)


def _place_line(
    board: Board, rows: Sequence[Row], place: str, names: tuple[str, str], style: str = PLAIN
) -> Line:
    return Line((board.campaign.name, *names, *_numbers(board, rows, place)), style)


def _names(row: Row) -> tuple[str, str]:
    """Return the names of a bureau's city and county."""
    region = row.duty.organisation.region
    if len(region.code) <= len("3701"):
        return region.name, ""
    return region.parent.name, region.name


def _owing(boards: Sequence[Board]) -> Table:
    columns = (
        Column("报送任务", width=24),
        Column("市", width=8),
        Column("单位", width=24),
        Column("情况", width=16),
        Column("截止时间", width=15),
        Column("催报次数", NUMBER, 8),
        Column("最近催报", width=15),
    )
    return Table("未报送单位", columns, lambda: _owing_lines(boards), (INCLUDED,), is_long=True)


def _owing_lines(boards: Sequence[Board]) -> Iterator[Line]:
    for board in boards:
        for row in (row for row in board.rows if row.owes):
            bureau, due = row.duty.organisation.name, moment(row.due_at)
            times = (due, row.reminders, _at([row.reminded_at]))
            yield Line((board.campaign.name, _names(row)[0], bureau, _standing(row), *times))


def _standing(row: Row) -> str:
    """Return where a bureau stands; a draft that was never sent is its own business."""
    if row.standing == RETURNED:
        return windows.STATES[RETURNED]
    return NOT_ARRIVED if row.last_submitted else windows.STATES[windows.UNFILED]
