"""信用档案: who records, who lifts, who reads; counts in lists; never public."""

from datetime import date

import pytest
from django.urls import reverse

from portal import credit, workflow
from portal.models import CatalogueEntry, CreditRecord
from tests.campaigning import get, post, said
from tests.factories import (
    KUIWEN,
    PROVINCE,
    WEIFANG,
    auditor,
    entry,
    filer,
    joint,
    publisher,
    reviewer,
    sign_in,
    sysadmin,
)
from tests.public import address, leave, read
from tests.reviewing import INSTITUTIONS, MAY, UNITS, item_of, opened

pytestmark = pytest.mark.django_db
FACT = "抽查发现考核记录缺失（演示）。"
WORDS = ("信用档案", "信用记录", FACT)


@pytest.fixture
def institution() -> CatalogueEntry:
    """An institution of 潍坊 in force."""
    return entry(INSTITUTIONS, on=MAY)


def recorded(of: CatalogueEntry, by=None, **facts) -> CreditRecord:
    facts = {"reason": "lax_assessment", "said": FACT, "on": date(2025, 3, 1), **facts}
    return credit.record(of, by=by or reviewer(), **facts)


def page(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_a_record_names_what_when_and_who(institution):
    held = recorded(institution, document_number="演示函〔2025〕1号")

    assert (held.code, held.kind, held.recorded_by) == (institution.code, INSTITUTIONS, reviewer())
    assert str(held) == f"{institution.code} 鉴定考核把关不严"
    assert credit.standing([institution.code, "EI-9999-0001"]) == {institution.code: 1}


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"reason": ""}, "请选择情形。"),
        ({"reason": "merged"}, "请选择情形。"),
        ({"reason": "voluntary"}, "请选择情形。"),
        ({"said": " "}, "请写明查实的事实。"),
        ({"on": None}, "请填写发生日期，不晚于今天"),
        ({"on": date(2999, 1, 1)}, "请填写发生日期，不晚于今天"),
        ({"document_number": "1号"}, "文号要写成"),
        ({"document_number": f"演{'示' * 60}〔2025〕1号"}, "文号最多60个字"),
    ],
)
def test_a_record_without_its_facts_is_refused(institution, facts, sentence):
    with pytest.raises(workflow.Refused, match=sentence):
        recorded(institution, **facts)

    assert CreditRecord.objects.count() == 0


@pytest.mark.parametrize("who", [filer, auditor])
def test_who_only_reads_records_nothing(institution, who):
    with pytest.raises(workflow.Refused, match="只有市级、省级审核、审批和发布岗位可以登记信用记录。"):
        recorded(institution, by=who())


@pytest.mark.parametrize("who", [lambda: reviewer("3708"), lambda: filer(KUIWEN), joint, sysadmin])
def test_whom_it_does_not_concern_finds_nothing(institution, who):
    held = recorded(institution)

    with pytest.raises(CatalogueEntry.DoesNotExist):
        recorded(institution, by=who())
    with pytest.raises(CatalogueEntry.DoesNotExist):
        credit.lift(held, by=who(), reason="演示理由")

    assert list(credit.found(who(), institution.code)) == []


def test_a_record_is_lifted_by_another_with_the_reason_and_stays_readable(institution):
    held = recorded(institution)

    with pytest.raises(workflow.Refused, match="这条记录是您登记的，须由另一人解除。"):
        credit.lift(held, by=reviewer(), reason="整改到位")
    with pytest.raises(workflow.Refused, match="请写明解除理由。"):
        credit.lift(held, by=publisher(WEIFANG), reason=" ")
    with pytest.raises(workflow.Refused, match="解除理由最多 200 字，现在有 201 字"):
        credit.lift(held, by=publisher(WEIFANG), reason="长" * 201)
    lifted = credit.lift(held, by=publisher(WEIFANG), reason="整改到位（演示）")

    assert (lifted.lifted_by, lifted.lifting_reason, lifted.text) == (
        publisher(WEIFANG),
        "整改到位（演示）",
        FACT,
    )
    assert credit.standing([institution.code]) == {}
    with pytest.raises(workflow.Refused, match="这条记录已经解除。"):
        credit.lift(held, by=reviewer(PROVINCE), reason="再解除")


@pytest.mark.parametrize("who", [filer, lambda: publisher("3707"), auditor])
def test_who_may_not_lift_is_told_or_finds_the_record(institution, who):
    held = recorded(institution)
    user = who()

    if credit.may_record(user, institution.region_id):
        assert credit.lift(held, by=user, reason="演示").lifted_by == user
    else:
        with pytest.raises(workflow.Refused, match="可以解除信用记录。"):
            credit.lift(held, by=user, reason="演示")


def test_records_stay_with_the_code_of_an_entry_that_exited(institution):
    recorded(institution)
    leave(institution)

    again = recorded(institution)

    assert credit.standing([again.code]) == {institution.code: 2}


def test_the_page_finds_by_name_and_code_and_lists_what_has_records(client, institution):
    other = entry(UNITS, on=MAY)
    recorded(institution)

    def shown(q):
        rows = get(client, reviewer(), "credit", q=q).context["rows"]
        return [(row["entry"].code, row["entry"].standing, row["entry"].recorded) for row in rows]

    assert shown("") == [(institution.code, 1, 1)]
    assert shown(other.code) == [(other.code, 0, 0)]
    assert shown(institution.title[:4]) == [(institution.code, 1, 1)]
    assert shown("没有这个名称") == []


@pytest.mark.parametrize(
    ("who", "listed", "code"),
    [
        (reviewer, 200, 200),
        (filer, 200, 200),
        (auditor, 200, 200),
        (lambda: reviewer("3708"), 200, 404),
        (joint, 404, 404),
        (sysadmin, 404, 404),
    ],
)
def test_who_opens_the_pages(client, institution, who, listed, code):
    user = who()

    assert get(client, user, "credit").status_code == listed
    assert get(client, user, "credit-entry", institution.code).status_code == code


def test_a_record_is_written_and_lifted_on_the_page(client, institution):
    facts = {"reason": "dishonest", "said": FACT, "on": "2025-03-01", "document_number": ""}

    wrong = post(client, reviewer(), "credit-entry", institution.code, **{**facts, "on": "三月"})
    taken = post(client, reviewer(), "credit-entry", institution.code, **facts)
    held = CreditRecord.objects.get()
    own = post(client, reviewer(), "credit-lift", held.pk, lifting_reason="整改到位的理由")
    lifted = post(client, publisher(WEIFANG), "credit-lift", held.pk, lifting_reason="整改到位的理由")

    assert (wrong.status_code, FACT in page(wrong)) == (422, True)
    assert said(taken) == ["已登记信用记录。"]
    assert (own.status_code, "须由另一人解除。" in page(own)) == (422, True)
    assert said(lifted)[-1] == "已解除这条信用记录，记录和解除理由都保留可查。"
    shown = page(get(client, filer(), "credit-entry", institution.code))
    assert [word in shown for word in (FACT, "整改到位的理由", "登记信用记录")] == [True, True, False]
    assert post(client, reviewer("3708"), "credit-lift", held.pk, lifting_reason="x").status_code == 404


def test_records_stand_beside_the_entry_in_lists_and_in_the_review(client, institution):
    recorded(institution)
    review = opened(INSTITUTIONS)
    filing = institution.filing

    shown = {
        "filing": page(get(client, reviewer(), "filing", filing.pk)),
        "list": page(get(client, reviewer(), "filing-list", INSTITUTIONS)),
        "round": page(get(client, reviewer(), "review-round", review.pk)),
        "item": page(get(client, reviewer(), "review-item", item_of(review).pk)),
        "inbox": page(get(client, filer(), "desk", tab="mine")),
    }

    assert [name for name in ("filing", "item") if FACT not in shown[name]] == []
    assert [name for name in ("list", "round", "inbox") if "信用记录 1 条" not in shown[name]] == []


def test_the_public_and_the_joint_departments_see_none_of_it(client, institution):
    recorded(institution)

    sign_in(client, joint())
    for url in (reverse("filing", args=[institution.filing_id]), reverse("filing-list", args=[INSTITUTIONS])):
        assert [word in page(client.get(url)) for word in WORDS] == [False] * 3
    client.logout()
    for url in (address(institution), f"/catalogue/{INSTITUTIONS}/"):
        assert [word in read(client, url) for word in WORDS] == [False] * 3
