"""Joint opinions (会商): who asks whom and who answers, in which state; what is written, what is told."""

import pytest
from django.db import transaction
from django.utils import timezone

from portal import consultation, verify, workflow
from portal.models import Event, Filing, JointOpinion, Membership, Message, Organisation
from portal.opinions import LONGEST, OPINION_LIMIT, QUESTION_LIMIT
from portal.vocabulary import JointConclusion, Kind, Level, Role, State, Topic
from tests.consulting import (
    DEPARTMENTS,
    KIND,
    OPINION,
    QUESTION,
    acts,
    answer,
    ask,
    asked,
    in_days,
    overdue,
)
from tests.factories import (
    COMMENT,
    KUIWEN,
    PROVINCE,
    WEIFANG,
    act,
    add_post,
    approver,
    bureau,
    filer,
    filing,
    joint,
    person,
    publisher,
    reviewer,
)
from tests.test_workflow_policy import GROUPS, PLACES, actors, stand

pytestmark = pytest.mark.django_db
AGRICULTURE = Kind.AGRICULTURE

# type           of           where it stands                              who asks       whom
ASKING = """
skill-brands     county,city  draft,returned,approved,rejected,cancelled   nobody         nobody
skill-brands     county,city  city_review                                  city_desk      city
skill-brands     county,city  province_review                              province_desk  province
skill-brands     province     province_review                              province_desk  province
building-units   county,city  city_review                                  city_desk      city
building-units   county,city  approved                                     nobody         nobody
"""
ASKED_OF = {"city": WEIFANG, "province": PROVINCE, "nobody": ""}


def cells():
    """Yield (type, place, state, the actors who may ask, the place whose departments they ask)."""
    for line in ASKING.strip().splitlines():
        slug, places, states, group, whom = line.split()
        for place in places.split(","):
            for state in states.split(","):
                yield slug, place, state, GROUPS[place][group], ASKED_OF[whom]


def attempt(does, *arguments, **named) -> bool:
    """Say whether something is done; it is undone again."""
    with transaction.atomic():
        try:
            does(*arguments, **named)
        except (Filing.DoesNotExist, JointOpinion.DoesNotExist, workflow.Refused):
            return False
        finally:
            transaction.set_rollback(True)
    return True


@pytest.mark.parametrize(("slug", "place", "state", "who", "whom"), list(cells()), ids=str)
def test_exactly_the_desk_where_a_filing_lies_asks_exactly_its_own_departments(slug, place, state, who, whom):
    record, people = stand(slug, place, state), actors(PLACES[place])
    places = [WEIFANG, PROVINCE, "3708"]
    facts = {"question": QUESTION, "due_on": in_days(7), "version": record.version}

    done = {
        (name, region)
        for name, by in people.items()
        for region in places
        if attempt(consultation.ask, record, [bureau(region, AGRICULTURE)], by=by, **facts)
    }

    assert done == {(name, whom) for name in who}
    assert acts(record.pk).count("consult") == 0


@pytest.mark.parametrize("state", State.values)
@pytest.mark.parametrize("level", [Level.CITY, Level.PROVINCE])
def test_exactly_the_department_answers_and_only_while_the_filing_lies_at_the_desk_that_asked(state, level):
    at = {Level.CITY: State.CITY_REVIEW, Level.PROVINCE: State.PROVINCE_REVIEW}[level]
    record = filing(KIND, at)
    (opinion,) = ask(record)
    moved(record, state)
    place = opinion.organisation.region_id
    people = {
        **actors(WEIFANG),
        "the department": joint(place),
        "another department": joint(place, Kind.TRADE_UNION),
        "the department elsewhere": joint("3708" if place == WEIFANG else WEIFANG),
    }

    done = {
        name
        for name, by in people.items()
        if attempt(consultation.answer, opinion, JointConclusion.AGREES, "", by=by)
    }

    own = {"the department", "joint department"} if place == PROVINCE else {"the department"}
    assert done == (own if state == at else set())


def moved(record: Filing, state: str) -> None:
    """Take a filing under review to another state by the acts that lead there."""
    here = record.state
    steps = {
        State.DRAFT: [("withdraw", filer())],
        State.RETURNED: [("return", reviewer(WEIFANG if here == State.CITY_REVIEW else PROVINCE))],
        State.CANCELLED: [("withdraw", filer()), ("cancel", filer())],
        State.CITY_REVIEW: [("recall", reviewer())],
        State.PROVINCE_REVIEW: [("endorse", reviewer())],
        State.APPROVED: [("endorse", reviewer()), ("approve", approver())],
        State.REJECTED: [("endorse", reviewer()), ("reject", approver())],
    }[state]
    for action, by in [] if here == state else steps:
        if action != "endorse" or Filing.objects.get(pk=record.pk).state == State.CITY_REVIEW:
            act(record, action, by, comment=COMMENT)


def test_several_departments_are_asked_by_one_act_that_the_filer_is_not_told_of():
    record = filing(KIND, State.PROVINCE_REVIEW)
    people = [joint(PROVINCE, kind) for kind in DEPARTMENTS]
    Message.objects.all().delete()

    opinions = ask(record, *DEPARTMENTS)

    event = Event.objects.get(filing=record.pk, action="consult")
    assert (event.source, event.target, event.comment) == (State.PROVINCE_REVIEW, State.PROVINCE_REVIEW, "")
    assert event.details == {
        "asked": [{"opinion": o.pk, "department": o.organisation.name} for o in opinions],
        "question": QUESTION,
        "due_on": str(in_days(7)),
    }
    told = Message.objects.order_by("user_id").values_list("user_id", "filing_id", "topic", "address")
    address = f"/desk/filings/{record.pk}/#consultation-head"
    assert list(told) == [(pk, record.pk, Topic.ACT, address) for pk in sorted(p.pk for p in people)]
    assert QUESTION in Message.objects.first().text


@pytest.mark.parametrize(
    ("question", "days", "said"),
    [
        ("", 7, "请写明征求事项。"),
        (" \n", 7, "请写明征求事项。"),
        ("字" * (QUESTION_LIMIT + 1), 7, "征求事项最多 500 字，现在有 501 字，请缩短后再提交。"),
        (QUESTION, None, "答复期限须在"),
        (QUESTION, 0, "答复期限须在"),
        (QUESTION, LONGEST.days + 1, "最长 60 天是系统限制"),
    ],
)
def test_a_question_without_words_or_with_an_impossible_day_is_refused_in_a_sentence(question, days, said):
    record = filing(KIND, State.PROVINCE_REVIEW)
    due_on = None if days is None else in_days(days)

    with pytest.raises(workflow.Refused, match=said):
        consultation.ask(
            record,
            [bureau(PROVINCE, AGRICULTURE)],
            question,
            due_on,
            by=reviewer(PROVINCE),
            version=record.version,
        )

    assert not JointOpinion.objects.exists()


@pytest.mark.parametrize("days", [1, LONGEST.days])
def test_the_due_day_may_be_tomorrow_or_the_sixtieth_day(days):
    assert asked(due_on=in_days(days)).due_on == in_days(days)


def test_nobody_is_asked_nothing_and_nobody_twice_about_one_version():
    record = filing(KIND, State.PROVINCE_REVIEW)
    ask(record)

    with pytest.raises(workflow.Refused, match="请至少选择一个"):
        consultation.ask(record, [], QUESTION, in_days(7), by=reviewer(PROVINCE), version=record.version)
    with pytest.raises(workflow.Refused, match="已就第 1 版征求过山东省农业农村厅的意见"):
        ask(record, AGRICULTURE, Kind.TRADE_UNION)

    assert JointOpinion.objects.count() == 1


def test_a_closed_department_is_not_asked_any_more():
    record = filing(KIND, State.PROVINCE_REVIEW)
    Organisation.objects.filter(region_id=PROVINCE, kind=AGRICULTURE).update(valid_to=timezone.localdate())
    closed = Organisation.objects.get(region_id=PROVINCE, kind=AGRICULTURE)

    with pytest.raises(workflow.Refused, match="只能征求本级"):
        consultation.ask(
            record, [closed], QUESTION, in_days(7), by=reviewer(PROVINCE), version=record.version
        )


def test_a_question_about_a_version_that_was_replaced_meanwhile_is_a_conflict():
    record = filing(KIND, State.CITY_REVIEW)
    act(act(record, "withdraw", filer()), "submit", filer())

    with pytest.raises(workflow.Conflict):
        consultation.ask(
            record, [bureau(WEIFANG, AGRICULTURE)], QUESTION, in_days(7), by=reviewer(), version=1
        )

    assert not JointOpinion.objects.exists()


def test_the_next_version_may_be_asked_about_anew_and_the_former_question_stays():
    record = filing(KIND, State.PROVINCE_REVIEW)
    (first,) = ask(record)
    act(record, "return", reviewer(PROVINCE), comment=COMMENT)
    for action, by in (("submit", filer()), ("endorse", reviewer())):
        act(record, action, by)

    (second,) = ask(record)

    assert [(o.pk, o.version) for o in JointOpinion.objects.order_by("pk")] == [(first.pk, 1), (second.pk, 2)]
    assert list(verify.faults()) == []


@pytest.mark.parametrize(
    ("conclusion", "said", "sentence"),
    [
        ("", OPINION, "还没有选择答复"),
        ("approve", OPINION, "还没有选择答复"),
        (JointConclusion.RESERVES, "", "必填"),
        (JointConclusion.OBJECTS, " ", "必填"),
        (JointConclusion.AGREES, "字" * (OPINION_LIMIT + 1), "最多 2000 字"),
    ],
)
def test_an_answer_without_what_it_has_to_say_is_refused_in_a_sentence(conclusion, said, sentence):
    opinion = asked()

    with pytest.raises(workflow.Refused, match=sentence):
        answer(opinion, conclusion, said)

    opinion.refresh_from_db()
    assert (opinion.conclusion, opinion.answered_at, acts(opinion.filing_id)[-1]) == ("", None, "consult")


def test_an_answer_stands_in_the_row_and_in_an_event_whose_comment_is_empty_and_tells_the_desk():
    opinion = asked()
    act(opinion.filing, "accept", approver())
    Message.objects.all().delete()

    answered = answer(opinion)

    event = Event.objects.get(filing=opinion.filing_id, action="opine")
    assert (answered.conclusion, answered.opinion, answered.answered_at) == ("reserves", OPINION, event.at)
    assert (event.comment, event.organisation_name) == ("", "山东省农业农村厅")
    assert event.details == {
        "opinion": opinion.pk,
        "department": "山东省农业农村厅",
        "conclusion": "reserves",
        "text": OPINION,
    }
    told = sorted(Message.objects.values_list("user_id", flat=True))
    assert told == sorted([reviewer(PROVINCE).pk, approver().pk])
    assert OPINION not in Message.objects.first().text
    assert list(verify.faults()) == []


def test_to_agree_needs_no_words():
    assert answer(asked(), JointConclusion.AGREES, "").opinion == ""


def test_a_department_changes_its_answer_by_a_new_act_and_the_same_words_again_are_no_act():
    opinion = asked()
    answer(opinion)
    answer(opinion)

    changed = answer(opinion, JointConclusion.OBJECTS, "没有产业基础。")

    assert (changed.conclusion, changed.opinion) == ("objects", "没有产业基础。")
    assert acts(opinion.filing_id)[-3:] == ["consult", "opine", "opine"]
    assert list(verify.faults()) == []


def test_an_answer_after_the_due_day_is_taken_and_its_event_says_so():
    opinion = overdue(asked(), days=1)

    answer(opinion)

    assert Event.objects.get(filing=opinion.filing_id, action="opine").details["late"] is True


def test_whoever_asked_does_not_answer_himself_though_he_holds_both_posts():
    both = person(Role.REVIEWER, PROVINCE, name="both")
    add_post(both, Role.JOINT_REVIEWER, PROVINCE, AGRICULTURE)
    both = type(both).objects.get(pk=both.pk)
    opinion = asked(by=both)

    with pytest.raises(workflow.Refused, match="须由本部门其他同事答复"):
        answer(opinion, by=both)


def test_who_files_for_the_bureau_answers_for_no_department():
    both = person(Role.FILER, WEIFANG, name="both")
    add_post(both, Role.JOINT_REVIEWER, PROVINCE, AGRICULTURE)
    opinion = asked()

    with pytest.raises(workflow.Refused, match="须由本部门其他同事答复"):
        answer(opinion, by=type(both).objects.get(pk=both.pk))


def test_a_question_that_nobody_answered_is_taken_back_and_may_be_asked_anew():
    opinion, department = asked(), joint()
    Message.objects.all().delete()

    consultation.withdraw(opinion, by=approver())

    with pytest.raises(workflow.Refused, match="已撤回这次征求"):
        answer(opinion)
    assert list(Message.objects.values_list("user_id", flat=True)) == [department.pk]
    (again,) = ask(opinion.filing)
    answer(again)
    assert acts(opinion.filing_id)[-4:] == ["consult", "unconsult", "consult", "opine"]
    assert list(verify.faults()) == []


def test_what_is_answered_or_left_behind_or_taken_back_is_not_taken_back():
    answered, left, gone = asked(), asked(), asked()
    answer(answered)
    act(left.filing, "approve", approver())
    consultation.withdraw(gone, by=approver())

    for opinion, why in ((answered, "已经答复"), (left, "已办结"), (gone, "已撤回或已办结")):
        with pytest.raises(workflow.Refused, match=why):
            consultation.withdraw(opinion, by=approver())

    with pytest.raises(workflow.Refused, match="审核岗位办理"):
        consultation.withdraw(asked(), by=publisher())


def test_a_decision_needs_no_answers_and_an_answer_after_it_is_refused():
    opinion = asked()

    act(opinion.filing, "approve", approver())

    with pytest.raises(workflow.Refused, match="已离开本级审核"):
        answer(opinion)
    opinion.refresh_from_db()
    assert (opinion.answered_at, opinion.withdrawn_at) == (None, None)
    assert list(verify.faults()) == []


def test_a_question_of_the_city_closes_with_the_endorsement_and_opens_again_when_that_is_taken_back():
    opinion = asked(State.CITY_REVIEW)
    people = joint(WEIFANG)
    act(opinion.filing, "endorse", reviewer())
    closed = list(consultation.waiting_for(people))

    act(opinion.filing, "recall", reviewer(), comment=COMMENT)

    assert (closed, list(consultation.waiting_for(people))) == ([], [opinion])


def test_who_left_the_desk_is_not_told_of_the_answer():
    opinion = asked()
    Membership.objects.filter(user=reviewer(PROVINCE)).update(valid_to=timezone.localdate())
    Message.objects.all().delete()

    answer(opinion)

    assert not Message.objects.exists()


def test_the_departments_of_a_county_filing_are_those_of_its_city():
    record = filing(KIND, State.CITY_REVIEW, place=KUIWEN)

    (opinion,) = ask(record)

    assert opinion.organisation == bureau(WEIFANG, AGRICULTURE)
