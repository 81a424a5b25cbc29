"""Counts under the dashboards, quick at a million filings; each equals what ``rollups`` would count.

What stands now is summed from the running counters (``models.filing_counts``). For an instant of the past
filings with later acts are taken out of that sum and put back as ``rollups`` finds them, and acts and times
are counted from the events. Pure reads.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from portal import clock, registry, rollups, scope
from portal.models import Event, Filing, FilingCount, FilingRoad
from portal.vocabulary import IN_REVIEW, State
from portal.windows import start_of

WHOLE = "37"
UNSENT = (State.DRAFT, State.CANCELLED)  # may never have been submitted
SENT = tuple(state for state in State if state not in UNSENT)
SUBMIT, APPROVE, PUBLISH = "submit", "approve", "publish"
ACTS = (SUBMIT, APPROVE, PUBLISH)
DECISIONS = ("approve", "reject")
MONTHS = 12
DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
# what a road (``FilingRoad``) lay at the desks, both together
DESKS = Coalesce("city", 0) + Coalesce("province", 0)
# from so many days on, up to the next; the last is open
BANDS = (0, 1, 3, 5, 10, 20)
ENDS = [days * DAY // MICROSECOND for days in BANDS[1:]]
RECENT = timedelta(days=90)
USUAL, TRIMMED = 90, 5  # percentiles: what is usual, and beyond which a time counts as that percentile


@dataclass(frozen=True)
class Sight:
    """What is looked at: an instant, a region with all below it (or ``is_own``: without), a type or all."""

    cutoff: datetime
    region: str = WHOLE
    kind: str = ""
    is_own: bool = False

    @cached_property
    def is_past(self) -> bool:
        """Whether anything was done after the instant."""
        return Event.objects.filter(at__gt=self.cutoff).exists()

    def inside(self, prefix: str = "") -> Q:
        """Return the condition that a filing, or what has one at ``prefix``, is in sight."""
        found = Q(**{f"{prefix}kind": self.kind}) if self.kind else Q()
        if self.is_own:
            return found & Q(**{f"{prefix}region_id": self.region})
        return found if self.region == WHOLE else found & scope.within(f"{prefix}region_id", self.region)


def _sent(sight: Sight, states: Iterable[str]) -> QuerySet:
    """Return the submitted filings in these states as they are now, by conditions that one index answers."""
    states = list(states)
    found = Filing.objects.filter(sight.inside(), state__in=states)
    if not sight.kind:
        found = found.filter(kind__in=[record_type.slug for record_type in registry.all_types()])
    return found.filter(submitted_at__isnull=False) if set(states) & set(UNSENT) else found


def _touched(sight: Sight) -> QuerySet:
    return Event.objects.filter(at__gt=sight.cutoff).order_by().values("filing")


def _untouched(found: QuerySet, sight: Sight) -> QuerySet:
    return found.filter(~Exists(Event.objects.filter(filing=OuterRef("pk"), at__gt=sight.cutoff)))


def _together(parts: Sequence[QuerySet]) -> QuerySet:
    """Return the filings of all parts; in one subquery, which PostgreSQL hashes at any size."""
    first, *others = [part.order_by().values("pk") for part in parts]
    return Filing.objects.filter(pk__in=first.union(*others, all=True) if others else first)


def _back_then(sight: Sight) -> QuerySet:
    """Return those touched since that had been submitted by then, with ``state_then``."""
    found = rollups.submitted_at(sight.cutoff, sight.region, sight.kind).filter(pk__in=_touched(sight))
    return found.filter(region_id=sight.region) if sight.is_own else found


def by_state(sight: Sight) -> Counter:
    """Return (kind, region, state) → how many filings had been submitted by then; at most five queries."""
    cell = ("kind", "region_id", "word")
    rows = _kept(sight).filter(month="").values(*cell).annotate(n=Sum("number")).values_list(*cell, "n")
    found = Counter({tuple(key): number for *key, number in rows})
    if sight.is_past:
        for states in (SENT, UNSENT):
            _count(found, _sent(sight, states).filter(pk__in=_touched(sight)), "state", -1)
        _count(found, _back_then(sight), "state_then", 1)
    return +found


def _kept(sight: Sight) -> QuerySet:
    """Return the running counters in sight, those of record types there no longer are left out."""
    found = FilingCount.objects.filter(sight.inside()).order_by()
    if sight.kind:
        return found
    return found.filter(kind__in=[record_type.slug for record_type in registry.all_types()])


def _count(found: Counter, filings: QuerySet, state: str, sign: int) -> None:
    rows = filings.order_by().values("kind", "region_id", state).annotate(n=Count("*"))
    for kind, region, where, number in rows.values_list("kind", "region_id", state, "n"):
        found[kind, region, where] += sign * number


def filings(sight: Sight, state: str = "") -> QuerySet:
    """Return the filings of one number of ``by_state``, in one state then or in any."""
    states = [state] if state else list(State)
    now = _sent(sight, states)
    if not sight.is_past:
        return now
    return _together([_untouched(now, sight), _back_then(sight).filter(state_then__in=states)])


def months(cutoff: datetime) -> list[date]:
    """Return the first days of the twelve months up to that of the instant."""
    last = rollups.day_of(cutoff)
    count = [last.year * MONTHS + last.month - 1 - back for back in reversed(range(MONTHS))]
    return [date(number // MONTHS, number % MONTHS + 1, 1) for number in count]


def trend(sight: Sight) -> Counter:
    """Return (first day of the month, act) → how often it was done in the twelve months; two queries.

    Of an instant of the past they are a range of the index on the time of events, so what is older costs
    nothing.
    """
    first, *others = months(sight.cutoff)
    if not sight.is_past:
        kept = FilingCount.objects.filter(sight.inside(), month__gte=f"{first:%Y-%m}").values("month", "word")
        rows = kept.order_by().annotate(n=Sum("number")).values_list("month", "word", "n")
        return Counter({(date.fromisoformat(f"{month}-01"), act): number for month, act, number in rows})
    later = [When(at__gte=start_of(month), then=Value(str(month))) for month in reversed(others)]
    month = Case(*later, default=Value(str(first)), output_field=CharField())
    rows = _acts(sight, start_of(first), ACTS).annotate(month=month).values("month", "action")
    counted = rows.annotate(n=Count("*")).values_list("month", "action", "n")
    return Counter({(date.fromisoformat(month), act): number for month, act, number in counted})


def _acts(sight: Sight, since: datetime, acts: Sequence[str]) -> QuerySet:
    found = Event.objects.filter(at__gte=since, at__lte=sight.cutoff, action__in=acts)
    return found.filter(sight.inside("filing__")).order_by()


def acts(sight: Sight, act: str, month: date | None = None) -> QuerySet:
    """Return the events of one number of ``trend``: of a month or of all twelve."""
    found = _acts(sight, start_of(month or months(sight.cutoff)[0]), [act])
    if month is None:
        return found
    return found.filter(
        at__lt=start_of(date(month.year + month.month // MONTHS, month.month % MONTHS + 1, 1))
    )


@dataclass(frozen=True)
class Queue:
    """What waited at an instant: (desk's state, band) → number, since when the oldest and the middle one."""

    bands: Counter
    oldest: datetime | None = None
    middle: datetime | None = None

    @property
    def total(self) -> int:
        """How many waited."""
        return sum(self.bands.values())


def _waiting(sight: Sight) -> list[QuerySet]:
    """Return what waited, in parts, each with ``state_then`` and ``arrived_then``."""
    # without the types among the conditions the index of the queue answers alone
    held = Filing.objects.filter(sight.inside(), state__in=IN_REVIEW)
    now = held.annotate(state_then=F("state"), arrived_then=F("arrived_at"))
    if not sight.is_past:
        return [now]
    moved = Event.objects.filter(filing=OuterRef("pk"), at__lte=sight.cutoff).exclude(source=F("target"))
    arrived = Subquery(moved.order_by("-number").values("at")[:1])
    then = _back_then(sight).filter(state_then__in=IN_REVIEW).annotate(arrived_then=arrived)
    return [_untouched(now, sight), then]


def _between(cutoff: datetime, band: int) -> Q:
    """Return the condition that something has waited as long as a band says."""
    found = Q(arrived_then__lte=cutoff - BANDS[band] * DAY) if band else Q()
    longer = BANDS[band + 1 : band + 2]
    return found & Q(arrived_then__gt=cutoff - longer[0] * DAY) if longer else found


def queue(sight: Sight) -> Queue:
    """Return what waited at the instant and for how long; at most four queries."""
    bands, since = Counter(), []
    parts = _waiting(sight)
    wanted = {f"band_{n}": Count("pk", filter=_between(sight.cutoff, n)) for n in range(len(BANDS))}
    for part in parts:
        for row in part.order_by().values("state_then").annotate(first=Min("arrived_then"), **wanted):
            since.append(row["first"])
            bands.update({(row["state_then"], n): row[f"band_{n}"] for n in range(len(BANDS))})
    return Queue(+bands, min(since, default=None), _middle(parts, sum(bands.values())))


def _middle(parts: list[QuerySet], total: int) -> datetime | None:
    """Return since when the middle one waits, half way between the two middle ones of an even number."""
    if not total:
        return None
    first, *others = [part.order_by().values_list("arrived_then", flat=True) for part in parts]
    times = first.union(*others, all=True) if others else first
    inner = list(times.order_by("arrived_then")[(total - 1) // 2 : total // 2 + 1])
    return inner[0] + (inner[-1] - inner[0]) / 2


def waiting(sight: Sight, desk: str, band: int | None = None) -> QuerySet:
    """Return the filings of one number of ``queue``: a desk's or all, of one band or all."""
    parts = [part.filter(state_then=desk) if desk else part for part in _waiting(sight)]
    return _together(parts if band is None else [part.filter(_between(sight.cutoff, band)) for part in parts])


def decisions(sight: Sight, since: datetime | None = None) -> QuerySet:
    """Return the decisions (passed or turned down) since an instant, else of the last ninety days.

    One that was taken back by the cut-off is none.
    """
    since = since or sight.cutoff - RECENT
    found = Event.objects.filter(at__gt=since, at__lte=sight.cutoff, action__in=DECISIONS)
    return found.filter(sight.inside("filing__"), clock.standing(sight.cutoff)).order_by()


def handling(sight: Sight) -> dict[str, list[int]]:
    """Return kind → the microseconds each of those decisions took at the desks (``clock``), in order."""
    found: dict[str, list[int]] = {}
    if sight.is_past:
        rows = handled(sight).values_list("filing__kind", "lasted").iterator(chunk_size=2000)
    else:
        rows = roads(sight, sight.cutoff - RECENT + MICROSECOND).values_list("kind", DESKS).iterator(2000)
    for kind, lasted in rows:
        found.setdefault(kind, []).append(lasted)
    return {kind: sorted(times) for kind, times in found.items()}


def roads(sight: Sight, since: datetime, until: datetime | None = None) -> QuerySet:
    """Return the roads to the decisions that stand now, from an instant on and before another."""
    found = FilingRoad.objects.filter(sight.inside(), decided__gte=clock.micros(since)).order_by()
    return found.filter(decided__lt=clock.micros(until)) if until else found


def band_of(micros: int) -> int:
    """Return the band a time falls into."""
    return bisect_right(ENDS, micros)


def by_band(ordered: Sequence[int]) -> list[int]:
    """Return how many of some times in order fall into each band."""
    ends = [0, *(bisect_left(ordered, end) for end in ENDS), len(ordered)]
    return [end - begin for begin, end in pairwise(ends)]


def handled(sight: Sight, band: int | None = None) -> QuerySet:
    """Return the decisions that took as long as a band says, or all of them, with ``lasted``."""
    return in_band(decisions(sight).annotate(lasted=clock.until()), "lasted", band)


def in_band(found: QuerySet, micros: str, band: int | None) -> QuerySet:
    """Return what took as long as a band says by its microseconds; None for all."""
    if band is None:
        return found
    if band:
        found = found.filter(**{f"{micros}__gte": BANDS[band] * DAY // MICROSECOND})
    longer = BANDS[band + 1 : band + 2]
    return found.filter(**{f"{micros}__lt": longer[0] * DAY // MICROSECOND}) if longer else found


def percentile(ordered: Sequence[int], part: int) -> int:
    """Return the one that ``part`` percent of them do not exceed (nearest rank: one of them)."""
    return ordered[_place(len(ordered), part)]


def _place(number: int, part: int) -> int:
    return max(-(-number * part // 100), 1) - 1


def winsorised(ordered: Sequence[int]) -> timedelta:
    """Return the mean of times, what lies beyond the lowest and highest 5 % counted as the time there."""
    number = len(ordered)
    least, most = _place(number, TRIMMED), _place(number, 100 - TRIMMED)
    beyond = ordered[least] * least + ordered[most] * (number - 1 - most)
    return (sum(ordered[least : most + 1]) + beyond) * MICROSECOND / number
