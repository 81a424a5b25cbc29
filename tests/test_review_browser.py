"""The page of a decision in a browser: by keyboard alone from the queue, two texts in columns, kept words."""

import pytest
from django.urls import reverse

from portal.models import Event, Filing, Remark
from portal.vocabulary import State
from tests import factories
from tests.pages import rewritten
from tests.returning import resubmitted, returned
from tests.walking import told, wider_than_the_window

pytestmark = pytest.mark.django_db(transaction=True)
KIND, FIELD = "skill-brands", "advantage_people"
OPINION, REMARK = "三项条件齐备，同意报送。", "请写明统计时间。"


@pytest.fixture
def seat(page, client, live_server):
    """Seat a person at the desk of the browser."""

    def sit(user):
        client.force_login(user)
        session = client.cookies["session"].value
        page.context.add_cookies([{"name": "session", "value": session, "url": live_server.url}])
        return page

    return sit


def test_a_reviewer_goes_from_the_queue_to_a_decision_by_keyboard_alone(seat):
    one, two = factories.submitted(KIND), factories.submitted(KIND)
    page = seat(factories.reviewer())
    page.goto("/desk/")
    page.locator("tbody .t-title").first.wait_for()

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/filings/**")  # and its scripts: they hold the keys
    page.get_by_role("heading", name="审核意见").wait_for()
    page.keyboard.press("d")
    page.keyboard.press("Space")
    page.get_by_role("button", name="审核上报").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.type(OPINION)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    told(page, "审核上报")
    page.get_by_role("heading", level=1, name=two.title).wait_for()
    assert Event.objects.get(filing_id=one.pk, action="endorse").comment == OPINION
    assert list(Event.objects.filter(filing_id=two.pk).values_list("action", flat=True)) == ["submit"]


def test_a_remark_is_written_by_keyboard_and_what_stood_in_the_box_is_kept(seat):
    filing = factories.submitted(KIND)
    page = seat(factories.reviewer())
    page.goto(reverse("filing", args=[filing.pk]))
    page.locator("#comment").fill(OPINION)
    page.get_by_role("radio", name="退回修改").check()
    page.get_by_role("checkbox", name="不准确").check()
    page.locator(f"#f-{FIELD} summary").focus()

    page.keyboard.press("m")
    page.keyboard.type(REMARK)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.wait_for_url("**#remark-*")  # and its scripts: they fill the box
    page.locator(".note", has_text=REMARK).wait_for()
    assert page.locator("#comment").input_value() == OPINION
    assert page.get_by_role("checkbox", name="不准确").is_checked()
    assert Remark.objects.get(filing_id=filing.pk).text == REMARK
    page.locator(".btn.seal").click()
    told(page, "退回修改")
    assert Filing.objects.get(pk=filing.pk).unlocked == [FIELD]


def test_the_keys_go_through_changes_and_neighbours_and_can_be_switched_off(seat):
    record = returned(KIND, FIELD)
    rewritten(record, **{FIELD: "演示数据。从业人员约1300人。"})
    resubmitted(record)
    other = factories.submitted(KIND)
    page = seat(factories.reviewer())
    page.goto(reverse("filing", args=[record.pk]) + "?compare=1&from=tab%3Dtodo")
    at = "document.activeElement.id.replace(/[0-9]+/, '')"

    stops = []
    for key in ("n", "n", "p"):
        page.keyboard.press(key)
        stops.append(page.evaluate(at))
    page.keyboard.press("?")
    page.get_by_label("不用单键操作").check()
    page.keyboard.press("Escape")
    page.locator("#keys").wait_for(state="hidden")
    page.keyboard.press("n")
    resting = page.evaluate("document.activeElement.dataset.portalRemark === undefined")
    page.evaluate("localStorage.clear()")
    page.reload()
    page.keyboard.press("j" if page.locator("[data-portal-next]").count() else "k")

    page.get_by_role("heading", level=1, name=other.title).wait_for()
    assert stops == [f"f-{FIELD}", "remark-", f"f-{FIELD}"]
    assert resting


def test_two_clicks_on_the_seal_button_decide_once(seat):
    filing = factories.submitted(KIND)
    page = seat(factories.reviewer())
    page.goto(reverse("filing", args=[filing.pk]))
    page.get_by_role("radio", name="审核上报").check()

    page.locator(".btn.seal").dblclick()

    page.wait_for_url("**/desk/")
    page.get_by_text("打开").first.wait_for()
    done = Event.objects.filter(filing_id=filing.pk).order_by("number").values_list("action", flat=True)
    assert list(done) == ["submit", "endorse"]


@pytest.mark.parametrize(("width", "columns"), [(1366, 2), (1024, 2), (390, 1)])
def test_two_texts_stand_side_by_side_where_there_is_room(seat, width, columns):
    record = returned(KIND, FIELD)
    rewritten(record, **{FIELD: "演示数据。从业人员约1300人。"})
    resubmitted(record)
    page = seat(factories.reviewer())
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(reverse("filing", args=[record.pk]) + "?a=1&b=2")

    sides = page.locator(f"#f-{FIELD} .sides > .words").all()

    assert len({round(side.bounding_box()["x"]) for side in sides}) == columns


def test_the_end_of_the_box_beside_the_text_is_reached(seat):
    filing = factories.submitted(KIND)
    page = seat(factories.reviewer())
    page.set_viewport_size({"width": 1366, "height": 700})
    page.goto(reverse("filing", args=[filing.pk]))
    last = page.locator("aside .line li").last

    last.scroll_into_view_if_needed()

    box = last.bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= 700


@pytest.mark.parametrize("state", [State.CITY_REVIEW, State.RETURNED])
def test_a_page_with_remarks_is_no_wider_than_the_window(seat, state):
    record = returned(KIND, FIELD, "name")
    if state == State.CITY_REVIEW:
        resubmitted(record)
    page = seat(factories.reviewer())
    url = reverse("filing", args=[record.pk])

    assert wider_than_the_window(page, [url, f"{url}?compare=1", f"{url}?compare=1&view=inline"]) == []
