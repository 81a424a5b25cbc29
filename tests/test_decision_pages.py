"""The conclusion with what it rests on: reasons, width, findings; the next filing; the second click."""

import re

import pytest
from django.urls import reverse

from portal import registry
from portal.models import Event, Filing
from portal.vocabulary import State
from tests import factories
from tests.pages import act, acts, page
from tests.returning import remark, resubmitted, returned

pytestmark = pytest.mark.django_db
KIND = "skill-brands"
OPINION = "请补充技能领头人情况后重新提交。"
NOTE = "从业人员数没有统计时间。"
WEIGHED = {"met-1": "pass", "note-1": "", "met-2": "fail", "note-2": NOTE}
QUEUE = "?from=tab%3Dtodo"


def details(filing, action: str) -> dict:
    return Event.objects.get(filing_id=filing.pk, action=action).details


def at_city(*fields):
    filing = factories.submitted(KIND)
    for field in fields:
        remark(filing, field)
    return filing


# ---- reasons and width of a return


def test_a_return_names_at_least_one_reason(client):
    filing = factories.submitted(KIND)

    answer = act(client, factories.reviewer(), filing, "return", comment=OPINION, reason=[], **WEIGHED)

    words = answer.content.decode()
    assert (answer.status_code, acts(filing)) == (422, ["submit"])
    assert ["请至少选择一项退回原因" in words, OPINION in words, NOTE in words] == [True] * 3
    assert re.search(r'name="met-2" value="fail" checked', words)


def test_a_return_tells_its_reasons_to_all_who_read_the_record(client):
    filing = factories.submitted(KIND)
    act(client, factories.reviewer(), filing, "return", comment=OPINION, reason=["unclear", "inaccurate"])

    notes = page(client, factories.filer(), filing).context["timeline"][0]["notes"]

    assert details(filing, "return") == {"reasons": ["unclear", "inaccurate"]}
    assert notes == ["退回原因：材料不清、不准确"]


def test_a_reason_nobody_knows_is_refused_and_the_opinion_kept(client):
    filing = factories.submitted(KIND)

    answer = act(client, factories.reviewer(), filing, "return", comment=OPINION, reason=["taste"])

    assert (answer.status_code, OPINION in answer.content.decode()) == (422, True)
    assert acts(filing) == ["submit"]


@pytest.mark.parametrize(
    ("whole", "unlocked", "said"),
    [("", ["name"], "只开放有意见的 1 个栏目"), ("on", None, "整表退回，全部栏目开放修改")],
)
def test_the_width_of_a_return_is_chosen_and_told(client, whole, unlocked, said):
    filing, user = at_city("name"), factories.reviewer()
    offered = page(client, user, filing).content.decode()

    act(client, user, filing, "return", comment=OPINION, whole=whole)

    assert ["只开放有意见的 1 个栏目" in offered, "整表退回：全部栏目开放" in offered] == [True, True]
    assert Filing.objects.get(pk=filing.pk).unlocked == unlocked
    notes = page(client, factories.filer(), filing).context["timeline"][0]["notes"]
    assert notes == ["退回原因：不完整", said, "提出意见 1 条（第 1 条）"]


def test_without_remarks_the_page_says_that_a_return_opens_everything(client):
    words = page(client, factories.reviewer(), at_city()).content.decode()

    assert [
        "没有逐栏意见，退回后全部栏目开放" in words,
        'name="whole"' in words.split("prepared-head")[0],
    ] == [
        True,
        False,
    ]


def test_an_answer_is_counted_in_the_record_of_the_submission(client):
    record = resubmitted(returned(KIND, "name"))

    told = page(client, factories.reviewer(), record).context["timeline"]

    assert told[1]["notes"] == ["答复意见 1 条（第 1 条）"]


# ---- the checklist


@pytest.mark.parametrize(
    "record_type", [pytest.param(t, id=t.slug) for t in registry.all_types() if t.criteria]
)
def test_the_criteria_are_weighed_one_by_one_and_stored_in_the_words_of_the_notice(client, record_type):
    filing = factories.submitted(record_type)
    data = {f"met-{n}": "pass" for n, _ in enumerate(record_type.criteria, 1)}

    act(client, factories.reviewer(), filing, "return", comment=OPINION, **data)

    found = details(filing, "return")["findings"]
    assert [(one["criterion"], one["met"]) for one in found] == [(c, "pass") for c in record_type.criteria]


def test_an_endorsement_against_a_failed_criterion_needs_its_reason(client):
    filing, user = factories.submitted(KIND), factories.reviewer()

    refused = act(client, user, filing, "endorse", **WEIGHED)
    done = act(client, user, filing, "endorse", comment="已当面核实。", **WEIGHED)

    assert (refused.status_code, "逐项核对有不符合的条件" in refused.content.decode()) == (422, True)
    assert NOTE in refused.content.decode()
    assert (done.status_code, acts(filing)) == (302, ["submit", "endorse"])


def test_the_province_reads_what_the_city_found_beside_its_own(client):
    filing = factories.submitted(KIND)
    act(client, factories.reviewer(), filing, "endorse", comment="已当面核实。", **WEIGHED)

    items = page(client, factories.approver(), filing).context["criteria"]

    assert [(item.before, item.met) for item in items] == [("符合", ""), (f"不符合：{NOTE}", ""), ("", "")]


@pytest.mark.parametrize(
    ("reader", "reads"),
    [
        (factories.filer, False),
        (factories.joint, False),
        (factories.reviewer, True),
        (factories.approver, True),
        (factories.publisher, True),
        (factories.auditor, True),
    ],
)
def test_findings_are_told_to_the_desks_alone(client, reader, reads):
    filing = factories.submitted(KIND)
    act(client, factories.reviewer(), filing, "return", comment=OPINION, **WEIGHED)

    shown = page(client, reader(), filing)

    assert (NOTE in shown.content.decode(), len(shown.context["timeline"][0]["notes"])) == (
        reads,
        3 if reads else 1,
    )


def test_a_conflict_keeps_opinion_reasons_and_findings(client):
    filing, first = factories.submitted(KIND), factories.reviewer(name="weifang_second")
    factories.act(filing, "accept", first)

    answer = act(
        client, factories.reviewer(), filing, "return", step=1, comment=OPINION, reason=["unclear"], **WEIGHED
    )

    kept = {part["label"]: part["text"] for part in answer.context["kept"]}
    assert (answer.status_code, acts(filing)) == (409, ["submit", "accept"])
    assert kept == {
        "意见": OPINION,
        "退回原因": "材料不清",
        "逐项核对": f"有技能特色：符合\n有市场需求：不符合：{NOTE}",
    }


@pytest.mark.parametrize("odd", [{"met-1": "perhaps"}, {"note-1": "长" * 201}, {"met-1": "pass\x00"}])
def test_an_odd_finding_is_refused_and_what_was_typed_kept(client, odd):
    filing = factories.submitted(KIND)

    answer = act(client, factories.reviewer(), filing, "endorse", comment=OPINION, **odd)

    assert (answer.status_code, OPINION in answer.content.decode()) == (422, True)
    assert acts(filing) == ["submit"]


# ---- the second click


CLICKS = ["endorse", "return", "accept"]


@pytest.mark.parametrize("action", CLICKS)
def test_a_second_click_of_the_same_button_does_nothing_and_leads_where_the_first_did(client, action):
    filing, user = factories.submitted(KIND), factories.reviewer()
    clicked = {"comment": OPINION, "step": 1, "version": 1, **WEIGHED}

    first, second = (act(client, user, filing, action, **clicked) for _ in range(2))

    assert (first.status_code, first.url) == (second.status_code, second.url)
    assert acts(filing) == ["submit", action]
    assert "这一步您已经办理过，没有重复办理。" in client.get("/desk/").content.decode()


def test_another_opinion_from_a_second_window_is_no_second_click(client):
    filing, user = factories.submitted(KIND), factories.reviewer()
    act(client, user, filing, "endorse", comment=OPINION, step=1)

    answer = act(client, user, filing, "endorse", comment="另一份意见。", step=1)

    assert (answer.status_code, "另一份意见。" in answer.content.decode()) == (409, True)


# ---- the queue


def decided(client, user, filing, action, query=QUEUE, **data):
    factories.sign_in(client, user)
    now = Filing.objects.get(pk=filing.pk)
    sent = {"action": action, "version": now.version, "step": now.step, "comment": OPINION, **data}
    return client.post(reverse("filing-act", args=[filing.pk]) + query, sent)


def test_a_decision_leads_to_the_next_filing_of_the_queue(client):
    one, two, user = factories.submitted(KIND), factories.submitted(KIND), factories.reviewer()
    beside = page(client, user, one, **{"from": "tab=todo"}).context["beside"]

    first = decided(client, user, one, "endorse")
    shown = client.get(first.url).content.decode()
    last = decided(client, user, two, "endorse")

    assert (beside.previous, beside.following) == (None, two.pk)
    assert first.url.split("?")[0] == reverse("filing", args=[two.pk])
    assert f'<a href="/desk/filings/{one.pk}/">打开</a>' in shown
    assert last.url.startswith("/desk/?tab=todo")


def test_what_was_just_done_can_be_taken_back_from_its_message(client):
    filing, user = factories.submitted(KIND), factories.reviewer()
    act(client, user, filing, "endorse", comment=OPINION)

    told = client.get("/desk/").content.decode()
    shown = page(client, user, filing, choose="recall").content.decode()

    assert f'href="/desk/filings/{filing.pk}/?choose=recall#decide-head">撤回上报</a>' in told
    assert 'value="recall" required data-portal-verb="撤回上报" checked' in shown


def test_a_conclusion_taken_back_is_told_in_the_words_of_its_button(client):
    filing = factories.filing(KIND, State.APPROVED)

    act(client, factories.approver(), filing, "reopen", comment=OPINION)

    assert "》已撤销结论。" in client.get("/desk/").content.decode()


@pytest.mark.parametrize("value", ["", "x" * 5000, "tab=\x00", "tab=none&sort=1", "%ff"])
def test_an_odd_queue_in_the_address_is_the_usual_one(client, value):
    filing = factories.submitted(KIND)

    answer = page(client, factories.reviewer(), filing, **{"from": value})

    assert answer.context["beside"].following is None


# ---- those who only read


@pytest.mark.parametrize(
    "somebody", [factories.joint, factories.auditor, factories.publisher, factories.filer]
)
def test_who_only_reads_gets_no_form_of_the_desk(client, somebody):
    filing = factories.filing(KIND, State.PROVINCE_REVIEW)

    words = page(client, somebody(), filing).content.decode()

    forms = ("remark-new", 'name="met-1"', 'name="reason"', 'id="decide-head"')
    assert [mark for mark in forms if mark in words] == []
