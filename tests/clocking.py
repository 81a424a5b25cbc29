"""The clock of the desks counted by itself: the deeds of a life walked one by one, each stay added up."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest

from tests.chronicles import APPROVED, CITY, PROVINCE, REJECTED, RETURNED, Chronicle, Deed, Life

DESKS, DECISIONS = (CITY, PROVINCE), ("approve", "reject")


@dataclass
class Road:
    """What became of a filing by an instant: where it lay how long, how often it went back, how it ended."""

    stays: dict[str, timedelta] = field(default_factory=lambda: defaultdict(timedelta))
    returns: int = 0
    sent: datetime | None = None
    decided: Deed | None = None
    published: datetime | None = None
    arrived: datetime | None = None
    state: str = ""

    @property
    def at_desks(self) -> timedelta:
        """How long the desks had it."""
        return self.stays[CITY] + self.stays[PROVINCE]


def road(life: Life, until: datetime) -> Road:
    """Return the road of a life up to an instant, the instant's own deeds with it."""
    found, deeds = Road(), [deed for deed in life.deeds if deed.at <= until]
    for deed, following in zip_longest(deeds, deeds[1:]):
        taken_back = following is not None and following.verb == "recall"
        if deed.verb == "publish":
            found.published = deed.at
        if deed.source == deed.target or (deed.verb, deed.source) == ("recall", RETURNED):
            continue
        if deed.verb == "return" and taken_back:
            continue
        _move(found, deed)
    if found.state in DESKS:
        found.stays[found.state] += until - found.arrived
    return found


def _move(found: Road, deed: Deed) -> None:
    if found.sent is not None:
        place = "away" if found.state not in (*DESKS, APPROVED, REJECTED) else found.state
        found.stays[place] += deed.at - found.arrived
    elif deed.verb == "submit":
        found.sent = deed.at
    found.returns += deed.verb == "return"
    found.decided = deed if deed.verb in DECISIONS else None
    found.state, found.arrived = deed.target, deed.at


def with_recalls(chronicle: Chronicle, dice) -> None:
    """Let some returns be taken back and made again, and some filings be accepted: more deeds, same ends."""
    for life in chronicle.lives:
        for number in reversed(range(len(life.deeds))):
            deed = life.deeds[number]
            if deed.verb == "return" and dice.random() < 0.4:
                life.deeds[number : number + 1] = _thought_better(life.deeds, number, dice)
            elif deed.target in DESKS and dice.random() < 0.3:
                life.deeds[number + 1 : number + 1] = _accepted(life.deeds, number, dice)


def _room(deeds: list[Deed], number: int) -> timedelta:
    """Return how long nothing happened after a deed."""
    later = deeds[number + 1 : number + 2]
    return (later[0].at - deeds[number].at) if later else timedelta(days=9)


def _thought_better(deeds: list[Deed], number: int, dice) -> list[Deed]:
    deed, room = deeds[number], _room(deeds, number)
    back = deed.at + room * dice.uniform(0.1, 0.5)
    taken_back = replace(deed, verb="recall", at=back, source=RETURNED, target=deed.source)
    return [deed, taken_back, replace(deed, at=back + room * dice.uniform(0.1, 0.4))]


def _accepted(deeds: list[Deed], number: int, dice) -> list[Deed]:
    deed, room = deeds[number], _room(deeds, number)
    place = "37" if deed.target == PROVINCE else deed.place[:4]
    at = deed.at + room * dice.uniform(0.1, 0.5)
    return [Deed("accept", at, deed.target, deed.target, deed.version, "reviewer", place)]
