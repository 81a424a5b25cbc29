"""The queue of the workbench: its tabs with counts, what it is narrowed to, its order, who comes next.

Pure reads. A page costs the same number of queries at any size, and no count goes further than the pager
does: what lies beyond ``MOST`` is only said to be more. Its lines in words are ``inbox``.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import (
    Case,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property

from portal import asked, credit, inbox, notify, queue_facts, reading, registry, scope, text
from portal.inbox import LinkedWish
from portal.models import Copy, Filing, FilingReviewer, JointOpinion, User
from portal.opinions import own_departments
from portal.policy import with_facts
from portal.vocabulary import IN_REVIEW, Role, State

TO_DO, PUBLISH, DONE, MINE, COPIES = "todo", "publish", "done", "mine", "copies"
TABS = {TO_DO: "待办", PUBLISH: "待公布", DONE: "已办", MINE: "我报送的", COPIES: "抄送"}
LINES = 20  # asked for at once
MOST = 2000  # filings that one question counts and turns the pages of
LONGEST_QUERY = 500  # characters of an encoded wish
HEADINGS = {
    "title": "事项",
    "bureau": "报送单位",
    "arrived": "到达时间",
    "stay": "停留时长",
    "due": "截止日期",
    "holder": "经办人",
    "state": "状态",
}
SORTS = {
    "arrived": "停留最久在前",
    "-arrived": "最近到达在前",
    "-updated": "最近变动在前",
    "due": "最早截止在前",
    "title": "按名称",
}
USUAL = {TO_DO: "arrived", PUBLISH: "arrived", DONE: "-updated", MINE: "-updated", COPIES: "-arrived"}
COLUMNS = {*HEADINGS, "updated"}
ME, NOBODY = "me", "none"


@dataclass(frozen=True)
class Wish(LinkedWish):
    """What somebody asked of the queue; what does not exist falls back to the default.

    ``holder``: me, none, or the number of a person. ``sort`` is a column, with ``-`` before it downwards.
    """

    tab: str = TO_DO
    q: str = ""
    kind: str = ""
    city: str = ""
    county: str = ""
    holder: str = ""
    state: str = ""
    long: str = ""
    late: str = ""
    sort: str = "arrived"

    @property
    def narrowing(self) -> dict[str, str]:
        """What leaves filings of the tab out, by name."""
        return {n: value for n, value in asdict(self).items() if value and n not in ("tab", "sort")}

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The wish as hidden fields of a form."""
        return list(self.params.items())


def tabs_of(user: User) -> dict[str, str]:
    """Return tab → word for the tabs ``user`` has; 待公布 is for publishers."""
    return {tab: word for tab, word in TABS.items() if tab != PUBLISH or user.has_role(Role.PUBLISHER)}


def read_wish(params, user: User) -> Wish:
    """Return the wish a query string expresses; no query, so that a choice may turn out to be of nobody."""
    tab, sort = params.get("tab", ""), params.get("sort", "")
    tab = tab if tab in tabs_of(user) else TO_DO
    holder = params.get("holder", "")
    return Wish(
        tab=tab,
        q=text.clean(params.get("q", "")[: inbox.LONGEST_QUERY]),
        kind=_known(params.get("kind", ""), {record_type.slug for record_type in registry.all_types()}),
        city=_matching(params.get("city", ""), "37[0-9]{2}"),
        county=_matching(params.get("county", ""), "37[0-9]{2}[0-9Z][0-9]{1,2}"),
        holder=holder if holder in (ME, NOBODY) else _matching(holder, "[1-9][0-9]{0,17}"),
        state=_known(params.get("state", ""), State.values),
        long=_known(params.get("long", ""), ("1",)),
        late=_known(params.get("late", ""), ("1",)),
        sort=sort if sort.removeprefix("-") in COLUMNS else USUAL[tab],
    )


def _known(value: str, known: Iterable[str]) -> str:
    return value if value in known else ""


def _matching(value: str, pattern: str) -> str:
    return value if re.fullmatch(pattern, value, re.ASCII) else ""


def encoded(wish: Wish) -> str:
    """Return a wish as the value of ``from`` in the address of a filing that was opened in the queue."""
    return wish.params.urlencode()


def decoded(value: str, user: User) -> Wish:
    """Return the wish that ``encoded`` gave; anything else is the usual wish."""
    return read_wish(QueryDict(value[:LONGEST_QUERY]), user)


def filings(tab: str, user: User) -> QuerySet:
    """Return the filings of one tab."""
    visible = Filing.objects.visible_to(user)
    return {TO_DO: _todo, PUBLISH: _publish, DONE: _done, MINE: _mine, COPIES: _copied}[tab](visible, user)


def _todo(visible: QuerySet, user: User) -> QuerySet:
    """Return what waits; who has but one desk sees all that lies there, so an index answers alone."""
    desk = queue_facts.only_desk(user)
    return Filing.objects.filter(desk) if desk else visible.filter(queue_facts.waiting(user))


def _publish(visible: QuerySet, user: User) -> QuerySet:
    return Filing.objects.to_publish(user)


def _done(visible: QuerySet, user: User) -> QuerySet:
    if _by_reviewer(DONE, user):
        # looked up one by one in the order of the reviewer's index, not the other way round from the region
        return Filing.objects.filter(Exists(visible.filter(pk=OuterRef("pk"))), reviewers__user=user)
    own = FilingReviewer.objects.filter(user=user)
    answered = JointOpinion.objects.filter(organisation__in=own_departments(user), answered_at__isnull=False)
    return visible.filter(Q(pk__in=own.values("filing_id")) | Q(pk__in=answered.values("filing_id")))


def _by_reviewer(tab: str, user: User) -> bool:
    """Say whether a tab is a join with who reviewed what; a joint department has its answers beside."""
    return tab == DONE and not own_departments(user)


def _mine(visible: QuerySet, user: User) -> QuerySet:
    bureaus = [post.organisation_id for post in user.posts if post.role == Role.FILER]
    return visible.filter(Q(organisation_id__in=bureaus) | Q(submitted_by=user))


def _copied(visible: QuerySet, user: User) -> QuerySet:
    return visible.filter(pk__in=Copy.objects.filter(user=user).values("filing_id"))


class Counted(Subquery):
    """How many rows a query holds; a tab that can hold none costs nothing."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()
    empty_result_set_value = 0


def counts(user: User, **others: Callable[[User], QuerySet]) -> dict[str, int]:
    """Return how many filings each tab holds, ``MOST`` + 1 for more than ``MOST``; one query.

    Under ``long`` those that wait too long, under ``unread`` the copies that were not read; what ``others``
    return of ``user`` is counted with them.
    """
    names = [*tabs_of(user), "long", "unread", *others]

    def all_of(user: User, long_since: datetime) -> QuerySet:
        wanted = {tab: filings(tab, user) for tab in tabs_of(user)}
        came = queue_facts.with_arrival(wanted[TO_DO], user)
        unread = Copy.objects.filter(user=user, read_at=None).values("filing_id")
        copied = Filing.objects.visible_to(user).filter(pk__in=unread)
        found = {"long": came.filter(queue_facts.waits_since(long_since)), "unread": copied}
        return _counted(wanted | found | {name: other(user) for name, other in others.items()}, user)

    long_since = timezone.now() - inbox.LONG
    key = asked.whose(user), *others.values()
    return dict(zip(names, asked.rows(key, all_of, user, long_since)[0], strict=True))


def _counted(wanted: dict[str, QuerySet], user: User) -> QuerySet:
    numbers = {f"number_{name}": Counted(_numbers(found)) for name, found in wanted.items()}
    return User.objects.filter(pk=user.pk).annotate(**numbers).values_list(*numbers)


def _numbers(found: QuerySet) -> QuerySet:
    return found.order_by().values("pk")[: MOST + 1]


def beside_links(user: User) -> tuple[int, int]:
    """Return how much waits for ``user``, to file, review, answer and publish, and his unread messages.

    One query; neither number goes further than ``MOST`` + 1 in what it counts.
    """
    *waiting, unread = asked.rows(asked.whose(user), _beside_links, user)[0]
    return sum(waiting), unread


def _beside_links(user: User) -> QuerySet:
    tabs = [TO_DO, PUBLISH] if user.has_role(Role.PUBLISHER) else [TO_DO]
    return _counted({tab: filings(tab, user) for tab in tabs} | {"unread": notify.not_read(user)}, user)


def in_number(found: int) -> str:
    """Return a count as it stands beside a word, empty for none."""
    return f"{MOST}+" if found > MOST else str(found or "")


class Pages(Paginator):
    """The pages of an ordered question; they end with its first ``MOST`` filings.

    ``known``: how many there are, as ``counts`` said.
    """

    def __init__(self, found: QuerySet, per_page: int, known: int | None = None) -> None:
        super().__init__(found, per_page)
        self.known = known

    @cached_property
    def count(self) -> int:
        """How many filings the pages hold."""
        return min(self.found, MOST)

    @cached_property
    def found(self) -> int:
        """How many there are, ``MOST`` + 1 for more than ``MOST``."""
        return _numbers(self.object_list).count() if self.known is None else self.known


def ordered(wish: Wish, user: User) -> QuerySet:
    """Return the filings of a wish in its order, annotated with the ``rank`` it sorts by."""
    order = ("-rank", "-pk") if _falls(wish) else ("rank", "pk")
    return _ranked(_narrowed(filings(wish.tab, user), wish, user), wish, user).order_by(*order)


def _falls(wish: Wish) -> bool:
    """Say whether the rank goes down; a stay is the longer the earlier something came."""
    return wish.sort.startswith("-") != (wish.sort.removeprefix("-") == "stay")


def _narrowed(found: QuerySet, wish: Wish, user: User) -> QuerySet:
    now = timezone.now()
    found = queue_facts.with_arrival(found, user, copied=wish.tab == COPIES)
    if wish.q or wish.kind:
        found = inbox.narrowed(reading.with_sent(found), user, q=wish.q, kind=wish.kind)
    for place in filter(None, (wish.city, wish.county)):
        found = found.filter(scope.within("region_id", place))
    if wish.holder:
        found = found.filter(_held(wish.holder, user))
    if wish.state:
        found = found.filter(state=wish.state)
    if wish.long:
        found = found.filter(queue_facts.is_long(now))
    if wish.late:
        found = queue_facts.with_due(found, user).filter(queue_facts.is_overdue(user, now))
    return found


def _held(holder: str, user: User) -> Q:
    if holder == NOBODY:
        return Q(holder=None, state__in=IN_REVIEW)
    return Q(holder=user.pk if holder == ME else int(holder))


def _ranked(found: QuerySet, wish: Wish, user: User) -> QuerySet:
    column = wish.sort.removeprefix("-")
    if column == "due":
        found = queue_facts.with_due(found, user)
    return found.annotate(rank=_rank(column, user, wish.tab))


def _rank(column: str, user: User, tab: str) -> Any:
    """Return what a column is sorted by, never NULL, so that the next row can be found by its value.

    What somebody decided is read from his side, where the time of the last change stands as well.
    """
    steps = enumerate(State.values)
    ranks = {
        "title": lambda: Coalesce(reading.in_order("title", user), Value(""), output_field=TextField()),
        "bureau": lambda: F("organisation__region_id"),
        "due": lambda: queue_facts.due_rank(user),
        "holder": lambda: Coalesce("holder__full_name", Value("")),
        "state": lambda: Case(*(When(state=s, then=Value(n)) for n, s in steps), default=Value(99)),
        "updated": lambda: F("reviewers__updated_at" if _by_reviewer(tab, user) else "updated_at"),
    }
    return ranks.get(column, lambda: F("came_at"))()


@dataclass(frozen=True)
class Neighbours:
    """What stands before and after a filing in the order of a wish, by number; None at the ends."""

    previous: int | None = None
    following: int | None = None


def placed(seen: QuerySet, wish: Wish, user: User) -> QuerySet:
    """Annotate the ``rank`` of filings that ``user`` sees in the order of a wish, for ``neighbours``."""
    return _ranked(queue_facts.with_arrival(seen, user, copied=wish.tab == COPIES), wish, user)


def neighbours(user: User, wish: Wish, placed: Filing | None) -> Neighbours:
    """Return what is beside a filing that was read as ``placed``: one query at any size.

    A filing that is no longer what was asked for has neighbours where it stands by its rank now; ask before
    an act what comes after it. One that is out of sight or has no rank has none.
    """
    here = getattr(placed, "rank", None)
    if here is None:
        return Neighbours()
    found, pk = _ranked(_narrowed(filings(wish.tab, user), wish, user), wish, user), placed.pk
    after = found.filter(Q(rank__gt=here) | Q(pk__gt=pk), rank__gte=here).order_by("rank", "pk")
    before = found.filter(Q(rank__lt=here) | Q(pk__lt=pk), rank__lte=here).order_by("-rank", "-pk")
    both = {name: Subquery(rows.values("pk")[:1]) for name, rows in (("up", after), ("down", before))}
    next_up, next_down = User.objects.filter(pk=user.pk).values_list(*both.values()).get()
    return Neighbours(next_up, next_down) if _falls(wish) else Neighbours(next_down, next_up)


def shown(pks: Iterable[int], wish: Wish, user: User) -> list[Filing]:
    """Return the filings of a page in order with all that a line of it shows; one query."""
    pks = list(pks)
    if not pks:
        return []
    copied = wish.tab == COPIES
    key, filled = (asked.whose(user), copied), [*pks, *pks[-1:] * (-len(pks) % LINES)]

    def lines(user: User, *pks: int) -> QuerySet:
        found = Filing.objects.visible_to(user).filter(pk__in=pks)
        found = queue_facts.with_arrival(found, user, copied=copied)
        found = queue_facts.with_due(credit.counted(reading.with_sent(with_facts(found, user)), user), user)
        found = found.annotate(is_unread=_unread(user)) if copied else found
        return found.select_related("organisation__region", "holder", "entry")

    by_number = {filing.pk: filing for filing in asked.rows((key, len(filled)), lines, user, *filled)}
    return [by_number[pk] for pk in pks if pk in by_number]


def _unread(user: User) -> Case:
    unread = Copy.objects.filter(user=user, read_at=None).values("filing_id")
    return Case(When(pk__in=unread, then=Value(1)), default=Value(0))
