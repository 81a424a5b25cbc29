"""The numbers of the desks: what waits there by age, how long each step takes. Pure reads over ``clock``.

Pending: filings under review now. The age is the time at the present desk, all rounds together: it goes on
where it stopped when a filing comes back, and is nought when it comes from the other desk. Calendar days.

Steps: of the filings whose decision (approve, reject) falls in the period and still stands.
``city`` 市级审核 and ``province`` 省级审核: begins with the act that brings the filing to that desk (submit,
endorse, a recall of what was sent on, a reopening), ends with the act that takes it from there (endorse,
return, withdraw, recall of what was sent on, approve, reject); all stays together, of those that were there.
``publication`` 公布: from the approval to the publication, of those published by now.
``whole`` 全程: these three together, of those whose road is over: rejected, published, or approved without
being published ever (returns, zero reports).
``desks``: the first two together, the handling time of the dashboards (``tallies.handling``).
``gross``: from the first submission to the decision. ``away``: what of it the filer had; in what remains
beside ``desks`` a decision stood that was reopened later.
``returns``: how often the filing was sent back; a return that the desk took back is none.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import chain
from typing import Any

from django.db.models import Case, Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils import timezone

from portal import clock, dashboards, inbox, registry, tallies, windows
from portal.models import Event, Filing, Region, User
from portal.policy import REVIEWERS
from portal.tallies import MICROSECOND, Sight
from portal.vocabulary import DECIDED, IN_REVIEW, Level, Role, State

CITY, PROVINCE, PUBLICATION, WHOLE = "city", "province", "publication", "whole"
DESKS, GROSS, AWAY = "desks", "gross", "away"
STEPS = {CITY: "市级审核", PROVINCE: "省级审核", PUBLICATION: "公布", WHOLE: "全程"}
MEASURES = (*STEPS, DESKS, GROSS, AWAY)
RETURNED = "returned"
TOTAL, HELD = "", "held"  # the line of all places; what a person has in hand
MIDDLE, USUAL = 50, tallies.USUAL
TENTH = timedelta(days=1) // MICROSECOND // 10
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class Asked(dashboards.Asked):
    """What is looked at: what waits in a region now, and its decisions from ``first`` to ``last``.

    ``since`` and ``until`` are the days as they were typed, empty where none was.
    """

    first: date = date.min
    last: date = date.max
    since: str = ""
    until: str = ""

    @property
    def params(self) -> QueryDict:
        """The same as parameters of a link."""
        region = "" if self.region.code == min(self.roots, key=len) else self.region.code
        return inbox.as_params(since=self.since, until=self.until, region=region, kind=self.kind)

    @property
    def now_words(self) -> str:
        """The instant in words."""
        return windows.moment(self.cutoff)

    @property
    def words(self) -> str:
        """The period in words."""
        return f"{self.first} 至 {self.last}"


def roots_of(user: User) -> list[str]:
    """Return the regions whose desks' numbers ``user`` reads, the widest first: the auditor's, his desk's."""
    desks = (Level.PROVINCE, Level.CITY)
    codes = {
        post.organisation.region_id
        for post in windows.reading_posts(user)
        if post.role == Role.AUDITOR
        or (post.role in REVIEWERS and post.organisation.is_hrss and post.organisation.region.level in desks)
    }
    return sorted(codes, key=lambda code: (len(code), code))


def read(params: Mapping[str, str], user: User) -> Asked | None:
    """Return what a query string asks, None where ``user`` reads no such desk; this year unless told."""
    roots = roots_of(user)
    region = dashboards.read_region(params, roots)
    if region is None:
        return None
    now, today = timezone.now(), timezone.localdate()
    since, until = (params.get(name, "").strip()[:40] for name in ("since", "until"))
    period = {"first": date(today.year, 1, 1), "last": today, "since": since, "until": until}
    asked = Asked(region, now, "", dashboards.read_kind(params), tuple(roots), **period)
    try:
        return _in_period(asked)
    except ValueError:
        return replace(asked, odd="没有看懂起止日期。写成 2024-06-15 这样的日期后再查看。")


def _in_period(asked: Asked) -> Asked:
    first = date.fromisoformat(asked.since) if asked.since else asked.first
    last = date.fromisoformat(asked.until) if asked.until else max(asked.last, first)
    if first > last:
        return replace(asked, odd="开始日期晚于截止日期。调换或改正后再查看。")
    if first.year < FIRST_YEAR or last.year > LAST_YEAR:
        return replace(asked, odd=f"起止日期须在 {FIRST_YEAR} 年至 {LAST_YEAR} 年之间，请核对年份。")
    return replace(asked, first=first, last=last)


def presets(today: date) -> dict[str, tuple[date, date]]:
    """Return word → first and last day of the periods that are asked for most."""
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    return {
        "本月": (month, today),
        "上月": (before.replace(day=1), before),
        "今年": (date(today.year, 1, 1), today),
        "去年": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    }


def days(micros: int) -> float:
    """Return a time in days with one decimal, halves up."""
    return (micros + TENTH // 2) // TENTH / 10


def pending(sight: Sight) -> QuerySet:
    """Return the filings under review now with ``lain``, the microseconds at their present desk."""
    found = Filing.objects.filter(sight.inside(), state__in=IN_REVIEW)
    return found.annotate(lain=clock.at_this_desk(sight.cutoff)).order_by()


@dataclass
class Queues:
    """What waits: (row, band) → number, row → the longest in micros.

    A row is (desk's state, line of a place or ``TOTAL``) or (``HELD``, holder's key or None).
    """

    counts: Counter = field(default_factory=Counter)
    longest: dict[tuple, int] = field(default_factory=dict)


def queues(asked: Asked) -> Queues:
    """Return what waits in a region, by place and by holder of its own desk; one query."""
    found, own = Queues(), own_desk(asked.region)
    rows = pending(asked.sight).values_list("state", "region_id", "holder_id", "lain")
    for state, region, holder, lain in rows.iterator(chunk_size=2000):
        band = tallies.band_of(lain)
        counted = [(state, dashboards.line_of(asked.region, region)), (state, TOTAL)]
        for row in [*counted, (HELD, holder)] if state == own else counted:
            found.counts[row, band] += 1
            found.longest[row] = max(lain, found.longest.get(row, 0))
    return found


def own_desk(region: Region) -> str:
    """Return the state in which filings lie at the desk of a region: the province's, else the city's."""
    return State.PROVINCE_REVIEW if region.level == Level.PROVINCE else State.CITY_REVIEW


def people(holders: Iterable[int | None]) -> dict[int, str]:
    """Return key → name of holders, in the order of their keys; one query."""
    found = User.objects.filter(pk__in=[pk for pk in holders if pk]).order_by("pk")
    return {user.pk: str(user) for user in found}


def decisions(asked: Asked, sight: Sight | None = None) -> QuerySet:
    """Return the decisions of the period that stand, in the region or in what of it ``sight`` shows."""
    found = tallies.decisions(sight or asked.sight, windows.start_of(asked.first) - MICROSECOND)
    return found.filter(at__lt=windows.start_of(asked.last + timedelta(days=1)))


def _roads(decided: QuerySet) -> QuerySet:
    """Return a row for each filing decided: its place, its times in micros; one pass over its events."""
    acts = clock.moves(with_publication=True).filter(filing__in=decided.values("filing"))
    at = clock.Micros("at")
    # grouped by the filing alone, in whose order its index gives them; all else is the same for all its acts
    return acts.values("filing_id").annotate(
        region=Min("filing__region_id"),
        kind=Min("filing__kind"),
        state=Min("filing__state"),
        nothing=Count("pk", filter=Q(filing__is_nothing=True)),
        city=clock.lain(State.CITY_REVIEW),
        province=clock.lain(State.PROVINCE_REVIEW),
        away=clock.lain(*clock.AWAY),
        cities=Count("pk", filter=Q(target=State.CITY_REVIEW)),
        provinces=Count("pk", filter=Q(target=State.PROVINCE_REVIEW)),
        returns=Count("pk", filter=Q(action=clock.RETURN)),
        sent=Min(at, filter=Q(action=tallies.SUBMIT)),
        decided=Max(at, filter=Q(action__in=tallies.DECISIONS)),
        published=Max(at, filter=Q(action=clock.PUBLISH)),
    )


def roads(decided: QuerySet) -> dict[int, dict]:
    """Return filing → what ``times_of`` says of each and its ``returns``; for a page of a list."""
    return {row["filing_id"]: {**times_of(row), RETURNED: row["returns"]} for row in _roads(decided)}


def times_of(row: dict) -> dict[str, int]:
    """Return measure → microseconds of one filing, those it has."""
    desks = row["city"] + row["province"]
    found = {DESKS: desks, GROSS: row["decided"] - row["sent"], AWAY: row["away"] - row["sent"]}
    if row["cities"]:
        found[CITY] = row["city"]
    if row["provinces"]:
        found[PROVINCE] = row["province"]
    if row["published"]:
        found[PUBLICATION] = row["published"] - row["decided"]
    if row["published"] or not _is_awaiting_publication(row):
        found[WHOLE] = desks + found.get(PUBLICATION, 0)
    return found


def _is_awaiting_publication(row: dict) -> bool:
    catalogued = registry.get(row["kind"]).is_catalogued and not row["nothing"]
    return row["state"] == State.APPROVED and catalogued


@dataclass
class Measured:
    """The times of the filings decided: (line, measure) → tenth of a day → number; line → returns → number.

    Rounding keeps the order, so the tenth of the one at a place is the tenth at that place.
    """

    times: dict[tuple[str, str], Counter[int]] = field(default_factory=dict)
    returns: dict[str, Counter[int]] = field(default_factory=dict)

    def number(self, line: str, measure: str) -> int:
        """Return how many filings have the measure."""
        return self.times[line, measure].total() if (line, measure) in self.times else 0

    def part(self, line: str, measure: str, percent: int) -> float | None:
        """Return the days that so many percent of them do not exceed (nearest rank), None without any."""
        times = self.times.get((line, measure))
        return ranked(times, percent) / 10 if times else None


def ranked(times: Counter[int], percent: int) -> int:
    """Return the one that so many percent of what was counted do not exceed (nearest rank)."""
    place, passed = max(-(-times.total() * percent // 100), 1), 0
    for time in sorted(times):
        passed += times[time]
        if passed >= place:
            return time
    raise ValueError("nothing was counted")


def measured(asked: Asked) -> Measured:
    """Return the times of what was decided in the period, by the lines of the region; one query.

    From the roads that are kept beside the filings (``FilingRoad``), a row each, read in one go.
    """
    found, lines = Measured(), defaultdict(list)
    for region, *row in _kept(asked):
        lines[dashboards.line_of(asked.region, region)].append(row)
    for line, rows in lines.items():
        *columns, returns = zip(*rows, strict=True)
        for name, counted in zip(MEASURES, map(Counter, columns), strict=True):
            del counted[None]
            if counted:
                found.times[line, name] = counted
                found.times[TOTAL, name] = found.times.get((TOTAL, name), Counter()) + counted
        found.returns[line] = Counter(returns)
        found.returns[TOTAL] = found.returns.get(TOTAL, Counter()) + found.returns[line]
    return found


def _kept(asked: Asked) -> list[tuple]:
    """Return region, ``MEASURES`` in tenths of a day and returns of each filing decided in the period."""
    until = windows.start_of(asked.last + timedelta(days=1))
    kept = tallies.roads(asked.sight, windows.start_of(asked.first), min(until, asked.cutoff + MICROSECOND))
    catalogued = [t.slug for t in registry.all_types() if t.is_catalogued]
    waits = Q(is_open=True, publication=None, kind__in=catalogued)
    whole = Case(When(waits, then=None), default=tallies.DESKS + Coalesce("publication", 0))
    made = {WHOLE: whole, DESKS: tallies.DESKS}
    tenths = {f"in_{name}": _tenths(made.get(name, F(name))) for name in MEASURES}
    return list(kept.annotate(**tenths).values_list("region_id", *tenths, "returns"))


def _tenths(micros) -> Any:
    """Return a time in whole tenths of a day, halves up; both databases cut a quotient of whole numbers."""
    return (micros + Value(TENTH // 2)) / Value(TENTH)


def places(asked: Asked, queue: Queues, times: Measured) -> list[dashboards.Place]:
    """Return the lines by region; what is no region of now and counts is among them."""
    counted = chain((line for desk, line in queue.longest if desk != HELD), times.returns)
    return dashboards.places(asked.region, asked.known, (line for line in counted if line != TOTAL))


def decided_filings(asked: Asked, sight: Sight, measure: str) -> QuerySet:
    """Return the filings behind one number of ``measured``, those sent back for ``RETURNED``."""
    found = Filing.objects.filter(pk__in=decisions(asked, sight).values("filing"))
    acts = clock.moves(with_publication=True).filter(filing=OuterRef("pk"))
    published = Q(Exists(Event.objects.filter(filing=OuterRef("pk"), action=clock.PUBLISH)))
    catalogued = [t.slug for t in registry.all_types() if t.is_catalogued]
    awaiting = Q(state=State.APPROVED, kind__in=catalogued, is_nothing=False) & ~published
    conditions = {
        CITY: Q(Exists(acts.filter(target=State.CITY_REVIEW))),
        PROVINCE: Q(Exists(acts.filter(target=State.PROVINCE_REVIEW))),
        PUBLICATION: published,
        WHOLE: ~awaiting,
        RETURNED: Q(Exists(acts.filter(action=clock.RETURN))),
    }
    return found.filter(conditions.get(measure, Q()), state__in=DECIDED)
