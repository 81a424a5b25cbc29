"""A crowd of entries straight into the tables, for what only numbers can prove; gone by rollback.

Twenty thousand in the usual run, a hundred thousand in a whole one.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from django.db import connection, transaction

from portal import search, text
from portal.models import CatalogueEntry, Filing, Region
from portal.vocabulary import Level
from tests import factories
from tests.sizes import size

MANY = size(20_000, 100_000)
CRAFTS = [
    "风筝扎制",
    "剪纸",
    "木版年画",
    "鲁绣",
    "陶瓷烧制",
    "琉璃",
    "草编",
    "柳编",
    "面塑",
    "花饽饽",
    "煎饼",
    "辣子鸡",
    "扒鸡",
    "羊汤",
    "阿胶",
    "大蒜种植",
    "生姜",
    "苹果",
    "樱桃",
    "茶叶",
    "海参",
    "牡丹",
    "玫瑰",
    "桃木雕刻",
    "砚台",
    "锡雕",
    "葫芦雕刻",
    "核雕",
    "泥塑",
    "皮影",
    "蓝印花布",
    "土布织造",
    "家政",
    "护理",
    "月嫂",
    "厨师",
    "电工",
    "焊工",
    "电商",
    "直播",
    "无人机",
    "物流",
]
ENDS = [
    "品牌",
    "专项职业能力品牌",
    "制作",
    "制作技艺",
    "师傅",
    "培训项目",
    "有限公司",
    "Craft坊",
    "㎏计重",
    "2024",
]
SAYINGS = [
    "带动就业",
    "传统技艺",
    "地方特色",
    "结业考核",
    "从业人员",
    "乡村振兴",
    "订单培训",
    "校企合作",
    "产业链",
    "100%",
    "A_B",
    "50%以上",
]
WORDS = [*CRAFTS, *SAYINGS]
KINDS = ["skill-brands", "building-units", "labour-brands", "handicraft-projects", "exam-projects"]
_FILINGS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
    "INSERT INTO portal_filing ({names}) SELECT {names} FROM portal_filing, n WHERE id = %s",
    "postgresql": "INSERT INTO portal_filing ({names}) SELECT {names} FROM generate_series(1, %s), "
    "portal_filing WHERE id = %s",
}
_COPY = {
    "portal_catalogueentry": "id filing_id kind code title region_id level document_number publisher "
    "valid_from published_at published_by_id exit_reason exit_document_number search_text name_key facets",
    "portal_entrygrams": "entry_id grams",
}


@contextmanager
def crowd(number: int = MANY) -> Iterator[dict[int, str]]:
    """Hold ``number`` entries in a transaction that is rolled back, and give id → ``search_text``."""
    with transaction.atomic():
        texts = _entered(_filed(number))
        _analyse()
        connection.check_constraints()  # once; else PostgreSQL checks all of them after every test
        yield texts
        transaction.set_rollback(True)


def _analyse() -> None:
    """Let PostgreSQL know how large the tables are: its plans for foreign keys may be those of empty ones."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE portal_filing, portal_catalogueentry")


def _filed(number: int) -> list[int]:
    """Return the ids of copies of one draft without a name, made by the database itself."""
    draft = factories.draft("exam-projects")
    Filing.objects.filter(pk=draft.pk).update(title="", holds_name=False)
    names = ", ".join(f.column for f in Filing._meta.local_concrete_fields if not f.primary_key)
    with connection.cursor() as cursor:
        cursor.execute(_FILINGS[connection.vendor].format(names=names), [number, draft.pk])
    return list(Filing.objects.filter(pk__gt=draft.pk).order_by("pk").values_list("pk", flat=True))


def _entered(filings: list[int]) -> dict[int, str]:
    dice, by = random.Random(37), factories.publisher()
    cities = list(Region.objects.filter(level=Level.CITY).order_by("code").values_list("code", "name"))
    entries = [_entry(number, filing, dice, cities, by.pk) for number, filing in enumerate(filings, 1)]
    if connection.vendor == "postgresql":
        _copy(entries)
    else:
        CatalogueEntry.objects.bulk_create(entries, batch_size=500)
        search.index((e.pk, e.kind, e.name_key, e.search_text) for e in entries)
    return {entry.pk: entry.search_text for entry in entries}


def _entry(number: int, filing: int, dice: random.Random, cities: list, by: int) -> CatalogueEntry:
    code, city = dice.choice(cities)
    title = f"{city[:2]}{dice.choice(CRAFTS)}{dice.choice(ENDS)}{number % 997}"
    said = "，".join(dice.sample(WORDS, 3))
    return CatalogueEntry(
        id=filing,
        filing_id=filing,
        kind=KINDS[number % len(KINDS)],
        code=f"ZZ-{code}-{number:06d}",
        title=title,
        region_id=code,
        document_number=factories.DOCUMENT,
        publisher="演示发布机构",
        valid_from=date(2024, 1, 1) + timedelta(days=number % 700),
        published_by_id=by,
        search_text=text.fold(f"{title}\n{city}\n演示数据。{said}。"),
        name_key=text.key(title),
    )


def _copy(entries: list[CatalogueEntry]) -> None:
    """Copy the rows in; the index over the keys is made afterwards, which is several times quicker."""
    names = _COPY["portal_catalogueentry"].split()
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'portal_entrygrams_gin'")
        (definition,) = cursor.fetchone()
        cursor.execute("DROP INDEX portal_entrygrams_gin")
        _copy_rows(cursor, "portal_catalogueentry", ([getattr(e, name) for name in names] for e in entries))
        keys = ([e.pk, sorted(search.keys_of(e.kind, e.name_key, e.search_text))] for e in entries)
        _copy_rows(cursor, "portal_entrygrams", keys)
        cursor.execute(definition)
        cursor.execute("ANALYZE portal_entrygrams, portal_catalogueentry")


def _copy_rows(cursor, table: str, rows) -> None:
    columns = ", ".join(_COPY[table].split())
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
