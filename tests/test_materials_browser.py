"""The page of a draft's files in a browser: several files in a row, a drop, a stop, and no script at all."""

import pytest
from django.urls import reverse

from portal.examples import FILES
from portal.views import materials as views
from tests import factories, films
from tests.factories import filer
from tests.test_materials import bare_draft
from tests.walking import wider_than_the_window

pytestmark = pytest.mark.django_db(transaction=True)
SCAN = FILES / "scan.pdf"
PROGRAM = {"name": "setup.jpg", "mimeType": "image/jpeg", "buffer": b"MZ\x90\0" + bytes(60)}
DROP = """([selector, name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  document.querySelector(selector).dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
}"""


def sign_in(page, client, live_server):
    client.force_login(filer())
    session = client.cookies["session"].value
    page.context.add_cookies([{"name": "session", "value": session, "url": live_server.url}])


@pytest.fixture
def opened(page, client, live_server):
    """Return a function that opens the page of a record's files as its filer."""

    def open_page(record):
        sign_in(page, client, live_server)
        page.goto(reverse("filing-materials", args=[record.pk]))
        return page

    return open_page


def chosen(number: int) -> list[dict]:
    """Return so many pictures as a browser gives them."""
    return [
        {"name": f"{one}.jpg", "mimeType": "image/jpeg", "buffer": films.picture(size=(300 + one, 200))}
        for one in range(number)
    ]


def names(page, slot: str) -> list[str]:
    return page.locator(f"#slot-{slot} .files li div a").all_inner_texts()


def said(page, slot: str) -> list[str]:
    return page.locator(f"#slot-{slot} .queue span").all_inner_texts()


def test_several_files_are_sent_one_after_the_other_and_the_lights_follow(opened):
    record = bare_draft()
    page = opened(record)
    assert "不少于5张　实测：0张" in page.locator("aside").inner_text()

    page.locator("#file-pictures").set_input_files(chosen(5))
    page.locator("#slot-pictures .files li").nth(4).wait_for()

    assert names(page, "pictures") == [f"{one}.jpg" for one in range(5)]
    assert said(page, "pictures") == ["已保存1个文件。"] * 5
    assert "不少于5张　实测：5张" in page.locator("aside").inner_text()
    assert record.attachments.count() == 5


def test_a_file_chosen_before_the_script_has_come_is_sent_when_it_comes(page, client, live_server):
    record = bare_draft()
    sign_in(page, client, live_server)
    page.route("**/upload*.js", lambda route: route.abort(), times=1)

    page.goto(reverse("filing-materials", args=[record.pk]))
    page.locator("#file-pictures").set_input_files(chosen(1))
    page.add_script_tag(url=page.locator("script[src*=upload]").get_attribute("src"))
    page.locator("#slot-pictures .files li").wait_for()

    assert said(page, "pictures") == ["已保存1个文件。"]
    assert record.attachments.count() == 1


def test_a_bad_file_is_said_in_its_line_and_the_next_one_is_sent(opened):
    page = opened(bare_draft())

    page.locator("#file-pictures").set_input_files([PROGRAM, *chosen(1)])
    page.locator("#slot-pictures .files li").wait_for()

    sentences = said(page, "pictures")
    assert [sentences[0][:14], sentences[1]] == ["文件内容是Windows 程", "已保存1个文件。"]
    assert page.locator("#slot-pictures .queue .bad b").all_inner_texts() == ["setup.jpg"]


def test_what_was_said_of_a_file_stays_when_others_fill_the_slot(opened):
    page = opened(factories.draft("skill-brands"))
    scans = [
        {"name": f"{one}.pdf", "mimeType": "", "buffer": SCAN.read_bytes() + b" " * one} for one in range(5)
    ]

    page.locator("#file-stamped_scan").set_input_files([{**PROGRAM, "name": "setup.pdf"}, *scans])
    page.get_by_text("已满 5 个，移除一个后才能再添加。").wait_for()

    assert [one[:7] for one in said(page, "stamped_scan")] == ["文件内容是Wi", *["已保存1个文件"] * 5]


def test_a_file_may_be_dropped(opened):
    page = opened(factories.draft("skill-brands"))

    page.evaluate(DROP, ["#slot-stamped_scan form", "盖章.pdf", "%PDF-1.7\n%%EOF"])
    page.locator("#slot-stamped_scan .files li").wait_for()

    assert names(page, "stamped_scan") == ["盖章.pdf"]


def test_a_file_that_is_too_large_is_not_even_sent(opened):
    page = opened(factories.draft("skill-brands"))
    asked = []
    page.on("request", lambda request: asked.append(request.method))

    page.evaluate(
        DROP.replace("[text]", '["%PDF", new Uint8Array(20971520)]'), ["#slot-stamped_scan form", "a.pdf", ""]
    )
    page.locator(".queue .bad").wait_for()

    assert said(page, "stamped_scan") == ["文件有20.0MB，超过20MB，没有上传；请压缩或重新导出后再上传。"]
    assert "PUT" not in asked


def test_an_upload_can_be_stopped(opened):
    record = factories.draft("skill-brands")
    page = opened(record)
    page.route("**/materials/stamped_scan/", lambda route: None)

    page.evaluate(DROP, ["#slot-stamped_scan form", "盖章.pdf", "%PDF-1.7\n%%EOF"])
    page.get_by_role("button", name="取消").click()

    assert said(page, "stamped_scan") == ["已取消，没有保存。"]
    assert record.attachments.count() == 0


def test_whose_session_has_ended_reads_so(opened):
    page = opened(factories.draft("skill-brands"))
    page.context.clear_cookies(name="session")

    page.evaluate(DROP, ["#slot-stamped_scan form", "盖章.pdf", "%PDF-1.7\n%%EOF"])
    page.locator(".queue .bad").wait_for()

    assert said(page, "stamped_scan") == [views.SIGN_IN]


def test_without_scripts_the_form_sends_and_the_buttons_remove_and_give_back(chromium, client, live_server):
    record = factories.draft("skill-brands")
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, client, live_server)
    page.goto(reverse("filing-materials", args=[record.pk]))

    page.locator("#file-stamped_scan").set_input_files(SCAN)
    page.get_by_role("button", name="上传", exact=True).click()
    page.get_by_text("已保存1个文件。").wait_for()
    kept = names(page, "stamped_scan")
    page.locator("summary", has_text="移除").click()
    page.get_by_role("button", name="确认移除").click()
    page.get_by_text("已移除“scan.pdf”，一天内可以在原栏目恢复。").wait_for()
    without = names(page, "stamped_scan")
    page.get_by_role("button", name="恢复").click()
    page.get_by_text("已恢复“scan.pdf”。").wait_for()

    assert (kept, without, names(page, "stamped_scan")) == (["scan.pdf"], [], ["scan.pdf"])
    context.close()


def test_the_page_fits_the_window(opened):
    record = factories.draft("city-training-brands")
    page = opened(record)

    assert wider_than_the_window(page, [reverse("filing-materials", args=[record.pk])]) == []
