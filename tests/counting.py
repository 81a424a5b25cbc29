"""Counts the reports out of a chronicle in plain Python: nothing of the portal is asked.

Each function returns heading of a line → the numbers of that line, as one table of the report has them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tests.chronicles import (
    APPROVED,
    CANCELLED,
    CITY,
    DRAFT,
    PROVINCE,
    REJECTED,
    RETURNED,
    SHANGHAI,
    Chronicle,
    Life,
    Text,
)

TRAINED = PLACED = 500  # 鲁就办〔2021〕22号 二（二）


@dataclass(frozen=True)
class Count:
    """A chronicle looked at from one instant; ``names`` are those of the cities."""

    chronicle: Chronicle
    at: datetime
    names: dict[str, str]

    @property
    def day(self):
        """The day of the instant."""
        return self.at.astimezone(SHANGHAI).date()

    def sent(self, kind: str) -> Iterator[tuple[Life, Text]]:
        """Yield what had been submitted, with the text submitted last."""
        for life in self.chronicle.lives:
            if life.kind == kind and (text := life.text_at(self.at)):
                yield life, text

    def standing(self, kind: str) -> Iterator[tuple[Life, Text]]:
        """Yield the returns that stood approved."""
        return ((life, text) for life, text in self.sent(kind) if life.state_at(self.at) == APPROVED)

    def published(self, kind: str) -> Iterator[tuple[Life, Text, str]]:
        """Yield what was in the catalogue, with its level."""
        for life, text in self.sent(kind):
            if life.span and life.span.is_in_force(self.day, self.at):
                yield life, text, life.span.level_at(self.day, self.at)

    def table(self, pairs: Iterable[tuple[str, Counter]], columns: tuple[str, ...]) -> dict[str, list[int]]:
        """Return the lines of a table of (city code, what is added to which column), 合计 last."""
        sums: dict[str, Counter] = {name: Counter() for name in self.names.values()}
        whole: Counter = Counter()
        for city, counted in pairs:
            sums[self.names[city]].update(counted)
            whole.update(counted)
        return {name: [found[c] for c in columns] for name, found in {**sums, "合计": whole}.items()}


def brands(count: Count) -> dict[str, list[int]]:
    """R1: the brands of each city by where they stand."""
    columns = ("review", RETURNED, DRAFT, APPROVED, "published", "left", REJECTED, CANCELLED, "top", "all")
    return count.table(_brands(count), columns)


def _brands(count: Count) -> Iterator[tuple[str, Counter]]:
    for life, _, where in _things(count, "skill-brands"):
        top = where == "published" and life.span.level_at(count.day, count.at) == "provincial"
        group = "review" if where in (CITY, PROVINCE) else where
        yield life.place[:4], Counter({group: 1, "all": 1, "top": int(top)})


def _things(count: Count, kind: str) -> Iterator[tuple[Life, Text, str]]:
    """Yield each thing of a catalogue once, by its newest text, with its state or published or left."""
    for life, text in count.sent(kind):
        told = life.span and life.span.told <= count.at
        ended = told and life.span.told_end and life.span.told_end <= count.at
        if (life.amends and not told) or (ended and not life.span.reason):
            continue  # an amendment that is not public yet, an entry that was replaced
        yield life, text, "left" if ended else "published" if told else life.state_at(count.at)


def city_brands(count: Count) -> dict[str, int]:
    """R2: cities that reported, brands, pictures, videos and articles of those brands, late ones."""
    found = [thing for thing in _things(count, "city-training-brands") if thing[2] not in (DRAFT, CANCELLED)]
    files = Counter(slot for _, text, _ in found for slot in text.files)
    arrived = {life.place for life, _, where in found if where not in (CITY, RETURNED)}
    late = sum(_first(life).text_at(count.at).is_late for life, _, _ in found)
    return {
        "已报送的市": len(arrived),
        "品牌（个）": len(found),
        "其中：逾期报送": late,
        "图片（张）": files["pictures"],
        "视频（个）": files["video"],
        "宣传稿件（篇）": len(found),
    }


def _first(life: Life) -> Life:
    return _first(life.amends) if life.amends else life


def trainings(count: Count) -> dict[str, list[int]]:
    """R3: returns, rows, classes, trainees, held, planned and counties of each city, of all years."""
    columns = ("returns", "rows", "classes", "trainees", "held", "planned", "counties")
    found = count.table(_trainings(count), columns)
    places = {(life.place[:4], life.place) for life, _ in count.standing("project-training-returns")}
    counties = Counter(city for city, place in places if len(place) > 4)
    for code, name in count.names.items():
        found[name][-1] = counties[code]
    found["合计"][-1] = counties.total()
    return found


def _trainings(count: Count) -> Iterator[tuple[str, Counter]]:
    for life, text in count.standing("project-training-returns"):
        planned = sum(row["is_planned"] for row in text.rows)
        yield (
            life.place[:4],
            Counter(
                returns=1,
                rows=len(text.rows),
                classes=len({row["project_name"] for row in text.rows}),
                trainees=sum(row["trainee_count"] for row in text.rows),
                held=len(text.rows) - planned,
                planned=planned,
            ),
        )


def units(count: Count, year: int) -> dict[str, list[int]]:
    """R4: the units in force of each city and what they trained and placed in a year."""
    columns = ("units", "reported", "trained", "own", "out", "placed", "enough-t", "enough-p", "enough")
    return count.table(_units(count, year), columns)


def _units(count: Count, year: int) -> Iterator[tuple[str, Counter]]:
    for life, text, _ in count.published("building-units"):
        yield life.place[:4], Counter(units=1)
        for row in (row for row in text.rows if row["year"] == year):
            placed = row["self_used_count"] + row["exported_count"]
            enough = row["trained_count"] >= TRAINED, placed >= PLACED
            numbers = {"reported": 1, "trained": row["trained_count"], "own": row["self_used_count"]}
            numbers |= {"out": row["exported_count"], "placed": placed}
            numbers |= {"enough-t": enough[0], "enough-p": enough[1], "enough": all(enough)}
            yield life.place[:4], Counter(numbers)


def labour_brands(count: Count) -> dict[str, list[int]]:
    """R4: the labour brands of each city by level, and their workers; no 建设重点 was ever named."""
    pairs = (
        (life.place[:4], Counter({level: 1, "all": 1, "workers": text.values["worker_count"]}))
        for life, text, level in count.published("labour-brands")
    )
    return count.table(pairs, ("provincial", "municipal", "all", "workers", "key"))


def subsidies(count: Count) -> dict[str, list[int]]:
    """R7: the reviews of each city and the standards they raised, kept, or set for the first time."""
    pairs = (
        (life.place[:4], Counter({"reviews": 1, "items": len(text.rows)}) + Counter(map(_change, text.rows)))
        for life, text in count.standing("subsidy-reviews")
    )
    return count.table(pairs, ("reviews", "items", "raised", "lowered", "kept", "new"))


def _change(row: dict) -> str:
    old, new = row["old_amount"], row["new_amount"]
    return "new" if old is None else "raised" if new > old else "lowered" if new < old else "kept"


def exam_projects(count: Count) -> dict[str, int]:
    """R6: how many exam projects of each class there were."""
    return dict(Counter(text.values["catalogue_class"] for _, text, _ in count.published("exam-projects")))


def targets(count: Count) -> dict[str, list[int]]:
    """R5: what counts for the targets of the whole province, city by city."""
    columns = ("SB", "LB-provincial", "LB-municipal", "workers", "EP")
    return count.table(_targets(count), columns)


def _targets(count: Count) -> Iterator[tuple[str, Counter]]:
    for life, _, level in count.published("skill-brands"):
        yield life.place[:4], Counter(SB=int(level == "provincial"))
    for life, text, level in count.published("labour-brands"):
        yield life.place[:4], Counter({f"LB-{level}": 1, "workers": text.values["worker_count"]})
    for life, _, _ in count.published("exam-projects"):
        yield life.place[:4], Counter(EP=1)


def reporting(count: Count) -> dict[str, list[int]]:
    """R8: of each campaign in progress or due this year 应报, 已报, 逾期, 零报送, 退回, 未报."""
    found = {}
    for number, task in enumerate(count.chronicle.tasks):
        if task.opens_at <= count.at and task.due_at.year >= count.day.year:
            stands = Counter(_stands(count, number, city) for city in count.names)
            filed = stands["late"] + stands["filed"]
            owing = len(count.names) - filed - stands[RETURNED]
            found[task] = [len(count.names), filed, stands["late"], 0, stands[RETURNED], owing]
    return found


def _stands(count: Count, campaign: int, city: str) -> str:
    """Return where the filing that answers best leaves a city."""
    ranks = ["", RETURNED, "late", "filed"]
    return max((_answer(count, n) for n in _answers(count, campaign, city)), key=ranks.index, default="")


def _answers(count: Count, campaign: int, city: str) -> Iterator[Life]:
    for life in count.chronicle.lives:
        is_part = life.kind == "project-training-returns" and life.place != city  # of its city's return
        answers = life.campaign == campaign and life.place[:4] == city and not is_part
        if answers and life.created_at <= count.at:
            yield life


def _answer(count: Count, life: Life) -> str:
    state = life.state_at(count.at)
    if state in (PROVINCE, APPROVED, REJECTED):
        return "late" if life.text_at(count.at).is_late else "filed"
    return RETURNED if state == RETURNED else ""
