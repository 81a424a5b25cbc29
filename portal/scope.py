"""Who sees which filings: the region prefix and the role × level predicates, as conditions for a query.

Works on the memberships of a user and knows no model, so that every queryset can start from it.
"""

from django.db.models import Q

from portal.vocabulary import BUSINESS_ROLES, HRSS_KINDS, Role

WHOLE = "37"  # the province


def within(field: str, code: str) -> Q:
    """Return the condition that ``field`` holds the region ``code`` or one below it.

    A range instead of LIKE: it uses the plain index on both databases. ``37`` ⊃ ``3701`` ⊃ ``370102``. Its
    end is spelled in letters, which follow digits in every collation; the ``:`` after 9 in ASCII does not.
    """
    return Q(**{f"{field}__gte": code, f"{field}__lt": f"{code}ZZ"})


def visible(user) -> Q:
    """Return the condition for the filings ``user`` may see; nothing for strangers and administrators.

    Drafts that were never submitted are seen by their own bureau only.
    """
    condition = Q(pk__in=[])
    for membership in getattr(user, "posts", ()):
        condition |= _visible_from(membership)
    return condition


def _visible_from(membership) -> Q:
    organisation, submitted = membership.organisation, Q(submitted_at__isnull=False)
    # all there is lies in the province; a planner told so as a range would begin with it
    inside = Q() if organisation.region_id == WHOLE else within("region_id", organisation.region_id)
    if membership.role in BUSINESS_ROLES and organisation.kind in HRSS_KINDS:
        return inside & (submitted | Q(organisation_id=organisation.pk))
    if membership.role in (Role.JOINT_REVIEWER, Role.AUDITOR):
        return inside & submitted
    return Q(pk__in=[])


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
