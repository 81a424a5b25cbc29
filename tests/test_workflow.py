"""What one act does: its event, version and messages; what it refuses, with the sentence for the page."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal import drafts, snapshot, workflow
from portal.models import Event, Filing, FilingVersion, Membership, Message
from portal.vocabulary import Role, State
from tests.factories import (
    COMMENT,
    KUIWEN,
    PROVINCE,
    WEIFANG,
    act,
    add_post,
    approver,
    bureau,
    draft,
    filer,
    filing,
    person,
    reviewer,
    submitted,
)

pytestmark = pytest.mark.django_db


def history(record: Filing) -> list[str]:
    return [event.action for event in record.events.order_by("number")]


def closed(record: Filing, by) -> dict[str, str]:
    choices = workflow.available_actions(Filing.objects.get(pk=record.pk), by)
    return {choice.action.name: choice.reason for choice in choices if not choice.is_open}


def told(action: str, record: Filing) -> set[str]:
    """Return the user names of those who were told of the last act."""
    last = record.events.order_by("-number").first()
    assert last.action == action
    return set(
        Message.objects.filter(filing=record.pk, created_at__gte=last.at).values_list(
            "user__username", flat=True
        )
    )


def test_an_approval_of_text_that_was_recalled_changed_and_submitted_again_is_refused():
    record = filing("skill-brands", State.PROVINCE_REVIEW)
    read_by_the_approver = record.version

    record = act(record, "withdraw", filer())
    record = drafts.save(
        record, by=filer(), revision=record.revision, values={"advantage_people": "演示数据。9999人。"}
    )
    record = act(act(record, "submit", filer()), "endorse", reviewer())

    with pytest.raises(workflow.Conflict) as refusal:
        workflow.perform(record, "approve", by=approver(), version=read_by_the_approver)
    assert (refusal.value.event.action, refusal.value.event.by) == ("endorse", reviewer())
    assert history(record) == ["submit", "endorse", "withdraw", "submit", "endorse"]


def test_whoever_read_an_older_step_is_told_what_happened_since():
    record = submitted("skill-brands")
    act(record, "accept", person(Role.APPROVER, WEIFANG))

    with pytest.raises(workflow.Conflict) as refusal:
        workflow.perform(
            record, "return", by=reviewer(), version=record.version, step=record.step, comment=COMMENT
        )

    assert (refusal.value.event.action, refusal.value.event.by.username) == (
        "accept",
        "approver_hrss_bureau_3707",
    )
    assert history(record) == ["submit", "accept"]


@pytest.mark.parametrize(
    ("state", "action", "by"),
    [
        (State.CITY_REVIEW, "return", lambda: reviewer()),
        (State.PROVINCE_REVIEW, "return", lambda: reviewer(PROVINCE)),
        (State.PROVINCE_REVIEW, "reject", approver),
        (State.REJECTED, "reopen", approver),
    ],
)
@pytest.mark.parametrize("comment", ["", " \u3000\n", "\u200b\x07"])
def test_a_filer_always_learns_why(state, action, by, comment):
    record = filing("skill-brands", state)

    with pytest.raises(workflow.Refused, match="须写明意见，报送单位要据此知道原因。"):
        workflow.perform(record, action, by=by(), version=record.version, comment=comment)

    assert Filing.objects.get(pk=record.pk).state == state


def test_a_submission_that_breaks_a_rule_stores_no_version_and_no_event():
    record = draft("skill-brands", advantage_people="")

    with pytest.raises(workflow.Invalid) as refusal:
        workflow.perform(record, "submit", by=filer(), version=1)

    assert [problem.text for problem in refusal.value.problems] == ["请填写从业人员及技能领头人情况。"]
    assert (record.events.count(), record.versions.count()) == (0, 0)
    assert Filing.objects.get(pk=record.pk).state == State.DRAFT


def test_each_submission_is_a_numbered_version_that_keeps_its_text():
    record = act(submitted("skill-brands", stage="discovered"), "return", reviewer(), comment=COMMENT)
    record = drafts.save(record, by=filer(), revision=record.revision, values={"stage": "upgraded"})

    act(record, "submit", filer())

    versions = [
        (v.number, v.snapshot["values"]["stage"], v.submitted_by) for v in record.versions.order_by("number")
    ]
    assert versions == [(1, "discovered", filer()), (2, "upgraded", filer())]
    assert [v.sha256 for v in record.versions.order_by("number")] == [
        snapshot.digest(v.snapshot) for v in record.versions.order_by("number")
    ]


def test_an_event_says_who_did_what_where_on_which_version():
    record = submitted("skill-brands", place=KUIWEN)

    event = workflow.perform(
        record, "return", by=reviewer(), version=1, comment=" 请补充\x07人数。 ", request_id="abc123"
    )

    assert (event.number, event.version, event.source, event.target) == (
        2,
        1,
        State.CITY_REVIEW,
        State.RETURNED,
    )
    assert (event.by_name, event.organisation_name) == (str(reviewer()), bureau(WEIFANG).name)
    assert (event.comment, event.request_id) == ("请补充人数。", "abc123")


def test_events_form_a_chain_of_hashes_that_can_be_computed_again():
    record = act(filing("skill-brands", State.RETURNED), "submit", filer())

    events = list(Event.objects.filter(filing=record.pk).order_by("number"))

    assert [event.number for event in events] == [1, 2, 3]
    assert [event.hash for event in events] == [event.digest() for event in events]
    assert [event.previous_hash for event in events] == ["", events[0].hash, events[1].hash]


def test_a_decision_and_its_evidence_come_and_go_together():
    record = filing("skill-brands", State.APPROVED)
    decided = (record.decided_by, record.decided_at is None)

    record = act(record, "reopen", approver(), comment=COMMENT)

    assert decided == (approver(), False)
    assert (record.state, record.decided_by, record.decided_at) == (State.PROVINCE_REVIEW, None, None)


def test_acceptance_names_the_holder_and_handing_on_clears_it():
    record = act(submitted("skill-brands"), "accept", reviewer())
    accepted = (record.holder, record.accepted_at is None)

    record = act(record, "endorse", reviewer())

    assert accepted == (reviewer(), False)
    assert (record.holder, record.accepted_at) == (None, None)


def test_a_filing_is_handed_to_a_colleague_of_the_same_desk():
    colleague = reviewer(WEIFANG, name="colleague")

    record = act(submitted("skill-brands"), "assign", reviewer(), to=colleague)

    assert (record.holder, record.accepted_at is None, history(record)) == (
        colleague,
        False,
        ["submit", "assign"],
    )


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        (lambda: None, "只能转给本级审核岗位的同事。"),
        (lambda: filer(WEIFANG), "只能转给本级审核岗位的同事。"),
        (lambda: reviewer("3708"), "只能转给本级审核岗位的同事。"),
        (lambda: reviewer(PROVINCE), "只能转给本级审核岗位的同事。"),
        (lambda: filer_who_reviews(), "不能转给提交这件填报的人。"),
    ],
)
def test_a_filing_is_handed_to_nobody_else(to, sentence):
    record = submitted("skill-brands")

    with pytest.raises(workflow.Refused, match=sentence):
        workflow.perform(record, "assign", by=reviewer(), version=1, to=to())

    assert history(record) == ["submit"]


def filer_who_reviews():
    add_post(filer(WEIFANG, name="two hats"), Role.REVIEWER, WEIFANG)
    return filer(WEIFANG, name="two hats")


def test_nobody_reviews_what_he_submitted_in_a_former_post():
    record = submitted("skill-brands", place=KUIWEN)
    moved = filer(KUIWEN)
    Membership.objects.filter(user=moved).update(valid_to=timezone.localdate())
    add_post(moved, Role.REVIEWER, WEIFANG)
    moved = filer(KUIWEN)

    with pytest.raises(workflow.Refused, match="这是您或您所在填报岗位提交的，须由他人审核"):
        workflow.perform(record, "endorse", by=moved, version=1)

    assert set(closed(record, moved)) >= {"accept", "assign", "endorse", "return"}


@pytest.mark.parametrize("hand", ["drafted", "submitted the first version"])
def test_nobody_reviews_what_he_had_a_hand_in_before_his_successor_submitted_it(hand):
    moved, successor = filer(KUIWEN), filer(KUIWEN, name="successor")
    first, second = (moved, successor) if hand == "drafted" else (successor, moved)
    record = act(draft("skill-brands", place=KUIWEN, by=first), "submit", second)
    record = act(act(record, "return", reviewer(), comment=COMMENT), "submit", successor)
    Membership.objects.filter(user=moved).update(valid_to=timezone.localdate())
    add_post(moved, Role.REVIEWER, WEIFANG)

    with pytest.raises(workflow.Refused, match="这是您或您所在填报岗位提交的，须由他人审核"):
        workflow.perform(record, "endorse", by=filer(KUIWEN), version=2)


def test_whoever_moved_to_the_city_reviews_what_others_of_his_former_bureau_filed():
    moved = filer(KUIWEN)
    Membership.objects.filter(user=moved).update(valid_to=timezone.localdate())
    add_post(moved, Role.REVIEWER, WEIFANG)
    successor = filer(KUIWEN, name="successor")
    record = act(draft("skill-brands", place=KUIWEN, by=successor), "submit", successor)

    record = act(record, "endorse", filer(KUIWEN))

    assert history(record) == ["submit", "endorse"]


@pytest.mark.parametrize(
    ("state", "by", "expected"),
    [
        (
            State.CITY_REVIEW,
            lambda: reviewer(PROVINCE),
            dict.fromkeys(["accept", "release", "return", "assign", "recall"], "需市级先审核"),
        ),
        (
            State.PROVINCE_REVIEW,
            lambda: reviewer(),
            dict.fromkeys(["accept", "release", "assign", "endorse", "return"], "已报省级审核"),
        ),
        (State.CANCELLED, lambda: filer(), dict.fromkeys(["submit", "withdraw", "cancel"], "已作废")),
    ],
    ids=["province before the city", "city after the city", "filer after cancelling"],
)
def test_a_closed_action_says_why(state, by, expected):
    record = filing("skill-brands", state)

    assert closed(record, by()) == expected


def test_a_withdrawal_after_acceptance_says_why_not():
    record = act(submitted("skill-brands"), "accept", reviewer())

    assert closed(record, filer())["withdraw"] == "已被受理，不能撤回"


@pytest.mark.parametrize("end", ["disabled", "post ended"])
def test_a_person_who_left_acts_on_nothing_from_the_next_request_on(end):
    record, gone = submitted("skill-brands"), reviewer()
    if end == "disabled":
        gone.is_active = False
        gone.save()
    else:
        Membership.objects.filter(user=gone).update(valid_to=timezone.localdate())

    with pytest.raises(Filing.DoesNotExist):
        workflow.perform(record, "accept", by=reviewer(), version=1)


def test_a_post_that_begins_tomorrow_opens_nothing_today():
    record, early = submitted("skill-brands"), reviewer()
    Membership.objects.filter(user=early).update(valid_from=timezone.localdate() + timedelta(days=1))

    with pytest.raises(Filing.DoesNotExist):
        workflow.perform(record, "accept", by=reviewer(), version=1)


def test_a_return_by_the_province_tells_the_county_and_the_city():
    county, city = filer(KUIWEN), [reviewer(), person(Role.APPROVER, WEIFANG)]
    others = [filer("370702"), filer(WEIFANG), reviewer("3708"), reviewer(PROVINCE)]
    record = filing("skill-brands", State.PROVINCE_REVIEW, place=KUIWEN)

    record = act(record, "return", approver(), comment=COMMENT)

    assert told("return", record) == {county.username, *(user.username for user in city)}
    assert {user.username for user in others}.isdisjoint(told("return", record))
    message = Message.objects.filter(user=county, filing=record.pk).latest("created_at")
    assert (
        message.text == f"《{record.title}》（专项职业能力品牌）{bureau(PROVINCE).name}已退回修改：{COMMENT}"
    )


def test_a_return_by_the_city_tells_the_filing_bureau_alone():
    filer(KUIWEN, name="second")
    record = submitted("skill-brands", place=KUIWEN)

    record = act(record, "return", reviewer(), comment=COMMENT)

    assert told("return", record) == {filer(KUIWEN).username, "second"}


def test_a_submission_tells_the_desk_it_arrives_at():
    reviewer(), reviewer("3708"), reviewer(PROVINCE), filer(WEIFANG)

    record = submitted("skill-brands", place=KUIWEN)

    assert told("submit", record) == {reviewer().username}


def test_a_person_who_was_disabled_is_told_nothing():
    gone = filer(KUIWEN, name="gone")
    gone.is_active = False
    gone.save()
    record = submitted("skill-brands", place=KUIWEN)

    record = act(record, "return", reviewer(), comment=COMMENT)

    assert told("return", record) == {filer(KUIWEN).username}


@pytest.mark.parametrize("table", ["portal_message", "portal_event", "portal_filingversion"])
def test_an_act_whose_record_cannot_be_written_does_not_happen(table):
    record = draft("skill-brands")
    reviewer()

    with pytest.raises(DatabaseError), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} RENAME TO broken")
        workflow.perform(record, "submit", by=filer(), version=1)

    assert Filing.objects.get(pk=record.pk).state == State.DRAFT
    assert (
        Event.objects.filter(filing=record.pk).count(),
        FilingVersion.objects.filter(filing=record.pk).count(),
    ) == (0, 0)
