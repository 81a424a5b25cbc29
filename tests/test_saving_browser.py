"""A draft that saves itself while the server is slow or away, or a button is pressed: nothing is lost."""

import pytest

from portal.models import Filing
from portal.vocabulary import State
from tests import test_merging as merging
from tests.factories import draft, filing
from tests.job_kinds import until
from tests.test_draft_browser import saves
from tests.test_filing_browser import form  # noqa: F401 -- a fixture
from tests.typed import stored

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = "潍坊风筝扎制品牌（演示）", "潍坊杨家埠年画品牌（演示）"
SAVE = "document.querySelector('[data-portal-save]').click()"
#: The clock of the test moves this one too.
PATIENCE = """AbortSignal.timeout = (ms) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
};"""


@pytest.fixture
def held(page, form):  # noqa: F811
    """Open a draft, type a name and return the save that waits for its answer, with page and draft."""
    page.add_init_script(PATIENCE)
    record, routes = draft("skill-brands", name=OLD), []
    form(record)
    page.clock.install()
    page.route("**/autosave/", lambda route: routes.append(route), times=1)
    page.get_by_label("品牌项目名称").click()
    with page.expect_request("**/autosave/"):
        page.get_by_label("品牌项目名称").fill(NEW)
        page.clock.run_for(2_000)
    until(lambda: page.evaluate("true") and routes)
    return page, record, routes[0]


def name_of(record: Filing) -> str:
    return type(record).objects.get(pk=record.pk).name


def test_leaving_is_asked_about_while_a_save_waits_for_its_answer(held):
    page, _, _ = held
    page.keyboard.press("ArrowLeft")  # a person is there, and nothing more is typed
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))

    page.goto("/desk/")

    assert asked == ["beforeunload"]


def test_a_button_pressed_meanwhile_says_that_it_waits_and_goes_on_with_the_answer(held):
    page, record, save = held

    page.evaluate(SAVE)
    page.get_by_text("正在暂存，完成后继续。").wait_for()
    save.continue_()
    page.get_by_text("已暂存。").wait_for()

    assert stored(record).name == NEW


def test_a_save_without_an_answer_is_told_after_twenty_seconds_and_made_again(held):
    page, record, _ = held

    page.clock.run_for(20_000)
    page.get_by_text("没有连上服务器，刚才的修改还没有暂存。").wait_for()
    before = name_of(record)
    with saves(page):
        page.clock.run_for(15_000)
    page.get_by_text("已自动暂存").wait_for()

    assert (before, name_of(record)) == (OLD, NEW)


def test_a_button_pressed_without_a_connection_leaves_what_was_typed_on_the_page(form, page):  # noqa: F811
    record = draft("skill-brands", name=OLD)
    form(record)
    page.clock.install()
    page.context.set_offline(True)
    page.get_by_label("品牌项目名称").fill(NEW)
    page.clock.run_for(2_000)
    page.get_by_text("没有连上服务器，刚才的修改还没有暂存。").wait_for()

    page.evaluate(SAVE)
    page.get_by_text("没有连上服务器，刚才的修改还没有暂存。").wait_for()
    kept = page.get_by_label("品牌项目名称").input_value()
    page.context.set_offline(False)
    page.evaluate(SAVE)
    page.get_by_text("已暂存。").wait_for()

    assert (kept, stored(record).name) == (NEW, NEW)


def test_typing_on_after_a_button_was_pressed_sends_nothing_for_half_a_minute(form, page):  # noqa: F811
    form(draft("skill-brands", name=OLD))
    sent = []
    page.clock.install()
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url.split("/")[-2]))
    page.route("**/edit/", lambda route: route.fulfill(status=204), times=1)  # stays, as while it is slow
    with page.expect_response("**/edit/"):
        page.evaluate(SAVE)

    page.get_by_label("品牌项目名称").fill(NEW)
    page.clock.run_for(10_000)
    early = list(sent)
    page.clock.run_for(20_000)
    with saves(page):
        page.get_by_label("品牌项目名称").fill(OLD)
        page.clock.run_for(2_000)
    page.get_by_text("已自动暂存").wait_for()

    assert (early, sent) == (["edit"], ["edit", "autosave"])


def test_the_rows_of_an_earlier_year_are_taken_up_after_an_automatic_save(form):  # noqa: F811
    filing(merging.RETURN, State.CITY_REVIEW, year=2022, training_rows=[merging.row("新")])
    record = merging.city()
    page = form(record)
    with saves(page):
        page.locator("[name=filled_by]").fill("演示填表人")
    page.get_by_text("已自动暂存").wait_for()

    page.get_by_role("button", name="提取上期").click()
    page.get_by_text("已提取《2022年项目制培训情况统计表》的各行").wait_for()

    assert merging.rows_of(record) == [("市直", "新（演示）", 10)]


def test_a_save_that_failed_says_what_to_do(form, page):  # noqa: F811
    form(draft("skill-brands", name=OLD))
    page.route("**/autosave/", lambda route: route.fulfill(status=500), times=1)

    page.get_by_label("品牌项目名称").fill(NEW)

    page.get_by_text("刚才的修改没有暂存，填写的内容仍在本页。点“暂存”再试。").wait_for()


def test_a_browser_of_2021_stores_a_draft_and_goes_back(form, page):  # noqa: F811
    page.add_init_script("delete Array.prototype.at; delete AbortSignal.timeout;")
    record = draft("skill-brands", name=OLD)
    form(record)

    with saves(page):
        page.get_by_label("品牌项目名称").fill(NEW)
    changed = name_of(record)
    with saves(page):
        page.locator("[data-portal-back]").click()

    assert (changed, name_of(record)) == (NEW, OLD)
