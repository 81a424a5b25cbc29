"""R4: units by type, their year against 500 + 500, brands, workers against 200,000 (鲁就办〔2021〕22号)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import catalogue, reports
from portal.models import CatalogueEntry, PolicyTarget
from portal.vocabulary import BrandLevel
from tests.copies import multiply_entry
from tests.factories import (
    DOCUMENT,
    KUIWEN,
    WEIFANG,
    act,
    approver,
    entry,
    filer,
    publish,
    publisher,
    reviewer,
)
from tests.public import leave
from tests.rolling import asked, tables, unequal
from workforce import key_brands
from workforce.models.labour import TRAINED, UNIT_TYPES

pytestmark = pytest.mark.django_db
SLUG, JINAN = "labour-brands", "3701"
TYPES, YEARLY, UNITS, BRANDS, NAMED = "建设单位", "年度达标情况", "单位年度数据", "劳务品牌", "劳务品牌名单"
AGENCY, LEADING = "hr_agency", "leading_enterprise"


def year(trained: int, used: int, exported: int, of: int = 2024) -> dict:
    figures = {"trained_count": trained, "self_used_count": used, "exported_count": exported}
    return {"year": of, "certificate_count": None, **figures}


def unit(name: str, kind: str, *years: dict, place: str = WEIFANG) -> CatalogueEntry:
    told = {"unit_type": kind, "annual_performances": list(years), "explanation": "演示说明", "brand": None}
    return entry("building-units", place=place, name=name, **told)


def brand(name: str, workers: int, level: str = "", place: str = WEIFANG) -> CatalogueEntry:
    return entry(
        "labour-brands", place=place, name=name, name_region="演示", worker_count=workers, level=level
    )


def amended(old: CatalogueEntry, **changes) -> CatalogueEntry:
    """Amend a brand, let it pass all desks and publish it in place of the old one."""
    record = catalogue.amend(old, by=filer(old.region_id))
    record.worker_count = changes["worker_count"]
    record.save(update_fields=["worker_count"])
    for action, who in (("submit", filer()), ("endorse", reviewer()), ("approve", approver())):
        record = act(record, action, who)
    return publish(record)


def history() -> dict[str, CatalogueEntry]:
    """Publish three units and three brands in two cities, one of them a 建设重点, and let a fourth leave."""
    found = {
        "甲": unit("演示甲公司", LEADING, year(620, 200, 500), year(900, 1, 1, of=2023)),
        "乙": unit("演示乙公司", AGENCY, year(499, 300, 200), place=KUIWEN),
        "丙": unit("演示丙公司", AGENCY, year(700, 700, 0, of=2023), place=JINAN),
        "家政": brand("演示家政", 1200),
        "月嫂": brand("演示月嫂", 800, BrandLevel.PROVINCIAL),
        "电焊": brand("演示电焊", 300, place=JINAN),
    }
    leave(unit("演示丁公司", AGENCY, year(5000, 5000, 0)))
    leave(brand("演示柳编", 9000))
    key_brands.designate(found["家政"], year=2024, by=reviewer())
    return found


def nonzero(lines: list[tuple]) -> list[tuple]:
    return [line for line in lines if any(line[1:])]


def test_units_are_counted_by_city_and_type():
    history()

    found = nonzero(tables(asked(SLUG))[TYPES])

    places = {code: place for place, (code, _) in enumerate(UNIT_TYPES, 1)}
    weifang, jinan, total = (dict(enumerate(line)) for line in found[1::-1] + found[2:])
    assert (weifang[0], weifang[places[LEADING]], weifang[places[AGENCY]], weifang[8]) == ("潍坊市", 1, 1, 2)
    assert (jinan[0], jinan[places[LEADING]], jinan[places[AGENCY]], jinan[8]) == ("济南市", 0, 1, 1)
    assert (total[0], total[places[LEADING]], total[places[AGENCY]], total[8]) == ("合计", 1, 2, 3)
    assert len(tables(asked(SLUG))[TYPES]) == 17


def test_a_unit_reaches_its_year_with_500_trained_and_500_placed():
    entries = history()
    codes = {name: one.code for name, one in entries.items()}

    found = tables(asked(SLUG, year="2024"))

    assert found[UNITS] == [
        ("济南市", codes["丙"], "演示丙公司", "人力资源服务机构", None, None, None, None, "未报"),
        ("济南市小计", None, None, None, 0, 0, 0, 0, None),
        ("潍坊市", codes["甲"], "演示甲公司", "龙头企业", 620, 200, 500, 700, "是"),
        ("潍坊市", codes["乙"], "演示乙公司", "人力资源服务机构", 499, 300, 200, 500, "否"),
        ("潍坊市小计", None, None, None, 1119, 500, 700, 1200, None),
        ("合计", None, None, None, 1119, 500, 700, 1200, None),
    ]
    assert nonzero(found[YEARLY]) == [
        ("济南市", 1, 0, 0, 0, 0, 0, 0, 0, 0),
        ("潍坊市", 2, 2, 1119, 500, 700, 1200, 1, 2, 1),
        ("合计", 3, 2, 1119, 500, 700, 1200, 1, 2, 1),
    ]


def test_brands_are_counted_by_level_with_their_workers_against_the_target():
    entries = history()
    codes = {name: one.code for name, one in entries.items()}

    found = tables(asked(SLUG, year="2024"))

    assert nonzero(found[BRANDS]) == [
        ("济南市", 0, 1, 1, 300, 0),
        ("潍坊市", 1, 1, 2, 2000, 1),
        ("合计", 1, 2, 3, 2300, 1),
        ("全省目标", None, None, None, 200_000, None),
        ("尚差", None, None, None, 197_700, None),
    ]
    assert found[NAMED] == [
        ("济南市", codes["电焊"], "演示电焊", "高品质服务型", "市级", 300, ""),
        ("潍坊市", codes["家政"], "演示家政", "高品质服务型", "市级", 1200, "2024年"),
        ("潍坊市", codes["月嫂"], "演示月嫂", "高品质服务型", "省级", 800, ""),
    ]


def test_every_number_is_what_is_behind_it():
    history()

    assert unequal(asked(SLUG, year="2024")) == []
    assert unequal(asked(SLUG, region=WEIFANG, year="2023")) == []


def test_the_same_cut_off_gives_the_same_after_every_later_act():
    entries, at = history(), timezone.now()
    before = tables(asked(SLUG, at, year="2024"))

    amended(entries["家政"], worker_count=5000)
    leave(entries["甲"])
    catalogue.promote(
        entries["电焊"],
        by=publisher(),
        level=BrandLevel.PROVINCIAL,
        document_number=DOCUMENT,
        on=entries["电焊"].valid_from,
    )
    key = key_brands.KeyBrand.objects.get(code=entries["家政"].code)
    key_brands.withdraw(key, by=reviewer(), reason="演示理由")
    target = PolicyTarget.objects.get(pk=TRAINED)
    target.number = 400
    target.save()
    brand("演示新品牌", 7)

    assert tables(asked(SLUG, at, year="2024")) == before
    assert unequal(asked(SLUG, at, year="2024")) == []
    now = tables(asked(SLUG, year="2024"))
    assert [line[-1] for line in now[UNITS] if line[2] == "演示乙公司"] == ["是"]
    assert nonzero(now[BRANDS])[2] == ("合计", 2, 2, 4, 5000 + 800 + 300 + 7, 0)


def test_a_county_gets_its_own_units():
    history()

    found = tables(asked(SLUG, region=KUIWEN, year="2024"))

    assert [line[0] for line in found[TYPES]] == ["潍坊市"]
    assert [line[2] for line in found[UNITS]] == ["演示乙公司", None, None]
    assert [line[0] for line in found[BRANDS]] == ["潍坊市"]


def test_the_years_are_those_reported_the_last_whole_one_first():
    history()

    choices = reports.get(SLUG).filters[0].choices(asked(SLUG))

    assert choices == {"2024": "2024年", "2023": "2023年"}


def test_nothing_was_published_yet():
    found = tables(asked(SLUG))

    assert found[UNITS] == [("合计", None, None, None, 0, 0, 0, 0, None)]
    assert found[NAMED] == []
    assert found[BRANDS][-1] == ("尚差", None, None, None, 200_000, None)


def test_the_number_of_queries_does_not_depend_on_the_number_of_units():
    first = unit("演示甲公司", LEADING, year(620, 200, 500))
    few = queries()
    multiply_entry(first, 6)

    assert tables(asked(SLUG))[TYPES][-1][-1] == 7
    assert queries() == few


def queries() -> int:
    question = asked(SLUG, year="2024")
    with CaptureQueriesContext(connection) as captured:
        tables(question)
    return len(captured)
