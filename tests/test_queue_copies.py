"""Copies of filings for information (抄送): who sends them to whom, who learns of them, who read them."""

import pytest
from django.urls import reverse

from portal import copies
from portal.models import Copy, Filing, Message, User
from portal.refusals import Refused
from portal.vocabulary import Role, State
from tests import factories
from tests.test_desk_pages import desk, shown
from tests.test_queue_acts import said, second

pytestmark = pytest.mark.django_db
KITE, PRINT = "潍坊风筝品牌（演示）", "潍坊年画品牌（演示）"


def test_a_copy_is_shown_told_and_marked_as_read_by_a_button(client):
    filing, reader = factories.submitted("skill-brands", name=KITE), second()
    factories.sign_in(client, factories.reviewer())
    answer = client.post(
        reverse("copy-send", args=[filing.pk]), {"to": [reader.pk], "note": "请{留意}年份。"}
    )

    before = desk(client, reader, tab="copies")
    client.get(reverse("filing", args=[filing.pk]))
    unread = Copy.objects.get().read_at
    client.post(reverse("copies-read"), {"filing": filing.pk})
    after = desk(client, reader, tab="copies")

    assert answer.url == reverse("filing", args=[filing.pk]) + "#copies"
    assert [(r.title, r.is_unread) for r in before.context["rows"]] == [(KITE, True)]
    assert (before.context["heading"], unread) == ("抄送 1 件，1 件未阅", None)
    assert (after.context["heading"], [r.is_unread for r in after.context["rows"]]) == ("抄送 1 件", [False])
    (told,) = Message.objects.filter(user=reader, text__contains="抄送")
    assert told.text == f"{factories.reviewer()}将《{KITE}》（专项职业能力品牌）抄送给您：请{{留意}}年份。"


def test_all_copies_are_marked_as_read_at_once_and_nobody_elses(client):
    reader, other = second(), factories.reviewer(name="weifang_third")
    for name in (KITE, PRINT):
        copies.send(factories.submitted("skill-brands", name=name), [reader, other], by=factories.reviewer())
    factories.sign_in(client, reader)

    answer = client.post(reverse("copies-read"), follow=True)
    again = client.post(reverse("copies-read"), follow=True)

    assert [said(answer), said(again)] == [["2 件抄送已标为已阅。"], ["没有未阅的抄送。"]]
    assert Copy.objects.filter(read_at=None).count() == 2


def test_one_copy_of_somebody_else_is_not_there(client):
    filing = factories.submitted("skill-brands")
    copies.send(filing, [second()], by=factories.reviewer())
    factories.sign_in(client, factories.reviewer())

    answer = client.post(reverse("copies-read"), {"filing": filing.pk})

    assert (answer.status_code, Copy.objects.filter(read_at=None).count()) == (404, 1)


def test_a_copy_goes_to_nobody_who_may_not_see_the_filing():
    filing, elsewhere = factories.submitted("skill-brands"), factories.reviewer("3701")

    with pytest.raises(Refused) as refusal:
        copies.send(filing, [second(), elsewhere], by=factories.reviewer())

    assert str(refusal.value) == f"{elsewhere}的岗位看不到这件填报，没有抄送；请去掉后再发。"
    assert (Copy.objects.count(), Message.objects.filter(user=second(), text__contains="抄送").count()) == (
        0,
        0,
    )


@pytest.mark.parametrize("who", [factories.filer, factories.joint, factories.auditor])
def test_who_neither_reviews_nor_publishes_sends_no_copies_and_learns_of_none(client, who):
    filing = factories.filing("skill-brands", State.PROVINCE_REVIEW)
    copies.send(filing, [second()], by=factories.reviewer())

    with pytest.raises(Refused, match="您的岗位不能抄送"):
        copies.send(filing, [factories.reviewer()], by=who())

    card = copies.card(filing, who())
    assert (card["own"], card["sent"], card["offered"]) == (None, [], [])


def test_nobody_sends_a_filing_out_of_his_scope(client):
    filing = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer("3701"))

    answer = client.post(reverse("copy-send", args=[filing.pk]), {"to": [second().pk]})

    assert (answer.status_code, Copy.objects.count()) == (404, 0)
    with pytest.raises(Filing.DoesNotExist):
        copies.send(filing, [second()], by=factories.reviewer("3701"))


def test_a_draft_is_shown_to_nobody():
    filing = factories.draft("skill-brands")
    both = factories.reviewer()
    factories.add_post(both, Role.FILER, "3707")

    with pytest.raises(Refused, match="不能抄送这件填报"):
        copies.send(filing, [second()], by=User.objects.get(pk=both.pk))


def test_people_offered_are_the_own_desk_the_city_and_the_publishers():
    filing = factories.filing("skill-brands", State.PROVINCE_REVIEW, place="370705", name=KITE)
    publisher, approver, province = factories.publisher(), factories.approver(), factories.reviewer("37")
    second(), factories.reviewer("3701"), factories.publisher("3701")

    offered = {
        user.username: {person for _, people in copies.recipients(filing, user) for person in people}
        for user in (province, factories.reviewer())
    }

    assert offered == {
        province.username: {publisher, approver, factories.reviewer(), second()},
        factories.reviewer().username: {publisher, second()},
    }


@pytest.mark.parametrize(
    ("to", "note", "why"),
    [
        ([], "", "还没有选择抄送给谁，没有抄送。"),
        (["second"], "长" * 201, "附言最多 200 字，现在有 201 字，没有抄送；请缩短后再发。"),
        (["had"], "", "所选的人都已抄送过，没有再发。"),
    ],
)
def test_a_copy_that_says_nothing_new_is_refused(to, note, why):
    filing = factories.submitted("skill-brands")
    people = {"second": second(), "had": factories.reviewer(name="weifang_third")}
    copies.send(filing, [people["had"]], by=factories.reviewer())

    with pytest.raises(Refused) as refusal:
        copies.send(filing, [people[name] for name in to], by=factories.reviewer(), note=note)

    assert (str(refusal.value), Copy.objects.count()) == (why, 1)


def test_a_copy_moves_nothing_and_opens_nothing(client):
    filing = factories.submitted("skill-brands")
    before = Filing.objects.filter(pk=filing.pk).values().get()

    copies.send(filing, [second()], by=factories.reviewer())

    assert Filing.objects.filter(pk=filing.pk).values().get() == before
    assert shown(desk(client, second(), tab="copies")) == [filing.title]
