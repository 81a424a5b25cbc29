"""The form in a browser: it saves itself, says what is missing, adds and removes rows, knows its keys."""

import pytest
from django.urls import reverse

from portal import drafts
from portal.models import Filing
from tests.factories import draft, entry, filer
from tests.typed import stored

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "潍坊风筝扎制品牌（演示）"


@pytest.fixture
def form(page, client, live_server):
    """Return a function that opens the form of a record in a browser where the filer of 潍坊 is signed in."""

    def opened(record: Filing):
        client.force_login(filer())
        session = client.cookies["session"].value
        page.context.add_cookies([{"name": "session", "value": session, "url": live_server.url}])
        page.goto(reverse("filing-edit", args=[record.pk]))
        return page

    return opened


def test_a_change_saves_itself_and_the_list_beside_says_what_is_left(form):
    record = draft("skill-brands", direction="", name="")
    page = form(record)

    page.get_by_label("品牌项目名称").fill(NAME)
    page.get_by_text("提交前还缺 1 项").wait_for()

    assert stored(record).name == NAME
    assert page.locator(".todo .miss").all_inner_texts() == ["请选择品牌方向。"]
    assert page.locator("[data-portal-saved]").inner_text().startswith("已自动暂存")


def test_saving_by_key_after_an_automatic_save_is_no_conflict(form):
    record = draft("skill-brands", name="")
    page = form(record)
    page.get_by_label("品牌项目名称").fill(NAME)
    page.get_by_text("已自动暂存").wait_for()

    page.get_by_label("地域特色和技能特点").fill("扎、糊、绘、放四艺俱全。")
    page.keyboard.press("Control+s")
    page.get_by_text("已暂存。").wait_for()

    assert stored(record).advantage_features == "扎、糊、绘、放四艺俱全。"


def test_control_enter_leads_to_the_check_with_what_was_typed(form):
    record = draft("skill-brands", name="")
    page = form(record)

    page.get_by_label("品牌项目名称").fill(NAME)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/check/")

    assert stored(record).name == NAME
    assert page.locator("h1").inner_text() == f"提交前核对：{NAME}"


def test_the_enter_key_stores_and_adds_no_row(form):
    record = draft("building-units")
    page = form(record)

    page.get_by_label("地址").fill("演示路9号")
    page.keyboard.press("Enter")
    page.get_by_text("已暂存。").wait_for()

    assert stored(record).address == "演示路9号"


def test_rows_are_added_and_removed_in_place(form):
    record = draft("building-units")
    page = form(record)

    page.get_by_role("button", name="再加一行").click()
    for number, value in enumerate(["2022", "700", "300", "400"]):
        page.locator("[data-portal-row]").nth(2).locator("input[type=text]").nth(number).fill(value)
    page.get_by_role("button", name="删除这一行").first.click()
    assert page.locator("[data-portal-row]:visible").count() == 2
    page.get_by_role("button", name="暂存", exact=True).last.click()
    page.get_by_text("已暂存。").wait_for()

    assert list(stored(record).annual_performances.values_list("year", "trained_count")) == [(2022, 700)]


def test_a_colleagues_change_is_said_and_the_text_stays(form):
    record = draft("skill-brands")
    page = form(record)
    drafts.save(record, by=filer(name="colleague"), revision=0, values={"direction": "food"})

    page.get_by_label("品牌项目名称").fill(NAME)
    page.get_by_text(
        "这件填报已在别处改动，刚才的修改没有暂存（也可能是上一次暂存的回应没有收到）。"
    ).wait_for()

    assert page.get_by_label("品牌项目名称").input_value() == NAME
    assert stored(record).name == record.name


def test_the_list_of_projects_narrows_while_typing(form):
    for number in range(13):
        entry("exam-projects", name=f"演示项目{number:02}")
    page = form(draft("skill-brands", exam_projects=["演示项目07"]))

    page.get_by_placeholder("输入文字缩小范围").fill("项目03")

    shown = page.locator("#q-exam_projects .check:visible").all_inner_texts()
    assert [words.strip() for words in shown] == ["演示项目07 · 手工制作", "演示项目03 · 手工制作"]


def test_the_box_that_narrows_a_list_sends_nothing_and_changes_nothing(form):
    for number in range(13):
        entry("exam-projects", name=f"演示项目{number:02}")
    page, found = form(draft("skill-brands")), []
    page.on("request", lambda request: found.append(request.method))
    page.on("dialog", lambda dialog: (found.append(dialog.type), dialog.accept()))
    box = page.get_by_placeholder("输入文字缩小范围")

    box.press_sequentially("项目03")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    typed = box.input_value()
    page.goto("/desk/")

    assert (typed, {"POST", "beforeunload"} & set(found)) == ("项目03", set())
