"""R2: what each city reported on 附件1 with its material, and who did not (鲁人社字〔2021〕32号 二（二）)."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import pytest
from django.utils import timezone

from brands.reports.city_training import OF_THE_CITY, SUMMED
from portal import attachments, campaigns, drafts, reports
from portal.models import Campaign, Filing, Region
from portal.vocabulary import State
from tests import timelines
from tests.campaigning import DAY, answer, campaign, duty, manager, nothing, pass_due
from tests.copies import multiply
from tests.factories import COMMENT, WEIFANG, act, approver, draft, filer, publish, reviewer, road
from tests.films import picture
from tests.rolling import asked, numbers, queries, sent, tables, unequal, whole

pytestmark = pytest.mark.django_db
KIND, SLUG = "city-training-brands", "city-brands"
JINAN, QINGDAO, ZIBO, ZAOZHUANG, DONGYING, YANTAI = (f"370{n}" for n in range(1, 7))
PLACES = [JINAN, QINGDAO, ZIBO, ZAOZHUANG, DONGYING, YANTAI, WEIFANG]
LIST, SUMS = "建设情况", "报送汇总"
NAME, FEATURES = (
    "潍坊风筝扎制培训品牌（演示）",
    "演示数据。依托本地风筝产业，培训与用工衔接，学员结业即可上岗。",
)
LONG = "演示特色" * 20
NOTHING = ("", "", 0, 0, 0, 0)


@dataclass
class History:
    """What happened: the task, the brands by a word, the cut-off between early and late acts."""

    task: Campaign
    brands: dict[str, Filing]
    early: datetime
    before: list
    late: datetime

    def asked(self, when: str = "early", region: str = "37") -> reports.Asked:
        """Return the question for the task of the history."""
        return asked(SLUG, getattr(self, when), region, campaign=str(self.task.pk))


def begin() -> tuple[Campaign, dict[str, Filing]]:
    """Walk the brands of a task that was due yesterday: one too late, one city with more time, one silent."""
    task = campaign("演示一市一品牌", kind=KIND, places=PLACES)
    nothing(task, QINGDAO, State.PROVINCE_REVIEW)
    found = {
        "approved": answer(task, State.APPROVED),
        "second": answer(task, State.PROVINCE_REVIEW, features=LONG),
        "returned": answer(task, State.RETURNED, place=JINAN),
        "on its way": answer(task, State.CITY_REVIEW, place=ZIBO),
        "late": draft(KIND, place=DONGYING),
        "withdrawn": act(answer(task, State.CITY_REVIEW, place=YANTAI), "withdraw", filer(YANTAI)),
    }
    task = pass_due(task)
    for action, by, arguments in road(found["late"], State.PROVINCE_REVIEW):
        act(found["late"], action, by, **arguments)
    campaigns.extend(duty(task, YANTAI), by=manager(), until=timezone.now() + DAY, reason="演示延期。")
    return task, found


def go_on(task: Campaign, brands: dict[str, Filing]) -> None:
    """Send again what was returned with one picture more, publish, change, extend, rename."""
    returned = brands["returned"]
    attachments.add(returned, "pictures", BytesIO(picture("#123456")), "第六张.jpg", by=filer(JINAN))
    for action, by, arguments in road(returned, State.PROVINCE_REVIEW):
        act(returned, action, by, **arguments)
    entry = publish(brands["approved"], on=timezone.localdate())
    timelines.amended(entry, timezone.localdate(), features="演示数据。新的特色。")
    act(brands["second"], "return", reviewer("37"), comment=COMMENT)
    again = Filing.objects.get(pk=brands["second"].pk).record
    drafts.save(again, by=filer(), revision=again.revision, values={"features": "演示数据。又改。"})
    act(brands["on its way"], "endorse", reviewer(ZIBO))
    act(brands["on its way"], "approve", approver())
    act(brands["withdrawn"], "submit", filer(YANTAI))
    campaigns.extend(duty(task, ZAOZHUANG), by=manager(), until=timezone.now() + DAY, reason="演示延期。")
    act(Filing.objects.get(campaign=task, is_nothing=True), "return", reviewer("37"), comment=COMMENT)
    region = Region.objects.get(pk=JINAN)
    region.name = "济南市（演示更名）"
    region.save()
    task.name = "演示一市一品牌（更名）"
    task.save()


@pytest.fixture(scope="module")
def history(for_the_module) -> History:
    task, brands = begin()
    found = History(task, brands, timezone.now(), [], timezone.now())
    found.before = whole(found.asked())
    go_on(task, brands)
    found.late = timezone.now()
    return found


def test_each_city_of_the_task_has_its_lines(history):
    b = history.brands

    assert tables(history.asked())[LIST] == [
        (1, "济南市", NAME, FEATURES, 1, 5, 1, 1, "退回修改", sent(b["returned"]), "否"),
        (2, "青岛市", *NOTHING, "零报送", "", ""),
        (3, "淄博市", NAME, FEATURES, 1, 5, 1, 1, "待市级审核", sent(b["on its way"]), "否"),
        (4, "枣庄市", *NOTHING, "未报送", "", "是"),
        (5, "东营市", NAME, FEATURES, 1, 5, 1, 1, "待省级审核", sent(b["late"]), "是"),
        (6, "烟台市", *NOTHING, "未报送", "", "否"),
        (7, "潍坊市", NAME, FEATURES, 1, 5, 1, 1, "审核通过", sent(b["approved"]), "否"),
        (8, "潍坊市", f"{NAME}2", LONG[:60] + "……", 1, 5, 1, 1, "待省级审核", sent(b["second"]), "否"),
        ("", "潍坊市小计", "", "", 2, 10, 2, 2, "", "", ""),
        ("", "合计", "已报送 2 / 7 市", "", 5, 25, 5, 5, "", "", ""),
    ]


def test_the_cities_that_reported_and_their_material_are_summed(history):
    assert tables(history.asked())[SUMS] == [
        ("应报送的市", 7),
        ("已报送的市", 2),
        ("零报送的市", 1),
        ("未报送的市（含未到达省级）", 4),
        ("品牌（个）", 5),
        ("其中：逾期报送", 1),
        ("图片（张）", 25),
        ("视频（个）", 5),
        ("宣传稿件（篇）", 5),
    ]


def test_later_acts_leave_the_report_of_an_earlier_cut_off_as_it_was(history):
    assert whole(history.asked()) == history.before


def test_a_later_cut_off_shows_the_files_and_texts_sent_since(history):
    b = history.brands
    found = tables(history.asked("late"))[LIST]
    published = "已公布（演示文〔2024〕8号）"

    assert found == [
        (
            1,
            "济南市（演示更名）",
            NAME,
            FEATURES,
            1,
            6,
            1,
            1,
            "待省级审核",
            sent(b["returned"]),
            "否",
        ),
        (2, "青岛市", *NOTHING, "未报送", "", "是"),
        (3, "淄博市", NAME, FEATURES, 1, 5, 1, 1, "审核通过", sent(b["on its way"]), "否"),
        (4, "枣庄市", *NOTHING, "未报送", "", "否"),
        (5, "东营市", NAME, FEATURES, 1, 5, 1, 1, "待省级审核", sent(b["late"]), "是"),
        (6, "烟台市", NAME, FEATURES, 1, 5, 1, 1, "待市级审核", sent(b["withdrawn"]), "否"),
        (7, "潍坊市", NAME, "演示数据。新的特色。", 1, 5, 1, 1, published, sent(b["approved"]), "否"),
        (8, "潍坊市", f"{NAME}2", LONG[:60] + "……", 1, 5, 1, 1, "退回修改", sent(b["second"]), "否"),
        ("", "潍坊市小计", "", "", 2, 10, 2, 2, "", "", ""),
        ("", "合计", "已报送 4 / 7 市", "", 6, 31, 6, 6, "", "", ""),
    ]


def test_without_a_task_all_sixteen_cities_are_named(history):
    found = tables(asked(SLUG, history.early))

    missing = [(row[1], row[-1]) for row in found[LIST] if row[8] == "未报送"]
    assert len(missing) == 11
    assert {late for _, late in missing} == {"—"}
    assert found[LIST][-1][2] == "已报送 2 / 16 市"


def test_a_year_takes_what_was_first_sent_in_it(history):
    year = str(timezone.localdate().year)

    assert reports.in_words(asked(SLUG, history.early, year=year))[1] == ("报送年度", f"{year}年")
    assert tables(asked(SLUG, history.early, year=year)) == tables(asked(SLUG, history.early))
    with pytest.raises(reports.Unknown):
        asked(SLUG, history.early, year="1999")


@pytest.mark.parametrize("when", ["early", "late"])
@pytest.mark.parametrize("region", ["37", WEIFANG, "370705"])
def test_behind_each_number_are_the_filings_it_counts(history, when, region):
    question = history.asked(when, region)

    assert unequal(question) == []
    assert [n for n in numbers(reports.content(question)) if n.value and not n.cell] == []


def test_behind_the_pictures_of_a_line_is_its_brand(history):
    behind = reports.behind(history.asked("late"), "city=3701&place=1&column=pictures")

    assert (behind.title, behind.amount) == ("济南市（演示更名） “一市一品牌”图片", "图片（张）")
    assert behind.amounts == {history.brands["returned"].pk: 6}
    assert [filing.pk for filing in behind.filings] == [history.brands["returned"].pk]


def test_a_city_and_a_county_get_their_part(history):
    assert [row[1] for row in tables(history.asked(region=WEIFANG))[LIST]] == [
        "潍坊市",
        "潍坊市",
        "潍坊市小计",
        "合计",
    ]
    assert tables(history.asked(region=ZAOZHUANG))[LIST][-1][2] == "已报送 0 / 1 市"


def test_a_county_is_not_told_that_its_city_sent_nothing(history):
    question = history.asked(region="370705")
    found = reports.content(question)

    assert tables(question) == {
        LIST: [("", "合计", "", "", 0, 0, 0, 0, "", "", "")],
        SUMS: [(word, 0) for word in SUMMED.values()],
    }
    assert [table.notes[0] for table in found.tables] == [OF_THE_CITY, OF_THE_CITY]


CELLS = ["column=odd", "column=brands&city=9999", "column=brands&city=3707&place=9", "city=3707", "odd=1", ""]


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_there_is_not_is_unknown(history, cell):
    with pytest.raises(reports.Unknown):
        reports.behind(history.asked(), cell)


def test_the_number_of_queries_does_not_depend_on_the_number_of_brands(history):
    first, one = Filing.objects.get(pk=history.brands["late"].pk).record, queries(asked(SLUG, None, DONGYING))
    multiply(first, 2)
    three = queries(asked(SLUG, None, DONGYING))
    multiply(first, 30)

    assert one == three == queries(asked(SLUG, None, DONGYING))
    assert tables(asked(SLUG, None, DONGYING))[LIST][-1][4] == 33
