"""Who is told what: message rows written in the transaction of the act that caused them."""

from collections.abc import Container, Iterable, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from portal import asking, deliveries
from portal.models import Filing, Membership, Message, User
from portal.registry import CITY as CITY_ROUTE
from portal.vocabulary import HRSS_KINDS, Level, Role, Topic

FILERS, CITY, PROVINCE, PUBLISHERS = "filers", "city", "province", "publishers"


def tell(filing: Filing, circles: tuple[str, ...], sentence: str, *, by: User) -> None:
    """Write ``sentence`` to everybody in ``circles`` but the one who acted; one row per person."""
    tell_all([(filing, circles, sentence)], by=by)


def tell_all(told: Sequence[tuple[Filing, tuple[str, ...], str]], *, by: User) -> None:
    """Write each (filing, circles, sentence) as ``tell`` does, in as many queries as for one."""
    posts = _posts([filing for filing, circles, _ in told if circles])
    now = timezone.now()
    messages = [
        Message(user_id=user_id, filing_id=filing.pk, text=sentence[:400], created_at=now)
        for filing, circles, sentence in told
        for user_id in sorted(_members(posts, filing, circles) - {by.pk})
    ]
    deliver(messages, reached={post.user_id for post in posts if post.is_reached_outside})


@asking.for_the_house()
def deliver(messages: Iterable[Message], *, reached: Container[int] | None = None) -> list[Message]:
    """Store messages, with what of them is to leave by mail or as a text; every road to the inbox ends here.

    ``reached``: who wants any outside of the house (``deliveries.wanting``), where that is known. A constant
    number of queries, in the transaction of the caller.
    """
    with transaction.atomic(savepoint=False):
        stored = Message.objects.bulk_create(messages)
        deliveries.write([one for one in stored if reached is None or one.user_id in reached])
    return stored


def _posts(filings: Sequence[Filing]) -> list[Membership]:
    """Return the posts that any act on ``filings`` may have to be told to; one query."""
    if not filings:
        return []
    codes = {filing.region_id[:length] for filing in filings for length in (2, 4)}
    desks = Q(role__in=(Role.REVIEWER, Role.APPROVER, Role.PUBLISHER), organisation__region_id__in=codes)
    filers = Q(role=Role.FILER, organisation_id__in={filing.organisation_id for filing in filings})
    posts = Membership.objects.current().filter(desks | filers, user__is_active=True)
    wanting = Exists(deliveries.wanting(user=OuterRef("user")))
    return list(posts.select_related("organisation__region").annotate(is_reached_outside=wanting))


def _members(posts: Sequence[Membership], filing: Filing, circles: tuple[str, ...]) -> set[int]:
    return {post.user_id for circle in circles for post in posts if _CIRCLES[circle](post, filing)}


def _files(post: Membership, filing: Filing) -> bool:
    return post.role == Role.FILER and post.organisation_id == filing.organisation_id


def _at_city(post: Membership, filing: Filing) -> bool:
    return _at_desk(post, Level.CITY, filing.region_id[:4])


def _at_province(post: Membership, filing: Filing) -> bool:
    return _at_desk(post, Level.PROVINCE, filing.region_id[:2])


def _at_desk(post: Membership, level: str, code: str) -> bool:
    bureau = post.organisation
    fits = bureau.kind in HRSS_KINDS and bureau.region_id == code and bureau.region.level == level
    return fits and post.role in (Role.REVIEWER, Role.APPROVER)


def _publishes(post: Membership, filing: Filing) -> bool:
    code = filing.region_id[:4] if filing.record_type.route == CITY_ROUTE else filing.region_id[:2]
    return filing.is_publishable and post.role == Role.PUBLISHER and post.organisation.region_id == code


_CIRCLES = {FILERS: _files, CITY: _at_city, PROVINCE: _at_province, PUBLISHERS: _publishes}


def tell_person(user: User, sentence: str, address: str = "") -> None:
    """Write ``sentence`` to one person, with the page it is about; nothing that was done to a filing."""
    told = {"user": user, "topic": Topic.OTHER, "text": sentence[:400], "address": address}
    deliver([Message(**told, created_at=timezone.now())])


def not_read(user: User) -> QuerySet:
    """Return the messages ``user`` has not read."""
    return Message.objects.filter(user=user, read_at=None)
