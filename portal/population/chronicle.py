"""What happened to a synthetic filing: its acts in order, who did them, what they left in its columns.

The acts are those of the workflow (``portal.actions``) with what they change (``portal.effects``), worked out
on numbers so that a million of them take minutes.
"""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache

from django.db import connection

from portal.population import words
from portal.population.loading import STAMP
from portal.population.people import PROVINCE, Cast, Person, Place
from portal.registry import CITY
from portal.vocabulary import Role, State

DAY = 86_400
FIRST, LAST = date(2016, 1, 4).toordinal(), date(2026, 6, 30).toordinal()
EPOCH = date(1970, 1, 1).toordinal()
MORNING = 2 * 3600  # ten o'clock in Shandong, as UTC
AGAIN = 0.15  # how many are returned once before they are decided
PACE = 5  # days from one act to the next
DRAFT, AT_CITY, AT_PROVINCE = State.DRAFT.value, State.CITY_REVIEW.value, State.PROVINCE_REVIEW.value
TARGETS = {
    "submit": AT_CITY,
    "endorse": AT_PROVINCE,
    "return": State.RETURNED.value,
    "approve": State.APPROVED.value,
    "reject": State.REJECTED.value,
    "cancel": State.CANCELLED.value,
}
ROADS = {True: ("submit", "accept", "approve"), False: ("submit", "endorse", "accept", "approve")}
COMMENTS = {"return": "请补充近三年的培训人数。", "reject": "与已公布的项目重复。", "approve": "同意。"}


@dataclass
class Story:
    """A filing as its acts left it; instants are seconds since 1970."""

    state: str = DRAFT
    version: int = 1
    created: int = 0
    arrived: int = 0
    submitted: int | None = None
    accepted: int | None = None
    decided: int | None = None
    holder: int | None = None
    filer: Person | None = None
    decider: int | None = None
    events: list[tuple] = field(default_factory=list)
    versions: list[tuple[int, int]] = field(default_factory=list)
    last: int = 0
    hash: str = ""


class Chronicle:
    """Tells stories with the people of a cast."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast

    def told(
        self,
        filing: int,
        event: int,
        acts: Sequence[tuple[str, int]],
        place: Place,
        is_city: bool,
        begun: int,
        said: Mapping[str, str],
    ) -> Story:
        """Return the story of ``acts`` with their instants; ``event`` is the next free number of an event.

        ``said`` is what stands in the comment of an act instead of the usual words.
        """
        story = Story(filer=self.cast.of(Role.FILER, place.code), created=begun, arrived=begun, last=begun)
        for number, (act, at) in enumerate(acts, 1):
            by, comment = self._actor(act, story, place, is_city), said.get(act, COMMENTS.get(act, ""))
            target = TARGETS.get(act, story.state)
            facts = (filing, number, story.version, act, story.state, target, by, comment, at, story.hash)
            digest = digest_of(*facts)
            story.events.append(_row(event + number - 1, *facts, digest))
            _leave(story, act, target, by, at)
            story.hash = digest
        return story

    def _actor(self, act: str, story: Story, place: Place, is_city: bool) -> Person:
        """Return who does it: the filer, the desk where it lies, the publisher of its level."""
        top = place.code[:4] if is_city else PROVINCE
        if act in ("submit", "cancel"):
            return story.filer
        if act in ("publish", "exit"):
            return self.cast.of(Role.PUBLISHER, top)
        if act in ("approve", "reject") and not is_city:
            return self.cast.of(Role.APPROVER, PROVINCE)
        return self.cast.of(Role.REVIEWER, PROVINCE if story.state == AT_PROVINCE else place.code[:4])


def _leave(story: Story, act: str, target: str, by: Person, at: int) -> None:
    """Change the columns of a filing as the act does."""
    if target != story.state:
        story.arrived = at
    if act == "submit":
        story.submitted = at
        story.versions.append((story.version, at))
    if act in ("submit", "endorse", "return"):
        story.accepted = story.holder = None
    if act == "return":
        story.version += 1
    if act == "accept":
        story.accepted, story.holder = at, by.pk
    if act in ("approve", "reject"):
        story.decided, story.decider, story.holder = at, by.pk, by.pk
    story.state, story.last = target, at


def road(stage: str, is_city: bool, chance: random.Random) -> list[str]:
    """Return the acts that lead to a stage, sometimes by way of a return."""
    whole = list(ROADS[is_city])
    before = ["submit", "return"] if chance.random() < AGAIN else []
    if stage == "cancelled" or (stage == "rejected" and is_city):
        return ["cancel"]
    if stage == "draft":
        return []
    if stage == "returned":
        return ["submit", "return"]
    if stage == "city" or (stage == "province" and is_city):
        return before + (["submit", "accept"] if chance.random() < 0.5 else ["submit"])
    if stage == "province":
        return before + whole[: 3 if chance.random() < 0.5 else 2]
    if stage == "rejected":
        return [*before, *whole[:-1], "reject"]
    if stage == "approved":
        return before + whole
    return [*before, *whole, "publish"]


def paced(acts: Sequence[str], end: int) -> list[tuple[str, int]]:
    """Return the acts with their instants, the last of them at ``end``."""
    return [(act, end - (len(acts) - number) * PACE * DAY) for number, act in enumerate(acts, 1)]


def is_city(record_type) -> bool:
    """Say whether the filings of a type end at the city."""
    return record_type.route == CITY


def instant(day: int) -> int:
    """Return the morning of a day, given by its ordinal."""
    return (day - EPOCH) * DAY + MORNING


@cache
def day_of(ordinal: int) -> str:
    """Return a day as ISO writes it."""
    return date.fromordinal(ordinal).isoformat()


@cache
def _time_of(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime(STAMP[connection.vendor])[10:]


def stamp(at: int | None) -> str | None:
    """Return an instant as the database takes it."""
    if at is None:
        return None
    return day_of(at // DAY + EPOCH) + _time_of(at % DAY)


def digest_of(
    filing: int,
    number: int,
    version: int,
    act: str,
    source: str,
    target: str,
    by: Person,
    comment: str,
    at: int,
    before: str,
) -> str:
    """Return what ``Event.digest`` would: the SHA-256 of the facts, keys in the order of the alphabet."""
    facts = (
        f'{{"action":"{act}","at":{at}.0,"by":{by.pk},"by_name":"{by.name}","comment":"{comment}",'
        f'"filing":{filing},"number":{number},"organisation":{by.bureau},'
        f'"organisation_name":"{by.bureau_name}","previous":"{before}","source":"{source}",'
        f'"target":"{target}","version":{version}}}'
    )
    return hashlib.sha256(facts.encode()).hexdigest()


#: The columns of an event in the order of ``_row``.
EVENT = words.listed(
    "id filing_id number version action source target by_id by_name organisation_id organisation_name comment"
    " at previous_hash hash"
)


def _row(
    pk: int,
    filing: int,
    number: int,
    version: int,
    act: str,
    source: str,
    target: str,
    by: Person,
    comment: str,
    at: int,
    before: str,
    digest: str,
) -> tuple:
    who = (by.pk, by.name, by.bureau, by.bureau_name)
    return (pk, filing, number, version, act, source, target, *who, comment, stamp(at), before, digest)
