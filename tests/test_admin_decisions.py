"""Decisions from the administration's lists: asked once more, done one by one, told with reason."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.models import Filing
from portal.vocabulary import Role, State
from tests import factories
from tests.administration import enter, staff, told, url
from tests.copies import many_filings

pytestmark = pytest.mark.django_db


def items(*records) -> dict:
    current = [Filing.objects.get(pk=record.pk) for record in records]
    return {
        "item": [f"{filing.pk}-{filing.version}-{filing.step}" for filing in current],
        "_selected_action": [filing.pk for filing in current],
    }


def decide(client, model, action: str, chosen: dict, comment: str = "", **said):
    data = {"action": action, "confirmed": "yes", "comment": comment, "reason": "unclear", **said, **chosen}
    return client.post(url(model, "changelist"), data, follow=True)


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("skill-brands", ["受理", "审核上报", "审核通过", "退回修改", "不予通过", "导出所选"]),
        ("building-units", ["受理", "准予备案", "退回补正", "导出所选"]),
    ],
)
def test_reviewers_are_offered_the_decisions_of_the_route_and_others_none(slug, words, client):
    record = factories.submitted(slug)

    offered = {}
    for user in (factories.reviewer(), factories.filer()):
        response = enter(client, user).get(url(type(record), "changelist"))
        choices = response.context["action_form"].fields["action"].choices
        offered[user.posts[0].role] = [str(word) for name, word in choices if name]

    assert offered == {Role.REVIEWER: words, Role.FILER: ["导出所选"]}


def test_a_decision_is_asked_once_more_with_version_and_reason(client):
    open_one = factories.submitted("skill-brands", name="潍坊演示一")
    closed = factories.filing("skill-brands", State.RETURNED, name="潍坊演示二")
    enter(client, factories.reviewer())

    data = {"action": "endorse", "_selected_action": [open_one.pk, closed.pk], "index": 0}
    response = client.post(url(type(open_one), "changelist"), data)

    rows = {row["title"]: (row["version"], row["reason"]) for row in response.context["rows"]}
    assert rows == {"潍坊演示一": (1, ""), "潍坊演示二": (2, "已退回，等待报送单位修改后重新提交")}
    assert Filing.objects.get(pk=open_one.pk).state == State.CITY_REVIEW


def test_each_filing_is_decided_by_itself_and_says_what_came_of_it(client):
    first = factories.submitted("skill-brands", name="潍坊演示一")
    second = factories.filing("skill-brands", State.RETURNED, name="潍坊演示二")
    elsewhere = factories.submitted("skill-brands", place="3717", name="菏泽演示三")
    enter(client, factories.reviewer())

    response = decide(client, type(first), "endorse", items(first, second, elsewhere))

    assert told(response) == [
        "《潍坊演示一》已审核上报。",
        "《潍坊演示二》没有审核上报：审核上报现在不能办理：已退回，等待报送单位修改后重新提交。",
        "有一件填报不在您的范围内，没有办理。",
    ]
    states = [Filing.objects.get(pk=record.pk).state for record in (first, second, elsewhere)]
    assert states == [State.PROVINCE_REVIEW, State.RETURNED, State.CITY_REVIEW]
    event = first.events.latest("number")
    assert (event.action, event.by_id, len(event.request_id)) == ("endorse", factories.reviewer().pk, 16)


def test_a_return_without_a_comment_is_refused(client):
    record = factories.submitted("skill-brands", name="潍坊演示一")

    response = decide(enter(client, factories.reviewer()), type(record), "return", items(record), comment=" ")

    assert told(response) == ["《潍坊演示一》没有退回修改：退回修改须写明意见，报送单位要据此知道原因。"]
    assert Filing.objects.get(pk=record.pk).state == State.CITY_REVIEW


def test_a_decision_on_a_version_that_was_read_before_it_changed_is_refused(client):
    record = factories.submitted("skill-brands", name="潍坊演示一")
    stale = items(record)
    changed = factories.act(record, "withdraw", factories.filer())
    factories.act(changed, "submit", factories.filer())

    response = decide(enter(client, factories.reviewer()), type(record), "endorse", stale)

    assert told(response) == ["《潍坊演示一》没有审核上报：这件填报刚刚已由他人处理，请重新打开后再看。"]
    assert Filing.objects.get(pk=record.pk).state == State.CITY_REVIEW


@pytest.mark.parametrize("item", ["", "1", "1-1", "a-b-c", "0-1-1", "9" * 30 + "-1-1", "１-1-1", "1-1-1\n"])
def test_a_decision_that_was_tampered_with_is_a_bad_request(item, client):
    record = factories.submitted("skill-brands")

    response = decide(
        enter(client, factories.reviewer()), type(record), "endorse", {**items(record), "item": [item]}
    )

    assert response.status_code == 400
    assert Filing.objects.get(pk=record.pk).state == State.CITY_REVIEW


def test_somebody_without_a_desk_decides_nothing(client):
    record = factories.submitted("skill-brands")

    for who in (factories.filer(), factories.joint("3707"), factories.auditor()):
        decide(enter(client, who), type(record), "endorse", items(record))

    assert Filing.objects.get(pk=record.pk).state == State.CITY_REVIEW


def test_a_return_names_a_reason_that_stands_in_its_event(client):
    record = factories.submitted("skill-brands", name="潍坊演示一")
    enter(client, factories.reviewer())

    without = decide(client, type(record), "return", items(record), factories.COMMENT, reason=[])
    named = decide(client, type(record), "return", items(record), factories.COMMENT, reason="incomplete")

    refused = "退回须选择至少一项原因，报送单位要据此修改。"
    assert (without.status_code, without.context["refusal"]) == (422, refused)
    assert f">\n{factories.COMMENT}</textarea>" in without.content.decode()
    assert told(named) == ["《潍坊演示一》已退回修改。"]
    assert record.events.latest("number").details == {"reasons": ["incomplete"]}


def test_a_form_given_back_keeps_the_version_it_was_written_on(client):
    record = factories.submitted("skill-brands", name="潍坊演示一")
    stale = items(record)
    changed = factories.act(record, "withdraw", factories.filer())
    factories.act(changed, "submit", factories.filer())
    enter(client, factories.reviewer())

    given_back = decide(client, type(record), "return", stale, factories.COMMENT, reason=[])

    assert [row["item"] for row in given_back.context["rows"]] == stale["item"]


def test_deciding_many_costs_as_many_queries_as_deciding_one(client):
    records = many_filings(9, "skill-brands", State.CITY_REVIEW)
    enter(client, factories.reviewer())
    client.get(url(type(records[0].record), "changelist"))  # what is kept between requests is kept by now

    costs = []
    for chosen in (records[:1], records[1:4], records[4:9]):
        model, numbers = type(chosen[0].record), [record.pk for record in chosen]
        asking = {"action": "accept", "_selected_action": numbers, "index": 0}
        with CaptureQueriesContext(connection) as asked:
            client.post(url(model, "changelist"), asking)
        sent = items(*chosen)
        with CaptureQueriesContext(connection) as done:
            client.post(url(model, "changelist"), {"action": "accept", "confirmed": "yes", **sent})
        costs.append((len(asked), len(done)))

    assert costs == [costs[0]] * 3
    assert {f.accepted_at is not None for f in Filing.objects.filter(kind="skill-brands")} == {True}


@pytest.mark.django_db(transaction=True)
def test_a_reviewer_returns_a_filing_in_the_browser_under_the_strict_policy(page, client):
    record = factories.submitted("building-units")
    client.force_login(staff(factories.reviewer()))
    page.goto("/healthz")
    cookie = {"name": "session", "value": client.cookies["session"].value, "url": page.url}
    page.context.add_cookies([cookie])

    page.goto(url(type(record), "change", record.pk))
    page.goto(url(type(record), "changelist"))
    page.check("input.action-select")
    page.select_option("select[name=action]", "return")
    page.click("button[name=index]")
    page.fill("#id_comment", factories.COMMENT)
    page.check("#id_reason_incomplete")
    page.click("input[type=submit].default")
    page.wait_for_selector(".messagelist .success")

    assert Filing.objects.get(pk=record.pk).state == State.RETURNED


def test_an_opinion_of_a_hundred_thousand_characters_is_refused_in_words(client):
    record = factories.submitted("skill-brands")
    enter(client, factories.reviewer())

    answer = decide(client, type(record), "return", items(record), "长" * 100_000)

    assert (answer.status_code, "意见最多 2000 字，现在有 100000 字" in answer.context["refusal"]) == (
        422,
        True,
    )
    assert 'value="unclear" checked' in answer.content.decode()
    assert Filing.objects.get(pk=record.pk).state == State.CITY_REVIEW
