"""What every template may take for granted: the site's facts, the visitor's preferences, the registries."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal import (
    access_jobs,
    credit,
    dashboards,
    desk_numbers,
    display,
    edition_policy,
    gauges,
    notices,
    queue,
    ranking,
    registry,
    workdays,
)
from portal.vocabulary import Role


def site(request: HttpRequest) -> dict:
    """Return ``portal`` (facts of the site), ``demo``, the preferences and ``public_types``."""
    worn = display.worn(request)
    return {
        "portal": settings.SITE,
        "demo": settings.DEMO,
        "elder": worn.elder,
        "theme": worn.theme,
        "text_size": worn.text_size,
        "text_sizes": display.sizes(elder=worn.elder),
        "density": display.density(request),
        "densities": display.DENSITIES,
        "public_types": [record_type for record_type in registry.all_types() if record_type.public],
    }


def desk(request: HttpRequest) -> dict:
    """Return what the links of the workbench ask; asked where shown only."""
    user = getattr(request, "user", AnonymousUser())  # a request that is refused for its host has none
    numbers = SimpleLazyObject(lambda: queue.beside_links(user))  # both in one query, where one is shown
    return {
        "edits_catalogues": SimpleLazyObject(lambda: edition_policy.works_on_editions(user)),
        "audits": SimpleLazyObject(lambda: access_jobs.is_auditor(user)),
        "files": SimpleLazyObject(lambda: user.has_role(Role.FILER)),
        "waiting": SimpleLazyObject(lambda: queue.in_number(numbers[0])),
        "reads_targets": SimpleLazyObject(lambda: bool(gauges.root_of(user))),
        "reads_numbers": SimpleLazyObject(lambda: bool(dashboards.roots_of(user))),
        "reads_desks": SimpleLazyObject(lambda: bool(desk_numbers.roots_of(user))),
        "writes_notices": SimpleLazyObject(lambda: bool(notices.desks(user))),
        "keeps_workdays": SimpleLazyObject(lambda: workdays.may_keep(user)),
        "unread": SimpleLazyObject(lambda: queue.in_number(numbers[1])),
        "reads_reviews": SimpleLazyObject(lambda: credit.may_read(user)),
        "selects": SimpleLazyObject(lambda: ranking.watches(user) or ranking.may_score(user)),
    }
