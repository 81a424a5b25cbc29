"""What a form gives back and keeps out: earlier content, a removed row, leaving too early, pasted rubbish."""

import pytest
from django.urls import reverse

from portal import text
from tests.factories import draft, filer
from tests.test_filing_browser import form  # noqa: F401 -- a fixture
from tests.typed import stored
from tests.walking import PASTE

pytestmark = pytest.mark.django_db(transaction=True)
NAME, OTHER = "潍坊风筝扎制品牌（演示）", "潍坊杨家埠年画品牌（演示）"
FROM_WORD = (
    "\u200b•\t第一\u00a0条\r\n\uf0b7\t第二条\r\no\t第三\t四\x07 \r\n\r\n\r\n\r\n“引号”（全角）\ufeff\r\n"
)


def saves(page):
    """Return what waits for the answer of an automatic save."""
    return page.expect_response(lambda answer: answer.url.endswith("/autosave/"))


def test_a_draft_goes_back_to_what_was_stored_before(form):  # noqa: F811
    record = draft("skill-brands", name=NAME)
    page = form(record)
    name, back = page.get_by_label("品牌项目名称"), page.locator("[data-portal-back]")
    hidden = back.is_hidden()
    with saves(page):
        name.fill(OTHER)
    changed = stored(record).name

    with saves(page):
        back.click()

    assert (hidden, changed, name.input_value()) == (True, OTHER, NAME)
    assert stored(record).name == NAME
    assert back.is_hidden()


def test_going_back_gives_up_a_row_that_was_added_and_returns_one_that_was_removed(form):  # noqa: F811
    record = draft("building-units")
    years = [row.year for row in record.annual_performances.order_by("year")]
    page = form(record)
    page.get_by_role("button", name="再加一行").click()
    for number, value in enumerate(["2022", "700", "300", "400"]):
        page.locator("[data-portal-row]").nth(2).locator("input[type=text]").nth(number).fill(value)
    with saves(page):
        page.get_by_role("button", name="删除这一行").first.click()
    changed = sorted(stored(record).annual_performances.values_list("year", flat=True))

    while page.locator("[data-portal-back]").is_visible():
        with saves(page):
            page.locator("[data-portal-back]").click()

    assert changed != years
    assert sorted(stored(record).annual_performances.values_list("year", flat=True)) == years


def test_a_removed_row_is_taken_back_at_once_and_the_focus_is_never_lost(form):  # noqa: F811
    page = form(draft("building-units"))
    rows = page.locator("[data-portal-row]:visible")
    before = rows.first.locator("input[type=text]").first.input_value()

    rows.first.get_by_role("button", name="删除这一行").click()
    offered = page.evaluate("document.activeElement.textContent")
    page.get_by_role("button", name="撤销").press("Enter")

    assert offered == "撤销"
    assert rows.first.locator("input[type=text]").first.input_value() == before
    assert page.locator("[name$=-DELETE]:checked").count() == 0
    assert page.evaluate("document.activeElement.value") == before


def test_closing_what_is_said_of_a_removed_row_leads_on_to_the_next_or_to_a_new_one(form):  # noqa: F811
    page = form(draft("building-units"))
    rows, close = page.locator("[data-portal-row]:visible"), page.get_by_role("button", name="关闭")
    second = rows.nth(1).locator("input[type=text]").first.get_attribute("name")

    rows.first.get_by_role("button", name="删除这一行").press("Enter")
    close.press("Enter")
    then = page.evaluate("document.activeElement.name")
    rows.first.get_by_role("button", name="删除这一行").press("Enter")
    close.press("Enter")
    last = page.evaluate("document.activeElement.textContent.trim()")

    assert (then, last) == (second, "再加一行")


def test_what_is_said_of_a_removed_row_has_the_width_of_a_narrow_window(form):  # noqa: F811
    page = form(draft("building-units"))
    page.set_viewport_size({"width": 390, "height": 800})

    page.locator("[data-portal-row]").first.get_by_role("button", name="删除这一行").press("Enter")
    box = page.locator(".toast").bounding_box()

    assert (box["width"] > 195, round(box["x"] * 2 + box["width"])) == (True, 390)


def test_leaving_is_asked_about_only_while_something_is_not_stored(form):  # noqa: F811
    page, asked = form(draft("skill-brands", name=NAME)), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(page.url)
    with saves(page):
        page.get_by_label("品牌项目名称").fill(OTHER)
    page.get_by_text("已自动暂存").wait_for()
    page.goto(page.url)
    untroubled = list(asked)

    page.context.set_offline(True)
    page.get_by_label("品牌项目名称").click()
    page.keyboard.type("甲")
    page.context.set_offline(False)
    page.reload()

    assert (untroubled, asked) == ([], ["beforeunload"])


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_draft_that_was_asked_to_come_back_is_stored_a_little_later(form, status):  # noqa: F811
    record = draft("skill-brands", name=NAME)
    page = form(record)
    page.clock.install()
    page.route("**/autosave/", lambda route: route.fulfill(status=status), times=1)

    page.get_by_label("品牌项目名称").fill(OTHER)
    page.clock.run_for(2_000)
    page.get_by_text("恢复连接后会再次暂存").wait_for()
    before = type(record).objects.get(pk=record.pk).name
    page.clock.run_for(15_000)
    page.get_by_text("已自动暂存").wait_for()

    assert (before, type(record).objects.get(pk=record.pk).name) == (NAME, OTHER)


def test_text_of_a_word_processor_comes_without_its_rubbish(form):  # noqa: F811
    page = form(draft("skill-brands", name="", advantage_features=""))
    features, name = page.get_by_label("地域特色和技能特点"), page.get_by_label("品牌项目名称")

    for field in (features, name):
        field.focus()
        field.evaluate(PASTE, FROM_WORD)

    assert features.input_value() == "第一 条\n第二条\n第三 四\n\n“引号”（全角）"
    assert name.input_value() == "第一 条 第二条 第三 四 “引号”（全角）"
    assert [text.clean(field.input_value()) for field in (features, name)] == [
        field.input_value() for field in (features, name)
    ]


def test_what_is_pasted_can_be_taken_back_by_the_browser_itself(form):  # noqa: F811
    page = form(draft("skill-brands", name=NAME))
    name = page.get_by_label("品牌项目名称")
    name.select_text()

    name.evaluate(PASTE, "\u200b乙\r\n")
    pasted = name.input_value()
    page.keyboard.press("Control+z")

    assert (pasted, name.input_value()) == ("乙", NAME)


def test_the_form_offers_nothing_to_go_back_to_without_scripts(chromium, client, live_server):
    client.force_login(filer())
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies(
        [{"name": "session", "value": client.cookies["session"].value, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(reverse("filing-edit", args=[draft("skill-brands").pk]))

    shown = page.locator("[data-portal-back]").is_visible()
    context.close()

    assert shown is False
