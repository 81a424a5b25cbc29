"""What the inbox of the workbench reads: its tabs with counts, and one row per filing.

Pure reads; the inbox costs the same number of queries at any size.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet, Value
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from portal import catalogue, credit, reading, registry, text
from portal.actions import ACTIONS
from portal.models import CatalogueEntry, Event, Filing, User
from portal.policy import available_actions, with_facts
from portal.registry import CITY, RecordType
from portal.vocabulary import EDITABLE, IN_REVIEW, Role, State

TO_DO, DONE, MINE, PUBLISH = "todo", "done", "mine", "publish"
TABS = {TO_DO: "待办", PUBLISH: "待公布", DONE: "已办", MINE: "我报送的"}
LONG = timedelta(days=5)
LONGEST_QUERY = 60  # characters
SORTS = {
    "stay": ("停留最久在前", ("arrived_at", "pk")),
    "new": ("最近变动在前", ("-updated_at", "-pk")),
    "name": ("按名称", ("title", "pk")),
}
WAITING = (*EDITABLE, *IN_REVIEW)
# Acts that make somebody a reviewer of a filing. Taking a cancelled draft up again is none of them.
ENTRY_ACTS = {
    "publish",
    "promote",
    "designate",
    "undesignate",
    "intend",
    "keep",
    "rectify",
    "settle",
    "exit",
}
REVIEW_ACTS = sorted({action.name for action in ACTIONS if action.reviews} | ENTRY_ACTS)


@dataclass(frozen=True)
class Wish:
    """What somebody asked of the inbox; parameters that do not exist fall back to the default."""

    tab: str = TO_DO
    q: str = ""
    kind: str = ""
    sort: str = "stay"

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves filings of the tab out."""
        return bool(self.q or self.kind)

    @property
    def params(self) -> QueryDict:
        """The wish as parameters of a link, empty ones left out."""
        return as_params(tab=self.tab, q=self.q, kind=self.kind, sort=self.sort)


def as_params(**pairs: str) -> QueryDict:
    """Return the pairs that have a value as the parameters of a link."""
    params = QueryDict(mutable=True)
    params.update({name: value for name, value in pairs.items() if value})
    return params


@dataclass(frozen=True)
class LinkedWish:
    """What somebody asked of a list, as the address that asks it; each list adds its parts.

    Its ``sort`` is a column, with ``-`` before it downwards.
    """

    @property
    def params(self) -> QueryDict:
        """The wish as parameters of a link, empty ones left out."""
        return as_params(**asdict(self))

    def query(self, **changes: str) -> str:
        """Return the query string of this wish with some parts changed."""
        return f"?{replace(self, **changes).params.urlencode()}"

    def headings(self, words: dict[str, str]) -> list[dict]:
        """Return each column as a heading: its word, the link that sorts by it, the present direction."""
        now = self.sort.removeprefix("-")
        return [
            {
                "text": text,
                "url": self.query(sort=f"-{name}" if self.sort == name else name),
                "direction": ("descending" if self.sort[0] == "-" else "ascending") if name == now else "",
            }
            for name, text in words.items()
        ]


@dataclass(frozen=True)
class Row:
    """One line of the inbox, in words."""

    title: str
    about: str
    bureau: str
    arrived_at: datetime
    stay: str
    is_long: bool
    state: str
    word: str
    marks: list[str]
    note: str
    act: str
    url: str
    page: str


def tabs_of(user: User) -> dict[str, str]:
    """Return tab → word for the tabs ``user`` has; 待公布 is for publishers."""
    return {tab: word for tab, word in TABS.items() if tab != PUBLISH or user.has_role(Role.PUBLISHER)}


def read_wish(params, user: User) -> Wish:
    """Return the wish a query string expresses."""
    tab = params.get("tab", "")
    tab = tab if tab in tabs_of(user) else TO_DO
    sort, usual = params.get("sort", ""), "new" if tab in (DONE, MINE) else "stay"
    kind = params.get("kind", "")
    return Wish(
        tab=tab,
        q=text.clean(params.get("q", "")[:LONGEST_QUERY]),
        kind=kind if kind in {record_type.slug for record_type in registry.all_types()} else "",
        sort=sort if sort in SORTS else usual,
    )


def filings(tab: str, user: User) -> QuerySet:
    """Return the filings of one tab."""
    return {TO_DO: _todo, DONE: _done, MINE: _mine, PUBLISH: _publish}[tab](user)


def _todo(user: User) -> QuerySet:
    return Filing.objects.awaiting(user)


def _done(user: User) -> QuerySet:
    acts = Event.objects.filter(by=user, action__in=REVIEW_ACTS).exclude(source=State.CANCELLED)
    return Filing.objects.visible_to(user).filter(pk__in=acts.values("filing_id"))


def _mine(user: User) -> QuerySet:
    bureaus = [post.organisation_id for post in user.posts if post.role == Role.FILER]
    mine = Q(organisation_id__in=bureaus) | Q(submitted_by=user)
    return Filing.objects.visible_to(user).filter(mine)


def _publish(user: User) -> QuerySet:
    return Filing.objects.to_publish(user)


def counts(user: User) -> dict[str, int]:
    """Return how many filings each tab holds, and under ``late`` those that wait too long; one query."""
    wanted = {tab: filings(tab, user) for tab in tabs_of(user)}
    wanted["late"] = wanted[TO_DO].filter(arrived_at__lte=timezone.now() - LONG)
    first, *others = (_counted(tab, found) for tab, found in wanted.items())
    return dict.fromkeys(wanted, 0) | dict(first.union(*others, all=True))


def _counted(tab: str, found: QuerySet) -> QuerySet:
    named = found.order_by().annotate(tab=Value(tab)).values("tab")
    return named.annotate(n=Count("pk")).values_list("tab", "n")


def narrowed(found: QuerySet, user: User, *, q: str = "", kind: str = "") -> QuerySet:
    """Return the filings whose bureau or title, as ``user`` reads it, holds ``q``; ``kind`` is a type."""
    if kind:
        found = found.filter(kind=kind)
    if q:
        bureau = Q(organisation__name__icontains=q) | Q(organisation__short_name__icontains=q)
        found = found.filter(reading.titled(q, user) | bureau)
    return found


def ordered(wish: Wish, user: User) -> QuerySet:
    """Return the filings of a wish in its order, with all that a row shows."""
    counted = credit.counted(reading.with_sent(filings(wish.tab, user)), user)
    found = narrowed(counted, user, q=wish.q, kind=wish.kind)
    order = [reading.in_order(name, user) if name == "title" else name for name in SORTS[wish.sort][1]]
    found = found.select_related("organisation__region", "holder", "entry").order_by(*order)
    return with_facts(found, user)


def row(filing: Filing, user: User, now: datetime) -> Row:
    """Return one line; costs no query when ``ordered`` fetched the filing."""
    waits, waited = filing.state in WAITING, now - filing.arrived_at
    state, word = standing(filing)
    page = reverse("filing", args=[filing.pk])
    act, url = _act(filing, user) or ("查看", page)
    return Row(
        title=reading.title_for(filing, user),
        about=_about(filing, user),
        bureau="本级填报" if reading.is_own(filing, user) else filing.organisation.short_name,
        arrived_at=filing.arrived_at,
        stay=duration(waited) if waits or act == "公布" else "",
        is_long=waits and waited >= LONG,
        state=state,
        word=word,
        marks=marks(filing),
        note=_note(filing, user, act),
        act=act,
        url=url,
        page=page,
    )


def _about(filing: Filing, user: User) -> str:
    sent = reading.sent_to(filing, user)
    version = sent["version"] if sent else filing.version
    parts = [
        filing.record_type.label,
        "备案" if filing.record_type.route == CITY else "",
        amends(filing),
        f"第 {version} 版" if filing.submitted_at else "",
    ]
    return " · ".join(part for part in parts if part)


def amends(filing: Filing) -> str:
    """Return what a filing does to an earlier one; a return, which is never published, is updated."""
    if not filing.amends_id:
        return ""
    return "变更" if filing.record_type.is_catalogued else "更新"


def _note(filing: Filing, user: User, act: str) -> str:
    if filing.state in IN_REVIEW:
        return holder(filing, user)
    if filing.state == State.APPROVED and filing.decided_by_id == user.pk and _waits_to_be_published(filing):
        return "结论由您作出，须由他人公布" if catalogue.may_publish(user, filing) else ""
    return ""


def marks(filing: Filing) -> list[str]:
    """Return what sets a filing apart: sent too late, nothing to report, records (``credit.counted``)."""
    records = getattr(filing, "credits", 0)
    words = {"逾期": filing.is_late, "零报送": filing.is_nothing, f"信用记录 {records} 条": records}
    return [word for word, holds in words.items() if holds]


def holder(filing: Filing, user: User) -> str:
    """Return in words who has taken a filing up, empty when nobody has."""
    if filing.holder_id == user.pk:
        return "您经办"
    return f"{filing.holder}经办" if filing.holder_id else ""


def _act(filing: Filing, user: User) -> tuple[str, str] | None:
    """Return the word and the address of what ``user`` can do with a filing, None when he can only look."""
    if filing.is_editable and reading.is_own(filing, user):
        return "继续填写" if filing.state == State.DRAFT else "修改", reverse("filing-edit", args=[filing.pk])
    if filing.state in IN_REVIEW and may_review(filing, user):
        return "审核", reverse("filing", args=[filing.pk])
    if filing.state == State.APPROVED and _waits_to_be_published(filing) and filing.decided_by_id != user.pk:
        publishes = catalogue.may_publish(user, filing)
        return ("公布", reverse("publish", args=[filing.pk])) if publishes else None
    return None


def _waits_to_be_published(filing: Filing) -> bool:
    return filing.is_publishable and entry_of(filing) is None


def may_review(filing: Filing, user: User) -> bool:
    """Say whether an act of review on a filing under review is open to ``user``; no query."""
    return any(choice.is_open for choice in available_actions(filing, user) if choice.action.reviews)


def entry_of(filing: Filing) -> CatalogueEntry | None:
    """Return the catalogue entry of a filing, or None."""
    return getattr(filing, "entry", None)


def standing(filing: Filing) -> tuple[str, str]:
    """Return the shape and the word of where a filing stands; once published, of its entry."""
    entry = entry_of(filing)
    if entry is None:
        return filing.state, word(filing.state, filing.record_type)
    if entry.is_exited:
        return "exited", "已退出"
    return ("replaced", "已由变更替换") if entry.valid_to else ("in_force", "已公布")


def word(state: str, record_type: RecordType) -> str:
    """Return the word of a state; where a type ends at the city, approval is 准予备案 (备案)."""
    ends_well = (a.label for a in ACTIONS if a.target == State.APPROVED and record_type.route in a.routes)
    return next(ends_well) if state == State.APPROVED else State(state).label


def duration(waited: timedelta) -> str:
    """Return a stay in words: days and hours, minutes only within the first hour."""
    minutes = max(int(waited.total_seconds()) // 60, 0)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    return f"{hours} 小时" if hours else f"{minutes} 分钟" if minutes else "不到 1 分钟"
