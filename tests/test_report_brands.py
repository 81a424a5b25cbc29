"""R1: every skill brand as it stood at a cut-off, city by city (鲁人社字〔2024〕95号 附件)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from portal import catalogue, drafts, reports
from portal.models import Filing, Organisation, Region
from portal.vocabulary import BrandLevel, State
from tests import timelines
from tests.campaigning import answer, campaign, nothing
from tests.copies import multiply
from tests.factories import (
    COMMENT,
    KUIWEN,
    WEIFANG,
    act,
    approver,
    draft,
    entry,
    filer,
    filing,
    publish,
    publisher,
    reviewer,
    submitted,
)
from tests.rolling import asked, numbers, queries, sent, tables, unequal, whole

pytestmark = pytest.mark.django_db
KIND, SLUG, JINAN, QINGDAO, YANTAI = "skill-brands", "brands", "3701", "3702", "3706"
LIST, SUMS = "品牌情况", "分市小计"
GIVEN = timezone.localdate() - timedelta(days=3)
PROJECT = "演示剪纸制作"
ADVANTAGE = (
    "演示数据。以剪纸技艺为特色，地域标记鲜明。\n"
    "演示数据。从业人员稳定，技能领头人带徒授艺。\n"
    "演示数据。产品形成完整链条，带动就近就业，经济效益和社会效益较好。"
)
NONE = (0,) * 10


@dataclass
class History:
    """What happened: the brands by a letter, the cut-off between early and late acts, the names of then."""

    brands: dict[str, Filing]
    early: datetime
    before: list
    late: datetime


def begin() -> dict[str, Filing]:
    """Walk nine brands to as many places; a tenth is never sent, and 青岛 has none."""
    batch = campaign("演示首批", places=[WEIFANG, JINAN, QINGDAO])
    nothing(batch, QINGDAO, State.APPROVED)
    found = {
        "review": answer(batch, State.PROVINCE_REVIEW, name="潍坊剪纸甲（演示）"),
        "published": publish(answer(batch, State.APPROVED, name="潍坊剪纸乙（演示）"), on=GIVEN).filing,
        "approved": answer(batch, State.APPROVED, place=JINAN, name="济南剪纸丙（演示）"),
        "returned": answer(batch, State.RETURNED, place=JINAN, name="济南剪纸丁（演示）"),
        "left": publish(
            answer(batch, State.APPROVED, place=JINAN, name="济南剪纸戊（演示）"), on=GIVEN
        ).filing,
    }
    batch.closed_at = timezone.now()
    batch.save()
    timelines.left(found["left"].entry, timezone.localdate())
    found["county"] = submitted(KIND, place=KUIWEN, name="奎文剪纸（演示）")
    found["withdrawn"] = act(
        submitted(KIND, place=KUIWEN, name="奎文扎染剪纸（演示）"), "withdraw", filer(KUIWEN)
    )
    found["cancelled"] = act(filing(KIND, State.RETURNED, name="潍坊剪纸己（演示）"), "cancel", filer())
    found["rejected"] = filing(KIND, State.REJECTED, name="潍坊剪纸庚（演示）")
    draft(KIND, name="潍坊剪纸草稿（演示）")
    return found


def go_on(brands: dict[str, Filing]) -> None:
    """Do what changes every column and every source a report could wrongly read."""
    returned = act(brands["review"], "return", reviewer("37"), comment=COMMENT)
    changed = {"name": "潍坊剪纸甲改名（演示）", "advantage_people": "演示数据。已补充统计时间。"}
    drafts.save(returned, by=filer(), revision=returned.revision, values=changed)
    act(returned, "submit", filer())
    catalogue.promote(
        brands["published"].entry,
        by=publisher(),
        level=BrandLevel.PROVINCIAL,
        document_number="演示文〔2024〕7号",
        on=GIVEN,
    )
    timelines.amended(brands["published"].entry, timezone.localdate(), name="潍坊剪纸乙更名（演示）")
    changed = catalogue.amend(brands["published"].amendments.get().entry, by=filer())
    act(changed, "submit", filer())  # not published: no brand of its own
    publish(brands["approved"], on=GIVEN)
    again = act(brands["returned"], "submit", filer(JINAN))
    act(again, "endorse", reviewer(JINAN))
    timelines.reinstated(brands["left"].entry, timezone.localdate())
    act(brands["county"], "return", reviewer(), comment=COMMENT)
    act(brands["withdrawn"], "submit", filer(KUIWEN))
    act(brands["cancelled"], "reopen", filer())
    act(brands["rejected"], "reopen", approver(), comment=COMMENT)
    rename()


def rename() -> None:
    """Give a city, its bureau and the batch other names."""
    region, bureau = Region.objects.get(pk=WEIFANG), Organisation.objects.filter(region=WEIFANG).first()
    region.name, bureau.name = "潍坊市（演示更名）", "演示更名的单位"
    region.save()
    bureau.save()
    batch = Filing.objects.filter(campaign__name="演示首批").first().campaign
    batch.name = "演示首批（更名）"
    batch.save()


@pytest.fixture(scope="module")
def history(for_the_module) -> History:
    brands = begin()
    early = timezone.now()
    before = whole(asked(SLUG, early))
    go_on(brands)
    return History(brands, early, before, timezone.now())


def line(number: int, city: str, name: str, batch: str, first: str, state: str, again: str = "") -> tuple:
    return (number, city, name, PROJECT, "无", ADVANTAGE, batch, first, again, state)


def test_each_brand_is_listed_as_it_was_at_the_cut_off(history):
    b = history.brands
    batch, rolling = "演示首批", "日常报送"
    exited = "已退出（自愿退出，演示文〔2024〕8号）"
    in_force = "已公布（市级，演示文〔2024〕1号）"

    assert tables(asked(SLUG, history.early))[LIST] == [
        line(1, "济南市", "济南剪纸丙（演示）", batch, sent(b["approved"]), "审核通过"),
        line(2, "济南市", "济南剪纸丁（演示）", batch, sent(b["returned"]), "退回修改"),
        line(3, "济南市", "济南剪纸戊（演示）", batch, sent(b["left"]), exited),
        line(4, "潍坊市", "潍坊剪纸甲（演示）", batch, sent(b["review"]), "待省级审核"),
        line(5, "潍坊市", "潍坊剪纸乙（演示）", batch, sent(b["published"]), in_force),
        line(6, "潍坊市", "潍坊剪纸己（演示）", rolling, sent(b["cancelled"]), "已作废"),
        line(7, "潍坊市", "潍坊剪纸庚（演示）", rolling, sent(b["rejected"]), "不予通过"),
        line(8, "潍坊市", "奎文剪纸（演示）", rolling, sent(b["county"]), "待市级审核"),
        line(9, "潍坊市", "奎文扎染剪纸（演示）", rolling, sent(b["withdrawn"]), "已撤回"),
    ]


def test_the_cities_are_counted_by_state(history):
    found = {row[0]: row[1:] for row in tables(asked(SLUG, history.early))[SUMS]}

    assert len(found) == 17
    # in review, returned, withdrawn, approved, published, left, rejected, cancelled, provincial, all
    assert found.pop("济南市") == (0, 1, 0, 1, 0, 1, 0, 0, 0, 3)
    assert found.pop("潍坊市") == (2, 0, 1, 0, 1, 0, 1, 1, 0, 6)
    assert found.pop("合计") == (2, 1, 1, 1, 1, 1, 1, 1, 0, 9)
    assert set(found.values()) == {NONE}


def test_later_acts_leave_the_report_of_an_earlier_cut_off_as_it_was(history):
    assert whole(asked(SLUG, history.early)) == history.before


def test_the_same_brands_stand_elsewhere_at_a_later_cut_off(history):
    b, city = history.brands, "潍坊市（演示更名）"
    found = tables(asked(SLUG, history.late))[LIST]

    assert [(row[1], row[2], row[6], row[7], row[9]) for row in found] == [
        (
            "济南市",
            "济南剪纸丙（演示）",
            "演示首批（更名）",
            sent(b["approved"]),
            "已公布（市级，演示文〔2024〕1号）",
        ),
        ("济南市", "济南剪纸丁（演示）", "演示首批（更名）", sent(b["returned"]), "待省级审核"),
        (
            "济南市",
            "济南剪纸戊（演示）",
            "演示首批（更名）",
            sent(b["left"]),
            "已公布（市级，演示文〔2024〕8号）",
        ),
        (city, "潍坊剪纸甲改名（演示）", "演示首批（更名）", sent(b["review"]), "待市级审核"),
        (
            city,
            "潍坊剪纸乙更名（演示）",
            "演示首批（更名）",
            sent(b["published"]),
            "已公布（省级，演示文〔2024〕8号）",
        ),
        (city, "潍坊剪纸己（演示）", "日常报送", sent(b["cancelled"]), "已撤回"),
        (city, "潍坊剪纸庚（演示）", "日常报送", sent(b["rejected"]), "待省级审核"),
        (city, "奎文剪纸（演示）", "日常报送", sent(b["county"]), "退回修改"),
        (city, "奎文扎染剪纸（演示）", "日常报送", sent(b["withdrawn"]), "待市级审核"),
    ]
    assert found[3][5].splitlines()[1] == "演示数据。已补充统计时间。"
    assert [row[8] for row in found[1:4]] == [
        sent(b["returned"], 2),
        sent(b["left"].amendments.get()),
        sent(b["review"], 2),
    ]


def test_a_promotion_shows_the_document_that_conferred_the_level(for_the_module):
    brand = entry(KIND, place=JINAN, name="济南剪纸辛（演示）", on=GIVEN)
    before = timezone.now()
    number = "演示文〔2024〕7号"
    catalogue.promote(brand, by=publisher(), level=BrandLevel.PROVINCIAL, document_number=number, on=GIVEN)

    assert tables(asked(SLUG, before, JINAN))[LIST][-1][-1] == "已公布（市级，演示文〔2024〕1号）"
    assert tables(asked(SLUG, None, JINAN))[LIST][-1][-1] == "已公布（省级，演示文〔2024〕7号）"


@pytest.mark.parametrize("when", ["early", "late"])
@pytest.mark.parametrize("region", ["37", WEIFANG, KUIWEN])
def test_behind_each_number_are_the_brands_it_counts(history, when, region):
    question = asked(SLUG, getattr(history, when), region)

    assert unequal(question) == []
    assert [n for n in numbers(reports.content(question)) if n.value and not n.cell] == []


def test_behind_a_number_are_those_very_brands(history):
    question, b = asked(SLUG, history.early), history.brands
    behind = reports.behind(question, "city=3707&state=review")

    assert behind.title == "潍坊市 在审 专项职业能力品牌"
    assert set(behind.filings.values_list("pk", flat=True)) == {b["review"].pk, b["county"].pk}


def test_a_city_and_a_county_get_their_part(history):
    city, county = (tables(asked(SLUG, history.early, region)) for region in (WEIFANG, KUIWEN))

    assert [row[2] for row in county[LIST]] == ["奎文剪纸（演示）", "奎文扎染剪纸（演示）"]
    assert len(city[LIST]) == 6
    assert [row[0] for row in city[SUMS]] == [row[0] for row in county[SUMS]] == ["潍坊市", "合计"]
    assert county[SUMS][0][1:] == (1, 0, 1, 0, 0, 0, 0, 0, 0, 2)


def names(history: History, **filters: str) -> list[str]:
    return [row[2].removesuffix("（演示）") for row in tables(asked(SLUG, history.early, **filters))[LIST]]


def test_the_filters_narrow_the_list_and_the_sums_alike(history):
    batch = str(history.brands["review"].campaign_id)

    assert names(history, state="review") == ["潍坊剪纸甲", "奎文剪纸"]
    assert names(history, campaign="rolling", state="withdrawn") == ["奎文扎染剪纸"]
    assert names(history, campaign=batch, state="left") == ["济南剪纸戊"]
    assert names(history, level="municipal") == ["济南剪纸戊", "潍坊剪纸乙"]
    assert names(history, level="provincial") == []
    assert tables(asked(SLUG, history.early, campaign=batch))[SUMS][-1] == (
        "合计",
        1,
        1,
        0,
        1,
        1,
        1,
        0,
        0,
        0,
        5,
    )
    assert unequal(asked(SLUG, history.early, campaign=batch)) == []


def test_the_batch_is_called_as_it_was_then(history):
    batch = str(history.brands["review"].campaign_id)

    assert reports.in_words(asked(SLUG, history.early, campaign=batch))[1] == ("批次", "演示首批")
    assert reports.in_words(asked(SLUG, history.late, campaign=batch))[1] == ("批次", "演示首批（更名）")


@pytest.mark.parametrize(
    "cell", ["city=9999", "state=odd", "level=odd&state=all", "column=all", "city=3707", ""]
)
def test_a_cell_there_is_not_is_unknown(history, cell):
    with pytest.raises(reports.Unknown):
        reports.behind(asked(SLUG, history.early), cell)


def test_the_number_of_queries_does_not_depend_on_the_number_of_brands(history):
    first = submitted(KIND, place=YANTAI, name="烟台剪纸（演示）")
    one = queries(asked(SLUG, None, YANTAI))
    multiply(first, 2)
    three = queries(asked(SLUG, None, YANTAI))
    multiply(first, 60)

    assert one == three == queries(asked(SLUG, None, YANTAI))
    assert len(tables(asked(SLUG, None, YANTAI))[LIST]) == 63
