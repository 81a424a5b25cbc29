"""R1 专项职业能力品牌情况汇总表: every brand that was submitted, and how many of each city stand where.

鲁人社字〔2024〕95号 附件.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from django.db.models import QuerySet

from brands.models.skill import ANNEX, SkillBrand
from brands.reports.standings import GROUP_OF, GROUPS, in_order, of_city, words
from portal import rollups, snapshot
from portal.models import Filing
from portal.reports import (
    NUMBER,
    TOTAL,
    Asked,
    Behind,
    Column,
    Content,
    Filter,
    Line,
    Number,
    Table,
    Unknown,
    reported,
)
from portal.vocabulary import BrandLevel
from portal.windows import moment

KIND, TITLE = "skill-brands", "专项职业能力品牌情况汇总表"
ROLLING, ROLLING_WORDS = "rolling", "日常报送"  # 及时报送新增 (鲁人社字〔2024〕95号 三（二）)
COLUMNS = (
    Column("序号", NUMBER, 4),
    Column("市", width=6),
    Column("品牌项目名称", width=8),
    Column("专项职业能力考核项目", width=7),
    Column("专项职业能力考核机构", width=8),
    Column("品牌优势", width=20),
    Column("批次", width=6),
    Column("报送时间", width=9),
    Column("最近报送", width=9),
    Column("状态", width=9),
)
NOTES = (
    "“专项职业能力考核机构”暂无的为“无”（鲁人社字〔2024〕95号 附件备注2）。",
    "批次为首次报送时所属的报送任务，没有任务的为日常报送；“最近报送”只在再次报送过时填写。",
    "内容以统计截止时最近一次报送的为准；已公布品牌的变更在公布以前不另列，公布后以新的内容列出。",
)
PROVINCIAL, OF_PROVINCE = "其中：省级", "“其中：省级”为已公布的省级品牌。"
ALL, KIND_WORDS = "all", "专项职业能力品牌"


def _states(asked: Asked) -> dict[str, str]:
    return {"": "全部"} | {group: word for group, (word, _) in GROUPS.items()}


def _batches(asked: Asked) -> dict[str, str]:
    return {"": "全部", ROLLING: ROLLING_WORDS} | rollups.campaigns_at(asked.cutoff, KIND)


def _levels(asked: Asked) -> dict[str, str]:
    return {"": "全部"} | {value: str(word) for value, word in BrandLevel.choices}


def _brands(asked: Asked) -> QuerySet:
    """Return the brands that were asked for."""
    state, batch, level = (asked.filters.get(name, "") for name in ("state", "campaign", "level"))
    found = rollups.things_at(asked.cutoff, asked.region, KIND)
    if state:
        found = found.filter(standing_then__in=GROUPS[state][1])
    if level:
        found = found.filter(level_then=level)
    if batch:
        found = found.filter(campaign_then=None if batch == ROLLING else int(batch))
    return found


def _behind(asked: Asked, cell: Mapping[str, str]) -> Behind:
    """Return the brands of a city, in a state, of a level, as the cell names them."""
    city, state, level = (cell.get(name, "") for name in ("city", "state", "level"))
    names = rollups.city_names(asked.cutoff)
    known = city in ("", *names) and state in (ALL, *GROUPS) and level in ("", *BrandLevel.values)
    if not known or set(cell) - {"city", "state", "level"}:
        raise Unknown(str(dict(cell))[:80])
    found = _brands(asked)
    found = of_city(found, city) if city else found
    found = found if state == ALL else found.filter(standing_then__in=GROUPS[state][1])
    found = found.filter(level_then=level) if level else found
    said = (
        names.get(city, ""),
        _states(asked).get(state, ""),
        _levels(asked)[level] if level else "",
        KIND_WORDS,
    )
    title = " ".join(part for part in said if part)
    return Behind(title, Filing.objects.filter(pk__in=found.order_by().values("pk")))


@reported(
    "brands",
    code="R1",
    title=TITLE,
    basis=ANNEX,
    behind=_behind,
    filters=(
        Filter("state", "状态", _states),
        Filter("campaign", "批次", _batches),
        Filter("level", "级别", _levels),
    ),
)
def brands(asked: Asked) -> Content:
    """Return the list of the brands and the numbers of each city."""
    numbers = (Column(word, NUMBER, 5) for word, _ in GROUPS.values())
    by_city = (Column("市", width=7), *numbers, Column(PROVINCIAL, NUMBER, 6), Column("合计", NUMBER, 5))
    return Content(
        f"“鲁滋鲁味·鲁艺鲁品”{TITLE}",
        (
            Table("品牌情况", COLUMNS, lambda: _lines(asked), NOTES, is_long=True),
            Table("分市小计", by_city, lambda: _sums(asked), (OF_PROVINCE,), drawn=len(by_city) - 1),
        ),
    )


def _lines(asked: Asked) -> Iterator[Line]:
    cities, batches = rollups.city_names(asked.cutoff), rollups.campaigns_at(asked.cutoff, KIND)
    found = rollups.with_snapshots(in_order(_brands(asked)))
    for number, (brand, taken) in enumerate(found, 1):
        batch = batches.get(str(brand.campaign_then), ROLLING_WORDS)
        yield Line((number, cities[brand.region_id[:4]], *_text(taken), batch, *_times(brand), words(brand)))


def _text(taken: dict) -> tuple[str, str, str, str]:
    """Return what the annex asks for, in its words: name, exam projects, institutions, advantage."""
    said = {item["name"]: item["text"] for part in taken["sections"] for item in part["fields"]}
    advantage = snapshot.rebuilt(SkillBrand.record_type, taken).advantage
    return taken["title"], said["exam_projects"], said["institutions"], advantage


def _times(brand: Filing) -> tuple[str, str]:
    first, latest = moment(brand.begun_then), moment(brand.submitted_then)
    return first, "" if brand.submitted_then == brand.begun_then else latest


def _sums(asked: Asked) -> Iterator[Line]:
    """Yield a line per city and the sum of all; the province's own bureau has one when it filed."""
    counts: Counter[tuple[str, str]] = Counter()
    facts = _brands(asked).order_by().values_list("region_id", "standing_then", "level_then")
    for region, standing, level in facts:
        group = GROUP_OF[standing]
        columns = [group, ""] + (["provincial"] if (group, level) == ("published", "provincial") else [])
        counts.update((city, column) for city in (region[:4], "") for column in columns)
    names = rollups.city_names(asked.cutoff)
    held = {place.code for place in rollups.cities_at(asked.cutoff, asked.region)}
    for city in sorted(held | {city for city, _ in counts if city}):
        yield Line((names[city], *_numbers(counts, city)))
    yield Line(("合计", *_numbers(counts, "")), TOTAL)


def _numbers(counts: Counter, city: str) -> Iterator[Number]:
    place = {"city": city} if city else {}
    for group in GROUPS:
        yield Number.of(counts[city, group], {**place, "state": group})
    yield Number.of(counts[city, "provincial"], {**place, "state": "published", "level": "provincial"})
    yield Number.of(counts[city, ""], {**place, "state": ALL})
