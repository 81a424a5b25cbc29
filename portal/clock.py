"""The clock of the desks: how long filings lay where, as sums over their events that both databases work out.

It runs while a filing is under review at a desk and stands while its filer has it: returned, withdrawn, a
draft, cancelled. A return that its desk took back (recall) never stopped it. What moves no filing (accept,
release, assign) neither starts nor stops it; being sent on (endorse, recall of that) takes it to the other
desk. Between a decision and its reopening it stands: nobody was waiting. Pure expressions.
"""

from datetime import datetime, timedelta

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)

from portal.models import Event
from portal.vocabulary import IN_REVIEW, State

AWAY = (State.DRAFT, State.RETURNED, State.CANCELLED)  # with the filer
RETURN, RECALL, REOPEN, PUBLISH = "return", "recall", "reopen", "publish"
SECOND = 1_000_000


class Micros(Func):
    """An instant as whole microseconds since 1970; exact on both databases, so that it can be summed."""

    output_field = BigIntegerField()
    template = "(EXTRACT(EPOCH FROM %(expressions)s) * 1000000)::bigint"

    def as_sqlite(self, compiler, connection, **context):
        """Return it for SQLite, where an instant is a text in UTC with or without a fraction."""
        # not strftime of the whole text: it rounds 0.9996 seconds up
        seconds = "CAST(strftime('%%%%s', substr(%(expressions)s, 1, 19)) AS INTEGER)"
        fraction = "CAST(substr(%(expressions)s, 21, 6) AS INTEGER)"
        template = f"({seconds} * {SECOND} + {fraction})"
        return self.as_sql(compiler, connection, template=template, **context)


def micros(at: datetime) -> int:
    """Return the same of an instant in Python."""
    return (at - datetime.fromtimestamp(0, at.tzinfo)) // timedelta(microseconds=1)


def moves(*, with_publication: bool = False) -> QuerySet:
    """Return the events that start or stop a clock: no return that was taken back, nor what took it back."""
    undone = Event.objects.filter(filing=OuterRef("filing"), number=OuterRef("number") + 1, action=RECALL)
    moved = ~Q(source=F("target"))
    found = Event.objects.filter(moved | Q(action=PUBLISH) if with_publication else moved)
    found = found.exclude(action=RECALL, source=State.RETURNED)
    return found.filter(~(Q(action=RETURN) & Exists(undone))).order_by()


def lain(*states: str) -> Sum:
    """Return the microseconds in these states, summed over the ``moves`` of filings that have left them.

    Each stay is its end less its beginning, so no event need know the next one.
    """
    return between(Q(source__in=states) & ~Q(target__in=states), Q(target__in=states) & ~Q(source__in=states))


def between(ends: Q, begins: Q) -> Sum:
    """Return the sum of the times of what ends a stay, less those of what begins one."""
    at = Micros("at")
    return Sum(Case(When(ends, then=at), When(begins, then=at * Value(-1)), default=Value(0)))


def until(event: str = "") -> Subquery:
    """Return how many microseconds the filing of an event had been under review until then.

    The event is that of the outer query, or the one its lookup ``event`` leads to.
    """
    before = moves().filter(filing=OuterRef(f"{event}filing"), number__lte=OuterRef(f"{event}number"))
    return _summed(before, lain(*IN_REVIEW))


def at_this_desk(now: datetime) -> Subquery:
    """Return the microseconds a filing under review has lain at its present desk, all rounds together."""
    stays = between(Q(source=F("filing__state")), Q(target=F("filing__state")))
    return _summed(moves().filter(filing=OuterRef("pk")), stays + Value(micros(now)))


def _summed(events: QuerySet, total) -> Subquery:
    summed = events.values("filing").annotate(total=total).values("total")
    return Subquery(summed, output_field=BigIntegerField())


def standing(cutoff: datetime) -> Q:
    """Return the condition that a decision had not been taken back (reopened) by an instant."""
    later = Event.objects.filter(filing=OuterRef("filing"), number__gt=OuterRef("number"), action=REOPEN)
    return ~Q(Exists(later.filter(at__lte=cutoff)))
