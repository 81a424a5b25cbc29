"""Notices in a browser: published without scripts, room on every screen, paper without furniture."""

import pytest
from django.urls import reverse

from portal import publicity
from portal.models import PublicNotice
from tests.factories import approved, entry, publisher
from tests.noticing import announced, drafted, drafter, know_the_years, objected, running
from tests.walking import offices, told, wider_than_the_window

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "潍坊风筝扎制和传统木版年画手工印刷技艺专项职业能力品牌名称很长的一条（演示）"


@pytest.fixture
def scriptless(chromium, live_server):
    yield from offices(chromium, live_server, scripts=False)


def test_a_notice_is_drafted_and_published_without_scripts(scriptless):
    know_the_years()
    record, author, boss = approved("skill-brands"), drafter(), publisher()

    page = scriptless.of(author)
    page.goto(reverse("notice-new"))
    page.get_by_label("公示", exact=True).check()
    page.get_by_label("目录").select_option("skill-brands")
    page.get_by_role("button", name="下一步").click()
    told(page, "推算日期")
    page.get_by_label("受理单位").fill("演示受理处")
    page.get_by_label("地址").fill("演示路1号")
    page.get_by_label("电话", exact=False).first.fill("0000-0000000")
    page.get_by_label(str(record)).check()
    page.get_by_label("公示工作日数").fill("6")
    page.get_by_role("button", name="推算日期").click()
    told(page, "（6个工作日）")
    page.get_by_role("button", name="保存草稿").click()
    told(page, "已保存草稿")
    notice = PublicNotice.objects.get()
    page = scriptless.of(boss)
    page.goto(reverse("notice-desk", args=[notice.pk]))
    page.get_by_role("button", name="发布").click()
    told(page, "公示已发布")
    page.goto(reverse("notice", args=[notice.pk]))

    assert page.get_by_text(publicity.dates(notice)).count() == 1
    assert page.get_by_role("cell", name=str(record)).count() == 1


def test_no_page_of_notices_is_wider_than_the_window(chromium, live_server, page):
    notice = running(approved("skill-brands", name=LONG), title=f"关于{LONG}的公示")
    announced(entry("skill-brands", name=f"另一条{LONG}").filing)
    objection = objected(notice, text=LONG * 3, objector=LONG[:30])
    draft = drafted(notice.items.get().filing)
    walkers = offices(chromium, live_server)
    desk = next(walkers).of(publisher())
    pages = [reverse("notice-list"), reverse("notice-new"), reverse("workdays")]
    for name, pk in (
        ("notice-desk", notice.pk),
        ("notice-print", notice.pk),
        ("objection-new", notice.pk),
        ("notice-change", draft.pk),
        ("objection", objection.pk),
    ):
        pages.append(reverse(name, args=[pk]))

    assert wider_than_the_window(page, [reverse("notices"), reverse("notice", args=[notice.pk])]) == []
    assert wider_than_the_window(desk, pages) == []
    assert next(walkers, None) is None


def test_paper_shows_the_notice_and_no_furniture(chromium, live_server):
    notice = running()
    walkers = offices(chromium, live_server)
    page = next(walkers).of(publisher())
    page.goto(reverse("notice-print", args=[notice.pk]))
    page.emulate_media(media="print")

    hidden = [page.is_visible(part) for part in (".desk-top", ".crumb", ".demo", "[data-portal-print]")]

    assert hidden == [False] * 4
    assert page.locator(".official h1").inner_text() == str(notice)
    assert next(walkers, None) is None
