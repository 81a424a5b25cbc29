"""Prepared decisions: the desk's own until they are made, then acts like any other."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal import prepared, remarks, workflow
from portal.grounds import Finding, Grounds
from portal.models import Filing, Membership, Message, PreparedDecision
from portal.refusals import Conflict, Refused
from portal.vocabulary import Role, State
from tests import consulting, factories
from tests.batching import asked, send, statements, ticked
from tests.copies import many_filings
from tests.crawling import PREPARED, crawl, plant, words

pytestmark = pytest.mark.django_db

SECRET = "拟办金丝雀意见"
PROVINCE = factories.PROVINCE


def prepare(filing, action="approve", *, by=None, comment=SECRET, **said):
    now = Filing.objects.get(pk=filing.pk)
    by = by or factories.reviewer(PROVINCE)
    return prepared.prepare(now, action, comment=comment, by=by, version=now.version, step=now.step, **said)


def at_province(**changes) -> Filing:
    return factories.filing("skill-brands", State.PROVINCE_REVIEW, **changes)


def release(*rows, by=None):
    return prepared.release([row.pk for row in rows], by=by or factories.approver())


def test_what_a_reviewer_prepares_an_approver_makes_in_his_own_name_with_the_words_as_prepared():
    record, grounds = at_province(), Grounds(findings=(Finding(criterion(), "pass", "已核"),))
    row = prepare(record, comment="同意。", grounds=grounds)

    (outcome,) = release(row)

    event, row = outcome.event, PreparedDecision.objects.get(pk=row.pk)
    assert (event.action, event.by, event.comment) == ("approve", factories.approver(), "同意。")
    assert event.details == {**grounds.facts(), "prepared_by": str(factories.reviewer(PROVINCE))}
    assert (row.released_by, row.dropped_at) == (factories.approver(), None)
    assert Filing.objects.get(pk=record.pk).state == State.APPROVED


def criterion() -> str:
    return next(iter(factories.registry.get("skill-brands").criteria))


def test_a_newer_one_of_a_colleague_takes_the_place_of_the_older_one():
    record = at_province()
    first = prepare(record)
    second = prepare(record, "reject", by=factories.approver())

    refused, made = release(first, second)

    assert (str(refused.obstacle), made.event.action) == (prepared.GONE, "reject")
    assert [row.pk for row in PreparedDecision.objects.filter(dropped_at=None)] == [second.pk]


def test_what_is_dropped_is_not_made_and_moves_nothing():
    record = at_province()
    row, step = prepare(record), Filing.objects.get(pk=record.pk).step

    dropped = prepared.drop([row.pk], by=factories.approver())

    assert (dropped, str(release(row)[0].obstacle)) == (1, prepared.GONE)
    assert Filing.objects.get(pk=record.pk).step == step


def test_one_whose_filing_changed_since_is_a_conflict_and_stays_to_be_renewed():
    record = at_province()
    row = prepare(record)
    factories.act(record, "return", factories.reviewer(PROVINCE, name="colleague"), comment="补正")
    factories.act(record, "submit", factories.filer())
    factories.act(record, "endorse", factories.reviewer())

    (outcome,) = release(row)

    assert (type(outcome.obstacle), outcome.obstacle.event.action) == (Conflict, "endorse")
    assert list(prepared.seen_by(factories.approver())) == [row]
    (renewed,) = release(prepare(record))
    assert renewed.event.action == "approve"


def test_one_whose_filing_was_decided_otherwise_is_a_conflict_that_names_who_did():
    record = at_province()
    row = prepare(record)
    factories.act(record, "reject", factories.approver(), comment="不符合条件。")

    (outcome,) = release(row, by=factories.person(Role.APPROVER, PROVINCE, name="second approver"))

    assert (outcome.obstacle.event.action, outcome.obstacle.event.by) == ("reject", factories.approver())


def test_an_acceptance_in_between_changes_nothing_of_what_was_read():
    record = at_province()
    row = prepare(record)
    factories.act(record, "accept", factories.approver())

    assert release(row)[0].event.action == "approve"


def test_who_may_not_decide_may_not_make_what_is_prepared():
    row = prepare(at_province())

    (outcome,) = release(row, by=factories.reviewer(PROVINCE))

    assert str(outcome.obstacle) == "您的岗位不能办理这个动作。"
    assert PreparedDecision.objects.get(pk=row.pk).released_at is None


@pytest.mark.parametrize(
    ("action", "said", "sentence"),
    [
        ("reject", {"comment": " "}, "不予通过须写明意见，报送单位要据此知道原因。"),
        ("return", {}, "退回须选择至少一项原因，报送单位要据此修改。"),
        ("endorse", {}, "这件填报现在不在您的审核岗位，不能拟办这个结论。"),
        ("accept", {}, "这件填报现在不在您的审核岗位，不能拟办这个结论。"),
        ("approve", {"comment": "长" * 2001}, "意见最多 2000 字，现在有 2001 字，请缩短后再提交。"),
    ],
)
def test_what_could_not_be_done_is_not_prepared(action, said, sentence):
    with pytest.raises(Refused) as refusal:
        prepare(at_province(), action, **said)

    assert str(refusal.value) == sentence
    assert PreparedDecision.objects.count() == 0


def test_a_remark_that_waits_to_be_sent_keeps_an_approval_from_being_prepared_and_from_being_made():
    record = at_province()
    row = prepare(record)
    remarks.write(record, "name", "名称与目录不符。", by=factories.reviewer(PROVINCE), version=1)

    with pytest.raises(Refused) as refusal:
        prepare(record)

    waiting = "有待发出的意见，请随退回发出或先删除。"
    assert str(refusal.value) == f"现在不能拟通过：{waiting}"
    assert str(release(row)[0].obstacle) == f"审核通过现在不能办理：{waiting}"


def test_it_is_prepared_on_the_version_and_the_step_that_were_read_alone():
    record = at_province()
    factories.act(record, "accept", factories.approver())

    for version, step in [(1, record.step), (2, None)]:
        with pytest.raises(Conflict):
            prepared.prepare(record, "approve", by=factories.approver(), version=version, step=step)


def test_the_desk_alone_knows_of_it_and_nobody_who_filed():
    record = at_province()
    row = prepare(record)
    both = factories.person(Role.REVIEWER, PROVINCE, name="reviews and filed")
    factories.add_post(both, Role.FILER, factories.WEIFANG)
    others = {
        "filer": factories.filer(),
        "city": factories.reviewer(),
        "joint": factories.joint(),
        "publisher": factories.publisher(),
        "auditor": factories.auditor(),
        "both": type(both).objects.get(pk=both.pk),
    }

    seen = {name: list(prepared.seen_by(user)) for name, user in others.items()}
    cards = {name: prepared.card(Filing.objects.get(pk=record.pk), user) for name, user in others.items()}

    assert list(seen.values()) == [[]] * len(others)
    assert cards == dict.fromkeys(others)
    assert [prepared.drop([row.pk], by=user) for user in others.values()] == [0] * len(others)
    assert {str(release(row, by=user)[0].obstacle) for user in others.values()} == {prepared.GONE}
    assert list(prepared.seen_by(factories.approver())) == [row]


def test_who_sent_an_earlier_version_in_a_former_post_knows_nothing_of_it():
    record = factories.filing("skill-brands", name="潍坊风筝品牌（演示）")
    former = factories.filer(name="weifang_former")
    factories.act(record, "submit", former)
    factories.act(record, "withdraw", former)
    factories.act(record, "submit", factories.filer())
    yesterday = timezone.localdate() - timedelta(days=1)
    Membership.objects.filter(user=former).update(valid_from=yesterday, valid_to=yesterday)
    factories.add_post(former, Role.REVIEWER, factories.WEIFANG)
    row = prepare(record, "endorse", by=factories.reviewer())
    former = type(former).objects.get(pk=former.pk)

    assert list(prepared.seen_by(former)) == []
    assert str(release(row, by=former)[0].obstacle) == prepared.GONE
    assert list(prepared.seen_by(factories.reviewer())) == [row]


def test_a_city_prepares_for_its_own_desk_and_the_province_does_not_see_it():
    record = factories.submitted("building-units")
    row = prepare(record, by=factories.reviewer())

    here, there = (prepared.current(user).count() for user in (factories.reviewer(), factories.approver()))

    assert (here, there) == (1, 0)
    assert prepared.words_of("approve", Filing.objects.get(pk=record.pk)) == "拟准予备案"
    assert release(row, by=factories.reviewer())[0].event.action == "approve"


@pytest.fixture(scope="module")
def planted(for_the_module) -> list[Filing]:
    """Plant what crawling plants, a decision that the city has prepared among it."""
    return plant()


@pytest.mark.parametrize("who", [factories.filer, factories.approver], ids=["the bureau", "the desk above"])
def test_no_page_tells_those_who_may_read_the_filing_of_it_before_it_is_made(planted, who):
    met = [(asked, words(answer)) for _, _, asked, answer in crawl(who(), planted, ("get",))]

    assert [asked for asked, said in met if PREPARED in said or "拟退回" in said] == []
    assert len(met) > 100


def test_the_desk_itself_reads_it_on_its_list_and_on_the_form(planted, client):
    factories.sign_in(client, factories.reviewer())
    (row,) = PreparedDecision.objects.all()

    pages = [client.get(url) for url in ("/desk/prepared/", f"/desk/filings/{row.filing_id}/prepare/")]

    assert [PREPARED in page.content.decode() for page in pages] == [True, True]


def test_no_export_message_or_event_tells_of_it_before_it_is_made(client):
    record = at_province()
    prepare(record, "reject")

    export = client_export(client, factories.filer())

    assert SECRET.encode() not in export
    assert Message.objects.filter(filing=record, text__contains="拟").count() == 0
    assert record.events.latest("number").action == "endorse"


def client_export(client, user) -> bytes:
    factories.sign_in(client, user)
    answer = client.post(reverse("filing-export", args=["skill-brands"]), {"reason": "演示核对"})
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_making_a_hundred_costs_the_statements_of_making_one():
    filings = many_filings(105, "skill-brands", State.PROVINCE_REVIEW)
    rows = [prepare(filing, comment="同意。") for filing in filings]
    by = factories.approver()
    release(rows[0], by=by)  # reads the posts, once a request

    costs = [statements(lambda part=part: release(*part, by=by)) for part in (rows[1:2], rows[2:5], rows[5:])]

    assert costs == [costs[0]] * 3
    assert {filing.state for filing in Filing.objects.filter(kind="skill-brands")} == {State.APPROVED}


def test_the_form_keeps_what_was_typed_and_the_list_makes_what_is_ticked(client):
    record = at_province(name="潍坊演示一")
    now = Filing.objects.get(pk=record.pk)
    factories.sign_in(client, factories.reviewer(PROVINCE))
    form, sent = reverse("filing-prepare", args=[record.pk]), {"version": now.version, "step": now.step}

    refused = client.post(form, {**sent, "action": "return", "comment": "请补充。", "whole": "on"})
    kept = client.post(form, {**sent, "action": "approve", "comment": "同意。", "met-1": "pass"})
    factories.sign_in(client, factories.approver())
    listed = client.get(reverse("prepared"))
    made = client.post(
        reverse("prepared-act"), {"act": "release", "item": [line.pk for line in listed.context["lines"]]}
    )

    assert (refused.status_code, refused.context["typed"].comment) == (422, "请补充。")
    assert kept.status_code == 302
    assert [(line.title, line.label, line.reason) for line in listed.context["lines"]] == [
        ("潍坊演示一", "拟通过", "")
    ]
    assert [(line.title, line.said) for line in made.context["lines"]] == [("潍坊演示一", "已审核通过")]
    assert record.events.latest("number").details["findings"][0]["met"] == "pass"


def test_a_form_that_is_stale_or_no_form_of_ours_is_answered_in_its_way(client):
    record = at_province()
    factories.sign_in(client, factories.approver())
    form = reverse("filing-prepare", args=[record.pk])

    stale = client.post(form, {"version": 1, "step": 1, "action": "approve", "comment": SECRET})
    bare = client.post(form, {"action": "approve"})
    odd = client.post(reverse("prepared-act"), {"act": "release", "item": ["x"]})
    none = client.post(reverse("prepared-act"), {"act": "release"})

    assert [answer.status_code for answer in (stale, bare, odd, none)] == [409, 422, 400, 422]
    assert SECRET in stale.content.decode()


def test_the_list_says_who_makes_what_this_person_cannot(client):
    prepare(at_province())
    factories.sign_in(client, factories.reviewer(PROVINCE))

    mine, others = (client.get(reverse("prepared"), query) for query in ({"whose": "mine"}, {}))

    assert [line.reason for line in mine.context["lines"]] == ["由本级审批岗位作出"]
    assert (others.context["open"], len(others.context["lines"])) == (0, 1)


def test_a_prepared_decision_does_not_keep_others_from_deciding():
    record = at_province()
    prepare(record)

    (outcome,) = workflow.perform_all(
        asked([Filing.objects.get(pk=record.pk)], "approve"), by=factories.approver()
    )

    assert (outcome.event.action, outcome.event.details) == ("approve", {})


def test_pages_that_decide_many_say_who_has_not_answered_and_what_is_prepared(client):
    record, plain, approver = (
        at_province(name="潍坊演示一"),
        at_province(name="潍坊演示二"),
        factories.approver(),
    )
    consulting.ask(record)
    prepare(record, "reject")

    batch = send(client, approver, "batch", "approve", ticked([record, plain]))
    listed = client.get(reverse("prepared"))
    accepted = send(client, approver, "batch", "accept", ticked([record]))

    waits = "省农业农村厅没有答复会商"
    assert [line.notes for line in batch.context["lines"]] == [(waits, "已有拟不予通过的结论"), ()]
    assert [line.waiting for line in listed.context["lines"]] == [waits]
    assert [line.notes for line in accepted.context["lines"]] == [()]
    assert all(waits in page.content.decode() for page in (batch, listed))


def test_the_record_tells_the_desk_alone_who_prepared_what_was_made(client):
    record = at_province()
    release(prepare(record))

    told = {}
    for user in (factories.reviewer(PROVINCE), factories.filer()):
        factories.sign_in(client, user)
        told[user] = client.get(reverse("filing", args=[record.pk])).context["timeline"][0]["notes"]

    line = f"拟办：{factories.reviewer(PROVINCE)}"
    assert {user: line in notes for user, notes in told.items()} == {
        factories.reviewer(PROVINCE): True,
        factories.filer(): False,
    }
