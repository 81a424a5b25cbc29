"""Filings shown to colleagues for their information (抄送): who may be, who was, and who has read it.

A copy asks nothing of anybody, moves no filing and opens none: whoever gets one may see the filing anyway.
The only writer of ``Copy``.
"""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from portal import asked, notify, reading, text
from portal.actions import REVIEWERS
from portal.models import Copy, Filing, FilingVersion, Membership, Message, User
from portal.refusals import Refused
from portal.registry import CITY
from portal.vocabulary import HRSS_KINDS, Role, Topic

NOTE_LIMIT = 200  # 字
MOST_AT_ONCE = 20
SENDERS = (*REVIEWERS, Role.PUBLISHER)


def may_send(filing: Filing, user: User) -> bool:
    """Say whether ``user`` may show ``filing`` to others: he reviews or publishes, and it was submitted."""
    return filing.submitted_at is not None and bool(_own_desks(filing, user))


def _own_desks(filing: Filing, user: User) -> set[str]:
    return {
        post.organisation.region_id
        for post in user.posts
        if post.role in SENDERS
        and post.organisation.is_hrss
        and filing.region_id.startswith(post.organisation.region_id)
    }


def recipients(filing: Filing, user: User) -> list[tuple[str, list[User]]]:
    """Return (bureau, people) that ``user`` may be offered: his own desk, the city's desk, the publishers."""
    own, city = _own_desks(filing, user), filing.region_id[:4]
    publishing = city if filing.record_type.route == CITY else filing.region_id[:2]
    found: dict[str, dict[int, User]] = {}
    for post in desks(filing):
        at = own | {city if post.role in REVIEWERS else publishing}
        if post.organisation.region_id in at and post.user_id != user.pk:
            found.setdefault(post.organisation.short_name, {})[post.user_id] = post.user
    return [(bureau, list(people.values())) for bureau, people in found.items()]


def desks(filing: Filing) -> list[Membership]:
    """Return the posts of reviewers and publishers over a filing's region, read once for each filing object.

    Each says of its holder whether he ``files_here``, for the bureau of the filing, and ``submitted_it``.
    """
    if not hasattr(filing, "_desks"):
        code = filing.region_id
        facts = filing.pk, filing.organisation_id, code[:2], code[:4], code
        filing._desks = asked.rows(timezone.localdate(), _posts, *facts)
    return filing._desks


def _posts(filing: int, bureau: int, *codes: str) -> QuerySet:
    posts = Membership.objects.current().filter(
        role__in=(*REVIEWERS, Role.PUBLISHER),
        organisation__region_id__in=codes,
        organisation__kind__in=HRSS_KINDS,
        user__is_active=True,
    )
    filers = Membership.objects.current().filter(role=Role.FILER, organisation_id=bureau)
    sent = FilingVersion.objects.filter(filing_id=filing).order_by()
    posts = posts.annotate(
        files_here=Exists(filers.filter(user=OuterRef("user_id"))),
        submitted_it=Exists(sent.filter(submitted_by=OuterRef("user_id"))),
    )
    in_order = posts.order_by("organisation__region_id", "organisation_id", "user_id")
    return in_order.select_related("user", "organisation")


def card(filing: Filing, user: User) -> dict[str, Any]:
    """Return what ``desk/copies.html`` shows (variable ``copies``): the form, who was copied, one's own copy.

    ``offered`` is empty for those who may not send; they learn of no copy but their own. Two queries.
    """
    copies = list(filing.copies.select_related("user", "by")) if getattr(filing, "has_copies", True) else []
    own = next((copy for copy in copies if copy.user_id == user.pk), None)
    if not may_send(filing, user):
        return {"filing": filing, "own": own, "sent": [], "offered": []}
    had = {copy.user_id for copy in copies}
    offered = [(b, [p for p in people if p.pk not in had]) for b, people in recipients(filing, user)]
    left = [(bureau, people) for bureau, people in offered if people]
    return {"filing": filing, "own": own, "sent": copies, "offered": left, "sends": True}


@transaction.atomic
def send(filing: Filing, users: Iterable[User], *, by: User, note: str = "") -> list[Copy]:
    """Show ``filing`` to ``users`` with a message to each; return the new copies.

    Who has one already gets no second. Raises ``Filing.DoesNotExist`` out of ``by``'s scope, ``Refused``
    when nobody new is named, one of them may not see the filing, or the note is too long.
    """
    current = Filing.objects.visible_to(by).get(pk=filing.pk)
    if not may_send(current, by):
        raise Refused("您的岗位不能抄送这件填报，没有抄送。")
    note, named = _checked(note), {user.pk: user for user in users if user.pk != by.pk}
    had = set(current.copies.filter(user__in=named).values_list("user_id", flat=True))
    new = [user for pk, user in named.items() if pk not in had]
    _check_people(current, new, any_named=bool(named))
    now = timezone.now()
    rows = [Copy(filing=current, user=user, by=by, note=note, at=now) for user in new]
    try:
        with transaction.atomic():
            Copy.objects.bulk_create(rows)
    except IntegrityError:
        raise Refused("刚刚已有同事抄送给其中的人，没有抄送；请刷新后再选。") from None
    notify.deliver([_message(row) for row in rows])
    return rows


def _message(copy: Copy) -> Message:
    said = f"：{copy.note}" if copy.note else "。"
    name = f"《{reading.name_for(copy.filing, copy.user)}》（{copy.filing.record_type.label}）"
    words = f"{copy.by}将{name}抄送给您{said}"
    return Message(
        user=copy.user, filing=copy.filing, topic=Topic.OTHER, text=words[:400], created_at=copy.at
    )


def _checked(note: str) -> str:
    note = " ".join(text.clean(note).split())
    if (length := text.count(note)) > NOTE_LIMIT or len(note) > NOTE_LIMIT:
        raise Refused(f"附言最多 {NOTE_LIMIT} 字，现在有 {length} 字，没有抄送；请缩短后再发。")
    return note


def _check_people(filing: Filing, people: list[User], *, any_named: bool) -> None:
    if not people:
        raise Refused("所选的人都已抄送过，没有再发。" if any_named else "还没有选择抄送给谁，没有抄送。")
    if len(people) > MOST_AT_ONCE:
        raise Refused(f"一次最多抄送 {MOST_AT_ONCE} 人，没有抄送；请分几次发。")
    for user in people:
        if not Filing.objects.visible_to(user).filter(pk=filing.pk).exists():
            raise Refused(f"{user}的岗位看不到这件填报，没有抄送；请去掉后再发。")


def mark_read(user: User, filing: int | None = None) -> int:
    """Note that ``user`` has read his copies, or the one of a filing; return how many were unread."""
    unread = Copy.objects.filter(user=user, read_at=None)
    return (unread.filter(filing_id=filing) if filing else unread).update(read_at=timezone.now())
