"""Who has a filing open on his screen now: told by the page, shown to colleagues of the same review desk.

The only writer of ``Presence``. It is a courtesy and decides nothing: two who decide at once are told apart
by ``workflow``.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal import asked, policy
from portal.actions import REVIEWERS
from portal.models import Filing, Membership, Presence, User
from portal.vocabulary import HRSS_KINDS, Level

EVERY = timedelta(seconds=15)  # a page that tells more often writes no more often
SEEN = timedelta(seconds=90)  # who has not told for so long has left
AT_ONCE = 20  # filings of a page
KEPT = timedelta(days=1)


def look(filing: Filing, by: User) -> None:
    """Note that ``by`` has ``filing`` open, at most every ``EVERY``; only at the desk where it lies."""
    if not policy.sits_at_desk(filing, by):
        return
    now = timezone.now()
    own = Presence.objects.filter(filing_id=filing.pk, user=by)
    if own.filter(seen_at__gt=now - EVERY).exists() or own.update(seen_at=now):
        return
    # Two windows of one person may tell at the same moment; one row is enough.
    Presence.objects.bulk_create([Presence(filing_id=filing.pk, user=by, seen_at=now)], ignore_conflicts=True)


def others(filings: Iterable[Filing], user: User) -> dict[int, list[str]]:
    """Return filing → names of ``user``'s fellow reviewers who look at it now; one query for a page of rows.

    Nobody learns it who does not sit at the same desk, nor of a filing that lies elsewhere.
    """
    pks = [filing.pk for filing in filings if policy.sits_at_desk(filing, user)]
    if not pks:
        return {}
    found: dict[int, list[str]] = {}
    key, since = asked.whose(user), timezone.now() - SEEN
    filled = [*pks, *pks[-1:] * (-len(pks) % AT_ONCE)]
    for one in asked.rows((key, len(filled)), _seen, user, since, *filled):
        found.setdefault(one.filing_id, []).append(str(one.user))
    return found


def _seen(user: User, since: datetime, *pks: int) -> QuerySet:
    fellows = Membership.objects.current().filter(desks_of(user)).values("user_id")
    seen = Presence.objects.filter(filing_id__in=pks, seen_at__gt=since, user__in=fellows)
    return seen.exclude(user=user).select_related("user").order_by("filing_id", "user_id")


def desks_of(user: User) -> Q:
    """Return the condition for the posts of the review desks ``user`` sits at."""
    regions = {
        post.organisation.region_id
        for post in user.posts
        if post.role in REVIEWERS
        and post.organisation.is_hrss
        and post.organisation.region.level in (Level.CITY, Level.PROVINCE)
    }
    return Q(
        role__in=REVIEWERS,
        organisation__kind__in=HRSS_KINDS,
        organisation__region_id__in=regions,
        user__is_active=True,
    )


def words(names: list[str]) -> str:
    """Return who looks at a filing in words, empty when nobody does."""
    return f"{'、'.join(names)}正在看" if names else ""


def sweep() -> int:
    """Remove what was told long ago and return how much; called by the nightly task."""
    return Presence.objects.filter(seen_at__lt=timezone.now() - KEPT).delete()[0]
