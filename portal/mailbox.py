"""What a person reads of his messages, what is marked as read, and how else he wants to be told.

The one reader of the inbox, and the only writer of ``read_at`` and of preferences. Everybody has his own
alone; each page costs the same number of queries at any size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Case, Count, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone

from portal import policy, scope
from portal.inbox import LinkedWish
from portal.models import Filing, Message, MessagePreference, User
from portal.vocabulary import State, Topic

UNREAD, TIME = "unread", "time"
SORTS = {UNREAD: "未读在前", TIME: "按时间"}


@dataclass(frozen=True)
class Wish(LinkedWish):
    """What somebody asked of his messages: one topic or all, in which order."""

    topic: str = ""
    sort: str = UNREAD


@dataclass(frozen=True)
class Line:
    """One message as it is shown; ``url`` is empty where nothing is left to open."""

    pk: int
    text: str
    at: datetime
    topic: str
    is_unread: bool
    url: str
    act: str


def read_wish(params) -> Wish:
    """Return the wish that a query string or a form expresses; what does not exist is left out."""
    topic, sort = params.get("topic", ""), params.get("sort", "")
    return Wish(topic if topic in Topic.values else "", sort if sort in SORTS else UNREAD)


def told(wish: Wish, user: User) -> QuerySet:
    """Return the messages of a wish in its order."""
    mine = Message.objects.filter(user=user)
    if wish.topic:
        mine = mine.filter(topic=wish.topic)
    if wish.sort == TIME:
        return mine.order_by("-created_at", "-pk")
    is_read = Case(When(read_at=None, then=Value(0)), default=Value(1))
    return mine.order_by(is_read, "-created_at", "-pk")


def tabs(wish: Wish, user: User) -> list[dict]:
    """Return the topics with what of them is unread, all of them first; one query."""
    unread = Message.objects.filter(user=user, read_at=None).order_by()
    counts = dict(unread.values_list("topic").annotate(n=Count("pk")))
    every = {"word": "全部", "count": sum(counts.values()), "topic": ""}
    each = [{"word": word, "count": counts.get(topic, 0), "topic": topic} for topic, word in Topic.choices]
    return [tab | {"url": wish.query(topic=tab["topic"])} for tab in (every, *each)]


def lines(page: Sequence[Message], user: User) -> list[Line]:
    """Return the messages of a page as lines; a filing that this person does not see any more is no link."""
    found = list(page)
    visible = Filing.objects.visible_to(user).filter(pk__in={m.filing_id for m in found if m.filing_id})
    filings = {filing.pk: filing for filing in visible}
    return [_line(message, filings, user) for message in found]


def _line(message: Message, filings: dict[int, Filing], user: User) -> Line:
    act, url = ("打开", message.address) if message.address else ("", "")
    if message.filing_id:
        filing = filings.get(message.filing_id)
        act, url = _way_on(filing, user) if filing else ("", "")
    return Line(
        pk=message.pk,
        text=message.text,
        at=message.created_at,
        topic=message.get_topic_display(),
        is_unread=message.read_at is None,
        url=url,
        act=act,
    )


def _way_on(filing: Filing, user: User) -> tuple[str, str]:
    """Return what there is to be done with a filing now, and where."""
    if filing.state == State.RETURNED and scope.files_for(user, filing.organisation_id):
        return "去修改", reverse("filing-edit", args=[filing.pk])
    page = reverse("filing", args=[filing.pk])
    return ("去审核" if policy.sits_at_desk(filing, user) else "打开填报"), page


def mark_read(user: User, wish: Wish) -> int:
    """Mark as read all that is unread of a topic, of every one without; return how many there were."""
    unread = Message.objects.filter(user=user, read_at=None)
    return (unread.filter(topic=wish.topic) if wish.topic else unread).update(read_at=timezone.now())


def mark_one_read(user: User, pk: int) -> None:
    """Mark one message as read, once. Raises ``Message.DoesNotExist`` when it is not his."""
    message = Message.objects.get(user=user, pk=pk)
    Message.objects.filter(pk=message.pk, read_at=None).update(read_at=timezone.now())


def preference_of(user: User) -> MessagePreference:
    """Return how a person wants to be told, by the inbox alone when he has never said."""
    return MessagePreference.objects.filter(user=user).first() or MessagePreference(user=user)


@transaction.atomic
def prefer(user: User, *, mail: str, email: str, texts: bool, phone: str) -> None:
    """Store how a person wants to be told, and where mail goes; what waits already goes by it too."""
    person = User.objects.get(pk=user.pk)
    person.email = email
    person.save(update_fields=["email"])  # what is saved is recorded: links for passwords go there
    facts = {"mail": mail, "texts": texts, "phone": phone}
    MessagePreference.objects.update_or_create(user=user, defaults=facts)
