"""“一市一品牌” from the annex in Word to the archive with the prescribed name, in a browser."""

import re

import pytest

from portal import registry
from portal.examples import FILES
from portal.models import Filing
from portal.vocabulary import State
from tests import campaigning, made_files, packing, walking
from tests.factories import PROVINCE, WEIFANG, approver, filer, reviewer
from tests.test_city_training import FILLED, TITLE, official

pytestmark = pytest.mark.django_db(transaction=True)
TYPE = registry.get("city-training-brands")
NAME = "“一市一品牌”建设情况报送（演示）"
BRAND = FILLED["name"]
PICTURES = [FILES / f"picture-{number}.jpg" for number in range(1, 6)]
SCAN_MISSING = "请上传盖章扫描件：打印报表，加盖公章后扫描。"
ARCHIVE = f"附件/潍坊市+{BRAND}+演示联系人00000000000.zip"


@pytest.fixture
def offices(chromium, live_server):
    """Give the browsers of several people; scripts that fail, fail the test."""
    yield from walking.offices(chromium, live_server)


def upload_annex(page, path) -> None:
    """Upload the annex filled in Word, look at what was read, begin the draft."""
    path.write_bytes(made_files.docx("附件1", TITLE, official()))
    page.get_by_role("link", name="导入表格").click()
    page.get_by_label("填报类型").select_option(label=TYPE.label)
    page.get_by_label("文件").set_input_files(path)
    page.get_by_role("button", name="上传并预览").click()
    page.get_by_text(FILLED["case_story"]).wait_for()
    page.get_by_role("button", name="确认导入").click()
    page.get_by_text("已导入 1 件草稿").wait_for()


def complete(page) -> None:
    """Fill in what the annex has no cell for."""
    page.get_by_label("宣传稿件").fill("从学扎骨架到独立接单，用了三个月（演示）。")
    page.get_by_label("画面背景文字材料").fill("画面依次为实训课堂和工坊生产（演示）。")
    for declaration in ("视频无字幕", "视频无水印", "视频无抖动"):
        page.get_by_role("checkbox", name=declaration).check()


def add(page, slot: str, *paths) -> None:
    """Add files to a slot; the page sends them one after the other."""
    page.locator(f"#file-{slot}").set_input_files(list(paths))
    page.locator(f"#slot-{slot} .files li").nth(len(paths) - 1).wait_for()


def lights(page) -> list[str]:
    """Return requirement and word of every light beside the slots."""
    shown = page.locator("aside .lights li").all_inner_texts()
    return [re.sub(r"\s+", " ", words) for words in shown]


def test_a_brand_with_its_materials_reaches_the_province(offices, tmp_path):
    campaign = campaigning.campaign(NAME, kind=TYPE.slug, needs_scan=True)

    page = offices.of(filer())
    upload_annex(page, tmp_path / "一览表.docx")
    complete(page)
    page.get_by_role("button", name="暂存并去上传").click()
    page.wait_for_url("**/materials/")
    before = [words.split()[0] for words in lights(page)]
    add(page, "pictures", *PICTURES)
    add(page, "video", FILES / "video.mp4")
    walking.check(page)
    refused = page.locator("main ol li").all_inner_texts()
    shut = page.get_by_role("button", name="确认提交").get_attribute("aria-disabled")
    page.get_by_role("link", name=SCAN_MISSING).click()
    page.wait_for_url("**/materials/#slot-stamped_scan")
    add(page, "stamped_scan", FILES / "scan.pdf")
    after = [words.split()[0] for words in lights(page)]
    walking.check(page)
    walking.confirm(page)
    seen = review(offices)

    record = Filing.objects.get()
    assert (before, after) == (["不符合", "不符合", "不符合"], ["符合"] * 7)
    assert (len(refused), refused[0].split("。")[0] + "。", shut) == (1, SCAN_MISSING, "true")
    assert seen == ["scan.pdf", *[path.name for path in PICTURES], "video.mp4"]
    assert (record.campaign, record.state) == (campaign, State.APPROVED)
    assert walking.board(offices.of(reviewer(PROVINCE)), campaign)["潍坊市"] == "已报"
    assert walking.history(record) == ["submit", "endorse", "accept", "approve"]
    files = packing.opened(walking.package_of(offices.of(reviewer(PROVINCE)), campaign, WEIFANG))
    assert list(files) == [*packing.PAPERS, ARCHIVE, "回执.txt"]
    assert packing.listed(files["回执.txt"]) == packing.digests(files) | packing.inner_digests(files, ARCHIVE)
    assert packing.opened(files[ARCHIVE])["视频素材/video.mp4"] == (FILES / "video.mp4").read_bytes()


def review(offices) -> list[str]:
    """Let the city endorse, the province accept and approve; return the files the province was shown."""
    walking.decide(offices.of(reviewer()), BRAND, "审核上报")
    page = offices.of(reviewer(PROVINCE))
    walking.accept(page, BRAND)
    seen = page.locator("[aria-labelledby=f-stamped_scan] p a, .files li div > a").all_inner_texts()
    walking.decide(offices.of(approver()), BRAND, "审核通过")
    return sorted(seen, key=lambda name: (name != "scan.pdf", name))
