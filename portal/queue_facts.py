"""What the queue asks of many filings at once: when each came, when it is due, whether it waits too long.

Annotations and conditions for querysets; the rules behind them are those of ``windows`` and ``scope``.
"""

from datetime import date, datetime

from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest, Left
from django.utils import timezone

from portal import handover, registry, scope
from portal.actions import REVIEWERS
from portal.inbox import LONG, WAITING
from portal.models import Copy, Expected, Extension, JointOpinion, User
from portal.opinions import own_departments, waiting_for
from portal.registry import MERGED
from portal.vocabulary import EDITABLE, Level, Role, State

NEVER = datetime(9999, 1, 1, tzinfo=timezone.get_fixed_timezone(0))


def waiting(user: User) -> Q:
    """Return the condition for what waits for ``user``: own drafts and returns, the queues of his desks.

    Of a joint department what it is asked about and has not answered.
    """
    bureaus = [post.organisation_id for post in user.posts if post.role == Role.FILER]
    found = Q(organisation_id__in=bureaus, state__in=EDITABLE) | handover.at_own_desk(user)
    if own_departments(user):
        found |= Q(pk__in=waiting_for(user).order_by().values("filing_id"))
    return found


def only_desk(user: User) -> Q | None:
    """Return the condition of ``waiting`` for who waits for nothing but one review desk, None for others.

    The province's names no region: all lie in it, and the order of arrival is an index of its own.
    """
    roles = {post.role for post in user.posts}
    desks = {
        post.organisation.region
        for post in user.posts
        if post.role in REVIEWERS and post.organisation.is_hrss
    }
    if roles & {Role.FILER, Role.JOINT_REVIEWER} or len(desks) != 1:
        return None
    (region,) = desks
    if region.level == Level.PROVINCE:
        return Q(state=State.PROVINCE_REVIEW)
    inside = scope.within("region_id", region.code)
    return Q(state=State.CITY_REVIEW) & inside if region.level == Level.CITY else None


def with_arrival(filings: QuerySet, user: User, *, copied: bool = False) -> QuerySet:
    """Annotate ``came_at``: when a filing came to where it is now, or to ``user`` as a question or a copy."""
    came = F("arrived_at")
    if copied:
        came = Subquery(Copy.objects.filter(filing=OuterRef("pk"), user=user).values("at")[:1])
    elif asked := own_departments(user):
        came = Coalesce(Subquery(_opinions(asked).values("asked_at")[:1]), came)
    return filings.annotate(came_at=came)


def _opinions(organisations: set[int]) -> QuerySet:
    """Return the opinions asked about the filing of the outer query, the open one first, then the latest."""
    found = JointOpinion.objects.filter(filing=OuterRef("pk"), organisation__in=organisations)
    return found.filter(withdrawn_at=None).order_by(F("answered_at").desc(nulls_first=True), "-pk")


def with_due(filings: QuerySet, user: User) -> QuerySet:
    """Annotate ``due_at``: the campaign's due time for the bureau with its extension (``windows.duty_of``).

    For a joint department ``opinion_due`` too, of what it was asked last, and ``is_asked``: it still waits.
    """
    merged = [t.slug for t in registry.all_types() if t.county_route == MERGED]
    is_city = Q(campaign__expects=Expected.CITIES)
    part = is_city & Q(kind__in=merged, organisation__region__level__in=(Level.COUNTY, Level.ZONE))
    owing = Case(When(part, then=Value("")), When(is_city, then=Left("region_id", 4)), default=F("region_id"))
    extended = Extension.objects.filter(
        duty__campaign=OuterRef("campaign"), duty__organisation__region=OuterRef("owing")
    ).order_by("-until")
    due = F("campaign__due_at")
    until = Coalesce(Subquery(extended.values("until")[:1]), due, output_field=DateTimeField())
    found = filings.annotate(owing=owing).annotate(due_at=Greatest(due, until))
    if asked := own_departments(user):
        still = waiting_for(user).order_by().filter(filing=OuterRef("pk"))
        latest = _opinions(asked).values("due_on")[:1]
        found = found.annotate(opinion_due=Subquery(latest), is_asked=Exists(still))
    return found


def is_long(now: datetime) -> Q:
    """Return the condition that a filing waits too long; needs ``with_arrival``."""
    return waits_since(now - LONG)


def waits_since(moment: datetime) -> Q:
    """Return the condition that a filing waits since ``moment`` or longer; needs ``with_arrival``."""
    return Q(state__in=WAITING, came_at__lte=moment)


def is_overdue(user: User, now: datetime) -> Q:
    """Return the condition that it was sent too late, is not sent and due, or an opinion on it is due.

    Needs ``with_due``.
    """
    late = Q(is_late=True) | Q(state__in=EDITABLE, due_at__lt=now.replace(microsecond=0))
    if own_departments(user):
        late |= Q(is_asked=True, opinion_due__lt=timezone.localdate(now))
    return late


def due_rank(user: User) -> Coalesce:
    """Return what the queue is sorted by for the due day, without one last; needs ``with_due``."""
    if own_departments(user):
        return Coalesce("opinion_due", Value(date.max))
    return Coalesce("due_at", Value(NEVER), output_field=DateTimeField())
