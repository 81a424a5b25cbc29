"""The queue: when a filing is due, what a joint department is asked, what waits and is no filing."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal import campaigns
from portal.vocabulary import State
from tests import consulting, factories
from tests.campaigning import campaign, duty, manager, pass_due
from tests.editing import added, prepared, proposed
from tests.noticing import objected, running
from tests.test_desk_pages import counts, desk, shown
from tests.test_queue import conditions

pytestmark = pytest.mark.django_db
KITE = "潍坊风筝品牌（演示）"


def test_a_due_day_is_that_of_the_campaign_with_the_extension_of_the_bureau(client):
    called = campaign(due=10)
    until = called.due_at + timedelta(days=20)
    factories.submitted("skill-brands", name=KITE)
    factories.submitted("skill-brands", place="3701", name="济南鲁绣品牌（演示）")
    campaigns.extend(duty(called), by=manager(), until=until, reason="演示原因")

    due = {
        place: [row.due for row in desk(client, factories.reviewer(place)).context["rows"]]
        for place in ("3707", "3701")
    }

    assert due == {"3707": [timezone.localdate(until)], "3701": [timezone.localdate(called.due_at)]}


def test_the_due_day_of_the_queue_is_that_of_the_page_of_the_filing(client):
    called = campaign(due=10)
    for place in ("370705", "3707", "37"):
        factories.draft("skill-brands", place=place, name=f"演示{place}")
    campaigns.extend(duty(called), by=manager(), until=called.due_at + timedelta(days=3), reason="演示")

    told = {}
    for place in ("370705", "3707"):
        (row,) = desk(client, factories.filer(place)).context["rows"]
        window = client.get(reverse("filing", args=[row.pk])).context["window"]
        told[place] = row.due == timezone.localdate(window.due_at)

    assert told == {"370705": True, "3707": True}


def test_what_is_past_its_due_day_and_not_sent_is_marked_in_words_and_can_be_asked_for(client):
    called = campaign(due=10)
    factories.draft("skill-brands", name=KITE)
    factories.draft("building-units", name="演示企业")
    pass_due(called)

    answer = desk(client, factories.filer(), late="1")

    assert [(row.title, row.overdue) for row in answer.context["rows"]] == [(KITE, "已逾期 1 天")]
    assert conditions(answer) == ["逾期"]


def test_what_was_sent_in_time_is_not_overdue_while_it_is_reviewed(client):
    called = campaign(due=10)
    factories.submitted("skill-brands")
    pass_due(called)

    user = factories.reviewer()

    assert [row.overdue for row in desk(client, user).context["rows"]] == [""]
    assert shown(desk(client, user, late="1")) == []


def test_a_joint_department_finds_what_it_is_asked_with_the_day_it_is_due(client):
    opinion = consulting.asked(State.PROVINCE_REVIEW)
    factories.filing("skill-brands", State.PROVINCE_REVIEW, name=KITE)

    answer = desk(client, factories.joint())

    (row,) = answer.context["rows"]
    assert (row.pk, row.act, row.due, row.overdue) == (opinion.filing_id, "答复", opinion.due_on, "")
    assert row.arrived_at == opinion.asked_at
    assert answer.context["heading"] == "待办 1 件"


def test_a_joint_department_is_told_that_it_is_late(client):
    opinion = consulting.overdue(consulting.asked(State.PROVINCE_REVIEW), 3)

    answer = desk(client, factories.joint(), late="1", sort="due")

    assert [(r.pk, r.overdue) for r in answer.context["rows"]] == [(opinion.filing_id, "已逾期 3 天")]


def test_what_a_joint_department_answered_is_done(client):
    opinion = consulting.asked(State.PROVINCE_REVIEW)
    consulting.answer(opinion)

    tabs = {tab: shown(desk(client, factories.joint(), tab=tab)) for tab in ("todo", "done")}

    assert tabs == {"todo": [], "done": [opinion.filing.title]}


def test_what_was_decided_meanwhile_waits_for_no_joint_department(client):
    opinion = consulting.asked(State.PROVINCE_REVIEW)
    factories.act(opinion.filing, "approve", factories.approver(), comment="同意。")

    answer = desk(client, factories.joint())

    assert (shown(answer), counts(answer)["done"]) == ([], "0")


def test_another_department_finds_nothing_of_the_question(client):
    consulting.asked(State.PROVINCE_REVIEW)

    assert shown(desk(client, factories.joint("3707"))) == []


def test_editions_and_objections_that_wait_stand_in_a_strip(client):
    edition = prepared()
    added(edition, "演示新项目")
    proposed(edition)
    notice = running(factories.filing("building-units", State.APPROVED), record_kind="building-units")
    objection = objected(notice)

    strips = {
        user.username: [(d.text, d.number, d.url) for d in desk(client, user).context["duties"]]
        for user in (factories.approver(), objection.registered_by, factories.filer())
    }

    assert strips == {
        factories.approver().username: [
            ("目录版次待审定", 1, reverse("edition", args=[edition.pk])),
            ("异议待答复", 1, reverse("objection", args=[objection.pk])),
        ],
        objection.registered_by.username: [("异议待答复", 1, reverse("objection", args=[objection.pk]))],
        factories.filer().username: [],
    }
