"""The decision box: what it offers to whom, and how an act goes through, is refused, or comes too late."""

import re

import pytest
from django.urls import reverse

from portal import registry, workflow
from portal.grounds import Finding, Grounds
from portal.models import Event, Filing, Membership, Message
from portal.policy import available_actions
from portal.vocabulary import Role, State
from tests import factories
from tests.pages import act, acts, page, returned_and_rewritten, rewritten

pytestmark = pytest.mark.django_db
OPINION = "三项条件齐备。建议补充2024年就业人数。"


NOT_AT_THE_CITY = (State.PROVINCE_REVIEW, State.REJECTED)


@pytest.mark.parametrize(
    ("record_type", "state"),
    [("skill-brands", state) for state in State.values]
    + [("building-units", state) for state in State.values if state not in NOT_AT_THE_CITY],
)
def test_the_box_offers_exactly_what_the_policy_opens(client, record_type, state):
    filing = factories.filing(record_type, state)
    for somebody in (factories.filer(), factories.reviewer(), factories.approver(), factories.joint()):
        if not Filing.objects.visible_to(somebody).filter(pk=filing.pk).exists():
            continue
        box = page(client, somebody, filing).context["box"]

        offered = {o.name for o in [*box.conclusions, *box.filer.values(), *filter(None, [box.accept])]}
        current = Filing.objects.select_related("organisation__region").get(pk=filing.pk)
        opened = {c.action.name for c in available_actions(current, somebody) if c.is_open}
        assert offered == opened - {"assign"}


@pytest.mark.parametrize(
    "record_type", [pytest.param(t, id=t.slug) for t in registry.all_types() if t.criteria]
)
def test_the_conditions_to_weigh_stand_with_the_very_clause_they_are_in(client, record_type):
    filing = factories.submitted(record_type)

    words = page(client, factories.reviewer(), filing).content.decode()

    clause = record_type.criteria_clause or record_type.basis
    assert re.search("号 [一二三四五六七八九十]（[一二三四五六七八九十]）", clause)
    asked = re.findall(r'<p id="criterion-\d+">(.*?)</p>', words)
    assert (f'<p class="clause">{clause}</p>' in words, asked) == (True, list(record_type.criteria))


def test_a_closed_conclusion_stands_with_its_reason_in_words(client):
    filing = factories.submitted("skill-brands")

    answer = page(client, factories.approver(), filing)

    assert answer.context["box"].closed == [("受理、转办、审核通过、退回修改、不予通过", "需市级先审核")]
    assert "需市级先审核" in answer.content.decode()


def test_who_filed_it_reads_why_he_cannot_review_it(client):
    filing = factories.submitted("skill-brands")
    factories.add_post(factories.reviewer(), Role.FILER, "3707")

    box = page(client, factories.reviewer(), filing).context["box"]

    assert (box.conclusions, box.closed[0][1]) == ([], "这是您或您所在填报岗位提交的，须由他人审核")


def test_each_conclusion_says_what_follows_and_who_is_told(client):
    filing = factories.filing("labour-brands", State.PROVINCE_REVIEW)

    box = page(client, factories.approver(), filing).context["box"]

    assert [(o.label, o.consequence, o.told) for o in box.conclusions] == [
        ("审核通过", "办结，等待发布岗公布。", "潍坊市人社局、山东省人社厅发布岗"),
        ("退回修改", "报送单位修改后，以第 2 版重新提交。", "潍坊市人社局"),
        ("不予通过", "办结，不进入目录。", "潍坊市人社局"),
    ]
    assert box.compulsory == "退回修改、不予通过"


def test_a_joint_department_reads_and_decides_nothing(client):
    filing = factories.submitted("skill-brands")

    answer = page(client, factories.joint(), filing)

    assert (answer.context["box"].reviews, answer.context["box"].files) == (False, False)
    assert "filing-act" not in answer.content.decode()
    assert reverse("filing-act", args=[filing.pk]) not in answer.content.decode()
    assert act(client, factories.joint(), filing, "endorse").status_code == 422
    assert acts(filing) == ["submit"]


def test_a_decision_is_taken_and_leads_back_to_the_desk(client):
    filing = factories.submitted("skill-brands")

    answer = act(client, factories.reviewer(), filing, "endorse", comment=OPINION)

    assert (answer.status_code, answer.url) == (302, "/desk/")
    assert acts(filing) == ["submit", "endorse"]
    assert Event.objects.get(filing_id=filing.pk, action="endorse").comment == OPINION
    desk = client.get("/desk/").content.decode()
    assert f'<a href="/desk/filings/{filing.pk}/">打开</a>' in desk


def test_accepting_keeps_the_reviewer_at_the_filing(client):
    filing = factories.submitted("skill-brands")

    answer = act(client, factories.reviewer(), filing, "accept")

    assert (answer.status_code, answer.url) == (302, reverse("filing", args=[filing.pk]))


@pytest.mark.parametrize("comment", ["", "  　\n\x00"])
def test_a_return_without_an_opinion_is_refused_and_nothing_is_lost(client, comment):
    filing = factories.submitted("skill-brands")

    answer = act(client, factories.reviewer(), filing, "return", comment=comment)

    assert answer.status_code == 422
    assert "退回修改须写明意见" in answer.content.decode()
    assert 'value="return" required data-portal-verb="退回修改" checked' in answer.content.decode()
    assert acts(filing) == ["submit"]


def test_a_decision_without_a_conclusion_keeps_what_was_typed(client):
    filing = factories.submitted("skill-brands")

    answer = act(client, factories.reviewer(), filing, "", comment=OPINION)

    assert (answer.status_code, OPINION in answer.content.decode()) == (422, True)
    assert acts(filing) == ["submit"]


@pytest.mark.parametrize(
    "odd",
    [
        {"version": ""},
        {"version": "x"},
        {"version": "9" * 40},
        {"version": "-1"},
        {"action": "approve\x00"},
        {"action": "drop"},
    ],
)
def test_an_odd_form_changes_nothing_and_keeps_what_was_typed(client, odd):
    filing = factories.submitted("skill-brands")

    answer = act(client, factories.reviewer(), filing, **{"action": "endorse", "comment": OPINION, **odd})

    assert (answer.status_code, OPINION in answer.content.decode()) == (422, True)
    assert acts(filing) == ["submit"]


def test_an_opinion_of_a_hundred_thousand_characters_is_refused_in_words(client):
    filing = factories.submitted("skill-brands")

    answer = act(client, factories.reviewer(), filing, "return", comment="长" * 100_000)

    assert answer.status_code == 422
    assert "意见最多 2000 字，现在有 100000 字" in answer.content.decode()
    assert acts(filing) == ["submit"]


def test_a_decision_that_came_too_late_says_who_was_first_and_keeps_the_opinion(client):
    filing, first = factories.submitted("skill-brands"), factories.reviewer(name="weifang_second")
    factories.act(filing, "return", first, comment="请补充人数。")

    answer = act(client, factories.reviewer(), filing, "endorse", version=1, step=1, comment=OPINION)

    shown = answer.content.decode()
    assert answer.status_code == 409
    assert [word in shown for word in (str(first), "退回修改", OPINION)] == [True] * 3
    assert acts(filing) == ["submit", "return"]


def test_a_stale_approval_after_recall_and_resubmission_is_refused(client):
    filing = factories.submitted("skill-brands")
    factories.act(filing, "withdraw", factories.filer())
    factories.act(filing, "submit", factories.filer())

    answer = act(client, factories.reviewer(), filing, "endorse", version=1, step=1, comment=OPINION)

    assert answer.status_code == 409
    assert acts(filing) == ["submit", "withdraw", "submit"]


def test_a_conflict_page_does_not_name_what_was_not_sent(client):
    filing = returned_and_rewritten()

    answer = act(client, factories.reviewer(), filing, "endorse", version=1, step=1)

    assert answer.status_code == 409
    assert "未提交品牌" not in answer.content.decode()


def test_an_incomplete_draft_submitted_past_the_check_leads_to_the_check(client):
    filing = factories.draft("skill-brands")
    rewritten(filing, advantage_people="")

    answer = act(client, factories.filer(), filing, "submit")

    assert (answer.status_code, answer.url) == (302, reverse("filing-check", args=[filing.pk]))
    assert acts(filing) == []


def test_a_bureau_withdraws_and_cancels_and_takes_up_again(client):
    filing, user = factories.submitted("skill-brands"), factories.filer()

    answers = [act(client, user, filing, action).status_code for action in ("withdraw", "cancel", "reopen")]

    assert answers == [302] * 3
    assert acts(filing) == ["submit", "withdraw", "cancel", "reopen"]


def test_a_filing_is_handed_to_a_colleague_of_the_same_desk_alone(client):
    filing, colleague = factories.submitted("skill-brands"), factories.reviewer(name="weifang_second")
    factories.reviewer("3701")
    both = factories.reviewer(name="weifang_both")
    factories.add_post(both, Role.FILER, "3707")
    user = factories.reviewer()

    offered = page(client, user, filing).context["box"].colleagues
    refused = act(client, user, filing, "assign", to=both.pk)
    taken = act(client, user, filing, "assign", to=colleague.pk)

    assert offered == [colleague]
    assert (refused.status_code, taken.status_code) == (422, 302)
    assert Filing.objects.get(pk=filing.pk).holder == colleague


@pytest.mark.parametrize("to", ["", "x", "9" * 40, "-1"])
def test_handing_on_to_nobody_is_refused(client, to):
    filing = factories.submitted("skill-brands")

    assert act(client, factories.reviewer(), filing, "assign", to=to).status_code == 422
    assert acts(filing) == ["submit"]


def test_acts_are_posts(client):
    filing = factories.submitted("skill-brands")
    factories.sign_in(client, factories.reviewer())

    assert client.get(reverse("filing-act", args=[filing.pk])).status_code == 405


def test_what_is_reported_only_is_told_to_no_publisher(client):
    factories.publisher(), factories.publisher("3707")
    filing = factories.filing("project-training-returns", State.PROVINCE_REVIEW)

    box = page(client, factories.approver(), filing).context["box"]
    factories.act(filing, "approve", factories.approver())

    assert [(o.label, o.consequence, o.told) for o in box.conclusions] == [
        ("审核通过", "办结，只报送不公布。", "潍坊市人社局"),
        ("退回修改", "报送单位修改后，以第 2 版重新提交。", "潍坊市人社局"),
        ("不予通过", "办结，结论为不予通过。", "潍坊市人社局"),
    ]
    publishers = Membership.objects.filter(role=Role.PUBLISHER).values("user")
    assert Message.objects.filter(user__in=publishers).count() == 0


def test_a_part_that_is_merged_is_decided_in_the_words_of_merging(client):
    filing = factories.submitted("project-training-returns", place="370705")
    box = page(client, factories.reviewer(), filing).context["box"]
    factories.act(filing, "approve", factories.reviewer())
    factories.act(filing, "reopen", factories.reviewer(), comment=factories.COMMENT)

    timeline = page(client, factories.filer("370705"), filing).context["timeline"]

    assert (box.conclusions[0].label, box.conclusions[0].consequence) == (
        "同意汇总",
        "办结，由市级汇总上报。",
    )
    assert [item["title"] for item in timeline] == ["待市级审核", "撤回汇总", "同意汇总", "提交第 1 版"]


CRAFT = ("吸纳就业人数较多", "管理运行比较规范", "市场竞争占主导地位")


@pytest.mark.parametrize(
    ("unit_type", "clause", "words"),
    [
        ("ich_workshop", "鲁人社函〔2022〕59号 二（一）", CRAFT),
        ("handicraft_key_enterprise", "鲁人社函〔2022〕59号 二（一）", CRAFT),
        ("handicraft_key_project", "鲁人社函〔2022〕59号 二（一）", CRAFT),
        ("hr_agency", "鲁就办〔2021〕22号 二（二）", registry.get("building-units").criteria),
    ],
)
def test_units_of_shandong_handicraft_are_weighed_on_the_criteria_of_their_own_notice(
    client, unit_type, clause, words
):
    filing = factories.submitted("building-units", unit_type=unit_type)
    shown = page(client, factories.reviewer(), filing).content.decode()
    found = {f"met-{number}": "pass" for number in range(1, 5)}

    act(client, factories.reviewer(), filing, "return", comment="请补充就业人数的证明。", **found)

    stored = Event.objects.get(filing=filing, action="return").details["findings"]
    assert f'<p class="clause">{clause}</p>' in shown
    assert tuple(re.findall(r'<p id="criterion-\d+">(.*?)</p>', shown)) == words
    assert tuple(one["criterion"] for one in stored) == words


def test_a_unit_of_shandong_handicraft_is_not_weighed_on_what_other_units_are_asked():
    filing = factories.submitted("building-units", unit_type="ich_workshop")
    grounds = Grounds(findings=(Finding("劳务质量较好", "pass"),))

    with pytest.raises(workflow.Refused, match="核对的条件与通知不一致"):
        factories.act(filing, "accept", factories.reviewer(), grounds=grounds)

    other = factories.submitted("building-units", unit_type="hr_agency")
    done = factories.act(other, "accept", factories.reviewer(), grounds=grounds)
    assert done.events.get(action="accept").details["findings"][0]["criterion"] == "劳务质量较好"
