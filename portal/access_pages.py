"""What the auditor asks of the access log: filters, one page by key, one record, who saw a number.

Pure reads; each costs as much in a log of millions as in a short one, for every condition has its index.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from portal import access_log, text
from portal.models import AccessRecord, AccessSubject, Act, ActResult, Organisation, User
from portal.spreadsheet import Column, Page

SIZE, CHUNK, MOST_SEEN, MOST_NAMED = 50, 1000, 500, 50
OUT_OF_ORDER = 1000  # numbers within which a record may be later or earlier than its neighbours
LONGEST = 60
COLUMNS = {
    "编号": (10, "pk"),
    "时间": (22, "at"),
    "行为": (16, "act"),
    "结果": (10, "result"),
    "姓名": (14, "name"),
    "用户名": (20, "username"),
    "单位": (30, "organisation_name"),
    "角色": (16, "roles"),
    "对象类别": (24, "object_type"),
    "对象编号": (16, "object_id"),
    "对象": (40, "object_name"),
    "请求编号": (20, "request_id"),
    "网络地址": (18, "address"),
    "详情": (60, "details"),
}


@dataclass(frozen=True)
class Wish:
    """What is asked: texts as typed, ``before`` the number that the page goes on from."""

    person: str = ""
    organisation: str = ""
    act: str = ""
    result: str = ""
    object: str = ""
    request: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves records out."""
        return replace(self, before=None) != Wish()

    def query(self, **changes) -> str:
        """Return the query string of the wish with changes."""
        changed = replace(self, **changes)
        said = {one.name: getattr(changed, one.name) for one in fields(changed)}
        return f"?{urlencode({name: value for name, value in said.items() if value})}"


@dataclass
class Found:
    """One page: its records and the number to go on from, None on the last."""

    records: list[AccessRecord]
    older: int | None
    wish: Wish = field(default_factory=Wish)


def read_wish(params) -> Wish:
    """Return the wish of a query string; what can be nothing is left out."""
    said = {name: text.clean(params.get(name, ""))[:LONGEST] for name in _TEXTS}
    return Wish(
        **said,
        act=act if (act := params.get("act", "")) in Act.values else "",
        result=result if (result := params.get("result", "")) in ActResult.values else "",
        since=_day(params.get("since", "")),
        until=_day(params.get("until", "")),
        before=_number(params.get("before", "")),
    )


_TEXTS = ("person", "organisation", "object", "request")


def _day(typed: str) -> date | None:
    try:
        return parse_date(typed) if len(typed) == 10 and typed[:2] == "20" else None
    except ValueError:
        return None


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 18 else None


def records(wish: Wish) -> QuerySet:
    """Return the records of a wish, the newest first."""
    found = AccessRecord.objects.filter(_who(wish) & _what(wish) & _when(wish))
    return found.filter(pk__lt=wish.before).order_by("-pk") if wish.before else found.order_by("-pk")


def page(wish: Wish) -> Found:
    """Return one page by key."""
    rows = list(records(wish)[: SIZE + 1])
    return Found(rows[:SIZE], rows[SIZE - 1].pk if len(rows) > SIZE else None, wish)


def _who(wish: Wish) -> Q:
    """Return the condition on the person and the bureau; names are looked up in their own short tables."""
    condition = Q()
    if wish.person:
        people = User.objects.filter(Q(username=wish.person) | Q(full_name=wish.person)).order_by("pk")
        condition &= Q(user__in=list(people.values_list("pk", flat=True)[:MOST_NAMED]))
    if wish.organisation:
        bureaus = Organisation.objects.filter(name__contains=wish.organisation).order_by("pk")
        condition &= Q(organisation__in=list(bureaus.values_list("pk", flat=True)[:MOST_NAMED]))
    return condition


def _what(wish: Wish) -> Q:
    """Return the condition on act, result, request and object: a number is that of a filing."""
    condition = Q(act=wish.act) if wish.act else Q()
    if wish.result:
        condition &= Q(result=wish.result)
    if wish.request:
        condition &= Q(request_id=wish.request) & ~Q(request_id="")
    if wish.object:
        kind, _, key = wish.object.rpartition(" ")
        condition &= Q(object_type=kind or "portal.filing", object_id=key)
    return condition


def _when(wish: Wish) -> Q:
    """Return the condition on the days, with the numbers that lie there: records are looked at by number."""
    condition, zone = Q(), timezone.get_current_timezone()
    if wish.since:
        begins = datetime.combine(wish.since, time.min, zone)
        first = (
            AccessRecord.objects.filter(at__gte=begins).order_by("at").values_list("pk", flat=True).first()
        )
        condition &= Q(at__gte=begins) & Q(pk__gte=(first or 0) - OUT_OF_ORDER)
    if wish.until:
        ends = datetime.combine(wish.until + timedelta(days=1), time.min, zone)
        last = AccessRecord.objects.filter(at__lt=ends).order_by("-at").values_list("pk", flat=True).first()
        condition &= Q(at__lt=ends) & Q(pk__lte=(last or 0) + OUT_OF_ORDER)
    return condition


def lines(wish: Wish, begun) -> Iterator[list]:
    """Yield the lines of an export, newest first, a chunk at a time; ``begun`` is told their number."""
    found = records(replace(wish, before=None))
    begun(found.count())
    after = None
    while rows := list((found.filter(pk__lt=after) if after else found)[:CHUNK]):
        yield from ([_cell(row, name) for _, name in COLUMNS.values()] for row in rows)
        after = rows[-1].pk


def sheet(wish: Wish, begun) -> Page:
    """Return the export as a table."""
    columns = [Column(header, width) for header, (width, _) in COLUMNS.items()]
    return Page("访问记录", columns, lines(wish, begun), frozen=1)


def _cell(row: AccessRecord, name: str):
    if name == "at":
        return timezone.localtime(row.at).isoformat(timespec="milliseconds")
    return getattr(row, f"get_{name}_display")() if name in ("act", "result") else getattr(row, name)


def details(row: AccessRecord) -> str:
    """Return the details of a record, a line for each."""
    return json.dumps(json.loads(row.details), ensure_ascii=False, indent=2) if row.details else ""


def beside(row: AccessRecord) -> list[AccessRecord]:
    """Return what else was recorded of the same request."""
    same = AccessRecord.objects.filter(request_id=row.request_id).exclude(request_id="").exclude(pk=row.pk)
    return list(same.order_by("pk")[:SIZE])


def who_saw(typed: str) -> list[AccessRecord] | None:
    """Return the latest records in which a telephone number was shown or went out; None if it is none."""
    numbers = access_log.numbers_in(typed)
    if len(numbers) != 1:
        return None
    digests = access_log.digests(numbers[0])
    among = (
        AccessSubject.objects.filter(digest__in=digests).order_by("-record").values_list("record", flat=True)
    )
    shown = AccessRecord.objects.filter(subject__in=digests).order_by("-pk").values_list("pk", flat=True)
    keys = sorted({*among[:MOST_SEEN], *shown[:MOST_SEEN]}, reverse=True)[:MOST_SEEN]
    return list(AccessRecord.objects.filter(pk__in=keys).order_by("-pk"))
