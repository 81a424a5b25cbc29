"""Joint opinions on the page of a filing: who reads what, what a form keeps, what a department cannot do."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import consultation, opinions
from portal.models import Attachment, Event, Filing, JointOpinion, User
from portal.vocabulary import JointConclusion, Kind, Role, State
from portal.workflow import ACTIONS
from tests.consulting import DEPARTMENTS, KIND, OPINION, QUESTION, acts, answer, ask, asked, in_days, overdue
from tests.crawling import PHONE, SECRET, SENT, everything, routes, urls
from tests.factories import (
    PROVINCE,
    WEIFANG,
    act,
    add_post,
    approver,
    auditor,
    bureau,
    filer,
    filing,
    joint,
    person,
    publisher,
    reviewer,
)

pytestmark = pytest.mark.django_db
READERS = {
    "who decides": (approver, (True, True, True)),
    "who reviewed at the city": (reviewer, (True, True, True)),
    "who publishes": (publisher, (True, True, True)),
    "the auditor": (auditor, (True, True, True)),
    "the department": (joint, (True, True, False)),
    "another department": (lambda: joint(PROVINCE, Kind.TRADE_UNION), (False, False, False)),
    "a department of the city": (lambda: joint(WEIFANG), (False, False, False)),
    "who filed": (filer, (False, False, False)),
    "who files and reviews": (lambda: both_hats(), (False, False, False)),
}
PAGES = ("filing", "circulation")


def both_hats() -> User:
    """Return one who files for the bureau and holds the post of a reviewer there."""
    user = person(Role.FILER, WEIFANG, name="both hats")
    add_post(user, Role.REVIEWER, WEIFANG)
    return User.objects.get(pk=user.pk)


def page(user: User, name: str, *args):
    """Return a page as ``user`` gets it."""
    client = Client()
    client.force_login(user)
    return client.get(reverse(name, args=args))


def post(user: User, name: str, pk: int, /, **sent):
    """Send a form as ``user``."""
    client = Client()
    client.force_login(user)
    return client.post(reverse(name, args=[pk]), sent)


@pytest.mark.parametrize("who", READERS)
@pytest.mark.parametrize("name", PAGES)
def test_an_opinion_is_read_by_the_desks_the_auditor_and_its_own_department_alone(who, name):
    user, expected = READERS[who]
    opinion = answer(asked())

    said = page(user(), name, opinion.filing_id).content.decode()

    found = (QUESTION in said, OPINION in said, "会商部门答复" in said)
    assert found == expected if name == "filing" else found[:2] == (expected[2],) * 2
    assert "征求会商意见" in said


def test_the_page_of_the_questions_is_there_for_those_who_read_one():
    opinion = asked()

    answers = {
        who: page(user(), "consultation", opinion.filing_id).status_code for who, (user, _) in READERS.items()
    }

    assert answers == {who: 200 if reads else 404 for who, (_, (reads, *_)) in READERS.items()}


def test_the_decider_reads_who_has_not_answered_until_when_and_what_the_others_said():
    record = filing(KIND, State.PROVINCE_REVIEW)
    first, late, _ = ask(record, *DEPARTMENTS, due_on=in_days(3))
    answer(first)
    overdue(late, days=2)

    shown = opinions.card(record, approver())

    assert [line.sentence for line in shown["waiting"]] == [
        f"省文化和旅游厅未答复，期限 {in_days(-2)}，已逾期 2 天",
        f"省总工会未答复，期限 {in_days(3)}，还有 3 天",
    ]
    assert [line.sentence for line in shown["given"]] == ["省农业农村厅：有意见"]
    said = page(approver(), "filing", record.pk).content.decode()
    box = said[said.index('id="decide-head"') : said.index('id="consultation-head"')]
    assert [line.sentence in box for line in (*shown["waiting"], *shown["given"])] == [True] * 3
    assert OPINION in box


def test_an_answer_after_its_day_is_marked_and_a_question_left_behind_says_so():
    record = filing(KIND, State.PROVINCE_REVIEW)
    late, silent = ask(record, *DEPARTMENTS[:2])
    answer(overdue(late, days=1))
    act(record, "approve", approver())

    lines = opinions.card(Filing.objects.get(pk=record.pk), approver())["lines"]

    assert [(line.word, line.is_late) for line in lines] == [("有意见", True), ("未答复（已办结）", False)]
    said = page(approver(), "filing", record.pk).content.decode()
    shown = said[said.index('id="consultation-head"') :].partition("</section>")[0]
    assert re.findall("未答复（已办结）|逾期", shown) == ["逾期", "未答复（已办结）"]
    assert silent.pk == lines[1].opinion.pk


def test_a_form_asks_the_departments_that_are_ticked():
    record = filing(KIND, State.CITY_REVIEW)
    chosen = [bureau(WEIFANG, kind).pk for kind in DEPARTMENTS[:2]]

    answered = post(
        reviewer(),
        "consultation",
        record.pk,
        version=record.version,
        department=chosen,
        question=QUESTION,
        due_on=str(in_days(9)),
    )

    assert answered.url == f"/desk/filings/{record.pk}/#consultation-head"
    found = JointOpinion.objects.values_list("organisation_id", "question", "due_on").order_by(
        "organisation_id"
    )
    assert list(found) == [(pk, QUESTION, in_days(9)) for pk in sorted(chosen)]


@pytest.mark.parametrize(
    "changed",
    [
        {"department": []},
        {"department": ["x", "0", "999999999"]},
        {"due_on": "tomorrow"},
        {"due_on": ""},
        {"version": "x"},
        {"question": "问" * 501},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_refused_question_keeps_what_was_typed(changed):
    record = filing(KIND, State.PROVINCE_REVIEW)
    department = bureau(PROVINCE, Kind.TRADE_UNION).pk
    sent = {"version": 1, "department": department, "question": QUESTION, "due_on": str(in_days(2))} | changed

    answered = post(approver(), "consultation", record.pk, **sent)

    said = answered.content.decode()
    assert (answered.status_code, JointOpinion.objects.count()) == (422, 0)
    assert sent["question"] in said
    assert (f'value="{department}" checked' in said) == ("department" not in changed)


def test_a_question_about_a_version_that_is_no_longer_there_meets_the_page_of_who_was_first():
    record = filing(KIND, State.CITY_REVIEW)
    act(act(record, "withdraw", filer()), "submit", filer())

    answered = post(reviewer(), "consultation", record.pk, version=1, question=QUESTION)

    assert (answered.status_code, QUESTION in answered.content.decode()) == (409, True)


def test_a_department_answers_changes_its_answer_and_both_stand_in_the_log():
    opinion = asked()
    sent = {"conclusion": "reserves", "opinion": OPINION}

    answers = [
        post(joint(), "opinion-answer", opinion.pk, **sent | changed).status_code
        for changed in ({}, {"conclusion": "agrees"})
    ]

    opinion.refresh_from_db()
    assert (answers, opinion.conclusion) == ([302, 302], JointConclusion.AGREES)
    assert acts(opinion.filing_id)[-2:] == ["opine", "opine"]


def test_an_answer_that_comes_too_late_keeps_its_words():
    opinion = asked()
    act(opinion.filing, "approve", approver())

    answered = post(joint(), "opinion-answer", opinion.pk, conclusion="objects", opinion="演示保留的字句")

    said = answered.content.decode()
    assert (answered.status_code, "已离开本级审核" in said, "演示保留的字句" in said) == (422, True, True)


def test_an_answer_without_words_is_refused_and_keeps_what_was_chosen():
    opinion = asked()

    answered = post(joint(), "opinion-answer", opinion.pk, conclusion="objects", opinion=" ")

    assert answered.status_code == 422
    assert 'value="objects" required checked' in answered.content.decode()


def test_a_question_is_taken_back_by_its_desk_alone():
    opinion = asked()
    others = (joint(), filer(), auditor(), publisher(), reviewer())

    refused = [post(user, "opinion-withdraw", opinion.pk).status_code for user in others]
    done = post(approver(), "opinion-withdraw", opinion.pk).status_code

    assert (refused, done) == ([404, 404, 422, 422, 422], 302)
    opinion.refresh_from_db()
    assert (opinion.withdrawn_at is not None, acts(opinion.filing_id)[-1]) == (True, "unconsult")


READ_TOO = {"portal.Presence", "portal.Message"}  # that a page was looked at


@pytest.mark.parametrize("action", dict.fromkeys(action.name for action in ACTIONS))
def test_a_joint_department_does_no_act_of_the_workflow(action):
    record, department = asked().filing, joint()
    before = everything()
    sent = {**SENT, "action": action, "version": record.version, "step": record.step}

    answered = post(department, "filing-act", record.pk, **sent)

    assert answered.status_code in (403, 404, 422)
    assert everything() == before


def test_a_joint_department_changes_nothing_by_any_form_of_a_filing():
    record, department = asked().filing, joint()
    client = Client()
    client.force_login(department)
    before = everything()
    addresses = [url for name, route in routes() if "<pk:pk>" in route for url in urls(name, route, [record])]
    item = f"{record.pk}-{record.version}-{record.step}"

    answers = {
        url: client.post(url, {**SENT, "item": item, "action": "approve"}).status_code
        for url in [*addresses, reverse("batch"), reverse("batch-do"), reverse("prepared-act")]
    }

    assert {url: status for url, status in answers.items() if status >= 500} == {}
    after = everything()
    assert {label for label in after if after[label] != before[label]} <= READ_TOO
    assert len(addresses) > 20


def test_a_joint_department_reads_no_personal_data_and_opens_no_file_that_may_hold_some():
    record = filing("exam-institutions", State.PROVINCE_REVIEW, **SECRET)
    ask(record)
    file = Attachment.objects.filter(filing=record.pk).first()

    said = page(joint(), "filing", record.pk).content.decode()

    assert (PHONE in said, SECRET["contact_name"] in said, QUESTION in said) == (False, False, True)
    assert file is None or page(joint(), "attachment", file.pk).status_code == 404


def test_three_questions_cost_no_more_queries_than_one():
    one, three = filing(KIND, State.PROVINCE_REVIEW), filing(KIND, State.PROVINCE_REVIEW)
    ask(one)
    for opinion in ask(three, *DEPARTMENTS[:2]) + ask(three, DEPARTMENTS[2]):
        answer(opinion)

    costs = [queries(record, user) for user in (approver(), joint()) for record in (one, three)]

    assert costs[0] >= costs[1]
    assert costs[2] == costs[3]
    assert max(costs) <= 8


def queries(record: Filing, user: User) -> int:
    """Return how many queries what a page shows of the questions costs."""
    current = Filing.objects.select_related("organisation__region").get(pk=record.pk)
    user = User.objects.get(pk=user.pk)
    with CaptureQueriesContext(connection) as captured:
        shown = consultation.card(current, user)
        [(line.word, line.sentence, str(line.opinion.asked_by)) for line in [*shown["lines"], *shown["own"]]]
        list(shown["departments"])
    return len(captured)


def test_no_event_of_the_consultation_says_anything_in_its_comment():
    opinion = answer(asked())
    consultation.withdraw(ask(opinion.filing, Kind.TRADE_UNION)[0], by=approver())

    said = Event.objects.filter(action__in=("consult", "opine", "unconsult")).values_list(
        "comment", flat=True
    )

    assert list(said) == ["", "", "", ""]


@pytest.mark.parametrize("door", ["filing-act", "filing-accept", "batch-do"])
@pytest.mark.parametrize(("who", "reads"), [(filer, False), (reviewer, True)])
def test_who_comes_after_an_answer_is_told_of_it_only_when_he_reads_opinions(door, who, reads):
    opinion = asked(State.CITY_REVIEW)
    seen = Filing.objects.get(pk=opinion.filing_id)
    answer(opinion)
    client = Client()
    client.force_login(who())
    said = {"action": "accept", "version": seen.version, "step": seen.step}
    said |= {"item": f"{seen.pk}-{seen.version}-{seen.step}"}
    args = [] if door == "batch-do" else [seen.pk]

    answered = client.post(reverse(door, args=args), said, follow=True).content.decode()

    assert ("会商部门答复" in answered, "演示joint_reviewer" in answered) == (reads, reads)
    assert Event.objects.filter(filing=seen, action="accept").count() == 0


def test_who_may_ask_reads_that_nobody_was_asked_until_somebody_is():
    told, said = [], "还没有征求过会商意见。"
    record = filing(KIND, State.PROVINCE_REVIEW)

    told.append(said in page(approver(), "filing", record.pk).content.decode())
    ask(record)
    told.append(said in page(approver(), "filing", record.pk).content.decode())

    assert told == [True, False]
