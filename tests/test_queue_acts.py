"""What is done from the queue beside deciding: kept views, handovers, copies, who looks at what."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal import handover, presence, saved_views
from portal.models import Event, Filing, Message, Presence, SavedView, User
from portal.refusals import Refused
from portal.vocabulary import Role, State
from tests import copies as rows
from tests import factories
from tests.test_desk_pages import desk

pytestmark = pytest.mark.django_db
KITE, PRINT = "潍坊风筝品牌（演示）", "潍坊年画品牌（演示）"


def second() -> User:
    """Return a colleague of the reviewer of 潍坊."""
    return factories.reviewer(name="weifang_second")


def held_by(user: User, name: str = "") -> Filing:
    named = {"name": name} if name else {}
    return factories.act(factories.submitted("skill-brands", **named), "accept", user)


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_a_question_is_kept_under_a_name_and_chosen_again(client):
    factories.submitted("skill-brands", name=KITE)
    user = factories.reviewer()
    factories.sign_in(client, user)
    asked = "tab=todo&holder=none&long=1&sort=-due"

    answer = client.post(reverse("view-keep"), {"name": " 久未受理 ", "from": asked}, follow=True)

    views = answer.context["views"]
    assert answer.redirect_chain == [(f"/desk/?{asked}", 302)]
    assert [(v["name"], v["url"], v["is_now"]) for v in views["kept"]] == [
        ("久未受理", f"/desk/?{asked}", True)
    ]
    assert said(answer) == ["已将现在的条件和排序存为常用视图“久未受理”。"]
    assert desk(client, user).context["views"]["now"] == ""


def test_a_kept_view_holds_a_question_and_nothing_else(client):
    factories.sign_in(client, factories.reviewer())

    client.post(reverse("view-keep"), {"name": "一", "from": "tab=x&next=//evil.example&sort=y&q=%00风"})

    assert [view.query for view in SavedView.objects.all()] == ["tab=todo&q=%E9%A3%8E&sort=arrived"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "还没有填写视图名称，没有保存。"),
        ("\x00 　", "还没有填写视图名称，没有保存。"),
        ("长" * 21, "视图名称最多 20 字，现在有 21 字，没有保存；请缩短后再存。"),
        ("已有", "已有名为“已有”的常用视图，没有保存；请换一个名称，或先删除原来的。"),
    ],
)
def test_a_view_without_a_name_of_its_own_is_refused(client, name, why):
    user = factories.reviewer()
    saved_views.keep(user, "已有", "tab=todo")
    factories.sign_in(client, user)

    answer = client.post(reverse("view-keep"), {"name": name, "from": "tab=todo"}, follow=True)

    assert (said(answer), SavedView.objects.count()) == ([why], 1)


def test_a_person_keeps_twenty_views(client):
    user = factories.reviewer()
    for number in range(20):
        saved_views.keep(user, f"视图{number}", "tab=todo")
    saved_views.keep(second(), "视图1", "tab=todo")

    with pytest.raises(Refused) as refusal:
        saved_views.keep(user, "又一个", "tab=todo")

    assert str(refusal.value) == "常用视图最多 20 个，没有保存；请先删除不用的。"
    assert desk(client, user).context["views"]["is_full"]


def test_a_view_is_deleted_by_its_owner_alone(client):
    view = saved_views.keep(factories.reviewer(), "我的", "tab=todo")
    factories.sign_in(client, second())
    stranger = client.post(reverse("view-drop", args=[view.pk]))
    factories.sign_in(client, factories.reviewer())

    answer = client.post(reverse("view-drop", args=[view.pk]), {"from": "tab=done"})

    assert (stranger.status_code, answer.url, SavedView.objects.count()) == (
        404,
        "/desk/?tab=done&sort=-updated",
        0,
    )


def test_all_that_an_absent_colleague_holds_is_handed_over_one_by_one():
    absent, present = second(), factories.reviewer(name="weifang_third")
    taken = [held_by(absent, KITE), held_by(absent, PRINT)]
    own = held_by(factories.reviewer(), "潍坊面塑品牌（演示）")

    handed = handover.hand_over(absent, present, by=factories.reviewer())

    assert (handed.done, [o.asked.pk for o in handed.outcomes]) == (2, [filing.pk for filing in taken])
    assert [Filing.objects.get(pk=f.pk).holder for f in (*taken, own)] == [
        present,
        present,
        factories.reviewer(),
    ]
    assert [e.by for e in Event.objects.filter(action="assign")] == [factories.reviewer()] * 2


def test_who_receives_is_told_once_with_the_way_to_it():
    absent, present = second(), factories.reviewer(name="weifang_third")
    held_by(absent, KITE)
    held_by(absent, PRINT)

    handover.hand_over(absent, present, by=factories.reviewer())

    (told,) = Message.objects.filter(user=present, address__startswith="/desk/?")
    assert (told.text, told.address) == (
        f"{factories.reviewer()}将{absent}经办的 2 件填报移交给您，请接着办理。",
        "/desk/?tab=todo&holder=me",
    )


def test_what_the_receiver_had_a_hand_in_stays_with_its_sentence(client):
    absent, former = second(), factories.filer("370705", name="kuiwen_former")
    sent = factories.draft("building-units", place="370705", by=former)
    factories.act(sent, "submit", former)
    factories.act(sent, "accept", absent)
    other = held_by(absent, KITE)
    former.memberships.update(organisation=factories.bureau("3707"), role=Role.REVIEWER)
    factories.sign_in(client, factories.reviewer())

    answer = client.post(reverse("handover"), {"who": absent.pk, "to": former.pk})

    results = {r["row"].title: (r["done"], r["why"]) for r in answer.context["results"]}
    assert results == {sent.title: (False, "不能转给提交这件填报的人。"), other.title: (True, "")}
    assert Filing.objects.get(pk=sent.pk).holder == absent
    assert "另有 1 件没有移交" in answer.content.decode()


def test_the_page_shows_what_is_meant_before_anything_is_done(client):
    absent = second()
    filing = held_by(absent, KITE)
    factories.sign_in(client, factories.reviewer())

    answer = client.get(reverse("handover"), {"who": absent.pk, "to": factories.reviewer().pk})

    assert (answer.context["number"], [row.title for row in answer.context["rows"]]) == (1, [KITE])
    assert f"移交给{factories.reviewer()}" in answer.content.decode()
    assert Filing.objects.get(pk=filing.pk).holder == absent


@pytest.mark.parametrize(
    ("who", "to", "why"),
    [
        ("second", "elsewhere", "请选择移交人和接收人，没有移交。"),
        ("elsewhere", "second", "请选择移交人和接收人，没有移交。"),
        ("second", "second", "移交人和接收人是同一个人，没有移交；请另选接收人。"),
        ("third", "second", "演示weifang_third没有在办的填报，不需要移交。"),
        ("x", "", "请选择移交人和接收人，没有移交。"),
    ],
)
def test_nothing_is_handed_over_beyond_the_own_desk_or_to_nobody(client, who, to, why):
    people = {
        "second": second(),
        "third": factories.reviewer(name="weifang_third"),
        "elsewhere": factories.reviewer("3701"),
    }
    filing = held_by(people["second"])
    factories.sign_in(client, factories.reviewer())
    sent = {name: people[key].pk if key in people else key for name, key in (("who", who), ("to", to))}

    answer = client.post(reverse("handover"), sent)

    assert (answer.status_code, answer.context["refusal"]) == (422, why)
    assert Filing.objects.get(pk=filing.pk).holder == people["second"]


def test_the_domain_refuses_people_of_another_desk():
    elsewhere = factories.reviewer("3701")
    held_by(second())

    for pair in ((second(), elsewhere), (elsewhere, second())):
        with pytest.raises(Refused, match="只能在本级审核岗位的同事之间移交"):
            handover.hand_over(*pair, by=factories.reviewer())


def test_what_a_colleague_of_two_desks_holds_elsewhere_is_neither_shown_nor_handed_over(client):
    both = second()
    factories.add_post(both, Role.REVIEWER, "3701")
    both = User.objects.get(pk=both.pk)
    here = held_by(both, KITE)
    there = factories.act(
        factories.submitted("skill-brands", place="3701", name="济南鲁绣品牌（演示）"), "accept", both
    )
    factories.sign_in(client, factories.reviewer())

    page = client.get(reverse("handover"), {"who": both.pk})
    handover.hand_over(both, factories.reviewer(), by=factories.reviewer())

    assert (page.context["number"], [row.title for row in page.context["rows"]]) == (1, [KITE])
    assert "鲁绣" not in page.content.decode()
    assert [Filing.objects.get(pk=f.pk).holder for f in (here, there)] == [factories.reviewer(), both]


def test_what_somebody_who_left_the_desk_still_holds_is_handed_over_too(client):
    left, user = second(), factories.reviewer()
    filing = held_by(left, KITE)
    left.memberships.all().delete()
    factories.sign_in(client, user)

    shown = client.get(reverse("handover"), {"who": left.pk, "to": user.pk})
    refused = client.post(reverse("handover"), {"who": user.pk, "to": left.pk})
    handed = client.post(reverse("handover"), {"who": left.pk, "to": user.pk})

    assert (shown.context["gone"], [row.title for row in shown.context["rows"]]) == ([left], [KITE])
    assert "（已不在本岗位）" in shown.content.decode()
    assert (refused.status_code, handed.context["done"]) == (422, 1)
    assert Filing.objects.get(pk=filing.pk).holder == user


def test_who_hands_over_his_own_says_so():
    user, to = factories.reviewer(), second()
    held_by(user)

    handover.hand_over(user, to, by=user)

    assert Message.objects.filter(user=to, text__startswith=f"{user}将本人经办的 1 件填报").count() == 1


def test_who_sits_alone_at_his_desk_is_told_that_there_is_nobody_to_hand_over_to(client):
    factories.sign_in(client, factories.reviewer())
    alone = client.get(reverse("handover")).content.decode()
    second()

    together = client.get(reverse("handover")).content.decode()

    assert [("没有可以移交的同事" in page, 'name="to"' in page) for page in (alone, together)] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("who", [factories.filer, factories.publisher, factories.joint, factories.auditor])
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_reviews_at_no_desk_hands_nothing_over(client, who, method):
    factories.sign_in(client, who())

    assert getattr(client, method)(reverse("handover")).status_code == 404


def test_a_handover_asks_as_much_for_many_as_for_one():
    absent, user, costs = second(), factories.reviewer(), []
    to = factories.reviewer(name="weifang_third")
    first = held_by(absent)
    for more in (0, 60):
        rows.multiply(first.record, more)
        Filing.objects.filter(state=State.CITY_REVIEW).update(holder=absent)
        with CaptureQueriesContext(connection) as queries:
            handover.hand_over(absent, to, by=user)
        costs.append(len(queries))

    assert costs[1] - costs[0] <= 2


def test_colleagues_of_the_desk_see_who_looks(client):
    filing = factories.submitted("skill-brands")
    factories.sign_in(client, second())
    client.post(reverse("filing-presence", args=[filing.pk]))
    factories.sign_in(client, factories.reviewer())

    told = client.post(reverse("filing-presence", args=[filing.pk])).json()
    (row,) = desk(client, factories.reviewer()).context["rows"]

    assert told == {"others": [str(second())], "message": f"{second()}正在看"}
    assert row.looking == [str(second())]


def test_nobody_beside_the_desk_learns_who_looks_or_is_seen(client):
    filing = factories.submitted("skill-brands")
    presence.look(Filing.objects.get(pk=filing.pk), second())
    told = {}
    for user in (factories.filer(), factories.reviewer("37"), factories.joint(), factories.auditor()):
        factories.sign_in(client, user)
        told[user.username] = client.post(reverse("filing-presence", args=[filing.pk])).json()["others"]

    assert list(told.values()) == [[]] * 4
    assert [one.user for one in Presence.objects.all()] == [second()]


def test_who_looked_is_not_told_once_the_filing_lies_elsewhere():
    record = factories.submitted("skill-brands")
    presence.look(Filing.objects.get(pk=record.pk), second())
    here = presence.others([Filing.objects.get(pk=record.pk)], factories.reviewer())
    factories.act(record, "endorse", second())

    assert here == {record.pk: [str(second())]}
    assert presence.others([Filing.objects.get(pk=record.pk)], factories.reviewer()) == {}


def test_presence_of_a_filing_out_of_scope_is_not_there(client):
    filing = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer("3701"))

    assert client.post(reverse("filing-presence", args=[filing.pk])).status_code == 404
    assert client.get(reverse("filing-presence", args=[filing.pk])).status_code == 405


def test_a_page_that_tells_often_writes_every_fifteen_seconds():
    filing = factories.submitted("skill-brands")
    presence.look(filing, second())
    first = Presence.objects.get().seen_at

    presence.look(filing, second())
    same = Presence.objects.get().seen_at
    Presence.objects.update(seen_at=first - timedelta(seconds=16))
    presence.look(filing, second())

    assert (same, Presence.objects.get().seen_at > first) == (first, True)


@pytest.mark.parametrize(("ago", "seen"), [(89, 1), (91, 0)])
def test_who_has_not_told_for_ninety_seconds_has_left(ago, seen):
    filing = factories.submitted("skill-brands")
    presence.look(filing, second())
    Presence.objects.update(seen_at=timezone.now() - timedelta(seconds=ago))

    assert len(presence.others([filing], factories.reviewer())) == seen


def test_a_page_of_rows_asks_once_who_looks():
    first = factories.submitted("skill-brands")
    found = [first, *rows.multiply(first.record, 5)]
    found = list(Filing.objects.filter(pk__in=[f.pk for f in found]).select_related("organisation__region"))
    presence.look(first, second())
    user = factories.reviewer()
    assert user.posts

    with CaptureQueriesContext(connection) as queries:
        seen = presence.others(found, user)

    assert (seen, len(queries)) == ({first.pk: [str(second())]}, 1)


def test_old_presence_is_swept():
    filing = factories.submitted("skill-brands")
    presence.look(filing, second())
    presence.look(filing, factories.reviewer())
    Presence.objects.filter(user=second()).update(seen_at=timezone.now() - timedelta(days=2))

    assert (presence.sweep(), [one.user for one in Presence.objects.all()]) == (1, [factories.reviewer()])
