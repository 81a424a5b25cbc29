"""What the pages of the policy targets read: gauges, the list behind a number, who reads what is not public.

Pure reads; a page costs the same number of queries at any size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from portal import inbox, progress, scope
from portal.models import CatalogueEntry, Operator, PolicyTarget, Promotion, Region, TargetScope, User
from portal.progress import Progress, Unknown
from portal.targets import Standing, demand
from portal.vocabulary import BUSINESS_ROLES, HRSS_KINDS, BrandLevel, Level, Role

SHAPES = {Standing.REACHED: "ok", Standing.SHORT: "open", Standing.OVER: "bad", "": "draft"}
ABOUT = "通知写的是“左右”，没有规定幅度；标“约”的，这里按上下一成计算。"
MARKS = {Standing.SHORT: "▽", Standing.OVER: "△"}
COUNTED = {
    TargetScope.CITY: "个市达到",
    TargetScope.COUNTY: "个县（市、区）达到",
    TargetScope.UNIT: "家单位达到",
    TargetScope.PAIR: "组（市与项目）没有超出",
}
REACHING = {
    TargetScope.COUNTY: "达到的县（市、区）",
    TargetScope.UNIT: "达到的单位",
    TargetScope.PAIR: "没有超出的考核项目",
}


@dataclass(frozen=True)
class Wish:
    """What somebody asked of a page: the day, the year of what is counted by the year, one city."""

    on: str = ""
    year: str = ""
    city: str = ""

    @property
    def params(self) -> QueryDict:
        """The wish as parameters of a link."""
        return inbox.as_params(**asdict(self))

    def query(self, **changes: str) -> str:
        """Return the query string of this wish with some parts changed."""
        params = replace(self, **changes).params.urlencode()
        return f"?{params}" if params else ""

    @property
    def day(self) -> date:
        """The day that is asked for, today for none; raises ``Unknown``."""
        return progress.read_day(self.on)


def read_wish(params) -> Wish:
    """Return the wish a query string expresses; today is no wish of its own."""
    on = params.get("on", "")
    today = str(timezone.localdate())
    return Wish("" if on == today else on, params.get("year", ""), params.get("city", ""))


def root_of(user: User) -> str:
    """Return the region whose numbers ``user`` reads beyond the public ones: of his highest desk.

    The province and the cities look after the targets; for anybody else it is empty.
    """
    posts = [post for post in user.posts if _looks_after(post)]
    return min((post.organisation.region_id for post in posts), key=len, default="")


def _looks_after(post) -> bool:
    joined = post.role in (Role.JOINT_REVIEWER, Role.AUDITOR)
    at_desk = post.role in BUSINESS_ROLES and post.organisation.kind in HRSS_KINDS
    return (joined or at_desk) and post.organisation.region.level in (Level.PROVINCE, Level.CITY)


def gauge(found: Progress, wish: Wish, route: str = "target") -> dict:
    """Return one gauge in words and shares of its bar; ``route`` names the page it leads to."""
    target, url = found.target, reverse(route, args=[found.target.slug]) + wish.query(city="")
    full = max(found.number, found.of) if found.is_plain else found.of
    return {
        "slug": target.slug,
        "label": target.label,
        "number": found.number,
        "held_against": demand(target) if found.is_plain else f"{found.of} {COUNTED[target.scope]}",
        "demand": "" if found.is_plain else demand(target),
        "width": 100 * found.number // full if full else 0,
        "tick": 100 * found.of // full if full else 0,
        "is_reached": found.standing == Standing.REACHED,
        "shape": SHAPES[found.standing],
        "word": found.word,
        "year": found.year if found.years else None,
        "due": found.due,
        "basis": f"{target.document_number} {cited(target)}",
        "is_quoted": is_quoted(target),
        "url": url,
    }


def cited(target: PolicyTarget) -> str:
    """Return the clause of a target; a bare 一 as 一、 as notices write it: it reads as a dash."""
    return f"{target.clause}、" if len(target.clause) == 1 else target.clause


def is_quoted(target: PolicyTarget) -> bool:
    """Say whether the sentence of a target is that of a notice, which has a document number."""
    return "〔" in target.document_number


def gauges(found: Iterable[Progress], wish: Wish, route: str = "target") -> list[dict]:
    """Return the gauges of an overview, each with how many are behind it; one query more for each."""
    found = list(found)
    return [
        {
            **gauge(one, wish, route),
            "whose": whose,
            "measure": measure(one),
            "behind": one.count.behind.count(),
        }
        for one, whose in zip(found, scopes(found), strict=True)
    ]


def scopes(found: Sequence[Progress]) -> list[str]:
    """Return of each target whose numbers it shows, where some are of one city and others of all."""
    if len({len(one.cities) for one in found}) < 2:
        return [""] * len(found)
    return [one.cities[0].name if len(one.cities) == 1 else "全省" for one in found]


def measure(found: Progress) -> str:
    """Return the measure word of what is behind a number."""
    return "条" if found.count.behind.model is CatalogueEntry else "件"


def of_the_province(day: date) -> list[dict]:
    """Return the gauges of what is meant for the whole province, for the home page."""
    return [gauge(one, Wish()) for one in progress.overview(day, meant_for=TargetScope.PROVINCE)]


def about(found: Iterable[Progress]) -> str:
    """Return how 约 was taken (``targets.judge``) where one of the targets says it, else nothing."""
    return ABOUT if any(one.target.operator == Operator.ABOUT for one in found) else ""


def heading(found: Progress) -> str:
    """Return what the numbers of the cities count."""
    if found.target.scope in (TargetScope.PROVINCE, TargetScope.CITY):
        return f"{found.target.label}（{found.target.unit}）"
    return REACHING[found.target.scope]


def places(found: Progress, wish: Wish) -> list[dict]:
    """Return the cities of one target with the link that narrows the list below to each."""
    return [{"place": place, "query": wish.query(city=place.code), **mark(place)} for place in found.places]


def mark(place: progress.Place) -> dict:
    """Return shape, sign and word of a city that is below or above the target; empty for the normal."""
    return {"shape": SHAPES[place.standing], "sign": MARKS.get(place.standing, ""), "word": place.word}


def behind(found: Progress, wish: Wish, user: User | None = None) -> QuerySet:
    """Return the entries or filings behind a number, in the place asked for, by region.

    ``user`` reads filings in his own scope; entries are everybody's. Raises ``Unknown`` for a city there is
    not.
    """
    rows = found.count.behind
    if wish.city and wish.city not in {place.code for place in found.places}:
        raise Unknown("city")
    if wish.city == progress.PROVINCE_CODE:
        rows = rows.filter(region_id=wish.city)
    elif wish.city:
        rows = rows.filter(scope.within("region_id", wish.city))
    if rows.model is CatalogueEntry:
        rows = rows.annotate(risen_on=_rise(found)) if found.count.level else rows
        return rows.select_related("region__parent").order_by("region_id", "code", "pk")
    return rows.visible_to(user).select_related("region__parent", "organisation").order_by("region_id", "pk")


def _rise(found: Progress) -> Subquery:
    """Return the expression of the day on which an entry was given the level a target asks for."""
    risen = Promotion.objects.filter(entry__code=OuterRef("code"), level=found.count.level, on__lte=found.day)
    return Subquery(risen.order_by("-on", "-pk").values("on")[:1])


def dated(found: Progress) -> str:
    """Return the heading of the days of what is behind a number."""
    if found.count.behind.model is not CatalogueEntry:
        return "审核通过日期"
    return "列为省级日期" if found.count.level == BrandLevel.PROVINCIAL else "公布日期"


def is_below(found: Progress) -> Q | None:
    """Return the condition that a unit stays below its number, None where no units are counted."""
    if found.target.scope != TargetScope.UNIT:
        return None
    return Q(amount=None) | Q(amount__lt=found.target.number)


def lines(found: Progress, rows: Iterable) -> list[dict]:
    """Return the lines of a page of what is behind a number: what, where, what it adds, where it leads."""
    below = found.target.number if found.target.scope == TargetScope.UNIT else 0
    return [_line(row, found.count.amount, below) for row in rows]


def _line(row, heading: str, below: int) -> dict:
    entry = row if isinstance(row, CatalogueEntry) else None
    amount = getattr(row, "amount", None)
    return {
        "title": row.title,
        "place": row.region.full_name,
        "url": reverse("catalogue-entry", args=[entry.kind, entry.code])
        if entry
        else reverse("filing", args=[row.pk]),
        "code": entry.code if entry else "",
        "on": _day_of(entry) if entry else timezone.localdate(row.decided_at),
        "amount": ("未报" if amount is None else str(amount)) if heading else "",
        "is_below": bool(below) and (amount is None or amount < below),
    }


def _day_of(entry: CatalogueEntry) -> date:
    return getattr(entry, "risen_on", None) or entry.valid_from


def by_county(found: Progress) -> list[dict]:
    """Return a line per city: which counties have none, what zones and the city itself did."""
    cities: dict[str, dict] = {}
    names = {place.code: place.name for place in found.places}
    for line in found.count.lines:
        city = cities.setdefault(line.place[:4], {"missing": [], "zones": [], "own": 0})
        if not line.is_apart and not line.is_reached:
            city["missing"].append(line)
        elif line.is_apart and len(line.place) > 4 and line.number:
            city["zones"].append(line)
        elif line.is_apart and len(line.place) == 4:
            city["own"] = line.number
    return [{"code": code, "name": names.get(code, code), **cities[code]} for code in sorted(cities)]


def crowded(found: Progress) -> list[dict]:
    """Return the pairs of city and project over the limit, with the institutions."""
    names = {region.code: region.name for region in found.cities}
    return [
        {
            "city": names.get(line.place, "省本级"),
            "project": line.name,
            "number": line.number,
            "nodes": line.nodes,
        }
        for line in found.count.lines
    ]


def matrix(found: Iterable[Progress], cities: Iterable[Region]) -> list[dict]:
    """Return one line per city with its number of every target."""
    by_code = [{place.code: place for place in one.places} for one in found]
    return [{"city": city, "cells": [_cell(places.get(city.code)) for places in by_code]} for city in cities]


def _cell(place: progress.Place | None) -> dict:
    if place is None:
        return {"text": "—", "sign": "", "word": ""}
    text = f"{place.number} / {place.of}" if place.of else str(place.number)
    return {"text": text, "sign": MARKS.get(place.standing, ""), "word": place.word}
