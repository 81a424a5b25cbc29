"""R7: standards a city adjusted, and the cities that reported none (鲁人社字〔2021〕32号 二（五）)."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import drafts, reports
from portal.models import Filing
from portal.vocabulary import State
from tests import campaigning
from tests.factories import COMMENT, WEIFANG, act, approver, filer, filing, reviewer
from tests.rolling import asked, tables, unequal
from workforce.reports.subsidies import OF_THE_CITY

pytestmark = pytest.mark.django_db
SLUG, KIND, JINAN, QINGDAO, YANTAI = "subsidies", "subsidy-reviews", "3701", "3702", "3706"
STANDARDS, CITIES = "补贴标准", "分市情况"
DOCUMENT = "演示发〔2024〕1号"


def item(category: str, old: str | None, new: str, **changes) -> dict:
    plain = {"category": category, "level": "", "old_amount": old, "new_amount": new, "unit": "per_person"}
    facts = {"cap": None, "effective_on": "2024-05-01", "basis_document_number": DOCUMENT}
    return {**plain, **facts, **changes}


def review(place: str, *items: dict, year: int = 2024, state: str = State.APPROVED) -> Filing:
    facts = {"year": year, "evaluated_on": f"{year}-03-20", "items": list(items), "explanation": "演示说明"}
    return filing(KIND, state, place=place, **facts)


def history() -> Filing:
    """Walk two cities' reviews of 2024, one of the year before and one that waits; return that of 潍坊."""
    review(JINAN, item("创业培训（演示）", "600", "550", level="四级"), item("创业培训（演示）", None, "300"))
    review(QINGDAO, year=2024)
    review(YANTAI, item("焊工（演示）", "1", "2"), state=State.PROVINCE_REVIEW)
    review(WEIFANG, item("焊工（演示）", "700", "800", effective_on="2023-05-01"), year=2023)
    hourly = item("就业技能（演示）", "8", "10.5", unit="per_hour", cap="500")
    return review(WEIFANG, item("焊工（演示）", "800", "800"), hourly)


def test_each_standard_stands_with_what_it_was_and_since_when():
    history()

    found = tables(asked(SLUG))

    since, before = date(2024, 5, 1), "元/人"
    assert found[STANDARDS] == [
        ("济南市", "创业培训（演示）", "", before, "", "300", "新设", "", since, DOCUMENT, 2024),
        ("济南市", "创业培训（演示）", "四级", before, "600", "550", "-50", "", since, DOCUMENT, 2024),
        ("潍坊市", "就业技能（演示）", "", "元/课时·人", "8", "10.5", "+2.5", "500", since, DOCUMENT, 2024),
        ("潍坊市", "焊工（演示）", "", before, "800", "800", "0", "", since, DOCUMENT, 2024),
    ]


def test_every_city_is_listed_with_what_it_adjusted_or_that_it_did_not_report():
    history()

    found = tables(asked(SLUG))[CITIES]

    on = date(2024, 3, 20)
    assert found[:2] == [
        ("济南市", "已报送", 1, on, 2, 0, 1, 0, 1),
        ("青岛市", "已报送", 1, on, 0, 0, 0, 0, 0),
    ]
    assert [line for line in found if line[0] == "潍坊市"] == [("潍坊市", "已报送", 1, on, 2, 1, 0, 1, 0)]
    assert [line[1:4] for line in found if line[0] == "烟台市"] == [("未报送", 0, None)]
    assert found[-1] == ("合计", "3/16", 3, None, 4, 1, 1, 1, 1)
    assert len(found) == 17


def test_every_number_is_what_is_behind_it():
    history()

    assert unequal(asked(SLUG)) == []
    assert unequal(asked(SLUG, year="")) == []


def test_years_can_be_asked_for_one_by_one_and_together():
    history()

    assert reports.get(SLUG).filters[0].choices(asked(SLUG)) == {
        "2024": "2024年",
        "2023": "2023年",
        "": "全部年度",
    }
    assert [line[4:7] for line in tables(asked(SLUG, year="2023"))[STANDARDS]] == [("700", "800", "+100")]
    weifang = [line for line in tables(asked(SLUG, year=""))[CITIES] if line[0] == "潍坊市"]
    assert weifang == [("潍坊市", "已报送", 2, date(2024, 3, 20), 3, 2, 0, 1, 0)]


def test_the_same_cut_off_gives_the_same_after_every_later_act():
    weifang, at = history(), timezone.now()
    before = tables(asked(SLUG, at))

    record = act(weifang, "reopen", approver(), comment=COMMENT)
    record = act(record, "return", reviewer("37"), comment=COMMENT)
    rows = {"items": [item("新类（演示）", "1", "5", effective_on=date(2024, 6, 1))]}
    record = drafts.save(record, by=filer(), revision=record.revision, values={}, rows=rows)
    for action, who in (("submit", filer()), ("endorse", reviewer()), ("approve", approver())):
        record = act(record, action, who)
    act(Filing.objects.get(kind=KIND, region_id=YANTAI), "approve", approver())

    assert tables(asked(SLUG, at)) == before
    assert unequal(asked(SLUG, at)) == []
    assert tables(asked(SLUG))[CITIES][-1] == ("合计", "4/16", 4, None, 4, 2, 1, 0, 1)


def test_a_zero_report_counts_in_the_year_in_which_its_campaign_is_due():
    task = campaigning.campaign("演示评估任务", kind=KIND)
    year = str(timezone.localdate(task.due_at).year)
    campaigning.nothing(task, JINAN, State.APPROVED)
    review(WEIFANG, item("焊工（演示）", "1", "2"))

    every, of_task = asked(SLUG, year=year), asked(SLUG, year=year, campaign=str(task.pk))

    for found in (tables(every)[CITIES], tables(of_task)[CITIES]):
        assert found[0] == ("济南市", "零报送", 0, None, 0, 0, 0, 0, 0)
        assert found[-1][:2] == ("合计", "1/16")
    assert reports.in_words(of_task) == [("年度", f"{year}年"), ("报送任务", "演示评估任务")]


def test_a_city_gets_its_part():
    history()

    found = tables(asked(SLUG, region=JINAN))

    assert [line[0] for line in found[STANDARDS]] == ["济南市", "济南市"]
    assert [line[:2] for line in found[CITIES]] == [("济南市", "已报送")]


def test_a_county_is_not_told_that_its_city_reported_nothing(client):
    history()
    page = campaigning.get(client, filer("370705"), "report", SLUG)

    assert tables(asked(SLUG, region="370705")) == {STANDARDS: [], CITIES: []}
    assert page.content.decode().count(OF_THE_CITY) == 2


def test_nothing_was_reported_yet():
    found = tables(asked(SLUG))

    assert found[STANDARDS] == []
    assert found[CITIES][-1] == ("合计", "0/16", 0, None, 0, 0, 0, 0, 0)


def test_the_number_of_queries_does_not_depend_on_the_number_of_reviews():
    review(JINAN, item("焊工（演示）", "1", "2"))
    few = queries()
    review(QINGDAO, item("焊工（演示）", "1", "2"))
    review(YANTAI, item("焊工（演示）", "1", "2"))

    assert tables(asked(SLUG))[CITIES][-1][1] == "3/16"
    assert queries() == few


def queries() -> int:
    question = asked(SLUG)
    with CaptureQueriesContext(connection) as captured:
        tables(question)
    return len(captured)
