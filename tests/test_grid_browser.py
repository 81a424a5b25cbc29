"""The grid in a browser: a block of a spreadsheet, keys, sums, and three hundred rows without a wait."""

import pytest
from django.urls import reverse

from portal import registry
from tests.factories import draft, filer
from tests.typed import stored

pytestmark = pytest.mark.django_db(transaction=True)
RETURN = registry.get("project-training-returns")
PASTE = """(cell, words) => {
  const data = new DataTransfer();
  data.setData("text/plain", words);
  cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
BLOCK = (
    "市\t组织区县\t培训项目名称\t群体范围\t培训人数\t组织时间\t备注\n"
    "潍坊市\t市直\t家政（演示）\t农村转移就业劳动者\t120\t2024年5月\t\n"
    '潍坊市\t奎文\t"电焊\n（演示）"\t登记失业人员\t８０\t2024年6月\t甲\n'
    "\t\t柳编（演示）\t登记失业人员\t60\t2024年9月上旬\t\n"
    "合计\t\t\t\t260\t\t\n"
)


@pytest.fixture
def grid(page, client, live_server):
    """Open the form of a fresh draft of 潍坊 and return (page, record)."""
    record = draft(RETURN, training_rows=[])
    client.force_login(filer())
    cookie = {"name": "session", "value": client.cookies["session"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.goto(reverse("filing-edit", args=[record.pk]))
    return page, record


def names(record) -> list[tuple]:
    rows = stored(record).training_rows.select_related("organizer_region")
    return [(str(r.organizer_region or "市直"), r.project_name, r.trainee_count) for r in rows]


def test_a_block_of_a_spreadsheet_fills_the_grid_and_is_stored(grid):
    page, record = grid

    page.locator("[name=training_rows-0-organizer_region]").evaluate(PASTE, BLOCK)

    assert page.locator("[data-portal-grid-count]").inner_text() == "3"
    assert page.locator("[data-portal-grid-sum]").inner_text() == "260"
    page.get_by_text("2024-09-01 至 2024-09-10").wait_for()
    assert names(record) == [
        ("市直", "家政（演示）", 120),
        ("奎文区", "电焊 （演示）", 80),
        ("奎文区", "柳编（演示）", 60),
    ]


def test_a_county_that_is_none_of_the_city_is_said_at_once(grid):
    page, _ = grid

    page.locator("[name=training_rows-0-organizer_region]").evaluate(
        PASTE, "东港区\t演示\t演示\t1\t2024年6月"
    )

    note = page.locator("[data-portal-note=training_rows-0]").inner_text()
    assert note == "“东港区”不在可选的范围内，请选择。"


def stores(field: str):
    """Return what knows the automatic save that sends ``field``: a slow machine saves before the end, too."""
    return lambda answer: answer.url.endswith("/autosave/") and field in (answer.request.post_data or "")


def test_keys_add_copy_and_remove_rows(grid):
    page, record = grid
    name = page.locator("[name=training_rows-0-project_name]")

    with page.expect_response(stores("training_rows-1-DELETE")):
        name.fill("家政（演示）")
        name.press("Enter")
        page.keyboard.press("Control+d")
        page.keyboard.press("Enter")
        page.keyboard.type("柳编（演示）")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Control+Delete")

    assert page.locator("[data-portal-grid-count]").inner_text() == "2"
    assert [name for _, name, _ in names(record)] == ["家政（演示）", "柳编（演示）"]


def busy(page) -> float:
    """Return for how many seconds the page has computed, whatever else the machine does meanwhile."""
    asked = page.context.new_cdp_session(page)
    asked.send("Performance.enable", {"timeDomain": "threadTicks"})
    figures = asked.send("Performance.getMetrics")["metrics"]
    return next(figure["value"] for figure in figures if figure["name"] == "TaskDuration")


def test_three_hundred_rows_are_pasted_without_a_wait(grid):
    page, record = grid
    block = "\n".join(f"奎文区\t演示{n}\t登记失业人员\t1\t2024年6月\t" for n in range(300))
    begun = busy(page)

    page.locator("[name=training_rows-0-organizer_region]").evaluate(PASTE, block)

    assert page.locator("[data-portal-grid-sum]").inner_text() == "300"
    assert busy(page) - begun < 3  # a tenth of that on an ordinary machine
    page.get_by_text("已自动暂存").wait_for()
    assert len(names(record)) == 300
