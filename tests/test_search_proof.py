"""The search over a crowd of entries: it finds what a plain scan finds, and asks the index for it."""

import re

import pytest
from django.db import connection

from portal import browse, search
from portal.models import CatalogueEntry
from tests.crowding import MANY, crowd

pytestmark = pytest.mark.django_db

QUERIES = {
    1: ["筝", "市", "a", "2", "%", "_", "。", "龘"],
    2: ["风筝", "品牌", "0%", "a_", "kg", "市演", "筝风"],
    3: ["木版年", "cra", "a_b", "100", "筝扎风"],
    8: ["潍坊木版年画制作", "专项职业能力品牌", "演示数据。风筝扎", "craft坊12", "年画木版制作潍坊"],
}


@pytest.fixture(scope="module")
def texts(django_db_setup, django_db_blocker):
    """Give id → text of the entries of this module."""
    with django_db_blocker.unblock(), crowd() as found:
        yield found


def matching(q: str):
    return CatalogueEntry.objects.filter(search.holding(browse.search_words(q)))


def found(q: str) -> set[int]:
    return set(matching(q).values_list("pk", flat=True))


def scanned(texts: dict[int, str], q: str) -> set[int]:
    """Return what a plain scan for every word finds."""
    words = browse.search_words(q)
    return {pk for pk, text in texts.items() if all(word in text for word in words)}


def test_there_are_as_many_entries_as_said(texts):
    assert (len(texts), CatalogueEntry.objects.count()) == (MANY, MANY)


@pytest.mark.parametrize("q", [pytest.param(q, id=f"{n}-{q}") for n, all_q in QUERIES.items() for q in all_q])
def test_a_word_finds_what_a_plain_scan_finds(texts, q):
    assert found(q) == scanned(texts, q)


@pytest.mark.parametrize(
    "q",
    [
        "潍坊 风筝",
        "筝 craft",
        "济南市 剪纸 100%",
        "ＣＲＡＦＴ　坊",
        "市 品 a 2 。 演",
        "风筝 龘",
        "潍坊木版年画制作 带动就业 " + "风筝" * 40,
    ],
)
def test_several_words_find_what_holds_them_all(texts, q):
    assert found(q) == scanned(texts, q)


@pytest.mark.parametrize("q", ["龘", "风龘", "画制筝", "craft坊996"])
def test_the_plan_of_a_search_asks_the_index_and_reads_no_whole_table(texts, q):
    plan = matching(q).explain()

    asked = {"sqlite": "portal_entrygrams VIRTUAL TABLE INDEX", "postgresql": "portal_entrygrams_gin"}
    assert asked[connection.vendor] in plan
    assert re.findall(r"SCAN portal_catalogueentry|Seq Scan on portal_catalogueentry", plan) == []
