"""The pages of campaigns over HTTP: who opens what, what a click does, what it costs."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from portal import campaigns, windows
from portal.models import Campaign, Message, Reminder
from portal.vocabulary import State
from tests.campaigning import (
    DAY,
    KIND,
    answer,
    campaign,
    duty,
    get,
    manager,
    pass_due,
    post,
    said,
)
from tests.factories import (
    KUIWEN,
    PROVINCE,
    WEIFANG,
    act,
    auditor,
    draft,
    filer,
    joint,
    publisher,
    reviewer,
    secadmin,
    sign_in,
    stranger,
    sysadmin,
)

pytestmark = pytest.mark.django_db


READERS = {
    "the province's reviewer": (manager, 16),
    "the province's publisher": (publisher, 16),
    "a joint department": (joint, 16),
    "the auditor": (auditor, 16),
    "the city's filer": (filer, 1),
    "the city's reviewer": (reviewer, 1),
    "a county of the city": (lambda: filer(KUIWEN), 0),
}


@pytest.mark.parametrize(("who", "rows"), READERS.values(), ids=READERS)
def test_a_board_shows_each_reader_his_own_region(client, who, rows):
    of = campaign(places=None)

    answer = get(client, who(), "campaign", of.pk)

    assert (answer.status_code, len(answer.context["rows"])) == (200, rows)


SHUT_OUT = {
    "somebody without a post": stranger,
    "a city that does not owe it": lambda: filer("3708"),
    "a reviewer of that city": lambda: reviewer("3708"),
    "the system administrator": sysadmin,
    "the security administrator": secadmin,
}
PAGES = ("campaign", "campaign-board", "campaign-change", "campaign-close", "campaign-nothing")


@pytest.mark.parametrize("who", SHUT_OUT.values(), ids=SHUT_OUT)
def test_whom_a_campaign_does_not_concern_finds_nothing(client, who):
    of, user = campaign("演示金丝雀", places=[WEIFANG]), who()
    answer(of)

    found = {name: get(client, user, name, of.pk).status_code for name in PAGES}
    sent = post(client, user, "campaign-remind", of.pk, duty=duty(of).pk).status_code
    extended = get(client, user, "duty-extend", duty(of).pk).status_code
    listed = get(client, user, "campaigns").content.decode()

    assert (found, sent, extended) == (dict.fromkeys(PAGES, 404), 404, 404)
    assert "演示金丝雀" not in listed
    assert Reminder.objects.count() == 0


@pytest.mark.parametrize(
    "who", [filer, reviewer, auditor, joint], ids=["filer", "reviewer", "auditor", "joint"]
)
def test_only_the_province_reaches_what_manages_a_campaign(client, who):
    of, user = campaign(), who()

    found = [
        *(get(client, user, name, of.pk).status_code for name in ("campaign-change", "campaign-close")),
        get(client, user, "campaign-new").status_code,
        get(client, user, "duty-extend", duty(of).pk).status_code,
        post(client, user, "campaign-close", of.pk).status_code,
    ]

    assert found == [404] * 5
    assert Campaign.objects.get(pk=of.pk).closed_at is None


def test_the_list_parts_what_is_in_progress_from_what_is_past_and_sorts(client):
    campaign("演示乙", due=9), campaign("演示甲", due=5), campaign("演示未开放", opens=2, due=20)
    pass_due(campaign("演示已过", due=1))
    campaigns.close(campaign("演示关闭", due=30), by=manager())

    def names(**params):
        found = get(client, filer(), "campaigns", **params).context["rows"]
        return [row["campaign"].name for row in found if row["campaign"].name.startswith("演示")]

    assert names() == ["演示甲", "演示乙", "演示未开放"]
    assert names(sort="-due") == ["演示未开放", "演示乙", "演示甲"]
    assert names(tab="past") == ["演示关闭", "演示已过"]


def test_the_list_tells_a_city_where_it_stands_and_the_province_how_many_have_filed(client):
    of = campaign()
    answer(of)

    own = get(client, filer(), "campaigns").context["rows"][0]
    all_of = get(client, manager(), "campaigns").context["rows"][0]

    assert own["own"].label == "已报"
    assert (all_of["rates"].filed, all_of["rates"].expected, all_of["percent"]) == (1, 16, 6)


def test_the_board_shows_the_five_rates_each_with_its_base(client):
    of = campaign()
    answer(of)
    late = answer(of, State.DRAFT, place="3708")
    pass_due(of)
    send(late)

    figures = get(client, manager(), "campaign", of.pk).context["figures"]

    assert [(figure["label"], str(figure["value"]), figure["of"]) for figure in figures] == [
        ("应报", "16", "个市"),
        ("已报", "2", "/ 16 市"),
        ("报送率", "12%", "2 / 16 市"),
        ("按时数", "1", "/ 16 市"),
        ("按时率", "6%", "1 / 16 市"),
    ]


def send(record):
    """Submit and endorse a draft."""
    act(act(record, "submit", filer(record.region_id)), "endorse", reviewer(record.region_id))


def test_the_board_is_narrowed_to_one_state_and_whoever_owes_is_ticked(client):
    of = campaign(places=[WEIFANG, "3708", "3702"])
    answer(of)
    answer(of, State.DRAFT, place="3708")

    whole = get(client, manager(), "campaign", of.pk)
    in_work = get(client, manager(), "campaign", of.pk, state="in_work")
    owing = get(client, manager(), "campaign", of.pk, state="owing")

    assert [page.context["picked"] for page in (whole, in_work, owing)] == [2, 1, 2]
    assert [line["name"] for line in owing.context["lines"]] == ["青岛市", "济宁市"]
    assert whole.content.decode().count(" checked>") == 2


def test_a_filing_is_found_from_its_line_on_the_board(client):
    of = campaign()
    record = answer(of)
    draft(KIND, place="3708")

    line = next(one for one in get(client, manager(), "campaign", of.pk).context["lines"] if one["row"].filed)
    listed = client.get(line["filings"])

    assert [row["title"] for row in listed.context["rows"]] == [record.title]


def test_one_click_reminds_the_ticked_bureaus_and_says_whom(client):
    people, of = [filer(), filer("3708")], campaign()
    ticked = [duty(of).pk, duty(of, "3708").pk]

    answered = post(client, manager(), "campaign-remind", of.pk, duty=ticked)

    assert answered.url == reverse("campaign", args=[of.pk])
    assert said(answered) == ["已催报 2 个单位：潍坊市、济宁市。消息已送到各单位填报岗位。"]
    assert Message.objects.filter(user__in=people, text__startswith="催报").count() == 2


@pytest.mark.parametrize("sent", [{}, {"duty": "x"}, {"duty": "9" * 30}, {"duty": "٣"}])
def test_a_click_that_chose_nobody_reminds_nobody(client, sent):
    of = campaign()

    answered = post(client, manager(), "campaign-remind", of.pk, **sent)

    assert said(answered) == ["没有选择单位，没有催报。请勾选未完成报送的单位后再点“催报”。"]
    assert Reminder.objects.count() == 0


def test_the_duty_of_another_campaign_is_not_reminded_through_this_one(client):
    of, other = campaign(), campaign("演示另一项")

    post(client, manager(), "campaign-remind", of.pk, duty=duty(other).pk)

    assert Reminder.objects.count() == 0


def test_the_workbook_of_a_board_says_what_the_page_says(client):
    of = campaign()
    answer(of)
    campaigns.extend(duty(of, "3702"), by=manager(), until=of.due_at + DAY, reason="=数据核实。")
    campaigns.remind(of, by=manager(), duties=[duty(of, "3701").pk])

    answered = get(client, manager(), "campaign-board", of.pk)
    sheet = load_workbook(BytesIO(b"".join(answered.streaming_content))).active
    lines = [[cell for cell in line] for line in sheet.values]

    assert lines[2][:3] == ["应报", 16, "个市"]
    assert lines[4][:3] == ["报送率", "6%", "1 / 16 市"]
    assert [line[:3] for line in lines[8:11]] == [
        ["济南市", "济南市人力资源和社会保障局", "未报"],
        ["青岛市", "青岛市人力资源和社会保障局", "未报"],
        ["淄博市", "淄博市人力资源和社会保障局", "未报"],
    ]
    assert (lines[8][8], lines[9][10]) == (1, "=数据核实。")
    assert lines[-1][0] == "合计"


@pytest.mark.parametrize("filings", [1, 3, 16])
def test_a_board_page_and_the_list_cost_the_same_queries_at_any_size(client, filings):
    of, user = campaign(), manager()
    places = [row.duty.organisation.region_id for row in windows.board(of, user)]
    for place in places[:filings]:
        draft(KIND, place=place)
    sign_in(client, user)

    counts = []
    for url in (reverse("campaign", args=[of.pk]), reverse("campaigns"), reverse("desk")):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(url).status_code == 200
        counts.append(len(asked))

    assert counts == BOARD_LIST_AND_DESK


BOARD_LIST_AND_DESK = [10, 10, 11]


def test_the_province_has_its_managers_at_one_bureau_alone():
    assert campaigns.may_manage(reviewer(PROVINCE)) is True
    assert campaigns.may_manage(reviewer()) is False
