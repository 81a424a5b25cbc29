"""The reviewer's half of the workbench in a browser: room on every screen, the seal that carries its verb."""

import pytest
from django.urls import reverse

from portal.models import Event
from portal.vocabulary import State
from tests import factories
from tests.looking import Eyes
from tests.walking import wider_than_the_window

pytestmark = pytest.mark.django_db(transaction=True)
# What of the header is seen: how many lines it takes, and what is smaller than a finger (WCAG 2.5.8).
_HEADER = """() => {
  const seen = [...document.querySelectorAll(".desk-top :is(.brand, .util button, .menu > summary)")];
  const boxes = seen.map((control) => control.getBoundingClientRect());
  const lines = new Set(boxes.map((box) => Math.round(box.top + box.height / 2)));
  return [lines.size, boxes.length, boxes.filter((box) => box.height < 24 || box.width < 24).length];
}"""
OPINION = "三项条件齐备，同意报送。"


@pytest.fixture
def seat(page, client, live_server):
    """Seat a person at the desk of the browser."""

    def sit(user):
        client.force_login(user)
        session = client.cookies["session"].value
        page.context.add_cookies([{"name": "session", "value": session, "url": live_server.url}])
        return page

    return sit


@pytest.mark.parametrize("chosen", [{}, {"elder": "on"}, {"elder": "on", "text": "large"}])
def test_no_page_of_a_reviewer_is_wider_than_the_window(seat, live_server, chosen):
    filing = factories.filing("building-units", State.RETURNED, place="370705")
    factories.act(filing, "submit", factories.filer("370705"))
    page = seat(factories.reviewer())
    cookies = [{"name": name, "value": value, "url": live_server.url} for name, value in chosen.items()]
    page.context.add_cookies(cookies)
    lists = ["/desk/", "/desk/?q=没有", "/desk/messages/", "/desk/filings/building-units/"]

    assert wider_than_the_window(page, [*lists, reverse("filing", args=[filing.pk]) + "?compare=1"]) == []


def test_no_page_of_a_publisher_is_wider_than_the_window(seat):
    filing = factories.approved("skill-brands")
    entry = factories.entry("skill-brands", name="潍坊风筝扎制品牌（演示）")
    page = seat(factories.publisher())

    pages = [reverse("publish", args=[filing.pk]), reverse("exit", args=[entry.code]), "/desk/?tab=publish"]

    assert wider_than_the_window(page, pages) == []


@pytest.mark.parametrize("chosen", [{}, {"elder": "on"}])
@pytest.mark.parametrize("width", [320, 345, 360, 480])  # 345: of 360 a bar to scroll with takes 15
def test_the_header_of_the_workbench_is_one_line_on_a_phone(chromium, client, chosen, width):
    client.force_login(factories.reviewer())
    client.cookies.load(chosen)
    eyes = Eyes(chromium, client)
    eyes.look("/desk/")
    eyes.page.set_viewport_size({"width": width, "height": 800})

    found = eyes.page.evaluate(_HEADER), eyes.cut()
    eyes.close()

    assert found == ([1, 3, 0], [])


def test_the_seal_button_carries_the_chosen_verb(seat):
    filing = factories.submitted("skill-brands")
    page = seat(factories.reviewer())
    page.goto(reverse("filing", args=[filing.pk]))
    button = page.locator(".btn.seal")
    said = [button.inner_text()]

    for choice in ("退回修改", "审核上报"):
        page.get_by_role("radio", name=choice).check()
        said.append(button.inner_text())

    assert said == ["提交结论", "退回修改", "审核上报"]


def test_a_decision_is_taken_without_scripts(chromium, client, live_server):
    filing = factories.submitted("skill-brands")
    client.force_login(factories.reviewer())
    session = client.cookies["session"].value
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies([{"name": "session", "value": session, "url": live_server.url}])
    page = context.new_page()
    page.goto(reverse("filing", args=[filing.pk]))

    page.get_by_role("radio", name="审核上报").check()
    page.locator("#comment").fill(OPINION)
    page.get_by_role("button", name="提交结论").click()

    page.wait_for_url(f"{live_server.url}/desk/")
    context.close()
    assert Event.objects.get(filing_id=filing.pk, action="endorse").comment == OPINION


def test_the_second_of_two_reviewers_reads_who_was_first_and_keeps_his_opinion(seat):
    filing = factories.submitted("skill-brands")
    page = seat(factories.reviewer())
    page.goto(reverse("filing", args=[filing.pk]))
    factories.act(filing, "accept", factories.reviewer(name="weifang_second"))

    page.get_by_role("radio", name="审核上报").check()
    page.locator("#comment").fill(OPINION)
    page.locator(".btn.seal").click()

    page.get_by_role("heading", name="没有提交：刚刚已由他人处理").wait_for()
    assert "演示weifang_second" in page.locator("main").inner_text()
    assert page.locator("textarea").input_value() == OPINION
    assert page.locator("textarea").get_attribute("readonly") is not None
