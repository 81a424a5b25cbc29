"""All filings of one type within a reader's scope: filters, sorting, and the cells of a page.

Pure reads; a page costs the same number of queries at any size.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from django.db import models
from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from portal import asked, credit, inbox, reading, scope, snapshot, text, windows
from portal.models import Campaign, ChoiceListField, Filing, Region, User
from portal.registry import RecordType
from portal.vocabulary import Level, State

IN_FORCE, EXITED = "in_force", "exited"
ENTRY_STANDINGS = {IN_FORCE: "已公布", EXITED: "已退出"}
BUREAU, UPDATED = "bureau", "updated"
PARENT_ORDER = {"title": "title", BUREAU: "organisation__region_id", "state": "state", UPDATED: "updated_at"}
MOST_CAMPAIGNS = 50
UNSORTABLE = (models.ManyToManyField, models.ForeignKey, models.TextField, ChoiceListField)


@dataclass(frozen=True)
class Wish:
    """What somebody asked of the list; ``sort`` is a column, with ``-`` before it downwards."""

    q: str = ""
    state: str = ""
    city: str = ""
    county: str = ""
    campaign: str = ""
    sort: str = f"-{UPDATED}"

    @property
    def params(self) -> QueryDict:
        """The wish as parameters of a link, empty ones left out."""
        return inbox.as_params(**asdict(self))

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves filings out."""
        return bool(self.q or self.state or self.city or self.county or self.campaign)

    def query(self, **changes: str) -> str:
        """Return the query string of this wish with some parts changed."""
        return f"?{replace(self, **changes).params.urlencode()}"


@dataclass(frozen=True)
class Places:
    """The cities and counties a reader can choose from."""

    cities: list[Region]
    counties: list[Region]


def places(user: User, params) -> Places:
    """Return the places below the highest desk of ``user``; counties once a city is settled. One query."""
    root = min((post.organisation.region for post in user.posts), key=lambda r: len(r.code), default=None)
    if root is None or root.level in (Level.COUNTY, Level.ZONE):
        return Places([], [])
    city = params.get("city", "")[:8] if root.level == Level.PROVINCE else root.code
    found = asked.rows(timezone.localdate(), _below, root.code, text.clean(city))
    cities = [region for region in found if region.level == Level.CITY]
    return Places(cities, [region for region in found if region.level != Level.CITY])


def _below(*parents: str) -> QuerySet:
    return Region.objects.current().filter(parent_id__in=parents).order_by("code")


def read_wish(record_type: RecordType, params, where: Places) -> Wish:
    """Return the wish a query string expresses; choices that do not exist are left out."""
    sort = params.get("sort", "")
    return Wish(
        q=text.clean(params.get("q", "")[: inbox.LONGEST_QUERY]),
        state=_known(params.get("state", ""), standings(record_type)),
        city=_known(params.get("city", ""), {region.code for region in where.cities}),
        county=_known(params.get("county", ""), {region.code for region in where.counties}),
        campaign=_number(params.get("campaign", "")),
        sort=sort if sort.removeprefix("-") in orders(record_type) else Wish.sort,
    )


def _number(value: str) -> str:
    return value if re.fullmatch("[1-9][0-9]{0,17}", value, re.ASCII) else ""


def campaigns(record_type: RecordType, user: User) -> list[Campaign]:
    """Return the campaigns of a type that ``user`` may narrow the list to, the latest first."""
    return asked.rows(asked.whose(user), _campaigns, user, record_type.slug)


def _campaigns(user: User, kind: str) -> QuerySet:
    found = windows.visible_campaigns(user).filter(kind=kind)
    return found.order_by("-due_at", "-pk")[:MOST_CAMPAIGNS]


def standings(record_type: RecordType) -> dict[str, str]:
    """Return what the list can be narrowed to: the states in the words of the type, and those of entries."""
    return {state: inbox.word(state, record_type) for state in State.values} | ENTRY_STANDINGS


def _known(value: str, known: Iterable[str]) -> str:
    return value if value in known else ""


def orders(record_type: RecordType) -> dict[str, str]:
    """Return column → what it is sorted by, for the columns that can be sorted."""
    child = record_type.model._meta.model_name
    plain = [name for name in extra(record_type) if not isinstance(record_type.field(name), UNSORTABLE)]
    return PARENT_ORDER | {name: f"{child}__{name}" for name in plain}


def extra(record_type: RecordType) -> list[str]:
    """Return the declared columns beside the name."""
    return [name for name in record_type.columns if name not in record_type.key + record_type.personal]


def filings(record_type: RecordType, user: User, wish: Wish) -> QuerySet:
    """Return the filings of a wish in its order, with what a row shows of the parent."""
    visible = credit.counted(reading.with_sent(Filing.objects.visible_to(user)), user)
    found = inbox.narrowed(visible, user, q=wish.q, kind=record_type.slug)
    if place := wish.county or wish.city:
        found = found.filter(scope.within("region_id", place))
    if wish.campaign:
        found = found.filter(campaign=wish.campaign)
    if wish.state:
        found = found.filter(_standing(wish.state))
    found = found.select_related("organisation__region", "entry")
    return found.order_by(*_order(orders(record_type)[wish.sort.removeprefix("-")], wish, user))


def _order(column: str, wish: Wish, user: User) -> tuple:
    is_text = column not in PARENT_ORDER.values() or column == "title"
    order = reading.in_order(column, user) if is_text else F(column)
    return (order.desc(nulls_last=True), "-pk") if wish.sort[0] == "-" else (order.asc(nulls_last=True), "pk")


def _standing(state: str) -> Q:
    if state == IN_FORCE:
        return Q(entry__isnull=False, entry__valid_to=None)
    if state == EXITED:
        return Q(entry__isnull=False) & ~Q(entry__exit_reason="")
    return Q(state=state, entry=None) if state == State.APPROVED else Q(state=state)


def headings(record_type: RecordType, wish: Wish) -> list[dict]:
    """Return the headings with the link that sorts by each and the present direction."""
    labels = {"title": "名称"}
    labels |= {name: str(record_type.field(name).verbose_name) for name in extra(record_type)}
    labels |= {BUREAU: "报送单位", UPDATED: "最近变动", "state": "状态"}
    sortable, now = orders(record_type), wish.sort.removeprefix("-")
    return [
        {
            "text": label,
            "number": name in labels and _is_number(record_type, name),
            "url": _other_way(wish, name) if name in sortable else "",
            "direction": ("descending" if wish.sort[0] == "-" else "ascending") if name == now else "",
        }
        for name, label in labels.items()
    ]


def _other_way(wish: Wish, name: str) -> str:
    return wish.query(sort=f"-{name}" if wish.sort == name else name)


def _is_number(record_type: RecordType, name: str) -> bool:
    return name in record_type.columns and isinstance(record_type.field(name), models.IntegerField)


def rows(record_type: RecordType, found: Iterable[Filing], user: User) -> list[dict]:
    """Return the rows of a page in words: title, declared cells, bureau, time, where it stands."""
    found = list(found)
    records = _records(record_type, [filing.pk for filing in found])
    return [_row(record_type, filing, records.get(filing.pk), user) for filing in found]


def _records(record_type: RecordType, ids: list[int]) -> dict[int, Filing]:
    columns = {name: record_type.field(name) for name in extra(record_type)}
    many = [name for name, column in columns.items() if column.many_to_many]
    one = [name for name, column in columns.items() if column.is_relation and not column.many_to_many]
    wanted = record_type.model.objects.filter(pk__in=ids).prefetch_related(*many)
    return {record.pk: record for record in (wanted.select_related(*one) if one else wanted)}


def _row(record_type: RecordType, filing: Filing, record: Filing | None, user: User) -> dict:
    state, word = inbox.standing(filing)
    return {
        "url": reverse("filing", args=[filing.pk]),
        "title": reading.title_for(filing, user),
        "cells": _cells(record_type, filing, record, user),
        "bureau": filing.organisation.short_name,
        "at": timezone.localtime(filing.updated_at),
        "state": state,
        "word": word,
        "marks": inbox.marks(filing),
    }


def _cells(record_type: RecordType, filing: Filing, record: Filing | None, user: User) -> list[dict]:
    texts = _texts(record_type, filing, record, user)
    return [
        {
            "label": str(record_type.field(name).verbose_name),
            "number": _is_number(record_type, name),
            "text": texts.get(name, ""),
        }
        for name in extra(record_type)
    ]


def _texts(record_type: RecordType, filing: Filing, record: Filing | None, user: User) -> dict[str, str]:
    """Return field → words as ``user`` reads them; what a zero report holds by default is nobody's answer."""
    if filing.is_nothing or record is None:
        return {}
    if sent := reading.sent_to(filing, user):
        return {item["name"]: item["text"] for s in sent["sections"] for item in s["fields"]}
    return {name: snapshot.shown(record, name) for name in extra(record_type)}
