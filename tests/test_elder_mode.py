"""长者模式 reads aloud, all or what one points at, says whom to call, and its controls are large (row 75)."""

import pytest
from django.test import Client

from tests import factories
from tests.job_kinds import until
from tests.looking import Eyes, Look
from tests.walking import Offices

pytestmark = pytest.mark.django_db

#: A voice that keeps what it is given, as the browser under test has none; `finish` ends the last of it.
VOICE = """
window.said = [];
window.stopped = 0;
const voice = { speak: (part) => said.push(part), cancel: () => (stopped += 1) };
Object.defineProperty(window, "speechSynthesis", { value: voice });
window.finish = (how, more) => said.at(-1).dispatchEvent(Object.assign(new Event(how), more));
"""
NO_VOICE = "delete window.speechSynthesis;"
BUTTON = "[data-portal-aloud] button:not([aria-pressed])"
POINT = "[data-portal-aloud] [aria-pressed]"
STATUS = "[data-portal-aloud] [role=status]"


@pytest.fixture
def eyes(chromium):
    client = Client()
    client.cookies["elder"] = "on"
    eyes = Eyes(chromium, client)
    yield eyes
    eyes.close()


def says(eyes) -> tuple[str, str]:
    """Return the words on the button and of the status."""
    return eyes.page.inner_text(BUTTON), eyes.page.inner_text(STATUS)


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


def test_what_one_points_at_or_comes_to_by_keyboard_is_read_until_it_is_switched_off(eyes):
    eyes.context.add_init_script(VOICE)
    eyes.look("/verify/")

    eyes.page.click(POINT)
    begun = eyes.page.inner_text(STATUS)
    eyes.page.hover("main h1")
    eyes.page.wait_for_selector("main h1.is-read")
    marked = eyes.page.inner_text(".is-read")
    eyes.page.focus("main input:not([type=hidden])")
    eyes.page.wait_for_selector("main input.is-read")
    eyes.page.click(POINT)
    eyes.page.focus("main button")
    eyes.page.hover("main h1")
    eyes.page.wait_for_timeout(400)  # longer than a pointer rests

    heading, label = eyes.page.inner_text("main h1"), eyes.page.inner_text("main label")
    assert eyes.page.evaluate("said.map((part) => part.text)") == [heading, label]
    assert (begun, marked) == ("指到哪里，就读哪里", heading)
    assert (eyes.page.inner_text(STATUS), eyes.page.locator(".is-read").count()) == ("已停止指读", 0)


def test_while_pointing_the_button_for_the_page_reads_it_and_what_was_read_is_read_again(eyes):
    eyes.context.add_init_script(VOICE)
    eyes.look("/verify/")

    eyes.page.click(POINT)
    eyes.page.focus("main button")
    eyes.page.wait_for_selector("main button.is-read")
    eyes.page.evaluate("finish('end')")
    eyes.page.evaluate("document.activeElement.blur()")
    eyes.page.focus("main button")
    until(lambda: eyes.page.evaluate("said.length") == 2)
    before = eyes.page.evaluate("said.map((part) => part.text)")
    eyes.page.evaluate("finish('end')")
    eyes.page.focus(BUTTON)
    eyes.page.keyboard.press("Enter")

    assert before == [eyes.page.inner_text("main button")] * 2
    assert says(eyes) == ("停止朗读", "正在朗读本页")


def test_pointing_goes_on_from_page_to_page(eyes):
    eyes.context.add_init_script(VOICE)
    eyes.look("/verify/")

    eyes.page.click(POINT)
    eyes.look("/catalogue/")
    eyes.page.hover("main h1")
    eyes.page.wait_for_selector("main h1.is-read")

    assert eyes.page.get_attribute(POINT, "aria-pressed") == "true"


def test_a_browser_that_reads_only_after_a_press_says_so(eyes):
    eyes.context.add_init_script(VOICE)
    eyes.look("/verify/")

    eyes.page.click(BUTTON)
    eyes.page.evaluate("finish('error', { error: 'not-allowed' })")

    assert says(eyes) == ("朗读本页", "请先按一下本页的任意位置，再指着读")


@pytest.mark.parametrize(("phone", "is_seen"), [("12333", True), ("", False)])
def test_the_mode_says_whom_to_call_where_there_is_a_number(client, settings, phone, is_seen):
    settings.SITE = settings.SITE | {"phone": phone}
    client.cookies["elder"] = "on"

    page = client.get("/verify/").content.decode()

    link = '请打咨询电话 <a href="tel:12333">12333</a>'
    assert [said in page for said in (link, "咨询电话：12333")] == [is_seen, is_seen]
    assert ("咨询电话" in page) is is_seen


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


@pytest.mark.parametrize("text", ["", "large"])
def test_nothing_is_wrong_with_the_bar_of_the_mode_and_nothing_is_wider_than_a_phone(eyes, text):
    eyes.client.cookies["text"] = text
    eyes.look("/verify/")
    eyes.wear(Look(360, elder=True))

    wide = eyes.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert (eyes.violations(), wide) == ([], 0)


@pytest.mark.parametrize(("address", "cards"), [("/", ".regs"), ("/catalogue/", ".cats")])
def test_on_a_phone_the_catalogues_stand_in_one_column(eyes, address, cards):
    eyes.look(address)
    eyes.wear(Look(360, elder=True))

    worn = eyes.page.eval_on_selector(cards, "box => getComputedStyle(box).gridTemplateColumns")

    assert len(worn.split(" ")) == 1


@pytest.fixture(params=[360, 1366])
def desk(request, chromium, live_server):
    """The workbench of a reviewer without scripts, on a phone and on a desk."""
    browsers = Offices(chromium, live_server.url, scripts=False)
    page = browsers.of(factories.reviewer())
    page.set_viewport_size({"width": request.param, "height": 800})
    yield page
    browsers.close()


@pytest.mark.django_db(transaction=True)
def test_larger_type_still_is_one_press_away_and_back_without_scripts(desk):
    desk.locator("header").get_by_role("button", name="长者模式", exact=True).click()

    sizes = []
    for address in ("/desk/", "/verify/"):
        desk.goto(address)
        for word in ("特大", "大"):
            desk.get_by_role("group", name="字号").get_by_role("button", name=word, exact=True).click()
            desk.locator(f"[aria-label=字号] [aria-pressed=true]:text-is('{word}')").wait_for()
            sizes.append(desk.evaluate("getComputedStyle(document.documentElement).fontSize"))

    assert sizes == ["24px", "20px"] * 2


@pytest.mark.django_db(transaction=True)
def test_at_the_workbench_too_the_mode_is_one_press_away_and_back(desk):
    words = ("长者模式", "退出长者模式")
    worn = []
    for word, back in (words, words[::-1]):
        desk.locator("header").get_by_role("button", name=word, exact=True).click()
        desk.locator("header").get_by_role("button", name=back, exact=True).wait_for()
        worn.append(desk.locator("html[data-elder]").count())

    assert worn == [1, 0]
