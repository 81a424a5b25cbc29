"""R5: how far the targets of the notices were at an instant, whatever happened since."""

from dataclasses import dataclass
from datetime import date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import catalogue, drafts, progress, reports
from portal.models import CatalogueEntry, Filing, PolicyTarget, Region
from portal.vocabulary import BrandLevel, ExitReason, State
from tests import copies
from tests.factories import (
    COMMENT,
    DOCUMENT,
    KUIWEN,
    WEIFANG,
    act,
    approved,
    approver,
    entry,
    filer,
    filing,
    publish,
    publisher,
    reviewer,
)
from tests.rolling import asked, numbers, tables, unequal
from workforce import key_brands
from workforce.models import KeyBrand

pytestmark = pytest.mark.django_db
SLUG, JINAN, JINAN_COUNTY, WEICHENG = "targets", "3701", "370102", "370702"
EARLY, MIDDLE = date(2024, 5, 1), date(2024, 8, 1)
OVERVIEW, PLAIN, OTHERS = "目标", "全省目标分市", "每市、每县和单位的目标分市"
EXCEPTIONS, SENTENCES = "没有达到和超出的", "依据原文"
PROVINCIAL, KEY, UNITS = "省级专项职业能力品牌", "市级劳务品牌建设重点", "劳务品牌建设单位年培训人数"
COVERAGE, PAIRS = "县（市、区）项目制培训", "同一考核项目的考核机构"
RETURN = "project-training-returns"


@dataclass(frozen=True)
class History:
    """What stood at the cut-off, by what it is called in the tests."""

    cutoff: datetime
    entries: dict[str, CatalogueEntry]
    county: Filing
    city: Filing
    year_before: Filing


def training(name: str, held: str = "2024年6月", **changes) -> dict:
    plain = {"project_name": name, "target_scope": "登记失业人员", "trainee_count": 20, "remark": ""}
    return {**plain, "held_text": held, **changes}


def returned(*rows: dict, place: str, year: int = 2024) -> Filing:
    return filing(
        RETURN, State.APPROVED, place=place, year=year, explanation="演示说明", training_rows=list(rows)
    )


def unit(name: str, place: str, trained: int, used: int, exported: int) -> CatalogueEntry:
    figures = {"trained_count": trained, "self_used_count": used, "exported_count": exported}
    facts = {"annual_performances": [{"year": 2024, **figures}], "explanation": "演示说明", "brand": None}
    return publish(approved("building-units", place=place, name=name, **facts))


def brand(name: str, place: str, workers: int, level: str = "") -> CatalogueEntry:
    facts = {"name": name, "name_region": "演示", "worker_count": workers}
    return entry("labour-brands", place=place, level=level, on=EARLY, **facts)


def institution(name: str) -> CatalogueEntry:
    rows = [{"project": "演示剪纸制作", "region": "潍坊市"}]
    return publish(
        approved("exam-institutions", name=name, authorizations=rows, explanation="演示说明"), on=EARLY
    )


@pytest.fixture(scope="module")
def history(for_the_module) -> History:
    """Walk what the notices count in two cities, up to the cut-off."""
    high = BrandLevel.PROVINCIAL
    entries = {
        "municipal": entry("skill-brands", name="潍坊甲品牌（演示）", on=EARLY),
        "provincial": entry("skill-brands", name="潍坊乙品牌（演示）", level=high, on=EARLY),
        "jinan": entry("skill-brands", place=JINAN, name="济南丙品牌（演示）", level=high, on=EARLY),
        "labour": brand("演示家政", WEIFANG, 1200),
        "labour high": brand("演示月嫂", WEIFANG, 800, high),
        "labour jinan": brand("演示面点", JINAN, 500),
        "training": entry("city-training-brands", place=JINAN),
        "unit": unit("演示甲公司", KUIWEN, 500, 0, 500),
        "unit below": unit("演示乙公司", JINAN_COUNTY, 400, 0, 499),
        "school": institution("演示学校"),
    }
    key_brands.designate(entries["labour"], year=2024, by=reviewer(), document_number=DOCUMENT)
    county = returned(training("家政（演示）"), place=KUIWEN)
    city = returned(
        training("电焊（演示）", organizer_region=WEICHENG), training("市直班（演示）"), place=WEIFANG
    )
    year_before = returned(training("家政（演示）", "2023年6月"), place="370703", year=2023)
    return History(timezone.now(), entries, county, city, year_before)


def overview(question) -> dict[str, tuple]:
    """Return target → year, number, what it is held against, and how it stands."""
    return {line[1]: (line[3], line[4], line[6], line[8]) for line in tables(question)[OVERVIEW]}


def test_the_targets_stand_as_counted_by_hand(history):
    past, short = "期限已过，未达到", "尚未达到"

    assert overview(asked(SLUG, history.cutoff)) == {
        PROVINCIAL: (None, 2, "", past),
        "省级特色劳务品牌": (None, 1, "", past),
        "市级特色劳务品牌": (None, 2, "", past),
        "特色劳务品牌带动技能就业": (None, 2500, "", past),
        "公布专项职业能力考核项目": (None, 1, "", past),
        KEY: (2024, 1, "16 个市中 0 个达到", short),
        "“领航型”职业技能培训品牌": (None, 1, "16 个市中 1 个达到", short),
        UNITS: (2024, 1, "共 2 家单位", short),
        "劳务品牌建设单位年自用或输出人数": (2024, 1, "共 2 家单位", short),
        COVERAGE: (2024, 2, "共 136 个县（市、区）", past),
        PAIRS: (None, 1, "共 1 组（市与项目）", "没有超出"),
    }


def test_a_target_says_what_is_asked_by_when_and_where_it_is_written(history):
    report = tables(asked(SLUG, history.cutoff))

    line = report[OVERVIEW][0]
    assert (line[0], line[2], line[5], line[7], line[9]) == (
        1,
        "不少于 10 个",
        "个",
        date(2025, 12, 31),
        "鲁人社字〔2024〕95号 一",
    )
    sentences = PolicyTarget.objects.values_list("label", "document_number", "clause", "sentence")
    assert report[SENTENCES] == list(sentences)


def test_the_cities_stand_beside_each_other(history):
    report = tables(asked(SLUG, history.cutoff))

    assert len(report[PLAIN]) == 17
    assert [line for line in report[PLAIN] if any(line[1:])] == [
        ("济南市", 1, 0, 1, 500, 0),
        ("潍坊市", 1, 1, 1, 2000, 1),
        ("合计", 2, 1, 2, 2500, 1),
    ]
    assert [line[:5] for line in report[OTHERS] if line[3] or line[2] == "小计"] == [
        (KEY, 2024, "潍坊市", 1, None),
        (KEY, 2024, "小计", 1, None),
        ("“领航型”职业技能培训品牌", None, "济南市", 1, None),
        ("“领航型”职业技能培训品牌", None, "小计", 1, None),
        (UNITS, 2024, "潍坊市", 1, 1),
        (UNITS, 2024, "小计", 1, 2),
        ("劳务品牌建设单位年自用或输出人数", 2024, "潍坊市", 1, 1),
        ("劳务品牌建设单位年自用或输出人数", 2024, "小计", 1, 2),
        (COVERAGE, 2024, "潍坊市", 2, 12),
        (COVERAGE, 2024, "小计", 2, 136),
        (PAIRS, None, "潍坊市", 1, 1),
        (PAIRS, None, "小计", 1, 1),
    ]


def test_the_counties_without_a_class_are_listed(history):
    lines = tables(asked(SLUG, history.cutoff))[EXCEPTIONS]

    assert len(lines) == 134
    weifang = [line[2] for line in lines if line[1] == "潍坊市"]
    places = Region.objects.filter(parent=WEIFANG, level="county").exclude(pk__in=[KUIWEN, WEICHENG])
    assert weifang == list(places.order_by("code").values_list("name", flat=True))


@pytest.mark.parametrize("region", ["37", WEIFANG, KUIWEN, "3702"])
def test_every_number_is_what_is_behind_it(history, region):
    assert unequal(asked(SLUG, history.cutoff, region)) == []


def test_a_city_and_a_county_read_their_own_part(history):
    city, county = (overview(asked(SLUG, history.cutoff, region)) for region in (WEIFANG, KUIWEN))

    assert (city[PROVINCIAL], county[PROVINCIAL]) == ((None, 1, "", "—"), (None, 0, "", "—"))
    assert (city[KEY], county[KEY]) == (
        (2024, 1, "1 个市中 0 个达到", "尚未达到"),
        (2024, 0, "", "—"),
    )
    assert (city[UNITS], county[UNITS]) == ((2024, 1, "共 1 家单位", "已达到"),) * 2
    assert (city[COVERAGE], county[COVERAGE]) == (
        (2024, 2, "共 12 个县（市、区）", "期限已过，未达到"),
        (2024, 1, "共 1 个县（市、区）", "已达到"),
    )
    assert (city[PAIRS], PAIRS in county) == ((None, 1, "共 1 组（市与项目）", "没有超出"), False)


def test_a_county_is_covered_by_the_row_that_its_city_sent(history):
    question = asked(SLUG, history.cutoff, WEICHENG)

    opened = [n for n in numbers(reports.content(question)) if n.cell.get("target") == "county-trainings"]

    assert overview(question)[COVERAGE] == (2024, 1, "共 1 个县（市、区）", "已达到")
    assert opened == []  # the county does not read its city's return
    behind = reports.behind(question, "target=county-trainings")
    assert list(behind.filings.values_list("pk", flat=True)) == [history.city.pk]


def test_another_year_can_be_asked_for(history):
    choices = reports.get(SLUG).filters[0].choices(asked(SLUG, history.cutoff))

    shown = overview(asked(SLUG, history.cutoff, year="2024"))

    assert choices == {"": "各目标最近的年度", "2024": "2024年", "2023": "2023年"}
    assert (shown[KEY][:2], shown[PROVINCIAL][:2]) == ((2024, 1), (None, 2))


def test_now_is_what_the_pages_show(history):
    for root in ("37", WEIFANG):
        now, today = timezone.now(), timezone.localdate()

        pages = progress.overview(today, public=False, root=root)
        known = progress.overview(today, public=False, root=root, at=now)

        own = [
            one for one in pages if root == "37" or one.target.slug in ("unit-trained", "county-trainings")
        ]
        told = {one.target.slug: one for one in known}
        assert [_told(one) for one in own] == [_told(told[one.target.slug]) for one in own]


def _told(one: progress.Progress) -> tuple:
    behind = set(one.count.behind.values_list("pk", flat=True))
    return one.target.slug, one.year, one.number, one.of, one.places, one.word, behind, one.count.lines


def test_an_unknown_number_is_refused(history):
    question = asked(SLUG, history.cutoff)

    for address in ("target=nothing", "target=unit-trained&place=99", "target=unit-trained&more=1", ""):
        with pytest.raises(reports.Unknown):
            reports.behind(question, address)


def amended(of: CatalogueEntry, **changes) -> None:
    """Amend an entry and publish it, back-dated, in place of the old one."""
    who, city = filer(of.region_id), of.region_id[:4]
    record = catalogue.amend(of, by=who)
    record = drafts.save(record.record, by=who, revision=record.revision, values=changes)
    for action, by in (("submit", who), ("endorse", reviewer(city)), ("approve", approver())):
        record = act(record, action, by)
    publish(record, on=MIDDLE)


def left(of: CatalogueEntry) -> None:
    """Let an entry exit, back-dated where it can be."""
    facts = {"reason": ExitReason.VOLUNTARY, "document_number": DOCUMENT}
    catalogue.exit(of, by=publisher(), on=max(MIDDLE, of.valid_from), **facts)


def rewritten(record: Filing, year: int, *rows: dict) -> None:
    """Take back the approval of a county's return, send it back, and let other rows be approved."""
    for action in ("reopen", "return"):
        record = act(record, action, reviewer(), comment=COMMENT)
    who = filer(record.region_id)
    told = {"training_rows": list(rows)}
    record = drafts.save(record, by=who, revision=record.revision, values={"year": year}, rows=told)
    for action, by in (("submit", who), ("approve", reviewer())):
        record = act(record, action, by)


def changed(model, pk: str, **facts) -> None:
    """Change a row of the reference data as the administration does."""
    row = model.objects.get(pk=pk)
    for name, value in facts.items():
        setattr(row, name, value)
    row.save()


def later_acts(history: History) -> None:
    """Do everything that changes what the pages show."""
    of = history.entries
    amended(of["labour high"], worker_count=9000)
    promoted = {"level": BrandLevel.PROVINCIAL, "document_number": DOCUMENT, "on": MIDDLE}
    catalogue.promote(of["municipal"], by=publisher(), **promoted)
    for name in ("jinan", "labour jinan", "unit below", "training"):
        left(of[name])
    entry("exam-projects", name="演示风筝制作", on=EARLY)
    institution("演示第二学校")
    (key,) = KeyBrand.objects.all()
    key_brands.withdraw(key, by=reviewer(), reason="演示理由")
    rewritten(history.county, 2023, training("改写（演示）", "2023年6月"))
    rewritten(history.year_before, 2024, training("改写（演示）"))
    changed(PolicyTarget, "provincial-skill-brands", number=2, label="演示改名", sentence="演示改写。")
    changed(PolicyTarget, "unit-trained", number=600)
    changed(PolicyTarget, "institutions-per-project", number=1)
    changed(PolicyTarget, "key-labour-brands", order=1)
    changed(Region, WEIFANG, name="演示改名市")
    changed(Region, WEICHENG, name="演示改名区", valid_to=date(2024, 1, 1))


def test_the_same_cut_off_gives_the_same_after_every_later_act(history):
    questions = [asked(SLUG, history.cutoff, region) for region in ("37", WEIFANG, KUIWEN, WEICHENG)]
    before = [tables(question) for question in questions]

    later_acts(history)

    assert [tables(question) for question in questions] == before
    assert unequal(questions[0]) == []
    now = overview(asked(SLUG, timezone.now()))
    assert (now["演示改名"], now[KEY][1], now[UNITS][1:3]) == (
        (None, 2, "", "已达到"),
        0,
        (0, "共 1 家单位"),
    )
    assert (now["特色劳务品牌带动技能就业"][1], now[COVERAGE][1:3]) == (
        10200,
        (1, "共 135 个县（市、区）"),
    )
    assert unequal(asked(SLUG, timezone.now())) == []


def test_a_return_that_was_updated_since_counts_as_it_was(history):
    before = tables(asked(SLUG, history.cutoff))

    update = drafts.update(history.city, by=filer())
    places = Region.objects.filter(pk__in=["370703", "370704"])
    rows = [training("月嫂（演示）", organizer_region=place) for place in places]
    drafts.save(update.record, by=filer(), revision=update.revision, values={}, rows={"training_rows": rows})
    for action, who in (("submit", filer()), ("endorse", reviewer()), ("approve", approver())):
        update = act(update, action, who)

    assert tables(asked(SLUG, history.cutoff)) == before
    assert overview(asked(SLUG))[COVERAGE][:2] == (2024, 3)


def test_the_report_costs_the_same_queries_at_any_size(history):
    costs = []
    for more in (0, 2, 40):
        for name in ("provincial", "labour", "unit", "training"):
            copies.multiply_entry(history.entries[name], more)
        copies.multiply(history.county.record, more, [{"region_id": WEICHENG}] * more)
        with CaptureQueriesContext(connection) as queries:
            tables(asked(SLUG))
        costs.append(len(queries))

    assert costs == [costs[0]] * 3
