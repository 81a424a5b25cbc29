"""The queue: what its tabs hold and count, its conditions, its order, due days, and who comes next."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import copies, inbox, queue, workflow
from portal.models import Filing, User
from portal.vocabulary import Role, State
from tests import copies as rows
from tests import factories
from tests.campaigning import campaign
from tests.test_desk_pages import acts, arrived, counts, desk, shown

pytestmark = pytest.mark.django_db
KITE, PRINT, PAPER = "潍坊风筝品牌（演示）", "潍坊年画品牌（演示）", "潍坊剪纸行业品牌（演示）"


def three() -> list[Filing]:
    """Return three filings of 潍坊 under review that came 9, 6 and 1 days ago."""
    found = [factories.submitted("skill-brands", name=name) for name in (KITE, PRINT, PAPER)]
    for filing, days in zip(found, (9, 6, 1), strict=True):
        arrived(filing, days=days)
    return found


def accepted(filing: Filing, by: User) -> Filing:
    return factories.act(filing, "accept", by)


def conditions(answer) -> list[str]:
    return [condition["word"] for condition in answer.context["conditions"]]


def test_every_tab_counts_what_it_holds_and_nothing_of_another_city(client):
    user = factories.reviewer(name="weifang_all")
    factories.add_post(user, Role.FILER, "370705")
    factories.add_post(user, Role.PUBLISHER, "3707")
    three()
    factories.draft("building-units", place="370705", name="演示一")
    factories.filing("building-units", State.APPROVED, name="演示二")
    done = factories.submitted("skill-brands", name="潍坊面塑品牌（演示）")
    copies.send(done, [user], by=factories.reviewer())
    factories.act(done, "endorse", User.objects.get(pk=user.pk))
    factories.submitted("skill-brands", place="3701", name="济南鲁绣品牌（演示）")
    factories.draft("building-units", place="370102", name="演示三")
    factories.filing("building-units", State.APPROVED, place="3701", name="演示四")

    answer = desk(client, User.objects.get(pk=user.pk))

    assert counts(answer) == {"todo": "4", "publish": "1", "done": "1", "mine": "1", "copies": "1"}


@pytest.mark.parametrize("tab", ["todo", "done", "mine", "copies"])
def test_no_tab_shows_a_filing_of_another_city(client, tab):
    elsewhere = factories.submitted("skill-brands", place="3701", name="济南鲁绣品牌（演示）")
    copies.send(elsewhere, [factories.reviewer("3701", name="jinan_second")], by=factories.reviewer("3701"))

    page = desk(client, factories.reviewer(), tab=tab).content.decode()

    assert "鲁绣" not in page


def test_a_copy_of_what_somebody_may_no_longer_see_is_neither_shown_nor_counted(client):
    moved, filing = factories.reviewer(name="weifang_second"), factories.submitted("skill-brands")
    copies.send(filing, [moved], by=factories.reviewer())
    moved.memberships.update(organisation=factories.bureau("3701"))

    answer = desk(client, User.objects.get(pk=moved.pk), tab="copies")

    assert (shown(answer), counts(answer)["copies"]) == ([], "0")


def test_more_than_the_pager_turns_is_said_to_be_more(client, monkeypatch):
    three()
    monkeypatch.setattr(queue, "MOST", 2)

    answer = desk(client, factories.reviewer())

    assert (answer.context["heading"], counts(answer)["todo"]) == (
        "待办 2 件以上，2 件停留超过 5 天",
        "2+",
    )
    assert (shown(answer), answer.context["more"]) == ([KITE, PRINT], True)


def test_the_link_to_the_workbench_counts_what_waits_on_every_page(client):
    three()
    factories.sign_in(client, factories.reviewer())

    pages = [client.get(url).context["waiting"] for url in ("/desk/", "/desk/messages/")]

    assert [str(waiting) for waiting in pages] == ["3", "3"]


def test_conditions_narrow_by_place_holder_state_and_stay(client):
    mine, other, nobodys = three()
    accepted(mine, factories.reviewer())
    colleague = factories.reviewer(name="weifang_second")
    accepted(other, colleague)
    factories.submitted("building-units", place="370705", name="演示奎文")

    found = {
        name: shown(desk(client, factories.reviewer(), **{name: value}))
        for name, value in {
            "county": "370705",
            "state": State.PROVINCE_REVIEW,
            "long": "1",
        }.items()
    }
    held = {
        value: shown(desk(client, factories.reviewer(), holder=value))
        for value in ("me", "none", str(colleague.pk), "999999")
    }

    assert found == {"county": ["演示奎文"], "state": [], "long": [KITE, PRINT]}
    assert held == {
        "me": [mine.title],
        "none": [nobodys.title, "演示奎文"],
        str(colleague.pk): [other.title],
        "999999": [],
    }


def test_a_provincial_desk_narrows_by_city(client):
    for place, name in (("3701", "济南鲁绣品牌（演示）"), ("3707", KITE)):
        factories.filing("skill-brands", State.PROVINCE_REVIEW, place=place, name=name)

    answer = desk(client, factories.reviewer("37"), city="3701")

    assert (shown(answer), conditions(answer)) == (["济南鲁绣品牌（演示）"], ["济南市"])


def test_each_condition_is_shown_in_words_and_can_be_dropped_alone(client):
    three()
    asked = {
        "q": "风筝",
        "kind": "skill-brands",
        "holder": "none",
        "state": "city_review",
        "long": "1",
        "sort": "-title",
    }

    answer = desk(client, factories.reviewer(), **asked)

    assert conditions(answer) == ["“风筝”", "专项职业能力品牌", "未受理", "待市级审核", "停留超过 5 天"]
    first = answer.context["conditions"][0]["query"]
    assert first == "?tab=todo&kind=skill-brands&holder=none&state=city_review&long=1&sort=-title"


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("arrived", [KITE, PRINT, PAPER]),
        ("-arrived", [PAPER, PRINT, KITE]),
        ("stay", [PAPER, PRINT, KITE]),
        ("-stay", [KITE, PRINT, PAPER]),
        ("title", sorted([KITE, PRINT, PAPER])),
        ("-title", sorted([KITE, PRINT, PAPER], reverse=True)),
        ("holder", [PRINT, PAPER, KITE]),
        ("-holder", [KITE, PAPER, PRINT]),
        ("state", [KITE, PRINT, PAPER]),
        ("bureau", [KITE, PRINT, PAPER]),
        ("-bureau", [PAPER, PRINT, KITE]),
        ("due", [KITE, PRINT, PAPER]),
        ("password", [KITE, PRINT, PAPER]),
    ],
)
def test_a_heading_sorts_and_what_comes_next_follows_the_same_order(client, sort, order):
    kite = three()[0]
    accepted(kite, factories.reviewer())
    user = factories.reviewer()

    answer = desk(client, user, sort=sort)

    wish = answer.context["wish"]
    pks = {filing.title: filing.pk for filing in Filing.objects.all()}
    ends = [(a and pks[a], b and pks[b]) for a, b in zip([None, *order], [*order[1:], None], strict=False)]
    beside = [factories.beside(user, wish, pks[title]) for title in order]
    assert shown(answer) == order
    assert [(one.previous, one.following) for one in beside] == ends


def test_the_present_order_is_told_by_its_heading(client):
    three()

    headings = desk(client, factories.reviewer(), sort="-due").context["headings"]

    assert {h["text"]: h["direction"] for h in headings if h["direction"]} == {"截止日期": "descending"}
    assert [h["url"] for h in headings if h["text"] == "截止日期"] == ["?tab=todo&sort=due"]


def test_what_comes_next_costs_one_query_beside_the_filing_at_any_size():
    first = factories.submitted("skill-brands")
    user, costs = factories.reviewer(), []
    for more in (2, 997):
        rows.multiply(Filing.objects.latest("pk").record, more)
        for sort in ("arrived", "due", "-title"):
            with CaptureQueriesContext(connection) as queries:
                factories.beside(user, queue.Wish(sort=sort), first.pk)
            costs.append(len(queries))

    # the posts of the person are read once, with the first
    assert costs == [costs[0], *[2] * 5]


def test_nobody_learns_what_stands_beside_a_filing_that_is_not_his():
    three()
    elsewhere = factories.submitted("skill-brands", place="3701", name="济南鲁绣品牌（演示）")

    beside = factories.beside(factories.reviewer(), queue.Wish(), elsewhere.pk)

    assert beside == queue.Neighbours()


def test_a_wish_survives_the_address_of_a_filing():
    user = factories.reviewer()
    wish = queue.Wish(q="风筝 & 年画", kind="skill-brands", county="370705", long="1", sort="-due")

    assert queue.decoded(queue.encoded(wish), user) == wish
    assert queue.decoded("tab=x&sort=%00&holder=１&q=\x00", user) == queue.Wish()


def test_a_line_leads_to_the_page_of_its_filing_with_the_wish(client):
    filing = factories.submitted("skill-brands")

    (row,) = desk(client, factories.reviewer(), long="", q="剪纸").context["rows"]

    page = reverse("filing", args=[filing.pk])
    assert row.page == f"{page}?from=tab%3Dtodo%26q%3D%25E5%2589%25AA%25E7%25BA%25B8%26sort%3Darrived"
    assert client.get(row.page).status_code == 200


def test_the_acts_on_many_are_those_open_on_the_page(client):
    factories.submitted("skill-brands")
    accepted(factories.submitted("skill-brands", name=KITE), factories.reviewer())

    batch = desk(client, factories.reviewer()).context["batch"]

    assert list(batch) == ["accept", "endorse", "return"]


def test_who_may_only_look_ticks_nothing(client):
    factories.draft("skill-brands")

    page = desk(client, factories.filer()).content.decode()

    assert ('name="item"' in page, 'id="batch"' in page) == (False, False)


def test_what_is_ticked_names_the_filing_as_it_was_seen(client):
    filing = factories.submitted("skill-brands")

    (row,) = desk(client, factories.reviewer()).context["rows"]

    assert row.item == f"{filing.pk}-{filing.version}-{filing.step}"


def test_a_line_can_be_taken_up_and_the_queue_stays_as_asked(client):
    filing = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())
    sent = {"version": filing.version, "step": filing.step, "from": "tab=todo&holder=none&sort=-due"}

    answer = client.post(reverse("filing-accept", args=[filing.pk]), sent)

    assert answer.url == "/desk/?tab=todo&holder=none&sort=-due"
    assert Filing.objects.get(pk=filing.pk).holder == factories.reviewer()


@pytest.mark.parametrize("sent", [{}, {"version": "x"}, {"version": "1", "step": "0"}, {"version": "2"}])
def test_a_line_that_is_no_longer_so_is_not_taken_up(client, sent):
    filing = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())

    answer = client.post(reverse("filing-accept", args=[filing.pk]), sent, follow=True)

    assert Filing.objects.get(pk=filing.pk).accepted_at is None
    assert "没有受理" in answer.content.decode()


def test_who_takes_up_second_is_told_who_was_first(client):
    filing, colleague = factories.submitted("skill-brands"), factories.reviewer(name="weifang_second")
    accepted(filing, colleague)
    factories.sign_in(client, factories.reviewer())

    answer = client.post(
        reverse("filing-accept", args=[filing.pk]), {"version": "1", "step": filing.step}, follow=True
    )

    assert f"没有受理：{colleague}已受理" in answer.content.decode()


def test_the_page_keeps_its_cost_with_every_condition_and_order(client):
    first = factories.submitted("skill-brands")
    campaign()
    user, costs = factories.reviewer(), []
    asked = {"county": "370705", "holder": "me", "long": "1", "late": "1", "q": "剪纸", "sort": "due"}
    factories.sign_in(client, user)
    for more in (0, 2):
        rows.multiply(first.record, more)
        for params in ({"sort": "due"}, {"sort": "holder", "late": "1"}, asked):
            with CaptureQueriesContext(connection) as queries:
                assert client.get("/desk/", params).status_code == 200
            costs.append((more, len(queries)))

    assert [cost for more, cost in costs if more] == [cost for more, cost in costs if not more]


def test_words_of_a_wish_that_name_nobody_are_told_as_they_are(client):
    answer = desk(client, factories.filer(), holder="424242", city="3799")

    assert conditions(answer) == ["3799", "指定的经办人"]


def test_acts_in_the_queue_are_those_of_the_policy(client):
    filing = factories.submitted("skill-brands")
    (row,) = desk(client, factories.reviewer()).context["rows"]

    found = workflow.available_actions(Filing.objects.get(pk=filing.pk), factories.reviewer())

    assert row.acts == {one.action.name for one in found if one.is_open}
    assert acts(desk(client, factories.reviewer())) == [(filing.title, "审核")]
    assert inbox.duration(timedelta(0)) == "不到 1 分钟"
