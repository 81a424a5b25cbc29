"""Who is told what: message rows written in the transaction of the act that caused them."""

from django.utils import timezone

from portal.models import Filing, Membership, Message, User
from portal.registry import CITY as CITY_ROUTE
from portal.vocabulary import HRSS_KINDS, Level, Role

FILERS, CITY, PROVINCE, PUBLISHERS = "filers", "city", "province", "publishers"


def tell(filing: Filing, circles: tuple[str, ...], sentence: str, *, by: User) -> None:
    """Write ``sentence`` to everybody in ``circles`` but the one who acted; one row per person."""
    people = {user_id for circle in circles for user_id in _members(circle, filing)} - {by.pk}
    now = timezone.now()
    Message.objects.bulk_create(
        Message(user_id=user_id, filing_id=filing.pk, text=sentence[:400], created_at=now)
        for user_id in sorted(people)
    )


def _members(circle: str, filing: Filing):
    posts = Membership.objects.current().filter(user__is_active=True)
    return _CIRCLES[circle](posts, filing).values_list("user_id", flat=True)


def _filers(posts, filing: Filing):
    return posts.filter(role=Role.FILER, organisation_id=filing.organisation_id)


def _city(posts, filing: Filing):
    return _desk(posts, Level.CITY, filing.region_id[:4])


def _province(posts, filing: Filing):
    return _desk(posts, Level.PROVINCE, filing.region_id[:2])


def _desk(posts, level: str, code: str):
    roles = (Role.REVIEWER, Role.APPROVER)
    return posts.filter(
        role__in=roles, organisation__kind__in=HRSS_KINDS, organisation__region_id=code
    ).filter(organisation__region__level=level)


def _publishers(posts, filing: Filing):
    if not filing.is_publishable:
        return posts.none()
    code = filing.region_id[:4] if filing.record_type.route == CITY_ROUTE else filing.region_id[:2]
    return posts.filter(role=Role.PUBLISHER, organisation__region_id=code)


_CIRCLES = {FILERS: _filers, CITY: _city, PROVINCE: _province, PUBLISHERS: _publishers}


def tell_person(user: User, sentence: str, address: str = "") -> None:
    """Write ``sentence`` to one person, with the page it is about."""
    Message.objects.create(user=user, text=sentence[:400], address=address, created_at=timezone.now())


def unread(user: User) -> int:
    """Return how many messages ``user`` has not read."""
    return Message.objects.filter(user=user, read_at=None).count()
