"""Selection rounds for tests, walked by real people of the province: opened, scored, decided, conferred."""

from decimal import Decimal

import pytest

from portal import rounds, scoring, selection
from portal.models import Candidate, CatalogueEntry, Scorer, SelectionRound, User
from portal.vocabulary import Kind, Role
from portal.workflow import Refused
from tests.factories import PROVINCE, bureau, entry, joint, person

KIND = "skill-brands"
CRITERIA = [("品牌特色鲜明", 60), ("带动就业明显", 40)]
PLACES = ("3701", "3703", "3707", "3708", "3716")
DOCUMENT = "演示公布〔2026〕1号"
REASON = "演示理由：兼顾地区分布。"


def opener() -> User:
    """Return who opens rounds: the province's publisher."""
    return person(Role.PUBLISHER, PROVINCE)


def decider() -> User:
    """Return who decides: an approver who reviewed none of the filings."""
    return person(Role.APPROVER, PROVINCE, name="decider")


def conferrer() -> User:
    """Return who publishes the decision."""
    return person(Role.PUBLISHER, PROVINCE, name="conferrer")


def scorer(number: int = 1) -> User:
    """Return the first, second, third scorer: of the joint departments, who reviewed nothing."""
    if number == 3:
        return person(Role.JOINT_REVIEWER, PROVINCE, Kind.TRADE_UNION)
    return joint(kind=[Kind.AGRICULTURE, Kind.CULTURE_TOURISM][number - 1])


def brand(place: str, **facts) -> CatalogueEntry:
    """Return a municipal entry in force of the bureau at ``place``, e.g. 济南特色品牌（演示）."""
    return entry(KIND, place=place, name=f"{bureau(place).region.short_name}特色品牌（演示）", **facts)


def brands(number: int = 3) -> list[CatalogueEntry]:
    """Return municipal entries in force, one of each city."""
    return [brand(place) for place in PLACES[:number]]


def opened(name: str = "演示批次", *, quota: int = 1, criteria=CRITERIA, **facts) -> SelectionRound:
    """Return a round in preparation that nobody takes part in yet."""
    facts = {"kind": KIND, "basis": "鲁人社字〔2024〕95号 二（三）11", "needs_publicity": False, **facts}
    return rounds.open_round(by=opener(), criteria=criteria, name=name, quota=quota, **facts)


def prepared(*, entries=None, scorers: int = 2, **facts) -> SelectionRound:
    """Return a round that is ready to be scored."""
    of = opened(**facts)
    entries = brands() if entries is None else entries
    rounds.set_candidates(of, by=opener(), revision=0, entries={e.pk for e in entries})
    people = {scorer(number).pk for number in range(1, scorers + 1)}
    rounds.set_scorers(of, by=opener(), revision=1, users=people)
    return now(of)


def started(**facts) -> SelectionRound:
    """Return a round that is being scored."""
    of = prepared(**facts)
    scoring.start(of, by=opener(), revision=of.revision)
    return now(of)


def now(of: SelectionRound) -> SelectionRound:
    """Return the round as it is now."""
    return SelectionRound.objects.get(pk=of.pk)


def rows(of: SelectionRound) -> list[Candidate]:
    """Return the candidates by code."""
    return list(of.candidates.order_by("entry__code"))


def points(of: SelectionRound, *totals) -> dict:
    """Return a sheet with so many points for each candidate, the first criterion filled first."""
    criteria, filled = list(of.criteria.all()), {}
    for candidate, total in zip(rows(of), totals, strict=True):
        left = Decimal(str(total))
        for criterion in criteria:
            given = min(left, Decimal(criterion.points))
            filled[candidate.pk, criterion.pk] = given
            left -= given
    return filled


def hand_in(of: SelectionRound, number: int, *totals) -> SelectionRound:
    """Let a scorer hand his sheet in."""
    return scoring.hand_in(of, by=scorer(number), points=points(of, *totals))


def ranked(first=(90, 80, 70), second=(80, 80, 60), **facts) -> SelectionRound:
    """Return a round that two scorers have scored."""
    of = started(**facts)
    hand_in(of, 1, *first)
    return hand_in(of, 2, *second)


def decided(*chosen: int, reason: str = "", **facts) -> SelectionRound:
    """Return a round whose candidates at these places (by code, from 0) were chosen."""
    of = ranked(**facts)
    picked = [rows(of)[place].pk for place in chosen or (0,)]
    return selection.decide(of, by=decider(), revision=of.revision, chosen=picked, reason=reason)


def conferred(*chosen: int, **facts) -> SelectionRound:
    """Return a round whose chosen entries were made provincial."""
    of = decided(*chosen, **facts)
    selection.confer(of, by=conferrer(), revision=of.revision, document_number=DOCUMENT)
    return now(of)


def sheet(of: SelectionRound, number: int = 1) -> Scorer:
    """Return the row of a scorer."""
    return of.scorers.get(user=scorer(number))


def refusal(act, *args, **kwargs) -> str:
    """Return the sentence an act is refused with."""
    with pytest.raises(Refused) as refused:
        act(*args, **kwargs)
    return str(refused.value)
