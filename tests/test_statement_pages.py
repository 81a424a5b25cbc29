"""The sheet of annex 2 on the screen: uploaded, confirmed, read by the reviewer, walked to the province."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from portal import importing
from portal.models import Filing
from portal.vocabulary import State
from tests import walking
from tests.conftest import PATIENCE
from tests.factories import KUIWEN, filer, filing, person, reviewer
from tests.statements import EXAMPLE, LANSHAN, LINYI, RETURN
from tests.typed import page

pytestmark = pytest.mark.django_db


def upload(client):
    content = EXAMPLE.read_bytes()
    sent = SimpleUploadedFile(EXAMPLE.name, content, content_type="application/octet-stream")
    return client.post(reverse("filing-import"), {"type": RETURN.slug, "file": sent}, follow=True)


def test_the_example_is_uploaded_looked_at_and_confirmed(client):
    client.force_login(filer(LINYI))

    preview = upload(client)
    assert Filing.objects.count() == 0
    client.post(reverse("import-confirm", args=[preview.context["imported"].pk]))

    shown = preview.content.decode()
    assert "市直 · 家政服务员培训（演示） · 农村转移就业劳动者 · 120" in shown
    record = Filing.objects.get().record
    assert (record.title, record.training_rows.count()) == ("2021年项目制培训情况统计表", 3)


def test_the_template_to_download_is_the_sheet_of_the_notice(client):
    client.force_login(filer(LINYI))

    answer = client.get(reverse("filing-template", args=[RETURN.slug]))
    reading = importing.read_file(b"".join(answer.streaming_content), "表.xlsx", RETURN, filer(LINYI))

    assert [error.message for error in reading.errors] == ["表里还没有填写内容，请填写后再上传。"]


def test_the_reviewer_reads_the_same_table_with_its_sum_and_its_notes(client):
    record = filing(RETURN, State.CITY_REVIEW, place=KUIWEN)
    client.force_login(reviewer())

    content = client.get(page("filing", record)).content.decode()

    assert re.findall(r'<th scope="col">([^<]+)</th>', content)[-7:] == list(RETURN.sheet.columns)
    total = content[content.index("<tfoot>") : content.index("</tfoot>")]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", total) == ["合计", "", "", "", "120", "", ""]
    assert [note for note in RETURN.sheet.printed_notes if note not in content] == []


def test_a_county_row_reaches_the_province_in_a_browser(page_of):
    """County fills in and submits, the city agrees, merges, sends, agrees; the province approves."""
    county = page_of(filer(LANSHAN, name="lanshan"))
    fill_in(county, "电焊工培训（演示）")
    decide(page_of(reviewer(LINYI)), "approve")

    city = page_of(filer(LINYI))
    begin(city)
    city.get_by_role("link", name="汇总县级报表").click()
    city.get_by_role("button", name="汇总 1 个县（市、区）的报表").click()
    walking.told(city, "已汇总同意的县级报表，现在共 1 行。")
    send(city)
    decide(page_of(reviewer(LINYI, name="second")), "endorse")
    decide(page_of(person("approver")), "approve")

    approved = Filing.objects.get(region_id=LINYI)
    assert (approved.state, approved.record.training_rows.get().project_name) == (
        State.APPROVED,
        "电焊工培训（演示）",
    )


@pytest.fixture
def page_of(chromium, client, live_server, transactional_db):
    """Return a function that opens a browser at which a person is signed in."""
    contexts = []

    def opened(user):
        client.force_login(user)
        context = chromium.new_context(base_url=live_server.url, locale="zh-CN")
        context.set_default_timeout(PATIENCE)
        cookie = {"name": "session", "value": client.cookies["session"].value, "url": live_server.url}
        context.add_cookies([cookie])
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


def begin(browser) -> None:
    browser.goto(reverse("filing-new", args=[RETURN.slug]))
    browser.get_by_role("button", name="开始填报").click()
    browser.wait_for_url("**/edit/")
    browser.get_by_label("年度", exact=False).first.fill("2024")
    browser.get_by_role("textbox", name="填表人").fill("演示填表人")
    browser.get_by_role("textbox", name="联系电话").fill("00000000000")
    browser.get_by_label("填表日期", exact=False).first.fill("2024-06-10")
    browser.get_by_role("button", name="暂存", exact=True).last.click()
    walking.told(browser, "已暂存。")


def fill_in(browser, name: str) -> None:
    begin(browser)
    cells = {"project_name": name, "target_scope": "登记失业人员", "trainee_count": "80", "held_text": "6月"}
    for field, words in cells.items():
        browser.locator(f"[name=training_rows-0-{field}]").fill(words)
    send(browser)


def send(browser) -> None:
    browser.get_by_role("button", name="提交", exact=True).click()
    browser.get_by_role("button", name="确认提交").click()
    walking.told(browser, "第 1 版已提交")


def decide(browser, action: str) -> None:
    """Open the filing that waits and take the conclusion."""
    browser.goto(reverse("desk"))
    browser.locator("tbody .t-title").first.click()
    browser.locator(f".decide input[name=action][value={action}]").check()
    browser.locator("[data-portal-submit]").click()
    walking.told(browser, "》已")
