"""The main road in a browser: the official form in Word goes in, a brand that anybody finds comes out."""

import re
from pathlib import Path

import pytest

from portal.models import CatalogueEntry, Filing
from portal.vocabulary import State
from tests import walking
from tests.conftest import PATIENCE
from tests.factories import DOCUMENT, PASSWORD, approver, entry, filer, publisher, reviewer

pytestmark = pytest.mark.django_db(transaction=True)

ANNEX = Path(__file__).parent / "files" / "情况表-示例-潍坊.docx"
BRAND = "潍坊风筝扎制品牌（演示）"


def sign_in(page, user) -> None:
    page.goto("/login/")
    page.get_by_label("用户名").fill(user.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/desk/")


def sign_out(page) -> None:
    page.locator("details.account summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.get_by_text("您已退出登录").wait_for()


def decide(page, conclusion: str, comment: str = "") -> None:
    """Open the brand from the inbox, choose a conclusion and hand it in."""
    items = page.get_by_role("region", name="事项")  # below stands what was opened last
    items.get_by_role("link", name=BRAND, exact=True).click()
    page.get_by_role("radio", name=conclusion).check()
    page.get_by_role("textbox", name="意见").fill(comment)
    page.get_by_role("button", name=re.compile(f"^({conclusion}|提交结论)$")).click()  # scripts name the verb
    page.wait_for_url(re.compile(r"/desk/(\?.*)?$"))  # the queue it was opened from


@pytest.fixture(params=["with scripts", "without scripts"])
def browser_page(request, chromium, live_server):
    """Give a page, once with scripts and once without: everything works both ways."""
    scripts = request.param == "with scripts"
    context = chromium.new_context(base_url=live_server.url, locale="zh-CN", java_script_enabled=scripts)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def test_an_annex_filled_in_word_becomes_a_brand_that_anybody_finds(browser_page):
    page = browser_page
    entry("exam-projects", name="风筝制作")
    people = filer(), reviewer(), approver(), publisher()

    sign_in(page, people[0])
    upload_and_complete(page)
    sign_out(page)
    sign_in(page, people[1])
    decide(page, "审核上报", "材料齐全，同意上报。")
    sign_out(page)
    sign_in(page, people[2])
    accept(page)
    decide(page, "审核通过")
    sign_out(page)
    sign_in(page, people[3])
    publish(page)
    sign_out(page)

    assert find(page, "风筝") == find(page, "潍坊") == BRAND
    brand = Filing.objects.get(title=BRAND)
    history = list(brand.events.order_by("number").values_list("action", flat=True))
    assert history == ["submit", "endorse", "accept", "approve", "publish"]
    assert (brand.state, CatalogueEntry.objects.get(filing=brand).code) == (State.APPROVED, "SB-3707-0001")


def upload_and_complete(page) -> None:
    """Upload the annex, look at what was read, fill in what the paper does not ask, submit."""
    page.get_by_role("link", name="导入表格").click()
    page.get_by_label("填报类型").select_option(label="专项职业能力品牌")
    page.get_by_label("文件").set_input_files(ANNEX)
    page.get_by_role("button", name="上传并预览").click()
    page.get_by_text("共读取 1 件").wait_for()
    assert "风筝制作" in page.locator("main").inner_text()
    page.get_by_role("button", name="确认导入").click()
    walking.told(page, "已导入 1 件草稿")
    for choice in ("某一产业", "特色手工技艺", "培育"):
        page.get_by_role("radio", name=choice, exact=True).check()
    page.get_by_role("button", name="提交", exact=True).click()
    walking.confirm(page)


def accept(page) -> None:
    walking.accept(page, BRAND)
    page.goto("/desk/")


def publish(page) -> None:
    page.goto("/desk/?tab=publish")
    page.get_by_role("link", name=f"公布：{BRAND}").click()
    page.get_by_label("公布文号").fill(DOCUMENT)
    page.get_by_role("radio", name="市级", exact=True).check()
    page.get_by_role("button", name="公布", exact=True).click()
    walking.told(page, "已公布，编号 SB-3707-0001")


def find(page, word: str) -> str:
    """Search from the home page as a visitor, open the first hit and return the heading of its page."""
    page.context.clear_cookies()
    page.goto("/")
    page.get_by_role("searchbox").first.fill(word)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search/\?.*q="))
    page.get_by_role("link", name=BRAND).first.click()
    page.wait_for_url(re.compile("/catalogue/skill-brands/SB-"))
    return page.locator("h1").inner_text()
