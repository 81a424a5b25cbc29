"""R7 补贴标准: what each city adjusted, old and new, and which cities have not reported their review."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import QuerySet

from portal import rollups, text
from portal.models import Filing
from portal.reports import (
    DAY,
    NUMBER,
    TOTAL,
    Asked,
    Behind,
    Cell,
    Column,
    Content,
    Filter,
    Line,
    Table,
    reported,
)
from workforce.models.subsidy import REVIEW, UNITS
from workforce.reports import cells
from workforce.reports.cells import Ledger

KIND = "subsidy-reviews"
CELLS = {
    "reviews": ("评估论证材料", ""),
    "items": ("调整的标准", "项数"),
    "raised": ("提高的标准", "项数"),
    "lowered": ("降低的标准", "项数"),
    "kept": ("数额不变的标准", "项数"),
    "new": ("新设的标准", "项数"),
    "unsaid": ("没有填写新标准的项目", "项数"),
}
CHANGES = {"raised": "提高", "lowered": "降低", "kept": "不变", "new": "新设", "unsaid": "未填"}
ITEMS = 4  # the column 调整 of the cities
REPORTED, MISSING, NOTHING = "已报送", "未报送", "零报送"
OF_THE_CITY = "补贴标准由市评估和调整：所在的市的材料由市级查看，县（市、区）没有可以统计的。"
KEPT = "已报送而没有调整项目的市，评估后维持现行标准；零报送按报送任务截止的年度计。"


@dataclass(frozen=True)
class Item:
    """One standard as a review says it; lines stand in the order of ``place``.

    What was decided before the portal may leave every cell but the category empty.
    """

    filing: int
    city: str
    year: int
    category: str
    level: str
    unit: str
    old: Decimal | None
    new: Decimal | None
    cap: Decimal | None
    since: date | None
    document: str

    @property
    def place(self) -> tuple:
        """By city, then category, level, unit, and the day since when it holds."""
        since = self.since or date.min
        return (self.city, self.category, self.level, self.unit, since, self.year, self.document)

    @property
    def change(self) -> str:
        """Whether it is new, raised, lowered or kept; ``unsaid`` where it does not say what it is now."""
        if self.new is None:
            return "unsaid"
        if self.old is None:
            return "new"
        return "raised" if self.new > self.old else "lowered" if self.new < self.old else "kept"


@dataclass(frozen=True)
class Review:
    """A review of a city; one that ``is_nothing`` is its word that it has none to report."""

    filing: int
    city: str
    year: int
    on: date | None
    items: tuple[Item, ...] = ()
    is_nothing: bool = False


@dataclass
class Roll:
    """What one question counts."""

    asked: Asked

    @cached_property
    def cities(self) -> dict[str, str]:
        """Code → name of the cities that are asked for; none for a county, where its city's do not lie."""
        if self.asked.is_below_a_city:
            return {}
        return cells.cities(self.asked, (review.city for review in self.reviews))

    @cached_property
    def every_year(self) -> list[Review]:
        """The reviews and zero reports that stand."""
        found = rollups.with_snapshots(self._standing())
        return [_review(filing, said, self._due.get(filing.campaign_id)) for filing, said in found]

    @cached_property
    def _due(self) -> dict[int, datetime]:
        """Campaign → when it was due, as it was known at the cut-off."""
        return {campaign.pk: campaign.due_at for campaign in rollups.campaigns_known(self.asked.cutoff)}

    def _standing(self) -> QuerySet:
        found = rollups.standing_at(self.asked.cutoff, self.asked.region, KIND)
        campaign = self.asked.filters.get("campaign", "")
        return found.filter(campaign_id=campaign) if campaign else found

    @cached_property
    def reviews(self) -> list[Review]:
        """Those of the year that is asked for."""
        year = self.asked.filters.get("year", "")
        return [review for review in self.every_year if not year or review.year == int(year)]

    @cached_property
    def items(self) -> list[Item]:
        """What was adjusted, in the order in which it is listed."""
        found = (item for review in self.reviews for item in review.items)
        return sorted(found, key=lambda item: item.place)

    @cached_property
    def ledger(self) -> Ledger:
        """The numbers, each with the reviews it is made of."""
        ledger = Ledger(CELLS, self.cities)
        for review in self.reviews:
            if not review.is_nothing:
                ledger.once("reviews", review.city, review.filing)
        for item in self.items:
            ledger.add("items", item.city, item.filing)
            ledger.add(item.change, item.city, item.filing)
        return ledger


def _review(filing: Filing, snapshot: dict, due: datetime | None) -> Review:
    city, said = filing.region_id[:4], snapshot["values"]
    if filing.is_nothing:
        return Review(filing.pk, city, rollups.day_of(due).year, None, is_nothing=True)
    rows = snapshot["rows"]["items"]
    items = tuple(_item(filing.pk, city, said["year"], row) for row in rows)
    return Review(filing.pk, city, said["year"], _day(said["evaluated_on"]), items)


def _item(filing: int, city: str, year: int, row: Mapping[str, str]) -> Item:
    old, new, cap = (_amount(row[name]) for name in ("old_amount", "new_amount", "cap"))
    words = (row["category"], row["level"], dict(UNITS).get(row["unit"], ""))
    since, document = _day(row["effective_on"]), row["basis_document_number"]
    return Item(filing, city, year, *words, old, new, cap, since, document)


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def _amount(said: str | None) -> Decimal | None:
    return None if said is None else Decimal(said)


def _years(asked: Asked) -> dict[str, str]:
    return cells.years((review.year for review in Roll(replace(asked, filters={})).every_year), asked)


def _campaigns(asked: Asked) -> dict[str, str]:
    return cells.campaigns(asked, KIND)


def behind(asked: Asked, cell: Mapping[str, str]) -> Behind:
    """Return the reviews that a number counts, with what each adds."""
    return Roll(asked).ledger.behind(cell)


@reported(
    "subsidies",
    code="R7",
    title="职业培训补贴标准调整情况汇总表",
    basis=REVIEW,
    behind=behind,
    filters=[Filter("year", "年度", _years), Filter("campaign", "报送任务", _campaigns)],
)
def subsidies(asked: Asked) -> Content:
    """Return the standards that were adjusted, and where each city stands."""
    roll, elsewhere = Roll(asked), (OF_THE_CITY,) if asked.is_below_a_city else ()
    return Content(
        "职业培训补贴标准调整情况汇总表",
        (
            Table("补贴标准", _item_columns(), lambda: _items(roll), elsewhere, True),
            Table("分市情况", _city_columns(roll), lambda: _by_city(roll), (*elsewhere, KEPT), drawn=ITEMS),
        ),
    )


def _item_columns() -> tuple[Column, ...]:
    amounts = (Column(word, width=10) for word in ("原标准", "新标准", "差额", "最高补贴额"))
    named = (Column("市", width=10), Column("培训类别", width=20), Column("等级", width=8))
    basis = (Column("生效日期", DAY, 12), Column("依据文号", width=22), Column("年度", NUMBER, 8))
    return (*named, Column("计量单位", width=12), *amounts, *basis)


def _items(roll: Roll) -> Iterator[Line]:
    for item in roll.items:
        amounts = (_shown(item.old), _shown(item.new), _difference(item), _shown(item.cap))
        named = (roll.cities[item.city], item.category, item.level, item.unit)
        yield Line((*named, *amounts, item.since, item.document, item.year))


def _shown(amount: Decimal | None) -> str:
    return "" if amount is None else text.plain_number(amount)


def _difference(item: Item) -> str:
    if item.new is None:
        return ""
    if item.old is None:
        return "新设"
    change = item.new - item.old
    return f"+{text.plain_number(change)}" if change > 0 else text.plain_number(change)


def _changes(roll: Roll) -> dict[str, str]:
    """Return what became of standards, in words; 未填 only where some review leaves it open."""
    told = roll.ledger.number("unsaid").value
    return {change: word for change, word in CHANGES.items() if told or change != "unsaid"}


def _city_columns(roll: Roll) -> tuple[Column, ...]:
    numbers = ("调整", *_changes(roll).values())
    return (
        Column("市", width=10),
        Column("报送情况", width=10),
        Column("评估论证材料", NUMBER, 12, "份"),
        Column("评估论证日期", DAY, 12),
        *(Column(word, NUMBER, 8, "项") for word in numbers),
    )


def _by_city(roll: Roll) -> Iterator[Line]:
    """Yield every city, those that have not reported too."""
    for code, name in roll.cities.items():
        yield Line(_city_cells(roll, code, name))
    if len(roll.cities) > 1:
        done = {review.city for review in roll.reviews}
        yield Line(("合计", f"{len(done)}/{len(roll.cities)}", *_numbers(roll, "", None)), TOTAL)


def _city_cells(roll: Roll, code: str, name: str) -> tuple[Cell, ...]:
    own = [review for review in roll.reviews if review.city == code]
    days = [review.on for review in own if review.on]
    is_told = any(not review.is_nothing for review in own)
    word = REPORTED if is_told else NOTHING if own else MISSING
    return (name, word, *_numbers(roll, code, max(days, default=None)))


def _numbers(roll: Roll, city: str, on: date | None) -> tuple[Cell, ...]:
    reviews, *others = roll.ledger.numbers(("reviews", "items", *_changes(roll)), city)
    return (reviews, on, *others)
