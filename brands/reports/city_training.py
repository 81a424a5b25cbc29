"""R2 “一市一品牌”汇总: what each city reported on 附件1 with its material, and the cities that did not.

鲁人社字〔2021〕32号 二（二）, 附件1.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import groupby

from django.db.models import Case, Max, OuterRef, QuerySet, Subquery, When

from brands.models.city_training import ANNEX
from brands.reports.standings import in_order, words
from portal import rollups, windows
from portal.models import Campaign, CampaignDuty, Extension, Filing, FilingVersion
from portal.models.former import as_of
from portal.reports import (
    NUMBER,
    SUBTOTAL,
    TOTAL,
    Asked,
    Behind,
    Cell,
    Column,
    Content,
    Filter,
    Line,
    Number,
    Table,
    Unknown,
    reported,
)
from portal.vocabulary import State

KIND, TITLE = "city-training-brands", "“一市一品牌”建设情况汇总表"
SHORT = 60  # 字 of the features; the whole text is in the filing
# What arrived at the province, as the boards of the campaigns count it; a return does not stand as reported.
WAITING = (State.CITY_REVIEW, State.RETURNED)
NOT_THERE = (State.DRAFT, State.CANCELLED)
COLUMNS = (
    Column("序号", NUMBER, 4),
    Column("市", width=7),
    Column("品牌名称", width=10),
    Column("品牌特色", width=17),
    Column("品牌", NUMBER, 5, "个"),
    Column("图片", NUMBER, 5, "张"),
    Column("视频", NUMBER, 5, "个"),
    Column("宣传稿件", NUMBER, 6, "篇"),
    Column("状态", width=9),
    Column("报送时间", width=9),
    Column("是否逾期", width=6),
)
NOTES = (
    "已报送以到达省级为准：市级审核中、退回修改的列出，不计入已报送的市；撤回和作废的不列。",
    f"品牌特色超过{SHORT}字的只列开头；素材数以统计截止时最近一次报送的为准。",
)
OF_THE_CITY = "“一市一品牌”由市报送：所在的市是否已报送由市级查看，这里只列本县（市、区）单独报送的。"
# column → what is behind its number, and the heading of what each filing adds
COUNTED = {
    "brands": ("“一市一品牌”", ""),
    "pictures": ("“一市一品牌”图片", "图片（张）"),
    "videos": ("“一市一品牌”视频", "视频（个）"),
    "articles": ("“一市一品牌”宣传稿件", ""),
    "late": ("逾期报送的“一市一品牌”", ""),
    "cities": ("已报送的市（每市列最先报送的一个品牌）", ""),
    "nothing": ("零报送的市", ""),
}

SUMMED = {
    "brands": "品牌（个）",
    "late": "其中：逾期报送",
    "pictures": "图片（张）",
    "videos": "视频（个）",
    "articles": "宣传稿件（篇）",
}


@dataclass(frozen=True)
class Brand:
    """One brand with what its last version sent; ``place`` is its number within the city."""

    filing: Filing
    city: str
    place: int
    name: str
    features: str
    pictures: int
    videos: int
    articles: int

    @property
    def has_arrived(self) -> bool:
        """Whether it was with the province by then."""
        return self.filing.standing_then not in WAITING

    @property
    def late(self) -> int:
        """1 when what was sent was stamped 逾期."""
        return int(self.filing.late_then)

    def amount(self, column: str) -> int:
        """Return what it adds to a column."""
        return 1 if column == "brands" else getattr(self, column)


class Roll:
    """The brands one question is about, each read once."""

    def __init__(self, asked: Asked):
        self.asked = asked
        self.task, self.year = asked.filters.get("campaign", ""), asked.filters.get("year", "")

    @cached_property
    def names(self) -> dict[str, str]:
        """City code → name."""
        return rollups.city_names(self.asked.cutoff)

    @cached_property
    def brands(self) -> list[Brand]:
        """The brands by city, time and name; those taken back are none."""
        found = _things(self.asked).exclude(standing_then__in=NOT_THERE)
        found = self._narrowed(found, "campaign_then", "begun_then").annotate(late_then=_late(self.asked))
        ordered = rollups.with_snapshots(in_order(found))
        by_city = groupby(ordered, key=lambda pair: pair[0].region_id[:4])
        return [_brand(pair, city, n) for city, pairs in by_city for n, pair in enumerate(pairs, 1)]

    def _narrowed(self, filings: QuerySet, campaign: str, begun: str) -> QuerySet:
        if self.task:
            filings = filings.filter(**{campaign: int(self.task)})
        if self.year:
            first, after = (windows.start_of(date(int(self.year) + more, 1, 1)) for more in (0, 1))
            filings = filings.filter(**{f"{begun}__gte": first, f"{begun}__lt": after})
        return filings

    @cached_property
    def nothing(self) -> dict[str, int]:
        """City code → the zero report (零报送) that arrived of a city that owes a brand and sent none."""
        asked = self.asked
        sent = rollups.submitted_at(asked.cutoff, asked.region, KIND).filter(is_nothing=True)
        sent = self._narrowed(sent, "campaign", "first_submitted")
        sent = sent.exclude(state_then__in=[*NOT_THERE, *WAITING]).order_by("-first_submitted", "-pk")
        silent = set(self.expected) - {brand.city for brand in self.brands}
        return {r[:4]: pk for r, pk in sent.values_list("region_id", "pk") if r[:4] in silent}

    @cached_property
    def expected(self) -> list[str]:
        """The cities that owe a brand: those of the campaign, else all there were; by code.

        None for a county: what its city sent is not its to see.
        """
        if self.asked.is_below_a_city:
            return []
        held = {place.code for place in rollups.cities_at(self.asked.cutoff, self.asked.region)}
        if self.task:
            held &= {code[:4] for code in self._duties.values_list("organisation__region_id", flat=True)}
        return sorted(held)

    @property
    def _duties(self) -> QuerySet:
        return CampaignDuty.objects.filter(campaign=int(self.task))

    @cached_property
    def _ends(self) -> tuple[datetime, dict[str, datetime]]:
        """Return when the campaign was due, and region → the latest extension granted by then."""
        (campaign,) = as_of(Campaign.objects.filter(pk=int(self.task)), self.asked.cutoff)
        granted = Extension.objects.filter(duty__campaign=campaign, granted_at__lte=self.asked.cutoff)
        latest = granted.order_by().values_list("duty__organisation__region_id").annotate(end=Max("until"))
        return campaign.due_at, dict(latest)

    def is_overdue(self, city: str) -> bool:
        """Say whether a city that reported nothing was past its time."""
        due, ends = self._ends
        return windows.is_over(max(due, ends.get(city, due)), self.asked.cutoff)

    @cached_property
    def arrived(self) -> dict[str, Brand]:
        """City code → the brand of it that was reported first, of the cities that owe one."""
        found: dict[str, Brand] = {}
        for brand in self.brands:
            if brand.has_arrived and brand.city in self.expected:
                found.setdefault(brand.city, brand)
        return found


def _things(asked: Asked) -> QuerySet:
    return rollups.things_at(asked.cutoff, asked.region, KIND)


def _late(asked: Asked) -> Case:
    """Return the expression whether the brand was stamped 逾期; a change has the stamp of what it changes."""
    sent = FilingVersion.objects.filter(submitted_at__lte=asked.cutoff)
    own = sent.filter(filing=OuterRef("pk")).order_by("-number")
    first = sent.filter(filing__entry__code=OuterRef("entry__code")).order_by("filing__entry", "-number")
    stamp, former = (Subquery(found.values("is_late")[:1]) for found in (own, first))
    return Case(When(amends=None, then=stamp), default=former)


def _brand(pair: tuple[Filing, dict], city: str, place: int) -> Brand:
    filing, taken = pair
    values, slots = taken["values"], [file["slot"] for file in taken["files"]]
    return Brand(
        filing,
        city,
        place,
        taken["title"],
        values["features"],
        slots.count("pictures"),
        slots.count("video"),
        int(bool(values["promo_article"])),
    )


def _behind(asked: Asked, cell: Mapping[str, str]) -> Behind:
    """Return the brands of a column: all of them, of a city, or the one at a place of its city."""
    roll, column, city = Roll(asked), cell.get("column", ""), cell.get("city", "")
    known = column in COUNTED and city in ("", *roll.names)
    if not known or set(cell) - {"column", "city", "place"}:
        raise Unknown(str(dict(cell))[:80])
    title, heading = COUNTED[column]
    amounts = {pk: n for pk, n in _parts(roll, column, city, cell.get("place", "")) if n}
    if "place" in cell and not amounts:
        raise Unknown(str(dict(cell))[:80])
    said = f"{roll.names[city]} {title}" if city else title
    return Behind(said, Filing.objects.filter(pk__in=amounts), amounts if heading else {}, heading)


def _parts(roll: Roll, column: str, city: str, place: str) -> Iterator[tuple[int, int]]:
    """Yield (filing, what it adds) for a cell."""
    if column in ("cities", "nothing"):
        found = {c: b.filing.pk for c, b in roll.arrived.items()} if column == "cities" else roll.nothing
        yield from ((pk, 1) for code, pk in found.items() if city in ("", code))
        return
    for brand in roll.brands:
        if city in ("", brand.city) and place in ("", str(brand.place)):
            yield brand.filing.pk, brand.amount(column)


def _tasks(asked: Asked) -> dict[str, str]:
    return {"": "全部"} | rollups.campaigns_at(asked.cutoff, KIND)


def _years(asked: Asked) -> dict[str, str]:
    """Return the years in which brands were first submitted, the latest first."""
    begun = _things(asked).order_by().values_list("begun_then", flat=True)
    years = sorted({at.astimezone(rollups.SHANGHAI).year for at in begun}, reverse=True)
    return {"": "全部"} | {str(year): f"{year}年" for year in years}


@reported(
    "city-brands",
    code="R2",
    title=TITLE,
    basis=ANNEX,
    behind=_behind,
    filters=(Filter("campaign", "报送任务", _tasks), Filter("year", "报送年度", _years)),
)
def city_brands(asked: Asked) -> Content:
    """Return the brands of each city with their material, and how many cities reported."""
    roll = Roll(asked)
    sums = (Column("项目", width=20), Column("数量", NUMBER, 8))
    elsewhere = (OF_THE_CITY,) if asked.is_below_a_city else ()
    return Content(
        TITLE,
        (
            Table("建设情况", COLUMNS, lambda: _lines(roll), (*elsewhere, *NOTES)),
            Table("报送汇总", sums, lambda: _summary(roll), elsewhere),
        ),
    )


def _lines(roll: Roll) -> Iterator[Line]:
    """Yield the brands city by city, those without any too, and the sums."""
    number, known = 0, {brand.city for brand in roll.brands}
    for city in sorted(known.union(roll.expected)):
        own = [brand for brand in roll.brands if brand.city == city]
        for brand in own or [None]:
            number += 1
            yield Line((number, *(_of_brand(roll, brand) if brand else _missing(roll, city))))
        if len(own) > 1:
            yield _sum(own, f"{roll.names[city]}小计", "", {"city": city}, SUBTOTAL)
    reported = f"已报送 {len(roll.arrived)} / {len(roll.expected)} 市"
    said = "" if roll.asked.is_below_a_city else reported
    yield _sum(roll.brands, "合计", said, {}, TOTAL)


def _of_brand(roll: Roll, brand: Brand) -> tuple[Cell, ...]:
    place = {"city": brand.city, "place": str(brand.place)}
    short = f"{brand.features[:SHORT]}……" if len(brand.features) > SHORT else brand.features
    late = ("是" if brand.late else "否") if brand.filing.campaign_then else "—"
    numbers = _numbers([brand], place)
    said = words(brand.filing), windows.moment(brand.filing.begun_then), late
    return roll.names[brand.city], brand.name, short, *numbers, *said


def _missing(roll: Roll, city: str) -> tuple[Cell, ...]:
    """Return the line of a city without a brand: a zero report, or nothing at all."""
    none = ("", "", 0, 0, 0, 0)
    if city in roll.nothing:
        return roll.names[city], *none, "零报送", "", ""
    late = ("是" if roll.is_overdue(city) else "否") if roll.task else "—"
    return roll.names[city], *none, "未报送", "", late


def _sum(brands: list[Brand], name: str, said: str, place: dict[str, str], style: str) -> Line:
    return Line(("", name, said, "", *_numbers(brands, place), "", "", ""), style)


def _numbers(brands: Iterable[Brand], place: dict[str, str]) -> Iterator[Number]:
    """Yield the numbers of a line: brands, pictures, videos, articles."""
    for column in ("brands", "pictures", "videos", "articles"):
        yield Number.of(sum(brand.amount(column) for brand in brands), {**place, "column": column})


def _summary(roll: Roll) -> Iterator[Line]:
    """Yield how many cities reported and what; cities without a filing have no list behind them."""
    if not roll.asked.is_below_a_city:
        arrived, silent = len(roll.arrived), len(roll.nothing)
        yield Line(("应报送的市", len(roll.expected)))
        yield Line(("已报送的市", Number.of(arrived, {"column": "cities"})))
        yield Line(("零报送的市", Number.of(silent, {"column": "nothing"})))
        yield Line(("未报送的市（含未到达省级）", len(roll.expected) - arrived - silent))
    for column, label in SUMMED.items():
        yield Line((label, Number.of(sum(b.amount(column) for b in roll.brands), {"column": column})))
