"""People at their browsers, each signed in by the form, and the clicks that several roads have in common."""

import re

from portal.models import Filing
from tests.conftest import PATIENCE
from tests.factories import PASSWORD

PASTE = """(cell, words) => {
  const data = new DataTransfer();
  data.setData("text/plain", words);
  cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


WIDTHS = (360, 390, 768, 1366)


def wider_than_the_window(page, addresses: list[str], height: int = 900) -> list[tuple[str, int]]:
    """Return the addresses and widths of a window at which a page would have to be moved sideways."""
    wide = []
    for address in addresses:
        page.goto(address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function("width => innerWidth === width", arg=width)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append((address, width))
    return wide


class Offices:
    """The browsers of several people, each in a context of its own; ``complaints`` of their scripts."""

    def __init__(self, chromium, address: str, *, scripts: bool = True):
        self.chromium, self.scripts = chromium, scripts
        self.facts = {"base_url": address, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
        self.pages: dict[str, object] = {}
        self.complaints: list[str] = []

    def of(self, user):
        """Return the page of ``user`` at his workbench, signed in by the form the first time."""
        if user.username not in self.pages:
            self.pages[user.username] = self._opened(user)
        page = self.pages[user.username]
        page.goto("/desk/")
        return page

    def _opened(self, user):
        context = self.chromium.new_context(**self.facts, java_script_enabled=self.scripts)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto("/login/")
        page.get_by_label("用户名").fill(user.username)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_url("**/desk/")
        return page

    def close(self) -> None:
        """Close every browser."""
        for page in self.pages.values():
            page.context.close()


def offices(chromium, live_server, *, scripts: bool = True):
    """Give the browsers of several people as a fixture does; scripts that fail, fail the test."""
    browsers = Offices(chromium, live_server.url, scripts=scripts)
    yield browsers
    browsers.close()
    assert browsers.complaints == []


def begin(page, campaign: str) -> None:
    """Begin a filing from the deadline on the workbench: 去填报, then 开始填报 at the campaign."""
    page.locator("article", has_text=campaign).get_by_role("link", name="去填报").click()
    task = page.locator("section[aria-labelledby=tasks-head] .q", has_text=campaign)
    task.get_by_role("button", name="开始填报").click()
    page.wait_for_url("**/edit/")


def hand_in(page) -> None:
    """Submit from the form: 提交, nothing left to mend, 确认提交."""
    page.get_by_role("button", name="提交", exact=True).click()
    confirm(page)


def check(page) -> None:
    """Go from the files of a draft to the page that checks it, and be there."""
    page.get_by_role("link", name="提交前核对").click()
    page.wait_for_url("**/check/")


def told(page, words: str) -> None:
    """Wait until a page that says ``words`` stands whole: it may say them before its end has come."""
    page.get_by_text(words).first.wait_for()
    page.wait_for_load_state()


def accept(page, title: str) -> None:
    """Open a filing from the workbench, accept it and be on its page."""
    page.get_by_role("link", name=title, exact=True).click()
    page.get_by_role("button", name="受理", exact=True).click()
    told(page, "已受理，报送单位不能再撤回")


def confirm(page) -> None:
    """Submit from the page that checks a filing: nothing left to mend, 确认提交."""
    page.get_by_text("各项核对都已通过").wait_for()
    page.get_by_role("button", name="确认提交").click()
    told(page, "版已提交")


def decide(page, title: str, conclusion: str, *, bureau: str = "", comment: str = "") -> None:
    """Open a filing from the workbench, choose a conclusion and hand it in."""
    line = page.locator("tbody tr", has_text=bureau).get_by_role("link", name=title, exact=True)
    line.click()
    page.get_by_role("radio", name=conclusion).check()
    page.get_by_role("textbox", name="意见").fill(comment)
    page.get_by_role("button", name=re.compile(f"^({conclusion}|提交结论)$")).click()  # scripts name the verb
    told(page, f"已{conclusion}")
    page.goto("/desk/")


def board(page, campaign) -> dict[str, str]:
    """Return bureau → state as the board of a campaign shows them."""
    page.goto(f"/desk/campaigns/{campaign.pk}/")
    rows = page.locator("table.board tbody tr:has(td.hd)")
    return dict(zip(rows.locator("td.hd b").all_inner_texts(), _tags(rows), strict=True))


def _tags(rows) -> list[str]:
    return [" ".join(words.split()) for words in rows.locator("td.st").all_inner_texts()]


def figures(page) -> list[tuple[str, str]]:
    """Return the five rates that a board shows, each with its base."""
    boxes = page.locator(".rates > div")
    return [tuple(re.split(r"\s*\n\s*", words.strip())[:2]) for words in boxes.all_inner_texts()]


def package_of(page, campaign, region: str) -> bytes:
    """Return the zip that the page of a bureau's package gives."""
    page.goto(f"/desk/campaigns/{campaign.pk}/package/{region}/")
    reason = page.get_by_label("导出事由")
    if reason.count():  # asked for where names or numbers of persons go out
        reason.fill("演示报送")
    with page.expect_download() as caught:
        page.get_by_role("button", name="下载报送材料包").click()
    return caught.value.path().read_bytes()


def history(record: Filing) -> list[str]:
    """Return the acts on a filing, oldest first."""
    return list(record.events.order_by("number").values_list("action", flat=True))
