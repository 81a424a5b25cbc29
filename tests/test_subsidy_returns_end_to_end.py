"""补贴标准评估: the form with its two kinds of files, and the cities that report nothing, late, or later."""

import re

import pytest
from django.utils import timezone

from portal import registry
from portal.examples import FILES
from portal.models import Filing, Message
from portal.vocabulary import State
from tests import campaigning, packing, walking
from tests.campaigning import DAY
from tests.factories import PROVINCE, WEIFANG, approver, filer, reviewer

pytestmark = pytest.mark.django_db(transaction=True)
TYPE = registry.get("subsidy-reviews")
NAME, TITLE = "2024年补贴标准评估材料（演示）", "2024年补贴标准评估材料"
WORD_MISSING = "请同时上传Word版（.doc/.docx）材料（鲁人社字〔2021〕32号 二（五））。"
QINGDAO, YANTAI, JINING, LINYI = "3702", "3706", "3708", "3713"
CELLS = [
    {"category": "创业培训（演示）", "level": "四级", "old_amount": "500", "new_amount": "600"},
    {"category": "就业技能培训（演示）", "level": "", "old_amount": "8", "new_amount": "１０", "cap": "500"},
]


@pytest.fixture
def offices(chromium, live_server):
    """Give the browsers of several people; scripts that fail, fail the test."""
    yield from walking.offices(chromium, live_server)


def fill_in(page) -> None:
    """Fill in the form with two adjusted standards."""
    page.get_by_label("年度").fill("2024")
    page.get_by_label("评估论证日期").fill("2024-03-20")
    for heard in ("相关部门", "机构", "行业专家", "参训人员"):
        page.get_by_role("checkbox", name=heard, exact=True).check()
    page.locator("[name=summary]").fill("召开座谈会并发放问卷，按工种成本测算（演示）。")
    page.get_by_role("button", name="再加一行").click()
    for number, cells in enumerate(CELLS):
        same = {"effective_on": "2024-05-01", "basis_document_number": "演示发〔2024〕1号"}
        for name, words in {**cells, **same}.items():
            page.locator(f"[name=items-{number}-{name}]").fill(words)
        unit = ["per_person", "per_hour"][number]
        page.locator(f"[name=items-{number}-unit][value={unit}]").check()


def add(page, slot: str, name: str) -> None:
    """Add one file to a slot."""
    page.locator(f"#file-{slot}").set_input_files(FILES / name)
    page.locator(f"#slot-{slot} .files li").wait_for()


def test_a_review_with_its_files_reaches_the_province(offices):
    campaign = campaigning.campaign(NAME, kind=TYPE.slug)

    page = offices.of(filer())
    walking.begin(page, NAME)
    fill_in(page)
    page.get_by_role("button", name="暂存并去上传").click()
    add(page, "scan", "scan.pdf")
    walking.check(page)
    refused = page.locator("main ol li").all_inner_texts()
    page.get_by_role("link", name=WORD_MISSING).click()
    add(page, "word", "notice.docx")
    walking.check(page)
    walking.confirm(page)
    walking.decide(offices.of(reviewer()), TITLE, "审核上报")
    walking.decide(offices.of(approver()), TITLE, "审核通过")

    record = Filing.objects.get()
    items = record.record.items.order_by("pk").values_list("category", "old_amount", "new_amount", "cap")
    files = packing.opened(walking.package_of(offices.of(reviewer(PROVINCE)), campaign, WEIFANG))
    assert refused == [WORD_MISSING]
    assert (record.campaign, record.state, walking.history(record)) == (
        campaign,
        State.APPROVED,
        ["submit", "endorse", "approve"],
    )
    assert list(items) == [("创业培训（演示）", 500, 600, None), ("就业技能培训（演示）", 8, 10, 500)]
    assert list(files) == [
        *packing.PAPERS,
        f"附件/01 {TITLE}/评估情况和调整文件/scan.pdf",
        f"附件/01 {TITLE}/Word版材料/notice.docx",
        "回执.txt",
    ]
    assert packing.listed(files["回执.txt"]) == packing.digests(files)


def test_one_city_reports_nothing_one_is_late_one_has_more_time_and_two_are_reminded(offices):
    places = [QINGDAO, YANTAI, WEIFANG, JINING, LINYI]
    campaign = campaigning.campaign(NAME, kind=TYPE.slug, places=places)
    late, extended = (campaigning.answer(campaign, State.DRAFT, place=place) for place in (QINGDAO, JINING))
    owing = [filer(WEIFANG), filer(LINYI)]

    report_nothing(offices, campaign)
    campaign = campaigning.pass_due(campaign)
    extend(offices.of(reviewer(PROVINCE)), campaign, JINING)
    for record, place in ((late, QINGDAO), (extended, JINING)):
        send(offices, record, place)
    page = offices.of(reviewer(PROVINCE))
    states = walking.board(page, campaign)
    rates = walking.figures(page)
    page.get_by_role("button", name=re.compile("^催报已选")).click()
    page.get_by_text("已催报 2 个单位：潍坊市、临沂市。消息已送到各单位填报岗位。").wait_for()

    assert states == {
        "青岛市": "逾期上报",
        "烟台市": "零报送",
        "潍坊市": "未报",
        "济宁市": "已报",
        "临沂市": "未报",
    }
    assert rates == [
        ("应报", "5 个市"),
        ("已报", "3 / 5 市"),
        ("报送率", "60% 3 / 5 市"),
        ("按时数", "2 / 5 市"),
        ("按时率", "40% 2 / 5 市"),
    ]
    reminded = Message.objects.filter(text__startswith="催报：").order_by("pk")
    assert [message.user for message in reminded] == owing
    assert inbox(offices, LINYI).startswith(
        f"未读 催报：“{NAME}”（{campaign.document_number}）已超过截止时间"
    )


def report_nothing(offices, campaign) -> None:
    """Let 烟台 report nothing on its page and its reviewer send that on."""
    page = offices.of(filer(YANTAI))
    page.locator("article", has_text=NAME).get_by_role("link", name=NAME).click()
    page.get_by_role("link", name="零报送").click()
    page.get_by_label("没有内容要报的原因").fill("本市维持现行标准（演示）。")
    page.get_by_role("checkbox", name="经核实").check()
    page.get_by_role("button", name="提交零报送").click()
    page.get_by_text("零报送已提交").wait_for()
    walking.decide(offices.of(reviewer(YANTAI)), f"零报送：{campaign}", "审核上报")


def extend(page, campaign, place: str) -> None:
    """Give a bureau two days more, from its line on the board."""
    page.goto(f"/desk/campaigns/{campaign.pk}/")
    page.locator(f"a[href='/desk/duties/{campaigning.duty(campaign, place).pk}/extend/']").click()
    page.get_by_label("延至").fill(f"{timezone.localdate() + 2 * DAY}")
    page.get_by_label("原因").fill("评估论证会改期（演示）。")
    page.get_by_role("button", name="批准延期").click()
    page.get_by_text("济宁市人力资源和社会保障局已延至").wait_for()


def send(offices, record: Filing, place: str) -> None:
    """Submit a draft from its page and let the city's reviewer send it on."""
    page = offices.of(filer(place))
    page.goto(f"/desk/filings/{record.pk}/check/")
    walking.confirm(page)
    walking.decide(offices.of(reviewer(place)), record.title, "审核上报")


def inbox(offices, place: str) -> str:
    """Return the newest message of a bureau's filer as its page shows it."""
    page = offices.of(filer(place))
    page.goto("/desk/messages/")
    return page.locator("ol.told li p").first.inner_text()
