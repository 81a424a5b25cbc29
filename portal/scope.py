"""Who sees which filings: the region prefix and the role × level predicates, as conditions for a query.

Works on the memberships of a user and knows no model, so that every queryset can start from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from portal.asking import APP, Asker
from portal.vocabulary import BUSINESS_ROLES, HRSS_KINDS, Role

WHOLE = "37"  # the province


def within(field: str, code: str) -> Q:
    """Return the condition that ``field`` holds the region ``code`` or one below it.

    A range instead of LIKE: it uses the plain index on both databases. ``37`` ⊃ ``3701`` ⊃ ``370102``. Its
    end is spelled in letters, which follow digits in every collation; the ``:`` after 9 in ASCII does not.
    """
    return Q(**{f"{field}__gte": code, f"{field}__lt": f"{code}ZZ"})


@dataclass(frozen=True)
class Sight:
    """What one post shows: the submitted filings of a region, and the drafts of its own bureau in there."""

    region: str
    bureau: int | None = None


def sights(user) -> list[Sight]:
    """Return what the posts of ``user`` show; nothing to strangers and administrators.

    Both scopes read it: the condition of the querysets, and what the database is told (``asker``).
    """
    return [sight for post in getattr(user, "posts", ()) for sight in _of_post(post)]


def _of_post(membership) -> Iterator[Sight]:
    organisation = membership.organisation
    if membership.role in BUSINESS_ROLES and organisation.kind in HRSS_KINDS:
        yield Sight(organisation.region_id, organisation.pk)
    elif membership.role in (Role.JOINT_REVIEWER, Role.AUDITOR):
        yield Sight(organisation.region_id)


def visible(user) -> Q:
    """Return the condition for the filings ``user`` may see; nothing for strangers and administrators.

    Drafts that were never submitted are seen by their own bureau only.
    """
    condition = Q(pk__in=[])
    for sight in sights(user):
        condition |= _seen(sight)
    return condition


def _seen(sight: Sight) -> Q:
    submitted = Q(submitted_at__isnull=False)
    # all there is lies in the province; a planner told so as a range would begin with it
    inside = Q() if sight.region == WHOLE else within("region_id", sight.region)
    return inside & (submitted if sight.bureau is None else submitted | Q(organisation_id=sight.bureau))


def asker(user) -> Asker:
    """Return ``user`` as the database is told of him, with the same sights as ``visible``."""
    seen = sights(user)
    regions = tuple(sorted({sight.region for sight in seen}))
    bureaus = tuple(sorted(f"{s.bureau}@{s.region}" for s in seen if s.bureau is not None))
    desks = {post.organisation_id for post in getattr(user, "posts", ()) if post.role in BUSINESS_ROLES}
    return Asker(APP, regions, bureaus, tuple(map(str, sorted(desks))), str(user.pk))


def files_for(user, organisation_id: int) -> bool:
    """Say whether ``user`` holds the 填报 post of this bureau."""
    return any(m.role == Role.FILER and m.organisation_id == organisation_id for m in user.posts)


def sits_at(user, level: str, roles, region_code: str) -> bool:
    """Whether ``user`` holds one of ``roles`` at the desk of ``level`` that ``region_code`` lies under."""
    return any(
        m.role in roles
        and m.organisation.kind in HRSS_KINDS
        and m.organisation.region.level == level
        and region_code.startswith(m.organisation.region_id)
        for m in user.posts
    )
