"""The board in a browser: room on every screen, a button that counts what is ticked, scripts or none."""

import pytest
from django.urls import reverse

from portal.models import Filing, Reminder
from portal.vocabulary import State
from tests.campaigning import answer, campaign, duty, manager
from tests.factories import WEIFANG, filer
from tests.walking import wider_than_the_window

pytestmark = pytest.mark.django_db(transaction=True)


def sit(page, client, live_server, user):
    """Seat a person at the desk of the browser."""
    client.force_login(user)
    session = client.cookies["session"].value
    page.context.add_cookies([{"name": "session", "value": session, "url": live_server.url}])
    return page


def test_no_page_of_a_campaign_is_wider_than_the_window(page, client, live_server):
    of = campaign()
    answer(of)
    counties = campaign("演示县级任务", expects="county")
    sit(page, client, live_server, manager())
    addresses = [
        reverse("campaigns"),
        reverse("campaign-new"),
        *(reverse("campaign", args=[one.pk]) for one in (of, counties)),
        reverse("campaign-close", args=[of.pk]),
        reverse("duty-extend", args=[duty(of).pk]),
        reverse("desk"),
    ]

    assert wider_than_the_window(page, addresses) == []


def test_no_page_of_a_bureau_that_owes_is_wider_than_the_window(page, client, live_server):
    of = campaign()
    sit(page, client, live_server, filer())
    addresses = [
        reverse("filing-new"),
        reverse("campaign", args=[of.pk]),
        reverse("campaign-nothing", args=[of.pk]),
        reverse("desk"),
    ]

    assert wider_than_the_window(page, addresses) == []


def test_the_button_counts_what_is_ticked_and_reminds_exactly_that(page, client, live_server):
    of = campaign(places=[WEIFANG, "3708", "3702"])
    sit(page, client, live_server, manager())
    page.goto(reverse("campaign", args=[of.pk]))
    button = page.get_by_role("button", name="催报已选")
    before = button.inner_text().split()

    page.get_by_label("选择济宁市").uncheck()
    after = button.inner_text().split()
    button.click()
    page.get_by_text("已催报 2 个单位").wait_for()

    assert (before, after) == (["催报已选", "3", "市"], ["催报已选", "2", "市"])
    reminded = Reminder.objects.values_list("duty__organisation__region_id", flat=True)
    assert sorted(reminded) == ["3702", WEIFANG]


def test_without_scripts_a_bureau_reports_nothing_and_the_province_reminds_one(chromium, client, live_server):
    of = campaign(places=[WEIFANG, "3708"])
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = sit(context.new_page(), client, live_server, filer())

    page.goto(reverse("campaign-nothing", args=[of.pk]))
    page.get_by_label("没有内容要报的原因").fill("没有新增品牌（演示）。")
    page.get_by_label("经核实").check()
    page.get_by_role("button", name="提交零报送").click()
    page.get_by_text("零报送已提交").wait_for()
    sent = page.locator("h1").inner_text()
    sit(page, client, live_server, manager())
    page.goto(reverse("campaign", args=[of.pk]))
    page.get_by_role("button", name="催报济宁市").click()
    page.get_by_text("已催报 1 个单位：济宁市").wait_for()
    context.close()

    assert sent == "零报送：演示任务"
    assert Filing.objects.get().state == State.CITY_REVIEW
