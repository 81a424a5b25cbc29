"""The lines of the queue in words: what each filing is, how long it waits, until when, and what can be done.

Words of states, stays and holders that other pages use too. Pure reads; which filings is ``queue``.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from portal import catalogue, reading, windows
from portal.actions import ACTIONS
from portal.addressing import address
from portal.models import CatalogueEntry, Filing, User
from portal.policy import available_actions
from portal.registry import CITY, RecordType
from portal.vocabulary import EDITABLE, IN_REVIEW, State

LONG = timedelta(days=5)
LONGEST_QUERY = 60  # characters
WAITING = (*EDITABLE, *IN_REVIEW)


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
    """One line of the queue, in words; ``item`` names it as it was seen, for an act on many.

    ``acts``: what of the review and the publication is open now.
    """

    pk: int
    item: str
    version: int
    step: int
    title: str
    about: str
    bureau: str
    arrived_at: datetime
    stay: str
    is_long: bool
    due: date | None
    overdue: str
    holder: str
    state: str
    word: str
    marks: list[str]
    note: str
    act: str
    url: str
    page: str
    acts: frozenset[str]
    is_unread: bool
    looking: list[str] = field(default_factory=list)

    @cached_property
    def arrived(self) -> dict[str, str]:
        """When it came, as machines and as people write it."""
        local = timezone.localtime(self.arrived_at)
        return {"machine": local.isoformat(), "words": f"{local:%Y-%m-%d %H:%M}"}

    @property
    def due_on(self) -> str:
        """The day it is due, empty for none."""
        return self.due.isoformat() if self.due else ""


def narrowed(found: QuerySet, user: User, *, q: str = "", kind: str = "") -> QuerySet:
    """Return the filings whose bureau or title, as ``user`` reads it, holds ``q``; ``kind`` is a type."""
    if kind:
        found = found.filter(kind=kind)
    if q:
        bureau = Q(organisation__name__icontains=q) | Q(organisation__short_name__icontains=q)
        found = found.filter(reading.titled(q, user) | bureau)
    return found


def row(filing: Filing, user: User, now: datetime, origin: str = "") -> Row:
    """Return one line; costs no query when ``queue.shown`` fetched the filing.

    ``origin``: the encoded wish, which the address of the filing's page takes along.
    """
    came, is_asked = filing.came_at, getattr(filing, "is_asked", False)
    waits = is_asked or (filing.state in WAITING and not getattr(filing, "opinion_due", None))
    waited = now - came
    state, word = standing(filing)
    page = address("filing", filing.pk)
    page = f"{page}?{as_params(**{'from': origin}).urlencode()}" if origin else page
    open_acts = _open_acts(filing, user)
    act, url = ("答复", page) if is_asked else _act(filing, user, page, open_acts) or ("查看", page)
    due, overdue = _due(filing, now)
    return Row(
        pk=filing.pk,
        item=f"{filing.pk}-{filing.version}-{filing.step}",
        version=filing.version,
        step=filing.step,
        title=reading.title_for(filing, user),
        about=_about(filing, user),
        bureau="本级填报" if reading.is_own(filing, user) else filing.organisation.short_name,
        arrived_at=came,
        stay=duration(waited) if waits or act == "公布" else "",
        is_long=waits and waited >= LONG,
        due=due,
        overdue=overdue,
        holder=_holder(filing, user),
        state=state,
        word=word,
        marks=marks(filing),
        note=_note(filing, user, act),
        act=act,
        url=url,
        page=page,
        acts=frozenset(open_acts | {"publish"} if act == "公布" else open_acts),
        is_unread=bool(getattr(filing, "is_unread", False)),
    )


def _open_acts(filing: Filing, user: User) -> set[str]:
    """Return the names of the acts of review open to ``user`` on a filing under review; no query."""
    if filing.state not in IN_REVIEW:
        return set()
    found = available_actions(filing, user)
    return {choice.action.name for choice in found if choice.is_open and choice.action.reviews}


def _due(filing: Filing, now: datetime) -> tuple[date | None, str]:
    """Return the day a filing or an opinion on it is due, and words if it is past; needs ``with_due``."""
    today, opinion = timezone.localdate(now), getattr(filing, "opinion_due", None)
    if opinion:
        return opinion, _past(today - opinion) if filing.is_asked and opinion < today else ""
    if filing.due_at is None:
        return None, ""
    day = timezone.localdate(filing.due_at)
    is_over = filing.is_editable and windows.is_over(filing.due_at, now)
    return day, _past(today - day) if is_over else ""


def _past(late: timedelta) -> str:
    return f"已逾期 {late.days} 天" if late.days else "今天已逾期"


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


def _holder(filing: Filing, user: User) -> str:
    if filing.holder_id == user.pk:
        return "您"
    if filing.holder_id:
        return str(filing.holder)
    return "未受理" if filing.state in IN_REVIEW else ""


def _act(filing: Filing, user: User, page: str, open_acts: set[str]) -> tuple[str, str] | None:
    """Return the word and the address of what ``user`` can do with a filing, None when he can only look."""
    if filing.is_editable and reading.is_own(filing, user):
        return "继续填写" if filing.state == State.DRAFT else "修改", address("filing-edit", filing.pk)
    if open_acts:
        return "审核", page
    if filing.state == State.APPROVED and _waits_to_be_published(filing) and filing.decided_by_id != user.pk:
        publishes = catalogue.may_publish(user, filing)
        return ("公布", address("publish", filing.pk)) if publishes else None
    return None


def _waits_to_be_published(filing: Filing) -> bool:
    return filing.is_publishable and entry_of(filing) is None


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
