"""Random histories of thousands of filings as plain data, from which a test counts by itself.

A chronicle knows nothing of the database: what was filed where and when, each text that was submitted, each
deed with its hour, when the register was told of each span. ``enacting`` writes it down as the portal would.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from tests.chronicle_facts import YEARS, facts_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
BEGIN, END = datetime(2024, 1, 2, 9, tzinfo=SHANGHAI), datetime(2026, 10, 30, 18, tzinfo=SHANGHAI)
DRAFT, CITY, PROVINCE, RETURNED = "draft", "city_review", "province_review", "returned"
APPROVED, REJECTED, CANCELLED = "approved", "rejected", "cancelled"
CITY_ROUTE = ("building-units", "handicraft-projects")
BY_CITIES = ("city-training-brands", "subsidy-reviews")
ONE_A_YEAR = ("project-training-returns", "subsidy-reviews")
LEVELLED = ("skill-brands", "labour-brands")
# How often each kind is filed, and whether its filings answer the campaign of their year.
WEIGHTS = {
    "skill-brands": 22,
    "city-training-brands": 6,
    "project-training-returns": 14,
    "building-units": 18,
    "labour-brands": 14,
    "exam-projects": 10,
    "exam-institutions": 10,
    "subsidy-reviews": 6,
}
CAMPAIGNED = ("skill-brands", "city-training-brands", "project-training-returns", "subsidy-reviews")


@dataclass(frozen=True)
class Deed:
    """One act: its verb, when, from which state to which, on which version, by whose post."""

    verb: str
    at: datetime
    source: str
    target: str
    version: int
    role: str
    place: str
    comment: str = ""


@dataclass(frozen=True)
class Text:
    """A version as it was submitted: ``values`` of the fields, ``rows`` of the children."""

    number: int
    at: datetime
    is_late: bool
    name: str
    values: dict
    rows: tuple[dict, ...] = ()
    files: tuple[str, ...] = ()


@dataclass
class Span:
    """A place in the catalogue, and when the register was told of it; ``rises``: (day, told, former)."""

    valid_from: date
    told: datetime
    level: str
    code: str = ""
    valid_to: date | None = None
    told_end: datetime | None = None
    reason: str = ""
    rises: list[tuple[date, datetime, str]] = field(default_factory=list)

    def is_in_force(self, day: date, known: datetime) -> bool:
        """Say whether it is in force on ``day`` as the register said at ``known``."""
        if self.valid_from > day or self.told > known:
            return False
        return self.valid_to is None or self.valid_to > day or self.told_end > known

    def until(self, at: datetime) -> "Span | None":
        """Return what the register had been told by an instant."""
        rises = [rise for rise in self.rises if rise[1] <= at]
        level = self.rises[len(rises)][2] if len(rises) < len(self.rises) else self.level
        cut = replace(self, rises=rises, level=level)
        if self.told_end and self.told_end > at:
            cut = replace(cut, valid_to=None, told_end=None, reason="")
        return cut if self.told <= at else None

    def level_at(self, day: date, known: datetime) -> str:
        """Return the level on ``day`` as the register said at ``known``."""
        later = [former for on, told, former in self.rises if on > day or told > known]
        return later[0] if later else self.level


@dataclass
class Life:
    """One filing from its first draft on."""

    number: int
    kind: str
    place: str
    created_at: datetime
    year: int
    campaign: int | None
    is_nothing: bool = False
    amends: "Life | None" = None
    deeds: list[Deed] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    span: Span | None = None

    def state_at(self, at: datetime) -> str:
        """Return the state at an instant."""
        done = [deed for deed in self.deeds if deed.at <= at]
        return done[-1].target if done else DRAFT

    def text_at(self, at: datetime) -> Text | None:
        """Return the text submitted last by an instant."""
        return next((text for text in reversed(self.texts) if text.at <= at), None)

    def decided_at(self, at: datetime) -> datetime | None:
        """Return when it was approved, of those acts up to ``at``."""
        return next((d.at for d in reversed(self.deeds) if d.at <= at and d.verb == "approve"), None)


@dataclass(frozen=True)
class Task:
    """A campaign: its kind, year, window and the extensions of cities, (place, until, granted)."""

    kind: str
    year: int
    opens_at: datetime
    due_at: datetime
    extensions: tuple[tuple[str, datetime, datetime], ...]
    reminders: tuple[tuple[str, datetime], ...]

    def until(self, at: datetime) -> "Task":
        """Return the campaign with what was granted and called by an instant."""
        more = tuple(extension for extension in self.extensions if extension[2] <= at)
        return replace(
            self, extensions=more, reminders=tuple(call for call in self.reminders if call[1] <= at)
        )

    def due_of(self, place: str, at: datetime) -> datetime:
        """Return the due time of a bureau as it stood at an instant."""
        more = [until for whose, until, granted in self.extensions if whose == place[:4] and granted <= at]
        return max([self.due_at, *more])


@dataclass
class Chronicle:
    """All lives and campaigns; ``cities`` and ``counties`` are the region codes there are."""

    cities: list[str]
    counties: list[str]
    tasks: list[Task]
    lives: list[Life]

    def until(self, at: datetime) -> "Chronicle":
        """Return what had happened by an instant, as a chronicle of its own."""
        cut: dict[int, Life] = {}
        for life in (life for life in self.lives if life.created_at <= at):
            cut[life.number] = replace(
                life,
                amends=cut[life.amends.number] if life.amends else None,
                deeds=[deed for deed in life.deeds if deed.at <= at],
                texts=[text for text in life.texts if text.at <= at],
                span=life.span.until(at) if life.span else None,
            )
        return replace(self, tasks=[task.until(at) for task in self.tasks], lives=list(cut.values()))


def written(number: int, cities: list[str], counties: list[str], seed: str = "chronicle") -> Chronicle:
    """Return a chronicle of ``number`` filings; the same arguments give the same one."""
    return _Writer(random.Random(f"{seed} {number}"), cities, counties).write(number)


class _Writer:
    def __init__(self, dice: random.Random, cities: list[str], counties: list[str]):
        self.dice, self.cities, self.counties = dice, cities, counties
        self.taken: set[tuple[str, str, int]] = set()
        self.serials = count(1)
        self.tasks = [self._task(kind, year) for kind in CAMPAIGNED for year in YEARS]

    def write(self, number: int) -> Chronicle:
        lives: list[Life] = []
        while len(lives) < number:
            life = self._life()
            self._live(life)
            lives.append(life)
            if life.span and self.dice.random() < 0.12:
                lives += self._amended(life)
        return Chronicle(self.cities, self.counties, self.tasks, lives)

    def _task(self, kind: str, year: int) -> Task:
        due = datetime(year, 6, 15, 23, 59, 59, tzinfo=SHANGHAI)
        opens = datetime(year, 1, 1, tzinfo=SHANGHAI)
        more = tuple(
            (
                city,
                due + timedelta(days=self.dice.randint(3, 30)),
                due - timedelta(days=self.dice.randint(0, 9)),
            )
            for city in sorted(self.dice.sample(self.cities, 3))
        )
        called = tuple(
            (city, due - self._days(-20, 7) - timedelta(minutes=n))
            for n, city in enumerate(sorted(self.dice.sample(self.cities, 6)))
        )
        return Task(kind, year, opens, due, more, called)

    def _days(self, least: int, most: int) -> timedelta:
        return timedelta(days=self.dice.randint(least, most))

    def _life(self) -> Life:
        while True:
            kind = self.dice.choices(list(WEIGHTS), WEIGHTS.values())[0]
            by_city = kind in BY_CITIES or self.dice.random() < 0.4
            place = self.dice.choice(self.cities if by_city else self.counties)
            created = BEGIN + timedelta(minutes=self.dice.randrange(int((END - BEGIN).total_seconds() // 60)))
            key = (kind, place, created.year)
            if kind in ONE_A_YEAR and key in self.taken:
                continue
            self.taken.add(key)
            task = next(
                (n for n, t in enumerate(self.tasks) if (t.kind, t.year) == (kind, created.year)), None
            )
            return Life(next(self.serials), kind, place, created, created.year, task)

    def _amended(self, old: Life) -> list[Life]:
        """Return an amendment that replaced the entry of ``old``, when there was time for it."""
        start = max(old.span.told, *(told for _, told, _ in old.span.rises), old.span.told)
        new = Life(next(self.serials), old.kind, old.place, self._later(start), old.year, None, amends=old)
        if old.span.valid_to or new.created_at >= END - timedelta(days=200):
            return []
        self._live(new, straight=True)
        if new.span:
            day = max(new.span.valid_from, old.span.valid_from, *(on for on, _, _ in old.span.rises))
            new.span.valid_from, new.span.level = day, old.span.level
            old.span.valid_to, old.span.told_end, old.span.reason = day, new.span.told, ""
        return [new]

    def _later(self, at: datetime, days: int = 25) -> datetime:
        return at + timedelta(minutes=self.dice.randint(30, days * 1440), seconds=self.dice.randrange(60))

    def _live(self, life: Life, *, straight: bool = False) -> None:
        """Let a filing walk until it rests; ``straight``: no detours."""
        at, state, version = life.created_at, DRAFT, 1
        for verb, target in self._road(life, straight):
            at = self._later(at)
            if at > END:
                return
            if verb == "submit":
                life.texts.append(self._text(life, version, at))
            desk = PROVINCE if state == PROVINCE else CITY
            life.deeds.append(self._deed(life, verb, at, state, target, version, desk))
            version += verb in ("return", "withdraw")
            state = target
        if state == APPROVED and life.kind not in ONE_A_YEAR and not life.is_nothing:
            self._publish(life, at, straight)

    def _road(self, life: Life, straight: bool) -> Iterator[tuple[str, str]]:
        """Yield (verb, state after it) until the filing rests."""
        self.chance = (lambda share: False) if straight else (lambda share: self.dice.random() < share)
        if self.chance(0.08):
            yield from [("cancel", CANCELLED)] * self.chance(0.3)
            return
        yield "submit", CITY
        yield from self._in_the_city(life)

    def _in_the_city(self, life: Life) -> Iterator[tuple[str, str]]:
        while self.chance(0.25):
            yield ("return", RETURNED) if self.chance(0.7) else ("withdraw", DRAFT)
            if self.chance(0.15):
                return
            yield "submit", CITY
        if self.chance(0.15):
            return
        if not self._ends_there(life):
            yield "endorse", PROVINCE
            yield from self._in_the_province()
            return
        yield "approve", APPROVED
        if self.chance(0.1):
            yield "reopen", CITY
            yield from self._in_the_city(life)

    def _in_the_province(self) -> Iterator[tuple[str, str]]:
        if self.chance(0.15):
            yield "return", RETURNED
            if self.chance(0.3):
                return
            yield "submit", CITY
            yield "endorse", PROVINCE
        if not self.chance(0.12):
            yield ("reject", REJECTED) if self.chance(0.1) else ("approve", APPROVED)
            if self.chance(0.06):
                yield "reopen", PROVINCE
                yield from self._in_the_province()

    def _ends_there(self, life: Life) -> bool:
        return life.kind in CITY_ROUTE or self._serves_no_duty(life)

    def _deed(self, life, verb: str, at: datetime, source: str, target: str, version: int, desk: str) -> Deed:
        if verb in ("submit", "withdraw", "cancel"):
            return Deed(verb, at, source, target, version, "filer", life.place)
        place = "37" if desk == PROVINCE else life.place[:4]
        role = "approver" if desk == PROVINCE and verb in ("approve", "reject") else "reviewer"
        return Deed(verb, at, source, target, version, role, place, "演示意见" if verb != "approve" else "")

    def _text(self, life: Life, version: int, at: datetime) -> Text:
        values, rows = facts_of(life.kind, life.year, life.place, self.dice)
        last = life.texts[-1] if life.texts else None
        is_late = False
        if life.campaign is not None and not self._serves_no_duty(life):
            due = self.tasks[life.campaign].due_of(life.place, at)
            returned = [d.at for d in life.deeds if d.verb == "return"]
            excused = last and not last.is_late and returned and returned[-1].replace(microsecond=0) > due
            is_late = at.replace(microsecond=0) > due and not excused
        name = f"演示第{life.number}号" + (f"（第{version}稿）" if version > 1 else "")
        if life.kind in ONE_A_YEAR:
            name = ""
        pictures = ("pictures",) * self.dice.randint(5, 8) + ("video",) * self.dice.randint(1, 2)
        files = pictures if life.kind == "city-training-brands" else ()
        return Text(version, at, bool(is_late), name, values, rows, files)

    def _serves_no_duty(self, life: Life) -> bool:
        return life.kind == "project-training-returns" and len(life.place) > 4

    def _publish(self, life: Life, approved: datetime, straight: bool) -> None:
        if not straight and self.dice.random() < 0.2:
            return
        told = self._later(approved, 40)
        if told > END:
            return
        level = ""
        if life.kind in LEVELLED:
            level = self.dice.choice(["municipal", "municipal", "provincial"])
        back = timedelta(days=self.dice.choice([0, 0, 0, 5, 40]))
        life.span = Span(_day(told - back), told, level)
        place = life.place[:4] if life.kind in CITY_ROUTE else "37"
        version = life.texts[-1].number
        life.deeds.append(Deed("publish", told, APPROVED, APPROVED, version, "publisher", place))
        if not straight and level == "municipal" and self.dice.random() < 0.3:
            self._promote(life)
        if not straight and self.dice.random() < 0.15:
            self._leave(life, place)

    def _promote(self, life: Life) -> None:
        span, told = life.span, self._later(life.span.told, 90)
        if told > END:
            return
        on = max(span.valid_from, _day(told - timedelta(days=self.dice.choice([0, 10]))))
        span.rises.append((on, told, span.level))
        span.level = "provincial"
        version = life.texts[-1].number
        life.deeds.append(Deed("promote", told, APPROVED, APPROVED, version, "publisher", "37"))

    def _leave(self, life: Life, place: str) -> None:
        span = life.span
        told = self._later(max([span.told, *(told for _, told, _ in span.rises)]), 120)
        if told > END:
            return
        first = max([span.valid_from, *(on for on, _, _ in span.rises)])
        span.valid_to = max(first, _day(told - timedelta(days=self.dice.choice([0, 0, 15]))))
        span.told_end, span.reason = told, "voluntary"
        version = life.texts[-1].number
        life.deeds.append(Deed("exit", told, APPROVED, APPROVED, version, "publisher", place))


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()
