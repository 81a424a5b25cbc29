"""What the pages of notices read: lists at the desk and for everybody, the lines of a list, its workbook.

Pure reads; a page costs the same number of queries at any size.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from portal import asked, inbox, notices, publicity, registry, spreadsheet
from portal.models import Filing, NoticeItem, Objection, ObjectionStage, PublicNotice, User
from portal.spreadsheet import Page, Styled
from portal.vocabulary import NoticeKind, State

DRAFTS, RUNNING, OPEN, PAST = "drafts", "running", "open", "past"
TABS = {DRAFTS: "草稿", RUNNING: "公示中", OPEN: "期满未办结", PAST: "已办结"}
SORTS = {"title": "title", "starts": "starts_on", "ends": "ends_on", "kind": "kind"}
HEADINGS = {"title": "公告", "kind": "类型", "starts": "开始", "ends": "结束"}
SHAPES = {
    publicity.DRAFT: "draft",
    publicity.COMING: "unopened",
    publicity.ON: "notice",
    publicity.ENDED: "exited",
    publicity.FINAL: "in_force",
    publicity.WITHDRAWN: "cancelled",
}
HALTED = "已中止"
SHEET = "名单"
COLUMNS = {"序号": 8, "名称": 46, "报送单位": 34, "备注": 16}


@dataclass(frozen=True)
class DeskWish(inbox.LinkedWish):
    """What somebody asked of the list at the desk; ``sort`` is a column, with ``-`` before it downwards."""

    tab: str = RUNNING
    sort: str = "-starts"


def read_desk_wish(params, counts: dict[str, int]) -> DeskWish:
    """Return the wish of a query string; without a tab the first that holds something."""
    tab, sort = params.get("tab", ""), params.get("sort", "")
    first = next((name for name in (OPEN, RUNNING, DRAFTS) if counts[name]), RUNNING)
    return DeskWish(tab if tab in TABS else first, sort if sort.removeprefix("-") in SORTS else "-starts")


def _tabs() -> dict[str, Q]:
    """Return tab → condition; a notice stands in exactly one."""
    today, published = timezone.localdate(), Q(published_at__isnull=False)
    runs = published & Q(withdrawn_at=None) & (Q(ends_on__gte=today) | Q(starts_on__gt=today))
    waiting = Objection.objects.exclude(stage=ObjectionStage.CLOSED).values("notice_id")
    held = published & Q(pk__in=waiting)
    return {DRAFTS: ~published, RUNNING: runs, OPEN: held & ~runs, PAST: published & ~runs & ~held}


def at_desk(user: User) -> QuerySet:
    """Return the notices of the desks ``user`` sits at; everybody else has none."""
    return PublicNotice.objects.filter(organisation_id__in=[bureau.pk for bureau in notices.desks(user)])


def counts(user: User) -> dict[str, int]:
    """Return how many notices each tab holds; one query."""
    return at_desk(user).aggregate(**{name: Count("pk", filter=only) for name, only in _tabs().items()})


def listed(user: User, wish: DeskWish) -> QuerySet:
    """Return the notices of a tab in its order, with how many lines and open objections each has."""
    name = wish.sort.removeprefix("-")
    order = F(SORTS[name]).desc(nulls_last=True) if wish.sort[0] == "-" else F(SORTS[name]).asc()
    found = _counted(at_desk(user).filter(_tabs()[wish.tab]))
    return found.select_related("organisation", "created_by").order_by(order, "-pk")


def _counted(found: QuerySet) -> QuerySet:
    lines = NoticeItem.objects.filter(notice=OuterRef("pk")).order_by().values("notice")
    waiting = Objection.objects.filter(notice=OuterRef("pk")).exclude(stage=ObjectionStage.CLOSED)
    return found.annotate(lines=_number(lines), waiting=_number(waiting.order_by().values("notice")))


def _number(rows: QuerySet) -> Coalesce:
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)


def row(notice: PublicNotice) -> dict:
    """Return a notice as lists show it: where it stands, its days and what is left of them."""
    standing = publicity.standing(notice)
    return {
        "notice": notice,
        "shape": SHAPES[standing],
        "word": publicity.STANDINGS[standing],
        "dates": publicity.dates(notice),
        "left": left(notice) if standing == publicity.ON else "",
        "type": type_label(notice),
    }


def left(notice: PublicNotice, today: date | None = None) -> str:
    """Return how far the last day of a running 公示 is, in words."""
    days = (notice.ends_on - (today or timezone.localdate())).days
    return f"还有 {days} 天" if days else "今天期满"


def type_label(notice: PublicNotice) -> str:
    """Return the name of the catalogue a notice is about, empty when there is none."""
    known = {record_type.slug: record_type.label for record_type in registry.all_types()}
    return known.get(notice.record_kind, "")


@dataclass(frozen=True)
class Wish:
    """What a visitor asked of the public list."""

    kind: str = ""
    catalogue: str = ""
    year: str = ""

    def query(self, **changes: str) -> str:
        """Return the query string of this wish with some parts changed; ``?`` alone for none."""
        return f"?{inbox.as_params(**asdict(replace(self, **changes))).urlencode()}"


class Unknown(Exception):
    """There is no such choice."""


def read_wish(params) -> Wish:
    """Return the wish of a query string. Raises ``Unknown`` for a choice there is not."""
    wish = Wish(*(params.get(name, "") for name in ("kind", "catalogue", "year")))
    slugs = {record_type.slug for record_type in registry.all_types() if record_type.public}
    is_year = re.fullmatch("([1-9][0-9]{3})?", wish.year, re.ASCII)
    if wish.kind not in ("", *NoticeKind.values) or wish.catalogue not in ("", *slugs) or not is_year:
        raise Unknown(str(wish))
    return wish


def public(wish: Wish) -> QuerySet:
    """Return the published notices of a wish, newest first, with how many lines each has."""
    found = PublicNotice.objects.published().filter(_narrowed(wish))
    lines = NoticeItem.objects.filter(notice=OuterRef("pk")).order_by().values("notice")
    found = found.annotate(lines=_number(lines)).select_related("organisation")
    return found.order_by("-starts_on", "-pk")


def _narrowed(wish: Wish, but: str = "") -> Q:
    """Return the conditions of a wish, one of them left out."""
    chosen = {
        "kind": Q(kind=wish.kind) if wish.kind else Q(),
        "catalogue": Q(record_kind=wish.catalogue) if wish.catalogue else Q(),
        "year": Q(starts_on__year=int(wish.year)) if wish.year else Q(),
    }
    condition = Q()
    for name, only in chosen.items():
        condition &= Q() if name == but else only
    return condition


def facets(wish: Wish) -> list[dict]:
    """Return the choices of the public list with the numbers that the list then has; three queries."""
    labels = {t.slug: t.label for t in registry.all_types() if t.public}
    return [
        _facet(wish, "kind", "类型", "kind", dict(NoticeKind.choices)),
        _facet(wish, "catalogue", "目录", "record_kind", labels),
        _facet(wish, "year", "年份", "starts_on__year", None),
    ]


def _facet(wish: Wish, name: str, label: str, column: str, words: dict[str, str] | None) -> dict:
    found = PublicNotice.objects.published().filter(_narrowed(wish, but=name)).order_by()
    numbers = dict(found.values_list(column).annotate(n=Count("pk")))
    values = sorted(numbers, reverse=True) if words is None else [v for v in words if v in numbers]
    chosen = getattr(wish, name)
    options = [
        {
            "word": f"{value}年" if words is None else words[value],
            "count": numbers[value],
            "is_chosen": str(value) == chosen,
            "query": wish.query(**{name: "" if str(value) == chosen else str(value)}),
        }
        for value in values
    ]
    return {"label": label, "options": options}


def newest(number: int) -> list[dict]:
    """Return the newest published notices as lists show them."""
    found = PublicNotice.objects.published().select_related("organisation").order_by("-starts_on", "-pk")
    return [row(notice) for notice in found[:number]]


def through(filing_id: int) -> list[PublicNotice]:
    """Return the published notices that list a filing, oldest first; withdrawn ones are left out."""
    return asked.rows(timezone.localdate(), _through, filing_id)


def _through(filing_id: int) -> QuerySet:
    found = PublicNotice.objects.published().filter(items__filing_id=filing_id, withdrawn_at=None)
    return found.order_by("starts_on", "pk")


def lines(notice: PublicNotice) -> list[dict]:
    """Return the list of a notice as it was published; what moved since is marked, never taken away."""
    items = notice.items.select_related("filing__entry").order_by("filing__region_id", "pk")
    return [_line(number, item, notice) for number, item in enumerate(items, 1)]


def _line(number: int, item: NoticeItem, notice: PublicNotice) -> dict:
    entry = getattr(item.filing, "entry", None)
    is_public = entry is not None and entry.valid_from <= timezone.localdate()
    return {
        "number": number,
        "item": item,
        "title": item.title,
        "organisation": item.organisation_name,
        "mark": _mark(item, entry if is_public else None, notice),
        "url": reverse("catalogue-entry", args=[entry.kind, entry.code]) if is_public else "",
    }


def _mark(item: NoticeItem, entry, notice: PublicNotice) -> str:
    """What became of a line; of what was in the catalogue before (择优选拔) nothing came of it yet."""
    if entry is None:
        return HALTED if is_halted(item, item.filing) else ""
    if entry.is_exited:
        return "已退出"
    came_first = notice.kind == NoticeKind.PUBLICITY and not (
        notice.published_at and notice.published_at < entry.published_at
    )
    return "" if came_first else "已公布"


def is_halted(item: NoticeItem, filing: Filing) -> bool:
    """Say whether a line is not what will be published: taken back, returned or submitted anew since."""
    return filing.state != State.APPROVED or filing.version != item.version


def list_workbook(notice: PublicNotice, rows: Iterable[dict]) -> bytes:
    """Return the list of a notice as a workbook: title, days, one line each; nothing of objections."""
    standing = publicity.STANDINGS[publicity.standing(notice)]
    above = [
        Styled("context", [None, notice.title]),
        Styled("context", [None, f"{publicity.dates(notice)}　{standing}"]),
    ]
    lines = ([line["number"], line["title"], line["organisation"], line["mark"]] for line in rows)
    page = Page(SHEET, spreadsheet.columns(COLUMNS), lines, above)
    return spreadsheet.whole(f"{notice.title}{SHEET}", [page])
