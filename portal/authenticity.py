"""What anybody may learn of a sheet from its check code: genuine, which version, what was decided and when.

Pure reads. Never a name, a bureau, a person or an opinion, but of an entry that is published anyway.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils import timezone

from portal import asking, lineages, text
from portal.decision import said
from portal.models import CatalogueEntry, Event, Filing, FilingVersion
from portal.registry import RecordType
from portal.vocabulary import State

# Acts that move the version they are done on; the others change nothing of what was decided.
MOVES = (
    *("submit", "withdraw", "return", "endorse", "approve", "reject", "recall", "reopen"),
    *("register", "revoke"),
)
ENDS = {
    "approve": "approved",
    "register": "approved",
    "reject": "rejected",
    "return": "returned",
    "withdraw": "draft",
    "revoke": "cancelled",
}
UNDER_REVIEW = ("city_review", "审核中")
WITHDRAWN = "已撤回"


@dataclass(frozen=True)
class Published:
    """The catalogue entry of a version; of what left the catalogue the name alone stays public."""

    title: str
    organisation: str
    code: str
    url: str
    shape: str
    word: str
    on: date
    document_number: str


@dataclass(frozen=True)
class Answer:
    """What is said of a genuine sheet; ``at`` is when it was decided, None while it is under review.

    ``newer`` is the number of the version submitted last when it is a later one. ``compares``: whether a name
    that somebody reads on the sheet can be compared with the one submitted.
    """

    kind: str
    number: int
    submitted_at: datetime
    is_demo: bool
    shape: str
    word: str
    at: datetime | None
    newer: int | None
    cancelled_at: datetime | None
    published: Published | None
    compares: bool


@asking.for_the_house()
def answer(version: FilingVersion) -> Answer:
    """Return what is public of a version; needs ``filing.organisation.region``."""
    filing = version.filing
    events = list(filing.events.order_by("number"))
    last = _last_move(events, version.number)
    shape, word = _standing(last, filing)
    newest = filing.versions.order_by("-number").values_list("number", flat=True)[0]
    approved = last is not None and last.action in ("approve", "register")
    published = _published(filing) if approved else None
    return Answer(
        kind=filing.record_type.label,
        number=version.number,
        submitted_at=version.submitted_at,
        is_demo=filing.is_demo,
        shape=shape,
        word=word,
        at=last.at if last and last.action in ENDS else None,
        newer=newest if newest > version.number else None,
        cancelled_at=_cancelled_at(filing, events),
        published=published,
        compares=published is None and _has_name(filing.record_type),
    )


def is_name_of(version: FilingVersion, name: str) -> bool:
    """Say whether ``name`` is what the version is called, white space and width of signs aside."""
    return text.key(name) == text.key(version.snapshot["title"])


def _has_name(record_type: RecordType) -> bool:
    """Say whether its sheets bear a name of their own; a return is called after its year."""
    return record_type.key[0] == "name"


def concerned(events: Iterable[Event]) -> Iterator[tuple[Event, int]]:
    """Yield each event, oldest first, with the number of the version it is about.

    Taking back a return is about the version that was returned, though the event bears the number after it.
    """
    returned = 0
    for event in events:
        if event.action == "return":
            returned = event.version
        takes_back = event.action == "recall" and event.source == State.RETURNED
        yield event, returned if takes_back else event.version


def _last_move(events: Iterable[Event], number: int) -> Event | None:
    """Return the last act that moved version ``number``."""
    moves = [e for e, version in concerned(events) if version == number and e.action in MOVES]
    return moves[-1] if moves else None


def _standing(last: Event | None, filing: Filing) -> tuple[str, str]:
    if last is None or last.action not in ENDS:
        return UNDER_REVIEW
    return ENDS[last.action], WITHDRAWN if last.action == "withdraw" else said(last, filing)


def _cancelled_at(filing: Filing, events: list[Event]) -> datetime | None:
    if filing.state != State.CANCELLED:
        return None
    return next(event.at for event in reversed(events) if event.action in ("cancel", "revoke"))


def _published(filing: Filing) -> Published | None:
    entry = CatalogueEntry.objects.filter(filing=filing, valid_from__lte=timezone.localdate()).first()
    if entry is None or not filing.record_type.public:
        return None
    lineage = lineages.of(filing.record_type, entry.code)
    is_gone = entry.is_exited or lineage[-1].is_exited
    replaced = entry.valid_to is not None and not entry.is_exited
    shape, word = ("exited", "已退出") if is_gone else ("replaced", "已由变更替换") if replaced else IN_FORCE
    return Published(
        title=entry.title,
        organisation="" if is_gone else filing.organisation.name,
        code=entry.code,
        url=reverse("catalogue-entry", args=[filing.record_type, entry.code]),
        shape=shape,
        word=word,
        on=entry.valid_from,
        document_number=entry.document_number,
    )


IN_FORCE = ("in_force", "已公布")
