"""Reports in a browser: from the list to a number, its filings, a file; a job that ends while one looks."""

import pytest
from django.urls import reverse

from portal import jobs
from portal.models import Job, Report
from portal.vocabulary import State
from tests import copies, report_desk
from tests.factories import PROVINCE, filing
from tests.report_desk import KIND, SLUG, reader
from tests.walking import offices, told, wider_than_the_window

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def kind():
    """Give a report of the tests' own."""
    with report_desk.registered():
        yield


@pytest.fixture
def counted():
    """Give it 25 brands to count."""
    first = filing(KIND, State.CITY_REVIEW, name="潍坊名称很长很长的特色手工技艺培训与展示品牌（演示）")
    copies.multiply(first, 24)


@pytest.fixture
def desks(chromium, live_server):
    """Give the browsers of people with scripts."""
    yield from offices(chromium, live_server)


@pytest.fixture
def plain_desks(chromium, live_server):
    """Give the browsers of people without scripts."""
    yield from offices(chromium, live_server, scripts=False)


def test_a_number_is_followed_to_its_filings_and_its_file_is_asked_for_without_scripts(plain_desks, counted):
    page = plain_desks.of(reader(PROVINCE))
    page.get_by_role("link", name="统计报表", exact=True).click()
    page.get_by_role("link", name="测试用报表", exact=True).click()
    told(page, "截至此刻")

    page.locator("tr.total").get_by_role("link", name="25", exact=True).click()
    told(page, "共 25 件填报")
    shown = page.locator("section[aria-label=填报清单] tbody tr").count()
    page.get_by_role("link", name="下一页").click()
    told(page, "第 21–25 件")
    rest = page.locator("section[aria-label=填报清单] tbody tr").count()
    page.get_by_role("link", name="回到报表").click()
    page.get_by_role("button", name="生成 Excel").click()
    told(page, "可以离开本页，完成后通知您")

    assert (shown, rest) == (20, 5)
    assert page.locator("[role=progressbar]").get_attribute("aria-label") == "生成进度"
    assert Report.objects.get().slug == SLUG


def test_a_page_without_scripts_loads_itself_again_until_the_file_is_there(plain_desks, counted):
    page = plain_desks.of(reader(PROVINCE))
    page.goto(f"{reverse('report', args=[SLUG])}?on=2024-06-15")
    page.get_by_role("button", name="生成 Excel").click()
    told(page, "排队中")

    jobs.execute(Job.objects.get().pk)

    told(page, "文件已经生成")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载", exact=False).last.click()
    assert download.value.suggested_filename == "测试用报表 截至 2024-06-15 24：00.xlsx"


def test_the_page_of_a_job_follows_it_to_its_end_and_the_notice_leads_back(desks, counted):
    page = desks.of(reader(PROVINCE))
    page.goto(f"{reverse('report', args=[SLUG])}?on=2024-06-15")
    page.get_by_role("button", name="生成 PDF").click()
    told(page, "排队中")

    jobs.execute(Job.objects.get().pk)

    told(page, "文件已经生成")
    page.goto(reverse("messages"))
    page.get_by_role("link", name="打开").first.click()
    told(page, "SHA-256")
    assert page.locator(".digest").inner_text() == Job.objects.get().sha256


def test_a_job_is_cancelled_and_asked_for_again_by_the_keyboard(desks, counted):
    page = desks.of(reader(PROVINCE))
    page.goto(f"{reverse('report', args=[SLUG])}?on=2024-06-15")
    page.get_by_role("button", name="生成 Word").press("Enter")
    told(page, "排队中")

    page.get_by_role("button", name="取消生成").press("Enter")
    told(page, "已取消，没有生成文件")
    page.get_by_role("button", name="重新生成").press("Enter")
    told(page, "排队中")

    assert list(Job.objects.order_by("pk").values_list("status", flat=True)) == ["cancelled", "queued"]


def test_an_odd_cut_off_takes_the_focus_to_its_sentence(desks, counted):
    page = desks.of(reader(PROVINCE))
    page.goto(f"{reverse('report', args=[SLUG])}?on=2999-01-01&time=18:00")
    page.locator("#fault").wait_for()

    page.wait_for_function("document.activeElement.id === 'fault'")
    assert (page.input_value("#on"), page.input_value("#time")) == ("2999-01-01", "18:00")


def test_no_page_of_the_reports_is_wider_than_the_window(desks, counted):
    page = desks.of(reader(PROVINCE))
    page.goto(f"{reverse('report', args=[SLUG])}?on=2024-06-15")
    page.get_by_role("button", name="生成 Excel").click()
    told(page, "排队中")
    made = Report.objects.get()
    jobs.execute(made.pk)
    behind = f"{reverse('report-behind', args=[SLUG])}?region=37&cell=column%3Dpeople"
    pages = [reverse(name) for name in ("reports", "downloads", "schedule-new")]

    wide = wider_than_the_window(
        page, [*pages, reverse("report", args=[SLUG]), behind, reverse("job", args=[made.pk])]
    )

    assert wide == []


def test_a_report_is_printed_across(desks, counted):
    page = desks.of(reader(PROVINCE))
    page.goto(reverse("report", args=[SLUG]))
    told(page, "截至此刻")

    page.emulate_media(media="print")

    hidden = [page.locator(part).first.is_visible() for part in (".report-form", ".desk-top", ".btn")]
    assert hidden == [False, False, False]
    assert page.evaluate("getComputedStyle(document.body).page") == "across"
