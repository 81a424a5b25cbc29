"""The inbox and the messages: whose desk shows what, in which order, at what price."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal import inbox
from portal.models import Filing, Membership, Message
from portal.vocabulary import Role, State
from tests import copies, factories

pytestmark = pytest.mark.django_db
BRANDS = "/desk/filings/skill-brands/"


def desk(client, user, **params):
    factories.sign_in(client, user)
    answer = client.get("/desk/", params)
    assert answer.status_code == 200
    return answer


def shown(answer) -> list[str]:
    return [row.title for row in answer.context["rows"]]


def acts(answer) -> list[tuple[str, str]]:
    return [(row.title, row.act) for row in answer.context["rows"]]


def counts(answer) -> dict[str, int]:
    return {tab["name"]: tab["count"] for tab in answer.context["tabs"]}


def grow(filing, more: int) -> None:
    """Add ``more`` filings like this one; each call finds names that are free."""
    copies.multiply(Filing.objects.filter(kind=filing.kind).latest("pk").record, more)


def arrived(filing, **ago) -> None:
    Filing.objects.filter(pk=filing.pk).update(arrived_at=timezone.now() - timedelta(**ago))


def test_a_desk_shows_what_waits_for_it_with_the_longest_waiting_first(client):
    new = factories.submitted("skill-brands", name="潍坊风筝品牌（演示）")
    old = factories.submitted("skill-brands", name="潍坊年画品牌（演示）")
    factories.submitted("skill-brands", place="3701", name="济南鲁绣品牌（演示）")
    arrived(old, days=2)

    answer = desk(client, factories.reviewer())

    assert shown(answer) == [old.title, new.title]


def test_the_heading_says_how_many_wait_and_how_many_wait_too_long(client):
    factories.submitted("skill-brands", name="潍坊风筝品牌（演示）")
    arrived(factories.submitted("skill-brands", name="潍坊年画品牌（演示）"), days=5, minutes=1)

    answer = desk(client, factories.reviewer())

    assert answer.context["heading"] == "待办 2 件，1 件停留超过 5 天"
    assert [row.is_long for row in answer.context["rows"]] == [True, False]
    assert answer.content.decode().count("stay long") == 1


def test_a_stay_of_five_days_less_a_minute_is_not_too_long(client):
    arrived(factories.submitted("skill-brands"), days=4, hours=23, minutes=59)

    answer = desk(client, factories.reviewer())

    assert answer.context["heading"] == "待办 1 件"
    assert [row.stay for row in answer.context["rows"]] == ["4 天 23 小时"]


@pytest.mark.parametrize(
    ("waited", "words"),
    [
        (timedelta(seconds=-3), "不到 1 分钟"),
        (timedelta(minutes=59, seconds=59), "59 分钟"),
        (timedelta(hours=2, minutes=30), "2 小时"),
        (timedelta(days=5, hours=18), "5 天 18 小时"),
        (timedelta(days=9, minutes=3), "9 天"),
    ],
)
def test_a_stay_is_told_in_days_and_hours(waited, words):
    assert inbox.duration(waited) == words


def test_a_filer_finds_his_drafts_and_what_was_returned_to_him_with_the_act_each_needs(client):
    begun = factories.draft("skill-brands", name="潍坊风筝品牌（演示）")
    returned = factories.filing("skill-brands", State.RETURNED, name="潍坊年画品牌（演示）")
    factories.submitted("skill-brands", name="潍坊剪纸品牌（演示）")

    answer = desk(client, factories.filer())

    assert acts(answer) == [(begun.title, "继续填写"), (returned.title, "修改")]
    assert [row.bureau for row in answer.context["rows"]] == ["本级填报", "本级填报"]


def test_a_filer_sees_all_he_filed_under_one_tab(client):
    titles = {factories.filing("exam-projects", s, name=f"潍坊{s}品牌").title for s in State.values}
    factories.draft("exam-projects", place="3701")

    answer = desk(client, factories.filer(), tab="mine")

    assert set(shown(answer)) == titles
    assert dict(acts(answer)) == {
        "潍坊draft品牌": "继续填写",
        "潍坊returned品牌": "修改",
        **dict.fromkeys(titles - {"潍坊draft品牌", "潍坊returned品牌"}, "查看"),
    }


def test_what_somebody_decided_moves_to_his_done_and_not_to_his_colleagues(client):
    one, other = factories.reviewer(), factories.reviewer(name="weifang_second")
    filing = factories.submitted("exam-projects")
    factories.act(filing, "endorse", one)

    done = {user: shown(desk(client, user, tab="done")) for user in (one, other)}

    assert done == {one: [filing.title], other: []}


def test_taking_up_a_cancelled_draft_again_is_no_review(client):
    filing = factories.filing("skill-brands", State.CANCELLED)
    factories.act(filing, "reopen", factories.filer())

    assert shown(desk(client, factories.filer(), tab="done")) == []


def test_only_a_publisher_has_the_tab_of_what_is_to_be_published(client):
    waiting = factories.approved("skill-brands", name="潍坊风筝品牌（演示）")
    factories.entry("skill-brands", name="潍坊年画品牌（演示）")

    publisher = desk(client, factories.publisher(), tab="publish")
    reviewer = desk(client, factories.reviewer("37"), tab="publish")

    assert acts(publisher) == [(waiting.title, "公布")]
    assert list(counts(reviewer)) == ["todo", "done", "mine", "copies"]
    assert reviewer.context["wish"].tab == "todo"


def test_a_publisher_with_nothing_else_to_do_begins_with_what_is_to_be_published(client):
    waiting = factories.filing("exam-projects", State.APPROVED)

    opened = desk(client, factories.publisher())
    asked = desk(client, factories.publisher(), tab="todo")

    assert (opened.context["heading"], acts(opened)) == ("待公布 1 件", [(waiting.title, "公布")])
    assert (asked.context["heading"], acts(asked)) == ("没有待办事项", [])


def test_who_decided_is_told_that_another_must_publish(client):
    filing = factories.approved("exam-projects")
    both = factories.approver()
    factories.add_post(both, Role.PUBLISHER, "37")

    answer = desk(client, factories.approver(), tab="publish")

    assert acts(answer) == [(filing.title, "查看")]
    assert [row.note for row in answer.context["rows"]] == ["结论由您作出，须由他人公布"]


def test_a_filing_that_a_colleague_has_taken_up_says_so(client):
    filing, colleague = factories.submitted("skill-brands"), factories.reviewer(name="weifang_second")
    factories.act(filing, "accept", colleague)

    held = {u: desk(client, u).context["rows"][0].holder for u in (factories.reviewer(), colleague)}

    assert list(held.values()) == [str(colleague), "您"]


def test_who_both_files_and_reviews_cannot_review_what_his_desk_filed(client):
    factories.submitted("skill-brands")
    both = factories.reviewer()
    factories.add_post(both, Role.FILER, "3707")

    assert acts(desk(client, factories.reviewer())) == [("潍坊剪纸品牌（演示）", "查看")]


@pytest.mark.parametrize(
    "somebody",
    [factories.auditor, factories.sysadmin, factories.secadmin, factories.joint, factories.stranger],
)
def test_a_desk_without_business_is_empty_and_says_so(client, somebody):
    factories.submitted("skill-brands")
    factories.draft("building-units", place="370705")

    answer = desk(client, somebody())

    assert (shown(answer), answer.context["heading"]) == ([], "没有待办事项")
    assert "没有等您办理的事项" in answer.content.decode()


def test_the_query_narrows_by_word_bureau_and_type(client):
    kite = factories.submitted("skill-brands", name="潍坊风筝品牌（演示）")
    factories.submitted("labour-brands", name="潍坊演示保姆")
    county = factories.submitted("building-units", place="370705")
    user = factories.reviewer()

    found = [
        shown(desk(client, user, **params))
        for params in (
            {"q": "风筝"},
            {"q": "奎文"},
            {"kind": "skill-brands"},
            {"q": "奎文", "kind": "skill-brands"},
        )
    ]

    assert found == [[kite.title], [county.title], [kite.title], []]


def test_an_empty_answer_offers_to_drop_the_query_with_the_number_it_hides(client):
    factories.submitted("skill-brands")

    answer = desk(client, factories.reviewer(), q="没有这个")

    assert answer.context["empty"]["text"] == "去掉查询条件后有 1 件。"
    assert "/desk/?tab=todo" in answer.content.decode()


@pytest.mark.parametrize(
    "params",
    [
        {"tab": "x", "kind": "x", "sort": "x", "page": "x"},
        {"page": "-1"},
        {"page": "9" * 400},
        {"page": "99999999"},
        {"page": "１"},
        {"q": "风\x00筝"},
        {"q": "%_'\"\\"},
        {"q": "长" * 5000},
        {"sort": "password", "state": "x", "city": "x\x00", "county": "'"},
        {"city": "3707' OR 1=1", "sort": "-organisation__pk"},
    ],
)
@pytest.mark.parametrize("url", ["/desk/", BRANDS, "/desk/messages/"])
def test_odd_parameters_are_answered_with_a_page(client, url, params):
    factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())

    assert client.get(url, params).status_code == 200


def test_a_page_beyond_the_last_is_the_last(client):
    copies.many_filings(25, "skill-brands", State.CITY_REVIEW)

    answers = [desk(client, factories.reviewer(), page=page) for page in ("2", "99")]

    assert [answer.context["page"].number for answer in answers] == [2, 2]
    assert [len(shown(answer)) for answer in answers] == [5, 5]


def test_who_once_filed_for_the_bureau_reviews_only_what_he_did_not_send(client):
    former = factories.filer("370705", name="kuiwen_former")
    sent = factories.draft("building-units", place="370705", by=factories.filer("370705"))
    factories.act(sent, "submit", former)
    factories.act(sent, "withdraw", former)
    factories.act(sent, "submit", factories.filer("370705"))
    other = factories.submitted("building-units", place="370705")
    yesterday = timezone.localdate() - timedelta(days=1)
    Membership.objects.filter(user=former).update(valid_from=yesterday, valid_to=yesterday)
    factories.add_post(former, Role.REVIEWER, "3707")
    offered = dict(acts(desk(client, factories.reviewer(name=former.username))))
    costs = []
    for more in (0, 2, 997):
        chosen = Filing.objects.get(pk=other.pk if more == 2 else sent.pk)
        copies.multiply(chosen.record, more)
        with CaptureQueriesContext(connection) as queries:
            client.get("/desk/")
        costs.append(len(queries))

    assert offered == {sent.title: "查看", other.title: "审核"}
    assert costs == [costs[0]] * 3


@pytest.mark.parametrize("tab", ["todo", "mine", "done"])
def test_the_inbox_asks_as_much_for_a_thousand_as_for_one(client, tab):
    user = factories.reviewer("370705")
    factories.add_post(user, Role.FILER, "370705")
    factories.add_post(user, Role.REVIEWER, "3707")
    first = factories.submitted("skill-brands")
    factories.act(first, "accept", factories.person(Role.REVIEWER, name=user.username))
    factories.act(
        first, "assign", factories.person(Role.REVIEWER, name=user.username), to=factories.reviewer()
    )
    own = factories.submitted("building-units", place="370705")
    factories.sign_in(client, user)
    costs, sizes = [], []
    for more in (0, 2, 997):
        grow(own if tab == "mine" else first, more)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get("/desk/", {"tab": tab})
        costs.append(len(queries))
        sizes.append(answer.context["page"].paginator.count)

    assert sizes[2] - sizes[0] == 999
    assert costs == [costs[0]] * 3


def test_messages_ask_as_much_for_a_thousand_as_for_one(client):
    filing, user = factories.submitted("skill-brands"), factories.reviewer()
    factories.sign_in(client, user)
    costs = []
    for more in (0, 2, 997):
        Message.objects.bulk_create(
            Message(user=user, filing_id=filing.pk, text="演示", created_at=timezone.now())
            for _ in range(more)
        )
        with CaptureQueriesContext(connection) as queries:
            client.get("/desk/messages/")
        costs.append(len(queries))

    assert costs == [costs[0]] * 3


def test_messages_count_until_they_are_marked_as_read(client):
    factories.submitted("exam-projects")
    factories.sign_in(client, factories.reviewer())

    before = client.get("/desk/messages/")
    again = client.get("/desk/messages/")
    client.post("/desk/messages/")
    after = client.get("/desk/messages/")

    assert [str(answer.context["unread"]) for answer in (before, again, after)] == ["1", "1", ""]
    assert "演示剪纸制作" in after.content.decode()


def test_nobody_reads_or_marks_the_messages_of_another(client):
    factories.submitted("exam-projects")
    factories.sign_in(client, factories.reviewer("3701"))

    client.post("/desk/messages/")

    assert "剪纸" not in client.get("/desk/messages/").content.decode()
    assert Message.objects.filter(read_at=None).count() == 1


def test_reading_the_desk_writes_nothing(client):
    factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())

    with CaptureQueriesContext(connection) as queries:
        for url in ("/desk/", BRANDS, "/desk/messages/"):
            client.get(url)

    assert [q["sql"] for q in queries if q["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")] == []


@pytest.mark.parametrize("url", ["/desk/", "/desk/filings/", BRANDS, "/desk/messages/"])
def test_a_stranger_is_led_to_the_sign_in_page(client, url):
    answer = client.get(url)

    assert (answer.status_code, answer.url) == (302, f"{reverse('login')}?next={url}")
