"""What the pages of selection rounds read: the list, the record of acts, the ranking as a workbook.

Pure reads; a page costs the same number of queries at any size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from portal import inbox, ranking, registry, spreadsheet
from portal.models import RoundStage, SelectionRound, User
from portal.spreadsheet import Page

OPEN, PAST = "open", "past"
TABS = {OPEN: "进行中", PAST: "已结束"}
SORTS = {"name": "name", "kind": "kind", "opened": "opened_at", "stage": "stage"}
HEADINGS = {"name": "批次", "kind": "目录", "opened": "创建时间", "stage": "状态"}
# Stage of a round → the state whose shape its tag has.
SHAPES = {
    RoundStage.PREPARING: "draft",
    RoundStage.SCORING: "city_review",
    RoundStage.RANKED: "province_review",
    RoundStage.DECIDED: "notice",
    RoundStage.CONFERRED: "in_force",
    RoundStage.CANCELLED: "cancelled",
}
COLUMNS = {
    "名次": 12,
    "编号": 16,
    "名称": 36,
    "地区": 20,
    "平均分": 10,
    "标准差": 10,
    "最低分": 10,
    "最高分": 10,
    "评分人数": 10,
}


@dataclass(frozen=True)
class ListWish(inbox.LinkedWish):
    """What somebody asked of the list; ``sort`` is a column, with ``-`` before it downwards."""

    tab: str = OPEN
    sort: str = "-opened"


def read_list_wish(params) -> ListWish:
    """Return the wish a query string expresses; what does not exist falls back to the default."""
    tab, sort = params.get("tab", ""), params.get("sort", "")
    return ListWish(tab if tab in TABS else OPEN, sort if sort.removeprefix("-") in SORTS else ListWish.sort)


def listed(user: User, wish: ListWish) -> QuerySet:
    """Return the rounds ``user`` may open in the order of the wish, with the numbers a row shows."""
    found = ranking.visible(user)
    found = (
        found.exclude(stage__in=ranking.ENDED) if wish.tab == OPEN else found.filter(stage__in=ranking.ENDED)
    )
    column = F(SORTS[wish.sort.removeprefix("-")])
    found = found.annotate(
        entered=Count("candidates", distinct=True),
        asked=Count("scorers", distinct=True),
        handed_in=Count("scorers", filter=Q(scorers__handed_in_at__isnull=False), distinct=True),
        own=Count("scorers", filter=Q(scorers__user=user, scorers__handed_in_at=None), distinct=True),
    )
    return found.order_by(column.desc() if wish.sort[0] == "-" else column.asc(), "pk")


def rows(found: Iterable[SelectionRound]) -> list[dict]:
    """Return what a row of the list shows; ``waits`` when the reader still owes his sheet."""
    return [
        {
            "round": of,
            "type": registry.get(of.kind),
            "shape": SHAPES[of.stage],
            "waits": of.stage == RoundStage.SCORING and of.own > 0,
        }
        for of in found
    ]


def history(of: SelectionRound) -> list[dict]:
    """Return what was done with a round, newest first, as ``timeline`` items."""
    kind = ContentType.objects.get_for_model(SelectionRound)
    found = LogEntry.objects.filter(content_type=kind, object_id=str(of.pk)).select_related("user")
    return [
        {
            "shape": "ok",
            "title": note.change_message,
            "who": str(note.user),
            "at": f"{timezone.localtime(note.action_time):%Y-%m-%d %H:%M}",
        }
        for note in found.order_by("-action_time", "-pk")
    ]


def ranking_workbook(of: SelectionRound, lines: Sequence[ranking.Line]) -> bytes:
    """Return the ranking as a workbook: averages and spread, nobody's own points."""
    criteria = [f"{criterion.text}（{criterion.points}）" for criterion in of.criteria.all()]
    columns = spreadsheet.columns(COLUMNS | dict.fromkeys(criteria, 24) | {"入选": 10})
    page = Page("评分排名", columns, [_ranked(line) for line in lines], frozen=3)
    return spreadsheet.whole(f"{of}评分排名", [page])


def _ranked(line: ranking.Line) -> list:
    place = f"{line.place}（并列）" if line.is_tied else line.place
    names = (line.entry.code, line.entry.title, line.entry.region.full_name)
    figures = (line.average, line.deviation, line.least, line.most, line.sheets)
    chosen = {True: "是", False: "否", None: ""}[line.candidate.is_chosen]
    return [place, *names, *figures, *line.by_criterion, chosen]
