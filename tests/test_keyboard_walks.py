"""Filing, reviewing and browsing with Tab, Enter, Space and arrows alone, every stop seen and none covered.

WCAG 2.2: 2.1.1, 2.1.2, 2.4.3, 2.4.7 and 2.4.11; security.md row 74.
"""

import re

import pytest

from portal.models import Event, Filing
from portal.vocabulary import State
from tests import factories
from tests.factories import PASSWORD
from tests.keyboards import Keyboard

pytestmark = pytest.mark.django_db(transaction=True)
KIND, BRAND = "labour-brands", "潍坊演示家政"


def signed_in(page, user) -> Keyboard:
    """Sign somebody in by keys."""
    page.set_viewport_size({"width": 1366, "height": 700})
    page.goto("/login/")
    keys = Keyboard(page)
    keys.write("用户名", user.username)
    keys.write("密码", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/")
    return keys


def test_a_brand_is_filed_by_keyboard_alone(page):
    keys = signed_in(page, factories.filer())

    keys.press("link", "新建填报")
    page.wait_for_url("**/new/")
    keys.press("button", re.compile("^开始填报.*劳务品牌$"))
    page.wait_for_url("**/edit/")
    keys.write("劳务品牌名称", BRAND)
    keys.choose("高品质服务型")
    keys.write("所属行业", "家政服务")
    keys.choose("培育")
    keys.write("名称中的地区", "潍坊")
    keys.write("名称中的产业行业", "家政")
    keys.write("品牌简介", "演示数据。以家政服务为主，培训与就业衔接。")
    keys.write("从业人员", "1200")
    keys.press("button", "提交", exact=True)
    page.wait_for_url("**/check/")
    keys.press("button", "确认提交")
    page.get_by_text("版已提交").first.wait_for()

    record = Filing.objects.get(title=BRAND)
    assert (record.state, keys.wrong) == (State.CITY_REVIEW, [])


@pytest.mark.parametrize(("conclusion", "action"), [("审核上报", "endorse"), ("退回修改", "return")])
def test_a_filing_is_reviewed_by_keyboard_alone(page, conclusion, action):
    record = factories.submitted(KIND)
    keys = signed_in(page, factories.reviewer())

    keys.press("link", record.title)
    page.wait_for_url("**/filings/**")
    keys.choose(conclusion)
    if action == "return":
        keys.tick("不准确")
    keys.write("意见", "请核对。")
    keys.press("button", conclusion, exact=True)
    page.get_by_text(f"已{conclusion}").first.wait_for()

    assert Event.objects.get(filing_id=record.pk, action=action).comment == "请核对。"
    assert keys.wrong == []


def test_a_citizen_finds_an_entry_and_takes_the_list_along_by_keyboard_alone(page):
    entry = factories.entry(KIND)
    page.set_viewport_size({"width": 1366, "height": 700})
    page.goto("/")
    keys = Keyboard(page)

    keys.write("关键词", entry.title, role="searchbox")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search/\?"))
    keys.press("link", entry.title)
    page.wait_for_url(f"**/{entry.code}/")
    keys.press("link", "劳务品牌", exact=True)
    page.wait_for_url(f"**/catalogue/{KIND}/")
    keys.to("link", re.compile("下载.*CSV"))
    with page.expect_download() as caught:
        page.keyboard.press("Enter")

    assert entry.title in caught.value.path().read_text(encoding="utf-8-sig")
    assert keys.wrong == []


def test_the_keyboard_gets_out_of_every_menu_and_dialog_and_back_to_where_it_was(page):
    keys = signed_in(page, factories.filer())

    page.keyboard.press("?")
    page.locator("#keys").wait_for()
    inside = page.evaluate("document.querySelector('#keys').contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.locator("#keys").wait_for(state="hidden")
    stops = []
    for _ in range(400):
        keys.tab()
        stops.append(page.evaluate("document.activeElement.tagName"))
        if "BODY" in stops:
            break

    assert (inside, "BODY" in stops, keys.wrong) == (True, True, [])
