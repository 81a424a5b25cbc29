"""Batches at the workbench: asked first, each item under the rules of one, an answer for every one."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from django.urls import reverse

from portal import batches, drafts, remarks, workflow
from portal.grounds import Grounds
from portal.models import Event, Filing, Message
from portal.vocabulary import State
from tests import factories
from tests.batching import asked, outcome, send, statements, ticked
from tests.copies import many_filings, multiply

pytestmark = pytest.mark.django_db

RETURNING = {"comment": factories.COMMENT, "grounds": Grounds(("incomplete",))}


def states(filings) -> list[str]:
    found = Filing.objects.in_bulk([filing.pk for filing in filings])
    return [found[filing.pk].state for filing in filings]


def many_updates(number: int) -> list[Filing]:
    """Return updates of as many approved returns, each before the province."""
    first = many_filings(number, "subsidy-reviews", State.APPROVED)
    update = drafts.update(first[0], by=factories.filer()).record
    for action, by in (("submit", factories.filer()), ("endorse", factories.reviewer())):
        update = factories.act(update, action, by)
    changes = [{"amends_id": one.pk, "title": one.title} for one in first[1:]]
    return [update, *multiply(update.record, number - 1, changes)]


def test_the_page_that_asks_says_of_each_whether_it_is_open_and_does_nothing(client):
    open_one = factories.submitted("skill-brands", name="潍坊演示一")
    returned = factories.filing("skill-brands", State.RETURNED, name="潍坊演示二")
    elsewhere = factories.submitted("skill-brands", place="3717", name="菏泽演示三")
    chosen = [open_one, returned, elsewhere]

    page = send(client, factories.reviewer(), "batch", "endorse", ticked(chosen))

    assert {line.title: line.reason for line in page.context["lines"]} == {
        "潍坊演示一": "",
        "潍坊演示二": "已退回，等待报送单位修改后重新提交",
        "（不在范围内）": "不在您的范围内",
    }
    assert "菏泽演示三" not in page.content.decode()
    assert states(chosen) == [State.CITY_REVIEW, State.RETURNED, State.CITY_REVIEW]


def test_what_moved_since_the_list_was_read_is_named_before_anything_is_done(client):
    record = factories.submitted("skill-brands", name="潍坊演示一")
    seen = ticked([record])
    event = factories.act(record, "accept", factories.reviewer(name="colleague")).events.latest("number")

    page = send(client, factories.reviewer(), "batch", "endorse", seen)

    (line,) = page.context["lines"]
    told = f"列表打开以后有变动：潍坊市人力资源和社会保障局 {event.by_name}于 "
    assert (line.reason.startswith(told), "办理了“受理”" in line.reason) == (True, True)


def test_each_is_done_or_told_why_not_and_what_failed_is_ticked_again(client):
    first, second, third = (
        factories.submitted("skill-brands", name=f"潍坊演示{n}") for n in ("一", "二", "三")
    )
    sent = ticked([first, second, third])
    factories.act(second, "endorse", factories.reviewer(name="colleague"))
    remarks.write(third, "name", "名称与目录不符。", by=factories.reviewer(), version=1)

    page = send(client, factories.reviewer(), "batch-do", "endorse", sent, **{"from": "tab=todo&page=2"})

    lines = {line.title: line for line in page.context["lines"]}
    assert lines["潍坊演示一"].said == "已审核上报"
    assert "演示colleague于 " in lines["潍坊演示二"].said
    assert (
        lines["潍坊演示三"].said == "没有办理：审核上报现在不能办理：有待发出的意见，请随退回发出或先删除。"
    )
    assert [line.retry for line in page.context["retries"]] == ticked([third])
    assert page.context["back"] == "/desk/?tab=todo&page=2"
    assert states([first, second, third]) == [State.PROVINCE_REVIEW, State.PROVINCE_REVIEW, State.CITY_REVIEW]


@pytest.mark.parametrize("meanwhile", ["endorse", "return"])
def test_what_a_colleague_decided_meanwhile_is_told_and_not_offered_again(client, meanwhile):
    decided, accepted = (factories.submitted("skill-brands", name=f"潍坊演示{n}") for n in ("一", "二"))
    sent, colleague = ticked([decided, accepted]), factories.reviewer(name="colleague")
    said = RETURNING if meanwhile == "return" else {}
    factories.act(decided, meanwhile, colleague, **said)
    factories.act(accepted, "accept", colleague)

    page = send(client, factories.reviewer(), "batch-do", "endorse", sent)

    assert [line.retry for line in page.context["retries"]] == ticked([accepted])
    assert page.content.decode().count("无须再办") == 1


def test_what_a_colleague_accepted_meanwhile_is_not_offered_to_be_accepted_again(client):
    filing = factories.submitted("skill-brands")
    sent = ticked([filing])
    factories.act(filing, "accept", factories.reviewer(name="colleague"))

    page = send(client, factories.reviewer(), "batch-do", "accept", sent)

    assert (page.context["failed"], page.context["retries"]) == (1, [])


def test_what_was_published_meanwhile_is_told_and_not_offered_again(client):
    done, waiting = (factories.approved("skill-brands", name=f"潍坊演示{n}") for n in ("一", "二"))
    sent = ticked([done, waiting])
    factories.publish(done, level="municipal")
    said = {"document_number": "演示〔2026〕1号", "on": "2026-01-05", "level": "municipal"}

    page = send(client, factories.publisher(), "batch-do", "publish", sent, **said)

    assert [line.retry for line in page.context["retries"]] == []
    assert [line.title for line in page.context["lines"] if not line.is_done] == ["潍坊演示一"]


def test_the_same_form_sent_twice_does_nothing_twice_and_names_the_first_act(client):
    filings = many_filings(3, "skill-brands", State.CITY_REVIEW)
    sent = ticked(filings)

    send(client, factories.reviewer(), "batch-do", "accept", sent)
    again = send(client, factories.reviewer(), "batch-do", "accept", sent)

    told = set(outcome(again).values())
    assert {said.partition("（")[0] for said in told} == {"没有办理：刚刚已由您办理“受理”"}
    assert again.context["retries"] == []
    assert Event.objects.filter(filing__in=filings, action="accept").count() == 3


def test_a_batch_of_returns_names_its_reasons_and_unlocks_what_each_was_remarked_on(client):
    first, second = (factories.submitted("skill-brands", name=f"潍坊演示{n}") for n in ("一", "二"))
    remarks.write(second, "name", "名称与目录不符。", by=factories.reviewer(), version=1)
    said = {"comment": factories.COMMENT, "reason": ["incomplete", "unclear"]}

    page = send(client, factories.reviewer(), "batch-do", "return", ticked([first, second]), **said)

    assert outcome(page) == {"潍坊演示一": "已退回修改", "潍坊演示二": "已退回修改"}
    now = [Filing.objects.get(pk=record.pk) for record in (first, second)]
    assert [(f.state, f.version, f.unlocked) for f in now] == [
        ("returned", 2, None),
        ("returned", 2, ["name"]),
    ]
    reasons = [f.events.latest("number").details["reasons"] for f in now]
    assert reasons == [["incomplete", "unclear"]] * 2


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"reason": "incomplete"}, "退回修改须写明意见，报送单位要据此知道原因。"),
        ({"comment": "请补充。"}, "退回须选择至少一项原因，报送单位要据此修改。"),
        ({"comment": "长" * 2001, "reason": "unclear"}, "意见最多 2000 字，现在有 2001 字，请缩短后再提交。"),
    ],
)
def test_what_a_return_lacks_is_asked_for_again_with_everything_typed_kept(said, sentence, client):
    record = factories.submitted("skill-brands")

    page = send(client, factories.reviewer(), "batch-do", "return", ticked([record]), **said)

    assert (page.status_code, page.context["refusal"]) == (422, sentence)
    assert page.context["typed"]["comment"] == said.get("comment", "")
    assert states([record]) == [State.CITY_REVIEW]


def test_more_than_five_hundred_are_refused_in_a_sentence_and_none_is_done(client):
    record = factories.submitted("skill-brands")
    many = [*ticked([record]), *(f"{number}-1-1" for number in range(900_000, 900_500))]

    answers = [send(client, factories.reviewer(), route, "accept", many) for route in ("batch", "batch-do")]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert {answer.context["refusal"] for answer in answers} == {batches.TOO_MANY}
    assert Filing.objects.get(pk=record.pk).accepted_at is None


@pytest.mark.parametrize("route", ["batch", "batch-do"])
@pytest.mark.parametrize("item", ["", "1", "1-1", "a-b-c", "0-1-1", "9" * 30 + "-1-1", "１-1-1", "1-1-1\n"])
def test_what_is_no_list_of_filings_is_a_bad_request(item, route, client):
    assert send(client, factories.reviewer(), route, "accept", [item]).status_code == 400


@pytest.mark.parametrize("action", ["", "submit", "withdraw", "cancel", "reopen", "recall", "exit"])
def test_an_act_that_is_none_of_a_batch_is_a_bad_request(action, client):
    record = factories.submitted("skill-brands")

    assert send(client, factories.reviewer(), "batch-do", action, ticked([record])).status_code == 400


def test_nothing_ticked_is_said_in_words(client):
    page = send(client, factories.reviewer(), "batch", "accept", [])

    assert (page.status_code, page.context["refusal"]) == (422, batches.NONE_TICKED)


def test_nobody_decides_in_a_batch_what_he_could_not_decide_alone(client):
    record = factories.submitted("skill-brands", name="潍坊演示一")
    others = (
        factories.filer(),
        factories.joint("3707"),
        factories.auditor(),
        factories.publisher(),
        factories.reviewer("3717"),
    )

    pages = [send(client, who, "batch-do", "endorse", ticked([record])) for who in others]

    assert [page.context["done"] for page in pages] == [0] * len(others)
    assert "潍坊演示一" not in pages[-1].content.decode()
    assert states([record]) == [State.CITY_REVIEW]


def test_a_filing_that_was_ticked_on_two_versions_is_done_once(client):
    record = factories.submitted("skill-brands")
    (now,) = ticked([record])

    page = send(client, factories.reviewer(), "batch-do", "accept", [now, f"{record.pk}-1-0"])

    assert page.context["done"] == 1
    assert record.events.filter(action="accept").count() == 1


ROADS = {
    "accept": (State.CITY_REVIEW, factories.reviewer, {}),
    "endorse": (State.CITY_REVIEW, factories.reviewer, {"comment": "同意。"}),
    "approve": (State.PROVINCE_REVIEW, factories.approver, {}),
    "return": (State.PROVINCE_REVIEW, lambda: factories.reviewer("37"), RETURNING),
    "reject": (State.PROVINCE_REVIEW, factories.approver, {"comment": "不符合条件。"}),
}


@pytest.mark.parametrize("action", ROADS)
def test_a_hundred_acts_cost_the_statements_of_one(action):
    state, who, said = ROADS[action]
    filings, by = many_filings(106, "skill-brands", state), who()
    if action == "return":  # with remarks, so that each unlocks something else
        for filing, name in zip(filings[2:], remarks.anchors(filings[0].record_type), strict=False):
            remarks.write(filing, name, "请核对。", by=by, version=filing.version)
    parts = [
        filings[:2],
        filings[2:3],
        filings[3:6],
        filings[6:],
    ]  # the first reads the posts, once a request

    costs = [
        statements(lambda part=part: workflow.perform_all(asked(part, action, **said), by=by))
        for part in parts
    ]

    assert costs[1:] == [costs[1]] * 3
    assert Event.objects.filter(filing__in=filings, action=action).count() == 106


def test_a_hundred_updates_cost_the_statements_of_one_and_take_over_from_what_they_update():
    updates = many_updates(106)
    by = factories.approver()
    parts = [updates[:2], updates[2:3], updates[3:6], updates[6:]]

    costs = [
        statements(lambda part=part: workflow.perform_all(asked(part, "approve"), by=by)) for part in parts
    ]

    assert costs[1:] == [costs[1]] * 3
    now = Filing.objects.filter(kind="subsidy-reviews").values_list("state", "amends", "holds_name")
    standing = Counter((state, bool(amends), holds_name) for state, amends, holds_name in now)
    assert standing == {(State.APPROVED, True, True): 106, (State.APPROVED, False, False): 106}


def test_one_update_whose_name_another_return_has_taken_stops_no_other():
    by = factories.filer()
    held = factories.filing("subsidy-reviews", State.APPROVED, year=2025, evaluated_on=date(2025, 3, 20))
    update = drafts.update(held, by=by).record
    values = {"year": 2024, "evaluated_on": date(2024, 3, 20)}
    drafts.save(update, by=by, revision=update.revision, values=values)
    factories.act(factories.act(update, "submit", by), "endorse", factories.reviewer())
    others = [factories.filing("subsidy-reviews", State.PROVINCE_REVIEW, year=2024, place="3707")]
    others.append(factories.filing("subsidy-reviews", State.PROVINCE_REVIEW, year=2024, place="3717"))
    stranger = Filing.objects.get(pk=update.pk)
    elsewhere = replace(asked([stranger], "approve")[0], pk=0)

    outcomes = workflow.perform_all(
        [*asked([stranger, *others], "approve"), elsewhere], by=factories.approver()
    )

    assert [str(one.obstacle) if one.obstacle else one.event.filing_id for one in outcomes] == [
        "本单位已有同名的填报，请换一个名称，或打开已有的那一份。",
        *(other.pk for other in others),
        workflow.OUT_OF_SCOPE,
    ]
    assert states([update, *others]) == [State.PROVINCE_REVIEW, State.APPROVED, State.APPROVED]


@pytest.mark.parametrize("stale", [False, True], ids=["refused", "overtaken"])
def test_what_is_refused_costs_no_more_for_a_hundred_than_for_one(stale):
    filings = many_filings(104, "skill-brands", State.RETURNED)
    ask = [a if not stale else workflow.Asked(a.pk, "endorse", 1, 1) for a in asked(filings, "endorse")]
    by = factories.reviewer()
    workflow.perform_all(ask[:1], by=by)  # reads the posts, once a request

    costs = [
        statements(lambda part=part: workflow.perform_all(part, by=by))
        for part in (ask[:1], ask[1:4], ask[4:])
    ]

    assert costs == [costs[0]] * 3


def test_five_hundred_cost_five_times_what_a_hundred_cost_and_the_page_tells_of_each(client):
    filings = many_filings(600, "skill-brands", State.CITY_REVIEW)
    by = factories.reviewer()
    hundred = statements(lambda: workflow.perform_all(asked(filings[:100], "accept"), by=by))
    client.force_login(by)  # the first sign-in of a browser makes its session, which no batch pays for

    pages = []
    page = lambda: pages.append(send(client, by, "batch-do", "accept", ticked(filings[100:])))  # noqa: E731
    whole = statements(page)
    alone = statements(lambda: send(client, by, "batch-do", "accept", ticked(filings[100:101])))

    assert (pages[0].context["done"], pages[0].context["failed"]) == (500, 0)
    assert whole <= alone + 5 * hundred
    assert Event.objects.filter(filing__in=filings, action="accept").count() == 600


def test_messages_of_a_batch_are_those_of_as_many_single_acts():
    filings = many_filings(4, "skill-brands", State.CITY_REVIEW)
    by = factories.reviewer()
    factories.approver()

    workflow.perform(filings[0], "endorse", by=by, version=1)
    workflow.perform_all(asked(filings[1:], "endorse"), by=by)

    told = [
        set(Message.objects.filter(filing=f, text__contains="审核上报").values_list("user", flat=True))
        for f in filings
    ]
    assert told == [told[0]] * 4
    assert told[0] != set()


def test_the_pages_of_a_batch_cost_the_same_for_one_and_for_many(client):
    filings, by = many_filings(40, "skill-brands", State.CITY_REVIEW), factories.reviewer()
    send(client, by, "batch", "accept", ticked(filings[:1]))

    costs = [
        statements(lambda part=part: client.post(reverse("batch"), {"action": "endorse", "item": part}))
        for part in (ticked(filings[:1]), ticked(filings))
    ]

    assert costs == [costs[0]] * 2
