"""R3: annex 2 of a region with its sums, coverage of the counties, numbers by city (鲁人社字〔2021〕32号)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import drafts, merging, reports
from portal.models import Filing, Region
from portal.vocabulary import Level, State
from tests import campaigning
from tests.copies import multiply
from tests.factories import COMMENT, KUIWEN, WEIFANG, act, approver, draft, filer, filing, reviewer
from tests.rolling import asked, tables, unequal
from workforce.models.project_training import TRAINING_SHEET

pytestmark = pytest.mark.django_db
KIND, JINAN, LIXIA, WEICHENG, HANTING = "project-training-returns", "3701", "370102", "370702", "370703"
SHEET, COVERAGE, CITIES = "统计表", "覆盖情况", "分市情况"


def row(name: str = "家政（演示）", number: int = 20, held: str = "2024年6月", **changes) -> dict:
    plain = {"project_name": name, "target_scope": "登记失业人员", "trainee_count": number}
    return {**plain, "held_text": held, "remark": "", **changes}


def returned(*rows: dict, place: str = KUIWEN, state: str = State.APPROVED, year: int = 2024) -> Filing:
    facts = {"year": year, "explanation": "演示说明", "training_rows": list(rows)}
    return filing(KIND, state, place=place, **facts)


def resubmitted(record: Filing, *rows: dict) -> Filing:
    """Return a return of a city that was taken back, changed and approved anew."""
    record = act(record, "reopen", approver(), comment=COMMENT)
    record = act(record, "return", reviewer("37"), comment=COMMENT)
    by = filer(record.region_id)
    record = drafts.save(
        record, by=by, revision=record.revision, values={}, rows={"training_rows": list(rows)}
    )
    for action, who in (("submit", by), ("endorse", reviewer(record.region_id)), ("approve", approver())):
        record = act(record, action, who)
    return record


def merged(*own: dict) -> Filing:
    """Return the approved return of 潍坊 that took up those of its counties."""
    city = draft(KIND, place=WEIFANG, year=2024, explanation="演示说明", training_rows=list(own))
    city = merging.merge(city, by=filer(), revision=city.revision)
    for action, who in (("submit", filer()), ("endorse", reviewer()), ("approve", approver())):
        city = act(city, action, who)
    return city


def zone_of(city: str) -> Region:
    return Region.objects.filter(parent=city, level=Level.ZONE).order_by("code").first()


def history() -> Filing:
    """Walk a year of two cities and return the return of 济南."""
    returned(row(), row("电焊工（演示）", 30, "2024年12月（计划）"))
    merged(row("市直班（演示）", 50, "2024年5月10日-5月28日"))
    returned(
        row("柳编（演示）", 12), row("柳编（演示）", 8, "2024年3月"), place=WEICHENG
    )  # after the merging
    returned(row("园区班（演示）", 9), place=zone_of(WEIFANG).code)
    returned(row("未审（演示）", 99), place=HANTING, state=State.CITY_REVIEW)
    returned(row("往年（演示）", 77, "2023年6月"), place=HANTING, year=2023)
    return returned(row("月嫂（演示）", 40, organizer_region=LIXIA, remark="一期"), place=JINAN)


def sheet(rows: list[tuple]) -> list[tuple]:
    """Write out the lines of annex 2: 群体范围 is the same in every row of these tests."""
    return [(*line[:3], "登记失业人员", *line[3:]) for line in rows]


def expected() -> list[tuple]:
    zone = zone_of(WEIFANG).name
    return [
        *sheet([("济南市", "历下区", "月嫂（演示）", 40, "2024年6月", "一期")]),
        ("济南市小计", None, None, None, 40, None, None),
        *sheet(
            [
                ("潍坊市", "市直", "市直班（演示）", 50, "2024年5月10日-5月28日", ""),
                ("潍坊市", "潍城区", "柳编（演示）", 8, "2024年3月", ""),
                ("潍坊市", "潍城区", "柳编（演示）", 12, "2024年6月", ""),
                ("潍坊市", "奎文区", "家政（演示）", 20, "2024年6月", ""),
                ("潍坊市", "奎文区", "电焊工（演示）", 30, "2024年12月（计划）", ""),
                ("潍坊市", zone, "园区班（演示）", 9, "2024年6月", ""),
            ]
        ),
        ("潍坊市小计", None, None, None, 129, None, None),
        ("合计", None, None, None, 169, None, None),
    ]


def test_the_sheet_has_the_columns_and_notes_of_annex_2_and_counts_each_training_once():
    history()

    content = reports.content(asked("project-training"))
    first = content.tables[0]

    assert [column.heading for column in first.columns] == [
        "市",
        "组织区县",
        "培训项目名称",
        "群体范围",
        "培训人数",
        "组织时间",
        "备注",
    ]
    assert first.notes[:3] == TRAINING_SHEET.notes
    assert tables(asked("project-training"))[SHEET] == expected()
    assert len(first.lines()) == len(expected())


def test_coverage_names_the_counties_without_a_training_and_sets_zones_apart():
    history()

    found = {line[0]: line for line in tables(asked("project-training"))[COVERAGE]}

    below = Region.objects.filter(parent=WEIFANG).order_by("code")
    counties = [region for region in below if region.level == Level.COUNTY]
    zones = [region for region in below if region.level == Level.ZONE]
    missing = "、".join(region.name for region in counties if region.code not in (KUIWEN, WEICHENG))
    others = "、".join(zone.name for zone in zones[1:])
    all_zones = Region.objects.filter(level=Level.ZONE).count()
    assert found["潍坊市"] == ("潍坊市", len(counties), 2, 2, missing, len(zones), 1, others)
    assert found["合计"] == ("合计", 136, 3, 3, None, all_zones, 1, None)
    assert len(found) == 17


def test_each_city_has_its_numbers_and_each_number_the_returns_it_is_made_of():
    history()

    question = asked("project-training")
    found = [line for line in tables(question)[CITIES] if any(line[1:])]

    assert found == [
        ("济南市", 1, 1, 1, 40, 1, 0, 1),
        ("潍坊市", 3, 6, 5, 129, 5, 1, 2),
        ("合计", 4, 7, 6, 169, 6, 1, 3),
    ]
    assert unequal(question) == []


def test_the_same_cut_off_gives_the_same_after_every_later_act():
    jinan, at = history(), timezone.now()
    before = tables(asked("project-training", at))

    region = Region.objects.get(pk=LIXIA)
    resubmitted(jinan, row("月嫂（演示）", 4000, organizer_region=region), row("新班（演示）", 1))
    city = Filing.objects.get(kind=KIND, region_id=WEIFANG)
    update = drafts.update(city, by=filer())
    rows = [row("市直班（演示）", 5)]
    drafts.save(update.record, by=filer(), revision=update.revision, values={}, rows={"training_rows": rows})
    for action, who in (("submit", filer()), ("endorse", reviewer()), ("approve", approver())):
        act(update, action, who)
    act(Filing.objects.get(region_id=WEICHENG), "reopen", reviewer(), comment=COMMENT)
    act(Filing.objects.get(region_id=HANTING, state=State.CITY_REVIEW), "approve", reviewer())
    region.name = "改名区"
    region.save()

    assert tables(asked("project-training", at)) == before
    assert unequal(asked("project-training", at)) == []
    now = tables(asked("project-training"))
    assert now[SHEET][-1] == ("合计", None, None, None, 4000 + 1 + 5 + 20 + 30 + 9 + 99, None, None)
    assert unequal(asked("project-training")) == []


def test_the_years_are_those_of_the_returns_the_present_one_first_and_all_of_them_at_last():
    history()

    choices = reports.get("project-training").filters[0].choices(asked("project-training"))
    every = tables(asked("project-training", year=""))

    assert choices == {"2024": "2024年", "2023": "2023年", "": "全部年度"}
    assert tables(asked("project-training", year="2023"))[SHEET] == [
        *sheet([("潍坊市", "寒亭区", "往年（演示）", 77, "2023年6月", "")]),
        ("潍坊市小计", None, None, None, 77, None, None),
        ("合计", None, None, None, 77, None, None),
    ]
    assert every[SHEET][-1][4] == 169 + 77
    assert every[CITIES][-1][-1] == 4
    assert unequal(asked("project-training", year="")) == []


def test_a_campaign_narrows_the_sheet_to_the_returns_that_answer_it():
    returned(row(), place=JINAN)
    task = campaigning.campaign("演示统计任务", kind=KIND)
    returned(row("任务内（演示）", 33))
    later = campaigning.campaign("以后的任务（演示）", kind=KIND, opens=5)

    question = asked("project-training", year="2024", campaign=str(task.pk))

    assert tables(question)[SHEET][-1][4] == 33
    assert unequal(question) == []
    assert reports.in_words(question) == [("年度", "2024年"), ("报送任务", "演示统计任务")]
    with pytest.raises(reports.Unknown):
        asked("project-training", campaign=str(later.pk))


def test_a_city_and_a_county_get_their_part():
    history()

    city = tables(asked("project-training", region=WEIFANG))
    county = tables(asked("project-training", region=WEICHENG))

    assert city[SHEET] == [*expected()[2:9], ("合计", None, None, None, 129, None, None)]
    assert [line[0] for line in city[COVERAGE]] == ["潍坊市"]
    assert county[SHEET][-1][4] == 20
    assert county[COVERAGE] == [("潍坊市", 1, 1, 1, "", 0, 0, "")]


def test_nothing_was_reported_yet():
    assert tables(asked("project-training"))[SHEET] == [("合计", None, None, None, 0, None, None)]


@pytest.mark.parametrize(
    "address",
    ["column=pk", "column=rows&city=3799", "column=rows&x=1", "city=3707", "column=rows&city=370705"],
)
def test_a_cell_that_does_not_exist_is_unknown(address):
    with pytest.raises(reports.Unknown):
        reports.behind(asked("project-training"), address)


def test_the_number_of_queries_does_not_depend_on_the_number_of_returns():
    first = returned(row())
    question = asked("project-training")
    few = queries(question)
    others = Region.objects.filter(parent=WEIFANG, level=Level.COUNTY).exclude(pk=KUIWEN)[:5]
    multiply(first, 5, [{"region_id": region.pk, "title": f"2024年 {region}"} for region in others])

    assert len(tables(asked("project-training"))[SHEET]) == 6 + 2
    assert queries(asked("project-training")) == few


def queries(question) -> int:
    with CaptureQueriesContext(connection) as captured:
        tables(question)
    return len(captured)
