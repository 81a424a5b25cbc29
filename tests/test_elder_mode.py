"""长者模式 reads the page aloud, says what it does, and its controls are large (row 75)."""

import pytest
from django.test import Client

from tests.looking import Eyes, Look

pytestmark = pytest.mark.django_db

#: A voice that keeps what it is given, as the browser under test has none; `finish` ends the last of it.
VOICE = """
window.said = [];
window.stopped = 0;
const voice = { speak: (part) => said.push(part), cancel: () => (stopped += 1) };
Object.defineProperty(window, "speechSynthesis", { value: voice });
window.finish = (how) => said.at(-1).dispatchEvent(new Event(how));
"""
NO_VOICE = "delete window.speechSynthesis;"
BUTTON = "[data-portal-aloud] button"


@pytest.fixture
def eyes(chromium):
    client = Client()
    client.cookies["elder"] = "on"
    eyes = Eyes(chromium, client)
    yield eyes
    eyes.close()


def says(eyes) -> tuple[str, str]:
    """Return the words on the button and of the status."""
    return eyes.page.inner_text(BUTTON), eyes.page.inner_text("[data-portal-aloud] [role=status]")


def test_the_whole_page_is_read_in_chinese_and_the_end_is_told(eyes):
    eyes.context.add_init_script(VOICE)
    eyes.look("/verify/")

    eyes.page.focus(BUTTON)
    eyes.page.keyboard.press("Enter")
    reading = says(eyes)
    eyes.page.evaluate("finish('end')")

    said = eyes.page.evaluate("said.map((part) => part.text).join('').replace(/\\s/g, '')")
    assert said == "".join(eyes.page.inner_text("main").split())
    assert eyes.page.evaluate("[...new Set(said.map((part) => part.lang))]") == ["zh-CN"]
    assert (reading, says(eyes)) == (("停止朗读", "正在朗读本页"), ("朗读本页", "朗读完毕"))


def test_reading_is_stopped_by_the_same_button_and_begins_again(eyes):
    eyes.context.add_init_script(VOICE)
    eyes.look("/verify/")

    eyes.page.click(BUTTON)
    eyes.page.click(BUTTON)
    stopped = (says(eyes), eyes.page.evaluate("stopped"))
    eyes.page.click(BUTTON)

    assert stopped == (("朗读本页", "已停止朗读"), 1)
    assert says(eyes) == ("停止朗读", "正在朗读本页")


def test_a_device_that_cannot_speak_chinese_is_told_so(eyes):
    eyes.context.add_init_script(VOICE)
    eyes.look("/verify/")

    eyes.page.click(BUTTON)
    eyes.page.evaluate("finish('error')")

    assert says(eyes) == ("朗读本页", "这台设备不能朗读中文")


def test_where_the_browser_has_no_voice_no_button_is_shown(eyes):
    eyes.context.add_init_script(NO_VOICE)
    eyes.look("/verify/")

    assert (eyes.page.locator(BUTTON).count(), eyes.page.is_visible(BUTTON)) == (1, False)


def test_outside_of_the_mode_nothing_is_loaded_to_read_aloud(client):
    page = client.get("/verify/").content.decode()

    assert [word in page for word in ("aloud.js", "朗读")] == [False, False]


@pytest.mark.parametrize("width", [360, 1366])
def test_every_button_and_box_is_large_enough_for_an_unsteady_hand(eyes, width):
    eyes.look("/verify/")
    eyes.wear(Look(width, elder=True))

    small = "boxes => boxes.filter((b) => b.checkVisibility() && b.clientHeight < 42).map((b) => b.outerHTML)"
    assert eyes.page.eval_on_selector_all("button, .btn, input:not([type=hidden])", small) == []


def test_type_is_large_lines_stand_apart_and_the_pointer_is_large(eyes):
    eyes.look("/verify/")

    worn = eyes.page.eval_on_selector_all(
        "main p, main label, main li",
        """boxes => boxes.map((box) => getComputedStyle(box)).map((worn) => {
          const size = parseFloat(worn.fontSize);
          return [size, parseFloat(worn.lineHeight) / size, worn.cursor.includes("pointer.svg")];
        })""",
    )

    assert {(size >= 16, apart >= 1.3, is_large) for size, apart, is_large in worn} == {(True, True, True)}
