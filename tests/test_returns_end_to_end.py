"""项目制培训 from the row of a county to the receipt of the province, in a browser."""

import re

import pytest
from django.utils import timezone

from portal import importing, registry, snapshot
from portal.examples import FILES
from portal.models import Campaign, Filing
from portal.vocabulary import State
from tests import campaigning, made_files, packing, walking
from tests.emptying import empty, load_reference
from tests.factories import PROVINCE, approver, filer, reviewer

pytestmark = pytest.mark.django_db(transaction=True)
RETURN = registry.get("project-training-returns")
JINAN, LIXIA = "3701", "370102"
YEAR = timezone.localdate().year
NAME = f"{YEAR}年项目制培训（演示）"
TITLE = f"{YEAR}年项目制培训情况统计表"
HEADER = ["市", "组织区县", "培训项目名称", "群体范围", "培训人数", "组织时间", "备注"]
COUNTY = [
    ["济南市", "历下区", "家政服务员培训（演示）", "农村转移就业劳动者", "120", f"{YEAR}年1月", ""],
    ["济南市", "历下区", "电焊工培训（演示）", "登记失业人员", "８０", f"{YEAR}年1月上旬", "演示"],
]
OF_THE_COUNTY = [
    ("历下区", "家政服务员培训（演示）", 120, f"{YEAR}年1月"),
    ("历下区", "电焊工培训（演示）", 80, f"{YEAR}年1月上旬"),
]
OF_THE_CITY = ("市直", "养老护理员培训（演示）", 60, f"{YEAR}年1月5日")


@pytest.fixture
def offices(chromium, live_server):
    """Give the browsers of several people; scripts that fail, fail the test."""
    yield from walking.offices(chromium, live_server)


@pytest.fixture
def plain_offices(chromium, live_server):
    """Give browsers that run no scripts."""
    yield from walking.offices(chromium, live_server, scripts=False)


def rows_of(record: Filing) -> list[tuple]:
    rows = record.record.training_rows.select_related("organizer_region")
    return [(str(r.organizer_region or "市直"), r.project_name, r.trainee_count, r.held_text) for r in rows]


def start(page) -> Campaign:
    """Open the campaign as the province does: from today, due in ten days."""
    page.goto("/desk/campaigns/new/")
    today = timezone.localdate()
    page.get_by_label("报送表").select_option(label=RETURN.label)
    page.get_by_label("任务名称").fill(NAME)
    page.get_by_label("依据文号").fill("演示文〔2026〕9号")
    page.get_by_label("开放日期").fill(f"{today}")
    page.get_by_label(re.compile("^[0-9]+　截止日期")).fill(f"{today + timezone.timedelta(days=10)}")
    page.get_by_role("button", name="发起").click()
    page.wait_for_url(re.compile("/desk/campaigns/[0-9]+/$"))
    return Campaign.objects.get(name=NAME)


def sign(page) -> None:
    """Fill in what stands at the foot of the sheet."""
    page.get_by_label("填表人").fill("演示填表人")
    page.get_by_label("联系电话").fill("00000000000")
    page.get_by_label("填表日期").fill(f"{timezone.localdate()}")


def paste(page) -> None:
    """Paste the rows of the county as a spreadsheet copies them, header and 合计 included."""
    block = "\n".join("\t".join(line) for line in [HEADER, *COUNTY, ["合计", "", "", "", "200", "", ""]])
    page.locator("[name=training_rows-0-organizer_region]").evaluate(walking.PASTE, block)
    assert page.locator("[data-portal-grid-sum]").inner_text() == "200"


def type_row(page, number: int, *words: str) -> None:
    """Type a row of the grid; the first word is the organiser as its list shows it."""
    page.locator(f"[name=training_rows-{number}-organizer_region]").select_option(label=words[0])
    for name, value in zip(RETURN.rows["training_rows"][1:], words[1:], strict=False):
        page.locator(f"[name=training_rows-{number}-{name}]").fill(value)


def test_the_trainings_of_a_county_reach_the_province(offices):
    campaign = start(offices.of(reviewer(PROVINCE)))

    page = offices.of(filer(LIXIA))
    walking.begin(page, NAME)
    page.get_by_label("年度").fill(f"{YEAR}")
    paste(page)
    sign(page)
    walking.hand_in(page)
    walking.decide(offices.of(reviewer(JINAN)), TITLE, "同意汇总")

    page = offices.of(filer(JINAN))
    walking.begin(page, NAME)
    page.get_by_label("年度").fill(f"{YEAR}")
    type_row(page, 0, "市直", OF_THE_CITY[1], "登记失业人员", "60", OF_THE_CITY[3])
    sign(page)
    page.get_by_role("button", name="暂存", exact=True).last.click()
    page.get_by_text("已暂存。").wait_for()
    page.get_by_role("link", name="汇总县级报表").click()
    page.get_by_role("button", name="汇总 1 个县（市、区）的报表").click()
    page.get_by_text("已汇总同意的县级报表，现在共 3 行。请核对后提交。").wait_for()
    walking.hand_in(page)
    walking.decide(offices.of(reviewer(JINAN)), TITLE, "审核上报", comment="已核对，同意上报。")

    page = offices.of(reviewer(PROVINCE))
    walking.accept(page, TITLE)
    walking.decide(offices.of(approver()), TITLE, "审核通过")
    states = walking.board(page, campaign)

    county, city = Filing.objects.filter(campaign=campaign).order_by("pk")
    assert (walking.history(county), walking.history(city)) == (
        ["submit", "approve"],
        ["submit", "endorse", "accept", "approve"],
    )
    assert (county.state, city.state) == (State.APPROVED, State.APPROVED)
    assert rows_of(city) == [OF_THE_CITY, *OF_THE_COUNTY]
    assert (len(states), states.pop("济南市"), set(states.values())) == (16, "已报", {"未报"})
    assert walking.figures(page) == [
        ("应报", "16 个市"),
        ("已报", "1 / 16 市"),
        ("报送率", "6% 1 / 16 市"),
        ("按时数", "1 / 16 市"),
        ("按时率", "6% 1 / 16 市"),
    ]
    own = packing.opened(walking.package_of(offices.of(reviewer(JINAN)), campaign, JINAN))
    received = packing.opened(walking.package_of(page, campaign, JINAN))
    assert list(own) == [*packing.PAPERS, "回执.txt"]
    assert packing.without_receipt(own) == packing.without_receipt(received)
    assert packing.listed(own["回执.txt"]) == packing.listed(received["回执.txt"]) == packing.digests(own)
    taken = snapshot.take(city.record)
    assert packing.comparable(read_into_an_empty_database(received["汇总一览表.xlsx"])) == packing.comparable(
        taken
    )


def test_a_county_uploads_its_sheet(offices, tmp_path):
    campaign = campaigning.campaign(NAME, kind=RETURN.slug)
    signed = ["填表人：演示填表人　　联系电话：00000000000　　填表日期：2026年1月10日"]
    path = tmp_path / "历下区.xlsx"
    path.write_bytes(made_files.xlsx([[TITLE], HEADER, *COUNTY, ["合计", "", "", "", 200], signed]))

    page = offices.of(filer(LIXIA))
    page.get_by_role("link", name="导入表格").click()
    page.get_by_label("填报类型").select_option(label=RETURN.label)
    page.get_by_label("文件").set_input_files(path)
    page.get_by_role("button", name="上传并预览").click()
    page.get_by_text("共读取 1 件，没有错误").wait_for()
    page.get_by_role("button", name="确认导入").click()
    page.get_by_text("已导入 1 件草稿").wait_for()
    walking.hand_in(page)

    record = Filing.objects.get()
    assert (record.campaign, record.state, record.title) == (campaign, State.CITY_REVIEW, TITLE)
    assert rows_of(record) == OF_THE_COUNTY


def test_a_county_types_its_sheet_and_uploads_a_scan_without_scripts(plain_offices):
    campaign = campaigning.campaign(NAME, kind=RETURN.slug)

    page = plain_offices.of(filer(LIXIA))
    walking.begin(page, NAME)
    page.get_by_label("年度").fill(f"{YEAR}")
    type_row(page, 0, *COUNTY[0][1:])
    page.get_by_role("button", name="再加一行").click()
    type_row(page, 1, *COUNTY[1][1:])
    sign(page)
    page.get_by_role("button", name="暂存并去上传").click()
    page.locator("#file-stamped_scan").set_input_files(FILES / "scan.pdf")
    page.get_by_role("button", name="上传", exact=True).click()
    page.get_by_text("已保存1个文件。").wait_for()
    walking.check(page)
    walking.confirm(page)
    walking.decide(plain_offices.of(reviewer(JINAN)), TITLE, "同意汇总")

    record = Filing.objects.get()
    assert (record.campaign, record.state, walking.history(record)) == (
        campaign,
        State.APPROVED,
        ["submit", "approve"],
    )
    assert rows_of(record) == OF_THE_COUNTY
    assert [file.name for file in record.attachments.all()] == ["scan.pdf"]


def read_into_an_empty_database(sheet: bytes) -> dict:
    """Return the snapshot of the filing that a sheet makes where nothing was filed before."""
    empty()
    load_reference()
    read = importing.read_file(sheet, "汇总一览表.xlsx", RETURN, filer(JINAN))
    assert (read.errors, read.warnings, Filing.objects.count()) == ([], [], 0)
    (made,) = importing.commit(read, filer(JINAN))
    return snapshot.take(made.record)
